"""Looking at a pool from a home folder in which nothing can be written."""

import shutil
from pathlib import Path

import pytest
from consoles import given_passphrase

from tests.store.test_database import as_nobody, open_folder
from xsconsole.console import Console
from xsconsole.domain.record import AuditQuery
from xsconsole.errors import HomeUnusable

__all__ = ["open_folder"]


async def test_looking_goes_on_with_a_note_where_nothing_can_be_kept(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir(mode=0o755)
    with as_nobody():
        console = await Console.open(home, passphrase=given_passphrase, is_reading=True)
        notices = console.home.settings.notices
        rows = await console.audit_page(AuditQuery())
        await console.close()
        with pytest.raises(HomeUnusable):
            await Console.open(home, passphrase=given_passphrase)

    assert len(notices) == 1
    assert "Looking goes on" in notices[0]
    assert rows == ()
    assert list(home.iterdir()) == []


async def test_a_record_that_cannot_be_opened_is_said_when_it_is_asked_for(open_folder: Path) -> None:
    home = open_folder / "home"
    console = await Console.open(home, passphrase=given_passphrase)
    await console.close()
    for path in home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.chmod(0o600 if path.name == "console.db" else 0o644)
    home.chmod(0o755)

    with as_nobody():
        console = await Console.open(home, passphrase=given_passphrase, is_reading=True)
        with pytest.raises(HomeUnusable):
            await console.audit_page(AuditQuery())
        await console.close()
