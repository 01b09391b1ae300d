"""Why actions cannot be done now: what several of them share."""

from collections.abc import Callable

from xsconsole.console import Verb
from xsconsole_ui.situation import Situation


def permitted(verb: Verb, why_not: Callable[[Situation], str]) -> Callable[[Situation], str]:
    """Return a reason that begins with the role: what else is in the way does not matter to who may not."""

    def reason(situation: Situation) -> str:
        return situation.denials.get(verb, "") or why_not(situation)

    return reason


def no_card(situation: Situation) -> str:
    if not situation.is_connected:
        return situation.why_unconnected
    return "" if situation.card is not None else "Select a card on the board first."


def no_live_card(situation: Situation) -> str:
    if no_card(situation):
        return no_card(situation)
    if situation.card_away:
        return situation.card_away
    return "" if situation.is_live else "The pool is away; what is shown is the last known state."
