"""What is known of the object selected in the inventory, with what can be done to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.inventory import VM
from xsconsole.domain.sheets.objects import sheet_of
from xsconsole.domain.sheets.values import Line, Sheet
from xsconsole.engine.commands import Operate
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.objects.performance import PerformancePage
from xsconsole_ui.objects.permission import permitted, why_not
from xsconsole_ui.objects.sheet_model import SheetModel
from xsconsole_ui.objects.sheet_view import SheetView
from xsconsole_ui.scrolling import UprightPage

GATHER_MS = 150
MEASURED = frozenset({Kind.VM, Kind.HOST})


class ObjectPage(QWidget):
    """Shows one object and follows what the pool says of it."""

    followed = Signal(object)  # ObjectId: somebody wants to see another object
    titled = Signal()  # the title may be another one

    def __init__(
        self,
        console: Estate,
        desk: ActDesk,
        jobs: Jobs,
        menu: Sequence[QAction | None],
        of_snapshots: Sequence[QAction | None],
        parent: QWidget | None = None,
    ) -> None:
        """Offer `menu` for what is shown, and `of_snapshots` where that is a snapshot."""
        super().__init__(parent)
        self._console, self._desk = console, desk
        self._item: ObjectId | None = None
        self.sheet: Sheet | None = None
        self.model = SheetModel(self)
        self.view = SheetView(self.model, self.tr("What is known of the object"), self)
        self.performance = PerformancePage(console, jobs, self)
        self.is_charting = pieces.button(self.tr("Performance"), "", self)
        self.is_charting.setCheckable(True)
        self.acts, self.snapshot_acts = self._menu(menu), self._menu(of_snapshots)
        self.do = pieces.button(self.tr("Actions"), "", self)
        self.do.setMenu(self.acts)
        self.raw = pieces.button(self.tr("Raw record"), "quiet", self)
        self.revert = self._snapshot_action(self.tr("Revert to this snapshot…"), Act.REVERT)
        self.delete = self._snapshot_action(self.tr("Delete this snapshot…"), Act.DELETE_SNAPSHOT)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self.renew)
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        row.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        row.addWidget(self.do)
        row.addWidget(self.is_charting)
        row.addStretch(1)
        row.addWidget(self.raw)
        column.addWidget(pieces.Line(self))
        self._pages = QStackedLayout()
        column.addLayout(self._pages, 1)
        self._pages.addWidget(self.view)
        self._pages.addWidget(UprightPage(self.performance, self))
        self.is_charting.toggled.connect(self._look_at)
        self.view.followed.connect(self._follow)
        self.model.edited.connect(self._edit)
        self.raw.clicked.connect(self._show_raw)
        self.view.menu.aboutToShow.connect(self._look_at_line)

    def _menu(self, actions: Sequence[QAction | None]) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for action in actions:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        return menu

    def _snapshot_action(self, text: str, act: Act) -> QAction:
        action = QAction(text, self)
        work: Callable[[], None] = self._ask_revert if act is Act.REVERT else self._ask_delete
        action.triggered.connect(work)
        self.view.add_context_action(action)
        action.setVisible(False)
        return action

    @property
    def item(self) -> ObjectId | None:
        return self._item

    def show_object(self, item: ObjectId | None) -> None:
        self._item = item
        record = self._console.record_of(item) if item is not None else None
        is_snapshot = isinstance(record, VM) and record.is_a_snapshot
        is_measured = item is not None and item.kind in MEASURED and not is_snapshot
        self.do.setMenu(self.snapshot_acts if is_snapshot else self.acts)
        self.is_charting.setVisible(is_measured)
        self.performance.show_object(item if is_measured else None)
        if not is_measured:
            self.is_charting.setChecked(False)
        self.renew()
        self.view.scrollToTop()

    def renew_soon(self) -> None:
        """Look again once what arrives together has arrived."""
        if self._item is not None and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def renew(self) -> None:
        self._soon.stop()
        before = self.sheet
        if self._item is None:
            self.sheet = None
        else:
            console = self._console.of_object(self._item)
            sheet = sheet_of(self._item, console.inventory, console.board)
            self.sheet = None if sheet is None else permitted(sheet, console)
        if self.sheet != before:
            self.model.show_sheet(self.sheet)
            self.titled.emit()

    @Slot(object)
    def _follow(self, item: ObjectId) -> None:
        self.followed.emit(self._beside(item))

    def _beside(self, item: ObjectId) -> ObjectId:
        """Return an object that the one on show names: it is of the same pool."""
        return replace(item, pool=self._item.pool) if self._item is not None else item

    @Slot(bool)
    def _look_at(self, is_charting: bool) -> None:
        self._pages.setCurrentIndex(1 if is_charting else 0)

    @Slot(object, str)
    def _edit(self, line: Line, text: str) -> None:
        if self._item is not None:
            self._desk.edit(self._item, line, text)

    @Slot()
    def _show_raw(self) -> None:
        if self._item is not None:
            self._desk.show_raw(self._item)

    def _snapshot(self) -> ObjectId | None:
        """Return the snapshot that the current line leads to."""
        line = self.view.selected_line()
        item = line.link if line is not None else None
        named = self._beside(item) if item is not None and item.kind is Kind.VM else None
        record = self._console.record_of(named) if named is not None else None
        return named if isinstance(record, VM) and record.is_a_snapshot else None

    @Slot()
    def _look_at_line(self) -> None:
        """Offer what can be done with a snapshot at its own line; where it cannot be now, with the reason."""
        snapshot = self._snapshot()
        for act, action in ((Act.REVERT, self.revert), (Act.DELETE_SNAPSHOT, self.delete)):
            action.setVisible(snapshot is not None)
            if snapshot is not None:
                reason = why_not(Operate(act=act, objects=(snapshot,)), self._console.of_object(snapshot))
                action.setEnabled(not reason)
                action.setToolTip(pieces.hint(reason))

    @Slot()
    def _ask_revert(self) -> None:
        self._ask(Act.REVERT)

    @Slot()
    def _ask_delete(self) -> None:
        self._ask(Act.DELETE_SNAPSHOT)

    def _ask(self, act: Act) -> None:
        snapshot = self._snapshot()
        if snapshot is not None:
            self._desk.ask(act, (snapshot,))
