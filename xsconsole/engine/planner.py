"""From a command to a plan: pure, so that what was confirmed can be compared with what would be done now."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec

from xsconsole.domain.board import Board, Card, Member, RestorePoint, Standing
from xsconsole.domain.gates import Scene
from xsconsole.domain.ids import StageId, StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Demand, Disks, Estimate, Intent, Plan, Purpose, RunKind, TakeSnapshot
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition, Workflow
from xsconsole.engine import membership, rules
from xsconsole.engine.capacity import demand_memory, demand_storage, snapshot_bytes
from xsconsole.engine.commands import (
    AddMembers,
    Adopt,
    Create,
    Demote,
    Dissolve,
    Plannable,
    Promote,
    Remap,
    RemoveMembers,
)
from xsconsole.engine.enforcement import demand_enforced
from xsconsole.engine.gatekeeper import demand_met, gated
from xsconsole.engine.mapping import plan_remap
from xsconsole.engine.restoring import plan_restore
from xsconsole.engine.stage_names import StageNames
from xsconsole.engine.steps import Steps, add_shutdowns, add_starts, add_verification, writing
from xsconsole.errors import NotPromotable

SNAPSHOT_S = 4.0


def plan(command: Plannable, board: Board, inventory: Inventory, actor: str, at: datetime) -> Plan:
    """Return what the command would do. `actor` is who is logged in: stages may name who moves what is in them.

    `at` is now: gates may have their hours. It decides whether there is a plan, never which.

    Pure: what the plan's digest covers depends on the command, the board and the members' records alone.

    Raises:
        Refused: a rule of the workflow or the state of the pool stands against it, with the mend.
    """
    match command:
        case Promote():
            return _plan_transition(command, RunKind.PROMOTE, Disks.KEEP, board, inventory, actor, at)
        case Demote():
            return _plan_transition(command, RunKind.DEMOTE, command.disks, board, inventory, actor, at)
        case Create():
            return membership.plan_create(command, board, inventory, actor)
        case AddMembers():
            return membership.plan_add(command, board, inventory)
        case RemoveMembers():
            return membership.plan_remove(command, board, inventory)
        case Adopt():
            return membership.plan_adopt(command, board, inventory)
        case Dissolve():
            return membership.plan_dissolve(command, board, inventory, actor)
        case Remap():
            return plan_remap(command, board, inventory)
    assert_never(command)


def _plan_transition(
    command: Promote | Demote,
    kind: RunKind,
    disks: Disks,
    board: Board,
    inventory: Inventory,
    actor: str,
    at: datetime,
) -> Plan:
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    target = rules.stage_of(workflow, command.target)
    edge = _transition(workflow, card, target, Kind(kind.value), inventory)
    source = rules.stage_of(workflow, edge.source)
    demand_enforced(workflow, edge, inventory.pool.uuid if inventory.pool else None)
    rules.demand_actor(workflow, (source, target), actor)
    rules.demand_place(board, target, card.service, card.id, will_run=_will_run(card, target))
    rules.demand_settled_power(card)
    demand_met(edge, Scene(card=card, target=target, board=board, inventory=inventory, at=at))
    point = _newest_point(card, target) if disks is Disks.RESTORE else None
    intent = Intent(
        kind=kind,
        configuration=card.id,
        name=card.name,
        service=card.service,
        workflow=workflow.id,
        workflow_version=workflow.version,
        source=source.id,
        target=target.id,
        transition=edge.id,
        disks=disks if kind is RunKind.DEMOTE else None,
        restore_point=point.run if point else None,
        revision=card.revision,
    )
    values = {member.uuid: _moved(member.value, target, workflow) for member in card.members}
    leases = rules.leases_for(card.id, card.service, (source, target))
    if point is not None:
        planned = plan_restore(card, point, source, target, intent, values, leases, inventory)
    else:
        planned = _plan_move(card, source, target, edge, intent, values, leases, inventory)
    return _demanding(gated(planned, edge), edge, workflow, card, inventory)


def _demanding(plan: Plan, edge: Transition, workflow: Workflow, card: Card, inventory: Inventory) -> Plan:
    """Return the plan with what others have to approve; its digest then holds the configuration's manifest too."""
    if not edge.approvals:
        return plan
    manifest = fingerprint(manifest_of_card(card, inventory, workflow))
    demand = Demand(rules=edge.approvals, workflow=workflow.digest, manifest=manifest)
    return msgspec.structs.replace(plan, demand=demand)


def _transition(workflow: Workflow, card: Card, target: Stage, kind: Kind, inventory: Inventory) -> Transition:
    name = f"“{shortened(card.name)}”"
    if card.stage == target.id:
        raise NotPromotable(reason=f"{name} stands in {target.name} already.", mend="Choose another stage.")
    source = workflow.stage(card.stage)
    if source is None:
        here = StageNames().read([card], inventory).quoted(card.stage)
        raise NotPromotable(
            reason=f"{name} stands in {here}, a stage that the workflow does not have.",
            mend="Make it whole at a stage of the workflow.",
        )
    edge = workflow.transition(source.id, target.id)
    if edge is None or edge.kind is not kind:
        ways = tuple(_stage_name(workflow, way.target) for way in workflow.transitions_from(source.id, kind))
        if edge is not None:
            other = "demotion" if kind is Kind.PROMOTE else "promotion"
            mend = f"That way is a {other}: ask for it as one."
        else:
            mend = f"From there it can be {kind.value}d to {listing(ways)}." if ways else "Change the workflow."
        raise NotPromotable(
            reason=f"The workflow has no way to {kind.value} from {source.name} to {target.name}.", mend=mend
        )
    return edge


def _stage_name(workflow: Workflow, stage_id: StageId) -> str:
    stage = workflow.stage(stage_id)
    return stage.name if stage else stage_id


