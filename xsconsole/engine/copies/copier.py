"""Copies of machines on the pool: made once, fitted, started, entered as members of a new configuration, destroyed."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from xsconsole.domain.actions.archives import ImportMachine, ImportTemplate
from xsconsole.domain.actions.captures import KeepArrived, KeepTemplate
from xsconsole.domain.actions.copies import (
    CopyMachine,
    FitCopy,
    HandOverDisk,
    RefitCopy,
    RetireMachines,
    RetireRouter,
    SendFrozen,
    SendMachine,
    VerifyCopies,
    WriteCopy,
    WriteCopyRoster,
)
from xsconsole.domain.actions.provisions import OutfitCopy
from xsconsole.domain.actions.stowing import StowCopy
from xsconsole.domain.blueprint.templates import TEMPLATE_KEY, arrived_from, filled_mark
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Step
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    MemberValue,
    Origin,
    Roster,
    decode,
    encode,
    newest_text,
    roster_digest,
)
from xsconsole.domain.replica import is_left_behind, is_under_way
from xsconsole.domain.workflow import Method
from xsconsole.engine.ports import Field, PoolPort, Progress, Shape
from xsconsole.engine.provisions.outfitting import outfit, outfit_amiss
from xsconsole.engine.runs.marking import Marking
from xsconsole.engine.runs.presence import Presence, gone
from xsconsole.engine.runs.snapshots import Freeze, Snapshots
from xsconsole.engine.values import insist, set_key
from xsconsole.errors import PoolFailed, Refused, VerificationFailed


class Copier:
    """Copies of one run. What a step made is found by the record's result, or before that by the name it began with."""

    def __init__(
        self, presence: Presence, marking: Marking, snapshots: Snapshots, source: PoolPort | None = None
    ) -> None:
        self._at = presence
        self._snapshots = snapshots
        self._source = source  # the pool that machines are sent from
        self._marking = marking
        self._pool = presence.pool

    # Making and destroying

    async def find(self, key: StepKey) -> VM | None:
        """Return what a step made, None where it is not there."""
        made = self._at.made(key)
        known = await self._at.read(made) if made is not None else None
        if known is not None:
            return known
        # A run that was put back in part and goes forward again makes another one than its record names.
        name = self._first_name(key)
        found = await insist(self._pool, lambda: self._pool.copies.named(name))
        action = self._at.plan.step(key).action
        if isinstance(action, ImportTemplate):  # others may be called so: those of the library among them
            found = tuple(vm for vm in found if arrived_from(vm) == action.vm)
        return next((vm for vm in found if vm.is_ordinary or vm.is_a_template), None)

    async def copy(self, step: Step, action: CopyMachine, on_progress: Progress) -> str:
        """Make the copy where it is not there yet, and return its uuid.

        Raises:
            PoolFailed: the pool said no, or what was made is gone.
        """
        source = action.vm if action.snapshot is None else self._at.made(action.snapshot)
        if source is None:
            raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(action.vm,), method="VM.snapshot")
        name, copies, run = self._first_name(step.key), self._pool.copies, self._at.run

        async def attempt() -> VM:
            found = await self.find(step.key)
            if found is None:
                match action.method:
                    case Method.FULL_COPY:
                        making = copies.copy(source, name, action.sr, run, on_progress)
                    case _:
                        making = copies.clone(source, name, run, on_progress)
                await self._at.settling(making, action.vm, source)
                found = await self.find(step.key)
            if found is None:
                raise PoolFailed(code="XSCONSOLE_COPY_GONE", parameters=(name,), method="VM.clone")
            return found

        return (await insist(self._pool, attempt)).uuid

    async def send(self, step: Step, action: SendMachine, on_progress: Progress) -> str:
        """Make a machine here like a snapshot of the other pool, and return its uuid.

        Only an answer says that all of it arrived: what an earlier attempt left is destroyed and sent anew.

        Raises:
            PoolFailed: one of the pools said no, or the snapshot is gone.
        """
        snapshot, source = self._at.made(action.snapshot), self._source
        if snapshot is None or source is None:
            raise PoolFailed(code="XSCONSOLE_SNAPSHOT_GONE", parameters=(action.vm,), method="VM.snapshot")

        async def attempt() -> VM:
            await self.destroy(step, on_progress)
            sent = await source.read_vm(snapshot)
            if sent is not None and sent.name_label != self._first_name(step.key):
                raise Refused(
                    reason=f"A snapshot that is to be copied is called “{shortened(sent.name_label)}” by now: what "
                    "arrives would not be known.",
                    mend="Give it its name back, then settle the run again.",
                )
            sending = source.copies.send(snapshot, self._pool.copies, action.sr, self._at.run, on_progress)
            await self._at.settling(sending)
            found = await self.find(step.key)
            if found is None:
                raise PoolFailed(code="XSCONSOLE_COPY_GONE", parameters=(action.name,), method="VM.import")
            return found

        return (await insist(source, lambda: insist(self._pool, attempt))).uuid

    async def destroy(self, step: Step, on_progress: Progress) -> None:
        """Destroy what a step made, with its disks, whatever state it is in."""
        found = await self.find(step.key)
        if found is None:
            return
        vm = found.uuid
        await self._marking.protect(vm, {})
        await self.stop(vm, on_progress)
        actions = (other.action for other in self._at.plan.steps)
        # What the slot keeps is no part of the copy, wherever it was when the run went back.
        keep = {action.disk for action in actions if isinstance(action, HandOverDisk) and action.copy == step.key}
        await insist(self._pool, lambda: self._pool.copies.destroy(vm, self._at.run, keep))

    def _first_name(self, key: StepKey) -> str:
        action = self._at.plan.step(key).action
        if isinstance(action, SendFrozen | ImportMachine):
            return action.arrives_as
        if isinstance(action, SendMachine):
            # What is sent arrives by the name of the snapshot that it was.
            return self._snapshots.name_of(self._at.plan.step(action.snapshot))
        assert isinstance(action, CopyMachine)
        return f"{shortened(action.name, 80)}{self._at.mark_of(key)}"

    async def of(self, key: StepKey) -> VM:
        """Return what a step made.

        Raises:
            PoolFailed: it is gone.
        """
        found = await self.find(key)
        if found is None:
            raise gone(self._at.made(key) or Uuid(key))
        return found

    # Fitting and power

    async def fit(self, action: FitCopy) -> None:
        vm = (await self.of(action.copy)).uuid
        for key, text in (await self._at.keys(Field.VM, vm)).items():
            if is_left_behind(key) and not is_under_way(key, text, vm):
                await insist(self._pool, lambda key=key: self._pool.remove_key(Field.VM, key, vm))  # type: ignore[misc]
        shape = Shape(
            name=action.name,
            order=action.order,
            start_delay_s=action.start_delay_s,
            shutdown_delay_s=action.shutdown_delay_s,
            networks=action.networks,
            home=action.home,
            is_template=isinstance(action, StowCopy),
            is_off_networks=isinstance(action, KeepArrived),
        )
        await insist(self._pool, lambda: self._pool.copies.shape(vm, shape))
        if isinstance(action, RefitCopy):
            await insist(self._pool, lambda: self._pool.placing.give_macs(vm, action.macs))
        if isinstance(action, OutfitCopy):
            await outfit(self._pool, vm, action)
        if isinstance(action, KeepTemplate):
            await set_key(self._pool, Field.VM, TEMPLATE_KEY, filled_mark(action.mark, vm, self._at.run), vm)
        if isinstance(action, StowCopy):
            await self._marking.protect(vm, action.blocked)

    async def retire(self, action: RetireMachines, on_progress: Progress) -> None:
        """Destroy machines whose place others have taken, or that are deleted.

        Raises:
            Refused: one is a member of something again.
        """
        for vm in action.vms:
            found = await self._at.read(vm)
            if found is None:
                continue
            if newest_text(found.other_config, MEMBER_STEM, MemberValue):
                raise Refused(
                    reason=f"“{shortened(found.name_label)}” is a member again, so it is not destroyed.",
                    mend="Take it out of its configuration, then resume the run.",
                )
            await self._marking.protect(vm, {})
            if isinstance(action, RetireRouter):
                await self.stop(vm, on_progress)
            keep: set[Uuid] | None = None if action.disks else set()
            await insist(self._pool, lambda vm=vm, keep=keep: self._pool.copies.destroy(vm, self._at.run, keep))  # type: ignore[misc]
        # By name, so that none is left where somebody was cut off between a machine and its disks.
        for disk in action.disks:
            await insist(self._pool, lambda disk=disk: self._destroy_disk(disk))  # type: ignore[misc]

    async def _destroy_disk(self, disk: Uuid) -> None:
        """Destroy a disk that no machine has any more; what somebody else took meanwhile stays."""
        if not await self._pool.disks.holders(disk):
            await self._pool.disks.destroy(disk, self._at.run)

    async def demand_all(self, action: RetireMachines) -> None:
        """Refuse to go back where a machine to which that would lead is gone."""
        if not all([await self._at.exists(vm) for vm in action.vms]):
            raise Refused(
                reason="A machine is destroyed already, so there is no way back.",
                mend="Resume the run: what remains is to destroy the others.",
            )

    async def start(self, key: StepKey, host: Uuid | None, on_progress: Progress) -> None:
        vm, run = (await self.of(key)).uuid, self._at.run
        await self._at.bring_to("Running", vm, lambda: self._pool.start(vm, run, on_progress, host))

    async def stop(self, vm: Uuid, on_progress: Progress) -> None:
        """Shut a copy down, by force where it does not answer; it is about to be destroyed."""

        async def attempt() -> None:
            found = await self._at.read(vm)
            if found is not None and found.power_state != "Halted":
                stopping = self._pool.shut_down(vm, self._at.run, on_progress, may_force=True)
                await self._at.settling(stopping, vm)

        await insist(self._pool, attempt)

    async def is_running(self, key: StepKey) -> bool:
        found = await self.find(key)
        return found is not None and found.power_state == "Running"

    # Membership

    def roster_text(self, action: WriteCopyRoster) -> str:
        """Return the roster with the uuids that are known by now, and with when the copied state was frozen."""
        roles = {vm: role for key, role in action.roles.items() if (vm := self._at.made(key)) is not None}
        origin = decode(action.origin, Origin)
        assert origin is not None, "a plan holds what this console wrote"
        roster = Roster(
            configuration=action.configuration,
            roster=tuple(sorted(roles)),
            roles=roles,
            origin=msgspec.structs.replace(origin, run=self._at.run, **self._frozen()),
        )
        return encode(roster)

    def value_text(self, action: WriteCopy) -> str:
        """Return the member value with what was not known when it was planned; empty where the copy is not there."""
        value, vm = decode(action.value, MemberValue), self._at.made(action.copy)
        assert value is not None, "a plan holds what this console wrote"
        if vm is None:
            return ""
        members = self._members(value.configuration)
        filled = msgspec.structs.replace(value, vm=vm, roster_count=len(members), roster_digest=roster_digest(members))
        return encode(filled)

    async def is_entered(self, action: WriteCopy) -> bool:
        vm, text = self._at.made(action.copy), self.value_text(action)
        return vm is not None and bool(text) and await self._marking.has_member(vm, text)

    async def enter(self, action: WriteCopy) -> None:
        vm = (await self.of(action.copy)).uuid
        await self._marking.enter(vm, self.value_text(action), action.stage_name, action.blocked)

    async def leave(self, action: WriteCopy) -> None:
        vm = self._at.made(action.copy)
        if vm is not None and await self._at.exists(vm):
            await self._marking.write(vm, "", "", {})

    async def verify(self, action: VerifyCopies) -> None:
        """Compare the copies with what the steps of the plan should have made of them.

        Raises:
            VerificationFailed: naming every difference.
        """
        differences: list[str] = []
        steps = self._at.plan.steps
        entered = {step.action.copy: step.action for step in steps if isinstance(step.action, WriteCopy)}
        fitted = {step.action.copy: step.action for step in steps if isinstance(step.action, FitCopy)}
        for key in action.copies:
            found = await self.find(key)
            if found is None:
                differences.append(f"{fitted[key].name} is gone")
                continue
            differences += [
                f"{shortened(found.name_label)} {what}"
                for what in await self._amiss(found, entered.get(key), fitted[key], must_run=key in action.running)
            ]
        for step in steps:
            if isinstance(step.action, WriteCopyRoster) and step.action.configuration == action.configuration:
                text = self.roster_text(step.action)
                if not await self._marking.has_roster(action.configuration, text):
                    differences.append("the pool shows another roster")
        if differences:
            raise VerificationFailed(differences=tuple(differences))

    async def _amiss(self, vm: VM, member: WriteCopy | None, fitting: FitCopy, *, must_run: bool) -> list[str]:
        amiss = []
        if vm.is_a_template:
            amiss.append("is a template")
        if must_run and vm.power_state != "Running":
            amiss.append("does not run")
        if member is not None and not await self._marking.has_member(vm.uuid, self.value_text(member)):
            amiss.append("carries another value")
        wanted = (fitting.order, fitting.start_delay_s, fitting.shutdown_delay_s)
        if (vm.order, vm.start_delay, vm.shutdown_delay) != wanted:
            amiss.append("has another order or other delays")
        if fitting.networks:
            networks = await insist(self._pool, lambda: self._pool.placing.networks_of(vm.uuid))
            wrong = sorted(device for device, network in fitting.networks.items() if networks.get(device) != network)
            amiss += [f"has interface {device} on another network" for device in wrong]
        return [*amiss, *(outfit_amiss(vm, fitting) if isinstance(fitting, OutfitCopy) else ())]

    def _members(self, configuration: ConfigurationId) -> tuple[Uuid, ...]:
        """Return all that the plan makes members of a configuration, as far as they are there."""
        rosters = (step.action for step in self._at.plan.steps if isinstance(step.action, WriteCopyRoster))
        keys = (key for roster in rosters if roster.configuration == configuration for key in roster.roles)
        return tuple(vm for key in keys if (vm := self._at.made(key)) is not None)

    def _frozen(self) -> Mapping[str, datetime | float]:
        keys = [step.key for step in self._at.plan.steps if step.action.__struct_config__.tag == "freeze"]
        text = self._at.result(keys[0]) if keys else ""
        if not text:
            return {}
        freeze = msgspec.json.decode(text, type=Freeze)
        return {"frozen_at": datetime.fromisoformat(freeze.at), "skew_s": freeze.skew_s}
