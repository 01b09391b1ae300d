"""Looks at what the user has before them, for the actions."""

from xsconsole.console import Console, Verb
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole_ui.inventory.panel import InventoryPanel
from xsconsole_ui.situation import Situation, storage_for


def situation_of(console: Console, card: Card | None, inventory: InventoryPanel) -> Situation:
    """Return what board, inventory and console have to say; `card` is the selected one."""
    board, is_connected = console.board, console.identity is not None
    is_known = card is not None and card.id in board.cards and board.workflow is not None
    return Situation(
        is_connected=is_connected,
        is_live=is_connected and console.link.state == "live",
        workflow=board.workflow,
        card=card,
        targets=console.targets(card.id) if card is not None and is_known else (),
        vms=inventory.selected,
        objects=inventory.selected_objects,
        storage=storage_for(inventory.selected_objects, console.inventory) if is_connected else None,
        check=console.acts.checks if console.acts.are_checked else None,
        stray_owners=tuple(stray.value.configuration for stray in board.strays),
        denials={verb: words.refusal(denial) for verb in Verb if (denial := console.denial(verb))},
    )
