"""Disks of copies that do not travel: new empty ones, and those that the slot keeps."""

import json
from functools import partial

import msgspec

from xsconsole.domain.actions.copies import EmptyDisk, ExchangeArrived, ExchangeDisks, HandOverDisk, PassDisk, Slot
from xsconsole.domain.actions.provisions import SeedDisk
from xsconsole.domain.actions.travel import MoveAcross
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Step
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.ports import Attached, Progress
from xsconsole.engine.provisions.cidata import META_DATA, image_of, meta_data
from xsconsole.engine.runs.presence import Presence, machines_of
from xsconsole.engine.runs.run_record import noted_of
from xsconsole.engine.values import insist
from xsconsole.errors import PoolFailed, Refused

Place = tuple[Uuid, Slot]
"""A machine, and how a disk is attached there."""


class DiskWork:
    """Replaces disks of halted copies; what it does can be repeated, and given back."""

    def __init__(self, presence: Presence, copier: Copier) -> None:
        self._at = presence
        self._copier = copier
        self._disks = presence.pool.disks

    async def is_empty(self, step: Step, action: EmptyDisk) -> bool:
        present = await self._present(action.copy, action.slot.device)
        return present is not None and present.made == self._at.mark_of(step.key)

    async def empty(self, step: Step, action: EmptyDisk, on_progress: Progress) -> None:
        """Put an empty disk where the copied one is. It begins with a name by which it is found again.

        What cloud-init reads is on its disk before that is attached.
        """
        vm = (await self._copier.of(action.copy)).uuid
        mark, name = self._at.mark_of(step.key), self._first_name(step, action)

        async def attempt() -> None:
            present = await self._disks.at(vm, action.slot.device)
            if present is None or present.made != mark:
                blank = await self._blank(action, name, mark)
                if isinstance(action, SeedDisk):
                    await self._write(vm, blank, action, on_progress)
                if present is not None:
                    await self._discard(present)
                await self._disks.attach(vm, blank, action.slot)
            else:
                blank = present.disk
            await self._disks.rename(blank, action.name)

        await insist(self._at.pool, attempt)

    async def _write(self, vm: Uuid, disk: Uuid, action: SeedDisk, on_progress: Progress) -> None:
        files = {META_DATA: meta_data(vm, action.hostname), **action.files}
        image = partial(image_of, files, action.size_bytes)
        await self._at.settling(self._disks.write(disk, image, self._at.run, on_progress))

    async def forget_empty(self, step: Step, action: EmptyDisk) -> None:
        """Destroy the empty disk where it was not attached yet; an attached one goes with the copy."""
        name = self._first_name(step, action)

        async def attempt() -> None:
            for disk in await self._disks.named(name):
                await self._disks.destroy(disk, self._at.run)

        await insist(self._at.pool, attempt)

    async def is_handed_over(self, action: HandOverDisk) -> bool:
        present = await self._present(action.copy, action.slot.device)
        return present is not None and present.disk == action.disk and present.holders == 1

    async def hand_over(self, action: HandOverDisk) -> None:
        """Take the disk from who had it and give it to the copy, whose own one at that place is destroyed."""
        vm = (await self._copier.of(action.copy)).uuid

        async def attempt() -> None:
            present = await self._disks.at(vm, action.slot.device)
            if present is not None and present.disk != action.disk:
                await self._discard(present)
            await self._disks.detach(action.vm, action.disk)
            if present is None or present.disk != action.disk:
                await self._disks.attach(vm, action.disk, action.slot)

        await insist(self._at.pool, attempt)

    async def give_back(self, action: HandOverDisk) -> None:
        """Return the disk to who had it. Where that machine is gone the disk stays, and belongs to nobody."""
        copy = await self._copier.find(action.copy)

        async def attempt() -> None:
            if copy is not None:
                await self._disks.detach(copy.uuid, action.disk)
            if not await self._at.exists(action.vm):
                return
            present = await self._disks.at(action.vm, action.original.device)
            if present is None:
                await self._disks.attach(action.vm, action.disk, action.original)
            elif present.disk != action.disk:
                raise Refused(
                    reason="Another disk was attached where the one belongs that the slot keeps.",
                    mend="Detach it, then settle the run again.",
                )

        await insist(self._at.pool, attempt)

    async def is_passed(self, action: PassDisk) -> bool:
        action = self._resolved(action)
        given = _given_by(action)
        return await self._has(action.to, action.slot, action.disk) and (
            given is None or await self._has(action.vm, action.original, given)
        )

    async def amiss(self) -> list[str]:
        """Return which machines do not have the disk that the plan passed on to them, each for itself."""
        found = []
        for step in filter(self._at.is_here, self._at.plan.steps):
            action = step.action
            if not isinstance(action, PassDisk) or await self._is_gone_on(action) or await self.is_passed(action):
                continue
            found.append(f"{shortened(step.subject)} does not have the disk of the place for itself")
        return found

    async def _is_gone_on(self, action: PassDisk) -> bool:
        """Whether one of the two went into another pool since, with the disk that it got."""
        if not isinstance(action, ExchangeArrived):
            return False
        return not all([await self._at.exists(vm) for vm in (action.vm, action.to)])

    def _resolved(self, action: PassDisk) -> PassDisk:
        """Return the action with what its disks are called now: each way between pools gives them other uuids.

        One of the machines came before the exchange. The other may have left after it, and come back.
        """
        if not isinstance(action, ExchangeArrived):
            return action
        came = machines_of(self._at.plan.step(action.arrived))
        first = self._disks_by(action.arrived)
        at = {action.to: action.slot.device, action.vm: action.original.device}
        found = {field: first.get(at[vm]) for vm, field in ((action.to, "given"), (action.vm, "disk")) if vm in came}
        for step in self._at.plan.steps:
            if isinstance(step.action, MoveAcross) and step.key != action.arrived and step.action.vm in at:
                # It left with what it got in exchange.
                field = "disk" if step.action.vm == action.to else "given"
                again = self._disks_by(noted_of(step.key)).get(at[step.action.vm])
                found |= {field: again} if again is not None else {}
        if None in found.values():
            raise Refused(
                reason="The disk that was to change hands did not come along from the other pool.",
                mend="Undo the run, and look at the machine.",
            )
        return msgspec.structs.replace(action, **found)

    def _disks_by(self, key: StepKey) -> dict[str, Uuid]:
        found: dict[str, Uuid] = json.loads(self._at.result(key) or "{}")
        return found

    async def pass_on(self, action: PassDisk) -> None:
        """Give the disk to the other machine, and that one's own in exchange where the action says so."""
        action = self._resolved(action)
        there, back, given = (action.vm, action.original), (action.to, action.slot), _given_by(action)
        if given is not None:
            await self._at.vm(action.vm)  # else what is given would belong to nobody
        await self._pass(action.disk, there, back, given)

    async def pass_back(self, action: PassDisk) -> None:
        """Give it back. Where that machine is gone the disk stays where it is."""
        if await self._at.exists(action.vm):
            action = self._resolved(action)
            there, back = (action.vm, action.original), (action.to, action.slot)
            await self._pass(action.disk, back, there, _given_by(action))

    async def _pass(self, disk: Uuid, giver: Place, taker: Place, given: Uuid | None) -> None:
        """Bring a disk from one place to another, and what is given for it the other way.

        Nothing is detached before both places are looked at, and both disks are free before one is attached.
        """
        meant = {disk, given}

        async def attempt() -> None:
            has_giver = await self._at.exists(giver[0])
            present = await self._disks.at(taker[0], taker[1].device)
            there = await self._disks.at(giver[0], giver[1].device) if has_giver and given is not None else None
            if any(found is not None and found.disk not in meant for found in (present, there)):
                raise Refused(
                    reason="Another disk is attached where the one belongs that the slot keeps.",
                    mend="Detach it, then settle the run again.",
                )
            if has_giver:
                await self._disks.detach(giver[0], disk)
            if given is not None:
                await self._disks.detach(taker[0], given)
            if present is None or present.disk != disk:
                await self._disks.attach(taker[0], disk, taker[1])
            if has_giver and given is not None and (there is None or there.disk != given):
                await self._disks.attach(giver[0], given, giver[1])

        await insist(self._at.pool, attempt)

    async def _has(self, vm: Uuid, slot: Slot, disk: Uuid) -> bool:
        present = await insist(self._at.pool, lambda: self._disks.at(vm, slot.device))
        return present is not None and present.disk == disk and present.holders == 1

    async def _present(self, copy: StepKey, device: str) -> Attached | None:
        vm = await self._copier.find(copy)
        if vm is None:
            return None
        uuid = vm.uuid
        return await insist(self._at.pool, lambda: self._disks.at(uuid, device))

    async def _blank(self, action: EmptyDisk, name: str, mark: str) -> Uuid:
        if not await self._disks.named(name):
            await self._disks.create(name, mark, action.size_bytes, action.sr)
        found = await self._disks.named(name)
        if not found:
            raise PoolFailed(code="XSCONSOLE_DISK_GONE", parameters=(name,), method="VDI.create")
        return found[0]

    async def _discard(self, copied: Attached) -> None:
        """Destroy a disk that was copied in vain, unless somebody has attached it elsewhere meanwhile."""
        if copied.holders != 1:
            raise Refused(
                reason="A disk that was copied has been attached to another machine meanwhile.",
                mend="Detach it there, then settle the run again.",
            )
        await self._disks.destroy(copied.disk, self._at.run)

    def _first_name(self, step: Step, action: EmptyDisk) -> str:
        return f"{shortened(action.name, 80)}{self._at.mark_of(step.key)}"


def _given_by(action: PassDisk) -> Uuid | None:
    return action.given if isinstance(action, ExchangeDisks) else None
