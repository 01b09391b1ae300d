"""Runs that can only be finished: what they have destroyed, nothing brings back."""

from collections.abc import Collection

from xsconsole.domain.actions.copies import RetireMachines
from xsconsole.domain.actions.fences import RemoveFenceNetwork
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StepKey
from xsconsole.domain.inventory import VM, Inventory, Network
from xsconsole.domain.plan import Plan, Step

ONE_WAY = "It has begun to destroy what would be needed to go back, so there is no way back."


def is_one_way(plan: Plan, settled: Collection[StepKey], inventory: Inventory) -> bool:
    """Return whether a run can only be finished: something is destroyed to which undoing would lead."""
    return any(
        (step.key in settled or set(step.after) <= set(settled)) and _is_destroyed(step, inventory)
        for step in plan.steps
    )


def begins_to_destroy(plan: Plan, begun: Collection[StepKey]) -> bool:
    """Return whether one of the steps that have begun destroys something to which undoing would lead."""
    return any(
        step.key in begun and isinstance(step.action, RetireMachines | RemoveFenceNetwork) for step in plan.steps
    )


def _is_destroyed(step: Step, inventory: Inventory) -> bool:
    match step.action:
        case RetireMachines(vms=vms):
            return any(inventory.by_uuid(VM, vm) is None for vm in vms)
        case RemoveFenceNetwork(network=network):
            return inventory.by_uuid(Network, network) is None
    return False


def goes_one_way(card: Card, inventory: Inventory) -> bool:
    """Return whether the run of a configuration, as it stands on the pool, is such a one."""
    return card.run is not None and is_one_way(card.run.record.plan, card.run.record.settled, inventory)
