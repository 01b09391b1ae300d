"""The plan of a demotion that swaps a configuration with the one whose place it took, which stands by ever since."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.copies import ExchangeDisks, PassDisk, Slot
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VBD, VDI, VM, Inventory
from xsconsole.domain.lineage import standby_of
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, TakeSnapshot
from xsconsole.domain.poolstate import KeptDisk, Succession
from xsconsole.domain.words import count, instant, listing
from xsconsole.domain.workflow import EntryAction, Stage, Transition, Workflow
from xsconsole.domain.workflow.gates import Checklist, HttpCall, MaintenanceWindow
from xsconsole.domain.workflow.names import gate_name
from xsconsole.engine.archives.stow_checks import archived_standby
from xsconsole.engine.moves.exchanging import add_passes, at_hand, guest_after
from xsconsole.engine.moves.moving import runs
from xsconsole.engine.moves.relocation import (
    Relocation,
    add_relocations,
    changed_networks,
    guest_in,
    relocations,
    returning,
    sentences,
)
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import demand_space, snapshot_space, total
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import slot_of
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import freed_by, less, place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, moved, writing
from xsconsole.errors import NotPromotable

SNAPSHOT_S = 4.0
LOOKING_AT_NOBODY = (MaintenanceWindow, Checklist, HttpCall)  # gates that are about no machine in particular

Pairs = Sequence[tuple[Member, VM]]


def with_predecessor(
    plan: Plan, card: Card, source: Stage, workflow: Workflow, inventory: Inventory, *boards: Board
) -> Plan:
    """Return the plan of a way back that is no swap with a word about who had the place before."""
    standby, archived = standby_of(card, *boards), archived_standby(card, inventory)
    if standby is not None:
        stage = workflow.stage(standby.stage)
        where = stage.name if stage is not None else standby.stage
        note = (
            f"“{shortened(standby.name, 60)}”, who had the place in {source.name} before, "
            f"{'runs' if standby.is_up else 'stands by'} in {where} and does not take it again by this: nobody has it "
            "then. A swap with the stand-by gives it back."
        )
    elif archived is not None and card.succession is not None and card.succession.place == source.id:
        note = (
            f"“{shortened(archived.name, 60)}”, who had the place in {source.name} before, was archived on "
            f"{instant(archived.at)}: nobody takes the place again by this. It comes back only as a new configuration, "
            "restored from the archive."
        )
    else:
        return plan
    return msgspec.structs.replace(plan, notes=(*plan.notes, note))


def demand_standby(
    card: Card, source: Stage, target: Stage, edge: Transition, inventory: Inventory, *boards: Board
) -> Card:
    """Return whom a configuration is swapped with along a way back.

    Raises:
        NotPromotable: there is nobody, or it is not as it was left.
    """
    found, name = standby_of(card, *boards), f"“{shortened(card.name)}”"
    keep = "Demote it with its disks as they are."
    if found is None:
        archived = archived_standby(card, inventory)
        if archived is not None:
            raise NotPromotable(
                reason=f"“{shortened(archived.name)}”, who had the place before, was archived on "
                f"{instant(archived.at)}: it stands by no more.",
                mend="Restore it from the archive as a new configuration, or demote with the disks as they are.",
            )
        raise NotPromotable(
            reason=f"{name} took the place in {source.name} of nobody who is still there, so there is no stand-by.",
            mend=keep,
        )
    other = f"“{shortened(found.name)}”"
    if found.stage != target.id:
        raise NotPromotable(
            reason=f"{other}, who had the place before, does not stand in {target.name}: they cannot change places.",
            mend=keep,
        )
    looking = tuple(dict.fromkeys(gate_name(gate) for gate in edge.gates if not isinstance(gate, LOOKING_AT_NOBODY)))
    if looking:
        raise NotPromotable(
            reason=f"The way to {target.name} has gates that look at the machines of {name}, and would not look at "
            f"those of {other}, which then serve: {listing(looking)}.",
            mend=f"{keep} Or take these gates out of that way.",
        )
    if found.quarantine is not None:
        raise NotPromotable(
            reason=f"Version {shortened(found.version, 40)}, which {other} has, is quarantined.",
            mend=f"{keep} Or lift the quarantine.",
        )
    rules.demand_standing(found, {Standing.WHOLE})
    rules.demand_settled_power(found)
    return found


def plan_swap(
    card: Card,
    standby: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    workflow: Workflow,
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Shut down, take a restore point, give disks that stay with the place back, start the stand-by, write both.

    Both are written last, when the stand-by runs: until then undoing is to shut it down, to give the disks back, and to
    start what was there. What was swapped out stays off, as a stand-by does.
    """
    leaving, coming = machines_in(card, inventory), machines_in(standby, inventory)
    running = [member for member, _ in leaving if runs(member)]
    to_start = to_start_again(coming, leaving, source)
    _demand_operations(leaving, coming, running, to_start, source, target, inventory)
    claims = claims_on(board)
    passed = _kept(card, leaving, coming, inventory)
    out = at_hand(
        relocations([member for member, _ in leaving], [vm for _, vm in leaving], source, target, inventory), passed
    )
    back = at_hand(_coming_back(coming, source, target, inventory), passed)
    taken = [snapshot_space(inventory, vm) for _, vm in leaving] if edge.restore_point is not None else []
    carried = [each.space for each in (*out, *back) if each.disks]
    warnings = [
        *told_of_swap(
            card,
            standby,
            source,
            target,
            {one.disk: _given_for(one) for one in passed},
            disks_in(leaving, inventory),
            disks_in(coming, inventory),
        ),
        *demand_space(inventory, total(*taken, *carried), "The snapshots and disks", claims.space),
        *sentences(out, {}, [], target, edge, inventory),
    ]
    guests = [
        guest_after(guest_in(each, inventory, keeps_running=False), each, passed, inventory)
        for each in back
        if each.member in to_start
    ]
    hosts = place(inventory, guests, less(claims.memory, freed_by([vm for _, vm in leaving], inventory)))
    steps = Steps()
    ready = add_shutdowns(steps, running, [])
    if edge.restore_point is not None:
        ready = add_points(steps, leaving, ready, inventory)
    names = {vm.uuid: member.name for member, vm in coming}
    ready = add_passes(steps, passed, names, ready, is_downtime=bool(running))
    ready = add_relocations(steps, [*out, *back], {}, (), ready)
    delays_s = {vm.uuid: vm.start_delay for _, vm in coming}
    started = add_starts(steps, to_start, delays_s, ready, is_downtime=bool(running), hosts=hosts)
    written = [
        steps.add(writing(vm, moved(member.value, stage, workflow), stage), member.name, started)
        for pairs, stage in ((leaving, target), (coming, source))
        for member, vm in pairs
    ]
    add_verification(steps, f"{card.name} and {standby.name}", {member.uuid for member in to_start}, written)
    leases = rules.leases_for(card.id, card.service, (source, target), (standby.id,))
    return Plan(intent=intent, steps=steps.all, leases=leases, warnings=tuple(warnings), asks=True)


