"""What is done to a configuration as one thing, where it stands, as actions like all others."""

from collections.abc import Callable

from xsconsole.console import Verb
from xsconsole.domain.plan import RunKind
from xsconsole.engine.commands import ChangePower
from xsconsole_ui.conditions import alone, no_live_card, permitted
from xsconsole_ui.situation import About, Action, Hands, Situation


def _change(kind: RunKind) -> Callable[[Situation, Hands], None]:
    def perform(situation: Situation, hands: Hands) -> None:
        cards = situation.cards
        hands.ask_each(tuple(ChangePower(configuration=one.id, revision=one.revision, kind=kind) for one in cards))

    return perform


def _none_in(power_state: str, reason: str) -> Callable[[Situation], str]:
    def why_not(situation: Situation) -> str:
        card = situation.card
        if no_live_card(situation) or card is None:
            return no_live_card(situation)
        members = (member for one in situation.cards for member in one.members)
        return "" if any(member.power_state == power_state for member in members) else reason

    return permitted(Verb.SERVE, why_not)


NONE_RUNS = "None of its machines runs."

START = Action(
    id="configuration.start",
    text="&Start…",
    shortcut="Ctrl+Shift+Up",
    tip="Start all its machines that are off, in their order",
    perform=_change(RunKind.START),
    why_not=_none_in("Halted", "None of its machines is off."),
)
SHUT_DOWN = Action(
    id="configuration.shut-down",
    text="Shut &down…",
    shortcut="Ctrl+Shift+Down",
    tip="Shut all its running machines down, in descending order",
    perform=_change(RunKind.SHUT_DOWN),
    why_not=_none_in("Running", NONE_RUNS),
)
REBOOT = Action(
    id="configuration.reboot",
    text="Re&boot…",
    tip="Shut all its running machines down in order, and start them again",
    perform=_change(RunKind.REBOOT),
    why_not=_none_in("Running", NONE_RUNS),
)
SUSPEND = Action(
    id="configuration.suspend",
    text="S&uspend…",
    tip="Write what its running machines hold in memory to storage, and stop them",
    perform=_change(RunKind.SUSPEND),
    why_not=_none_in("Running", NONE_RUNS),
)
RESUME = Action(
    id="configuration.resume",
    text="&Resume…",
    tip="Let its suspended machines run on",
    perform=_change(RunKind.RESUME),
    why_not=_none_in("Suspended", "None of its machines is suspended."),
)
DESCRIBE = Action(
    id="configuration.describe",
    text="Name and note&s…",
    shortcut="Ctrl+Shift+N",
    tip="Give it another name or version, and write notes about it",
    perform=lambda _, hands: hands.ask_about(About.DESCRIBE),
    why_not=permitted(Verb.SERVE, no_live_card),
)
DELETE = Action(
    id="configuration.delete",
    text="Delete w&ith its disks…",
    shortcut="Ctrl+Shift+Del",
    tip="Destroy all its machines with their disks, for good; what it shares with others stays",
    perform=lambda _, hands: hands.ask_about(About.DELETE),
    why_not=permitted(Verb.SERVE, no_live_card),
)
MIGRATE = Action(
    id="configuration.migrate",
    text="Mi&grate…",
    shortcut="Ctrl+Shift+M",
    tip="Bring its running machines to another host, its disks to another storage, or all of it into another pool",
    perform=lambda _, hands: hands.ask_about(About.MIGRATE),
    why_not=permitted(Verb.SERVE, no_live_card),
)
ARRANGE = Action(
    id="configuration.arrange",
    text="Arran&ge members…",
    tip="Give members other roles, and say in which order and how far apart they start and stop",
    perform=lambda _, hands: hands.ask_about(About.ARRANGE),
    why_not=permitted(Verb.SERVE, alone(no_live_card)),
)
POWER = (START, SHUT_DOWN, REBOOT, SUSPEND, RESUME)
