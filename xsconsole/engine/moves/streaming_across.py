"""The plan of a move into another pool whose hosts are not reached: each machine goes there through this console."""

from collections.abc import Mapping, Sequence

from xsconsole.domain.board import Card, Member
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import duration, listing
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.moves.moving import runs, taken_along, vms_of
from xsconsole.engine.moves.sending import (
    add_openings,
    add_points_there,
    add_transfer,
    as_stream,
    demand_stream_operations,
    stream_words,
    transfer_s,
)
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_notes,
    add_records,
    hosts_there,
    space_of,
    trip_of,
)
from xsconsole.engine.moves.trips import Way, travellers
from xsconsole.engine.plans import capacity
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import travels_after_all
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification
from xsconsole.errors import PoolFailed


def plan_streaming_across(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    there: Land,
    inventory: Inventory,
    cut_off: PoolFailed,
    host: Uuid | None = None,
) -> Plan:
    """Shut down, mark what stays behind, send; there compare, restore point, what starts and the stage.

    What was sent stands by, off and blocked, until all that may lead back has passed; `retiring` adds its end. The
    restore point is taken there: snapshots do not go along. `cut_off` is what XAPI said of the two pools, `host`
    the one that has to start them all.
    """
    sr, is_kept = storage_in(target, there.inventory), edge.restore_point is not None
    way = Way(source=source, target=target, edge=edge, sr=sr, there=there, ends=intent.abroad, host=host)
    one_way = demand_versions(there, inventory)
    vms = vms_of(card.members, inventory)
    running = [member for member in card.members if runs(member)]
    to_start = [
        member
        for member in card.members
        if target.entry is EntryAction.START or (target.entry is EntryAction.LEAVE and runs(member))
    ]
    party = travellers(card.members, vms, way, set(), inventory)
    demand_stream_operations(party, running, to_start, inventory)
    starting = {member.uuid for member in to_start}
    hosts = hosts_there(way, [each.guest(sr, will_start=each.uuid in starting) for each in party])
    whole = Leg(way=way, party=tuple(party), hosts=hosts, inventory=inventory)
    leg = as_stream(whole, cut_off, is_kept=is_kept)
    room = capacity.demand_space(there.inventory, space_of(leg), "The machines", claims_on(there.board).space)

    steps = Steps()
    ready = add_shutdowns(steps, running, add_openings(steps, leg))
    ready = add_transfer(steps, leg, add_notes(steps, leg, ready), is_downtime=bool(running))
    if is_kept:
        ready = add_points_there(steps, leg, ready)
    with steps.at(way.ends):
        ready = add_company(steps, leg, add_homes(steps, leg, ready))
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=bool(running), hosts=hosts)
        ready = add_records(steps, card, leg, add_entries(steps, leg, values, ready))
        add_verification(steps, card.name, starting, ready)
    alone = travels_after_all(list(zip(card.members, vms, strict=True)), None, edge, inventory)
    warnings = [*_sentences(card, leg, running, to_start), *alone, *room, *one_way]
    if edge.kind is Kind.DEMOTE:
        warnings += ["The disks stay as they are now.", *taken_along(card, source, target, inventory)]
    return trip_of(card, way, intent, steps, warnings)


# Words


def _sentences(card: Card, leg: Leg, running: Sequence[Member], to_start: Sequence[Member]) -> list[str]:
    """Return what whoever confirms should know of the way, and for how long nobody serves."""
    first, *others = stream_words(card, leg)
    if not running:
        return [first, *others]
    names = listing(tuple(member.name for member in running))
    serves = "; nobody serves until all have arrived and started" if to_start else " and stay so"
    down = f"{names} will be shut down before the transfer (about {duration(transfer_s(leg))}){serves}."
    return [first, down, *others]
