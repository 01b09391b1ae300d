"""What is kept of a configuration as actions: archives, restore points, and what was frozen for requests."""

from xsconsole.console import Verb
from xsconsole.engine.commands import TakePoint, Thaw
from xsconsole_ui.conditions import alone, no_live_card, permitted, unchosen
from xsconsole_ui.situation import About, Action, Hands, Situation


def _denied(situation: Situation) -> str:
    if not situation.is_live:
        return "Connect to a pool first." if not situation.is_connected else "The pool is away."
    return unchosen(situation)


def _nothing_left_frozen(situation: Situation) -> str:
    if unchosen(situation) or situation.left_frozen is not None:
        return unchosen(situation)
    return "Nothing of the selected configuration stands frozen for a request that there is no more."


def _no_points(situation: Situation) -> str:
    card = situation.card
    if _denied(situation) or card is None:
        return _denied(situation)
    if not card.restore_points and not card.asides:
        return "The selected configuration has no restore points."
    return situation.card_away


def _thaw(situation: Situation, hands: Hands) -> None:
    card, request = situation.card, situation.left_frozen
    if card is not None and request is not None:
        hands.ask(Thaw(configuration=card.id, request=request), show_only=True)


def _remove_points(situation: Situation, hands: Hands) -> None:
    if situation.card is not None:
        hands.remove_points(situation.card.id)


def _no_archive(situation: Situation) -> str:
    return _denied(situation) or situation.card_away


def _take_point(situation: Situation, hands: Hands) -> None:
    commands = (TakePoint(configuration=card.id, revision=card.revision) for card in situation.cards)
    hands.ask_each(tuple(commands))


TAKE_POINT = Action(
    id="configuration.snapshot",
    text="&Take a restore point…",
    shortcut="Ctrl+Shift+T",
    tip="Snapshot all its machines as one set, to which they can be returned",
    perform=_take_point,
    why_not=permitted(Verb.SERVE, no_live_card),
)
REVERT = Action(
    id="configuration.revert",
    text="Rever&t to a restore point…",
    tip="Return its disks to a restore point; the plan says what would be lost",
    perform=lambda _, hands: hands.ask_about(About.REVERT),
    why_not=alone(permitted(Verb.SERVE, _no_points)),
)
ARCHIVE = Action(
    id="configuration.archive",
    text="Arc&hive or export…",
    shortcut="Ctrl+Shift+A",
    icon="archive",
    tip="Write an XVA of each machine into files on this computer, from which it comes back as a new one",
    perform=lambda _, hands: hands.archive(),
    why_not=alone(permitted(Verb.KEEP, _no_archive)),
)
CAPTURE = Action(
    id="configuration.capture",
    text="Capture into &library…",
    icon="library",
    tip="Make templates and a blueprint of it, of which others are made; it stays as it is",
    perform=lambda _, hands: hands.ask_about(About.CAPTURE),
    why_not=permitted(Verb.SHELVE, alone(no_live_card)),
)
THAW = Action(
    id="configuration.thaw",
    text="Remove what is left &frozen…",
    tip="Destroy the snapshots that were taken for a request that there is no more",
    perform=_thaw,
    why_not=alone(permitted(Verb.CHANGE, _nothing_left_frozen)),
)
REMOVE_POINTS = Action(
    id="configuration.remove_points",
    text="Remove restore &points…",
    tip="Destroy snapshots that a demotion could return to; those that something needs stay",
    perform=_remove_points,
    why_not=alone(permitted(Verb.SERVE, _no_points)),
)
