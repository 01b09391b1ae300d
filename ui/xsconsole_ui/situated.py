"""Looks at what the user has before them, for the actions."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate, Verb
from xsconsole.domain import words
from xsconsole.domain.acts import ObjectId
from xsconsole.domain.one_way import goes_one_way
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.inbox.frozen import left_frozen
from xsconsole_ui.inventory.panel import InventoryPanel
from xsconsole_ui.promotion.inspector import Inspector
from xsconsole_ui.situation import Situation, storage_for


def situation_of(
    console: Estate, place: str, board_view: BoardView, inspector: Inspector, inventory: InventoryPanel
) -> Situation:
    """Return what the parts of the window and the console have to say while a place is on show.

    Cards are meant where they can be seen: those that are selected on the board while that is on show, else the one
    that the inspector shows. Where nothing is selected in the inventory, acts are done to the object that it shows.
    What a closed panel would show is not meant.
    """
    seen, has_inventory = inspector.card_on_show, in_sight(inventory)
    cards = board_view.chosen if place == "board" else (seen,) if seen is not None else ()
    card, shown = cards[0] if cards else None, inspector.object_page.item if in_sight(inspector) else None
    selected = inventory.selected_objects if has_inventory else ()
    objects = selected or ((shown,) if shown is not None else ())
    board, is_connected = console.board, console.identity is not None
    is_known = card is not None and card.id in board.cards and board.workflow is not None
    away = console.away(card.id) if card is not None and console.has_several else None
    vms = inventory.selected if has_inventory else ()
    vms_away = console.away_from(vms[0]) if vms and console.has_several else None
    whose = console.of_card(card.id) if card is not None else console.pools.first
    return Situation(
        place=place,
        has_hidden_card=card is None and board_view.selected is not None,
        is_list=board_view.looking.is_list,
        is_connected=is_connected,
        connecting=console.connecting if not is_connected else (),
        is_live=is_connected and console.link.state == "live",
        workflow=board.workflow,
        card=card,
        cards=cards,
        targets=console.targets(card.id) if card is not None and is_known else (),
        vms=vms,
        objects=objects,
        storage=_storage(console, objects) if is_connected else None,
        check=console.acts.checks if console.acts.are_checked else None,
        stray_owners=tuple(stray.value.configuration for stray in board.strays),
        left_frozen=next((one.request for one in left_frozen(card, console)), None) if card is not None else None,
        denials={verb: words.refusal(denial) for verb in Verb if (denial := whose.denial(verb))},
        pools=tuple(sight.name for sight in console.sights),
        why_no_emergency=console.reviews.why_not_declare(card.id) if card is not None and is_connected else "",
        card_away="" if away is None else words.refusal(away),
        vms_away="" if vms_away is None else words.refusal(vms_away),
        is_one_way=card is not None and goes_one_way(card, whose.inventory),
        is_queued=card is not None and console.queue.of_card(card.id) is not None,
        is_fenced=card is not None and console.fencing is not None and console.fencing.of(card.id) is not None,
        has_outside=card is not None and console.outside is not None and console.outside.of(card.id) is not None,
        has_freezes=bool(board.closures.freezes),
        is_stopped=board.closures.stop is not None,
    )


def in_sight(panel: QWidget) -> bool:
    """Return whether the user sees a panel when they see the window."""
    return panel.isVisibleTo(panel.window())


def _storage(console: Estate, selected: Sequence[ObjectId]) -> ObjectId | None:
    """Return where imported machines go, on the pool of what is selected, or else on the first."""
    whose = console.of_object(selected[0]) if len(selected) == 1 else next(iter(console.pools), console.pools.first)
    return storage_for(selected, whose.inventory)
