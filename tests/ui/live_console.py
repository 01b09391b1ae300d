"""A real console on a real embedded pool, for the panels beside the board."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from embedded import EmbeddedPool

from xsconsole.console import Connection, Console, Secret
from xsconsole_ui.jobs import Jobs

DEADLINE_S = 30.0
LOOK_EVERY_S = 0.01


async def until(is_so: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Wait until what a user would see is so."""
    async with asyncio.timeout(deadline_s):
        while not is_so():  # noqa: ASYNC110 - what is seen is no single event
            await asyncio.sleep(LOOK_EVERY_S)


async def passphrase(*, is_new: bool) -> str:
    del is_new
    return "a passphrase for tests"


@asynccontextmanager
async def open_console(home: Path) -> AsyncIterator[Console]:
    console = await Console.open(home, passphrase=passphrase)
    try:
        yield console
    finally:
        await console.close()


async def connect(console: Console, pool: EmbeddedPool, user: str | None = None) -> None:
    name = user or pool.user
    await console.connect(Connection(url=pool.url, user=name), Secret(pool.passwords[name]))


def failing_jobs() -> Jobs:
    """Jobs whose failure fails the test: nothing may be lost in silence."""

    def fail(failure: BaseException) -> None:
        raise AssertionError("a job failed") from failure

    return Jobs(on_error=fail, on_bug=fail)
