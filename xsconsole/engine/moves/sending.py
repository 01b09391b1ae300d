"""Steps that take a leg into the other pool by the way that is open: from host to host, or through this console.

What goes through the console is sent as a stream: there is one of each machine in both pools until `retiring`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import msgspec

from xsconsole.domain.actions.travel import KeepOff, RetireSource, SettleArrived, StreamAcross
from xsconsole.domain.board import Card, Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import ConfigurationId, StageId, StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, Step, TakeSnapshot
from xsconsole.domain.poolstate import (
    BLOCK_REASON_PREFIX,
    MEMBER_STEM,
    STAGE_FIELD_KEY,
    MemberValue,
    decode,
    newest_text,
)
from xsconsole.domain.side_by_side import COPIES_INTO_A_STORAGE
from xsconsole.domain.wording.pool import sentences as told
from xsconsole.domain.words import count, size
from xsconsole.engine.clearance import DEMANDED
from xsconsole.engine.moves.moving import SNAPSHOT_S, runs
from xsconsole.engine.moves.trip_steps import Leg, add_lifts, add_moves, add_questions
from xsconsole.engine.moves.trips import Traveller, left_behind, pool_names
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.lands import looked_after_there
from xsconsole.engine.plans.steps import SUBJECT_LIMIT, Steps
from xsconsole.errors import PoolFailed

HELD_BACK = ("start", "start_on", "migrate_send", "destroy")
"""What is blocked at a machine that was sent: whatever would let two of it run, or leave none."""
LAST = StepKey("zzzz-retire-source")
LAST_ABROAD = StepKey("zzzz-retire-source-abroad")
RETIRE_S = 5.0
SEND_S = 10.0
SENT_BYTES_PER_S = 50 * 1024 * 1024


def as_stream(leg: Leg, cut_off: PoolFailed, *, is_kept: bool) -> Leg:
    """Return the leg as one through this console, because of what XAPI said of the two pools.

    Snapshots stay behind; of what `is_kept` a restore point is taken where it arrives.
    """
    inventory, sr = leg.inventory, leg.way.sr

    def space(vm: VM) -> dict[Uuid, int]:
        kept = capacity.snapshot_space(inventory, vm, sr) if is_kept else {}
        return capacity.total(capacity.copy_space(inventory, vm, sr), kept)

    return replace(leg, party=tuple(replace(each, space=space(each.vm)) for each in leg.party), cut_off=cut_off)


def demand_sendable(party: Sequence[Traveller]) -> None:
    """Refuse what somebody blocked of what sending a machine, and the end of the one that was sent, need."""
    for each in party:
        rules.demand_unblocked(each.vm, "export")
        rules.demand_unblocked(each.vm, "destroy")


def demand_stream_operations(
    party: Sequence[Traveller], running: Sequence[Member], to_start: Sequence[Member], inventory: Inventory
) -> None:
    """Refuse what a stream needs and a pool or somebody who blocked it would not let happen."""
    demand_sendable(party)
    for each in party:
        if each.member in running:
            rules.demand_operation(each.vm, "clean_shutdown", inventory, is_own_block_lifted=True)
        else:
            rules.demand_operation(each.vm, "export", inventory, is_own_block_lifted=True)
        if each.member in running or each.member in to_start:
            rules.demand_unblocked(each.vm, "start")
            rules.demand_unblocked(each.vm, "start_on")


def add_openings(steps: Steps, leg: Leg) -> list[StepKey]:
    """Lift what we block, and ask both pools where hosts are to carry machines; return what the rest waits for."""
    return add_lifts(steps, leg) if leg.is_streamed else add_questions(steps, leg)


def add_transfer(
    steps: Steps,
    leg: Leg,
    ready: list[StepKey],
    left: Collection[tuple[Uuid, str]] = (),
    devices: Mapping[Uuid, tuple[str, ...]] = MappingProxyType({}),
    *,
    is_downtime: bool = False,
) -> list[StepKey]:
    """Bring each machine there; return the steps after which each is there with its disks, in the order of the party.

    `left` are machines and devices of disks that others have by then; `devices` those of disks that machines have then.
    """
    if not leg.is_streamed:
        return add_moves(steps, leg, ready, left, is_downtime=is_downtime)
    return _add_streams(steps, leg, _add_marks(steps, leg, ready), left, devices, is_downtime=is_downtime)


def ended_across(plan: Plan, inventory: Inventory, there: Inventory) -> Plan:
    """Return a plan between two pools with what comes last of all, each step in the pool that it is about."""
    return looked_after_there(retiring(plan, inventory, there))


def retiring(plan: Plan, inventory: Inventory, there: Inventory) -> Plan:
    """Return the plan with the end of what was sent as its last steps, once all that may lead back has passed.

    What was sent out of the pool of the run ends first. None of it begins before all machines are where they go.
    """
    steps = plan.steps
    for key, is_abroad, pool in ((LAST, False, inventory), (LAST_ABROAD, True, there)):
        sent = tuple(
            step.action.vm
            for step in plan.steps
            if isinstance(step.action, StreamAcross) and (step.pool is None) is is_abroad
        )
        if not sent:
            continue
        vms = [vm for vm in (pool.by_uuid(VM, uuid) for uuid in sent) if vm is not None]
        snapshots = sum(len(vm.snapshots) for vm in vms)
        name = shortened(plan.intent.pool_names[1 if is_abroad else 0], 60)
        question = f"Destroy {count(snapshots, 'snapshot')} in pool “{name}”, which no stream takes along"
        ended = Step(
            key=key,
            action=RetireSource(vms=sent, question=question if snapshots else ""),
            subject=shortened(_name_at(vms) or plan.intent.name, SUBJECT_LIMIT),
            after=msgspec.structs.replace(plan, steps=steps).ends,
            estimate=Estimate(seconds=RETIRE_S),
            pool=plan.intent.abroad if is_abroad else None,
        )
        steps = (*steps, ended)
    return msgspec.structs.replace(plan, steps=steps)


def _name_at(vms: Sequence[VM]) -> str:
    """Return of which configuration machines are, as they carry it."""
    values = (decode(newest_text(vm.other_config, MEMBER_STEM, MemberValue), MemberValue) for vm in vms)
    return next((value.name for value in values if value is not None), "")


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


def _add_streams(
    steps: Steps,
    leg: Leg,
    ready: list[StepKey],
    left: Collection[tuple[Uuid, str]],
    devices: Mapping[Uuid, tuple[str, ...]],
    *,
    is_downtime: bool,
) -> list[StepKey]:
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
                    downtime_s=transfer_s(leg) if is_downtime and number == 0 else 0.0,
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
                    devices=devices.get(each.uuid) or _devices_of(each, left, inventory),
                ),
                each.member.name,
                sent,
                Estimate(seconds=1.0),
            )
            for each in leg.party
        ]


def add_points_there(
    steps: Steps,
    leg: Leg,
    ready: Sequence[StepKey],
    configuration: ConfigurationId | None = None,
    stage: StageId | None = None,
) -> list[StepKey]:
    """Take the restore point where the machines arrived, off as they are; whose it is, if not of who was asked about.

    It holds what one where they were would: nothing of them has started since.
    """
    with steps.at(leg.way.ends):
        return [
            steps.add(
                TakeSnapshot(
                    vm=each.uuid,
                    purpose=Purpose.RESTORE_POINT,
                    was_running=runs(each.member),
                    configuration=configuration,
                    stage=stage,
                ),
                each.member.name,
                ready,
                Estimate(seconds=SNAPSHOT_S, bytes=sum(space.values()), space=space),
            )
            for each in leg.party
            for space in (capacity.snapshot_space(leg.inventory, each.vm, leg.way.sr),)
        ]


def _devices_of(each: Traveller, left: Collection[tuple[Uuid, str]], inventory: Inventory) -> tuple[str, ...]:
    held = (drive.userdevice for drive, _ in drives_of(inventory, each.vm))
    return tuple(device for device in held if (each.uuid, device) not in left)


def _sent_bytes(each: Traveller, inventory: Inventory) -> int:
    """Return what goes over the wire at most: a stream leaves out what was never written."""
    return sum(disk.virtual_size for _, disk in drives_of(inventory, each.vm))


def _seconds(each: Traveller, leg: Leg) -> float:
    """Return how long one is on the way beside those that go at the same time, through the same console."""
    shared = _sent_bytes(each, leg.inventory) * min(len(leg.party), COPIES_INTO_A_STORAGE)
    return SEND_S + min(shared, _all_bytes(leg)) / SENT_BYTES_PER_S


def _all_bytes(leg: Leg) -> int:
    return sum(_sent_bytes(each, leg.inventory) for each in leg.party)


def transfer_s(leg: Leg) -> float:
    """Return how long all of them are on the way, however many at once."""
    return SEND_S + _all_bytes(leg) / SENT_BYTES_PER_S


# Words


def stream_words(card: Card, leg: Leg) -> list[str]:
    """Return what whoever confirms should know of the way, of what arrives, and of what becomes of the source."""
    party, way = leg.party, leg.way
    pools = pool_names(way, leg.inventory)
    disks = sum(len(drives_of(leg.inventory, each.vm)) for each in party)
    goes = "goes" if len(party) == 1 else "go"
    return [
        f"{shortened(card.name, 60)} leaves pool {pools[0]}: {count(len(party), 'machine')} with "
        f"{count(disks, 'disk')} (up to {size(_all_bytes(leg))}) {goes} to "
        f"“{shortened(way.sr.name_label, 60)}” in pool {pools[1]} as a stream through this console, "
        f"{why_streamed(leg)}",
        "They arrive as the same machines, with uuid, names, tags and MAC addresses, so the two of each never run at "
        "once. Disks get new uuids; snapshots and statistics stay behind.",
        f"What was sent stands by in pool {pools[0]}, off and marked, until everything has passed. The last step "
        "destroys it there with its disks and snapshots, and from then on there is no way back but another move.",
        *left_behind(party, way, leg.inventory),
    ]


def why_streamed(leg: Leg) -> str:
    """Return why it goes through this console, to the full stop."""
    failed, way = leg.cut_off, leg.way
    if failed is not None and failed.code == DEMANDED:
        demands = f"the way to {shortened(way.target.name, 60)}" if way.edge.as_stream else "the way of the other"
        return f"as {demands} demands."
    why = f": {told(failed.code, failed.parameters)[0]}" if failed is not None and failed.parameters else "."
    return f"because hosts of the two pools do not reach each other{why}"