def machines_in(card: Card, inventory: Inventory) -> Pairs:
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    return tuple((member, vm) for member, vm in found if vm is not None)


def _coming_back(coming: Pairs, source: Stage, target: Stage, inventory: Inventory) -> list[Relocation]:
    """Return what the place asks of those who come back to it.

    Its disks were never brought elsewhere when it gave way, but its interfaces were; an earlier version of this program
    left them on the networks of the place.
    """
    there = {entry.network.uuid for entry in source.binding.networks}
    found = []
    for number, (member, vm) in enumerate(coming):
        is_there = set(present_networks(vm, inventory).values()) <= there
        put = None if is_there else changed_networks(vm, target, source, inventory)
        found.append(replace(returning(number, member, vm, vm, source, source, inventory), networks=put))
    return found


def to_start_again(coming: Pairs, leaving: Pairs, source: Stage) -> list[Member]:
    """Return who is to run: as the stage says, or whose counterpart runs now."""
    if source.entry is EntryAction.STOP:
        return []
    roles = {member.role for member, _ in leaving if runs(member)}
    return [
        member
        for member, _ in coming
        if not runs(member) and (source.entry is EntryAction.START or member.role in roles)
    ]


def _demand_operations(
    leaving: Pairs,
    coming: Pairs,
    running: Sequence[Member],
    to_start: Sequence[Member],
    source: Stage,
    target: Stage,
    inventory: Inventory,
) -> None:
    rules.demand_power_changes((source, running), (target, to_start), what="a swap")
    for member, vm in leaving:
        if member in running:
            rules.demand_operation(vm, "clean_shutdown", inventory)
        for operation in ("start", "snapshot"):
            rules.demand_unblocked(vm, operation)
    for _, vm in coming:
        for operation in ("start", "start_on"):
            rules.demand_unblocked(vm, operation)


