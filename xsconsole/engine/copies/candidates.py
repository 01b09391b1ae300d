"""What is frozen for a request: planned, found again as what copies are made of, and removed.

A request for copies is about disks, which no manifest covers. So they are frozen before anybody decides; the plan that
is approved names the snapshots and their disks, and what is copied are those and no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from xsconsole.domain.actions.copies import DropCandidate, NoteFreeze, UseCandidate, UsePoint
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.disks import disks_of, drives_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, RequestId, RunId, StepKey, Uuid, WorkflowId
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.manifest import Manifest, manifest_of_records
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import (
    Estimate,
    FreezeMachine,
    Intent,
    Plan,
    Purpose,
    RunKind,
    SpendSnapshot,
    Step,
    TakeSnapshot,
)
from xsconsole.domain.points.sets import Candidate, RestorePoint, candidates
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, Frozen, RestorePointMark, decode, encode
from xsconsole.domain.replica import is_left_behind
from xsconsole.domain.requests.values import papers_on
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Method, Stage, Transition, Workflow
from xsconsole.engine.commands import Freeze, Thaw
from xsconsole.engine.copies.freezing import add_freeze, demand_freezable
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.runs.traces import traced
from xsconsole.errors import NotFound, NotPromotable

LOOK_S = 0.5
DROP_S = 1.0
REMOVABLE = {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What was frozen for a request, whole. `images` are the members as they were then, by member.

    An image has the disks and interfaces of its snapshot, and the uuid of its machine.
    """

    candidate: Candidate
    images: Mapping[Uuid, VM]
    snapshots: Mapping[Uuid, VM]
    point: RunId | None = None  # whose restore point it is, which stays

    def ordered(self, card: Card) -> Card:
        """Return the configuration with its members in the order that they had: what is planned follows it."""
        members = sorted(card.members, key=lambda one: (self.images[one.uuid].order, one.role, one.uuid))
        return replace(card, members=tuple(members))

    def manifest(self, card: Card, inventory: Inventory, workflow: Workflow | None) -> Manifest:
        """Return what the copies will be made of, without what a copy leaves behind."""
        members = ((member.role, self.images[member.uuid]) for member in card.members)
        return manifest_of_records(members, inventory, workflow.stage(card.stage) if workflow else None)


def candidate_of(card: Card, request: RequestId) -> Candidate | None:
    return next((one for one in card.candidates if one.request == request), None)


def loss_of(card: Card, request: RequestId) -> str:
    """Return why what was frozen for a request can be copied no more; empty where it can."""
    found = candidate_of(card, request)
    if found is None:
        return "What was frozen for it is gone from the pool."
    if found.is_spent:
        return "What was frozen for it has been copied: it was carried out."
    gone = tuple(member.name for member in card.members if member.uuid not in found.snapshots)
    if gone:
        return f"What was frozen of {listing(gone)} is gone: somebody deleted the snapshot, or took its mark."
    return ""


def stock_of(card: Card, request: RequestId, inventory: Inventory) -> Stock:
    """Return what copies for a request are made of.

    Raises:
        NotPromotable: something of it is gone.
    """
    loss = loss_of(card, request)
    candidate = candidate_of(card, request)
    snapshots = {}
    for member in card.members if candidate is not None and not loss else ():
        assert candidate is not None
        snapshot = inventory.by_uuid(VM, candidate.snapshots[member.uuid])
        if snapshot is not None:
            snapshots[member.uuid] = snapshot
    if loss or candidate is None or len(snapshots) < len(card.members):
        raise NotPromotable(
            reason=loss or "What was frozen for it is gone from the pool.", mend="Withdraw the request, and ask again."
        )
    images = {vm: _image(vm, snapshot) for vm, snapshot in snapshots.items()}
    return Stock(candidate=candidate, images=images, snapshots=snapshots)


