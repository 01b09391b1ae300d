"""What the status line says of the audit: only what is so, and what was really checked."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.board_window import console, pool, window
from xsconsole.console import Console
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact
from xsconsole.errors import StoreFailed
from xsconsole_ui import app, times
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

QUERY = AuditQuery()
FACT = Fact(event=AuditEvent.OBSERVED, configuration_name="shop")


def database(console: Console) -> Path:
    return console.home.settings.home / "console.db"


@contextmanager
def unwritable(console: Console) -> Iterator[None]:
    """The file where nothing can be added."""
    with sqlite3.connect(database(console), isolation_level=None) as file:
        file.execute("create trigger full before insert on audit begin select no_room_left(); end")
        try:
            yield
        finally:
            file.execute("drop trigger full")
    file.close()


async def test_how_far_the_record_reaches_is_said_before_the_next_row(window: MainWindow, console: Console) -> None:
    (newest,) = await console.audit_page(QUERY, limit=1)

    await until(lambda: window.status.audit.text() == f"Audit up to row {newest.seq}", "the newest row")


async def test_before_a_verification_it_claims_none(window: MainWindow, console: Console) -> None:
    await console.record(FACT)
    (newest,) = await console.audit_page(QUERY, limit=1)

    await until(lambda: window.status.audit.text() == f"Audit up to row {newest.seq}", "the newest row")

    assert "has not been verified" in window.status.audit.toolTip()


async def test_a_verification_says_until_which_row_and_when(window: MainWindow, console: Console) -> None:
    (newest,) = await console.audit_page(QUERY, limit=1)

    began = times.clock_time(console.home.clock.now())
    window.verify_audit()
    await until(lambda: "verified up to row" in window.status.audit.text(), "the verification")
    ended = times.clock_time(console.home.clock.now())
    first = window.status.audit.text()
    await console.record(FACT)

    assert f"verified up to row {newest.seq} at " in first
    assert first.endswith((began, ended))
    later = f"Audit up to row {newest.seq + 1}, verified up to row {newest.seq} at "
    await until(lambda: window.status.audit.text().startswith(later), "the newer row, not verified")
    assert "matches its digest" in window.status.audit.toolTip()


async def test_a_falsified_record_is_told_at_once(window: MainWindow, console: Console) -> None:
    with sqlite3.connect(database(console), isolation_level=None) as file:
        for (name,) in file.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            file.execute(f'drop trigger "{name}"')
        file.execute("update audit_value set value = '\"mallory\"' where name = 'actor' and seq = 2")
    file.close()

    window.verify_audit()

    await until(lambda: window.status.audit.text() == "Audit does not verify", "the verdict")
    assert "row 2" in window.status.audit.toolTip()
    assert "The record does not verify." in window.notices.texts[0]
    (aside,) = (console.home.settings.home / "set-aside").iterdir()
    assert str(aside) in window.status.audit.toolTip()
    (first,) = await console.audit_page(replace(QUERY, event=AuditEvent.RECORD_SET_ASIDE), limit=1)
    details = first.fact.details or {}
    assert (first.seq, details["verified_seq"], len(str(details["verified_digest"]))) == (1, 1, 64)
    assert first.fact.reason.startswith("The value of actor in row 2 does not match its hash.")
    app.check_regularly(window).timeout.emit()  # hours later
    await until(lambda: "verified up to row" in window.status.audit.text(), "the new record")


async def test_that_it_cannot_be_written_is_taken_back_when_it_can(window: MainWindow, console: Console) -> None:
    await console.record(FACT)
    with unwritable(console), pytest.raises(StoreFailed):
        await console.record(FACT)
    await until(lambda: window.status.audit.text() == "Audit cannot be written", "the failure")
    assert window.status.audit.toolTip().endswith("Until it can, nothing is done on the pool.")
    assert "StoreFailed(" not in window.status.audit.toolTip()

    await console.record(FACT)

    await until(lambda: window.status.audit.text().startswith("Audit up to row"), "the recovery")
    assert window.status.passing.whole == "The audit can be written again."


async def test_a_failure_between_two_rows_of_one_frame_is_not_the_last_word(
    window: MainWindow, console: Console
) -> None:
    await console.record(FACT)
    with unwritable(console), pytest.raises(StoreFailed):
        await console.record(FACT)
    await console.record(FACT)

    await until(lambda: bool(window.notices.texts), "the news of the failure")
    await until(lambda: window.status.audit.text().startswith("Audit up to row"), "the recovery")
