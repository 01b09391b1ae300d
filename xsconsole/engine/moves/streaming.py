"""Machines sent into another pool as a stream: there is one of each in both, until the one that was sent is retired.

Which of the two is whole needs no guess: until the stream is settled it is the one that was sent, and what arrived is
destroyed and sent anew. They have the same addresses, so one of them is off whatever happens.
"""

from collections.abc import Awaitable, Callable
from typing import assert_never

from xsconsole.domain.actions.travel import KeepOff, RetireSource, SettleArrived, StreamAcross, StreamAction
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Purpose, ShutDown, Start, Step, TakeSnapshot
from xsconsole.domain.poolstate import STAGE_FIELD_KEY
from xsconsole.domain.runs import GONE
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.moves.arrivals import disks_of, is_awaited
from xsconsole.engine.ports import Field, Progress
from xsconsole.engine.runs.marking import Marking
from xsconsole.engine.runs.presence import Presence, gone
from xsconsole.engine.values import insist, set_key
from xsconsole.errors import PoolFailed, Refused, VerificationFailed

OFF = "Halted"
SAME = ("name_label", "name_description", "memory_static_max", "VCPUs_max", "order", "start_delay", "shutdown_delay")


class Streamer:
    """The machines that one run sends, at one of its two pools. Everything can be repeated."""

    def __init__(self, here: Presence, other: Presence | None, marking: Marking, copier: Copier) -> None:
        """`other` is the other one, None where the run is about this pool alone."""
        self._here = here
        self._other = other
        self._marking = marking
        self._copier = copier

    async def is_there(self, action: StreamAction) -> bool:
        """Return whether the pool shows the effect of a step; a comparison has none."""
        match action:
            case KeepOff(vm=vm):
                return await self._marking.is_protected(vm)
            case StreamAcross(vm=vm):
                return await self._here.exists(vm)
            case RetireSource(vms=vms):
                return not any([await self._here.exists(vm) for vm in vms])
            case SettleArrived():
                return False
        assert_never(action)

    async def left_nothing(self, action: StreamAction) -> bool:
        """Return whether a step certainly changed nothing that undoing it would put back."""
        return isinstance(action, StreamAcross) and not await self._here.exists(action.vm)

    async def perform(self, step: Step, action: StreamAction, on_progress: Progress) -> str:
        """Bring the effect about; return which disks arrived, where a later step needs to know.

        Raises:
            PoolFailed: one of the pools said no, or the machine is gone.
            Refused, VerificationFailed: one of them shows what must not be.
        """
        match action:
            case KeepOff():
                await self._demand_off(action.vm)
                await set_key(self._here.pool, Field.VM, STAGE_FIELD_KEY, action.stage_name, action.vm)
                await self._marking.protect(action.vm, action.blocked)
            case StreamAcross():
                await self._stream(action, on_progress)
            case SettleArrived():
                await self._settle(action)
                return await disks_of(self._here, action.vm, action.devices) if is_awaited(step, self._here) else ""
            case RetireSource():
                await self._retire(action)
            case _:
                assert_never(action)
        return ""

    async def undo(self, action: StreamAction, on_progress: Progress) -> str:
        """Put back what a step changed; return what has to be known of that.

        Raises:
            Refused: what is needed for it is gone.
        """
        match action:
            case KeepOff(vm=vm) if not await self._here.exists(vm):
                return GONE
            case KeepOff(vm=vm):
                await set_key(self._here.pool, Field.VM, STAGE_FIELD_KEY, action.original_stage_name, vm)
                await self._marking.protect(vm, {})
            case StreamAcross(vm=vm):
                await self._take_back(vm, on_progress)
            case RetireSource():
                await self._copier.demand_all(action)
                await self._demand_asides()
            case _:
                assert isinstance(action, SettleArrived), "it has no inverse, and goes with what arrived"
        return ""

    async def demand_alone(self, step: Step, *, is_undone: bool = False) -> None:
        """Refuse to start a machine that the run sends while its twin in the other pool is not off.

        Raises:
            Refused: both would have the same addresses.
        """
        starts = ShutDown if is_undone else Start
        sent = {one.action.vm for one in self._here.plan.steps if isinstance(one.action, StreamAcross)}
        if not isinstance(step.action, starts) or step.action.vm not in sent or self._other is None:
            return
        twin = await self._other.read(step.action.vm)
        if twin is not None and twin.power_state != OFF:
            raise Refused(
                reason=f"“{shortened(twin.name_label)}” runs in the other pool: two machines would have the same "
                "addresses.",
                mend="Shut that one down, then settle the run again.",
            )

    # Sending

    async def _stream(self, action: StreamAcross, on_progress: Progress) -> None:
        """Send a machine here. Only an answer says that all of it arrived: what an earlier attempt left goes first."""
        home, here, vm = self._demand_other(), self._here, action.vm

        async def attempt() -> None:
            source, left = await self._at(home, vm), await here.read(vm)
            _demand_state(source)
            if left is not None:
                _demand_state(left)
                await self._destroy(vm)
            sending = home.pool.travels.stream(vm, here.pool.travels, action.sr, here.run, on_progress)
            await here.settling(home.settling(sending, vm))
            if not await here.exists(vm):
                raise PoolFailed(code="XSCONSOLE_COPY_GONE", parameters=(source.name_label,), method="VM.import")

        await self._insist(attempt)

    async def _take_back(self, vm: Uuid, on_progress: Progress) -> None:
        """Destroy what arrived, whatever state it is in, as long as the one that was sent is there."""
        arrived, home = await self._here.read(vm), self._demand_other()
        if arrived is None:
            return
        if not await home.exists(vm):
            raise Refused(
                reason=f"“{shortened(arrived.name_label)}” is gone from the pool that it came from: what arrived is "
                "all there is of it.",
                mend="Resume the run.",
            )
        await self._copier.stop(vm, on_progress)
        await self._destroy(vm)

    async def _settle(self, action: SettleArrived) -> None:
        home, at, vm = self._demand_other(), self._here, action.vm
        await self._marking.protect(vm, {})
        await set_key(at.pool, Field.VM, STAGE_FIELD_KEY, action.stage_name, vm)
        await insist(at.pool, lambda: at.pool.travels.land(vm, action.networks))
        sent, arrived = await home.read(vm), await self._at(at, vm)
        name, placing = shortened(arrived.name_label), at.pool.placing
        amiss = []
        if sent is not None:  # else what arrived is all there is
            amiss += [f"{name} arrived with another {field}" for field in SAME if _differs(sent, arrived, field)]
            macs = await insist(home.pool, lambda: home.pool.placing.macs_of(vm))
            if await insist(at.pool, lambda: placing.macs_of(vm)) != macs:
                amiss.append(f"{name} arrived with other MAC addresses")
        if await insist(at.pool, lambda: placing.networks_of(vm)) != action.networks:
            amiss.append(f"{name} is not on the networks of its stage")
        for device in action.devices:
            if await insist(at.pool, lambda device=device: placing.storage_of(vm, device)) != action.sr:  # type: ignore[misc]
                amiss.append(f"disk {device} of {name} is not on the storage of its stage")
        if amiss:
            raise VerificationFailed(differences=tuple(amiss))

    # Retiring

    async def _retire(self, action: RetireSource) -> None:
        """Destroy the machines that were sent, and what hangs at them; each must be in the other pool, and off here."""
        there = self._demand_other()
        for vm in action.vms:
            await self._at(there, vm)
            found = await self._here.read(vm)
            if found is not None:
                _demand_state(found)
        for vm in action.vms:
            if await self._here.exists(vm):
                await self._destroy(vm)

    async def _destroy(self, vm: Uuid) -> None:
        """Destroy a machine that is off with its disks; its snapshots first, which nobody would find after it.

        What the run set aside is the first of these to go: by that it is known that it has begun.
        """
        pool, run, asides = self._here.pool, self._here.run, self._asides()
        snapshots = await insist(pool, lambda: pool.snapshots_of(vm))
        for snapshot in sorted(snapshots, key=lambda one: one.uuid not in asides):
            await insist(pool, lambda snapshot=snapshot: pool.destroy_snapshot(snapshot.uuid, run))  # type: ignore[misc]
        await self._marking.protect(vm, {})
        await insist(pool, lambda: pool.copies.destroy(vm, run, set()))

    def _asides(self) -> set[Uuid]:
        """Return the snapshots in this pool that the run set aside, to lead back from a restore point."""
        aside = (
            step.key
            for step in filter(self._here.is_here, self._here.plan.steps)
            if isinstance(step.action, TakeSnapshot) and step.action.purpose is Purpose.SET_ASIDE
        )
        return {made for key in aside if (made := self._here.made(key)) is not None}

    async def _demand_asides(self) -> None:
        if not all([await self._here.exists(snapshot) for snapshot in self._asides()]):
            raise Refused(
                reason="What was set aside is destroyed already, so that nothing leads back to it.",
                mend="Resume the run.",
            )

    async def _demand_off(self, vm: Uuid) -> None:
        _demand_state(await self._at(self._here, vm))

    async def _at(self, presence: Presence, vm: Uuid) -> VM:
        found = await presence.read(vm)
        if found is None:
            raise gone(vm)
        return found

    async def _insist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        home, here = self._demand_other().pool, self._here.pool
        await insist(home, lambda: insist(here, attempt))

    def _demand_other(self) -> Presence:
        assert self._other is not None, "a machine is sent from one pool into the other"
        return self._other


def _demand_state(vm: VM) -> None:
    if vm.power_state != OFF:
        raise Refused(
            reason=f"“{shortened(vm.name_label)}” was started meanwhile, and is sent and retired only while it is off.",
            mend="Shut it down, then settle the run again.",
        )


def _differs(sent: VM, arrived: VM, field: str) -> bool:
    return bool(getattr(sent, field) != getattr(arrived, field))