def stock_of_point(card: Card, point: RestorePoint, inventory: Inventory) -> Stock:
    """Return what copies of a restore point are made of.

    Raises:
        NotPromotable: a member has no snapshot in it.
    """
    found = {member.uuid: inventory.by_uuid(VM, point.snapshots.get(member.uuid, Uuid(""))) for member in card.members}
    snapshots = {uuid: snapshot for uuid, snapshot in found.items() if snapshot is not None}
    gone = tuple(member.name for member in card.members if member.uuid not in snapshots)
    if gone:
        raise NotPromotable(
            reason=f"The restore point has no snapshot of {listing(gone)}: added since, or the snapshot is gone.",
            mend="Choose another restore point.",
        )
    images = {}
    for member in card.members:
        machine = inventory.get(VM, member.ref)
        assert machine is not None, "a member is a machine of the pool"
        # What no snapshot keeps is what the machine has now.
        images[member.uuid] = _bare(
            member.uuid,
            snapshots[member.uuid],
            Frozen(
                request=RequestId(""),
                name=machine.name_label,
                order=machine.order,
                start_delay_s=machine.start_delay,
                shutdown_delay_s=machine.shutdown_delay,
            ),
        )
    moments = [snapshot.snapshot_time for snapshot in snapshots.values() if snapshot.snapshot_time is not None]
    marks = (decode(one.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark) for one in snapshots.values())
    candidate = Candidate(
        request=RequestId(""),
        configuration=card.id,
        at=point.at,
        skew_s=(max(moments) - min(moments)).total_seconds() if moments else 0.0,
        snapshots=point.snapshots,
        is_of_running=any(mark is not None and bool(mark.was_running) for mark in marks),
        is_spent=False,
    )
    return Stock(candidate=candidate, images=images, snapshots=snapshots, point=point.run)


def left_over(board: Board, inventory: Inventory) -> tuple[Candidate, ...]:
    """Return what stands frozen without a request on the pool, and without a run that works on it."""
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    standing = {paper.request.id for paper in papers_on(keys)}
    marked = [
        (vm, mark)
        for vm in inventory.all(VM)
        if vm.is_a_snapshot
        and (mark := decode(vm.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)) is not None
    ]
    busy = {card.id for card in board.cards.values() if card.run is not None}
    return tuple(one for one in candidates(marked) if one.request not in standing and one.configuration not in busy)


def manifest_of_stock(
    card: Card, request: RequestId, workflow: Workflow | None, inventory: Inventory
) -> Manifest | None:
    """Return what copies for a request will be made of; None where something of it is gone."""
    try:
        return stock_of(card, request, inventory).manifest(card, inventory, workflow)
    except NotPromotable:
        return None


def bytes_of(candidate: Candidate, inventory: Inventory) -> int:
    """Return what the snapshots come to hold at most, once everything they froze has been overwritten."""
    found = (inventory.by_uuid(VM, uuid) for uuid in candidate.snapshots.values())
    return sum(disk.virtual_size for vm in found if vm is not None for disk in disks_of(inventory, vm))


def add_use(steps: Steps, stock: Stock, card: Card, inventory: Inventory) -> dict[Uuid, StepKey]:
    """Add what makes sure of each snapshot before anything is copied; return the step of each member."""

    def using(member: Member) -> UseCandidate:
        snapshot, request = stock.snapshots[member.uuid], stock.candidate.request
        disks = {vbd.userdevice: disk.uuid for vbd, disk in drives_of(inventory, snapshot)}
        if stock.point is not None:
            return UsePoint(vm=member.uuid, snapshot=snapshot.uuid, request=request, disks=disks, run=stock.point)
        return UseCandidate(vm=member.uuid, snapshot=snapshot.uuid, request=request, disks=disks)

    return {member.uuid: steps.add(using(member), member.name, (), Estimate(seconds=LOOK_S)) for member in card.members}


def spending(stock: Stock, card: Card, edge: Transition, after: tuple[StepKey, ...]) -> tuple[Step, ...]:
    """Return the last steps: nothing is copied of it again, or it is the restore point that the way wants."""
    steps = []
    for number, member in enumerate(card.members, start=1):
        snapshot = stock.snapshots[member.uuid]
        original = snapshot.other_config.get(RESTORE_POINT_KEY, "")
        mark = decode(original, RestorePointMark)
        assert mark is not None, "a candidate is known by its marks"
        if edge.restore_point is not None:
            mark = msgspec.structs.replace(mark, purpose=Purpose.RESTORE_POINT.value, transition=edge.id, frozen=None)
        else:
            mark = msgspec.structs.replace(mark, purpose=Purpose.SPENT.value)
        steps.append(
            Step(
                key=StepKey(f"zzz-spend-{number:02d}"),
                action=SpendSnapshot(snapshot=snapshot.uuid, value=encode(mark), original=original),
                subject=shortened(member.name, 80),
                after=after,
                estimate=Estimate(seconds=LOOK_S),
            )
        )
    return tuple(steps)


