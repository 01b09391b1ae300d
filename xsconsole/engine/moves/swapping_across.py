"""The plan of a swap with a stand-by that is in another pool: each goes where the other was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from xsconsole.domain.actions.copies import ExchangeArrived, PassDisk, Slot
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VBD, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.workflow import Stage, Transition, Workflow
from xsconsole.engine.clearance import demand_clearance
from xsconsole.engine.moves.exchanging import add_passes
from xsconsole.engine.moves.moving import runs
from xsconsole.engine.moves.sending import (
    add_openings,
    add_points_there,
    add_transfer,
    as_stream,
    demand_sendable,
    why_streamed,
)
from xsconsole.engine.moves.swapping import add_points, disks_in, machines_in, to_start_again, told_of_swap
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_notes,
    add_records,
    hosts_there,
    left_by,
    seeing,
    space_of,
)
from xsconsole.engine.moves.trips import Way, pool_names, travellers
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import slot_of
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.placement import freed_by
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, moved
from xsconsole.errors import NotPromotable

KEEP = "Demote it with its disks as they are."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A disk of the place, at `original` of the machine that leaves, for which the stand-by gives its own at `slot`.

    `disk` and `given` are what they are called in the pools where they are now. None is given to a copy, whose own one
    was destroyed when it took the place.
    """

    disk: Uuid
    leaving: Uuid
    original: Slot
    given: Uuid | None
    coming: Uuid
    slot: Slot


def plan_swap_across(
    card: Card,
    standby: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    workflow: Workflow,
    there: Land,
    home: Land,
) -> Plan:
    """Let the stand-by come while the place is served, then change places; the other way round where room is short.

    Where both fit into the pool of the place at once, nobody serves only for a shutdown and a start. Where they do not,
    who leaves goes first, if the other pool has room for both. Disks of the place change hands where both are. Where
    hosts do not reach each other both go as streams, the stand-by first, and stay where they were until the end.
    """
    board, inventory = home.board, home.inventory
    out, back = _ways_open(card, home, *_legs(card, standby, source, target, edge, intent, there, home))
    kept = _kept(card, out, back)
    leaving, coming = machines_in(card, inventory), machines_in(standby, there.inventory)
    running = [member for member, _ in leaving if runs(member)]
    to_start = to_start_again(coming, leaving, source)
    _demand_operations(out, back, running)
    is_kept = edge.restore_point is not None
    is_brought_first, room = _order(out, back, kept, is_kept=is_kept and not out.is_streamed, board=board)

    steps, was_up = Steps(), bool(running)
    ready = [*add_openings(steps, out), *add_openings(steps, back)]
    if is_brought_first:
        ready = arrived = add_transfer(steps, back, add_notes(steps, back, ready))
    ready = add_shutdowns(steps, running, ready)
    if is_kept and not out.is_streamed:
        ready = add_points(steps, leaving, ready, inventory)
    if not is_brought_first:
        ready = arrived = add_transfer(steps, out, add_notes(steps, out, ready), is_downtime=was_up)
    moved_by = {each.uuid: key for each, key in zip((back if is_brought_first else out).party, arrived, strict=True)}
    with steps.at(None if is_brought_first else intent.abroad):
        passes = [_passed(one, moved_by[one.coming if is_brought_first else one.leaving]) for one in kept]
        ready = add_passes(steps, passes, {vm.uuid: member.name for member, vm in coming}, ready, is_downtime=was_up)
    if not is_brought_first:
        ready = add_transfer(steps, back, add_notes(steps, back, ready), is_downtime=was_up)
    ready = add_company(steps, back, add_homes(steps, back, ready))
    delays_s = {vm.uuid: vm.start_delay for _, vm in coming}
    ready = add_starts(steps, to_start, delays_s, ready, is_downtime=was_up, hosts=back.hosts)
    ready = add_records(steps, standby, back, add_entries(steps, back, _values(standby, source, workflow), ready))
    if is_brought_first:
        left = {(one.leaving, one.original.device) for one in kept if one.given is None}
        ready = add_transfer(steps, out, add_notes(steps, out, ready), left)
        if is_kept and out.is_streamed:
            ready = add_points_there(steps, out, ready)
    ready = add_company(steps, out, add_homes(steps, out, ready))
    ready = add_records(steps, card, out, add_entries(steps, out, _values(card, target, workflow), ready))
    last = _verified(steps, standby, {member.uuid for member in to_start}, ready, None)
    _verified(steps, card, set(), [last], intent.abroad)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (source,), (standby.id,)),
        leases_abroad=rules.leases_for(card.id, card.service, (target,), (standby.id,)),
        warnings=(
            *told_of_swap(
                card,
                standby,
                source,
                target,
                {one.disk: one.given for one in kept},
                disks_in(leaving, inventory),
                disks_in(coming, there.inventory),
            ),
            *_told(card, standby, out, inventory, is_brought_first=is_brought_first),
            *room,
        ),
        asks=True,
    )


