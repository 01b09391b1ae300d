"""The plan of a demotion that brings machines back into another pool, and there back to their restore point."""

from collections.abc import Mapping, Sequence

from xsconsole.domain.actions.placing import PutOnNetworks
from xsconsole.domain.board import Card, Member
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Estimate, Intent, Plan
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Stage, Transition
from xsconsole.engine.clearance import demand_clearance
from xsconsole.engine.moves.relocation import SET_S
from xsconsole.engine.moves.restoring import Returnee, add_asides, add_reverts, demand_own_disks, losses, starts
from xsconsole.engine.moves.restoring_as_stream import plan_restoring_as_stream
from xsconsole.engine.moves.sending import as_stream, demand_sendable
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_homes,
    add_moves,
    add_notes,
    add_questions,
    add_records,
    demand_room,
    hosts_there,
    trip_of,
)
from xsconsole.engine.moves.trips import Traveller, Way, nics_of, sentences, travellers
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.networking import networks_in
from xsconsole.engine.plans.placement import Guest, memory_of
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification

MEND = "Demote with the disks as they are."


def plan_restoring_across(
    card: Card,
    point: RestorePoint,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    there: Land,
    inventory: Inventory,
) -> Plan:
    """Shut down, move, and there set the present aside, revert, write, start, verify.

    The snapshots of the restore point hang at the machines and go along with them. They move first: what is likely to
    fail is over before anything is reverted, and what is put back until then is only a way back. All are set aside
    before the first is reverted, as where they stay in their pool. Where hosts do not reach each other they return
    before they go, as streams.
    """
    demand_own_disks(card, source, inventory)
    sr = storage_in(target, there.inventory)
    way = Way(source=source, target=target, edge=edge, sr=sr, there=there, ends=intent.abroad, is_doubled=True)
    one_way = demand_versions(there, inventory)
    parts = [Returnee.of(member, point, inventory, MEND) for member in card.members]
    running = [part.member for part in parts if part.member.power_state == "Running"]
    to_start = [part.member for part in parts if starts(part, target)]
    party = travellers(card.members, [part.vm for part in parts], way, set(), inventory)
    put = {part.vm.uuid: networks_in(part.snapshot, source, target, inventory, there.inventory) for part in parts}
    guests = [
        _guest(each, part, way, put[part.vm.uuid], will_start=part.member in to_start)
        for each, part in zip(party, parts, strict=True)
    ]
    leg = Leg(
        way=way,
        party=tuple(party),
        hosts=hosts_there(way, guests),
        inventory=inventory,
        is_one_way=bool(one_way),
    )
    cut_off = demand_clearance(leg.journeys(card), there, inventory)
    _demand_operations(parts, running, to_start, target, inventory, is_streamed=cut_off is not None)
    if cut_off is not None:
        streamed = as_stream(leg, cut_off, is_kept=False)
        demand_sendable(streamed.party)
        return plan_restoring_as_stream(card, point, parts, put, source, intent, values, streamed, to_start)
    room = demand_room(party, way, inventory)

    steps, was_up = Steps(), bool(running)
    ready = add_notes(steps, leg, add_shutdowns(steps, running, add_questions(steps, leg)))
    ready = add_moves(steps, leg, ready)
    with steps.at(way.ends):
        space: dict[Uuid, dict[Uuid, int]] = {part.vm.uuid: {} for part in parts}  # that of the moves has it
        aside = add_asides(steps, parts, running, space, ready)
        ready = add_reverts(steps, parts, aside, values, target, is_downtime=was_up, is_lifted=True)
        ready = _add_networks(steps, party, parts, put, ready, inventory)
        ready = add_company(steps, leg, add_homes(steps, leg, ready), aside)
        delays_s = {part.vm.uuid: part.vm.start_delay for part in parts}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=was_up, hosts=leg.hosts)
        ready = add_records(steps, card, leg, ready)
        add_verification(steps, card.name, {member.uuid for member in to_start}, ready)
    stays_down = tuple(member.name for member in running if member not in to_start)
    warnings = [
        *losses(parts, point, card, inventory, is_newest_meant=True),
        *sentences(card, party, way, inventory),
        *room,
        *one_way,
    ]
    if stays_down:
        warnings.append(f"{listing(stays_down)} will be shut down and stay so.")
    return trip_of(card, way, intent, steps, warnings)


def _guest(each: Traveller, part: Returnee, way: Way, networks: Mapping[str, Uuid], *, will_start: bool) -> Guest:
    """Return what its host there must see and have: of what it is when it arrives, and of what it is when it starts."""
    return Guest(
        key=each.uuid,
        name=each.member.name,
        memory_bytes=memory_of(part.snapshot) if will_start else 0,
        storages=frozenset({way.sr.uuid}),
        networks=frozenset({*each.networks.values(), *networks.values()}),
        home=each.home,
    )


def _add_networks(
    steps: Steps,
    party: Sequence[Traveller],
    parts: Sequence[Returnee],
    put: Mapping[Uuid, Mapping[str, Uuid]],
    ready: list[StepKey],
    inventory: Inventory,
) -> list[StepKey]:
    """Put machines on the networks of then whose interfaces were on others since.

    XAPI brings an interface of a snapshot to where it brings the one of the same MAC address that the machine has.
    """
    added = []
    for each, part in zip(party, parts, strict=True):
        brought = _brought(each, part, inventory)
        wanted = {device: uuid for device, uuid in put[each.uuid].items() if brought.get(device) != uuid}
        if wanted:
            original = {device: brought[device] for device in wanted}
            action = PutOnNetworks(vm=each.uuid, networks=wanted, original=original)
            added.append(steps.add(action, each.member.name, ready, Estimate(seconds=SET_S)))
    return added or ready


def _brought(each: Traveller, part: Returnee, inventory: Inventory) -> dict[str, Uuid]:
    """Return the networks that the interfaces of the snapshot are on when they have moved, by device."""
    own = {nic.MAC: each.networks[nic.device] for nic in nics_of(part.vm, inventory)}
    return {
        nic.device: own.get(nic.MAC) or each.snapshot_networks[nic.MAC] for nic in nics_of(part.snapshot, inventory)
    }


def _demand_operations(
    parts: Sequence[Returnee],
    running: Sequence[Member],
    to_start: Sequence[Member],
    target: Stage,
    inventory: Inventory,
    *,
    is_streamed: bool,
) -> None:
    rules.demand_power_changes((target, to_start), what="a return")
    for part in parts:
        if not is_streamed:
            rules.demand_operation(part.vm, "migrate_send", inventory, is_own_block_lifted=True)
        if part.member in running:
            rules.demand_operation(part.vm, "clean_shutdown", inventory, is_own_block_lifted=True)
        for operation in ("start", "start_on", "snapshot", "revert"):
            rules.demand_unblocked(part.vm, operation)
        rules.demand_unblocked(part.snapshot, "revert")
