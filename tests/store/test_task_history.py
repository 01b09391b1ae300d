"""Tasks of pools as a home saw them last, for whoever opens it next."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.homes import Home
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import SeenTask
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.task_history import KEPT

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VM = ObjectId(kind=Kind.VM, uuid=Uuid("u-1"))
GOING = SeenTask(
    pool=Uuid("p-1"),
    task=Uuid("t-1"),
    label="Async.VM.start",
    began_at=NOON,
    ended_at=NOON,
    status="pending",
    objects=(VM,),
)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await Home(tmp_path).ledger()
    yield ledger
    await ledger.close()


async def test_what_went_on_is_replaced_by_its_end_and_keeps_the_objects_it_worked_on(ledger: SqliteLedger) -> None:
    await ledger.remember_tasks((GOING,))
    ended = replace(GOING, status="failure", error=("HOST_OFFLINE", "h"), ended_at=NOON + timedelta(minutes=1))

    await ledger.remember_tasks((replace(ended, objects=()),))

    assert await ledger.seen_tasks(10) == (ended,)


async def test_the_newest_are_kept(ledger: SqliteLedger) -> None:
    many = [
        replace(GOING, task=Uuid(f"t-{number}"), began_at=NOON + timedelta(seconds=number))
        for number in range(KEPT + 10)
    ]

    await ledger.remember_tasks(many)

    kept = await ledger.seen_tasks(2 * KEPT)
    assert [task.task for task in kept] == [task.task for task in reversed(many[10:])]