def _legs(
    card: Card,
    standby: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    there: Land,
    home: Land,
) -> tuple[Leg, Leg]:
    """Return how the one leaves the place and the other comes back to it.

    Raises:
        NotPromotable: one cannot, such as out of a pool of a higher version.
    """
    inventory = home.inventory
    out = Way(
        source=source,
        target=target,
        edge=edge,
        sr=storage_in(target, there.inventory),
        there=there,
        ends=intent.abroad,
        is_doubled=edge.restore_point is not None,
    )
    back = Way(
        source=target,
        target=source,
        edge=edge,
        sr=storage_in(source, inventory),
        there=home,
        begins=intent.abroad,
        ends=None,
    )
    demand_versions(there, inventory)
    demand_versions(home, there.inventory)
    leaving, coming = machines_in(card, inventory), machines_in(standby, there.inventory)
    running = {member.uuid for member in to_start_again(coming, leaving, source)}
    goes = travellers([member for member, _ in leaving], [vm for _, vm in leaving], out, set(), inventory)
    comes = travellers([member for member, _ in coming], [vm for _, vm in coming], back, set(), there.inventory)
    freed = freed_by([vm for _, vm in leaving], inventory)
    stays = card.succession.kept if card.succession is not None else ()
    guests = [
        seeing(
            each.guest(back.sr, will_start=each.uuid in running),
            [one.disk for one in stays if one.vm == each.uuid],
            inventory,
        )
        for each in comes
    ]
    return (
        Leg(
            way=out,
            party=tuple(goes),
            hosts=hosts_there(out, [each.guest(out.sr, will_start=False) for each in goes]),
            inventory=inventory,
        ),
        Leg(
            way=back,
            party=tuple(comes),
            hosts=hosts_there(back, guests, freed),
            inventory=there.inventory,
        ),
    )


def _ways_open(card: Card, home: Land, out: Leg, back: Leg) -> tuple[Leg, Leg]:
    """Return both as they can go: from host to host, or as streams if either cannot."""
    cut_off = demand_clearance(out.journeys(card), out.way.there, out.inventory)
    cut_off = cut_off or demand_clearance(back.journeys(card), home, back.inventory)
    if cut_off is None:
        return out, back
    return as_stream(out, cut_off, is_kept=out.way.is_doubled), as_stream(back, cut_off, is_kept=False)


def _demand_operations(out: Leg, back: Leg, running: Sequence[Member]) -> None:
    for leg in (out, back):
        if leg.is_streamed:
            demand_sendable(leg.party)
        for each in leg.party:
            if not leg.is_streamed:
                rules.demand_operation(each.vm, "migrate_send", leg.inventory, is_own_block_lifted=True)
            for operation in ("start", "start_on", "snapshot"):
                rules.demand_unblocked(each.vm, operation)
    for each in out.party:
        if each.member in running:
            rules.demand_operation(each.vm, "clean_shutdown", out.inventory, is_own_block_lifted=True)
    up = next((each.member.name for each in back.party if runs(each.member)), None)
    if up is not None:
        raise NotPromotable(
            reason=f"“{shortened(up)}” of the stand-by runs, and would be in the place before that is free.",
            mend="Shut it down first.",
        )


