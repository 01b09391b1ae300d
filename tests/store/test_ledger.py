import dataclasses
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.store.homes import Home
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey, Uuid
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.query.values import Word
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.errors import AuditBroken, NotFound, Refused, StoreFailed
from xsconsole.store.fields import Circumstances
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.reader import LedgerReader

SHOP = ConfigurationId("11111111-0000-0000-0000-000000000001")
POOL = Uuid("22222222-0000-0000-0000-000000000001")
RUN = RunId("33333333-0000-0000-0000-000000000001")
NOON = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

STARTED = Fact(event=AuditEvent.CONSOLE_STARTED)
OPENED = Fact(
    event=AuditEvent.RUN_OPENED,
    actor="alice",
    pool=POOL,
    session="ab" * 32,
    configuration=SHOP,
    configuration_name="shop 1.3.0",
    run=RUN,
    source=StageId("staging"),
    target=StageId("production"),
    reason="Release 1.3.0",
    details={"digest": "cd" * 32, "steps": 9, "warnings": ["down for 12 s"]},
)
CLOSED = Fact(event=AuditEvent.RUN_CLOSED, run=RUN, configuration=SHOP, outcome=Outcome.DONE)


def of_step(event: AuditEvent, step: str, run: RunId = RUN) -> Fact:
    return Fact(event=event, run=run, step=StepKey(step))


async def test_a_fact_comes_back_as_it_was_recorded(ledger: SqliteLedger, home: Home) -> None:
    seq = await ledger.record(OPENED)

    (row,) = await ledger.page(AuditQuery())

    assert (row.seq, row.fact) == (seq, OPENED)
    assert (row.console, row.os_user, row.at) == ("laptop of alice", "alice-os", home.clock.now())
    assert (row.chain, row.digest) == ((await ledger.head()).chain_id, (await ledger.head()).digest.hex())


async def test_every_field_a_fact_can_have_comes_back(ledger: SqliteLedger) -> None:
    full = dataclasses.replace(OPENED, step=StepKey("a"), outcome=Outcome.OBSERVED)
    empty = Fact(event=AuditEvent.CONSOLE_STARTED)

    await ledger.record(full, empty)

    assert [row.fact for row in await ledger.page(AuditQuery())] == [empty, full]
    assert all(getattr(full, field.name) not in (None, "") for field in dataclasses.fields(Fact))


async def test_every_field_of_a_row_is_covered_by_its_hash(ledger: SqliteLedger) -> None:
    """Also one that is added later: a field that is kept but not hashed could be changed unseen."""
    full = dataclasses.replace(OPENED, step=StepKey("a"), outcome=Outcome.OBSERVED)
    await ledger.record(full)

    with closing(sqlite3.connect(ledger.database.path)) as file:
        (canonical,) = file.execute("SELECT canonical FROM audit").fetchone()
        values = {name for (name,) in file.execute("SELECT name FROM audit_value")}
    expected = {field.name for kind in (Fact, Circumstances) for field in dataclasses.fields(kind)}

    assert set(json.loads(canonical)["fields"]) == values == expected


async def test_facts_of_one_call_are_one_group_and_the_last_number_is_returned(ledger: SqliteLedger) -> None:
    assert await ledger.record(STARTED) == 1
    assert await ledger.record(OPENED, of_step(AuditEvent.STEP_INTENDED, "a"), CLOSED) == 4

    verdicts = {verdict.check: verdict for verdict in await ledger.verify()}

    assert all(verdict.is_good for verdict in verdicts.values()), verdicts
    assert verdicts["signatures"].sentence == "All rows are signed, in 2 groups."
    assert verdicts["gaps"].sentence == "Rows 1 to 4 are all there."


async def test_recording_nothing_writes_nothing_and_tells_where_the_chain_ends(ledger: SqliteLedger) -> None:
    await ledger.record(STARTED)

    assert await ledger.record() == 1
    assert (await ledger.head()).seq == 1


async def test_of_two_who_saw_the_same_one_records_it(ledger: SqliteLedger) -> None:
    fact, told = Fact(event=AuditEvent.FENCE_OBSERVED, configuration=ConfigurationId("one")), []
    ledger.follow(told.append)
    first = await ledger.record_next(fact, 0)
    assert first is not None
    assert await ledger.record_next(fact, 0) is None
    assert await ledger.record_next(dataclasses.replace(fact, configuration=ConfigurationId("other")), 0) is not None
    assert await ledger.record_next(fact, first) is not None
    assert (len(told), (await ledger.head()).seq) == (3, first + 2)
    in_a_sealed_file = dataclasses.replace(fact, configuration=ConfigurationId("third"))
    assert await ledger.record_next(in_a_sealed_file, first, (Fact(event=AuditEvent.OBSERVED),)) == first + 4
    assert (len(told), len(told[-1])) == (4, 2)


