"""Several go side by side as runs of their own: stopped, gone on with or asked for, and on record as one."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from embedded import embedded_pool

from tests.console.desk import Desk, seated
from tests.workflows import put_on
from xsconsole.console import Batch, batches, moves_to, planned_together
from xsconsole.console.dead_batches import DIED, close_dead
from xsconsole.domain.batch import BatchPlan, PartState
from xsconsole.domain.ids import GroupId, PersonId, RunId, StageId
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Outcome
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow, default_workflow
from xsconsole.engine.commands import Together

NAMES = ("crm 7.2-rc1", "payroll 2026.5", "shop 1.4.0")
DONE, FAILED, SKIPPED = PartState.DONE, PartState.FAILED, PartState.SKIPPED


def together(desk: Desk, target: str, *names: str) -> Together:
    workflow = desk.console.board.workflow
    assert workflow is not None
    return moves_to([desk.card(name) for name in names], StageId(target), workflow, "the release")


def batch_of(desk: Desk, asked: Together, told: list[BatchPlan], *, goes_on: bool = False) -> Batch:
    console = desk.console
    planned = planned_together(console, asked)
    return Batch(console, console.requests, asked, planned, told.append, goes_on=goes_on)


def states(planned: BatchPlan) -> list[PartState]:
    return [part.state for part in planned.parts]


def approved_by_others(desk: Desk) -> Workflow:
    """The default workflow, in which somebody else has to approve the way to staging."""
    people = (
        Person(id=PersonId("ann"), name="Ann", fingerprints=(desk.console.home.key_fingerprint,)),
        Person(id=PersonId("bob"), name="Bob", fingerprints=("ab" * 32,)),
    )
    group = Group(id=GroupId("ops"), name="Operators", people=tuple(person.id for person in people))
    workflow = default_workflow()
    rule = ApprovalRule(count=1, groups=(group.id,))
    ways = tuple(
        msgspec.structs.replace(way, approvals=(rule,)) if way.id == "patch-testing-to-staging" else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, people=people, groups=(group,), transitions=ways)


async def test_several_go_side_by_side_stop_go_on_or_are_asked_for_and_the_record_holds_them_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded_pool("--speed", "100") as pool:
        async with seated(pool, tmp_path / "home") as desk:
            # Two at once; the third is not begun any more.
            monkeypatch.setattr(batches, "AT_ONCE", 2)
            pool.control("delay", method="VM.snapshot", seconds=3600)
            told: list[BatchPlan] = []
            stopped = batch_of(desk, together(desk, "patch-testing", *NAMES), told)
            assert all(part.after == () for part in stopped.plan.parts)
            task = asyncio.create_task(stopped.carry_out())
            await desk.until(lambda: len([run for run in desk.console.runs if run.current]) == 2)
            assert states(stopped.plan) == [PartState.RUNNING, PartState.RUNNING, PartState.WAITING]
            stopped.stop()
            assert states(stopped.plan)[2] is SKIPPED
            pool.control("clear")
            assert states(await task) == [DONE, DONE, SKIPPED]
            assert desk.stands(NAMES[2], "integration")

            # The first fails: without word to go on the second is not begun, with it is.
            monkeypatch.setattr(batches, "AT_ONCE", 1)
            ends = []
            for goes_on in (False, True):
                pool.control("fail", method="VM.snapshot", nth=1, code="SR_BACKEND_FAILURE_44", params=["", "full", ""])
                asked = together(desk, "staging", *NAMES[:2])
                ends.append(await batch_of(desk, asked, told, goes_on=goes_on).carry_out())
            assert [states(end) for end in ends] == [[FAILED, SKIPPED], [FAILED, DONE]]
            assert "put back" in ends[0].parts[0].sentence.casefold()
            await desk.until(lambda: desk.stands(NAMES[1], "staging"))

            # Others have to approve: each is asked for by a request of its own, in one go.
            put_on(pool, approved_by_others(desk))
            await desk.until(lambda: desk.console.board.workflow and desk.console.board.workflow.version == 2)
            asked = together(desk, "staging", NAMES[0], "crm 7.1+KB5031", "payroll 2026.4")
            ended = await batch_of(desk, asked, told).carry_out()
            assert states(ended) == [PartState.ASKED] * 3
            views = desk.console.requests.views
            assert {view.request.id for view in views} == {part.request for part in ended.parts}
            assert {view.request.reason for view in views} == {"the release"}
            rows = await desk.rows()
            died = await told_of_the_dead(desk, rows)

    assert died == [("done", True), ("done", True), ("not begun", False)]
    check_record(rows, stopped, ends, ended)


async def told_of_the_dead(desk: Desk, rows: list[AuditRow]) -> list[tuple[object, bool]]:
    """Leave the rows of a batch whose console was killed, and return what became of its parts when it is closed."""
    home, ledger = desk.console.home, desk.console.home.ledger
    opened = next(row.fact for row in rows if row.fact.event is AuditEvent.BATCH_OPENED)
    details = dict(opened.details or {})
    id_, runs = details["batch"], [row.fact for row in rows if row.fact.event is AuditEvent.RUN_OPENED]
    own = [fact for fact in runs if (fact.details or {}).get("batch") == id_]
    await ledger.record(replace(opened, details={**details, "batch": "of the dead", "process": "killed"}))
    for fact in own:
        run = RunId(f"{fact.run}-again")
        again = {**(fact.details or {}), "batch": "of the dead"}
        await ledger.record(replace(fact, run=run, details=again))
        assert await close_dead(home, [run], ledger) == ()
        await ledger.record(replace(fact, run=run, event=AuditEvent.RUN_CLOSED, outcome=Outcome.DONE))
    assert await close_dead(home, (), ledger) == ("of the dead",)
    assert await close_dead(home, (), ledger) == ()
    closed = await desk.until_recorded(AuditEvent.BATCH_CLOSED)
    assert (closed.fact.outcome, closed.fact.reason) == (Outcome.UNKNOWN, DIED)
    parts: Any = (closed.fact.details or {})["parts"]
    await ledger.record(replace(opened, details={**details, "batch": "of another", "process": "killed"}))
    left = {**(own[0].details or {}), "batch": "of another"}
    await ledger.record(replace(own[0], run=RunId("settled by another console"), details=left))
    assert await close_dead(home, (), ledger) == ("of another",)
    newest = max(await desk.rows(AuditQuery(event=AuditEvent.BATCH_CLOSED)), key=lambda row: row.seq)
    others: Any = (newest.fact.details or {})["parts"]
    assert "settled elsewhere" in [part["state"] for part in others]
    return [(part["state"], bool(part["run"])) for part in parts]


def check_record(rows: list[AuditRow], stopped: Batch, failed: list[BatchPlan], asked: BatchPlan) -> None:
    opened = [row for row in rows if row.fact.event is AuditEvent.BATCH_OPENED]
    closed = [row for row in rows if row.fact.event is AuditEvent.BATCH_CLOSED]
    assert [row.fact.outcome for row in closed] == [
        Outcome.CANCELLED,
        Outcome.FAILED,
        Outcome.FAILED,
        Outcome.DONE,
    ]
    ids = [(row.fact.details or {})["batch"] for row in opened]
    assert ids == [(row.fact.details or {})["batch"] for row in closed]
    assert ids[0] == stopped.id
    assert len(set(ids)) == 4
    of_batch = [[row.fact.event for row in rows if (row.fact.details or {}).get("batch") == id_] for id_ in ids]
    assert [events.count(AuditEvent.RUN_OPENED) for events in of_batch] == [2, 1, 2, 0]
    assert of_batch[3].count(AuditEvent.REQUESTED) == 6  # each before and after
    assert opened[0].fact.reason == "the release"
    parts = (closed[1].fact.details or {})["parts"]
    assert [part["state"] for part in parts] == ["failed", "not begun"]  # type: ignore[union-attr, index, call-overload]
    assert failed[0].is_over
    assert asked.is_over
