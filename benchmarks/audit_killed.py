"""What is left of the record where its console is killed while it appends, and where the disk is full.

    python benchmarks/audit_killed.py [KILLS] [FULL]

A process appends rows to one home, by itself and in groups, and says each number that was committed; it is killed at a
random moment, and the next one goes on in the same home. What it said stands, groups stand whole or not at all, no
number is missing, and at the end the whole chain verifies. Then, on a disk of its own that has room for so many more
pages and no more, 0 to FULL of them: what does not fit is refused with a sentence, and nothing of it stands. For a
disk of its own the right to mount one is needed; without, this part says so.
"""

import asyncio
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact
from xsconsole.errors import DiskFull
from xsconsole.store.keys import SigningKey
from xsconsole.store.ledger import Origin, SqliteLedger
from xsconsole.system import SystemClock

SEED = 11
MOST_IN_GROUP = 12
LONGEST_S = 0.05  # from the first commit to the kill
PAGE_BYTES = 4096
DISK_BYTES = 4 << 20


async def opened(home: Path) -> SqliteLedger:
    key = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    origin = Origin(console=ConsoleId("c"), console_name="laptop", os_user="alice", zone=lambda: "Europe/Zurich")
    return await SqliteLedger.open(home, origin, key, SystemClock())


def group(of: int, number: int) -> list[Fact]:
    """Return rows that say themselves how many they are together, and which group of their process that is."""
    details = {"of": of, "group": number, "process": os.getpid()}
    return [Fact(event=AuditEvent.OBSERVED, actor="alice", reason="x" * 200, details=details) for _ in range(of)]


async def append(home: Path, told: Connection, seed: int) -> None:
    chosen, number = random.Random(seed), 0
    ledger = await opened(home)
    while True:
        of = chosen.choice((1, 1, MOST_IN_GROUP, chosen.randint(2, MOST_IN_GROUP)))
        told.send(await ledger.record(*group(of, number)))
        number += 1


def appending(home: Path, told: Connection, seed: int) -> None:
    asyncio.run(append(home, told, seed))


def killed(home: Path, chosen: random.Random) -> int:
    """Kill a process while it appends, and return the last number that it said to be committed."""
    heard, told = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=appending, args=(home, told, chosen.getrandbits(32)))
    process.start()
    told.close()
    said = int(heard.recv())
    until_s = time.monotonic() + chosen.random() * LONGEST_S
    while (left_s := until_s - time.monotonic()) > 0:
        if heard.poll(left_s):
            said = int(heard.recv())
    process.kill()
    process.join()
    try:
        while True:
            said = int(heard.recv())
    except EOFError:
        return said


async def rows_of(ledger: SqliteLedger) -> list[AuditRow]:
    found: list[AuditRow] = []
    while page := await ledger.page(AuditQuery(), before=found[-1].seq if found else None, limit=1000):
        found += page
    return found[::-1]


async def judged(home: Path) -> int:
    """Look at what stands: without a gap, groups whole, everything verified. Return how many rows there are."""
    ledger = await opened(home)
    rows, verdicts = await rows_of(ledger), await ledger.verify()
    await ledger.close()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "a gap"
    groups = [(told["process"], told["group"], told["of"]) for row in rows if (told := row.fact.details)]
    assert len(groups) == len(rows)
    for (_, number, of), stand in Counter(groups).items():
        assert stand == of, f"{stand} rows of group {number}, which has {of}"
    assert all(verdict.is_good for verdict in verdicts), verdicts
    return len(rows)


async def end_of(home: Path) -> int:
    ledger = await opened(home)
    seq = (await ledger.head()).seq
    await ledger.close()
    return seq


def kill_many(home: Path, kills: int) -> None:
    chosen, unsaid, began_s = random.Random(SEED), 0, time.monotonic()
    for number in range(kills):
        said = killed(home, chosen)
        stands = asyncio.run(end_of(home))
        assert stands >= said, f"kill {number}: {said} was committed, and the record ends with {stands}"
        unsaid += stands > said
    rows = asyncio.run(judged(home))
    print(
        f"{kills} kills: {rows} rows, none that was committed is lost, no gap, no half group, the chain verifies; "
        f"{unsaid} times the last group was committed and not yet said ({time.monotonic() - began_s:.0f} s)"
    )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk in memory; None where that is not allowed."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield folder if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(folder)], check=True)


async def fill(home: Path, pages: int) -> tuple[int, str]:
    """Append where so many pages are free; return how many groups had room, and what was said of the next."""
    ledger = await opened(home)
    await ledger.record(*group(3, 0))
    ballast, number = home / "ballast", 1
    ballast.write_bytes(bytes(max(0, shutil.disk_usage(home).free - pages * PAGE_BYTES)))
    before = (await ledger.head()).seq
    try:
        while True:
            before = await ledger.record(*group(3, number))
            number += 1
    except DiskFull as full:
        said = full.reason
    assert (await ledger.head()).seq == before, "something of what was refused stands"
    ballast.unlink()
    assert await ledger.record(*group(3, number)) == before + 3
    await ledger.close()
    return number - 1, said


def fill_many(disk: Path | None, most: int) -> None:
    if disk is None:
        print("a full disk was not tried: nobody here may mount one")
        return
    found = []
    for pages in range(most + 1):
        home = disk / "home"
        home.mkdir()
        found.append(asyncio.run(fill(home, pages)))
        asyncio.run(judged(home))
        shutil.rmtree(home)
    words = Counter(said for _, said in found)
    print(
        f"a disk with room for 0 to {most} pages took {found[0][0]} to {found[-1][0]} groups, then each time: "
        f"“{'”, “'.join(words)}” Nothing of what was refused stands, what was there verifies, and with room again "
        "the next group is written"
    )


def main() -> None:
    numbers = [int(text) for text in sys.argv[1:3]]
    kills, full = (*numbers, *(300, 40)[len(numbers) :])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        kill_many(home, kills)
        with small_disk(Path(folder) / "disk") as disk:
            fill_many(disk, full)


if __name__ == "__main__":
    main()
