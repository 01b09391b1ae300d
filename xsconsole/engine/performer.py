"""Each action of a plan on the pool: is its effect there, perform it, undo it. All three can be repeated."""

from collections.abc import Coroutine, Mapping
from typing import assert_never

from xsconsole.domain.ids import RunId, StageId, StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import (
    CheckGate,
    Plan,
    Purpose,
    Revert,
    ShutDown,
    Start,
    Step,
    TakeSnapshot,
    Verify,
    WriteMark,
    WriteMember,
    WriteRoster,
)
from xsconsole.domain.poolstate import (
    BLOCK_REASON_PREFIX,
    MEMBER_STEM,
    RESTORE_POINT_KEY,
    STAGE_FIELD_KEY,
    MemberValue,
    RestorePointMark,
    Roster,
    decode,
    encode,
    entered,
    is_same_member,
    newest_text,
    roster_stem,
)
from xsconsole.engine.gatekeeper import Gatekeeper
from xsconsole.engine.ports import Clock, Field, PoolPort, Progress
from xsconsole.engine.values import insist, remove_value, set_key, write_value
from xsconsole.errors import PoolFailed, PoolUnavailable, Refused, VerificationFailed

QUIESCE_S = 120.0
POLL_S = 0.5
GRACE_S = 1.0