async def test_an_empty_ledger_is_whole(ledger: SqliteLedger) -> None:
    assert all(verdict.is_good for verdict in await ledger.verify())
    assert await ledger.page(AuditQuery()) == ()


async def test_the_chain_goes_on_after_a_new_start(home: Home) -> None:
    first = await home.ledger()
    await first.record(STARTED)
    chain = (await first.head()).chain_id
    await first.close()

    second = await home.ledger()
    await second.record(STARTED)

    assert (await second.head()).chain_id == chain
    assert (await second.head()).seq == 2
    assert all(verdict.is_good for verdict in await second.verify())
    await second.close()


async def test_rows_come_newest_first_in_pages_that_do_not_overlap(ledger: SqliteLedger) -> None:
    for number in range(7):
        await ledger.record(Fact(event=AuditEvent.CONSOLE_STARTED, reason=str(number)))

    newest = await ledger.page(AuditQuery(), limit=3)
    older = await ledger.page(AuditQuery(), before=newest[-1].seq, limit=3)

    assert [row.seq for row in newest + older] == [7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (AuditQuery(filter=Word(text="RELEASE")), [2]),
        (AuditQuery(filter=Word(text="shop 1")), [2]),
        (AuditQuery(filter=Word(text="alice")), [3, 2, 1]),
        (AuditQuery(filter=Word(text="100%")), []),
        (AuditQuery(filter=Word(text="_")), []),
        (AuditQuery(filter=Word(text="Release\ud800")), []),
        (AuditQuery(filter=query_of("event:run.closed or release", AUDIT)), [3, 2]),
        (AuditQuery(filter=query_of("who:alice -event:run", AUDIT)), [1]),
        (AuditQuery(filter=query_of("row>1 age<1h", AUDIT), now=NOON), [3, 2]),
        (AuditQuery(filter=query_of("age>1h", AUDIT), now=NOON), []),
        (AuditQuery(filter=query_of("pool:acme", AUDIT), pools={POOL: "acme production"}), [2]),
        (AuditQuery(filter=query_of("pool:22222222*", AUDIT)), [2]),
        (AuditQuery(filter=query_of("pool:acme", AUDIT)), []),
        (AuditQuery(event=AuditEvent.RUN_CLOSED), [3]),
        (AuditQuery(configuration=SHOP), [3, 2]),
        (AuditQuery(run=RUN), [3, 2]),
        (AuditQuery(run=RUN, filter=Word(text="production")), [2]),
        (AuditQuery(run=RunId("none")), []),
    ],
)
async def test_a_query_finds_the_rows_that_fit_every_condition(
    ledger: SqliteLedger, query: AuditQuery, expected: list[int]
) -> None:
    await ledger.record(STARTED)
    await ledger.record(OPENED, CLOSED)

    assert [row.seq for row in await ledger.page(query)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "🚀 départ",
        "שלום \u202eabc",
        "a\0b",
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "x" * 10_000,
        "'; DROP TABLE audit; --",
        "\u2028\ufeff",
    ],
)
async def test_hostile_text_survives_and_is_found(ledger: SqliteLedger, text: str) -> None:
    fact = Fact(event=AuditEvent.RUN_CLOSED, run=RUN, reason=text, details={text: [text]})

    await ledger.record(fact)

    (row,) = await ledger.page(AuditQuery(filter=Word(text=text)))
    assert row.fact == fact
    assert all(verdict.is_good for verdict in await ledger.verify())


@pytest.mark.parametrize("details", [{"a": "\ud800"}, {"\udfff": 1}, {"size": 2**60}, {"ratio": float("nan")}])
async def test_what_canonical_json_cannot_hold_is_refused_and_nothing_is_written(
    ledger: SqliteLedger, details: dict[str, str | int | float]
) -> None:
    with pytest.raises(Refused, match="details"):
        await ledger.record(STARTED, Fact(event=AuditEvent.RUN_CLOSED, details=details))

    assert (await ledger.head()).seq == 0


async def test_half_a_character_in_a_reason_is_refused_with_its_field(ledger: SqliteLedger) -> None:
    with pytest.raises(Refused) as refused:
        await ledger.record(Fact(event=AuditEvent.RUN_CLOSED, reason="\ud83d"))

    assert "'reason'" in refused.value.reason
    assert refused.value.mend


async def test_a_run_is_open_from_its_opening_to_its_close(ledger: SqliteLedger, home: Home) -> None:
    await ledger.record(OPENED)
    (run,) = await ledger.open_runs()
    await ledger.record(Fact(event=AuditEvent.RUN_INTERRUPTED, run=RUN))
    still_open = await ledger.open_runs()
    await ledger.record(CLOSED)

    assert (run.run, run.configuration, run.pool, run.opened_at) == (RUN, SHOP, POOL, home.clock.now())
    assert still_open == (run,)
    assert await ledger.open_runs() == ()


