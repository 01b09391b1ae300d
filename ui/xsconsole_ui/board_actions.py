"""How the board is looked at, as actions like all others."""

from xsconsole_ui.conditions import unchosen
from xsconsole_ui.situation import Action, Situation


def _no_queue(situation: Situation) -> str:
    if unchosen(situation) or situation.full_ways or situation.is_queued:
        return unchosen(situation)
    return "No full stage is all that stands in its way."


def _not_later(situation: Situation) -> str:
    if unchosen(situation) or situation.later_ways:
        return unchosen(situation)
    return "No way that others have to approve is barred until a time that is known."


def _nothing_outside(situation: Situation) -> str:
    if unchosen(situation) or situation.has_outside:
        return unchosen(situation)
    return "Nothing of it was changed from outside that is not acknowledged."


SHOW_LIST = Action(
    id="board.list",
    text="Board as &list",
    shortcut="Ctrl+L",
    tip="Show the same cards as a table, or as columns again",
    perform=lambda _, hands: hands.toggle_list(),
    named=lambda situation: "Board as &columns" if situation.is_list else "Board as &list",
)
FILTER_CARDS = Action(
    id="board.filter",
    text="F&ilter cards",
    shortcut="Ctrl+F",
    tip="Show only the cards that are asked for",
    perform=lambda _, hands: hands.filter_cards(),
)
COLLAPSE = Action(
    id="board.collapse",
    text="Coll&apse column",
    shortcut="Ctrl+B",
    tip="Leave only the name of the column, or open it again",
    perform=lambda _, hands: hands.collapse_column(),
)
QUEUE = Action(
    id="card.queue",
    text="Queue f&or a place…",
    shortcut="Ctrl+Shift+Q",
    tip="Let it wait until the stage has room; this console carries it out while it is open",
    perform=lambda _, hands: hands.queue(),
    why_not=_no_queue,
    named=lambda situation: "Take out of the &queue" if situation.is_queued else "Queue f&or a place…",
)
LATER = Action(
    id="card.later",
    text="&Ask for later…",
    tip="Ask now for what a freeze, a soak time or a window bars until later, where others have to approve it",
    perform=lambda _, hands: hands.ask_later(),
    why_not=_not_later,
)
LINEAGE = Action(
    id="card.lineage",
    text="Linea&ge…",
    shortcut="Ctrl+Shift+G",
    tip="See what it was copied from, what was copied from it, and what happened to each",
    perform=lambda _, hands: hands.show_lineage(),
    why_not=unchosen,
)
DRIFT = Action(
    id="card.drift",
    text="Dri&ft…",
    shortcut="Ctrl+Shift+D",
    tip="See how it differs from what it was copied from or from production, since when, and what may differ",
    perform=lambda _, hands: hands.show_drift(),
    why_not=unchosen,
)
OUTSIDE = Action(
    id="card.outside",
    text="C&hanges from outside",
    shortcut="Ctrl+Shift+X",
    tip="See in the audit what others changed of its machines, as the pool's own log tells",
    perform=lambda _, hands: hands.show_outside(),
    why_not=_nothing_outside,
)
ACKNOWLEDGE = Action(
    id="card.acknowledge",
    text="Ac&knowledge these…",
    tip="Say why what others changed of its machines may stay; the card does not show it any more",
    perform=lambda _, hands: hands.acknowledge_outside(),
    why_not=_nothing_outside,
)
BOARD_VIEW = (SHOW_LIST, FILTER_CARDS, COLLAPSE)
