"""What a home does for its record beside writing it: heads by the hour and at the end, and anchors of them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from consoles import given_passphrase

from xsconsole.console.evidence import EVERY_S, Evidence
from xsconsole.console.home import Home
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.errors import RecordBroken
from xsconsole.system import SystemClock

STARTED = Fact(event=AuditEvent.CONSOLE_STARTED)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    opened = await Home.open(tmp_path / "home", given_passphrase, is_reading=False)
    yield opened
    await opened.close()


def stated(home: Home) -> list[int]:
    with closing(sqlite3.connect(home.settings.home / "console.db")) as file:
        return [seq for (seq,) in file.execute("SELECT seq FROM audit_head ORDER BY at")]


class Hours(SystemClock):
    """A clock by which an hour has passed whenever somebody lets it."""

    def __init__(self) -> None:
        self.passed: asyncio.Queue[float] = asyncio.Queue()
        self.slept: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.slept.put_nowait(seconds)
        await self.passed.get()


async def test_a_head_is_stated_every_hour_also_when_nothing_happens_and_at_the_end(home: Home) -> None:
    clock = Hours()
    evidence = Evidence(home.settings, clock, home.ledger, None, None)
    await home.record(STARTED)
    evidence.begin()
    async with asyncio.timeout(60):
        for _ in range(2):
            assert await clock.slept.get() == EVERY_S
            clock.passed.put_nowait(0)
        await clock.slept.get()
    by_hour = stated(home)
    await evidence.close()
    at_rest = stated(home)
    await home.record(STARTED)
    await evidence.close()

    assert by_hour == at_rest == [1, 1]
    assert stated(home) == [1, 1, 2]


async def test_who_writes_stops_at_a_record_that_does_not_verify_until_that_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    home = await Home.open(folder, given_passphrase, is_reading=False)
    for _ in range(60):
        await home.record(*[STARTED] * 4)
    await home.close()
    with closing(sqlite3.connect(folder / "console.db")) as file, file:
        file.execute("DROP TRIGGER audit_value_refuses_UPDATE")
        file.execute("UPDATE audit_value SET value = '\"mallory\"' WHERE name = 'os_user' AND seq IN (2, 240)")

    with pytest.raises(RecordBroken, match="row 240") as at_once:  # by the newest rows
        await Home.open(folder, given_passphrase, is_reading=False)
    with closing(sqlite3.connect(folder / "console.db")) as file, file:
        mended = "UPDATE audit_value SET value = (SELECT value FROM audit_value WHERE name = 'os_user' AND seq = 239)"
        file.execute(f"{mended} WHERE name = 'os_user' AND seq = 240")
    unseen = await Home.open(folder, given_passphrase, is_reading=False)
    await unseen.evidence.verify(None)
    await unseen.close()
    with pytest.raises(RecordBroken, match="row 2 "):  # by what was found of all of it
        await Home.open(folder, given_passphrase, is_reading=False)
    looking = await Home.open(folder, given_passphrase, is_reading=True)
    (notice,) = looking.settings.notices
    await looking.close()
    with closing(sqlite3.connect(folder / "console.db")) as file, file:
        file.execute(f"{mended} WHERE name = 'os_user' AND seq = 2")
    looking = await Home.open(folder, given_passphrase, is_reading=True)
    await looking.evidence.verify(None)
    await looking.close()

    assert "audit accept" in at_once.value.mend
    assert "Looking goes on" in notice
    await (await Home.open(folder, given_passphrase, is_reading=False)).close()
