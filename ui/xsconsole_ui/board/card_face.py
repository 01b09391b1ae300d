"""What a card on the board shows now, from all that the console knows of it."""

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.workflow import Stage
from xsconsole_ui.board.faces import Face, face_of, told
from xsconsole_ui.silence import silence_of

GOING = (RunState.RUNNING, RunState.UNDOING)


def shown(card: Card, stage: Stage, console: Estate) -> tuple[Face, str]:
    """Return a card's face, and the whole of it in words."""
    away = console.away(card.id)
    pool = console.pool_name(console.of_card(card.id))
    silence, asked = silence_of(card, console), console.requests.of(card.id)
    run, is_away = _run_of(card.id, console), away is not None
    reviews = console.reviews.of(card.id)
    face = face_of(card, stage, run, is_away=is_away, silence=silence, asked=asked, open_reviews=reviews, pool=pool)
    reason = "" if away is None else away.reason
    return face, told(card, stage, asked, reviews, silence=silence, pool=pool, away=reason)


def _run_of(configuration: ConfigurationId, console: Estate) -> RunStatus | None:
    """Return this console's own run on it, where one goes on."""
    own = (status for status in console.runs if status.plan.intent.configuration == configuration)
    return next((status for status in own if status.state in GOING), None)
