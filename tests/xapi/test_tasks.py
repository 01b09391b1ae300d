import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect, Password
from xsconsole.domain.ids import Ref, RunId
from xsconsole.domain.inventory import VM
from xsconsole.domain.words import size
from xsconsole.errors import ConnectionLost, NotPermitted, PoolFailed
from xsconsole.xapi.gateway import Gateway
from xsconsole.xapi.login import Credentials, log_in
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import RUN_KEY, Tasks
from xsconsole.xapi.trust import Trust

RUN = RunId("a-run")
DEADLINE_S = 30.0


@dataclass
class Deaf:
    """Tasks that no feed tells anything."""

    session: PoolSession
    tasks: Tasks


@pytest.fixture
async def deaf(pool: EmbeddedPool) -> AsyncIterator[Deaf]:
    login = await asyncio.to_thread(
        log_in, pool.url, Credentials(user=pool.user, password=Password(pool.password)), Trust()
    )
    session = PoolSession(login, on_lost=lambda: None, on_unreachable=lambda: None)
    yield Deaf(session, Tasks(session))
    await session.close()


@pytest.fixture
async def gateway(pool: EmbeddedPool, connect: Connect) -> Gateway:
    opened, _ = await connect(pool)
    return opened


async def called(pool: EmbeddedPool, method: str) -> dict[str, Any]:
    """Wait until the pool has served a call and return it."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            for call in await asyncio.to_thread(pool.calls):
                if call["method"] == method:
                    return dict(call)


async def test_the_result_of_a_task_is_what_it_made(gateway: Gateway, plain: Any) -> None:
    machine = plain.VM.get_by_name_label("jumpbox")[0]

    made = await gateway._tasks.run("VM.snapshot", machine, "made by a task", run=RUN)

    assert plain.VM.get_name_label(made) == "made by a task"


async def test_a_task_that_was_read_is_tidied_away(gateway: Gateway, plain: Any) -> None:
    def standing() -> set[str]:
        return {ref for ref, one in plain.task.get_all_records().items() if one["name_label"] == "Async.VM.snapshot"}

    before = standing()

    await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "x", run=RUN)

    assert standing() == before


async def test_a_task_carries_its_run_while_it_lasts(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "x", run=RUN)

    marks = [call["params"][1:] for call in pool.calls() if call["method"] == "task.add_to_other_config"]
    assert marks == [[RUN_KEY, RUN]]


async def test_progress_grows_and_is_told_on_the_way(gateway: Gateway, plain: Any) -> None:
    machine = plain.VM.clone(plain.VM.get_by_name_label("Debian 12 golden")[0], "progressing")
    plain.VM.set_is_a_template(machine, False)
    told: list[float] = []

    await gateway._tasks.run("VM.start", machine, False, False, run=RUN, on_progress=told.append)

    assert told == sorted(told)
    assert all(0 <= one <= 1 for one in told)


async def test_a_task_that_failed_says_so_with_its_code(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    pool.control("fail", method="VM.snapshot", code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    with pytest.raises(PoolFailed) as caught:
        await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "x", run=RUN)

    assert (caught.value.code, caught.value.parameters) == ("SR_BACKEND_FAILURE_44", ("", "no space", ""))
    assert caught.value.method == "VM.snapshot"
    assert caught.value.task
    storage = plain.SR.get_record(plain.SR.get_by_name_label("SAN-gold")[0])
    free = size(int(storage["physical_size"]) - int(storage["physical_utilisation"]))
    assert caught.value.storages == (f"“SAN-gold” ({free} free)",)

    for method in ("VDI.pool_migrate", "VM.copy"):
        pool.control("fail", method=method, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])
    vm, silver = plain.VM.get_by_name_label("jumpbox")[0], plain.SR.get_by_name_label("NFS-silver")[0]
    drives = [plain.VBD.get_record(ref) for ref in plain.VM.get_VBDs(vm)]
    disks = [drive["VDI"] for drive in drives if drive["type"] == "Disk"]
    sizes = [int(plain.VDI.get_virtual_size(disk)) for disk in disks]
    there = plain.SR.get_record(silver)
    free = size(int(there["physical_size"]) - int(there["physical_utilisation"]))
    for method, params, wanted in (
        ("VDI.pool_migrate", (disks[0], silver, {}), sizes[0]),
        ("VM.copy", (vm, "copy", silver), sum(sizes)),
    ):
        with pytest.raises(PoolFailed) as caught:
            await gateway._tasks.run(method, *params, run=RUN)
        assert caught.value.storages == (f"“NFS-silver” ({free} free, {size(wanted)} wanted)",)


async def test_where_the_storage_is_full_is_not_asked_of_what_failed_otherwise(
    pool: EmbeddedPool, gateway: Gateway, plain: Any
) -> None:
    vm = plain.VM.get_by_name_label("jumpbox")[0]
    pool.control("fail", method="VM.snapshot", code="VM_BAD_POWER_STATE", params=[vm, "halted", "running"])
    pool.calls()

    with pytest.raises(PoolFailed) as caught:
        await gateway._tasks.run("VM.snapshot", vm, "x", run=RUN)

    assert caught.value.storages == ()
    assert "SR.get_record" not in {call["method"] for call in pool.calls()}


async def test_a_failure_stays_what_it_is_where_nobody_says_which_storage_is_full(
    pool: EmbeddedPool, gateway: Gateway, plain: Any
) -> None:
    pool.control("fail", method="VM.snapshot", code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])
    pool.control("fail", method="VM.get_VBDs", code="INTERNAL_ERROR", params=["no"])

    with pytest.raises(PoolFailed) as caught:
        await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "x", run=RUN)

    assert (caught.value.code, caught.value.storages) == ("SR_BACKEND_FAILURE_44", ())


async def test_a_task_that_the_feed_never_told_is_asked_for(deaf: Deaf, plain: Any) -> None:
    made = await deaf.tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "unheard", run=RUN)

    assert plain.VM.get_name_label(made) == "unheard"


async def test_a_task_that_vanished_leaves_its_outcome_unknown(pool: EmbeddedPool, deaf: Deaf, plain: Any) -> None:
    running = asyncio.create_task(
        deaf.tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "unheard", run=RUN)
    )
    task = (await called(pool, "task.add_to_other_config"))["params"][0]
    token = ""
    while plain.task.get_status(task) == "pending":
        token = getattr(plain.event, "from")([f"task/{task}"], token, DEADLINE_S)["token"]
    plain.task.destroy(task)

    with pytest.raises(ConnectionLost, match="destroyed before its completion") as caught:
        await running

    assert caught.value.was_sent


async def test_whoever_stops_waiting_cancels_the_task(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    pool.control("delay", method="VM.snapshot", seconds=3600)
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    running = asyncio.create_task(gateway._tasks.run("VM.snapshot", machine, "x", run=RUN))
    task = (await called(pool, "task.add_to_other_config"))["params"][0]

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (await called(pool, "task.cancel"))["params"] == [task]


async def test_a_role_that_may_not_is_told_which_permission_it_lacks(pool: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(pool, user="eve")
    machine = next(vm for vm in watcher.inventory.all(VM) if vm.is_ordinary)

    with pytest.raises(NotPermitted) as caught:
        await gateway.pool.snapshot(machine.uuid, "x", RUN, lambda _: None)

    assert "vm.snapshot" in caught.value.reason
    assert "vm-power-admin" in caught.value.mend


async def test_a_pool_with_too_many_calls_waiting_is_asked_again(
    pool: EmbeddedPool, gateway: Gateway, plain: Any
) -> None:
    pool.control("fail", method="VM.snapshot", code="TOO_MANY_PENDING_TASKS", params=[])

    made = await gateway._tasks.run("VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "at last", run=RUN)

    assert plain.VM.get_name_label(made) == "at last"


async def test_a_task_goes_on_while_the_road_is_broken(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    pool.control("delay", method="VM.snapshot", seconds=1)
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    running = asyncio.create_task(gateway._tasks.run("VM.snapshot", machine, "all the same", run=RUN))
    await called(pool, "task.add_to_other_config")

    pool.control("drop", method="event.from", when="before")
    pool.control("drop", method="task.get_record", when="before")

    assert plain.VM.get_name_label(await running) == "all the same"


async def test_a_task_from_before_a_restart_is_followed_by_its_mark(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    before, _ = await connect(pool)
    mark = RunId("adopted")
    ref = Ref(await before._session.call("Async.VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "adopted"))
    await before._tasks.mark(ref, mark)
    await before.close()
    after, _ = await connect(pool)

    assert await after._tasks.follow(mark, lambda _: None)

    assert plain.VM.get_by_name_label("adopted")
    assert not await after._tasks.follow(mark, lambda _: None), "it was tidied away"


async def test_quiescing_waits_for_the_tasks_of_the_run_alone(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    own = plain.task.create("of the run", "")
    plain.task.add_to_other_config(own, RUN_KEY, "another-run")

    await gateway._tasks.quiesce(RunId("quiet"), DEADLINE_S)

    plain.task.set_status(own, "cancelled")
    plain.task.destroy(own)


async def test_quiescing_destroys_what_a_dead_console_left_unread_and_nothing_else(
    gateway: Gateway, plain: Any, connect: Connect, pool: EmbeddedPool
) -> None:
    dead, _ = await connect(pool)
    run = RunId("left-behind")
    left = Ref(await dead._session.call("Async.VM.snapshot", plain.VM.get_by_name_label("jumpbox")[0], "left behind"))
    awaited, strange = (Ref(plain.task.create(name, "")) for name in ("awaited", "of another run"))
    for ref, mark in ((left, run), (awaited, run), (strange, RunId("another"))):
        await dead._tasks.mark(ref, mark)
    await dead._tasks.ended(left, "the snapshot")
    for ref in (awaited, strange):
        plain.task.set_status(ref, "success")

    with gateway._tasks._listening(awaited):
        await gateway._tasks.quiesce(run, DEADLINE_S)

    assert {left, awaited, strange} & set(plain.task.get_all()) == {awaited, strange}
    assert plain.VM.get_by_name_label("left behind")
    for ref in (awaited, strange):
        plain.task.destroy(ref)


async def test_quiescing_cancels_what_outlasts_the_time(pool: EmbeddedPool, gateway: Gateway, plain: Any) -> None:
    own = plain.task.create("of the run", "")
    plain.task.add_to_other_config(own, RUN_KEY, "quiesced")
    pool.calls()

    with pytest.raises(ConnectionLost, match="does not end"):
        await gateway._tasks.quiesce(RunId("quiesced"), 0.2)

    assert [call["params"] for call in pool.calls() if call["method"] == "task.cancel"] == [[own]]


async def test_a_task_may_be_ours_from_the_call_until_the_pool_has_answered_it(deaf: Deaf, pool: EmbeddedPool) -> None:
    vm = await deaf.session.call("VM.get_by_name_label", "jumpbox")
    for host in pool.hosts:
        pool.control("host", host=host.name, mode="frozen")

    begun = asyncio.create_task(deaf.tasks.run("VM.snapshot", vm[0], "x", run=RUN, is_left_alone=True))
    async with asyncio.timeout(DEADLINE_S):
        while not deaf.tasks.may_be_own("Async.VM.snapshot"):  # noqa: ASYNC110 - that a call goes out is no event
            await asyncio.sleep(0.01)
    is_another = deaf.tasks.may_be_own("Async.VM.clone")
    for host in pool.hosts:
        pool.control("host", host=host.name, mode="live")
    await begun

    assert not is_another
    assert not deaf.tasks.may_be_own("Async.VM.snapshot")
    (ref,) = deaf.tasks._own
    assert deaf.tasks.is_own(ref)
