"""The plan of a demotion that returns the disks to a restore point."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.placing import PutOnNetworks
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, Revert, TakeSnapshot
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.points.sizes import Scales
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, MemberValue, RestorePointMark, decode
from xsconsole.domain.words import count, instant, listing, size
from xsconsole.domain.workflow import EntryAction, Stage
from xsconsole.engine.moves.exchanging import kept_at
from xsconsole.engine.moves.relocation import add_relocations, guest_in, returning
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import Space, demand_space, snapshot_space, total
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import freed_by, less, place
from xsconsole.engine.plans.steps import WRITE_S, Steps, add_shutdowns, add_starts, add_verification, writing
from xsconsole.errors import NotPromotable

SET_ASIDE_S = 4.0
REVERT_S = 8.0


def plan_restore(
    card: Card,
    point: RestorePoint,
    source: Stage,
    target: Stage,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    leases: tuple[str, ...],
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Shut down, set the present aside, revert, write everything anew, start, verify.

    All members are set aside before the first is reverted: until then undoing costs nothing but a start. The stage is
    written before the start, because `VM.revert` brings back the metadata of the snapshot, which must not be seen on
    a running machine. Where it stays in its stage, what runs is started again.
    """
    stays = source.id == target.id
    demand_own_disks(card, source, inventory, stays=stays)
    mend = "Leave its disks as they are." if stays else "Demote with the disks as they are."
    parts = [Returnee.of(member, point, inventory, mend) for member in card.members]
    running = [part.member for part in parts if part.member.power_state == "Running"]
    to_start = running if stays else [part.member for part in parts if starts(part, target)]
    _demand_operations(parts, running, to_start, source, target, inventory)
    vms = [part.vm for part in parts]
    claims = claims_on(board)
    back = [
        replace(
            returning(number, part.member, part.vm, part.snapshot, source, target, inventory),
            networks=_counterparts(part, source, target, inventory),
        )
        for number, part in enumerate(parts)
    ]
    aside_space = [snapshot_space(inventory, vm) for vm in vms]
    needed = total(*aside_space, *(each.space for each in back))
    warnings = [
        *losses(parts, point, card, inventory, is_newest_meant=not stays),
        *demand_space(inventory, needed, "The snapshots", claims.space),
        *_networks(parts, [each.networks for each in back], target, inventory),
    ]
    guests = [guest_in(each, inventory, keeps_running=False) for each in back if each.member in to_start]
    hosts = place(inventory, guests, less(claims.memory, freed_by(vms, inventory)))
    steps = Steps()
    stopped = add_shutdowns(steps, running, [])
    was_up = bool(running)
    space = {vm.uuid: taken for vm, taken in zip(vms, aside_space, strict=True)}
    aside = add_asides(steps, parts, running, space, stopped)
    written = add_reverts(steps, parts, aside, values, target, is_downtime=was_up)
    delays_s = {vm.uuid: vm.start_delay for vm in vms}
    placed = add_relocations(steps, back, {}, (), written)
    started = add_starts(steps, to_start, delays_s, placed, is_downtime=was_up, hosts=hosts)
    add_verification(steps, card.name, {member.uuid for member in to_start}, started)
    stays_down = tuple(member.name for member in running if member not in to_start)
    if stays_down:
        warnings.append(f"{listing(stays_down)} will be shut down and stay so.")
    return Plan(intent=intent, steps=steps.all, leases=leases, warnings=tuple(warnings), asks=True)


def add_asides(
    steps: Steps,
    parts: Sequence["Returnee"],
    running: Sequence[Member],
    space: Mapping[Uuid, Space],
    ready: list[StepKey],
) -> dict[Uuid, StepKey]:
    """Set aside what each machine is, and return the steps that do; `running` ran when the run began."""
    return {
        part.vm.uuid: steps.add(
            TakeSnapshot(vm=part.vm.uuid, purpose=Purpose.SET_ASIDE, was_running=part.member in running),
            part.member.name,
            ready,
            Estimate(
                seconds=SET_ASIDE_S,
                bytes=sum(space[part.vm.uuid].values()),
                space=dict(space[part.vm.uuid]),
                downtime_s=SET_ASIDE_S if running and number == 0 else 0.0,
            ),
        )
        for number, part in enumerate(parts)
    }