def _kept(card: Card, leaving: Pairs, coming: Pairs, inventory: Inventory) -> tuple[PassDisk, ...]:
    """Return how the disks that the place keeps go back to the machines that had them.

    Raises:
        NotPromotable: one is not where it was handed over to, or its old machine is gone.
    """
    have = {disk.uuid: (vm, drive) for _, vm in leaving for drive, disk in drives_of(inventory, vm)}
    old = {vm.uuid: vm for _, vm in coming}
    found: list[PassDisk] = []
    succession = card.succession
    for kept in succession.kept if succession is not None else ():
        holder, before = have.get(kept.disk), old.get(kept.vm)
        if before is not None and kept.disk in {disk.uuid for _, disk in drives_of(inventory, before)}:
            continue  # somebody gave it back already
        given = _given(succession, kept, holder, before, inventory)
        if holder is None or before is None or (given is None and _is_taken(before, kept, inventory)):
            raise NotPromotable(
                reason="A disk that the place keeps is not where it was handed over to, or cannot go back to where it "
                f"was: {_disk_name(kept, inventory)}.",
                mend="Attach it to the machine that had it, or demote with the disks as they are.",
            )
        vm, drive = holder
        there = slot_of(drive)
        if given is not None:
            drive, disk = given
            found.append(
                ExchangeDisks(
                    disk=kept.disk, vm=vm.uuid, to=before.uuid, slot=slot_of(drive), original=there, given=disk.uuid
                )
            )
            continue
        found.append(
            PassDisk(
                disk=kept.disk,
                vm=vm.uuid,
                to=before.uuid,
                slot=Slot(
                    device=kept.device,
                    mode=there.mode,
                    is_bootable=there.is_bootable,
                    other_config=there.other_config,
                ),
                original=there,
            )
        )
    return tuple(found)


def _given(
    succession: Succession | None,
    kept: KeptDisk,
    holder: tuple[VM, VBD] | None,
    before: VM | None,
    inventory: Inventory,
) -> tuple[VBD, VDI] | None:
    """Return the disk that was given for one that stays, where the machine that had that one has it in its place."""
    if succession is None or holder is None or before is None:
        return None
    own = {one.disk for one in succession.given if one.vm == holder[0].uuid}
    at = (pair for pair in drives_of(inventory, before) if pair[0].userdevice == kept.device)
    # One that came from another pool is known by its place alone: it has another uuid since.
    return next((pair for pair in at if pair[1].uuid in own or Uuid("") in own), None)


def _is_taken(vm: VM, kept: KeptDisk, inventory: Inventory) -> bool:
    drives = (inventory.get(VBD, ref) for ref in vm.VBDs)
    return any(drive is not None and drive.userdevice == kept.device for drive in drives)


def _disk_name(kept: KeptDisk, inventory: Inventory) -> str:
    disk = inventory.by_uuid(VDI, kept.disk)
    return f"“{shortened(disk.name_label, 60)}”" if disk is not None else "one that is gone from the pool"


def add_points(steps: Steps, leaving: Pairs, after: list[StepKey], inventory: Inventory) -> list[StepKey]:
    return [
        steps.add(
            TakeSnapshot(vm=vm.uuid, purpose=Purpose.RESTORE_POINT, was_running=runs(member)),
            member.name,
            after,
            Estimate(
                seconds=SNAPSHOT_S,
                bytes=sum(snapshot_space(inventory, vm).values()),
                space=snapshot_space(inventory, vm),
                downtime_s=SNAPSHOT_S if number == 0 else 0.0,
            ),
        )
        for number, (member, vm) in enumerate(leaving)
    ]


def disks_in(pairs: Pairs, inventory: Inventory) -> list[VDI]:
    return [disk for _, vm in pairs for _, disk in drives_of(inventory, vm)]


def _given_for(one: PassDisk) -> Uuid | None:
    return one.given if isinstance(one, ExchangeDisks) else None


def told_of_swap(
    card: Card,
    standby: Card,
    source: Stage,
    target: Stage,
    passed: Mapping[Uuid, Uuid | None],
    leaving: Sequence[VDI],
    coming: Sequence[VDI],
) -> tuple[str, ...]:
    """Return what whoever confirms should know: which disks, whose, and as of when.

    `passed` are the disks of the place, each with the one that is given for it; the others are those of the machines.
    """
    name, other = shortened(card.name, 60), shortened(standby.name, 60)
    given = set(passed.values()) - {None}
    own = [disk for disk in coming if disk.uuid not in given]
    left = [disk for disk in leaving if disk.uuid not in passed]
    stood = f" since {instant(card.since)}" if card.since is not None else ""
    has = f"with {_which(own)} of its own as they were when it gave way" if own else "without a disk of its own"
    told = [f"{other} takes its place in {source.name} again, {has}; {name} goes to {target.name} and is off."]
    if left:
        told.append(f"What was written{stood} on {_which(left)} of {name} stays with it, and {other} does not have it.")
    if passed:
        ones = [disk for disk in leaving if disk.uuid in passed]
        back = _which([one for one in coming if one.uuid in given])
        gets = f"gets its own back, {back}" if given else "is left without"
        told.append(
            f"{_which(ones)} of the place {'goes' if len(passed) == 1 else 'go'} back to {other} with all that was "
            f"written meanwhile; {name} {gets}. Keeping the disks instead would take what is the place's along to "
            f"{target.name}."
        )
    return tuple(told)


def _which(disks: Sequence[VDI]) -> str:
    """Return such as `2 disks (“system” and “data”)`."""
    names = sorted(f"“{shortened(disk.name_label, 40)}”" for disk in disks)
    return f"{count(len(disks), 'disk')} ({listing(tuple(names))})"
