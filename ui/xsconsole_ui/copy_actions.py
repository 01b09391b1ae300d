"""What makes copies of a configuration apart from the ways of the workflow, as actions like all others."""

from xsconsole.console import Verb
from xsconsole.engine.commands import Refresh
from xsconsole_ui.conditions import alone, no_live_card, permitted
from xsconsole_ui.situation import About, Action, Hands, Situation


def _refresh(situation: Situation, hands: Hands) -> None:
    card = situation.card
    if card is not None and card.origin is not None and card.origin.is_copy:
        hands.ask(Refresh(configuration=card.id, revision=card.revision), show_only=True)


def _no_replica(situation: Situation) -> str:
    if no_live_card(situation):
        return no_live_card(situation)
    origin = situation.card.origin if situation.card is not None else None
    return "" if origin is not None and origin.is_copy else "It is no copy of another one."


def _no_pool(situation: Situation) -> str:
    if not situation.is_connected:
        return situation.why_unconnected
    return "" if situation.is_live else "The pool is away; what is shown is the last known state."


PROVISION = Action(
    id="blueprint.provision",
    text="Pro&vision…",
    shortcut="Ctrl+Shift+B",
    tip="Make configurations of a blueprint, one or many",
    perform=lambda _, hands: hands.provision(),
    why_not=permitted(Verb.PROVISION, _no_pool),
)
REPLICATE = Action(
    id="card.replicate",
    text="&Replicate…",
    shortcut="Ctrl+R",
    tip="Copy the configuration, whatever runs, into a stage; it stays where it is",
    perform=lambda _, hands: hands.ask_about(About.REPLICATE),
    why_not=permitted(Verb.COPY, alone(no_live_card)),
)
REFRESH = Action(
    id="card.refresh",
    text="Re&fresh replica…",
    tip="Make it anew of what it was copied from, as that is now; place, names and addresses stay",
    perform=_refresh,
    why_not=permitted(Verb.COPY, alone(_no_replica)),
)