def plan_freeze(
    command: Freeze, card: Card, target: Stage, edge: Transition, workflow: Workflow, board: Board, inventory: Inventory
) -> Plan:
    """Freeze all members for a request, in a run of its own that any console can put back."""
    if edge.method is Method.MOVE:
        raise NotPromotable(
            reason=f"The way to {target.name} moves the machines themselves, so nothing is frozen.",
            mend="Ask for it as it is.",
        )
    rules.demand_settled_power(card)
    found = ((member, inventory.get(VM, member.ref)) for member in card.members)
    machines = [(member, vm) for member, vm in found if vm is not None]
    for member, vm in machines:
        demand_freezable(member, vm, inventory, is_stopped_first=command.is_stopped_first)
        capacity.demand_short_chains(inventory, vm, 2 if edge.method is Method.LINKED_CLONE else 1)
    warnings = capacity.demand_storage(inventory, [vm for _, vm in machines], claims_on(board).space)

    def taking(member: object, vm: VM) -> TakeSnapshot:
        del member
        return FreezeMachine(
            vm=vm.uuid,
            purpose=Purpose.CANDIDATE,
            was_running=vm.power_state == "Running" and not command.is_stopped_first,
            request=command.request,
            stage_name=target.name,
            name=vm.name_label,
            order=vm.order,
            start_delay_s=vm.start_delay,
            shutdown_delay_s=vm.shutdown_delay,
        )

    steps = Steps()
    taken = add_freeze(steps, machines, taking, inventory, is_stopped_first=command.is_stopped_first)
    steps.add(NoteFreeze(snapshots=tuple(taken.values())), card.name, taken.values())
    return Plan(
        intent=intent_in(RunKind.FREEZE, card, workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=warnings,
    )


def plan_thaw(command: Thaw, board: Board, inventory: Inventory) -> Plan:
    """Destroy what was frozen for a request; what is marked for something else by then stays."""
    card = board.cards.get(command.configuration)
    if card is not None:
        rules.demand_standing(card, REMOVABLE)
    found = [
        snapshot
        for snapshot in traced(command.configuration, inventory)
        if (mark := decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)) is not None
        and mark.frozen is not None
        and (mark.configuration, mark.frozen.request) == (command.configuration, command.request)
    ]
    if not found:
        raise NotFound(reason="Nothing of it is frozen for that request.", mend="There is nothing to remove.")
    steps = Steps()
    for snapshot in found:
        machine = inventory.get(VM, snapshot.snapshot_of)
        subject = machine.name_label if machine is not None else snapshot.name_label
        action = DropCandidate(snapshot=snapshot.uuid, request=command.request)
        steps.add(action, subject, (), Estimate(seconds=DROP_S))
    intent = _thawing(command.configuration, card, board.workflow)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(intent.configuration, intent.service, ()),
        warnings=("What was frozen cannot be brought back.",),
        asks=True,
    )


def _thawing(configuration: ConfigurationId, card: Card | None, workflow: Workflow | None) -> Intent:
    if card is not None:
        return intent_in(RunKind.THAW, card, workflow)
    return Intent(
        kind=RunKind.THAW,
        configuration=configuration,
        name=f"configuration {configuration[:8]}",
        service="",
        workflow=workflow.id if workflow else WorkflowId(""),
        workflow_version=workflow.version if workflow else 0,
    )


def _image(vm: Uuid, snapshot: VM) -> VM:
    """Return the machine as it was frozen: what it is beside its disks, without what no copy of it gets."""
    mark = decode(snapshot.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
    frozen = mark.frozen if mark is not None else None
    assert frozen is not None, "a candidate is known by its marks"
    return _bare(vm, snapshot, frozen)


def _bare(vm: Uuid, snapshot: VM, frozen: Frozen) -> VM:
    return msgspec.structs.replace(
        snapshot,
        uuid=vm,
        name_label=frozen.name,
        order=frozen.order,
        start_delay=frozen.start_delay_s,
        shutdown_delay=frozen.shutdown_delay_s,
        affinity=NULL_REF,
        tags=(),
        ha_restart_priority="",
        other_config={key: text for key, text in snapshot.other_config.items() if not is_left_behind(key)},
    )
