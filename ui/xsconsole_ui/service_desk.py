"""What is asked about a configuration, or about several, before there is a plan of what shall be done to them."""

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.engine.commands import OfService, Together
from xsconsole_ui import membership
from xsconsole_ui.dialogs import answered
from xsconsole_ui.fences.deploy_dialog import DeployDialog
from xsconsole_ui.fences.undeploy_dialog import undeploy_of
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.points import RevertDialog
from xsconsole_ui.situation import About, Hands, Situation

DIALOGS: Mapping[About, membership.OfCard] = MappingProxyType(
    {
        About.REMOVE_MEMBERS: membership.RemoveDialog,
        About.REPLICATE: membership.ReplicateDialog,
        About.REVERT: RevertDialog,
        About.DESCRIBE: membership.DescribeDialog,
        About.ARRANGE: membership.ArrangeDialog,
        About.DELETE: membership.DeleteDialog,
        About.MIGRATE: membership.RelocateDialog,
        About.CAPTURE: membership.CaptureDialog,
        About.DEPLOY: DeployDialog,
        About.UNDEPLOY: undeploy_of,
    }
)
TOGETHER: Mapping[About, membership.OfCards] = MappingProxyType(
    {
        About.DESCRIBE: membership.NotesDialog,
        About.DELETE: membership.DeleteAllDialog,
        About.MIGRATE: membership.RelocateAllDialog,
    }
)


class ServiceDesk:
    """Opens the dialog for what is selected, and hands on what it becomes: a plan of one, or one of several."""

    def __init__(self, console: Estate, jobs: Jobs, hands: Hands, window: QWidget) -> None:
        self._console, self._jobs, self._hands, self._window = console, jobs, hands, window

    def ask(self, what: About, situation: Situation) -> None:
        """Ask about the selected configuration; about all that are selected where that can be done to several."""
        card = situation.card
        if len(situation.cards) > 1 and what in TOGETHER:
            self._jobs.start(
                self._ask_all(TOGETHER[what](self._console, situation.cards, self._window)), "ask about several"
            )
        elif card is not None:
            dialog = DIALOGS[what](self._console.of_card(card.id), card, self._window)
            self._jobs.start(self._ask_one(dialog), "ask about one")

    def ask_each(self, commands: tuple[OfService, ...]) -> None:
        """Show the plan of one command, or one plan of several."""
        if len(commands) == 1:
            self._hands.ask(commands[0], show_only=True)
        elif commands:
            self._hands.ask_together(Together(commands=commands))

    async def _ask_one(self, dialog: membership.MembershipDialog) -> None:
        if await answered(dialog) and dialog.command is not None:
            self._hands.ask(dialog.command, show_only=True)

    async def _ask_all(self, dialog: membership.TogetherDialog) -> None:
        if await answered(dialog):
            self._hands.ask_together(Together(commands=dialog.wanted()))
