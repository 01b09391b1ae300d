"""The snapshots that a run takes: found again by their names or marks, taken once, destroyed with their disks."""

import msgspec

from xsconsole.domain.actions.copies import DropCandidate, DropPoint, UseCandidate, UsePoint, WriteCopy
from xsconsole.domain.ids import RequestId, RunId, StageId, StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import FreezeMachine, Purpose, RunKind, Step, TakeSnapshot, WriteMember
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, Frozen, RestorePointMark, decode, encode
from xsconsole.domain.runs import KEPT
from xsconsole.engine.ports import Field, Progress
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist, set_key
from xsconsole.errors import PoolFailed, Refused

POINTS = frozenset({Purpose.RESTORE_POINT.value, Purpose.SET_ASIDE.value})


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """When the first of a set of snapshots was taken, and how many seconds later the last one."""

    at: str
    skew_s: float


class Snapshots:
    """The snapshots of one run."""

    def __init__(self, presence: Presence) -> None:
        self._at = presence
        self._pool = presence.pool

    def name_of(self, step: Step) -> str:
        """Return the name by which the snapshot of a step is found again; its end is the step's own key."""
        assert isinstance(step.action, TakeSnapshot)
        steps = self._at.plan.steps
        stages = (each.action.stage_name for each in steps if isinstance(each.action, WriteMember | WriteCopy))
        own = step.action.stage_name if isinstance(step.action, FreezeMachine) else ""
        stage = shortened(own or next(stages, ""), 40)
        match step.action.purpose:
            case Purpose.SET_ASIDE:
                why = "set aside"
            case Purpose.CANDIDATE | Purpose.SPENT:
                why = f"for {stage or 'an archive'}"
            case Purpose.RESTORE_POINT:
                why = f"before {stage}" if stage else "by hand"
        return f"{shortened(self._at.plan.intent.name, 80)} {why}{self._at.mark_of(step.key)}"

    async def find(self, step: Step) -> VM | None:
        vm = _vm_of(step)
        snapshots = await insist(self._pool, lambda: self._pool.snapshots_of(vm))
        return next((snapshot for snapshot in snapshots if self._is_ours(snapshot, step)), None)

    async def set_aside(self, step: Step) -> Uuid:
        """Return the snapshot in which a step set aside what was.

        Raises:
            Refused: it is gone.
        """
        aside = self._at.made(step.key)
        if aside is None:
            found = await self.find(step)
            aside = found.uuid if found else None
        if aside is None or not await self._at.exists(aside):
            raise Refused(
                reason="A snapshot that was set aside is gone, so that what stood before cannot be put back.",
                mend="Resume the run, or put the disks back from a backup.",
            )
        return aside

    async def take(self, step: Step, on_progress: Progress) -> str:
        """Take the snapshot where it is not there yet, and return its uuid."""
        assert isinstance(step.action, TakeSnapshot)
        action = step.action

        async def attempt() -> VM:
            found = await self.find(step)
            if found is None:
                taking = self._pool.snapshot(action.vm, self.name_of(step), self._at.run, on_progress)
                await self._at.settling(taking, action.vm)
                found = await self.find(step)
            if found is None:
                raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(action.vm,), method="VM.snapshot")
            return found

        snapshot = await insist(self._pool, attempt)
        mark = RestorePointMark(
            run=self._at.run,
            configuration=action.configuration or self._at.plan.intent.configuration,
            vm=action.vm,
            stage=action.stage or self._at.plan.intent.source or StageId(""),
            at=snapshot.snapshot_time or self._at.clock.now(),
            purpose=action.purpose.value,
            was_running=action.was_running,
            is_by_hand=self._at.plan.intent.kind is RunKind.SNAPSHOT,
            transition=self._at.plan.intent.transition,
            frozen=_frozen(action),
        )
        await set_key(self._pool, Field.VM, RESTORE_POINT_KEY, encode(mark), snapshot.uuid)
        return snapshot.uuid

    async def destroy(self, step: Step) -> str:
        """Destroy what a step took, however often; nothing there is no error. Return `KEPT` where it stays.

        A restore point whose machine is gone is all there is of it.
        """
        await insist(self._pool, lambda: self._destroy(step))
        taken = self._at.made(step.key)
        return KEPT if taken is not None and await self._at.exists(taken) else ""

    async def use(self, action: UseCandidate) -> str:
        """Return the snapshot of a candidate, if it is the one that was approved, whole.

        Raises:
            Refused: it is gone, is marked for something else, or has other disks.
        """
        found = await self._at.read(action.snapshot)
        if isinstance(action, UsePoint):
            if found is None or not _is_of_point(found, action.run):
                raise Refused(
                    reason="A snapshot of the restore point is gone, or marked for something else.",
                    mend="Choose another restore point.",
                )
        elif found is None or not _is_of(found, action.request, Purpose.CANDIDATE):
            raise _lost("A snapshot that was frozen for the request is gone, or marked for something else.")
        for device, disk in action.disks.items():
            at = await insist(self._pool, lambda device=device: self._pool.disks.at(action.snapshot, device))  # type: ignore[misc]
            if at is None or at.disk != disk:
                raise _lost(f"Disk {device} of “{shortened(found.name_label)}” is another one than was approved.")
        return action.snapshot

    async def drop(self, action: DropCandidate | DropPoint) -> None:
        """Destroy what was frozen for a request, or is of a restore point; what is marked otherwise by now stays."""

        async def attempt() -> None:
            found = await self._pool.read_vm(action.snapshot)
            if found is not None and _is_meant(found, action):
                await self._pool.destroy_snapshot(action.snapshot, self._at.run)

        await insist(self._pool, attempt)

    async def measure(self, keys: tuple[StepKey, ...]) -> str:
        """Return when these steps took their snapshots, as the text of a `Freeze`.

        Raises:
            PoolFailed: one of them is gone.
        """
        taken = []
        for key in keys:
            snapshot = self._at.made(key)
            found = await self._at.read(snapshot) if snapshot is not None else None
            if found is None:
                raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(key,), method="VM.snapshot")
            taken.append(found.snapshot_time or self._at.clock.now())
        freeze = Freeze(at=min(taken).isoformat(), skew_s=(max(taken) - min(taken)).total_seconds())
        return msgspec.json.encode(freeze).decode()

    async def _destroy(self, step: Step) -> None:
        assert isinstance(step.action, TakeSnapshot)
        taken = self._at.made(step.key)
        if step.action.purpose is Purpose.CANDIDATE and taken is not None:
            # Also where the machine is gone, through which it would be found. Of a restore point that is all there is.
            await self._pool.destroy_snapshot(taken, self._at.run)
        for snapshot in await self._pool.snapshots_of(_vm_of(step)):
            if self._is_ours(snapshot, step):
                await self._pool.destroy_snapshot(snapshot.uuid, self._at.run)

    def _is_ours(self, snapshot: VM, step: Step) -> bool:
        """Whether the snapshot is the step's: by its name, or by its mark where somebody renamed it."""
        assert isinstance(step.action, TakeSnapshot)
        mark = decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
        wanted = (self._at.run, step.action.vm, step.action.purpose.value)
        is_marked = mark is not None and (mark.run, mark.vm, mark.purpose) == wanted
        return is_marked or snapshot.name_label.endswith(self._at.mark_of(step.key))


def _vm_of(step: Step) -> Uuid:
    assert isinstance(step.action, TakeSnapshot)
    return step.action.vm


def _frozen(action: TakeSnapshot) -> Frozen | None:
    if not isinstance(action, FreezeMachine):
        return None
    return Frozen(
        request=action.request,
        name=action.name,
        order=action.order,
        start_delay_s=action.start_delay_s,
        shutdown_delay_s=action.shutdown_delay_s,
    )


def _is_meant(snapshot: VM, action: DropCandidate | DropPoint) -> bool:
    if isinstance(action, DropCandidate):
        return _is_of(snapshot, action.request)
    return _is_of_point(snapshot, action.run)


def _is_of_point(snapshot: VM, run: RunId) -> bool:
    mark = decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
    return mark is not None and (mark.run, mark.purpose in POINTS) == (run, True)


def _is_of(snapshot: VM, request: RequestId, *purposes: Purpose) -> bool:
    mark = decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
    is_its_own = mark is not None and mark.frozen is not None and mark.frozen.request == request
    return is_its_own and mark is not None and (not purposes or mark.purpose in purposes)


def _lost(reason: str) -> Refused:
    return Refused(reason=reason, mend="Withdraw the request, and ask again.")