def _order(out: Leg, back: Leg, kept: Sequence["_Kept"], *, is_kept: bool, board: Board) -> tuple[bool, list[str]]:
    """Return whether the stand-by comes before the other leaves, and warnings about storage.

    Raises:
        NotPromotable: neither order leaves room in both pools at every moment; with the sums.
    """
    here, there = out.inventory, back.inventory
    frozen = capacity.total(*(capacity.snapshot_space(here, each.vm) for each in out.party if is_kept))
    claimed, claimed_there = claims_on(board).space, claims_on(out.way.there.board).space
    goes, comes = "The machines that leave", "The machines that come back"
    # Each takes along the disks that it got from the other.
    extra = (
        sum(_size(back.inventory, one.given) for one in kept if one.given),
        sum(_size(out.inventory, one.disk) for one in kept),
    )
    leaving = capacity.total(space_of(out), {out.way.sr.uuid: extra[0]})
    coming = capacity.total(space_of(back), {back.way.sr.uuid: extra[1]})
    try:
        return True, [
            *capacity.demand_space(here, capacity.total(coming, frozen), comes, claimed),
            *capacity.demand_space(there, leaving, goes, claimed_there, left_by(back)),
        ]
    except NotPromotable as first:
        if any(one.given is None for one in kept) or out.is_streamed:
            # A disk of the place would leave it with the copy, and nothing of its own would; and what goes as a stream
            # stays where it was until the end.
            raise
        try:
            return False, [
                *capacity.demand_space(here, frozen, "The snapshots", claimed),
                *capacity.demand_space(there, leaving, goes, claimed_there),
                *capacity.demand_space(here, coming, comes, claimed, left_by(out)),
            ]
        except NotPromotable as second:
            raise NotPromotable(
                reason=f"They cannot change places in either order. {first.reason} The other way round: "
                f"{second.reason[0].lower()}{second.reason[1:]}",
                mend=second.mend,
            ) from second


def _kept(card: Card, out: Leg, back: Leg) -> list[_Kept]:
    """Return which disks of the place go back to the machines that had them, and what these have in their place.

    Raises:
        NotPromotable: one is not where it was handed over to, or nothing is where it was.
    """
    have = {disk.uuid: (each.vm, drive) for each in out.party for drive, disk in drives_of(out.inventory, each.vm)}
    old = {each.uuid: each.vm for each in back.party}
    found = []
    for kept in card.succession.kept if card.succession is not None else ():
        holder, before = have.get(kept.disk), old.get(kept.vm)
        given = None if before is None else _at(before, kept.device, back.inventory)
        is_exchanged = card.succession is not None and bool(card.succession.given)
        if holder is None or before is None or (given is not None) is not is_exchanged:
            raise NotPromotable(
                reason="A disk that the place keeps is not where it was handed over to, or the stand-by has "
                f"{'none to give for it' if is_exchanged else 'another'} at device {kept.device}.",
                mend=f"Attach it to the machine that had it. {KEEP}",
            )
        vm, drive = holder
        there = slot_of(drive)
        found.append(
            _Kept(
                disk=kept.disk,
                leaving=vm.uuid,
                original=there,
                given=given[1].uuid if given is not None else None,
                coming=before.uuid,
                slot=slot_of(given[0]) if given is not None else msgspec.structs.replace(there, device=kept.device),
            )
        )
    return found


def _size(inventory: Inventory, disk: Uuid) -> int:
    found = inventory.by_uuid(VDI, disk)
    return found.virtual_size if found is not None else 0


def _at(vm: VM, device: str, inventory: Inventory) -> tuple[VBD, VDI] | None:
    return next((pair for pair in drives_of(inventory, vm) if pair[0].userdevice == device), None)


def _passed(one: _Kept, arrived: StepKey) -> PassDisk:
    if one.given is None:
        return PassDisk(disk=one.disk, vm=one.leaving, to=one.coming, slot=one.slot, original=one.original)
    return ExchangeArrived(
        disk=one.disk,
        vm=one.leaving,
        to=one.coming,
        slot=one.slot,
        original=one.original,
        given=one.given,
        arrived=arrived,
    )


def _values(card: Card, stage: Stage, workflow: Workflow) -> Mapping[Uuid, MemberValue]:
    return {member.uuid: moved(member.value, stage, workflow) for member in card.members}


def _verified(steps: Steps, card: Card, running: set[Uuid], ready: list[StepKey], pool: Uuid | None) -> StepKey:
    with steps.at(pool):
        add_verification(steps, card.name, running, ready, {member.uuid for member in card.members})
    return steps.all[-1].key


def _told(card: Card, standby: Card, out: Leg, inventory: Inventory, *, is_brought_first: bool) -> list[str]:
    here, there = pool_names(out.way, inventory)
    name, other = shortened(card.name, 60), shortened(standby.name, 60)
    told = [f"{other} moves from pool {there} to pool {here}, and {name} the other way."]
    if out.is_streamed:
        told.append(
            f"Both go as streams through this console, {why_streamed(out)} They come off and as the same machines, "
            "without snapshots. What was sent stands by where it was, off and marked, until "
            "everything has passed; the last steps destroy it there with its disks and snapshots."
        )
    if is_brought_first:
        told.append(f"{other} comes first, while {name} still serves.")
    else:
        told.append(
            f"Pool {here} has no room for both at once: {name} leaves first, and nobody serves until both have moved."
        )
    return told
