"""The plan of a replica: copies in a stage, apart from the ways of the workflow; the source stays."""

from datetime import datetime

import msgspec

from xsconsole.domain.barriers import BarrierKind, barriers_of
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.gates import Elsewhere, Scene
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Plan, RunKind
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import EntryAction, Kind, Method, Stage, Transition, Workflow
from xsconsole.engine.commands import Replicate
from xsconsole.engine.copies.candidates import Stock, stock_of_point
from xsconsole.engine.copies.copy_checks import Offspring, Order
from xsconsole.engine.copies.copying import offspring_of, plan_copy
from xsconsole.engine.copies.crossing import plan_crossing
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.barring import demand_open
from xsconsole.engine.plans.lands import Land, Lands, home_of, land_of, names_of, pools_of
from xsconsole.errors import NotFound, NotPromotable

CLOSING = frozenset({BarrierKind.STOP, BarrierKind.FREEZE})
"""What stands against a replica too: a held or quarantined configuration may well be looked into in a copy."""


def plan_replica(
    command: Replicate,
    board: Board,
    inventory: Inventory,
    actor: str,
    clocks: tuple[datetime, ...],
    lands: Lands,
) -> Plan:
    """Freeze what runs, copy, fit, start as the stage's entry says, and make a configuration of it there.

    The networks are those of the stage's map. No gate and no approval: nothing is promoted by it, so it leads into no
    production, and past no rule of a way that what is copied has not gone yet.

    Raises:
        Refused: with the reason and the mend.
    """
    order, offspring, land = ordered(command, board, inventory, actor, clocks, lands)
    if land is None:
        plan = plan_copy(order, offspring, board, inventory)
    else:
        plan = plan_crossing(order, offspring, land, home_of(board, inventory, lands))
    return msgspec.structs.replace(plan, asks=True)


def ordered(
    command: Replicate,
    board: Board,
    inventory: Inventory,
    actor: str,
    clocks: tuple[datetime, ...],
    lands: Lands,
    kind: RunKind = RunKind.REPLICATE,
) -> tuple[Order, Offspring, Land | None]:
    """Return what is to be copied, what becomes of it, and the other pool where it goes to one.

    `kind` is what the run is: what a fence surrounds runs wherever it comes.

    Raises:
        Refused: with the reason and the mend.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_revision(card, command.revision)
    target = rules.stage_of(workflow, command.target)
    source = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (target,), actor)
    demand_no_way_round(f"“{shortened(card.name, 60)}”", source.id, target, workflow)
    land = land_of(target, board, inventory, lands)
    if land is not None and command.method is Method.LINKED_CLONE:
        raise NotPromotable(
            reason=f"{target.name} is in another pool, and a linked clone stays on the storage of its original.",
            mend="Make full copies.",
        )
    edge = way_of(command, source.id, kind)
    at_target = board if land is None else land.board
    names = (source.name, target.name)
    offspring = offspring_of(card, edge, inventory, names, at_target, board, pattern=command.pattern)
    scene = Scene(
        card=card,
        target=target,
        board=at_target,
        inventory=inventory,
        at=clocks[0],
        also_at=clocks[1:],
        elsewhere=None if land is None else Elsewhere(board=land.board, inventory=land.inventory),
    )
    will_run = target.entry is EntryAction.START or kind is not RunKind.REPLICATE
    demand_open(
        [barrier for barrier in barriers_of(edge, scene) if barrier.kind in CLOSING],
        lambda: rules.demand_place(at_target, target, card.service, offspring.id, will_run=will_run),
    )
    stock = _stock(card, command, inventory)
    if stock is None:
        rules.demand_settled_power(card)
    intent = Intent(
        kind=kind,
        configuration=card.id,
        name=card.name,
        service=card.service,
        workflow=workflow.id,
        workflow_version=workflow.version,
        source=source.id,
        target=target.id,
        restore_point=command.point,
        revision=card.revision,
        method=command.method,
        makes=offspring.id,
        pools=pools_of(inventory, land),
        pool_names=names_of(inventory, land),
    )
    order = Order(
        card=card,
        source=source,
        target=target,
        edge=edge,
        intent=intent,
        workflow=workflow,
        is_stopped_first=command.is_stopped_first and stock is None,
        stock=stock,
        pattern=command.pattern,
    )
    return order, offspring, land


def way_of(command: Replicate, source: StageId, kind: RunKind) -> Transition:
    """Return the way that a copy goes: none of the workflow, but one by which equal orders make equal copies."""
    name = "replica" if kind is RunKind.REPLICATE else kind.value
    return Transition(
        id=TransitionId(f"{name}-{command.target}-{command.method}"),
        source=source,
        target=command.target,
        kind=Kind.PROMOTE,
        method=command.method,
        restore_point=None,
    )


def demand_no_way_round(
    name: str, source: StageId | None, target: Stage, workflow: Workflow, why: str = "has not been through them"
) -> None:
    """Refuse a replica by which something would come where only a promotion may bring it.

    `source` is where what is copied stands, or stood when it was archived; None: nobody can say, and `why` does.
    """
    if target.is_production:
        raise NotPromotable(
            reason=f"{target.name} is production: what comes there is promoted, by its gates and approvals.",
            mend="Promote it along the ways of the workflow.",
        )
    guarded = [way for way in workflow.transitions if _is_guarded(way, target)]
    if guarded and (source is None or (source != target.id and not _leads_on(target.id, source, workflow))):
        raise NotPromotable(
            reason=f"The workflow lets nothing into {target.name} without gates or approvals, and {name} {why}.",
            mend=f"Promote it to {target.name}.",
        )


def _is_guarded(way: Transition, target: Stage) -> bool:
    return way.target == target.id and way.kind is Kind.PROMOTE and bool(way.gates or way.approvals)


def _leads_on(first: StageId, last: StageId, workflow: Workflow) -> bool:
    """Return whether promotions lead from one stage to another, so that what stands in the last was in the first."""
    seen, waiting = {first}, [first]
    while waiting:
        for way in workflow.transitions_from(waiting.pop(), Kind.PROMOTE):
            if way.target not in seen:
                seen.add(way.target)
                waiting.append(way.target)
    return last in seen


def _stock(card: Card, command: Replicate, inventory: Inventory) -> Stock | None:
    """Return what a restore point holds, where the replica is made of one."""
    if command.point is None:
        return None
    points = (*card.restore_points, *card.asides)
    found: RestorePoint | None = next((point for point in points if point.run == command.point), None)
    if found is None:
        raise NotFound(
            reason=f"“{shortened(card.name, 60)}” has no such restore point.",
            mend="`xsconsole restore-point list` shows those that there are.",
            choices=tuple(f"{point.run[:8]} of {instant(point.at)}" for point in points),
        )
    return stock_of_point(card, found, inventory)
