"""Leads from a card to the rows of what was changed outside of this console, and asks why that may stay."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate, acknowledge
from xsconsole.domain.board import Card
from xsconsole.domain.events import LogUnread
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, explain
from xsconsole_ui.board.card_delegate import CardDelegate
from xsconsole_ui.board.card_face import OUTSIDE
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.notices import Notices
from xsconsole_ui.reason_dialog import ReasonDialog, Wording


class AcknowledgeDialog(ReasonDialog):
    """To be opened with `open()`. Accepted once the row is written."""

    def __init__(self, wording: Wording, console: Estate, card: Card, up_to: int, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(wording, jobs, parent)
        self._console, self._card, self._up_to = console, card, up_to
        self.reason.setPlaceholderText(self.tr("Why they may stay, or what became of them; it goes on record"))

    async def carry_out(self) -> None:
        console = self._console.of_card(self._card.id)
        await acknowledge(console, self._card, self.reason.text(), self._up_to)


class OutsideDesk(QObject):
    """`dialog` is the question while it is open. `show_rows` is given the filter that asks for them."""

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        jobs: Jobs,
        notices: Notices,
        chips: CardDelegate,
        show_rows: Callable[[str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._console, self._jobs, self._notices, self._window = console, jobs, notices, window
        self._show_rows = show_rows
        self.dialog: AcknowledgeDialog | None = None
        chips.chip_clicked.connect(self._on_chip)
        bridge.log_unread.connect(self._tell_unread)

    @Slot(str, str)
    def _on_chip(self, configuration: str, leads: str) -> None:
        if leads == OUTSIDE:
            self.show(ConfigurationId(configuration))

    def show(self, configuration: ConfigurationId) -> None:
        """Show the rows of what was changed, where there are any."""
        found = self._console.outside.of(configuration) if self._console.outside is not None else None
        if found is not None:
            self._show_rows(found.filter)

    def acknowledge(self, card: Card | None) -> None:
        """Ask why the changes from outside may stay."""
        found = self._console.outside.of(card.id) if self._console.outside is not None and card is not None else None
        if card is None or found is None or self.dialog is not None:
            return
        wording = Wording(
            title=self.tr("Acknowledge {changes} to {name}").format(
                changes=count(found.number, "change"), name=shortened(one_line(card.name), 60)
            ),
            text=found.sentence,
            act=self.tr("Acknowledge"),
        )
        self.dialog = AcknowledgeDialog(wording, self._console, card, found.up_to, self._jobs, self._window)
        self._jobs.start(self._ask(self.dialog), "acknowledge changes from outside")

    async def _ask(self, dialog: AcknowledgeDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self.dialog = None

    @Slot(object)
    def _tell_unread(self, event: LogUnread) -> None:
        """Say once that nobody knows what others change."""
        told = explain(event.error)
        headline = self.tr("What others change in pool “{pool}” is not known: its own log cannot be read.")
        fault = self.tr("What others change is not followed now.")
        headline = headline.format(pool=shortened(one_line(event.pool), 40)) if event.pool else fault
        self._notices.tell("warn", headline, told.mend, told.failed)
