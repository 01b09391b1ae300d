"""Opens the view of drift, one at a time."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import answered
from xsconsole_ui.drifting.dialog import DriftDialog
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.desk import Desk


class DriftDesk(QObject):
    """`dialog` is the view while it is open."""

    def __init__(self, console: Estate, bridge: Bridge, jobs: Jobs, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._console, self._bridge, self._jobs, self._window = console, bridge, jobs, window
        self.dialog: DriftDialog | None = None

    def show(self, card: Card | None) -> None:
        """Show how a configuration differs from what it is meant to be like."""
        if self.dialog is None and card is not None:
            self.dialog = DriftDialog(self._console, self._bridge, self._jobs, card.id, self._window)
            self._jobs.start(self._see(self.dialog), "show drift")

    async def _see(self, dialog: DriftDialog) -> None:
        try:
            is_to_be_mended = await answered(dialog)
        finally:
            self.dialog = None
        if is_to_be_mended and dialog.command is not None:
            self._desk.ask(dialog.command, show_only=True)
