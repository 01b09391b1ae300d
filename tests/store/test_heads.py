"""Heads of the chain that are signed by themselves: when they are stated, and what they catch."""

import sqlite3
from contextlib import closing
from datetime import timedelta

from tests.store.homes import Home
from tests.store.test_ledger import CLOSED, OPENED, STARTED
from xsconsole.domain.heads import head_of, is_genuine, to_text
from xsconsole.domain.record import AuditEvent, AuditQuery, Verdict
from xsconsole.store.keys import is_signature
from xsconsole.store.ledger import SqliteLedger, clock_jump


async def bad(home: Home) -> dict[str, Verdict]:
    ledger = await home.ledger()
    try:
        return {verdict.check: verdict for verdict in await ledger.verify() if not verdict.is_good}
    finally:
        await ledger.close()


def stated(home: Home) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(home.database)) as file:
        return file.execute("SELECT seq, at FROM audit_head ORDER BY seq, at").fetchall()


async def test_a_head_stands_with_every_hundred_rows_and_whenever_one_is_asked_for(
    ledger: SqliteLedger, home: Home
) -> None:
    assert await ledger.state_head(is_anew=True) is None  # of nothing
    await ledger.record(*[STARTED] * 99)
    assert stated(home) == []
    await ledger.record(OPENED, CLOSED)
    by_rows = stated(home)
    first = await ledger.state_head(is_anew=False)
    home.clock.instant += timedelta(hours=1)
    again = await ledger.state_head(is_anew=False)
    later = await ledger.state_head(is_anew=True)
    same = await ledger.state_head(is_anew=True)

    assert [seq for seq, _ in by_rows] == [101]
    assert first == again
    assert first is not None
    assert later is not None
    assert later == same
    assert (later.seq, later.instant - first.instant) == (101, timedelta(hours=1))
    assert is_genuine(later, is_signature)
    assert head_of(to_text(later)) == later
    assert not is_genuine(head_of(to_text(later).replace('"seq":101', '"seq":102')) or first, is_signature)
    assert head_of("{}") is head_of("[" * 9000) is head_of(to_text(later).replace('"format":1', '"format":2')) is None
    verdicts = {verdict.check: verdict for verdict in await ledger.verify()}
    assert "2 signed heads agree" in verdicts["signatures"].sentence
    assert verdicts["clock"].is_good


async def test_a_head_catches_an_end_that_was_cut_a_row_that_was_made_anew_and_a_clock_that_was_set_back(
    home: Home,
) -> None:
    ledger = await home.ledger()
    await ledger.record(STARTED)
    await ledger.record(STARTED)
    home.clock.instant += timedelta(hours=1)
    await ledger.state_head(is_anew=True)
    home.clock.instant -= timedelta(hours=1)
    await ledger.record(STARTED)
    home.clock.instant += timedelta(hours=2)
    await ledger.state_head(is_anew=True)
    await ledger.close()

    assert set(await bad(home)) == {"clock"}
    assert "earlier time than a head" in (await bad(home))["clock"].sentence
    for statement, found in (
        ("UPDATE audit_head SET signature = zeroblob(64) WHERE seq = 2", {"signatures", "clock"}),
        ("UPDATE audit_head SET digest = zeroblob(32) WHERE seq = 2", {"signatures", "clock"}),
        (
            "DELETE FROM audit WHERE seq = 3; DELETE FROM audit_value WHERE seq = 3;"
            "DELETE FROM audit_signature WHERE last_seq = 3",
            {"gaps", "signatures"},
        ),
    ):
        home.tamper(statement)
        assert set(await bad(home)) == found, statement
    assert "A signed head tells of them" in (await bad(home))["gaps"].sentence


async def test_a_clock_that_is_set_is_told_by_a_row_before_the_next_one(ledger: SqliteLedger, home: Home) -> None:
    for change_s in (0, 4, -3600, 7200):
        home.clock.instant += timedelta(seconds=change_s)
        await ledger.record(STARTED)

    rows = await ledger.page(AuditQuery(event=AuditEvent.CLOCK_JUMPED))
    clock = next(verdict for verdict in await ledger.verify() if verdict.check == "clock")

    assert [row.fact.reason for row in rows] == [
        "It was set forward by some 7200 seconds.",
        "It was set back by some 3600 seconds.",
    ]
    assert (clock.is_good, clock.sentence.endswith(": 3, 5. It was never set back otherwise.")) == (True, True)
    assert clock_jump(None, (home.clock.instant, 0.0)) == ()
    # A machine that slept is none whose clock was set.
    assert clock_jump((home.clock.instant, 0.0), (home.clock.instant + timedelta(hours=8), 8 * 3600.0)) == ()
