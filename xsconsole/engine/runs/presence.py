"""What a run sees of the pool between its steps: machines, keys, and whether something still goes on."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TypeVar

from xsconsole.domain.actions.archives import ImportMachine
from xsconsole.domain.actions.copies import CopyMachine, DropCandidate, DropPoint, SendMachine, StartAgain
from xsconsole.domain.actions.placing import Migrate, MoveDisk
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.actions.stowing import DestroyTemplate, StowMember
from xsconsole.domain.actions.travel import MoveAcross, SettleArrived, StreamAcross
from xsconsole.domain.ids import RunId, StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import Plan, Revert, ShutDown, Start, Step, TakeSnapshot
from xsconsole.domain.wording.pool import is_gone
from xsconsole.engine.ports import Clock, Field, PoolPort
from xsconsole.engine.values import insist
from xsconsole.errors import PoolFailed, PoolUnavailable

Result = TypeVar("Result")

QUIESCE_S = 120.0
POLL_S = 0.5
GRACE_S = 1.0

Results = Callable[[], Mapping[StepKey, str]]
"""What settled steps made, such as the uuid of a snapshot or of a copy."""

MAKING = (TakeSnapshot, CopyMachine, SendMachine, ImportMachine)
"""Actions of steps whose result is a machine or a snapshot."""
BETWEEN = (MoveAcross, StreamAcross)  # they are about both pools

OTHERWISE = "VM_BAD_POWER_STATE"  # the machine is no longer as it was when it was looked at


class Presence:
    """The pool as one run looks at it. Reads wait for a road that breaks."""

    def __init__(
        self, pool: PoolPort, clock: Clock, run: RunId, plan: Plan, results: Results, *, is_abroad: bool = False
    ) -> None:
        self.pool = pool
        self.clock = clock
        self.run = run
        self.plan = plan
        self.is_abroad = is_abroad
        self._results = results
        # A machine on its way is busy where it was, and where it goes.
        self._own = tuple(
            step for step in plan.steps if (step.pool is not None) == is_abroad or isinstance(step.action, BETWEEN)
        )

    def made(self, key: StepKey) -> Uuid | None:
        """Return the machine or snapshot that a step made, where that is on record."""
        uuid = self._results().get(key, "")
        return Uuid(uuid) if uuid else None

    def result(self, key: StepKey) -> str:
        return self._results().get(key, "")

    def mark_of(self, key: StepKey) -> str:
        """Return the end of the name of what a step makes: by it the object is found again."""
        return f" · {self.run[:8]}/{key}"

    def is_here(self, step: Step) -> bool:
        """Whether a step happens in this pool."""
        return (step.pool is not None) == self.is_abroad

    async def read(self, vm: Uuid) -> VM | None:
        return await insist(self.pool, lambda: self.pool.read_vm(vm))

    async def exists(self, vm: Uuid) -> bool:
        return await self.read(vm) is not None

    async def vm(self, vm: Uuid) -> VM:
        """Return a machine.

        Raises:
            PoolFailed: it is gone.
        """
        found = await self.read(vm)
        if found is None:
            raise gone(vm)
        return found

    async def keys(self, field: Field, vm: Uuid | None = None) -> Mapping[str, str]:
        return await insist(self.pool, lambda: self.pool.keys(field, vm))

    async def settle_down(self, *vms: Uuid) -> None:
        """Wait until nothing goes on at these machines, all of the plan's where none is named, or time is up.

        The tag that names our run at a task is lost with the answer to the call that made the task, so the machines
        are asked too.
        """
        await insist(self.pool, lambda: self.pool.quiesce(self.run, QUIESCE_S))
        waiting = set(vms) or self._all_machines()
        end_s = self.clock.monotonic_s() + QUIESCE_S
        while waiting and self.clock.monotonic_s() < end_s:
            found = {vm: await self.read(vm) for vm in sorted(waiting)}
            waiting = {vm for vm, record in found.items() if record is not None and record.current_operations}
            if waiting:
                await self.clock.sleep(POLL_S)

    async def settling(self, call: Coroutine[None, None, Result], *vms: Uuid) -> Result:
        """Await a call that lasts; where the road breaks, let its task end on the pool before anyone looks.

        Raises:
            PoolFailed: the pool said no; where that is because one of these machines is gone meanwhile, it says so.
        """
        try:
            return await call
        except PoolFailed as failure:
            for vm in vms if not is_gone(failure.code) else ():
                if not await self.exists(vm):
                    raise gone(vm) from failure
            raise
        except PoolUnavailable:
            await self.clock.sleep(GRACE_S)  # what was sent may not have begun yet
            await self.settle_down(*vms)
            raise

    async def bring_to(self, power_state: str, vm: Uuid, change: Callable[[], Coroutine[None, None, object]]) -> None:
        """Bring a machine to a power state; where somebody else does so in the same moment, that is enough."""

        async def attempt() -> None:
            if (await self.vm(vm)).power_state == power_state:
                return
            try:
                await self.settling(change(), vm)
            except PoolFailed as failure:
                if failure.code != OTHERWISE or (await self.vm(vm)).power_state != power_state:
                    raise

        await insist(self.pool, attempt)

    def _all_machines(self) -> set[Uuid]:
        making = (step.key for step in self._own if isinstance(step.action, MAKING))
        made = {uuid for key in making if (uuid := self.made(key)) is not None}
        return made | {vm for step in self._own for vm in machines_of(step)}


def gone(vm: Uuid) -> PoolFailed:
    return PoolFailed(code="UUID_INVALID", parameters=("VM", vm), method="VM.get_by_uuid")


def machines_of(step: Step) -> tuple[Uuid, ...]:
    """Return the machines and snapshots at which a step works for some time, as far as the plan knows them."""
    match step.action:
        case TakeSnapshot(vm=vm) | Start(vm=vm) | StartAgain(vm=vm) | ShutDown(vm=vm) | CopyMachine(vm=vm):
            return (vm,)
        case MoveDisk(vm=vm) | Migrate(vm=vm) | MoveAcross(vm=vm) | StreamAcross(vm=vm) | SettleArrived(vm=vm):
            return (vm,)
        case Suspend(vm=vm) | Resume(vm=vm) | SwitchOff(vm=vm) | StowMember(vm=vm) | DestroyTemplate(vm=vm):
            return (vm,)
        case Revert(vm=vm, snapshot=snapshot):
            return (vm, snapshot)
        case DropCandidate(snapshot=snapshot) | DropPoint(snapshot=snapshot):
            return (snapshot,)
    return ()
