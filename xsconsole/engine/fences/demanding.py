"""Stages that demand a fence: copies that come there get one in the same plan, and what comes without is refused."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from xsconsole.domain.actions.copies import WriteCopy
from xsconsole.domain.actions.fences import ForgetFence, WriteFence
from xsconsole.domain.board import Board
from xsconsole.domain.fence.drawing import source_cards
from xsconsole.domain.fence.standing import fences_on, read_standing
from xsconsole.domain.fence.values import FenceMode, Services
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Plan, WriteMember
from xsconsole.domain.poolstate import MemberValue, decode
from xsconsole.engine.commands import (
    Create,
    Demote,
    Plannable,
    Promote,
)
from xsconsole.engine.copies.copy_checks import Offspring, Order
from xsconsole.engine.copies.replicating import ordered, plan_replica
from xsconsole.engine.fence_commands import Deploy
from xsconsole.engine.fences.deploying import demand_here, plan_fenced
from xsconsole.engine.fences.drawn import demand_ground, is_routed, keys_of
from xsconsole.engine.fences.leaving import demand_mode, demand_no_place
from xsconsole.engine.plans.lands import Lands
from xsconsole.engine.replica_commands import Replicate
from xsconsole.errors import NotPromotable


def plan_replica_there(
    command: Replicate, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...], lands: Lands
) -> Plan:
    """Return the plan of a replica, in a fence where the stage demands one.

    Raises:
        Refused: with the reason and the mend.
    """
    target = board.workflow.stage(command.target) if board.workflow is not None else None
    if target is None or target.fence is None:
        return plan_replica(command, board, inventory, actor, clocks, lands)
    order, offspring, land = ordered(command, board, inventory, actor, clocks, lands)
    demand_here(target, land)
    return msgspec.structs.replace(
        plan_copy_there(order, offspring, target.fence, command, board, inventory), asks=True
    )


def plan_copy_there(
    order: Order,
    offspring: Offspring,
    mode: FenceMode,
    command: Replicate | Promote | Demote,
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Return the plan of copies in a fence of their own, which stands as the stage demands it.

    Nobody is asked whether guests have their addresses by themselves: those that ask for one get it of the router.
    """
    demand_no_place(order.target, order.incumbent)
    ground, cards = demand_ground(inventory), source_cards(order.card, inventory)
    deploy = Deploy(
        configuration=command.configuration,
        revision=command.revision,
        target=command.target,
        mode=mode,
        method=order.edge.method,
        services=Services(has_dhcp=any(is_routed(card, ground) for card in cards)),
        is_stopped_first=order.is_stopped_first,
        reason=command.reason,
    )
    return plan_fenced(order, offspring, deploy, board, inventory)


def demand_no_newcomer(command: Plannable, board: Board) -> None:
    """Refuse, before anything else is said, to put something together where a fence is demanded, which it has not.

    Raises:
        NotPromotable: naming the way round.
    """
    if not isinstance(command, Create):
        return
    stage = board.workflow.stage(command.stage) if board.workflow is not None else None
    if stage is None or stage.fence is None:
        return
    raise NotPromotable(
        reason=f"{stage.name} takes only what stands in a fence ({mode_words(stage.fence)}), and what is put together "
        "of machines stands in none.",
        mend="Make it in another stage, then a fenced copy of it there: a replica, or "
        f"`xsconsole fence deploy … --stage {stage.id} --mode {stage.fence}`.",
    )


def demand_fenced(plan: Plan, board: Board, inventory: Inventory) -> None:
    """Refuse a plan by which a configuration would come into a stage without the fence that it demands.

    Whatever the plan is: it looks at the members that it writes, so that no road leads past it.

    Raises:
        NotPromotable: naming what would come there, and how it can.
    """
    workflow = board.workflow
    demanding = {stage.id: stage for stage in workflow.stages if stage.fence is not None} if workflow else {}
    if not demanding:
        return
    fences = {one.configuration: one for one in fences_on(keys_of(inventory))}
    for step in plan.steps:
        if isinstance(step.action, WriteFence):
            fences[step.action.configuration] = read_standing(step.action.document)
        elif isinstance(step.action, ForgetFence):
            fences.pop(step.action.configuration, None)
    for value in _written(plan):
        stage, card = demanding.get(value.stage), board.cards.get(value.configuration)
        if stage is not None and not (card is not None and card.stage == stage.id):
            demand_mode(stage, value.name, fences.get(value.configuration))


def _written(plan: Plan) -> Iterator[MemberValue]:
    for step in plan.steps:
        if isinstance(step.action, WriteMember | WriteCopy):
            value = decode(step.action.value, MemberValue)
            if value is not None:
                yield value