def add_reverts(
    steps: Steps,
    parts: Sequence["Returnee"],
    aside: Mapping[Uuid, StepKey],
    values: Mapping[Uuid, MemberValue],
    target: Stage,
    *,
    is_downtime: bool,
    is_lifted: bool = False,
) -> list[StepKey]:
    """Revert each machine once all are set aside, and write it anew; return what comes next waits for.

    `is_lifted` says that what we block at the machines is taken from them for the time of the run, by another step.
    """
    written = []
    for number, part in enumerate(parts):
        is_counted = is_downtime and number == 0
        reverted = steps.add(
            Revert(vm=part.vm.uuid, snapshot=part.snapshot.uuid, set_aside=aside[part.vm.uuid]),
            part.member.name,
            aside.values(),
            Estimate(seconds=REVERT_S, downtime_s=REVERT_S if is_counted else 0.0),
        )
        write = writing(part.vm, values[part.vm.uuid], target, part.vm.ha_restart_priority)
        written.append(
            steps.add(
                msgspec.structs.replace(write, original_blocked={}) if is_lifted else write,
                part.member.name,
                [reverted],
                Estimate(seconds=WRITE_S, downtime_s=WRITE_S if is_counted else 0.0),
            )
        )
    return written


class Returnee:
    """A member, its record, and the snapshot it returns to."""

    def __init__(self, member: Member, vm: VM, snapshot: VM, inventory: Inventory) -> None:
        self.member = member
        self.vm = vm
        self.snapshot = snapshot
        self.disks = disks_of(inventory, vm)
        kept = {disk.snapshot_of for disk in disks_of(inventory, snapshot)}
        self.added_disks = tuple(disk for disk in self.disks if disk.ref not in kept)

    @classmethod
    def of(cls, member: Member, point: RestorePoint, inventory: Inventory, mend: str) -> "Returnee":
        vm = inventory.get(VM, member.ref)
        snapshot = inventory.by_uuid(VM, point.snapshots[member.uuid])
        if vm is None or snapshot is None:
            raise NotPromotable(reason=f"The snapshot of “{shortened(member.name)}” is gone.", mend=mend)
        if vm.VTPMs:
            raise NotPromotable(
                reason=f"“{shortened(member.name)}” has a virtual TPM, whose secrets a return would destroy.",
                mend=mend,
            )
        if vm.VIFs and not snapshot.VIFs:
            raise NotPromotable(
                reason=f"The restore point has no card of “{shortened(member.name)}” any more: it was taken in a fence "
                "that is gone, or before it had one.",
                mend=f"{mend} Take a restore point of it as it stands now.",
            )
        return cls(member, vm, snapshot, inventory)


def demand_own_disks(card: Card, source: Stage, inventory: Inventory, *, stays: bool = False) -> None:
    """Refuse where a disk of the place would be left behind by machines that return, belonging to nobody."""
    names = kept_at(card, inventory)
    if names:
        belongs = "belongs" if len(names) == 1 else "belong"
        swapping = "wap with the stand-by, which gives both sides their own disks back"
        raise NotPromotable(
            reason=f"{listing(names)} of “{shortened(card.name)}” {belongs} to the place that it took in "
            f"{source.name}, and {'reverting' if stays else 'a return to the restore point'} would leave that with "
            "nobody.",
            mend=f"Demote it with a s{swapping}; then it can be reverted where it stands."
            if stays
            else f"S{swapping}, or demote with the disks as they are.",
        )


