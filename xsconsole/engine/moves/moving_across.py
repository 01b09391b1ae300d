"""The plan of a promotion or demotion that moves the machines themselves into another pool."""

from collections.abc import Mapping

from xsconsole.domain.board import Card
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.clearance import demand_clearance
from xsconsole.engine.moves.moving import add_restore_point, runs, taken_along, vms_of
from xsconsole.engine.moves.streaming_across import plan_streaming_across
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_moves,
    add_notes,
    add_questions,
    add_records,
    demand_operations,
    demand_room,
    hosts_there,
    trip_of,
)
from xsconsole.engine.moves.trips import Way, sentences, travellers
from xsconsole.engine.plans.disk_roles import travels_after_all
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification


def plan_moving_across(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    there: Land,
    inventory: Inventory,
    host: Uuid | None = None,
) -> Plan:
    """Ask both pools; then restore point, what stops, and the move of each machine; there, what starts and the stage.

    Where XAPI says that hosts of the two do not reach each other, they go as a stream instead.

    Nothing but our own protection, of which a pool would say no, is changed before both pools have said of every
    machine that it can go. The stage is written when all have arrived; until then every machine carries what it
    carried, and the roster stands here. `host` is the one that has to receive them all.
    """
    sr, is_kept = storage_in(target, there.inventory), edge.restore_point is not None
    way = Way(
        source=source,
        target=target,
        edge=edge,
        sr=sr,
        there=there,
        ends=intent.abroad,
        is_doubled=is_kept,
        host=host,
    )
    one_way = demand_versions(there, inventory)
    vms = vms_of(card.members, inventory)
    to_stop = [member for member in card.members if target.entry is EntryAction.STOP and runs(member)]
    to_start = [member for member in card.members if target.entry is EntryAction.START and not runs(member)]
    starting = {member.uuid for member in to_start}
    up = {member.uuid for member in card.members if runs(member)} - {member.uuid for member in to_stop}
    party = travellers(card.members, vms, way, up, inventory)
    demand_operations(party, to_start, to_stop, inventory)
    room = demand_room(party, way, inventory, vms if is_kept else ())
    hosts = hosts_there(way, [each.guest(sr, will_start=each.uuid in starting) for each in party])
    leg = Leg(way=way, party=tuple(party), hosts=hosts, inventory=inventory, is_one_way=bool(one_way))
    cut_off = demand_clearance(leg.journeys(card), there, inventory)
    if cut_off is not None:
        return plan_streaming_across(card, source, target, edge, intent, values, there, inventory, cut_off, host)

    steps = Steps()
    ready = add_questions(steps, leg)
    if is_kept:
        ready = add_restore_point(steps, card.members, vms, inventory, ready)
    ready = add_notes(steps, leg, add_shutdowns(steps, to_stop, ready))
    ready = add_moves(steps, leg, ready)
    ready = add_company(steps, leg, add_homes(steps, leg, ready))
    with steps.at(way.ends):
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=False, hosts=hosts)
        ready = add_records(steps, card, leg, add_entries(steps, leg, values, ready))
        add_verification(steps, card.name, up | starting, ready)
    alone = travels_after_all(list(zip(card.members, vms, strict=True)), None, edge, inventory)
    warnings = [*sentences(card, party, way, inventory), *alone, *room, *one_way]
    if edge.restore_point is not None and any(map(runs, card.members)):
        warnings.append(
            f"The restore point of {count(sum(map(runs, card.members)), 'running machine')} is what a power cut would "
            "leave: memory is not in it."
        )
    if to_stop:
        warnings.append(f"{count(len(to_stop), 'running machine')} will be shut down and stay so.")
    if edge.kind is Kind.DEMOTE:
        warnings += ["The disks stay as they are now.", *taken_along(card, source, target, inventory)]
    return trip_of(card, way, intent, steps, warnings)
