"""The plan of a move into a place that somebody has in another pool: who has it gives way, and goes back in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import msgspec

from xsconsole.domain.actions.copies import ExchangeArrived, ExchangeDisks, HandOverDisk
from xsconsole.domain.actions.holds import PlaceHold
from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Step, TakeSnapshot, is_streamed
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction, Stage, Transition, Workflow
from xsconsole.engine.clearance import as_demanded, demand_clearance, not_reached
from xsconsole.engine.moves.exchanging import add_passes, exchange_words, exchanges_of, succession_of
from xsconsole.engine.moves.moving import add_restore_point, is_kept_by, runs, vms_of
from xsconsole.engine.moves.sending import (
    add_openings,
    add_points_there,
    add_transfer,
    as_stream,
    demand_sendable,
    demand_stream_operations,
    stream_words,
    why_streamed,
)
from xsconsole.engine.moves.succession import Incumbent, add_standing_down, ended, told
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_notes,
    add_records,
    demand_operations,
    hosts_there,
    left_by,
    seeing,
    space_of,
)
from xsconsole.engine.moves.trips import Traveller, Way, pool_names, sentences, travellers
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.placement import freed_by
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, moved
from xsconsole.errors import NotPromotable, PoolFailed

LAST = "zzz-back-"  # of the steps that come when all that may lead back has passed


def plan_taking_over_across(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    incumbent: Incumbent,
    there: Land,
    home: Land,
) -> Plan:
    """Shut the newcomer down and move it while the place is served; then who has that stops, and the newcomer starts.

    It comes off, so that nothing of it is on the networks of the place before those of the incumbent are gone. Disks
    that stay change hands when both are in the pool of the place. The incumbent goes back by `retreated`.
    """
    inventory = home.inventory
    sr, is_kept_first = storage_in(target, there.inventory), edge.restore_point is not None
    way = Way(source=source, target=target, edge=edge, sr=sr, there=there, ends=intent.abroad, is_doubled=is_kept_first)
    one_way = demand_versions(there, inventory)
    vms = vms_of(card.members, inventory)
    machines = list(zip(card.members, vms, strict=True))
    exchanged = exchanges_of(machines, incumbent, target, edge, inventory, there.inventory)
    party = travellers(card.members, vms, way, set(), inventory)
    running = [member for member in card.members if runs(member)]
    to_start = [
        member
        for member in card.members
        if target.entry is EntryAction.START or (target.entry is EntryAction.LEAVE and runs(member))
    ]
    starting = {member.uuid for member in to_start}
    gets = {vm.uuid: [one.disk for one in exchanged if one.to == vm.uuid] for vm in vms}
    guests = [
        seeing(each.guest(sr, will_start=each.uuid in starting), gets[each.uuid], there.inventory) for each in party
    ]
    hosts = hosts_there(way, guests, freed_by(incumbent.vms, there.inventory))
    leg = Leg(way=way, party=tuple(party), hosts=hosts, inventory=inventory, is_one_way=bool(one_way))
    cut_off = demand_clearance(leg.journeys(card), there, inventory)
    is_kept = is_kept_by(incumbent, edge, exchanged)
    back = retreat_of(incumbent, card, target, intent, exchanged, there, home, is_kept=is_kept, cut_off=cut_off)
    cut_off = cut_off or (back.cut_off if back is not None else None)
    if cut_off is None:
        demand_operations(party, [member for member in to_start if member not in running], running, inventory)
    else:
        leg = as_stream(leg, cut_off, is_kept=is_kept_first)
        demand_stream_operations(party, running, to_start, inventory)
    is_kept_here = is_kept_first and not leg.is_streamed
    room = _demand_room(leg, back, vms if is_kept_here else (), incumbent.vms if is_kept else (), home.board)
    is_down = incumbent.is_serving

    steps = Steps()
    ready = [*add_openings(steps, leg), *(add_openings(steps, back) if back is not None else ())]
    ready = add_shutdowns(steps, running, ready, is_downtime=not is_down)
    if is_kept_here:
        ready = add_restore_point(steps, card.members, vms, inventory, ready)
    ready = add_transfer(steps, leg, add_notes(steps, leg, ready))
    arrived = dict(zip((vm.uuid for vm in vms), ready, strict=True))
    if is_kept_first and leg.is_streamed:
        ready = add_points_there(steps, leg, ready)
    ready = add_company(steps, leg, add_homes(steps, leg, ready))
    with steps.at(way.ends):
        ready = add_standing_down(steps, incumbent, target, ready, there.inventory, is_kept=is_kept)
        passes = [_on_arrival(one, arrived[one.to]) for one in exchanged]
        names = {vm.uuid: member.name for member, vm in machines}
        ready = add_passes(steps, passes, names, ready, is_downtime=is_down)
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=is_down, hosts=hosts)
        succession = succession_of(target, incumbent, passes)
        ready = add_records(steps, card, leg, add_entries(steps, leg, values, ready), succession)
        add_verification(steps, card.name, starting, ready)
    warnings = [
        told(incumbent, is_kept=is_kept),
        *exchange_words(exchanged, card, incumbent),
        *(stream_words(card, leg) if leg.is_streamed else sentences(card, party, way, inventory)),
        *room,
        *one_way,
    ]
    warnings += retreat_words(back, incumbent, is_kept=is_kept, leaves_disks=bool(exchanged))
    if running:
        then = "started again there" if set(running) <= set(to_start) else "stay so"
        warnings.append(f"{count(len(running), 'running machine')} will be shut down for the move and {then}.")
    also = (incumbent.card.id,)
    goes_home = incumbent.back if back is not None else None
    stays_there = incumbent.back if back is None else None
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (source, goes_home), also=also),
        leases_abroad=rules.leases_for(card.id, card.service, (target, stays_there), also=also),
        warnings=tuple(warnings),
        asks=True,
    )


def retreat_of(
    incumbent: Incumbent,
    newcomer: Card,
    place: Stage,
    intent: Intent,
    exchanged: Sequence[ExchangeDisks],
    there: Land,
    home: Land,
    *,
    is_kept: bool,
    cut_off: PoolFailed | None = None,
) -> Leg | None:
    """Return how who gives way goes to the pool of the run; None where its way back leads into no other pool.

    Whether the pools let it go is asked for the `newcomer`, whose plan stands or falls with that. Where hosts do not
    reach each other, as `cut_off` may say already, it goes as a stream.

    Raises:
        NotPromotable: it cannot go there, or its way back leads to a third pool.
    """
    stage, edge_back = incumbent.back, incumbent.way
    if stage is None or edge_back is None or stage.binding.pool is None:
        return None
    inventory, bound, that = home.inventory, stage.binding.pool, there.inventory.pool
    here = inventory.pool
    if that is not None and bound.uuid == that.uuid:
        return None
    if here is None or bound.uuid != here.uuid:
        raise NotPromotable(
            reason=f"“{shortened(incumbent.card.name)}” has the place in {place.name}, and its way back leads into a "
            f"third pool, “{shortened(bound.name or bound.uuid, 60)}”.",
            mend="Demote it first.",
        )
    way = Way(
        source=place,
        target=stage,
        edge=edge_back,
        sr=storage_in(stage, inventory),
        there=home,
        begins=intent.abroad,
        ends=None,
        is_doubled=is_kept,
    )
    demand_versions(home, there.inventory)
    members = [member for member, _ in incumbent.members]
    party = travellers(members, incumbent.vms, way, set(), there.inventory)
    hosts = hosts_there(way, [each.guest(way.sr, will_start=False) for each in party])
    leg = Leg(way=way, party=tuple(party), hosts=hosts, inventory=there.inventory)
    cut_off = cut_off or demand_clearance(leg.journeys(newcomer), as_demanded(edge_back, home), there.inventory)
    if cut_off is not None:
        leg = as_stream(leg, cut_off, is_kept=is_kept)
        demand_sendable(leg.party)
    else:
        for vm in incumbent.vms:
            rules.demand_operation(vm, "migrate_send", there.inventory, is_own_block_lifted=True)
    grown = (replace(each, space=_with_given(each, exchanged, way, inventory)) for each in leg.party)
    return replace(leg, party=tuple(grown))


def retreat_words(leg: Leg | None, incumbent: Incumbent, *, is_kept: bool, leaves_disks: bool) -> list[str]:
    """Return what to know of who gives way into another pool; `leaves_disks` says that some stay with the place."""
    if leg is None:
        return []
    pools, name = pool_names(leg.way, leg.inventory), shortened(incumbent.card.name, 60)
    if not leg.is_streamed:
        return [f"For that {name} moves from pool {pools[0]} to pool {pools[1]}."]
    found = [
        f"For that {name} goes from pool {pools[0]} to pool {pools[1]} as a stream through this console, "
        f"{why_streamed(leg)} The last step destroys it in pool {pools[0]}, with its snapshots."
    ]
    if is_kept:
        found.append(
            f"Its restore point is taken once more in pool {pools[1]}, where it is kept"
            f"{': disks that stay with the place are not in that one' if leaves_disks else ''}."
        )
    return found


def _with_given(each: Traveller, exchanged: Sequence[ExchangeDisks], way: Way, inventory: Inventory) -> dict[Uuid, int]:
    """Return the room for a machine with disks of the newcomer, which may be larger than those that it gave."""
    own = (inventory.by_uuid(VDI, one.given) for one in exchanged if one.vm == each.uuid)
    return capacity.total(each.space, *({way.sr.uuid: disk.virtual_size} for disk in own if disk is not None))


def retreated(
    plan: Plan,
    incumbent: Incumbent,
    newcomer: Card,
    place: Stage,
    workflow: Workflow,
    there: Land,
    home: Land,
) -> Plan:
    """Return the plan with what becomes of who had the place, once all that may lead back has passed."""
    actions = [step.action for step in plan.steps]
    exchanged = [action for action in actions if isinstance(action, ExchangeDisks)]
    is_kept = any(isinstance(one, TakeSnapshot) and one.configuration == incumbent.card.id for one in actions)
    cut_off = not_reached() if is_streamed(plan) else None
    leg = retreat_of(incumbent, newcomer, place, plan.intent, exchanged, there, home, is_kept=is_kept, cut_off=cut_off)
    if leg is None:
        last = ended(incumbent, place, workflow, there.inventory, plan.ends)
        return _with(plan, tuple(msgspec.structs.replace(step, pool=plan.intent.abroad) for step in last))
    steps = Steps(LAST)
    left = {(one.vm, one.original.device) for one in actions if isinstance(one, HandOverDisk)}
    ready = add_transfer(steps, leg, add_notes(steps, leg, list(plan.ends)), left)
    if is_kept and leg.is_streamed:
        ready = add_points_there(steps, leg, ready, incumbent.card.id, place.id)
    ready = add_company(steps, leg, add_homes(steps, leg, ready))
    values = {member.uuid: moved(member.value, leg.way.target, workflow) for member, _ in incumbent.members}
    ready = add_records(steps, incumbent.card, leg, add_entries(steps, leg, values, ready))
    add_verification(steps, incumbent.card.name, set(), ready)
    if incumbent.is_held:
        why = f"Gave way in {shortened(place.name, 60)}"
        hold = PlaceHold(configuration=incumbent.card.id, reason=why)
        steps.add(hold, incumbent.card.name, [steps.all[-1].key], Estimate(seconds=0.5))
    return _with(plan, steps.all)


def _with(plan: Plan, last: tuple[Step, ...]) -> Plan:
    return msgspec.structs.replace(plan, steps=(*plan.steps, *last))


def _on_arrival(one: ExchangeDisks, arrived: StepKey) -> ExchangeArrived:
    return ExchangeArrived(
        disk=one.disk, vm=one.vm, to=one.to, slot=one.slot, original=one.original, given=one.given, arrived=arrived
    )


def _demand_room(leg: Leg, back: Leg | None, snapped: Sequence[VM], kept: Sequence[VM], board: Board) -> list[str]:
    """Demand room in both pools at every moment: the newcomer comes before the incumbent goes."""
    here, there = leg.inventory, leg.way.there
    frozen = capacity.total(*(capacity.snapshot_space(here, vm) for vm in snapped))
    aside = capacity.total(*(capacity.snapshot_space(there.inventory, vm) for vm in kept))
    said = [
        *capacity.demand_space(here, frozen, "The snapshots"),
        *capacity.demand_space(
            there.inventory, capacity.total(space_of(leg), aside), "The machines", claims_on(there.board).space
        ),
    ]
    if back is None:
        return said
    return [*said, *room_for(back, board, left_by(leg))]


def room_for(
    back: Leg, board: Board, freed: Mapping[Uuid, int] | None = None, taken: Mapping[Uuid, int] = MappingProxyType({})
) -> list[str]:
    """Demand room for who gives way where they go; `freed` is what is free again there by then, `taken` what is not."""
    claimed, what = capacity.total(claims_on(board).space, taken), "The machines that give way"
    return list(capacity.demand_space(back.way.there.inventory, space_of(back), what, claimed, freed))
