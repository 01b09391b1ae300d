"""A console in a process of its own that starts a run and then stands still at one point of it, to be killed there.

Arguments: home, url, user, password, time to live of its lease in seconds, and after which row of the run to stop.
Writes `opened` to standard output when the run has its intent, `here` when it stands still, and `ended` if it never
came to that.
"""

import asyncio
import signal
import sys
from pathlib import Path

from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.events import AuditGrew
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import find_configuration
from xsconsole.engine.commands import Confirmed, Promote
from xsconsole.engine.runs.lease import LeaseTiming


async def passphrase(*, is_new: bool) -> str | None:
    del is_new
    return "the tests' passphrase"


class Stop:
    """Holds the whole loop still after a number of rows, as a process that is about to die does."""

    def __init__(self, rows: int) -> None:
        self._left = rows

    def hear(self, event: AuditGrew) -> None:
        del event
        self._left -= 1
        if self._left == 0:
            say("here")
            while True:
                signal.pause()


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def main(home: str, url: str, user: str, password: str, ttl_s: str, rows: str) -> None:
    timing = LeaseTiming(ttl_s=int(ttl_s), renew_s=int(ttl_s) / 4)
    console = await Console.open(Path(home), passphrase=passphrase, timing=timing)
    await console.connect(Connection(url=url, user=user), Secret(password))
    console.subscribe(AuditGrew, Stop(int(rows)).hear)
    card = find_configuration(console.board, "shop@staging")
    command = Promote(configuration=card.id, revision=card.revision, target=StageId("production"))
    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    say("opened")
    await console.finished(run)
    say("ended")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
