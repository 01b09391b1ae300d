"""The plan of a promotion or demotion that moves the machines themselves into another pool."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain.board import Card
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.clearance import demand_clearance
from xsconsole.engine.moves.moving import add_restore_point, runs, vms_of
from xsconsole.engine.moves.trip_steps import (
    add_company,
    add_homes,
    add_moves,
    add_notes,
    add_questions,
    add_records,
    demand_operations,
    demand_room,
    journey,
    placed_there,
    questions_of,
)
from xsconsole.engine.moves.trips import Way, sentences, travellers
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.placement import place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, writing
from xsconsole.errors import NotPromotable


def plan_moving_across(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    there: Land,
    inventory: Inventory,
) -> Plan:
    """Ask both pools; then restore point, what stops, and the move of each machine; there, what starts and the stage.

    Nothing but our own protection, of which a pool would say no, is changed before both pools have said of every
    machine that it can go. The stage is written when all have arrived; until then every machine carries what it
    carried, and the roster stands here.
    """
    sr = storage_in(target, there.inventory)
    way = Way(source=source, target=target, edge=edge, intent=intent, sr=sr, there=there)
    one_way = demand_versions(target, there, inventory)
    vms = vms_of(card.members, inventory)
    to_stop = [member for member in card.members if target.entry is EntryAction.STOP and runs(member)]
    to_start = [member for member in card.members if target.entry is EntryAction.START and not runs(member)]
    starting = {member.uuid for member in to_start}
    up = {member.uuid for member in card.members if runs(member)} - {member.uuid for member in to_stop}
    party = travellers(card.members, vms, way, up, inventory)
    demand_operations(party, to_start, to_stop, inventory)
    room = demand_room(party, way, inventory)
    guests = [each.guest(sr, will_start=each.uuid in starting) for each in party]
    hosts = place(there.inventory, guests, claims_on(there.board).memory)
    if len(hosts) < len(party):
        raise NotPromotable(reason=f"The pool of {target.name} has no enabled host.", mend="Enable a host there.")

    steps = Steps()
    questions = questions_of(party, way)
    demand_clearance([journey(card, each, questions, hosts) for each in party], there, inventory)
    asked = add_questions(steps, party, questions, hosts)
    ready = asked
    if edge.restore_point is not None:
        ready = add_restore_point(steps, [each.member for each in party], vms, inventory, ready)
    ready = add_shutdowns(steps, to_stop, ready)
    ready = add_notes(steps, party, ready)
    first = len(steps.all)
    ready = add_moves(steps, party, way, hosts, ready, inventory, is_one_way=bool(one_way))
    ready = add_homes(steps, party, ready)
    ready = add_company(steps, party, ready)
    delays_s = {vm.uuid: vm.start_delay for vm in vms}
    ready = add_starts(steps, to_start, delays_s, ready, is_downtime=False, hosts=hosts)
    ready = [
        # What protected the machines where they were is lifted by then.
        steps.add(
            msgspec.structs.replace(writing(each.vm, values[each.uuid], target), original_blocked={}),
            each.member.name,
            ready,
        )
        for each in party
    ]
    ready, here = add_records(steps, card, ready, way, inventory)
    add_verification(steps, card.name, up | starting, ready)
    warnings = [*sentences(card, party, way, inventory), *room, *one_way]
    if edge.restore_point is not None and any(map(runs, card.members)):
        warnings.append(
            f"The restore point of {count(sum(map(runs, card.members)), 'running machine')} is what a power cut would "
            "leave: memory is not in it."
        )
    if to_stop:
        warnings.append(f"{count(len(to_stop), 'running machine')} will be shut down and stay so.")
    if edge.kind is Kind.DEMOTE:
        warnings.append("The disks stay as they are now.")
    return Plan(
        intent=intent,
        steps=placed_there(steps.all, {*asked}, first, here, intent),
        leases=rules.leases_for(card.id, card.service, (source,)),
        leases_abroad=rules.leases_for(card.id, card.service, (target,)),
        warnings=tuple(warnings),
        asks=True,
    )
