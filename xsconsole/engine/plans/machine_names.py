"""Names of machines that a plan gives: XAPI takes one twice, and then nobody can tell which machine is meant."""

from collections.abc import Mapping, Sequence

from xsconsole.domain.actions.copies import FitCopy
from xsconsole.domain.board import Board
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.errors import NotPromotable


def names_on(board: Board, inventory: Inventory) -> Mapping[str, str]:
    """Return whose every name is: machines that there are, and those that other runs are making."""
    coming = {
        step.action.name: "a machine that another run makes"
        for card in board.cards.values()
        if card.run is not None
        for step in card.run.record.plan.steps
        if isinstance(step.action, FitCopy)
    }
    return {**coming, **{vm.name_label: _kind(vm) for vm in inventory.all(VM) if not vm.is_a_snapshot}}


def naming(names: Sequence[str], pattern: str, board: Board, inventory: Inventory) -> list[str]:
    """Return what to know of names that copies get and others have; empty where nobody else is called so.

    Raises:
        NotPromotable: whoever asked chose them by a pattern.
    """
    taken = names_on(board, inventory)
    doubled = [name for at, name in enumerate(names) if name in taken or name in names[:at]]
    if not doubled:
        return []
    whose = taken.get(doubled[0], "another of these machines")
    more = f", and {len(doubled) - 1} more are taken" if len(doubled) > 1 else ""
    reason = f"“{shortened(doubled[0], 60)}” is the name of {whose}{more}."
    if pattern:
        mend = "Tell them apart in the pattern, such as by {name}, {role}, {version}, {stage}, {number} or a word."
        raise NotPromotable(reason=reason, mend=mend)
    return [f"{reason} Both will be called so."]


def _kind(vm: VM) -> str:
    return "a template of the pool" if vm.is_a_template else "a machine of the pool"
