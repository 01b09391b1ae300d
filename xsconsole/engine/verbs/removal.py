"""Removing restore points: because their time has come, or because somebody wants their space."""

from datetime import datetime

from xsconsole.domain.actions.copies import DropPoint
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind
from xsconsole.domain.points.retention import Keeping, keepings
from xsconsole.domain.points.sizes import Scales
from xsconsole.domain.requests.values import requests_of
from xsconsole.domain.words import instant, listing, size
from xsconsole.engine.commands import RemovePoints
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotFound, NotPromotable

REMOVABLE = {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT}
DROP_S = 1.0


def plan_removal(command: RemovePoints, board: Board, inventory: Inventory, at: datetime) -> Plan:
    """Destroy the snapshots of restore points; none that something still needs. `at` is the earliest of the clocks.

    Raises:
        NotFound: there is no such restore point any more.
        NotPromotable: one is needed, or is to go by itself and has not expired.
    """
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, REMOVABLE)
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    known = {keeping.point.run: keeping for keeping in keepings(card, board, requests_of(keys, card.id), at)}
    chosen = [known[run] for run in dict.fromkeys(command.points) if run in known]
    if not command.points:
        raise NotFound(reason="No restore point was chosen.", mend="Choose those that are to go.")
    if len(chosen) < len(set(command.points)):
        raise NotFound(reason="A restore point is gone already.", mend="Look at those that are left.")
    for keeping in chosen:
        _demand_free(keeping, is_expiry=command.is_expiry)
    steps = Steps()
    for keeping in chosen:
        named = sorted((_name(vm, inventory), uuid) for vm, uuid in keeping.point.snapshots.items())
        for name, snapshot in named:
            subject = f"{name} of {instant(keeping.point.at)}"
            steps.add(DropPoint(snapshot=snapshot, run=keeping.point.run), subject, (), Estimate(seconds=DROP_S))
    intent = intent_in(RunKind.PRUNE, card, board.workflow)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=_warnings(chosen, inventory),
        asks=True,
    )


def _demand_free(keeping: Keeping, *, is_expiry: bool) -> None:
    what = f"The restore point of {instant(keeping.point.at)}"
    if keeping.needed:
        raise NotPromotable(
            reason=f"{what} is needed. {keeping.needed}", mend="Leave it, or withdraw what needs it first."
        )
    if is_expiry and not keeping.is_expired:
        raise NotPromotable(reason=f"{what} has not expired: {keeping.why}.", mend="Leave it, or remove it by hand.")


def _name(vm: Uuid, inventory: Inventory) -> str:
    machine = inventory.by_uuid(VM, vm)
    return shortened(machine.name_label, 40) if machine is not None else "a machine that is gone"


def _warnings(chosen: list[Keeping], inventory: Inventory) -> tuple[str, ...]:
    scales, asides = Scales(inventory), [keeping for keeping in chosen if keeping.point.is_aside]
    costs = scales.costs(snapshot for keeping in chosen for snapshot in keeping.point.snapshots.values())
    told = ["What is removed cannot be brought back, and nobody can return to it."]
    if asides:
        of = listing(tuple(instant(keeping.point.at) for keeping in asides))
        told.append(f"What a return to a restore point set aside on {of} is among it.")
    if costs:
        where = listing(tuple(f"{size(cost.taken)} in “{shortened(cost.name, 40)}”" for cost in costs))
        told.append(f"Up to {where} becomes free once the storage has merged what is left.")
    return tuple(told)