def starts(part: Returnee, target: Stage) -> bool:
    match target.entry:
        case EntryAction.START:
            return True
        case EntryAction.STOP:
            return False
        case EntryAction.LEAVE:
            mark = decode(part.snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
            ran = mark.was_running if mark else None
            return part.member.power_state == "Running" if ran is None else ran


def _demand_operations(
    parts: Sequence[Returnee],
    running: Sequence[Member],
    to_start: Sequence[Member],
    source: Stage,
    target: Stage,
    inventory: Inventory,
) -> None:
    rules.demand_power_changes((source, running), (target, to_start), what="a return")
    for part in parts:
        if part.member in running:
            rules.demand_operation(part.vm, "clean_shutdown", inventory)
        for operation in ("start", "start_on", "snapshot", "revert"):
            rules.demand_unblocked(part.vm, operation)
        rules.demand_unblocked(part.snapshot, "revert")


def _counterparts(part: Returnee, source: Stage, target: Stage, inventory: Inventory) -> PutOnNetworks | None:
    """Return what takes a machine off networks of the stage that it leaves, where its restore point was taken on them.

    So is that of what came out of a fence.
    """
    logical = {entry.network.uuid: entry.logical for entry in source.binding.networks}
    there = {entry.logical: entry.network.uuid for entry in target.binding.networks}
    present = {
        device: network
        for device, network in present_networks(part.snapshot, inventory).items()
        if network not in there.values() and logical.get(network) in there
    }
    put = {device: there[logical[network]] for device, network in present.items()}
    return PutOnNetworks(vm=part.vm.uuid, networks=put, original=present) if put else None


def _networks(
    parts: Sequence[Returnee], placed: Sequence[PutOnNetworks | None], target: Stage, inventory: Inventory
) -> list[str]:
    """Return what to know of networks: a return brings the interfaces of the snapshot back, on the networks of then."""
    known = {entry.network.uuid for entry in target.binding.networks}
    if not known:
        return []
    strange = tuple(
        part.member.name
        for part, put in zip(parts, placed, strict=True)
        if set(({**present_networks(part.snapshot, inventory), **(put.networks if put else {})}).values()) - known
    )
    if not strange:
        return []
    return [
        f"{listing(strange)} {'returns' if len(strange) == 1 else 'return'} to networks that {target.name} does not "
        "map any more: those of the restore point."
    ]


def losses(
    parts: Sequence[Returnee],
    point: RestorePoint,
    card: Card,
    inventory: Inventory,
    *,
    is_newest_meant: bool,
    is_kept: bool = True,
) -> list[str]:
    """Return what a return loses; `is_kept` says that what was set aside stays for a while."""
    kept = [disk for part in parts for disk in part.disks if disk not in part.added_disks]
    space = size(sum(disk.virtual_size for disk in kept))
    names = listing(tuple(part.member.name for part in parts))
    grown = sum(cost.grown for cost in Scales(inventory).costs(point.snapshots.values()))
    much = f", {size(grown)} as far as the storage tells," if grown else ""
    then = "it stays in the snapshots set aside" if is_kept else "it is lost for good with the last step"
    sentences = [
        f"Everything written since {instant(point.at)} on {count(len(kept), 'disk')} ({space}) of {names}{much} leaves "
        f"the machines; {then}."
    ]
    added = tuple(disk.name_label for part in parts for disk in part.added_disks)
    if added:
        sentences.append(f"Added since and not in the restore point: {listing(added)}; they are detached and kept.")
    newest = max((other.at for other in card.restore_points if other.stage == point.stage), default=point.at)
    if newest > point.at and is_newest_meant:
        sentences.append(f"A newer restore point ({instant(newest)}) lacks a member and is passed over.")
    return sentences


def newest_point(card: Card, target: Stage) -> RestorePoint:
    """Return the newest whole restore point that was taken in a stage.

    Raises:
        NotPromotable: there is none.
    """
    points = [point for point in card.restore_points if point.stage == target.id]
    if not points:
        raise NotPromotable(
            reason=f"“{shortened(card.name)}” has no restore point from {target.name}.",
            mend="Demote it with its disks as they are.",
        )
    present = {member.uuid for member in card.members}
    whole = [point for point in points if point.is_whole]
    if not whole:
        names = tuple(member.name for member in card.members if member.uuid not in points[0].snapshots)
        raise NotPromotable(
            reason=f"The restore point has no snapshot of {listing(names)}: added since, or the snapshot is gone.",
            mend="Demote it with its disks as they are.",
        )
    if set(whole[0].snapshots) - present:
        raise NotPromotable(
            reason="A machine of the restore point is no member any more.",
            mend="Add it again, or demote with the disks as they are.",
        )
    return whole[0]