async def test_a_step_whose_outcome_is_missing_is_shown_as_intended(ledger: SqliteLedger) -> None:
    await ledger.record(OPENED)
    for event, step in (
        (AuditEvent.STEP_INTENDED, "snapshot"),
        (AuditEvent.STEP_SETTLED, "snapshot"),
        (AuditEvent.STEP_INTENDED, "start"),
        (AuditEvent.STEP_FAILED, "start"),
        (AuditEvent.STEP_INTENDED, "write"),
        (AuditEvent.UNDO_INTENDED, "snapshot"),
    ):
        await ledger.record(of_step(event, step))

    (run,) = await ledger.open_runs()

    assert run.intended == (StepKey("write"), StepKey("snapshot"))


async def test_a_run_of_another_console_that_is_taken_up_here_is_open_here(ledger: SqliteLedger) -> None:
    await ledger.record(Fact(event=AuditEvent.RUN_UNDOING, run=RUN, configuration=SHOP, pool=POOL))
    await ledger.record(of_step(AuditEvent.UNDO_INTENDED, "a"), of_step(AuditEvent.UNDO_SETTLED, "a"))

    (run,) = await ledger.open_runs()

    assert (run.run, run.intended) == (RUN, ())


async def test_a_closed_run_that_is_resumed_is_open_again(ledger: SqliteLedger) -> None:
    await ledger.record(OPENED, CLOSED)

    await ledger.record(Fact(event=AuditEvent.RUN_RESUMED, run=RUN))

    assert [run.run for run in await ledger.open_runs()] == [RUN]


async def test_closing_a_run_that_the_journal_does_not_know_changes_nothing(ledger: SqliteLedger) -> None:
    await ledger.record(CLOSED)

    assert await ledger.open_runs() == ()


@pytest.mark.parametrize(
    "fact",
    [
        Fact(event=AuditEvent.RUN_OPENED),
        Fact(event=AuditEvent.RUN_OPENED, run=RUN, pool=POOL),
        of_step(AuditEvent.STEP_INTENDED, "a"),
        Fact(event=AuditEvent.STEP_INTENDED, run=RUN),
        Fact(event=AuditEvent.STEP_SETTLED, step=StepKey("a")),
    ],
)
async def test_a_fact_that_the_journal_cannot_place_writes_nothing(ledger: SqliteLedger, fact: Fact) -> None:
    with pytest.raises(ValueError, match="must name"):
        await ledger.record(STARTED, fact)

    assert (await ledger.head()).seq == 0


async def test_nonces_are_remembered_over_a_new_start(home: Home) -> None:
    first = await home.ledger()
    await first.remember_nonce("nonce-1", "configuration.a")
    await first.remember_nonce("nonce-1", "configuration.a")
    await first.remember_nonce("nonce-2", "configuration.b")
    await first.close()

    second = await home.ledger()

    assert await second.nonces() == {"nonce-1", "nonce-2"}
    await second.close()


async def test_who_only_looks_needs_no_key_and_sees_what_is_being_written(ledger: SqliteLedger, home: Home) -> None:
    reader = await LedgerReader.open(home.path, expected_keys={home.key.fingerprint})
    await ledger.record(OPENED)
    await ledger.remember_nonce("n", "t")

    assert [row.fact for row in await reader.page(AuditQuery())] == [OPENED]
    assert [run.run for run in await reader.open_runs()] == [RUN]
    assert await reader.nonces() == {"n"}
    assert await reader.head() == await ledger.head()
    assert all(verdict.is_good for verdict in await reader.verify())
    await reader.close()


async def test_who_only_looks_and_vouches_for_no_key_is_told_that_it_is_unknown(
    ledger: SqliteLedger, home: Home
) -> None:
    await ledger.record(STARTED)
    reader = await LedgerReader.open(home.path)

    bad = [verdict for verdict in await reader.verify() if not verdict.is_good]

    assert [verdict.check for verdict in bad] == ["keys"]
    assert "Key unknown" in bad[0].sentence
    assert home.key.fingerprint in bad[0].sentence
    await reader.close()


async def test_a_reader_of_an_empty_home_is_told_so_and_leaves_it_empty(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no record"):
        await LedgerReader.open(tmp_path)

    assert os.listdir(tmp_path) == []


async def test_a_row_that_was_made_unreadable_is_named(home: Home) -> None:
    ledger = await home.ledger()
    await ledger.record(STARTED)
    await ledger.record(STARTED)
    await ledger.close()
    home.tamper("UPDATE audit_value SET value = x'ff' WHERE seq = 2 AND name = 'event'")

    ledger = await home.ledger()
    with pytest.raises(AuditBroken, match="Row 2"):
        await ledger.page(AuditQuery())

    assert [verdict.check for verdict in await ledger.verify() if not verdict.is_good] == ["values", "listing"]
    await ledger.close()


async def test_a_home_that_cannot_be_used_leaves_no_thread(tmp_path: Path) -> None:
    home = Home(tmp_path / "file")
    home.path.write_text("not a folder")

    with pytest.raises(StoreFailed):
        await home.ledger()
