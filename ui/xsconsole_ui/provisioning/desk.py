"""Where whoever wants configurations of a blueprint is asked for the rest, from menu, key, column or library."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from xsconsole.console import Estate, Verb
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.engine.commands import Plannable, Together
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.library import LibraryPlace
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.provisioning.dialog import ProvisionDialog
from xsconsole_ui.provisioning.offers import Version

if TYPE_CHECKING:
    from xsconsole_ui.main_window import MainWindow


class Asking(Protocol):
    """Lays a plan before the user."""

    def ask(self, command: Plannable, *, show_only: bool = False) -> None: ...
    def ask_together(self, together: Together) -> None: ...


class ProvisionDesk(QObject):
    """Opens one dialog at a time; `dialog` is that one while it is open."""

    def __init__(
        self, console: Estate, bridge: Bridge, jobs: Jobs, asking: Asking, board: BoardView, window: "MainWindow"
    ) -> None:
        super().__init__(window)
        self._console, self._jobs, self._asking, self._window = console, jobs, asking, window
        self._bridge = bridge
        self._board, self._place = board, window
        self.from_library: QAction | None = None  # once the place of the library is there
        self.dialog: ProvisionDialog | None = None
        self.menu = QMenu(window)  # of a column
        self.menu.setToolTipsVisible(True)
        self.menu.triggered.connect(self._ask_chosen)
        bridge.layout_changed.connect(self._listen)

    def ask(self, stage: StageId | None = None, blueprint: Version | None = None) -> None:
        """Ask for what is lacking, then lay the plan before the user."""
        if self.dialog is None:
            self.dialog = ProvisionDialog(self._console, stage, blueprint, self._window)
            self.dialog.follow(self._bridge)
            self._jobs.start(self._asked(self.dialog), "ask what to make of a blueprint")

    async def _asked(self, dialog: ProvisionDialog) -> None:
        try:
            is_wanted = await answered(dialog)
        finally:
            self.dialog = None
        if is_wanted and dialog.together is not None:
            if len(dialog.together.commands) == 1:
                self._asking.ask(dialog.together.commands[0])
            else:
                self._asking.ask_together(dialog.together)

    @Slot()
    def _listen(self) -> None:
        """Offer it in every column where no card is; columns that were heard already say so themselves."""
        if self.from_library is None:
            self._offer_in(self._place.library)
        for lane in self._board.lanes:
            if not lane.property("offers_provisioning"):
                lane.setProperty("offers_provisioning", True)
                lane.own_menu_wanted.connect(self._opening(lane))

    def _opening(self, lane: Lane) -> Callable[[QPoint], None]:
        return partial(self._open_menu, lane.stage.id, lane.stage.name)

    def _open_menu(self, stage: StageId, name: str, at: QPoint) -> None:
        self.menu.clear()
        action = QAction(self.tr("Provision into {stage}…").format(stage=verbatim(one_line(name))), self.menu)
        action.setData(str(stage))
        denial = self._console.pools.first.denial(Verb.PROVISION)
        why_not = f"{denial.reason} {denial.mend}" if denial is not None else ""
        action.setEnabled(not why_not and self._console.is_live)
        action.setToolTip(why_not)
        self.menu.addAction(action)
        self.menu.popup(at)

    @Slot(QAction)
    def _ask_chosen(self, chosen: QAction) -> None:
        self.ask(StageId(str(chosen.data())))

    # From the library

    def _offer_in(self, library: LibraryPlace) -> None:
        """Give the place of the library a button for the version that is selected there."""
        self.from_library = QAction(self.tr("Provision…"), self)
        self.from_library.triggered.connect(self._ask_for_version)
        library.carrying.wanted.connect(partial(self._asking.ask, show_only=True))
        library.offer(self.from_library)
        library.chosen_changed.connect(self._look_at_library)
        self._look_at_library()

    @Slot()
    def _look_at_library(self) -> None:
        row = self._place.library.chosen
        assert self.from_library is not None
        if row is None:
            why_not = self.tr("Select one version first.")
        elif not row.shelved.is_usable:
            why_not = self.tr("It cannot be read, or has an error: look at it, and publish a version without.")
        else:
            denial = row.console.denial(Verb.PROVISION)
            why_not = f"{denial.reason} {denial.mend}" if denial is not None else ""
        if not why_not and not self._console.is_live:
            why_not = self.tr("There is no connection to a pool.")
        self.from_library.setEnabled(not why_not)
        self.from_library.setToolTip(why_not)

    @Slot()
    def _ask_for_version(self) -> None:
        row = self._place.library.chosen
        if row is not None:
            self.ask(None, (row.console, row.shelved.id, row.shelved.version))
