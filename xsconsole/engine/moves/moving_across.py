"""The plan of a promotion or demotion that moves the machines themselves into another pool."""

from collections.abc import Mapping, Sequence

import msgspec

from xsconsole.domain.actions.holds import CarryHold, DropHold
from xsconsole.domain.actions.placing import PreferHost
from xsconsole.domain.actions.travel import AskAcross, JoinCompany, LiftProtection, MoveAcross, NoteCompany
from xsconsole.domain.board import Card, Member
from xsconsole.domain.closures import to_text
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import Host, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, WriteRoster
from xsconsole.domain.poolstate import MemberValue, Roster, newest_text, roster_stem
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.clearance import demand_clearance
from xsconsole.engine.moves.moving import add_restore_point, runs, vms_of
from xsconsole.engine.moves.relocation import SET_S
from xsconsole.engine.moves.trips import Traveller, Way, foreign_nics, sentences, storage_of, travellers
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.lands import Journey, Land, demand_versions, storage_in
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import memory_of, place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, own_blocks, writing
from xsconsole.errors import NotPromotable

ASK_S = 2.0
MOVE_S = 15.0
MOVED_BYTES_PER_S = 50 * 1024 * 1024


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
    _demand_operations(party, to_start, to_stop, inventory)
    room = _demand_room(party, way, inventory)
    guests = [each.guest(sr, will_start=each.uuid in starting) for each in party]
    hosts = place(there.inventory, guests, claims_on(there.board).memory)
    if len(hosts) < len(party):
        raise NotPromotable(reason=f"The pool of {target.name} has no enabled host.", mend="Enable a host there.")

    steps = Steps()
    questions = _questions(party, way)
    demand_clearance([_journey(card, each, questions, hosts) for each in party], there, inventory)
    asked = _add_questions(steps, party, questions, hosts)
    ready = asked
    if edge.restore_point is not None:
        ready = add_restore_point(steps, [each.member for each in party], vms, inventory, ready)
    ready = add_shutdowns(steps, to_stop, ready)
    ready = _add_notes(steps, party, ready)
    first = len(steps.all)
    ready = _add_moves(steps, party, way, hosts, ready, inventory, is_one_way=bool(one_way))
    ready = _add_homes(steps, party, ready)
    ready = _add_company(steps, party, ready)
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
    ready, here = _add_records(steps, card, ready, way, inventory)
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
        steps=tuple(
            msgspec.structs.replace(step, pool=intent.abroad)
            if step.key in asked or (number >= first and step.key not in here)
            else step
            for number, step in enumerate(steps.all)
        ),
        leases=rules.leases_for(card.id, card.service, (source,)),
        leases_abroad=rules.leases_for(card.id, card.service, (target,)),
        warnings=tuple(warnings),
        asks=True,
    )


# Steps


def _questions(party: Sequence[Traveller], way: Way) -> dict[Uuid, AskAcross]:
    return {
        each.uuid: AskAcross(
            vm=each.uuid, sr=way.sr.uuid, networks=each.networks, snapshot_networks=each.snapshot_networks
        )
        for each in party
    }


def _journey(card: Card, each: Traveller, questions: Mapping[Uuid, AskAcross], hosts: Mapping[Uuid, Uuid]) -> Journey:
    return Journey(configuration=card.id, vm=each.vm, question=questions[each.uuid], host=hosts[each.uuid])


def _add_questions(
    steps: Steps, party: Sequence[Traveller], questions: Mapping[Uuid, AskAcross], hosts: Mapping[Uuid, Uuid]
) -> list[StepKey]:
    """Ask both pools of each machine, once we block nothing at it any more; return what the rest waits for."""
    lifted = [
        steps.add(LiftProtection(vm=each.uuid, original=own_blocks(each.vm)), each.member.name)
        for each in party
        if own_blocks(each.vm)
    ]
    return [
        steps.add(
            questions[each.uuid],
            each.member.name,
            lifted,
            Estimate(seconds=ASK_S),
            host=hosts[each.uuid],
        )
        for each in party
    ]


