"""The plan of a move into another pool whose hosts are not reached: each machine goes there through this console."""

from collections.abc import Mapping, Sequence

import msgspec

from xsconsole.domain.actions.travel import KeepOff, RetireSource, SettleArrived, StreamAcross
from xsconsole.domain.board import Card, Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, Step, TakeSnapshot
from xsconsole.domain.poolstate import BLOCK_REASON_PREFIX, STAGE_FIELD_KEY, MemberValue
from xsconsole.domain.side_by_side import COPIES_INTO_A_STORAGE
from xsconsole.domain.wording.pool import sentences as told
from xsconsole.domain.words import count, duration, listing, size
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.clearance import DEMANDED
from xsconsole.engine.copies.crossing import SEND_S, SENT_BYTES_PER_S
from xsconsole.engine.moves.moving import SNAPSHOT_S, runs, taken_along, vms_of
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_lifts,
    add_notes,
    add_records,
    hosts_there,
    trip_of,
)
from xsconsole.engine.moves.trips import Traveller, Way, left_behind, pool_names, travellers
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import travels_after_all
from xsconsole.engine.plans.lands import Land, demand_versions, storage_in
from xsconsole.engine.plans.steps import SUBJECT_LIMIT, Steps, add_shutdowns, add_starts, add_verification
from xsconsole.errors import PoolFailed

HELD_BACK = ("start", "start_on", "migrate_send", "destroy")
"""What is blocked at a machine that was sent: whatever would let two of it run, or leave none."""
LAST = StepKey("zzzz-retire-source")
RETIRE_S = 5.0


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
    _demand_operations(party, running, to_start, inventory)
    room = _demand_room(vms, way, inventory, is_kept=is_kept)
    starting = {member.uuid for member in to_start}
    hosts = hosts_there(way, [each.guest(sr, will_start=each.uuid in starting) for each in party])
    leg = Leg(way=way, party=tuple(party), hosts=hosts, inventory=inventory, is_one_way=bool(one_way))

    steps = Steps()
    ready = add_shutdowns(steps, running, add_lifts(steps, leg))
    ready = _add_marks(steps, leg, add_notes(steps, leg, ready))
    ready = _add_streams(steps, leg, ready, is_downtime=bool(running))
    with steps.at(way.ends):
        if is_kept:
            ready = _add_points(steps, leg, ready)
        ready = add_company(steps, leg, add_homes(steps, leg, ready))
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=bool(running), hosts=hosts)
        ready = add_records(steps, card, leg, add_entries(steps, leg, values, ready))
        add_verification(steps, card.name, starting, ready)
    alone = travels_after_all(list(zip(card.members, vms, strict=True)), None, edge, inventory)
    warnings = [*_sentences(card, leg, running, to_start, cut_off), *alone, *room, *one_way]
    if edge.kind is Kind.DEMOTE:
        warnings += ["The disks stay as they are now.", *taken_along(card, source, target, inventory)]
    return trip_of(card, way, intent, steps, warnings)


def retiring(plan: Plan, inventory: Inventory) -> Plan:
    """Return the plan with the end of what was sent as its last step, once all that may lead back has passed."""
    sent = tuple(step.action.vm for step in plan.steps if isinstance(step.action, StreamAcross))
    if not sent:
        return plan
    vms = [vm for vm in (inventory.by_uuid(VM, uuid) for uuid in sent) if vm is not None]
    snapshots = sum(len(vm.snapshots) for vm in vms)
    pool = shortened(plan.intent.pool_names[0], 60)
    question = f"Destroy {count(snapshots, 'snapshot')} in pool “{pool}”, which no stream takes along"
    step = Step(
        key=LAST,
        action=RetireSource(vms=sent, question=question if snapshots else ""),
        subject=shortened(plan.intent.name, SUBJECT_LIMIT),
        after=plan.ends,
        estimate=Estimate(seconds=RETIRE_S),
    )
    return msgspec.structs.replace(plan, steps=(*plan.steps, step))


# Steps


def _add_marks(steps: Steps, leg: Leg, ready: list[StepKey]) -> list[StepKey]:
    """Let each be known, here and to other programs, for what it is until it is retired."""
    _, last = pool_names(leg.way, leg.inventory)
    reason = f"{BLOCK_REASON_PREFIX}stands by for the one that was sent to pool {last}"
    with steps.at(leg.way.begins):
        return [
            steps.add(
                KeepOff(
                    vm=each.uuid,
                    stage_name=f"Stand-by, sent to {last}",
                    original_stage_name=each.vm.other_config.get(STAGE_FIELD_KEY, ""),
                    blocked=dict.fromkeys(HELD_BACK, reason),
                ),
                each.member.name,
                ready,
            )
            for each in leg.party
        ]


