"""What is kept of the pool's tasks: those of others, and none of which nobody knows yet whose it is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from xsconsole.console import task_watch
from xsconsole.console.task_watch import TaskWatch
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import Change, ChangeBatch, Inventory, Task
from xsconsole.domain.jobs import SeenTask

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
AHEAD = timedelta(hours=1)


async def test_a_task_that_may_be_ours_waits_until_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_watch, "GATHER_S", 0.0)
    inventory, kept, begun = Inventory(), [], set()
    own: set[Ref] = set()
    unanswered = {"Async.VM.start"}

    async def remember(tasks: Sequence[SeenTask]) -> None:
        kept.extend(task.task for task in tasks)
        begun.update(task.began_at for task in tasks)

    watch = TaskWatch(
        inventory,
        Uuid("pool"),
        remember,
        own.__contains__,
        unanswered.__contains__,
        own_time=lambda at: at - AHEAD,
    )
    records = [
        Task(ref=Ref(name), uuid=Uuid(name), name_label=label, status="success", created=NOON)
        for name, label in (("ours", "Async.VM.start"), ("theirs", "Async.VM.start"), ("other", "Async.VM.suspend"))
    ]
    batch = ChangeBatch(changes=tuple(Change(ref=one.ref, class_name="task", record=one) for one in records))
    inventory.apply(batch)

    watch.hear(InventoryChanged(batch=batch, inventory=inventory))
    async with asyncio.timeout(5):
        while not kept:  # noqa: ASYNC110 - what is written is no event
            await asyncio.sleep(0)
    before = list(kept)
    own.add(Ref("ours"))
    unanswered.clear()
    async with asyncio.timeout(5):
        while len(kept) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await watch.close()

    assert before == ["other"]
    assert kept == ["other", "theirs"]
    assert begun == {NOON - AHEAD}