def _add_moves(
    steps: Steps,
    party: Sequence[Traveller],
    way: Way,
    hosts: Mapping[Uuid, Uuid],
    ready: list[StepKey],
    inventory: Inventory,
    *,
    is_one_way: bool,
) -> list[StepKey]:
    found = []
    for each in party:
        home = inventory.get(Host, each.vm.affinity)
        taken = sum(each.space.values())
        action = MoveAcross(
            vm=each.uuid,
            sr=way.sr.uuid,
            networks=each.networks,
            snapshot_networks=each.snapshot_networks,
            original_networks=present_networks(each.vm, inventory),
            original_snapshot_networks=_networks_of_foreign(each, inventory),
            original_storage=storage_of(each.vm, inventory),
            original_snapshot_storage={
                f"{snapshot.uuid}/{device}": sr
                for snapshot in each.snapshots
                for device, sr in storage_of(snapshot, inventory).items()
            },
            original_home=home.uuid if home is not None else None,
            is_one_way=is_one_way,
        )
        estimate = Estimate(
            seconds=MOVE_S + taken / MOVED_BYTES_PER_S,
            bytes=taken,
            space=each.space,
            memory_bytes=memory_of(each.vm) if each.stays_up else 0,
        )
        found.append(steps.add(action, each.member.name, ready, estimate, host=hosts[each.uuid], back=each.back))
    return found


def _networks_of_foreign(each: Traveller, inventory: Inventory) -> dict[str, Uuid]:
    found = foreign_nics(each.vm, each.snapshots, inventory)
    held = {mac: inventory.get(Network, vif.network) for mac, (_, vif) in sorted(found.items())}
    return {mac: network.uuid for mac, network in held.items() if network is not None}


def _add_notes(steps: Steps, party: Sequence[Traveller], ready: list[StepKey]) -> list[StepKey]:
    notes = [
        steps.add(NoteCompany(vm=each.uuid, has_schedule=each.has_schedule), each.member.name, ready)
        for each in party
        if each.has_company
    ]
    return notes or ready


def _add_company(steps: Steps, party: Sequence[Traveller], ready: list[StepKey]) -> list[StepKey]:
    # One after the other: of two that find no vApp of that name, each would make one.
    for each in party:
        if each.has_company:
            ready = [steps.add(JoinCompany(vm=each.uuid, has_schedule=each.has_schedule), each.member.name, ready)]
    return ready


def _add_homes(steps: Steps, party: Sequence[Traveller], ready: list[StepKey]) -> list[StepKey]:
    # A machine that has arrived prefers no host: what it preferred is in the other pool.
    homes = [
        steps.add(
            PreferHost(vm=each.uuid, host=each.home, original=None), each.member.name, ready, Estimate(seconds=SET_S)
        )
        for each in party
        if each.home is not None
    ]
    return homes or ready


def _add_records(
    steps: Steps, card: Card, ready: list[StepKey], way: Way, inventory: Inventory
) -> tuple[list[StepKey], set[StepKey]]:
    """Let roster and hold stand there and no more here; return what ends that, and which steps happen here."""
    stem = roster_stem(card.id)
    roster, other = (
        newest_text(pool.other_config if pool is not None else {}, stem, Roster)
        for pool in (inventory.pool, way.there.inventory.pool)
    )
    names = [f"{shortened(card.name, 40)} in pool “{shortened(name, 30)}”" for name in way.intent.pool_names]
    here: set[StepKey] = set()
    if roster:
        ready = [steps.add(WriteRoster(configuration=card.id, value=roster, original=other), names[1], ready)]
    if card.hold is not None:
        carried = CarryHold(configuration=card.id, reason=card.hold.reason, text=to_text(card.hold))
        ready = [steps.add(carried, names[1], ready)]
        dropped = DropHold(configuration=card.id, original=to_text(card.hold))
        ready = [steps.add(dropped, names[0], ready)]
        here |= {*ready}
    if roster:
        ready = [steps.add(WriteRoster(configuration=card.id, value="", original=roster), names[0], ready)]
        here |= {*ready}
    return ready, here


# What must hold


def _demand_operations(
    party: Sequence[Traveller], to_start: Sequence[Member], to_stop: Sequence[Member], inventory: Inventory
) -> None:
    by_uuid = {each.uuid: each.vm for each in party}
    for vm in by_uuid.values():
        rules.demand_operation(vm, "migrate_send", inventory, is_own_block_lifted=True)
    for member in to_stop:
        rules.demand_operation(by_uuid[member.uuid], "clean_shutdown", inventory, is_own_block_lifted=True)
        rules.demand_unblocked(by_uuid[member.uuid], "start")
    for member in to_start:
        rules.demand_operation(by_uuid[member.uuid], "start", inventory, is_own_block_lifted=True)
        rules.demand_unblocked(by_uuid[member.uuid], "start_on")


def _demand_room(party: Sequence[Traveller], way: Way, inventory: Inventory) -> list[str]:
    taken = [each.vm for each in party] if way.edge.restore_point is not None else []
    frozen = capacity.total(*(capacity.snapshot_space(inventory, vm) for vm in taken))
    moved = capacity.total(*(each.space for each in party))
    there = way.there
    return [
        *capacity.demand_space(inventory, frozen, "The snapshots"),
        *capacity.demand_space(there.inventory, moved, "The machines", claims_on(there.board).space),
    ]
