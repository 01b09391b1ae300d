"""Which columns are shown and what the list is sorted by, as a menu."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from xsconsole.domain.outline.views import Order
from xsconsole_ui.inventory.columns import COLUMNS


class ColumnMenu(QMenu):
    columns_chosen = Signal(tuple)  # of their ids
    order_chosen = Signal(object)  # Order
    turn_wanted = Signal()
    help_wanted = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._columns: list[QAction] = []
        for column in COLUMNS[1:]:
            action = self.addAction(self.tr(column.title))
            action.setCheckable(True)
            action.setData(column.id)
            action.triggered.connect(self._tell_columns)
            self._columns.append(action)
        self.addSeparator()
        below = self.addMenu(self.tr("Sort by"))
        for column in COLUMNS:
            action = below.addAction(self.tr(column.title))
            action.setData(Order(column=column.id, is_descending=column.is_number))
        below.triggered.connect(self._tell_order)
        self.addAction(self.tr("Turn the order round")).triggered.connect(self.turn_wanted)
        self.addSeparator()
        self.addAction(self.tr("What can be filtered by… (F1 in the filter)")).triggered.connect(self.help_wanted)

    def check(self, ids: Sequence[str]) -> None:
        """Show which columns are chosen."""
        for action in self._columns:
            action.setChecked(action.data() in ids)

    @Slot()
    def _tell_columns(self) -> None:
        self.columns_chosen.emit(tuple(str(action.data()) for action in self._columns if action.isChecked()))

    @Slot(QAction)
    def _tell_order(self, action: QAction) -> None:
        self.order_chosen.emit(action.data())
