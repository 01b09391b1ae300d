"""Why actions cannot be done now: what several of them share."""

from collections.abc import Callable

from xsconsole.console import Console, Verb
from xsconsole.domain.words import refusal
from xsconsole_ui.situation import Situation


def permitted(verb: Verb, why_not: Callable[[Situation], str]) -> Callable[[Situation], str]:
    """Return a reason that begins with the role: what else is in the way does not matter to who may not."""

    def reason(situation: Situation) -> str:
        return situation.denials.get(verb, "") or why_not(situation)

    return reason


def denied(console: Console, verb: Verb) -> str:
    """Return why the log-in on a pool may not do something there; empty where it may."""
    denial = console.denial(verb)
    return refusal(denial) if denial is not None else ""


def unchosen(situation: Situation) -> str:
    """Return why there is no card to do it to: what cannot be seen is not meant."""
    if situation.card is not None:
        return ""
    if situation.has_hidden_card:
        return "The selected card is on the board, which is not on show: go there first (Ctrl+1)."
    return "Select a card on the board first."


def no_card(situation: Situation) -> str:
    return unchosen(situation) if situation.is_connected else situation.why_unconnected


def alone(why_not: Callable[[Situation], str]) -> Callable[[Situation], str]:
    """Return a reason that begins with how many are selected, of what is done to one configuration at a time."""

    def reason(situation: Situation) -> str:
        return (
            "Select one card only: this is done to one at a time." if len(situation.cards) > 1 else why_not(situation)
        )

    return reason


def no_live_card(situation: Situation) -> str:
    if no_card(situation):
        return no_card(situation)
    if situation.card_away:
        return situation.card_away
    return "" if situation.is_live else "The pool is away; what is shown is the last known state."
