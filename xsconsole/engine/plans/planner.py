"""From a command to a plan: pure, so that what was confirmed can be compared with what would be done now."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

import msgspec

from xsconsole.domain.barriers import barriers_of
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.closures import together
from xsconsole.domain.gates import Elsewhere, Scene
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import Manifest, fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Demand, Disks, Intent, Plan, RunKind
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import EntryAction, Kind, Method, Stage, Transition, Workflow
from xsconsole.engine.archives.archiving import plan_archive
from xsconsole.engine.archives.coming_back import plan_back
from xsconsole.engine.archives.proving import plan_proof
from xsconsole.engine.archives.stowing import plan_deletion, plan_stow
from xsconsole.engine.clearance import as_demanded
from xsconsole.engine.commands import (
    AddMembers,
    Adopt,
    ArchiveInPool,
    ArchiveToFiles,
    Arrange,
    Capture,
    ChangePower,
    Create,
    Delete,
    DeletePooled,
    Demote,
    Describe,
    Dissolve,
    EndStay,
    FenceCommand,
    Freeze,
    ImportBlueprint,
    Mend,
    Plannable,
    Promote,
    ProveArchive,
    Provision,
    Refresh,
    Relocate,
    Remap,
    RemoveMembers,
    RemovePoints,
    Replicate,
    RestoreFromArchive,
    RestoreFromPool,
    RevertTo,
    TakePoint,
    Thaw,
)
from xsconsole.engine.copies.candidates import Stock, plan_freeze, plan_thaw, stock_of
from xsconsole.engine.copies.copy_checks import Order
from xsconsole.engine.copies.copying import offspring_of, plan_copy
from xsconsole.engine.copies.crossing import plan_crossing
from xsconsole.engine.copies.refreshing import plan_refresh
from xsconsole.engine.fences.demanding import demand_fenced, demand_no_newcomer, plan_copy_there, plan_replica_there
from xsconsole.engine.fences.leaving import leaving_of, let_go
from xsconsole.engine.fences.planning import demand_unfenced, plan_fence
from xsconsole.engine.library.importing import plan_of_library
from xsconsole.engine.moves.moving import plan_move, runs
from xsconsole.engine.moves.moving_across import plan_moving_across
from xsconsole.engine.moves.restoring import newest_point, plan_restore
from xsconsole.engine.moves.restoring_across import plan_restoring_across
from xsconsole.engine.moves.sending import ended_across
from xsconsole.engine.moves.succession import incumbent_of, succeeded
from xsconsole.engine.moves.swapping import demand_standby, plan_swap, with_predecessor
from xsconsole.engine.moves.swapping_across import plan_swap_across
from xsconsole.engine.moves.taking_over_across import plan_taking_over_across, retreated
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.barring import demand_open, held
from xsconsole.engine.plans.enforcement import demand_enforced
from xsconsole.engine.plans.lands import Lands, home_of, land_of, names_of, no_land, pools_of
from xsconsole.engine.plans.point_notes import noted
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.plans.steps import moved
from xsconsole.engine.provisions.provisioning import plan_provision
from xsconsole.engine.publication.mapping import plan_remap
from xsconsole.engine.requests.emergency import passing
from xsconsole.engine.requests.reviewing import reviewed
from xsconsole.engine.runs.gatekeeper import gated, wants_approved
from xsconsole.engine.verbs import membership
from xsconsole.engine.verbs.arranging import plan_arrangement
from xsconsole.engine.verbs.deleting import plan_delete
from xsconsole.engine.verbs.describing import plan_description
from xsconsole.engine.verbs.ending import plan_end
from xsconsole.engine.verbs.mending import plan_mend
from xsconsole.engine.verbs.migrating_across import plan_migration
from xsconsole.engine.verbs.pointing import plan_point, plan_revert
from xsconsole.engine.verbs.powering import plan_power
from xsconsole.engine.verbs.removal import plan_removal
from xsconsole.errors import NotPromotable


def plan(
    command: Plannable,
    board: Board,
    inventory: Inventory,
    actor: str,
    at: datetime,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
) -> Plan:
    """Return what the command would do. `actor` is who is logged in: stages may name who moves what is in them.

    `at` is now, and `also_at` the same by other clocks: gates and freezes have their hours. They decide whether there
    is a plan and what an emergency goes past, never which plan it is otherwise. `lands` gives other pools to look at.

    Pure: what the plan's digest covers depends on the command, the board and the members' records alone.

    Raises:
        Refused: a rule of the workflow or the state of the pool stands against it, with the mend.
    """
    demand_unfenced(command, board, inventory)
    demand_no_newcomer(command, board)
    planned = _planned(command, board, inventory, actor, (at, *also_at), lands)
    demand_fenced(planned, board, inventory)
    return planned


def _planned(
    command: Plannable, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...], lands: Lands
) -> Plan:
    match command:
        case Promote():
            return _plan_transition(command, RunKind.PROMOTE, Disks.KEEP, board, inventory, actor, clocks, lands)
        case Demote():
            return _plan_transition(command, RunKind.DEMOTE, command.disks, board, inventory, actor, clocks, lands)
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
        case Freeze():
            return _plan_freeze(command, board, inventory, actor)
        case Thaw():
            return plan_thaw(command, board, inventory)
        case Replicate():
            return plan_replica_there(command, board, inventory, actor, clocks, lands)
        case Refresh():
            return plan_refresh(command, board, inventory, actor, lands)
        case Mend():
            return plan_mend(command, board, inventory, actor)
        case RemovePoints():
            return plan_removal(command, board, inventory, min(clocks))
        case ArchiveToFiles():
            return plan_archive(command, board, inventory, actor)
        case ArchiveInPool():
            return plan_stow(command, board, inventory, actor, clocks[1:])
        case DeletePooled():
            return plan_deletion(command, board, inventory, clocks[1:])
        case Capture() | ImportBlueprint():
            return plan_of_library(command, board, inventory, actor)
        case RestoreFromArchive() | RestoreFromPool():
            return plan_back(command, board, inventory, actor, clocks)
        case ProveArchive():
            return plan_proof(command, board, inventory, actor, clocks)
        case EndStay():
            return plan_end(command, board, inventory, min(clocks))
        case ChangePower():
            return plan_power(command, board, inventory, actor)
        case Describe():
            return plan_description(command, board, inventory, actor)
        case Delete():
            return plan_delete(command, board, inventory, actor)
        case Arrange():
            return plan_arrangement(command, board, inventory, actor)
        case Relocate():
            return plan_migration(command, board, inventory, actor, lands)
        case TakePoint():
            return plan_point(command, board, inventory, actor)
        case RevertTo():
            return plan_revert(command, board, inventory, actor)
        case Provision():
            return plan_provision(command, board, inventory, actor, clocks)
        case FenceCommand():
            return plan_fence(command, board, inventory, actor, clocks)
    assert_never(command)


def _plan_transition(
    command: Promote | Demote,
    kind: RunKind,
    disks: Disks,
    board: Board,
    inventory: Inventory,
    actor: str,
    clocks: tuple[datetime, ...],
    lands: Lands,
) -> Plan:
    workflow, card, source, target, edge = _road(command, Kind(kind.value), board, inventory, actor)
    request = command.candidate if isinstance(command, Promote) else None
    stock = stock_of(card, request, inventory) if request is not None and edge.method is not Method.MOVE else None
    card = stock.ordered(card) if stock is not None else card
    land = land_of(target, board, inventory, lands)
    land = None if land is None else as_demanded(edge, land)
    at_target, home = board if land is None else land.board, home_of(board, inventory, lands)
    if edge.method is Method.MOVE and isinstance(command, Promote) and command.is_stopped_first:
        raise NotPromotable(
            reason=f"The way to {target.name} moves the machines themselves, so nothing has to be frozen first.",
            mend="Ask for it without stopping them first.",
        )
    names = (source.name, target.name)
    offspring = None if edge.method is Method.MOVE else offspring_of(card, edge, inventory, names, at_target, board)
    newcomer, leaves = (card.id, card.id) if offspring is None else (offspring.id, None)
    there = inventory if land is None else land.inventory
    incumbent = incumbent_of(workflow, card, target, edge, at_target, there, leaves)
    if incumbent is not None:
        rules.demand_actor(workflow, (incumbent.back,), actor)
    fenced = leaving_of(card, target, edge, disks, incumbent, board, inventory, is_abroad=land is not None)
    standby = demand_standby(card, source, target, edge, inventory, board, at_target) if disks is Disks.SWAP else None
    leaving = incumbent.card.id if incumbent is not None else standby.id if standby is not None else None
    runs_there = will_run(card, target, edge.method)
    seen = board if land is None else replace(board, closures=together((board.closures, land.board.closures)))
    scene = Scene(
        card=card,
        target=target,
        board=seen,
        inventory=inventory,
        at=clocks[0],
        also_at=clocks[1:],
        elsewhere=None if land is None else Elsewhere(board=land.board, inventory=land.inventory),
        leaving=leaving,
    )
    barriers = barriers_of(edge, scene)
    passed = passing(barriers, edge, workflow) if command.emergency is not None else None
    demand_open(
        barriers if passed is None else [barrier for barrier in barriers if not barrier.overridable],
        lambda: rules.demand_place(at_target, target, card.service, newcomer, will_run=runs_there, leaving=leaving),
    )
    if stock is None:
        rules.demand_settled_power(card)
    point = newest_point(card, target) if disks is Disks.RESTORE else None
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
        method=edge.method,
        makes=offspring.id if offspring is not None else None,
        incumbent=leaving,
        pools=pools_of(inventory, land),
        pool_names=names_of(inventory, land),
    )
    manifest = _manifest(card, stock, edge, workflow, inventory)
    approved = msgspec.json.encode(manifest, order="sorted").decode() if wants_approved(edge) else ""
    if offspring is not None:
        order = Order(
            card=card,
            source=source,
            target=target,
            edge=edge,
            intent=intent,
            workflow=workflow,
            is_stopped_first=isinstance(command, Promote) and command.is_stopped_first,
            incumbent=incumbent,
            passed=passed or (),
            stock=stock,
            approved=approved,
        )
        if land is None:
            fence = target.fence
            copied = (
                plan_copy(order, offspring, board, inventory)
                if fence is None
                else plan_copy_there(order, offspring, fence, command, board, inventory)
            )
        else:
            copied = plan_crossing(order, offspring, land, home)
        copied = noted(copied, edge.restore_point, card, inventory, *(() if land is None else (land.inventory,)))
        copied = reviewed(copied, edge, passed)
        whole = copied if land is None else ended_across(copied, inventory, land.inventory)
        return _demanding(whole, edge, workflow, manifest)
    values = {member.uuid: moved(member.value, target, workflow) for member in card.members}
    if land is not None and incumbent is not None:
        planned = plan_taking_over_across(card, source, target, edge, intent, values, incumbent, land, home)
    elif land is not None and standby is not None:
        planned = plan_swap_across(card, standby, source, target, edge, intent, workflow, land, home)
    elif land is not None and point is not None:
        planned = plan_restoring_across(card, point, source, target, edge, intent, values, land, inventory)
    elif land is not None:
        planned = plan_moving_across(card, source, target, edge, intent, values, land, inventory)
    elif standby is not None:
        planned = plan_swap(card, standby, source, target, edge, intent, workflow, board, inventory)
    elif point is not None:
        leases = rules.leases_for(card.id, card.service, (source, target))
        planned = plan_restore(card, point, source, target, intent, values, leases, board, inventory)
    else:
        rewires = None if fenced is None else fenced.rewires
        planned = plan_move(card, source, target, edge, intent, values, incumbent, board, inventory, rewires)
    beside = () if land is None else (land.inventory,)
    left = held(noted(planned, edge.restore_point, card, inventory, *beside), edge, (source, target))
    left = gated(left, edge, passed or (), approved)
    if incumbent is not None and land is not None:
        left = retreated(left, incumbent, card, target, workflow, land, home)
    elif incumbent is not None:
        left = succeeded(left, incumbent, target, workflow, inventory)
    if kind is RunKind.DEMOTE and standby is None:
        left = with_predecessor(left, card, source, workflow, inventory, board, at_target)
    left = reviewed(left, edge, passed)
    whole = let_go(left, fenced, inventory) if land is None else ended_across(left, inventory, land.inventory)
    return _demanding(whole, edge, workflow, manifest)


def _road(
    command: Promote | Demote | Freeze, kind: Kind, board: Board, inventory: Inventory, actor: str
) -> tuple[Workflow, Card, Stage, Stage, Transition]:
    """Return what is to go from where to where along which way, if this log-in may and this engine can."""
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    target = rules.stage_of(workflow, command.target)
    edge = _transition(workflow, card, target, kind)
    source = rules.stage_of(workflow, edge.source)
    demand_enforced(workflow, edge, inventory.pool.uuid if inventory.pool else None)
    rules.demand_actor(workflow, (source, target), actor)
    return workflow, card, source, target, edge


def _plan_freeze(command: Freeze, board: Board, inventory: Inventory, actor: str) -> Plan:
    workflow, card, _, target, edge = _road(command, Kind.PROMOTE, board, inventory, actor)
    return plan_freeze(command, card, target, edge, workflow, board, inventory)


def _manifest(
    card: Card, stock: Stock | None, edge: Transition, workflow: Workflow, inventory: Inventory
) -> Manifest | None:
    """Return what is approved of a configuration: as it is, or as it was frozen; None where nobody asks for it."""
    if not edge.approvals and not wants_approved(edge):
        return None
    return stock.manifest(card, inventory, workflow) if stock else manifest_of_card(card, inventory, workflow)


def _demanding(plan: Plan, edge: Transition, workflow: Workflow, manifest: Manifest | None) -> Plan:
    """Return the plan with what others have to approve; its digest then holds the configuration's manifest too."""
    if not edge.approvals or manifest is None:
        return plan
    demand = Demand(rules=edge.approvals, workflow=workflow.digest, manifest=fingerprint(manifest))
    return msgspec.structs.replace(plan, demand=demand)


def _transition(workflow: Workflow, card: Card, target: Stage, kind: Kind) -> Transition:
    name = f"“{shortened(card.name)}”"
    if card.stage == target.id:
        raise NotPromotable(reason=f"{name} stands in {target.name} already.", mend="Choose another stage.")
    source = workflow.stage(card.stage)
    if source is None:
        here = StageNames().read([card]).quoted(card.stage)
        raise NotPromotable(
            reason=f"{name} stands in {here}, a stage that the workflow does not have.",
            mend="Bring it to a stage of the workflow by *Adopt…*, or `config adopt`.",
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


def will_run(card: Card, target: Stage, method: Method) -> bool:
    """Return whether machines of a configuration run when it has come to a stage."""
    return target.entry is EntryAction.START or (
        target.entry is EntryAction.LEAVE and method is Method.MOVE and any(runs(member) for member in card.members)
    )
