"""Machines moved from one pool into another: where each is is asked of both pools, before and after it moves."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

from xsconsole.domain.actions.copies import ExchangeArrived
from xsconsole.domain.actions.travel import AskAcross, JoinCompany, MoveAcross, NoteCompany, RejoinCompany, Trip
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Revert, Step
from xsconsole.domain.poolstate import COMPANY_KEY
from xsconsole.engine.moves.arrivals import disks_of, exchanges, is_awaited
from xsconsole.engine.moves.placing import when_storage_is_free
from xsconsole.engine.ports import Berth, Field, PoolPort, Progress
from xsconsole.engine.runs.presence import Presence, gone
from xsconsole.engine.values import insist, set_key
from xsconsole.errors import PoolFailed, Refused


class Travel:
    """The machines that one run moves into this pool, `there`, from its other one. Everything can be repeated."""

    def __init__(self, there: Presence, home: Presence | None) -> None:
        """`home` is that other one, None where the run is about this pool alone."""
        self._there = there
        self._home = home

    async def has_arrived(self, vm: Uuid) -> bool:
        """Return whether a machine is in this pool and no more in the other.

        Raises:
            Refused: it is in both, and nobody can tell which one is whole.
        """
        here, left = await self._there.read(vm), await self._home.read(vm) if self._home is not None else None
        if here is not None and left is not None:
            raise Refused(
                reason=f"“{shortened(left.name_label)}” is in both pools: a move was cut off in the middle, and this "
                "console cannot tell which of the two is whole.",
                mend="Look at both, delete the one that is not, such as one that was never started, then settle the "
                "run again.",
            )
        return here is not None

    async def ask(self, step: Step, action: AskAcross) -> None:
        """Ask the pools whether the machine could go.

        Raises:
            PoolFailed: why not.
        """
        home, berth = self._demand_home(), _berth(step, action)
        await self._insist(lambda: home.pool.travels.may_go(action.vm, self._there.pool.travels, berth))

    async def go(self, step: Step, action: MoveAcross, on_progress: Progress) -> str:
        """Bring the machine here, unless it is; return which disks it has, where a later step needs to know.

        Raises:
            PoolFailed: one of the pools said no, or the machine is gone from both.
        """
        home, berth = self._demand_home(), _berth(step, action)

        async def attempt() -> None:
            if not await self.has_arrived(action.vm):
                await self._move(action.vm, home, self._there.pool, berth, on_progress)

        await self._insist(attempt)
        if not is_awaited(step, self._there):
            return ""
        return await disks_of(self._there, action.vm, action.original_storage)

    async def come_back(self, step: Step, action: MoveAcross, on_progress: Progress) -> str:
        """Bring the machine back to where it was; return which disks it has, where one of them is to be given back.

        One that is gone from both pools has nothing to be put back.

        Raises:
            Refused: it cannot come back.
        """
        home = self._demand_home()

        async def attempt() -> None:
            if not await self.has_arrived(action.vm):
                return
            if action.is_one_way or step.back is None:
                raise _stranded((await self._there.vm(action.vm)).name_label, is_one_way=action.is_one_way)
            back = Berth(
                host=step.back,
                sr=next(iter(action.original_storage.values()), action.sr),
                networks=action.original_networks,
                storage=action.original_storage,
                snapshot_networks=action.original_snapshot_networks,
                snapshot_storage=action.original_snapshot_storage,
            )
            await self._move(action.vm, self._there, home.pool, back, on_progress)

        await self._insist(attempt)
        if await home.exists(action.vm):
            await insist(home.pool, lambda: home.pool.placing.prefer(action.vm, action.original_home))
        handed = (
            each for each in exchanges(self._there.plan) if action.vm in (each.vm, each.to) and each.arrived != step.key
        )
        return await disks_of(home, action.vm, action.original_storage) if any(handed) else ""

    async def company(self, action: NoteCompany, *, is_undone: bool) -> str:
        """Note of which vApp and schedule a machine is, or let it be of those again; return what there is not."""
        at, vm = self._there, action.vm
        if not await at.exists(vm):
            return ""  # that it is gone is said elsewhere
        text, placing = (await at.keys(Field.VM, await self._noted_at(action))).get(COMPANY_KEY, ""), at.pool.placing
        noted: Mapping[str, str] = json.loads(text) if text else {}
        if isinstance(action, JoinCompany) is is_undone:
            now = await insist(at.pool, lambda: placing.company_of(vm, has_schedule=action.has_schedule))
            await self._note(vm, {**noted, **now})
            return ""
        lacking = await insist(at.pool, lambda: placing.join(vm, noted))
        await self._note(vm, lacking)  # it counts again where the machine comes back
        names = " and ".join(f"{word} “{shortened(name, 60)}”" for word, name in lacking.items())
        return f"This pool has no {names}, so it belongs to none." if names else ""

    async def _noted_at(self, action: NoteCompany) -> Uuid:
        """Return where the names are written: a snapshot has what was written at the machine when it was taken."""
        if isinstance(action, RejoinCompany):
            aside = self._there.made(action.set_aside)
            if aside is not None and await self._there.exists(aside):
                return aside
        return action.vm

    async def _note(self, vm: Uuid, company: Mapping[str, str]) -> None:
        text = json.dumps(dict(company), sort_keys=True) if company else ""
        await set_key(self._there.pool, Field.VM, COMPANY_KEY, text, vm)

    async def amiss(self) -> list[str]:
        """Return what is not where the steps of the plan brought it."""
        found = []
        handed = set(_handed_over(self._there.plan))
        reverted = {step.action.vm for step in self._there.plan.steps if isinstance(step.action, Revert)}
        for step in filter(self._there.is_here, self._there.plan.steps):
            action = step.action
            if not isinstance(action, MoveAcross):
                continue
            vm = await self._there.read(action.vm)
            if vm is None:
                continue  # that it is gone is said elsewhere
            name = shortened(vm.name_label)
            networks, storages = await insist(self._there.pool, partial(self._whereabouts, action))
            if action.vm in reverted:  # it has the devices of then, and the run may have put them elsewhere since
                storages = [(device, sr) for device, sr in storages if sr is not None]
            elif any(networks.get(device) != network for device, network in action.networks.items()):
                found.append(f"{name} is on another network")
            found += [
                f"{name} has disk {device} on another storage"
                for device, sr in storages
                if sr != action.sr and (action.vm, device) not in handed
            ]
        return found

    async def _whereabouts(self, action: MoveAcross) -> tuple[Mapping[str, Uuid], list[tuple[str, Uuid | None]]]:
        placing = self._there.pool.placing
        storages = [(device, await placing.storage_of(action.vm, device)) for device in action.original_storage]
        return await placing.networks_of(action.vm), storages

    async def _move(self, vm: Uuid, source: Presence, to: PoolPort, berth: Berth, on_progress: Progress) -> None:
        if not await source.exists(vm):
            raise gone(vm)
        sending = source.pool.travels.go(vm, to.travels, berth, source.run, on_progress)
        await source.settling(sending, vm)

    async def _insist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        home, there = self._demand_home().pool, self._there.pool

        async def whole() -> None:
            await insist(home, lambda: insist(there, attempt))

        await when_storage_is_free(whole, self._there.clock)

    def _demand_home(self) -> Presence:
        assert self._home is not None, "a machine is moved from one pool into the other"
        return self._home


def _berth(step: Step, action: Trip) -> Berth:
    if step.host is None:
        raise PoolFailed(code="NO_HOSTS_AVAILABLE", parameters=(), method="host.migrate_receive")
    return Berth(host=step.host, sr=action.sr, networks=action.networks, snapshot_networks=action.snapshot_networks)


def _handed_over(plan: Plan) -> Iterator[tuple[Uuid, str]]:
    """Return at which devices of machines disks change hands: these stay on the storage that they are on."""
    for action in (step.action for step in plan.steps):
        if isinstance(action, ExchangeArrived):
            yield action.vm, action.original.device
            yield action.to, action.slot.device


def _stranded(name: str, *, is_one_way: bool) -> Refused:
    why = (
        "the pool it came from has a lower version"
        if is_one_way
        else "no host of the pool it came from sees its storage and networks"
    )
    return Refused(
        reason=f"“{shortened(name)}” cannot be moved back: {why}.",
        mend="Mend what failed, then resume the run.",
    )
