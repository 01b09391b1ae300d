"""A console of its own process: appends rows to the ledger of a home folder, one commit each, from a signal on."""

import asyncio
import sys
from pathlib import Path

from tests.store.homes import Home
from xsconsole.domain.record import AuditEvent, Fact


async def main(home: Path, name: str, count: int) -> None:
    await asyncio.to_thread(sys.stdin.readline)
    ledger = await Home(home).ledger()
    for number in range(count):
        await ledger.record(Fact(event=AuditEvent.CONSOLE_STARTED, reason=f"{name}-{number}"))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    await ledger.close()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
