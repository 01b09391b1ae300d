"""What can be done to the objects selected in the inventory, as actions like all others."""

from dataclasses import replace
from functools import partial

from xsconsole.domain import words
from xsconsole.domain.acts import RULES, Act
from xsconsole.domain.wording.acts import act_name, why_none
from xsconsole.domain.words import count
from xsconsole.engine.commands import Operate
from xsconsole.errors import Refused
from xsconsole_ui.situation import Action, Hands, Situation
from xsconsole_ui.texts import tr

LOOKED_AT = 20  # of a selection; the dialog looks at all of them
PLACEHOLDER = "x"  # stands for a name that is asked for later

_SHORTCUTS = {Act.RENAME: "F2"}
_NEEDS_TEXT = frozenset({Act.RENAME, Act.SNAPSHOT, Act.TAG, Act.MOVE_TO_FOLDER})


def _perform(act: Act, situation: Situation, hands: Hands) -> None:
    hands.act(act, situation.objects)


def _why_not(act: Act, situation: Situation) -> str:
    """Return why it can be done to none of the selected objects; empty where it can be to one."""
    if not situation.is_live:
        return situation.why_unconnected if not situation.is_connected else "The pool is away."
    if not situation.objects:
        return "Select objects in the inventory first."
    if situation.check is None:
        return situation.why_unconnected
    if len(situation.objects) > LOOKED_AT:
        return ""
    # Where it goes and what it is called is asked for afterwards: only the rest is looked at here.
    given = PLACEHOLDER if act in _NEEDS_TEXT - {Act.MOVE_TO_FOLDER} else ""
    command = Operate(act=act, objects=situation.objects, text=given)
    try:
        checks = situation.check(command)
    except Refused as unconnected:  # the connection is still being made
        return words.refusal(unconnected)
    return "" if any(check.refusal is None for check in checks) else why_none(checks)


def _named(act: Act, situation: Situation) -> str:
    number = len(situation.objects)
    rule = RULES[act]
    asks = act in _NEEDS_TEXT or rule.takes_host or rule.takes_file or rule.asks
    name = tr(act_name(act))
    if number > 1:
        return tr("{act} ({objects})…").format(act=name, objects=count(number, "object"))
    return f"{name}…" if asks else name


def _action(act: Act) -> Action:
    return Action(
        id=f"object.{act.value}",
        text=act_name(act),
        perform=partial(_perform, act),
        why_not=partial(_why_not, act),
        named=partial(_named, act),
        shortcut=_SHORTCUTS.get(act, ""),
    )


def _import(situation: Situation, hands: Hands) -> None:
    if situation.storage is not None:
        hands.act(Act.IMPORT, (situation.storage,))


def _no_import(situation: Situation) -> str:
    if situation.storage is None:
        return _why_not(Act.IMPORT, situation)
    return _why_not(Act.IMPORT, replace(situation, objects=(situation.storage,)))


START, START_ON, SHUT_DOWN, REBOOT, PAUSE, UNPAUSE, SUSPEND, RESUME, FORCE_OFF, FORCE_REBOOT = (
    _action(act)
    for act in (
        Act.START,
        Act.START_ON,
        Act.SHUT_DOWN,
        Act.REBOOT,
        Act.PAUSE,
        Act.UNPAUSE,
        Act.SUSPEND,
        Act.RESUME,
        Act.FORCE_OFF,
        Act.FORCE_REBOOT,
    )
)
SNAPSHOT, REVERT, DELETE_SNAPSHOT, MIGRATE, EXPORT = (
    _action(act) for act in (Act.SNAPSHOT, Act.REVERT, Act.DELETE_SNAPSHOT, Act.MIGRATE, Act.EXPORT)
)
IMPORT = Action(
    id="object.import",
    text="&Import a VM…",
    tip="Make machines of an XVA, on the selected storage or else on the pool's default one",
    perform=_import,
    why_not=_no_import,
)
RENAME, TAG, MOVE_TO_FOLDER = (_action(act) for act in (Act.RENAME, Act.TAG, Act.MOVE_TO_FOLDER))

POWER_MENU: tuple[Action | None, ...] = (
    *(START, START_ON, SHUT_DOWN, REBOOT, PAUSE, UNPAUSE, SUSPEND, RESUME, None),
    *(FORCE_OFF, FORCE_REBOOT),
)
OBJECT_MENU: tuple[Action | None, ...] = (
    *(*POWER_MENU, None, SNAPSHOT, MIGRATE, EXPORT, None),
    *(RENAME, TAG, MOVE_TO_FOLDER),
)
SNAPSHOT_MENU: tuple[Action | None, ...] = (REVERT, DELETE_SNAPSHOT)
OF_SNAPSHOTS: tuple[Action | None, ...] = (*SNAPSHOT_MENU, None, EXPORT, None, RENAME, TAG, MOVE_TO_FOLDER)
