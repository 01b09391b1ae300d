"""What is kept of the pool's tasks: those of others, and none of which nobody knows yet whose it is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from xsconsole.console import task_watch
from xsconsole.console.task_watch import TaskWatch
from xsconsole.domain.acts import Kind, ObjectId, called_together
from xsconsole.domain.drift import read_calls
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import SR, VM, Change, ChangeBatch, Host, Inventory, Task
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


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"other_config": {"applies_to": "OpaqueRef:web"}, "error_info": ("NO_HOSTS_AVAILABLE",)}, ("web",)),
        ({"result": "<value>OpaqueRef:before</value>"}, ("web, “before”",)),
        ({"error_info": ("VM_REQUIRES_SR", "OpaqueRef:web", "OpaqueRef:san")}, ("web",)),
        ({"error_info": ("HOST_NOT_ENOUGH_FREE_MEMORY", "2", "1")}, ()),
    ],
)
async def test_what_was_over_at_once_is_about_what_is_noted_at_it_came_of_it_or_is_in_its_error(
    fields: dict[str, Any], names: tuple[str, ...]
) -> None:
    inventory = Inventory()
    web = VM(ref=Ref("OpaqueRef:web"), uuid=Uuid("web"), name_label="web")
    before = VM(
        ref=Ref("OpaqueRef:before"), uuid=Uuid("before"), name_label="before", is_a_snapshot=True, snapshot_of=web.ref
    )
    san = SR(ref=Ref("OpaqueRef:san"), uuid=Uuid("san"), name_label="san")
    task = Task(ref=Ref("OpaqueRef:task"), uuid=Uuid("task"), name_label="Async.VM.start", status="failure", **fields)
    of = {"vm": (web, before), "sr": (san,), "task": (task,)}
    changes = [Change(ref=one.ref, class_name=name, record=one) for name, some in of.items() for one in some]
    inventory.apply(ChangeBatch(changes=tuple(changes)))

    watch = TaskWatch(inventory, Uuid("pool"), _forgotten, _never, _never, own_time=lambda at: at)

    assert called_together(watch.objects_of(task.ref), inventory) == names
    both = tuple(ObjectId(kind=Kind.VM, uuid=vm.uuid) for vm in (web, before))
    assert called_together(both, inventory) == ("web, “before”",)


async def test_a_task_is_about_the_machine_that_the_line_of_its_call_in_the_log_names() -> None:
    inventory = Inventory()
    web = VM(ref=Ref("OpaqueRef:web"), uuid=Uuid("web"), name_label="web")
    host = Host(ref=Ref("OpaqueRef:host"), uuid=Uuid("host"), name_label="host")
    task = Task(ref=Ref("OpaqueRef:1161a46c-cf21-4b7e"), uuid=Uuid("task"), name_label="Async.VM.start_on")
    of = {"vm": web, "host": host, "task": task}
    inventory.apply(
        ChangeBatch(changes=tuple(Change(ref=one.ref, class_name=name, record=one) for name, one in of.items()))
    )
    watch = TaskWatch(inventory, Uuid("pool"), _forgotten, _never, _never, own_time=lambda at: at)
    line = (
        "[20261128T00:23:06.673Z|audit|xen-1|1 INET :::80|Async.VM.start_on R:{task}|audit] ('trackid=24' 'S' 'root' "
        "'ALLOWED' 'ERROR:HOST_NOT_ENOUGH_FREE_MEMORY: [ 2; 1 ]' 'API' 'VM.start_on' "
        "(('self' 'web' 'web' 'OpaqueRef:web') ('host' 'host' 'host' 'OpaqueRef:host')))"
    )

    of_another = watch.learn(task.ref, read_calls(line.format(task="2161a46ccf21")))
    before = watch.objects_of(task.ref)
    is_learnt = watch.learn(task.ref, read_calls(line.format(task="1161a46ccf21")))

    assert (of_another, before, is_learnt) == (False, (), True)
    assert watch.objects_of(task.ref) == (ObjectId(kind=Kind.VM, uuid=web.uuid),)


async def _forgotten(tasks: Sequence[SeenTask]) -> None:
    del tasks


def _never(what: str) -> bool:
    del what
    return False
