"""Where configurations may go whose stage vanishes or changes its pool, and the plan of taking one there.

Editing a workflow must never grant a promotion: a mapping goes where nothing has to be passed to get there.
"""

from collections.abc import Iterable

import msgspec
import networkx

from xsconsole.domain.board import Board, Standing
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.publication.values import pool_of, publication_of
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.engine.commands import Remap
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.plans.steps import Steps, add_verification, writing
from xsconsole.errors import NotPromotable


def choices_for(
    old: StageId,
    before: Workflow | None,
    after: Workflow,
    pools: Iterable[Uuid],
    home: Uuid,
    decided: StageId | None = None,
) -> tuple[StageId, ...]:
    """Return the stages of `after` to which configurations in `old` may be mapped.

    They must be on the pools where the configurations are: nothing is carried from one to another. Into production
    only leads production, and forward only a way on which nothing is demanded. What is in production may go to any
    stage of production that is new: that is production under another name, whatever leads there from elsewhere. What
    was `decided` when `after` was published stays one of them: it was judged by the version before, which is no more
    there to judge by.
    """
    here = set(pools)
    return tuple(
        stage.id
        for stage in after.stages
        if stage.id != old
        and here <= {pool_of(stage, home)}
        and (stage.id == decided or not _grants(old, stage, before, after))
    )


def _grants(old: StageId, target: Stage, before: Workflow | None, after: Workflow) -> bool:
    """Whether being mapped there would be a promotion that nobody let through, or lead past a fence."""
    source = before.stage(old) if before is not None else None
    if target.fence is not None and not (source and source.fence and source.fence.satisfies(target.fence)):
        return True
    if target.is_production and not (source is not None and source.is_production):
        return True
    if target.is_production and before is not None and before.stage(target.id) is None:
        return False
    ways = [
        way
        for workflow in (before, after)
        if workflow is not None
        for way in workflow.transitions
        if way.target == target.id and way.kind is Kind.PROMOTE
    ]
    if not any(way.gates or way.approvals or way.soak_s for way in ways):
        return False
    if source is None or before is None or before.stage(target.id) is None:
        return True
    return bool(networkx.has_path(before.promotions(), old, target.id))


def plan_remap(command: Remap, board: Board, inventory: Inventory) -> Plan:
    """Write what the published version says: the stage that a configuration is mapped to, or its own, changed one.

    Machines are neither started nor stopped.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, {Standing.WHOLE, Standing.INCOMPLETE})
    rules.demand_revision(card, command.revision)
    target = rules.stage_of(workflow, command.target)
    keys, here = (inventory.pool.other_config, inventory.pool.uuid) if inventory.pool else ({}, Uuid(""))
    publication = publication_of(keys, workflow.digest)
    source = workflow.stage(card.stage)
    is_gone = source is None or pool_of(source, here) != here
    is_mapped = is_gone and publication is not None and publication.mapping.get(card.stage) == target.id
    names = StageNames(workflow).read([card])
    if pool_of(target, here) != here or (card.stage != target.id and not is_mapped):
        raise NotPromotable(
            reason=f"Version {workflow.version} of the workflow does not map "
            f"{names.quoted(card.stage)} to {names.quoted(target.id)}.",
            mend="Publish it once more with that mapping.",
        )
    runs = any(member.power_state == "Running" for member in card.members)
    rules.demand_place(board, target, card.service, card.id, will_run=runs)
    steps = Steps()
    found = [(member, inventory.get(VM, member.ref)) for member in card.members]
    ready = [
        steps.add(
            writing(
                vm,
                msgspec.structs.replace(
                    member.value,
                    stage=target.id,
                    workflow=workflow.id,
                    workflow_version=workflow.version,
                    revision=member.value.revision + 1,
                ),
                target,
            ),
            member.name,
        )
        for member, vm in found
        if vm is not None
    ]
    add_verification(steps, card.name, set(), ready)
    intent = intent_in(RunKind.MAP, card, workflow, target=target.id)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (source, target)),
        asks=bool(target.protection),
    )