def _add_streams(steps: Steps, leg: Leg, ready: list[StepKey], *, is_downtime: bool) -> list[StepKey]:
    """Send each machine, then put each on its networks; return what comes next waits for."""
    sr, inventory = leg.way.sr.uuid, leg.inventory
    with steps.at(leg.way.ends):
        sent = [
            steps.add(
                StreamAcross(vm=each.uuid, sr=sr),
                each.member.name,
                ready,
                Estimate(
                    seconds=_seconds(each, leg),
                    bytes=_sent_bytes(each, inventory),
                    space=capacity.copy_space(inventory, each.vm, leg.way.sr),
                    downtime_s=_transfer_s(leg) if is_downtime and number == 0 else 0.0,
                ),
            )
            for number, each in enumerate(leg.party)
        ]
        # Networks that an import made are taken away with the last interface: nothing may be arriving on them then.
        return [
            steps.add(
                SettleArrived(
                    vm=each.uuid,
                    sr=sr,
                    networks=each.networks,
                    stage_name=each.vm.other_config.get(STAGE_FIELD_KEY, ""),
                    devices=tuple(drive.userdevice for drive, _ in drives_of(inventory, each.vm)),
                ),
                each.member.name,
                sent,
                Estimate(seconds=1.0),
            )
            for each in leg.party
        ]


def _add_points(steps: Steps, leg: Leg, ready: Sequence[StepKey]) -> list[StepKey]:
    return [
        steps.add(
            TakeSnapshot(vm=each.uuid, purpose=Purpose.RESTORE_POINT, was_running=runs(each.member)),
            each.member.name,
            ready,
            Estimate(seconds=SNAPSHOT_S, bytes=sum(space.values()), space=space),
        )
        for each in leg.party
        for space in (capacity.snapshot_space(leg.inventory, each.vm, leg.way.sr),)
    ]


def _sent_bytes(each: Traveller, inventory: Inventory) -> int:
    """Return what goes over the wire at most: a stream leaves out what was never written."""
    return sum(disk.virtual_size for _, disk in drives_of(inventory, each.vm))


def _seconds(each: Traveller, leg: Leg) -> float:
    """Return how long one is on the way beside those that go at the same time, through the same console."""
    shared = _sent_bytes(each, leg.inventory) * min(len(leg.party), COPIES_INTO_A_STORAGE)
    return SEND_S + min(shared, _all_bytes(leg)) / SENT_BYTES_PER_S


def _all_bytes(leg: Leg) -> int:
    return sum(_sent_bytes(each, leg.inventory) for each in leg.party)


def _transfer_s(leg: Leg) -> float:
    """Return how long all of them are on the way, however many at once."""
    return SEND_S + _all_bytes(leg) / SENT_BYTES_PER_S


# What must hold


def _demand_operations(
    party: Sequence[Traveller], running: Sequence[Member], to_start: Sequence[Member], inventory: Inventory
) -> None:
    for each in party:
        rules.demand_unblocked(each.vm, "destroy")
        if each.member in running:
            rules.demand_operation(each.vm, "clean_shutdown", inventory, is_own_block_lifted=True)
            rules.demand_unblocked(each.vm, "export")
        else:
            rules.demand_operation(each.vm, "export", inventory, is_own_block_lifted=True)
        if each.member in running or each.member in to_start:
            rules.demand_unblocked(each.vm, "start")
            rules.demand_unblocked(each.vm, "start_on")


def _demand_room(vms: Sequence[VM], way: Way, inventory: Inventory, *, is_kept: bool) -> Sequence[str]:
    """Demand room there for what arrives, and for its restore point; here nothing more is taken."""
    sent = [capacity.copy_space(inventory, vm, way.sr) for vm in vms]
    kept = [capacity.snapshot_space(inventory, vm, way.sr) for vm in vms] if is_kept else []
    claimed = claims_on(way.there.board).space
    return capacity.demand_space(way.there.inventory, capacity.total(*sent, *kept), "The machines", claimed)


# Words


def _sentences(
    card: Card, leg: Leg, running: Sequence[Member], to_start: Sequence[Member], cut_off: PoolFailed
) -> list[str]:
    """Return what whoever confirms should know of the way, of what arrives, and of what becomes of the source."""
    party, way = leg.party, leg.way
    pools = pool_names(way, leg.inventory)
    disks = sum(len(drives_of(leg.inventory, each.vm)) for each in party)
    if cut_off.code == DEMANDED:
        why = f"as the way to {shortened(way.target.name, 60)} demands."
    else:
        why = "because hosts of the two pools do not reach each other"
        why += f": {told(cut_off.code, cut_off.parameters)[0]}" if cut_off.parameters else "."
    goes = "goes" if len(party) == 1 else "go"
    found = [
        f"{shortened(card.name, 60)} leaves pool {pools[0]}: {count(len(party), 'machine')} with "
        f"{count(disks, 'disk')} (up to {size(_all_bytes(leg))}) {goes} to "
        f"“{shortened(way.sr.name_label, 60)}” in pool {pools[1]} as a stream through this console, {why}",
    ]
    if running:
        names = listing(tuple(member.name for member in running))
        serves = "; nobody serves until all have arrived and started" if to_start else " and stay so"
        found.append(f"{names} will be shut down before the transfer (about {duration(_transfer_s(leg))}){serves}.")
    found.append(
        "They arrive as the same machines, with uuid, names, tags and MAC addresses, so the two of each never run at "
        "once. Disks get new uuids; snapshots and statistics stay behind."
    )
    found.append(
        f"What was sent stands by in pool {pools[0]}, off and marked, until everything has passed. The last step "
        "destroys it there with its disks and snapshots, and from then on there is no way back but another move."
    )
    return [*found, *left_behind(party, way, leg.inventory)]
