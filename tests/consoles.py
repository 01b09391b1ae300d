"""A real console on a real embedded pool, for everybody's tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from embedded import EmbeddedPool
from nursery import split_off_feeds

from xsconsole.console import Connection, Console, Secret

PASSPHRASE = "the tests' passphrase"


@pytest.fixture(autouse=True, scope="session")
def feeds_that_start_at_once() -> None:
    """A console starts its feed as a process; hundreds of tests connect, and loading it is most of that time."""
    split_off_feeds()


async def given_passphrase(*, is_new: bool) -> str | None:
    del is_new
    return PASSPHRASE


@asynccontextmanager
async def opened_console(
    pool: EmbeddedPool, home: Path, user: str = "root", *, is_reading: bool = False
) -> AsyncIterator[Console]:
    """A console with `home` as its folder, connected to `pool`; closed at the end of the block."""
    console = await Console.open(home, passphrase=given_passphrase, is_reading=is_reading)
    try:
        await console.connect(Connection(url=pool.url, user=user), Secret(pool.passwords[user]))
        yield console
    finally:
        await console.close()
