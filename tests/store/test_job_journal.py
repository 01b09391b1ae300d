"""Jobs are found again with what became of each object, by whoever opens the home next."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.homes import Home
from xsconsole.domain.acts import Act, Kind
from xsconsole.domain.ids import Uuid
from xsconsole.domain.query.values import Word
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.store.ledger import SqliteLedger

POOL = Uuid("22222222-0000-0000-0000-000000000001")
OBJECTS = [{"class": "vm", "uuid": "u-1", "name": "web-1"}, {"class": "vm", "uuid": "u-2", "name": "=web-2()"}]
OPENED = Fact(
    event=AuditEvent.JOB_OPENED,
    actor="alice",
    pool=POOL,
    details={"job": "j-1", "process": "p-1", "act": "start", "what": "Start: 2 objects", "objects": OBJECTS},  # type: ignore[dict-item]
)
SETTLED = Fact(
    event=AuditEvent.ACT_SETTLED,
    outcome=Outcome.FAILED,
    reason="No host has room.",
    details={"job": "j-1", "position": 1, "act": "start", "what": "Start: =web-2()"},
)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await Home(tmp_path).ledger()
    yield ledger
    await ledger.close()


async def test_a_job_keeps_its_objects_and_what_became_of_them(ledger: SqliteLedger) -> None:
    await ledger.record(OPENED)
    await ledger.record(SETTLED)

    (job,) = await ledger.jobs(10)

    assert not job.given
    assert (job.job, job.pool, job.process, job.act, job.actor) == ("j-1", POOL, "p-1", Act.START, "alice")
    assert [(item.object.kind, item.object.uuid, item.name) for item in job.items] == [
        (Kind.VM, "u-1", "web-1"),
        (Kind.VM, "u-2", "=web-2()"),
    ]
    assert [(item.outcome, item.reason) for item in job.items] == [(None, ""), (Outcome.FAILED, "No host has room.")]
    assert job.items[0].settled_at is None
    assert job.items[1].settled_at is not None


async def test_only_the_newest_jobs_are_told(ledger: SqliteLedger) -> None:
    for number in range(3):
        await ledger.record(replace(OPENED, details={**(OPENED.details or {}), "job": f"j-{number}", "given": "xen-2"}))

    found = await ledger.jobs(2)
    assert len(found) == 2
    assert [job.given for job in found] == ["xen-2", "xen-2"]


async def test_rows_about_objects_are_found_by_their_names(ledger: SqliteLedger) -> None:
    await ledger.record(OPENED, SETTLED)

    (row,) = await ledger.page(AuditQuery(filter=Word(text="=WEB-2")))

    assert row.fact.event is AuditEvent.ACT_SETTLED
    assert all(verdict.is_good for verdict in await ledger.verify())


@pytest.mark.parametrize(
    "fact",
    [
        replace(OPENED, details={"what": "Start"}),
        replace(SETTLED, details=None),
        replace(SETTLED, details={**(SETTLED.details or {}), "job": "never opened"}),
    ],
)
async def test_a_row_that_names_no_job_is_a_bug_and_is_not_written(ledger: SqliteLedger, fact: Fact) -> None:
    with pytest.raises((ValueError, TypeError)):
        await ledger.record(fact)

    assert await ledger.page(AuditQuery()) == ()