class Performer:
    """Performs the steps of one run. `results` tells what settled steps made, such as a snapshot's uuid."""

    def __init__(self, pool: PoolPort, clock: Clock, gatekeeper: Gatekeeper, run: RunId, plan: Plan, key: str) -> None:
        self._pool = pool
        self._clock = clock
        self._gatekeeper = gatekeeper
        self._run = run
        self._plan = plan
        self._by = f"{key} {pool.identity.actor}" if key else ""
        self._records = {step.action.vm: step.action for step in plan.steps if isinstance(step.action, WriteMember)}

    async def is_there(self, step: Step) -> bool:
        """Return whether the pool shows the effect of the step. A verification or a gate has none."""
        match step.action:
            case TakeSnapshot():
                return await self._find_snapshot(step) is not None
            case Start(vm=vm):
                return (await self._vm(vm)).power_state == "Running"
            case ShutDown(vm=vm):
                return (await self._vm(vm)).power_state == "Halted"
            case Revert(vm=vm, snapshot=snapshot):
                return (await self._vm(vm)).parent == (await self._vm(snapshot)).ref
            case WriteMember(vm=vm, value=value):
                return is_same_member(newest_text(await self._keys(Field.VM, vm), MEMBER_STEM, MemberValue), value)
            case WriteRoster(configuration=configuration, value=value):
                return newest_text(await self._keys(Field.POOL), roster_stem(configuration), Roster) == value
            case WriteMark(snapshot=snapshot, value=value):
                return (await self._keys(Field.VM, snapshot)).get(RESTORE_POINT_KEY, "") == value
            case Verify() | CheckGate():
                return False
        assert_never(step.action)

    async def left_nothing(self, step: Step) -> bool:
        """Return whether the step certainly changed nothing that undoing it would put back.

        A write can be half there without `is_there` seeing it: of those it is never said.
        """
        match step.action:
            case TakeSnapshot():
                return await self._find_snapshot(step) is None
            case Start(vm=vm):
                return not await self._exists(vm) or (await self._vm(vm)).power_state == "Halted"
            case ShutDown(vm=vm):
                return not await self._exists(vm) or (await self._vm(vm)).power_state == "Running"
            case _:
                return False

    async def perform(self, step: Step, on_progress: Progress) -> str:
        """Bring the effect about and return what it made, in text.

        Raises:
            PoolFailed: the pool said no. VerificationFailed, Refused: it shows what must not be.
            PoolUnavailable: it stays away; whether the effect is there is not known.
        """
        match step.action:
            case TakeSnapshot() as action:
                return await self._take_snapshot(step, action, on_progress)
            case Start(vm=vm):
                await self._start(vm, on_progress)
            case ShutDown(vm=vm):
                await self._shut_down(vm, on_progress, may_force=False)
            case Revert() as action:
                await self._revert(action.vm, action.snapshot, on_progress)
            case WriteMember() as action:
                await self._vm(action.vm)
                value = entered(action.value, self._clock.now(), self._by)
                await self._write(action.vm, value, action.stage_name, action.blocked, action.ha_restart_priority)
            case WriteRoster() as action:
                await self._write_roster(action, action.value)
            case WriteMark() as action:
                await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, action.value, action.snapshot)
            case Verify() as action:
                await self._verify(action)
            case CheckGate() as action:
                return await self._gatekeeper.pass_through(action.gate, self._plan.intent)
            case _:
                assert_never(step.action)
        return ""

    async def undo(self, step: Step, results: Mapping[StepKey, str], on_progress: Progress) -> None:
        """Put back what the step changed, as far as it did. A machine that is gone has nothing to put back.

        Raises:
            Refused: what is needed for it is gone from the pool.
            PoolFailed, PoolUnavailable: as for `perform`.
        """
        match step.action:
            case TakeSnapshot():
                await insist(self._pool, lambda: self._destroy_snapshots(step))
            case Start(vm=vm):
                if await self._exists(vm):
                    # It was off when the run began and may not have booted far enough to answer.
                    await self._shut_down(vm, on_progress, may_force=True)
            case ShutDown(vm=vm):
                if await self._exists(vm):
                    await self._start(vm, on_progress)
            case Revert() as action:
                if await self._exists(action.vm):
                    await self._revert_back(action, results, on_progress)
            case WriteMember() as action:
                if await self._exists(action.vm):
                    await self._write_back(action)
            case WriteRoster() as action:
                await self._write_roster(action, action.original)
            case WriteMark() as action:
                if await self._exists(action.snapshot):
                    await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, action.original, action.snapshot)
            case Verify() | CheckGate():
                return
            case _:
                assert_never(step.action)

    # Snapshots

    def snapshot_name(self, step: Step) -> str:
        """Return the name by which the snapshot of a step is found again; its end is the step's own key."""
        is_aside = isinstance(step.action, TakeSnapshot) and step.action.purpose is Purpose.SET_ASIDE
        stage_name = next((record.stage_name for record in self._records.values()), "")
        why = "set aside" if is_aside else f"before {shortened(stage_name, 40)}"
        return f"{shortened(self._plan.intent.name, 80)} {why}{self._mark_of(step)}"

    def _mark_of(self, step: Step) -> str:
        return f" · {self._run[:8]}/{step.key}"

    async def _find_snapshot(self, step: Step) -> VM | None:
        assert isinstance(step.action, TakeSnapshot)
        snapshots = await insist(self._pool, lambda: self._pool.snapshots_of(self._vm_of(step)))
        return next((snapshot for snapshot in snapshots if self._is_ours(snapshot, step)), None)

    def _is_ours(self, snapshot: VM, step: Step) -> bool:
        """Whether the snapshot is the step's: by its name, or by its mark where somebody renamed it."""
        assert isinstance(step.action, TakeSnapshot)
        mark = decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
        wanted = (self._run, step.action.vm, step.action.purpose.value)
        is_marked = mark is not None and (mark.run, mark.vm, mark.purpose) == wanted
        return is_marked or snapshot.name_label.endswith(self._mark_of(step))

    @staticmethod
    def _vm_of(step: Step) -> Uuid:
        assert isinstance(step.action, TakeSnapshot)
        return step.action.vm

    async def _take_snapshot(self, step: Step, action: TakeSnapshot, on_progress: Progress) -> str:
        async def attempt() -> VM:
            found = await self._find_snapshot(step)
            if found is None:
                name = self.snapshot_name(step)
                await self._settling(self._pool.snapshot(action.vm, name, self._run, on_progress), action.vm)
                found = await self._find_snapshot(step)
            if found is None:
                raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(action.vm,), method="VM.snapshot")
            return found

        snapshot = await insist(self._pool, attempt)
        mark = RestorePointMark(
            run=self._run,
            configuration=self._plan.intent.configuration,
            vm=action.vm,
            stage=self._plan.intent.source or StageId(""),
            at=snapshot.snapshot_time or self._clock.now(),
            purpose=action.purpose.value,
            was_running=action.was_running,
        )
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, encode(mark), snapshot.uuid)
        return snapshot.uuid

    async def _destroy_snapshots(self, step: Step) -> None:
        for snapshot in await self._pool.snapshots_of(self._vm_of(step)):
            if self._is_ours(snapshot, step):
                await self._pool.destroy_snapshot(snapshot.uuid, self._run)

    # Power

    async def _start(self, vm: Uuid, on_progress: Progress) -> None:
        async def attempt() -> None:
            if (await self._vm(vm)).power_state != "Running":
                await self._settling(self._pool.start(vm, self._run, on_progress), vm)

        await insist(self._pool, attempt)

    async def _shut_down(self, vm: Uuid, on_progress: Progress, *, may_force: bool) -> None:
        async def attempt() -> None:
            if (await self._vm(vm)).power_state != "Halted":
                shutting = self._pool.shut_down(vm, self._run, on_progress, may_force=may_force)
                await self._settling(shutting, vm)

        await insist(self._pool, attempt)

    # Disks

    async def _revert(self, vm: Uuid, snapshot: Uuid, on_progress: Progress) -> None:
        async def attempt() -> None:
            found, point = await self._vm(vm), await self._vm(snapshot)
            if found.parent == point.ref:
                return  # `VM.revert` and `VM.snapshot` both leave the machine with that parent: nothing differs
            if found.power_state != "Halted":
                raise Refused(
                    reason=f"“{shortened(found.name_label)}” runs, and a return to a snapshot would stop it.",
                    mend="Shut it down, then settle the run again.",
                )
            await self._settling(self._pool.revert(snapshot, self._run, on_progress), vm, snapshot)

        await insist(self._pool, attempt)
        # The mark of the snapshot may have come along: a later snapshot of the machine would pass for this one.
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, "", vm)

    async def _revert_back(self, action: Revert, results: Mapping[StepKey, str], on_progress: Progress) -> None:
        aside = results.get(action.set_aside)
        if aside is None:
            found = await self._find_snapshot(self._plan.step(action.set_aside))
            aside = found.uuid if found else None
        if aside is None or not await self._exists(Uuid(aside)):
            raise Refused(
                reason="A snapshot that was set aside is gone, so that what stood before cannot be put back.",
                mend="Resume the run, or put the disks back from a backup.",
            )
        await self._revert(action.vm, Uuid(aside), on_progress)
        if action.vm in self._records:
            await self._write_back(self._records[action.vm])

    # What we write

    async def _write(
        self, vm: Uuid, value: str, stage_name: str, blocked: Mapping[str, str], ha_restart_priority: str | None
    ) -> None:
        if value:
            await write_value(self._pool, Field.VM, MEMBER_STEM, value, vm)
        else:
            await remove_value(self._pool, Field.VM, MEMBER_STEM, vm)
        await set_key(self._pool, Field.VM, STAGE_FIELD_KEY, stage_name, vm)
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, "", vm)
        await self._protect(vm, blocked)
        if ha_restart_priority is not None:
            await insist(self._pool, lambda: self._prioritise(vm, ha_restart_priority))

    async def _write_back(self, action: WriteMember) -> None:
        await self._write(
            action.vm,
            action.original,
            action.original_stage_name,
            action.original_blocked,
            action.ha_restart_priority,
        )

    async def _prioritise(self, vm: Uuid, priority: str) -> None:
        if (await self._vm(vm)).ha_restart_priority != priority:
            await self._pool.set_ha_restart_priority(vm, priority)

    async def _protect(self, vm: Uuid, blocked: Mapping[str, str]) -> None:
        present = await self._keys(Field.BLOCKED, vm)
        for operation, reason in present.items():
            if reason.startswith(BLOCK_REASON_PREFIX) and blocked.get(operation) != reason:
                await set_key(self._pool, Field.BLOCKED, operation, "", vm)
        for operation, reason in blocked.items():
            if present.get(operation, BLOCK_REASON_PREFIX).startswith(BLOCK_REASON_PREFIX):
                await set_key(self._pool, Field.BLOCKED, operation, reason, vm)

    async def _write_roster(self, action: WriteRoster, text: str) -> None:
        stem = roster_stem(action.configuration)
        if text:
            await write_value(self._pool, Field.POOL, stem, text)
        else:
            await remove_value(self._pool, Field.POOL, stem)

    async def _verify(self, action: Verify) -> None:
        differences = []
        for vm, expected in action.members.items():
            found = await self._read(vm)
            if found is None:
                differences.append(f"{vm} is gone")
            elif not is_same_member(newest_text(found.other_config, MEMBER_STEM, MemberValue), expected):
                differences.append(f"{shortened(found.name_label)} carries another value")
        for vm in action.running:
            found = await self._read(vm)
            if found is None or found.power_state != "Running":
                differences.append(f"{shortened(found.name_label) if found else vm} does not run")
        if differences:
            raise VerificationFailed(differences=tuple(differences))

    # Reading

    async def _read(self, vm: Uuid) -> VM | None:
        return await insist(self._pool, lambda: self._pool.read_vm(vm))

    async def _exists(self, vm: Uuid) -> bool:
        return await self._read(vm) is not None

    async def _vm(self, vm: Uuid) -> VM:
        found = await self._read(vm)
        if found is None:
            raise PoolFailed(code="UUID_INVALID", parameters=("VM", vm), method="VM.get_by_uuid")
        return found

    async def _keys(self, field: Field, vm: Uuid | None = None) -> Mapping[str, str]:
        return await insist(self._pool, lambda: self._pool.keys(field, vm))

    async def settle_down(self, *vms: Uuid) -> None:
        """Wait until nothing goes on at these machines, all of the plan's where none is named, or time is up.

        The tag that names our run at a task is lost with the answer to the call that made the task, so the machines
        are asked too.
        """
        await insist(self._pool, lambda: self._pool.quiesce(self._run, QUIESCE_S))
        waiting = set(vms) or {vm for step in self._plan.steps for vm in machines_of(step)}
        end_s = self._clock.monotonic_s() + QUIESCE_S
        while waiting and self._clock.monotonic_s() < end_s:
            found = {vm: await self._read(vm) for vm in sorted(waiting)}
            waiting = {vm for vm, record in found.items() if record is not None and record.current_operations}
            if waiting:
                await self._clock.sleep(POLL_S)

    async def _settling(self, call: Coroutine[None, None, object], *vms: Uuid) -> None:
        """Await a call that lasts; where the road breaks, let its task end on the pool before anyone looks."""
        try:
            await call
        except PoolUnavailable:
            await self._clock.sleep(GRACE_S)  # what was sent may not have begun yet
            await self.settle_down(*vms)
            raise


def machines_of(step: Step) -> tuple[Uuid, ...]:
    """Return the machines and snapshots at which a step works for some time."""
    match step.action:
        case TakeSnapshot(vm=vm) | Start(vm=vm) | ShutDown(vm=vm):
            return (vm,)
        case Revert(vm=vm, snapshot=snapshot):
            return (vm, snapshot)
    return ()
