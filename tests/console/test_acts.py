"""Acts on single objects: checked before, done by the pool, on record, and never claimed where nobody knows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk, seated
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.events import InventoryChanged, JobChanged
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Host, Task
from xsconsole.domain.jobs import ItemState, JobStatus
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, newest_text
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.engine.commands import Operate
from xsconsole.errors import NotPermitted, PoolFailed, Refused


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def desk(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(pool, tmp_path / "home") as sitting:
        yield sitting


def named(desk: Desk, name: str) -> VM:
    return next(vm for vm in desk.console.inventory.all(VM) if vm.name_label == name and vm.is_ordinary)


def loose(desk: Desk, state: str = "Running") -> list[VM]:
    """Machines that belong to no configuration."""
    members = {member.uuid for card in desk.console.board.cards.values() for member in card.members}
    found = [
        vm
        for vm in desk.console.inventory.all(VM)
        if vm.is_ordinary and vm.power_state == state and vm.uuid not in members
    ]
    return sorted(found, key=lambda vm: vm.name_label)


def id_of(vm: VM) -> ObjectId:
    return ObjectId(kind=Kind.VM, uuid=vm.uuid)


def operate(act: Act, *vms: VM, text: str = "", key: str = "", host: Uuid | None = None) -> Operate:
    return Operate(act=act, objects=tuple(id_of(vm) for vm in vms), text=text, key=key, host=host)


async def do(desk: Desk, command: Operate) -> JobStatus:
    return await desk.console.acts.finished(await desk.console.acts.do(command))


def now(desk: Desk, vm: VM) -> VM:
    found = desk.console.inventory.by_uuid(VM, vm.uuid)
    assert found is not None
    return found


async def test_a_machine_is_stopped_and_started_and_both_are_on_record(desk: Desk) -> None:
    vm = loose(desk)[0]
    await desk.until(lambda: "clean_shutdown" in now(desk, vm).allowed_operations)

    stopped = await do(desk, operate(Act.SHUT_DOWN, vm))
    await desk.until(lambda: now(desk, vm).power_state == "Halted")
    started = await do(desk, operate(Act.START, vm))
    await desk.until(lambda: now(desk, vm).power_state == "Running")

    assert stopped.is_good
    assert started.is_good
    facts = [row.fact for row in await desk.rows() if row.fact.event in {AuditEvent.JOB_OPENED, AuditEvent.ACT_SETTLED}]
    assert [(fact.event, fact.outcome, (fact.details or {})["what"]) for fact in facts] == [
        (AuditEvent.JOB_OPENED, None, f"Shut down: {vm.name_label}"),
        (AuditEvent.ACT_SETTLED, Outcome.DONE, f"Shut down: {vm.name_label}"),
        (AuditEvent.JOB_OPENED, None, f"Start: {vm.name_label}"),
        (AuditEvent.ACT_SETTLED, Outcome.DONE, f"Start: {vm.name_label}"),
    ]


async def test_what_it_did_itself_is_not_remembered_once_more_as_a_task_of_the_pool(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    pool.control("delay", method="task.add_to_other_config", seconds=0.5)  # the feed tells of the task without its mark
    async with seated(pool, tmp_path / "home") as desk:
        vm = loose(desk)[0]
        await desk.until(lambda: "clean_shutdown" in now(desk, vm).allowed_operations)
        seen: list[str] = []
        desk.console.subscribe(
            InventoryChanged,
            lambda event: seen.extend(
                task.record.name_label for task in event.batch.of("task") if isinstance(task.record, Task)
            ),
        )
        stopped = await do(desk, operate(Act.SHUT_DOWN, vm))
        await desk.console.disconnect()
        kept = [task.label for task in await desk.console.home.seen_tasks(50)]

    assert stopped.is_good
    assert "Async.VM.clean_shutdown" in seen
    assert kept == []


async def test_many_are_done_each_on_its_own_and_one_that_fails_says_why(pool: EmbeddedPool, desk: Desk) -> None:
    vms = loose(desk)[:3]
    assert len(vms) == 3
    pool.control("fail", method="VM.hard_reboot", nth=2, code="VM_BAD_POWER_STATE", params=["ref", "running", "halted"])
    seen: list[JobStatus] = []
    desk.console.subscribe(JobChanged, lambda event: seen.append(event.status))

    status = await do(desk, operate(Act.FORCE_REBOOT, *vms))

    states = [item.state for item in status.items]
    assert sorted(states) == [ItemState.DONE, ItemState.DONE, ItemState.FAILED]
    failed = status.items[states.index(ItemState.FAILED)]
    assert isinstance(failed.error, PoolFailed)
    assert failed.error.code == "VM_BAD_POWER_STATE"
    assert not status.is_good
    assert status.progress == 1.0
    assert any(item.state is ItemState.GOING for change in seen for item in change.items)


async def test_what_cannot_be_done_to_any_is_refused_with_the_reason_and_recorded(desk: Desk) -> None:
    vm = loose(desk)[0]

    with pytest.raises(Refused, match="is running"):
        await desk.console.acts.do(operate(Act.START, vm))

    refused = [row.fact for row in await desk.rows() if row.fact.event is AuditEvent.COMMAND_REFUSED]
    assert (refused[0].details or {})["what"] == f"Start: {vm.name_label}"


async def test_of_a_selection_only_those_are_touched_to_which_it_can_be_done(desk: Desk) -> None:
    running, halted = loose(desk)[0], loose(desk, "Halted")[0]

    checks = desk.console.acts.checks(operate(Act.START, running, halted))
    status = await do(desk, operate(Act.START, running, halted))

    assert [check.refusal is None for check in checks] == [False, True]
    assert [item.name for item in status.items] == [halted.name_label]


async def test_names_tags_folders_and_keys_are_written(desk: Desk) -> None:
    vm = loose(desk)[0]
    nasty = "=cmd() <script> \u202eolleh \U0001f600"

    for command in (
        operate(Act.RENAME, vm, text=nasty),
        operate(Act.TAG, vm, text="blue"),
        operate(Act.MOVE_TO_FOLDER, vm, text="/shop/web/"),
        operate(Act.SET_KEY, vm, key="owner", text="first"),
        operate(Act.SET_KEY, vm, key="owner", text="second"),
    ):
        assert (await do(desk, command)).is_good

    def is_written() -> bool:
        found = now(desk, vm)
        keys = (found.other_config.get("folder"), found.other_config.get("owner"))
        return (found.name_label, *keys) == (nasty, "/shop/web", "second") and "blue" in found.tags

    await desk.until(is_written)
    await do(desk, operate(Act.UNTAG, vm, text="blue"))
    await do(desk, operate(Act.MOVE_TO_FOLDER, vm))
    await do(desk, operate(Act.REMOVE_KEY, vm, key="owner"))
    await desk.until(
        lambda: not {"folder", "owner"} & now(desk, vm).other_config.keys() and "blue" not in now(desk, vm).tags
    )


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        (Act.RENAME, {"text": "  "}, "empty"),
        (Act.RENAME, {"text": "x" * 10_000}, "longer"),
        (Act.RENAME, {"text": "a\x07b"}, "control characters"),
        (Act.MOVE_TO_FOLDER, {"text": "shop"}, "/a/b"),
        (Act.SET_KEY, {"key": "", "text": "x"}, "key is empty"),
        (Act.SET_KEY, {"key": "xsconsole.member.1", "text": "x"}, "begin with xsconsole"),
        (Act.REVERT, {}, "snapshots only"),
        (Act.MIGRATE, {"host": "nowhere"}, "not in the pool"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_mend(
    desk: Desk, act: Act, fields: dict[str, str], words: str
) -> None:
    vm = loose(desk)[0]

    check = desk.console.acts.checks(Operate(act=act, objects=(id_of(vm),), **fields))[0]  # type: ignore[arg-type]

    assert check.refusal is not None
    assert words in f"{check.refusal.reason} {check.refusal.mend}"


async def test_several_are_not_given_one_name(desk: Desk) -> None:
    command = operate(Act.RENAME, *loose(desk)[:2], text="both")

    refusals = [check.refusal for check in desk.console.acts.checks(command)]

    assert ["called the same" in refusal.reason for refusal in refusals if refusal is not None] == [True, True]
    assert desk.console.acts.checks(operate(Act.RENAME, loose(desk)[0], text="one"))[0].refusal is None


async def test_a_revert_keeps_what_we_wrote_on_the_machine(pool: EmbeddedPool, desk: Desk) -> None:
    member = desk.card().members[0]
    vm = desk.console.inventory.by_uuid(VM, member.uuid)
    assert vm is not None
    await do(desk, operate(Act.SNAPSHOT, vm, text="by hand"))
    await desk.until(lambda: len(now(desk, vm).snapshots) == len(vm.snapshots) + 1)
    snapshot = next(one for one in desk.console.inventory.all(VM) if one.name_label == "by hand")
    await desk.do(desk.promotion())
    await desk.until(lambda: desk.stands(SHOP, "production"))
    value = newest_text(now(desk, vm).other_config, MEMBER_STEM, MemberValue)

    check = desk.console.acts.checks(operate(Act.REVERT, snapshot))[0]
    status = await do(desk, operate(Act.REVERT, snapshot))

    assert "lost" in check.warning
    assert check.name == f"{vm.name_label}, “by hand”"
    assert status.is_good
    with pool.plain_session() as session:
        keys = session.xenapi.VM.get_other_config(session.xenapi.VM.get_by_uuid(vm.uuid))
        blocked = session.xenapi.VM.get_blocked_operations(session.xenapi.VM.get_by_uuid(vm.uuid))
    assert newest_text(keys, MEMBER_STEM, MemberValue) == value
    assert "destroy" in blocked
    await desk.until(lambda: desk.stands(SHOP, "production"))


async def test_a_member_is_left_alone_while_its_configuration_is_being_changed(pool: EmbeddedPool, desk: Desk) -> None:
    pool.control("delay", method="VM.snapshot", seconds=30)
    member = desk.card().members[0]
    vm = desk.console.inventory.by_uuid(VM, member.uuid)
    assert vm is not None

    await desk.start(desk.promotion())
    await desk.until(lambda: desk.card().run is not None)

    refusal = desk.console.acts.checks(operate(Act.FORCE_OFF, vm))[0].refusal
    assert refusal is not None
    assert "being changed" in refusal.reason
    pool.control("clear")


async def test_a_snapshot_of_a_restore_point_says_so_before_it_is_deleted(desk: Desk) -> None:
    await desk.do(desk.promotion())
    await desk.until(lambda: desk.stands(SHOP, "production") and bool(desk.card().restore_points))
    snapshot = desk.console.inventory.by_uuid(VM, next(iter(desk.card().restore_points[0].snapshots.values())))
    assert snapshot is not None

    check = desk.console.acts.checks(operate(Act.DELETE_SNAPSHOT, snapshot))[0]
    status = await do(desk, operate(Act.DELETE_SNAPSHOT, snapshot))

    assert f"restore point of {SHOP}" in check.warning
    assert status.is_good
    await desk.until(lambda: desk.console.inventory.by_uuid(VM, snapshot.uuid) is None)


async def test_a_machine_migrates_to_a_host_that_can_take_it(desk: Desk) -> None:
    vm, offered = next(
        (vm, host)
        for vm in loose(desk)
        for host, refusal in desk.console.acts.hosts_for(vm.uuid)
        if refusal is None and "pool_migrate" in vm.allowed_operations
    )

    status = await do(desk, operate(Act.MIGRATE, vm, host=offered.uuid))

    assert status.is_good
    await desk.until(lambda: now(desk, vm).resident_on == offered.ref)
    here = next(refusal for host, refusal in desk.console.acts.hosts_for(vm.uuid) if host.uuid == offered.uuid)
    assert here is not None
    assert "already" in here.reason


async def test_a_host_in_maintenance_is_offered_with_the_reason_against_it(pool: EmbeddedPool, desk: Desk) -> None:
    vm = loose(desk)[0]
    other = next(host for host in desk.console.inventory.all(Host) if host.ref != vm.resident_on)
    with pool.plain_session() as session:
        session.xenapi.host.disable(other.ref)

    def disabled() -> bool:
        found = desk.console.inventory.get(Host, other.ref)
        return found is not None and not found.enabled

    await desk.until(disabled)

    refusals = {host.uuid: refusal for host, refusal in desk.console.acts.hosts_for(vm.uuid)}
    refusal = refusals[other.uuid]
    assert refusal is not None
    assert "maintenance" in refusal.reason


async def test_a_role_that_may_not_is_told_which_one_may(pool: EmbeddedPool, tmp_path: Path) -> None:
    user = next(name for name, role in pool.roles.items() if role == "vm-operator")
    async with seated(pool, tmp_path / "operator", user) as desk:
        vm = loose(desk)[0]
        sr = next(iter(desk.console.inventory.all(SR)))

        with pytest.raises(NotPermitted, match="may not"):
            await desk.console.acts.do(operate(Act.SNAPSHOT, vm, text="x"))
        storage = Operate(act=Act.RENAME, objects=(ObjectId(kind=Kind.SR, uuid=sr.uuid),), text="x")
        refusal = desk.console.acts.checks(storage)[0].refusal

        assert refusal is not None
        assert "pool-operator" in refusal.mend
        assert (await do(desk, operate(Act.TAG, vm, text="seen"))).is_good


@pytest.fixture
def slow_pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "0.5") as served:
        yield served


async def test_cancelling_stops_what_the_pool_lets_be_stopped_and_begins_nothing_more(
    slow_pool: EmbeddedPool, tmp_path: Path
) -> None:
    async with seated(slow_pool, tmp_path / "home") as desk:
        vms = [vm for vm in desk.console.inventory.all(VM) if vm.is_ordinary and "suspend" in vm.allowed_operations][:5]
        assert len(vms) == 5
        are_going = asyncio.Event()

        def look(event: JobChanged) -> None:
            if sum(item.progress > 0 for item in event.status.items) == 4:
                are_going.set()

        desk.console.subscribe(JobChanged, look)
        job = await desk.console.acts.do(operate(Act.SUSPEND, *vms))
        async with asyncio.timeout(60):
            await are_going.wait()
        await desk.console.acts.cancel(job)
        status = await desk.console.acts.finished(job)

        assert [item.state for item in status.items] == [ItemState.CANCELLED] * 5
        assert not any(item.error for item in status.items), "who cancels need not be told that it failed"
        assert all(now(desk, vm).power_state == "Running" for vm in vms)


async def test_an_answer_that_was_lost_is_called_unknown_and_not_done(pool: EmbeddedPool, desk: Desk) -> None:
    vm = loose(desk)[0]
    pool.control("drop", method="VM.add_tags", when="after")

    status = await do(desk, operate(Act.TAG, vm, text="maybe"))

    assert status.items[0].state is ItemState.UNKNOWN
    settled = [row.fact for row in await desk.rows() if row.fact.event is AuditEvent.ACT_SETTLED]
    assert settled[-1].outcome is Outcome.UNKNOWN


async def test_what_a_closed_console_began_is_adopted_by_the_next_start(
    slow_pool: EmbeddedPool, tmp_path: Path
) -> None:
    async with seated(slow_pool, tmp_path / "home") as desk:
        vm = next(vm for vm in desk.console.inventory.all(VM) if "suspend" in vm.allowed_operations)
        is_going = asyncio.Event()

        def look(event: JobChanged) -> None:
            if event.status.items[0].progress > 0:
                is_going.set()

        desk.console.subscribe(JobChanged, look)
        job = await desk.console.acts.do(operate(Act.SUSPEND, vm))
        async with asyncio.timeout(60):
            await is_going.wait()

    async with seated(slow_pool, tmp_path / "home") as desk:
        status = await desk.console.acts.finished(job)

        assert status.is_good
        await desk.until(lambda: now(desk, vm).power_state == "Suspended")
        settled = [row.fact.outcome for row in await desk.rows() if row.fact.event is AuditEvent.ACT_SETTLED]
        assert settled == [Outcome.DONE]
    async with seated(slow_pool, tmp_path / "home") as desk:
        assert desk.console.acts.jobs == ()


async def test_what_nobody_can_tell_any_more_after_a_restart_is_called_unknown(
    slow_pool: EmbeddedPool, tmp_path: Path
) -> None:
    async with seated(slow_pool, tmp_path / "home") as desk:
        vm = next(vm for vm in desk.console.inventory.all(VM) if "suspend" in vm.allowed_operations)
        slow_pool.control("delay", method="VM.add_tags", seconds=3600)
        job = await desk.console.acts.do(operate(Act.TAG, vm, text="maybe"))
        await desk.until(lambda: desk.console.acts.jobs[0].items[0].state is ItemState.GOING)

    async with seated(slow_pool, tmp_path / "home") as desk:
        status = await desk.console.acts.finished(job)

        assert status.items[0].state is ItemState.UNKNOWN
