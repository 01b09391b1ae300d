"""Runs that can only be finished: what they have destroyed, nothing brings back."""

from collections.abc import Collection

from xsconsole.domain.actions.copies import RetireMachines
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StepKey
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Plan

ONE_WAY = "It has begun to destroy machines, so there is no way back."


def is_one_way(plan: Plan, settled: Collection[StepKey], inventory: Inventory) -> bool:
    """Return whether a run can only be finished: it has begun to destroy machines to which undoing would lead."""
    present = {vm.uuid for vm in inventory.all(VM)}
    return any(
        isinstance(step.action, RetireMachines)
        and (step.key in settled or set(step.after) <= set(settled))
        and not set(step.action.vms) <= present
        for step in plan.steps
    )


def goes_one_way(card: Card, inventory: Inventory) -> bool:
    """Return whether the run of a configuration, as it stands on the pool, is such a one."""
    return card.run is not None and is_one_way(card.run.record.plan, card.run.record.settled, inventory)
