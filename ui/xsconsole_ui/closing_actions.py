"""Closing by hand as actions: hold, quarantine, freeze, stop the line; and lifting each."""

from xsconsole.console import Verb
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.stays import stay_of
from xsconsole_ui.conditions import unchosen
from xsconsole_ui.situation import Action, Situation


def _denied(situation: Situation) -> str:
    if not situation.is_live:
        return situation.why_unconnected if not situation.is_connected else "The pool is away."
    return situation.denials.get(Verb.CLOSE, "")


def _no_card(situation: Situation) -> str:
    return _denied(situation) or unchosen(situation) or situation.card_away


def _no_version(situation: Situation) -> str:
    if _no_card(situation):
        return _no_card(situation)
    card = situation.card
    return "" if card is not None and card.service and card.version else "It has no version."


def _no_stay(situation: Situation) -> str:
    if _no_card(situation):
        return _no_card(situation)
    stay = stay_of(situation.card, situation.workflow) if situation.card is not None else None
    return "" if stay is not None and stay.ends is not None else "Its time in its stage has no end."


def _no_workflow(situation: Situation) -> str:
    return _denied(situation) or ("" if situation.workflow is not None else "There are no stages yet.")


def _no_freeze(situation: Situation) -> str:
    return _denied(situation) or ("" if situation.has_freezes else "Nobody froze a stage by hand.")


HOLD = Action(
    id="card.hold",
    text="&Hold…",
    shortcut="Ctrl+Shift+H",
    tip="Let nobody promote the configuration until the hold is lifted, or lift it",
    perform=lambda _, hands: hands.close_by_hand(ClosureKind.HOLD),
    why_not=_no_card,
    named=lambda situation: "Lift the &hold…" if situation.card is not None and situation.card.hold else "&Hold…",
)
QUARANTINE = Action(
    id="card.quarantine",
    text="&Quarantine the version…",
    tip="Let no configuration of this version be promoted anywhere, or lift that",
    perform=lambda _, hands: hands.close_by_hand(ClosureKind.QUARANTINE),
    why_not=_no_version,
    named=lambda situation: (
        "Lift the &quarantine…"
        if situation.card is not None and situation.card.quarantine
        else "&Quarantine the version…"
    ),
)
EXTEND = Action(
    id="card.extend",
    text="E&xtend its time…",
    tip="Let the configuration stand in its stage longer than the stage's lease says",
    perform=lambda _, hands: hands.close_by_hand(ClosureKind.STAY),
    why_not=_no_stay,
)
FREEZE = Action(
    id="stage.freeze",
    text="&Freeze a stage…",
    shortcut="Ctrl+Shift+F",
    tip="Let nothing be promoted into a stage for a time",
    perform=lambda _, hands: hands.close_by_hand(ClosureKind.FREEZE),
    why_not=_no_workflow,
)
LIFT_FREEZE = Action(
    id="stage.lift-freeze",
    text="&Lift a freeze…",
    tip="End a freeze that somebody added; those of every week are changed in the workflow",
    perform=lambda _, hands: hands.lift_freeze(),
    why_not=_no_freeze,
)
STOP_LINE = Action(
    id="pool.stop-line",
    text="&Stop the line…",
    shortcut="Ctrl+Shift+S",
    tip="Let nothing on the pool be promoted; a banner says so in every window",
    perform=lambda _, hands: hands.close_by_hand(ClosureKind.STOP),
    why_not=_denied,
    named=lambda situation: "Release the &line…" if situation.is_stopped else "&Stop the line…",
)
