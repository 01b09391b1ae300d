"""The plans that take a restore point by hand, and that return to one where the configuration stands."""

import msgspec

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import fingerprint, manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Demand, Plan
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.requests.ways import way_in
from xsconsole.domain.words import instant, listing
from xsconsole.domain.workflow import Transition
from xsconsole.engine.commands import RevertTo, TakePoint
from xsconsole.engine.moves.moving import add_restore_point, of_running, vms_of
from xsconsole.engine.moves.restoring import plan_restore
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import demand_storage
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.point_notes import noted
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.requests.emergency import passing
from xsconsole.engine.requests.reviewing import reviewed
from xsconsole.engine.verbs.powering import Surroundings, surroundings_of
from xsconsole.errors import NotFound, NotPromotable


def plan_point(command: TakePoint, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Snapshot every machine, side by side so that they are of one moment as far as can be.

    Raises:
        NotPromotable: a machine lets no snapshot be taken now, or there is no room for them.
    """
    found = surroundings_of(command, board, inventory, actor)
    card = found.card
    rules.demand_standing(card, {Standing.WHOLE})
    vms = vms_of(card.members, inventory)
    tight = demand_storage(inventory, vms, claims_on(board).space)
    steps = Steps()
    add_restore_point(steps, card.members, vms, inventory)
    plan = Plan(
        intent=intent_in(command.kind, card, found.workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=(*of_running(card), *tight),
    )
    return noted(plan, None, card, inventory)


def plan_revert(command: RevertTo, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Set the present aside and return to the restore point, as a demotion to one does; what runs is started again.

    Raises:
        NotFound: there is no such restore point. NotPromotable: it is not whole, or something stands against it.
    """
    found = surroundings_of(command, board, inventory, actor)
    card, stage = found.card, found.stage
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_settled_power(card)
    if "revert" in stage.protection:
        raise NotPromotable(
            reason=f"The protection of {stage.name} forbids to revert machines.",
            mend="Let the stage allow it in the workflow, or demote it to its restore point.",
        )
    point = _whole(card, command)
    values = {member.uuid: _again(member.value) for member in card.members}
    intent = intent_in(command.kind, card, found.workflow, restore_point=point.run)
    leases = rules.leases_for(card.id, card.service, ())
    plan = plan_restore(card, point, stage, stage, intent, values, leases, board, inventory)
    return _approved(plan, command, found, way_in(stage.id, found.workflow))


def _approved(plan: Plan, command: RevertTo, found: Surroundings, way: Transition | None) -> Plan:
    """Return the plan with whom it needs: other contents come into the stage only as anything comes into it."""
    workflow, stage = found.workflow, shortened(found.stage.name, 60)
    if way is None and command.emergency is not None:
        raise NotPromotable(
            reason="Nothing stands against it that an emergency goes past.", mend="Ask for it without one."
        )
    if way is None:
        return plan
    if command.emergency is not None:
        plan = reviewed(plan, msgspec.structs.replace(way, afterwards=()), passing((), way, workflow))
    note = f"Nothing comes into {stage} without approval, so reverting there has to be approved, too."
    if command.emergency is not None:
        note = f"Nothing comes into {stage} without approval; the emergency goes past that."
    approved = fingerprint(manifest_of_card(found.card, found.inventory, workflow))
    demand = Demand(rules=way.approvals, workflow=workflow.digest, manifest=approved)
    return msgspec.structs.replace(plan, demand=demand, notes=(*plan.notes, note))


def _whole(card: Card, command: RevertTo) -> RestorePoint:
    every = (*card.restore_points, *card.asides)
    point = next((point for point in every if point.run == command.point), None)
    if point is None:
        raise NotFound(reason="There is no such restore point any more.", mend="Look at those that are left.")
    name = f"The restore point of {instant(point.at)}"
    lacking = tuple(member.name for member in card.members if member.uuid not in point.snapshots)
    if lacking:
        raise NotPromotable(
            reason=f"{name} has no snapshot of {listing(lacking)}: added since, or the snapshot is gone.",
            mend="Choose another restore point.",
        )
    if set(point.snapshots) - {member.uuid for member in card.members}:
        raise NotPromotable(
            reason=f"A machine of {name[0].lower()}{name[1:]} is no member of “{shortened(card.name)}” any more.",
            mend="Add it again, or choose another restore point.",
        )
    return point


def _again(value: MemberValue) -> MemberValue:
    """Return what a member carries afterwards: it has been in its stage for as long as it was, and has changed."""
    return msgspec.structs.replace(value, revision=value.revision + 1, by="")
