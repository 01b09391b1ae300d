"""Somebody who may write the file and knows SQL changes it behind the console's back."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.homes import Home
from tests.store.test_ledger import CLOSED, OPENED, STARTED
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome, Verdict
from xsconsole.errors import DatabaseDamaged
from xsconsole.reports.verifier.program import verify_file
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader

JOURNALED = {
    event for event in AuditEvent if event.value.startswith(("run.", "step.", "undo.", "job.", "act.", "queue."))
}

texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
facts = st.builds(
    Fact,
    event=st.sampled_from(sorted(set(AuditEvent) - JOURNALED)),
    actor=texts,
    pool=st.none() | texts.filter(bool).map(Uuid),
    session=texts,
    configuration=st.none() | texts.filter(bool).map(ConfigurationId),
    configuration_name=texts,
    source=st.none() | texts.filter(bool).map(StageId),
    outcome=st.none() | st.sampled_from(Outcome),
    reason=texts,
    details=st.none() | st.dictionaries(texts, texts | numbers | st.lists(texts, max_size=2), max_size=3),
)


@asynccontextmanager
async def closing(ledger: SqliteLedger) -> AsyncIterator[SqliteLedger]:
    try:
        yield ledger
    finally:
        await ledger.close()


async def findings(home: Home) -> dict[str, Verdict]:
    async with closing(await home.ledger()) as ledger:
        verdicts = await ledger.verify()
    return {verdict.check: verdict for verdict in verdicts if not verdict.is_good}


@pytest.fixture
async def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    ledger = await home.ledger()
    await ledger.record(STARTED)
    await ledger.record(OPENED, CLOSED)
    await ledger.record(STARTED)
    await ledger.close()
    return home


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET canonical = zeroblob(9) WHERE seq = 4", {"chain", "signatures", "values"}),
        ("UPDATE audit SET canonical = 'text' WHERE seq = 4", {"chain", "signatures", "values"}),
        ("UPDATE audit SET digest = zeroblob(32) WHERE seq = 2", {"chain"}),
        ("UPDATE audit_value SET value = CAST('\"mallory\"' AS BLOB) WHERE name = 'actor'", {"values", "listing"}),
        ("UPDATE audit_value SET value = '\"mallory\"' WHERE name = 'actor'", {"values", "listing"}),
        ("UPDATE audit_value SET value = 7 WHERE name = 'actor'", {"values", "listing"}),
        ("UPDATE audit_value SET value = CAST(x'ff' AS TEXT) WHERE name = 'actor'", {"values", "listing"}),
        ("UPDATE audit_value SET value = '[1]' WHERE name = 'at' AND seq = 1", {"values", "listing"}),
        ("UPDATE audit_value SET salt = zeroblob(16) WHERE seq = 2 AND name = 'actor'", {"values"}),
        ("UPDATE audit_value SET name = 'zone2' WHERE seq = 2 AND name = 'zone'", {"values"}),
        ("DELETE FROM audit_value WHERE seq = 2 AND name = 'session'", {"values"}),
        ("DELETE FROM audit_value WHERE seq = 2 AND name = 'at'", {"values", "listing"}),
        ("DELETE FROM audit WHERE seq = 2", {"chain", "gaps", "values"}),
        ("DELETE FROM audit WHERE seq = 4", {"gaps", "signatures", "values"}),
        ("DELETE FROM audit WHERE seq = 4; DELETE FROM audit_signature WHERE last_seq = 4", {"values"}),
        ("DELETE FROM audit_signature WHERE last_seq = 3", {"signatures"}),
        ("UPDATE audit_signature SET signature = zeroblob(64) WHERE last_seq = 3", {"signatures"}),
        ("UPDATE audit_signature SET head = zeroblob(32) WHERE last_seq = 3", {"signatures"}),
        ("UPDATE audit_signature SET first_seq = 3 WHERE last_seq = 3", {"signatures"}),
        (
            "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
            "UPDATE audit SET seq = 3 WHERE seq = 9",
            {"chain", "signatures", "values", "listing"},
        ),
        ("UPDATE audit SET actor = 'mallory' WHERE seq = 2", {"listing"}),
        ("UPDATE audit SET actor = CAST(x'ff' AS TEXT) WHERE seq = 2", {"listing"}),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 2", {"listing"}),
        ("UPDATE audit SET run = NULL WHERE seq = 2", {"listing"}),
        ("UPDATE audit SET searched = '' WHERE seq = 2", {"listing"}),
        ("UPDATE console_key SET public_key = zeroblob(32)", {"signatures"}),
        ("UPDATE chain SET chain_id = 'other'", {"chain", "signatures"}),
    ],
)
async def test_what_was_changed_in_the_file_is_found(home: Home, statement: str, found: set[str]) -> None:
    home.tamper(statement)
    judged = verify_file(home.database, home.key.fingerprint)

    assert set(await findings(home)) == found
    # The verifier of files shares no code with the store's. It goes by the numbers that the chain covers.
    by_chain = {"gaps", "signatures"} if "seq = 9 WHERE" in statement else set()
    assert {one.check for one in judged if not one.is_good} == found ^ by_chain, judged


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET seq = 'two' WHERE seq = 2",
        "UPDATE audit_signature SET first_seq = 0 WHERE last_seq = 3",
        "UPDATE audit_signature SET last_seq = 'x' WHERE last_seq = 3",
    ],
)
async def test_what_no_program_of_ours_could_write_is_damage(home: Home, statement: str) -> None:
    home.tamper(statement)

    with pytest.raises(DatabaseDamaged):
        await home.ledger()
    reader = await LedgerReader.open(home.path)
    with pytest.raises(DatabaseDamaged):
        await reader.verify()
    await reader.close()
    judged = verify_file(home.database)
    assert [(one.check, one.is_good) for one in judged] == [("files", False)]


async def test_a_value_at_no_row_number_is_damage_for_the_checks(home: Home) -> None:
    home.tamper("UPDATE audit_value SET seq = 2.5 WHERE seq = 2")

    with pytest.raises(DatabaseDamaged, match="audit_value"):
        await findings(home)


async def test_a_history_signed_by_another_key_is_told_by_its_key(home: Home, tmp_path: Path) -> None:
    home.key = Home.another_key()

    keys = await findings(home)

    assert set(keys) == {"keys"}
    assert "From row 1 on another key than the expected signed" in keys["keys"].sentence


async def test_the_list_shows_what_was_recorded_and_not_what_the_columns_were_changed_to(home: Home) -> None:
    home.tamper("UPDATE audit SET actor = 'mallory', event = 'console.stopped' WHERE seq = 2")

    ledger = await home.ledger()
    rows = await ledger.page(AuditQuery(run=OPENED.run))
    await ledger.close()

    assert rows[-1].fact == OPENED


@settings(max_examples=25)
@given(st.lists(st.lists(facts, min_size=1, max_size=3), max_size=4))
async def test_whatever_is_recorded_comes_back_and_verifies(groups: list[list[Fact]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with closing(await Home(Path(folder)).ledger()) as ledger:
            for group in groups:
                await ledger.record(*group)
            rows = await ledger.page(AuditQuery())
            verdicts = await ledger.verify()

    assert [row.fact for row in reversed(rows)] == [fact for group in groups for fact in group]
    assert all(verdict.is_good for verdict in verdicts), verdicts
