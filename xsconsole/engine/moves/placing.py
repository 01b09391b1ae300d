"""Machines brought where their stage has them, in their pool: each act is looked for, done and put back."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from xsconsole.domain.actions.mends import MendedField, MendFields, Value
from xsconsole.domain.actions.placing import Migrate, MoveDisk, PlacingAction, PreferHost, PutOnNetworks, Rewire
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import MemberManifest, member_manifest
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Step
from xsconsole.domain.runs import GONE
from xsconsole.engine.ports import Clock, Progress
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist
from xsconsole.errors import PoolFailed

Result = TypeVar("Result")
STORAGE_BUSY = "TOO_MANY_STORAGE_MIGRATES"  # a pool carries three at a time, whoever asked for them
BUSY_TRIES = 20
BUSY_WAIT_S = 15.0


class Placing:
    """Where the machines of one run are. Everything can be repeated."""

    def __init__(self, presence: Presence) -> None:
        self._at = presence
        self._port = presence.pool.placing

    async def is_there(self, step: Step, action: PlacingAction) -> bool:
        """Return whether the machine is where the step brings it."""
        match action:
            case PutOnNetworks(vm=vm, networks=networks):
                return await self._is_on(vm, networks)
            case MoveDisk(vm=vm, device=device, sr=sr):
                return await self._look(lambda: self._port.storage_of(vm, device)) == sr
            case PreferHost(vm=vm, host=host):
                return await self._look(lambda: self._port.home_of(vm)) == host
            case Migrate(vm=vm):
                return await self._look(lambda: self._port.host_of(vm)) == step.host
            case MendFields(vm=vm, fields=fields):
                return await self._is_mended(vm, fields)

    async def perform(self, step: Step, action: PlacingAction, on_progress: Progress) -> None:
        """Bring the machine there.

        Raises:
            PoolFailed: the pool said no. PoolUnavailable: whether it is there is not known.
        """
        match action:
            case Rewire(vm=vm, networks=networks, macs=macs):
                # Other addresses first: none of the original's is ever on its network.
                await self._look(lambda: self._port.give_macs(vm, macs))
                await self._look(lambda: self._port.put_on(vm, networks))
            case PutOnNetworks(vm=vm, networks=networks):
                await self._look(lambda: self._port.put_on(vm, networks))
            case MoveDisk(vm=vm, device=device, sr=sr):
                await self._move(vm, device, sr, on_progress)
            case PreferHost(vm=vm, host=host):
                await self._look(lambda: self._port.prefer(vm, host))
            case Migrate(vm=vm):
                if step.host is not None:
                    await self._migrate(vm, step.host, on_progress)
            case MendFields(vm=vm, fields=fields):
                await self._look(lambda: self._port.write_fields(vm, fields))

    async def undo(self, action: PlacingAction, on_progress: Progress) -> str:
        """Bring the machine back. What does not run any more has no host to be brought back to.

        Return `GONE` where the machine is not on the pool any more.
        """
        vm = action.vm
        if not await self._at.exists(vm):
            return GONE
        match action:
            case Rewire(original=networks, original_macs=macs):
                await self._look(lambda: self._port.put_on(vm, networks))
                await self._look(lambda: self._port.give_macs(vm, macs))
            case PutOnNetworks(original=networks):
                await self._look(lambda: self._port.put_on(vm, networks))
            case MoveDisk(device=device, original=sr):
                await self._move(vm, device, sr, on_progress)
            case PreferHost(original=host):
                await self._look(lambda: self._port.prefer(vm, host))
            case Migrate(original=host):
                if (await self._at.vm(vm)).power_state == "Running":
                    await self._migrate(vm, host, on_progress)
            case MendFields():
                await self._look(lambda: self._port.write_fields(vm, action.reversed))
        return ""

    async def amiss(self, verifying: Step) -> list[str]:
        """Return what is not where the steps before this one brought it. A machine may have left its host since."""
        found, done = [], _before(self._at.plan, verifying)
        for step in self._at.plan.steps:
            action = step.action
            if step.key not in done or not isinstance(action, PutOnNetworks | MoveDisk | PreferHost | MendFields):
                continue
            vm = await self._at.read(action.vm)
            if vm is None or await self.is_there(step, action):
                continue  # that it is gone is said elsewhere
            name = shortened(vm.name_label)
            match action:
                case PutOnNetworks():
                    found.append(f"{name} is on another network")
                case MoveDisk(device=device):
                    found.append(f"{name} has disk {device} on another storage")
                case PreferHost():
                    found.append(f"{name} prefers another host")
                case MendFields():
                    found.append(f"{name} has other fields")
        return found

    async def _is_mended(self, vm: Uuid, fields: Sequence[MendedField]) -> bool:
        record = await self._at.vm(vm)
        present = member_manifest("", record, Inventory(), {})
        return all(_value_of(present, one) == one.value for one in fields)

    async def _is_on(self, vm: Uuid, networks: dict[str, Uuid]) -> bool:
        present = await self._look(lambda: self._port.networks_of(vm))
        return all(present.get(device) == network for device, network in networks.items() if device in present)

    async def _move(self, vm: Uuid, device: str, sr: Uuid, on_progress: Progress) -> None:
        async def attempt() -> None:
            present = await self._port.storage_of(vm, device)
            if present is not None and present != sr:
                await self._at.settling(self._port.move_disk(vm, device, sr, self._at.run, on_progress), vm)

        await when_storage_is_free(lambda: self._look(attempt), self._at.clock)

    async def _migrate(self, vm: Uuid, host: Uuid, on_progress: Progress) -> None:
        async def attempt() -> None:
            if await self._port.host_of(vm) != host:
                await self._at.settling(self._port.migrate(vm, host, self._at.run, on_progress), vm)

        await self._look(attempt)

    async def _look(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        return await insist(self._at.pool, attempt)


def _value_of(member: MemberManifest, one: MendedField) -> Value:
    found: Value | dict[str, str] = getattr(member, one.field)
    return found.get(one.key) if isinstance(found, dict) else found


def _before(plan: Plan, last: Step) -> set[StepKey]:
    """Return all steps for which one waits, directly or not."""
    found = set(last.after)
    for step in reversed(plan.steps):  # what comes after a step stands after it
        if step.key in found:
            found.update(step.after)
    return found


async def when_storage_is_free(attempt: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Do what moves disks, once the pool has room for one more of that."""
    for _ in range(BUSY_TRIES):
        try:
            return await attempt()
        except PoolFailed as failure:
            if failure.code != STORAGE_BUSY:
                raise
        await clock.sleep(BUSY_WAIT_S)
    await attempt()
