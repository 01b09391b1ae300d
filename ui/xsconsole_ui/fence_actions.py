"""What is done with fences, as actions like all others."""

from collections.abc import Callable

from xsconsole.console import Verb
from xsconsole.engine.commands import Redeploy
from xsconsole_ui.conditions import no_live_card, permitted, unchosen
from xsconsole_ui.situation import About, Action, Hands, Situation, Submenu


def _fenced(*, is_wanted: bool) -> Callable[[Situation], str]:
    def why_not(situation: Situation) -> str:
        if no_live_card(situation):
            return no_live_card(situation)
        if situation.is_fenced is is_wanted:
            return ""
        return "No fence is around it." if is_wanted else "It stands in a fence already."

    return why_not


def _redeploy(situation: Situation, hands: Hands) -> None:
    if situation.card is not None:
        hands.ask(Redeploy(configuration=situation.card.id), show_only=True)


SHOW_FENCE = Action(
    id="card.fence",
    text="Show fe&nce",
    shortcut="Ctrl+Shift+E",
    icon="fence",
    tip="See the map of its fence: who is inside, what passes, and whether it is tight",
    perform=lambda _, hands: hands.show_fence(),
    why_not=lambda situation: unchosen(situation) or ("" if situation.is_fenced else "No fence is around it."),
)
DEPLOY = Action(
    id="card.deploy",
    text="&Deploy in a fence…",
    shortcut="Ctrl+Shift+P",
    tip="Run a copy beside it with the same MAC and IP addresses, on networks of its own, behind a router",
    perform=lambda _, hands: hands.ask_about(About.DEPLOY),
    why_not=permitted(Verb.FENCE, _fenced(is_wanted=False)),
)
REDEPLOY = Action(
    id="card.redeploy",
    text="&Redeploy…",
    tip="Start its fence again as the same one, on whichever host has room for all of it",
    perform=_redeploy,
    why_not=permitted(Verb.FENCE, _fenced(is_wanted=True)),
)
UNDEPLOY = Action(
    id="card.undeploy",
    text="&Undeploy…",
    tip="Shut its fence down and keep it, or take it away with all that is in it",
    perform=lambda _, hands: hands.ask_about(About.UNDEPLOY),
    why_not=permitted(Verb.FENCE, _fenced(is_wanted=True)),
)
FENCE = Submenu(text="Fe&nce", actions=(DEPLOY, SHOW_FENCE, REDEPLOY, UNDEPLOY))