def _moved(value: MemberValue, target: Stage, workflow: Workflow) -> MemberValue:
    return MemberValue(
        vm=value.vm,
        configuration=value.configuration,
        name=value.name,
        service=value.service,
        version=value.version,
        stage=target.id,
        workflow=workflow.id,
        workflow_version=workflow.version,
        role=value.role,
        revision=value.revision + 1,
        roster_count=value.roster_count,
        roster_digest=value.roster_digest,
    )


def _newest_point(card: Card, target: Stage) -> RestorePoint:
    points = [point for point in card.restore_points if point.stage == target.id]
    if not points:
        raise NotPromotable(
            reason=f"“{shortened(card.name)}” has no restore point from {target.name}.",
            mend="Demote it with its disks as they are.",
        )
    present = {member.uuid for member in card.members}
    whole = [point for point in points if point.is_whole]
    if not whole:
        names = tuple(member.name for member in card.members if member.uuid not in points[0].snapshots)
        raise NotPromotable(
            reason=f"The restore point has no snapshot of {listing(names)}: added since, or the snapshot is gone.",
            mend="Demote it with its disks as they are.",
        )
    if set(whole[0].snapshots) - present:
        raise NotPromotable(
            reason="A machine of the restore point is no member any more.",
            mend="Add it again, or demote with the disks as they are.",
        )
    return whole[0]


def _plan_move(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: dict[Uuid, MemberValue],
    leases: tuple[str, ...],
    inventory: Inventory,
) -> Plan:
    """Restore point, then power, then the stage, then verification.

    The restore point comes first: whatever goes wrong later, the disks as they were are kept. Power comes before the
    stage is written, because starting is what fails in practice (memory, networks, storage) and writing hardly ever
    does: a failed start then leaves nothing to write back, and other programs never see a stage that was not reached.
    The order turns round where the protection of the stage left behind would stand in the way of the power action or
    of its undoing, and that of the new stage would not.
    """
    vms = _vms_of(card.members, inventory)
    warnings: list[str] = []
    steps = Steps()
    ready: list[StepKey] = []
    if edge.restore_point is not None:
        warnings += demand_storage(inventory, vms)
        ready = _add_snapshots(steps, card.members, vms, inventory)
        running = [member.name for member in card.members if member.power_state == "Running"]
        if running:
            warnings.append(
                f"The restore point of {count(len(running), 'running machine')} is what a power cut would leave: "
                "memory is not in it."
            )
    to_start = [member for member in card.members if target.entry is EntryAction.START and not _runs(member)]
    to_stop = [member for member in card.members if target.entry is EntryAction.STOP and _runs(member)]
    is_write_first = _must_write_first(source, target, needs_power=bool(to_start or to_stop))
    by_uuid = {vm.uuid: vm for vm in vms}
    for member in to_start:
        rules.demand_operation(by_uuid[member.uuid], "start", inventory, is_own_block_lifted=is_write_first)
    for member in to_stop:
        rules.demand_operation(by_uuid[member.uuid], "clean_shutdown", inventory, is_own_block_lifted=is_write_first)
        rules.demand_unblocked(by_uuid[member.uuid], "start")
    warnings += demand_memory(inventory, [by_uuid[member.uuid] for member in to_start])
    if to_stop:
        warnings.append(f"{count(len(to_stop), 'running machine')} will be shut down and stay so.")
    if edge.kind is Kind.DEMOTE:
        warnings.append("The disks stay as they are now.")

    def write(after: list[StepKey]) -> list[StepKey]:
        return [
            steps.add(writing(vm, values[vm.uuid], target), member.name, after)
            for member, vm in zip(card.members, vms, strict=True)
        ]

    def power(after: list[StepKey]) -> list[StepKey]:
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        after = add_shutdowns(steps, to_stop, after)
        return add_starts(steps, to_start, delays_s, after, is_downtime=False)

    ready = power(write(ready)) if is_write_first else write(power(ready))
    runs_after = {member.uuid for member in card.members if _runs(member)} | {member.uuid for member in to_start}
    runs_after -= {member.uuid for member in to_stop}
    add_verification(steps, card.name, runs_after, ready)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=leases,
        warnings=tuple(warnings),
        asks=bool(to_start or to_stop or source.protection or target.protection),
    )


def _will_run(card: Card, target: Stage) -> bool:
    return target.entry is EntryAction.START or (
        target.entry is EntryAction.LEAVE and any(_runs(member) for member in card.members)
    )


def _runs(member: Member) -> bool:
    return member.power_state == "Running"


def _vms_of(members: Sequence[Member], inventory: Inventory) -> list[VM]:
    found = [inventory.get(VM, member.ref) for member in members]
    return [vm for vm in found if vm is not None]


def _add_snapshots(steps: Steps, members: Sequence[Member], vms: Sequence[VM], inventory: Inventory) -> list[StepKey]:
    for vm in vms:
        rules.demand_operation(vm, "snapshot", inventory)
    return [
        steps.add(
            TakeSnapshot(vm=vm.uuid, purpose=Purpose.RESTORE_POINT, was_running=vm.power_state == "Running"),
            member.name,
            (),
            Estimate(seconds=SNAPSHOT_S, bytes=snapshot_bytes(inventory, vm)),
        )
        for member, vm in zip(members, vms, strict=True)
    ]


def _must_write_first(source: Stage, target: Stage, *, needs_power: bool) -> bool:
    powering = rules.SHUTTING_DOWN | rules.STARTING
    if not needs_power or not powering & set(source.protection):
        return False
    if powering & set(target.protection):
        raise NotPromotable(
            reason=f"The protection of {source.name} and that of {target.name} both forbid to change the power.",
            mend="Let one of the two stages allow it in the workflow.",
        )
    return True
