"""A table that behaves like a tree: arrows open and close, letters find, clicks on a triangle toggle."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from xsconsole.domain.outline_rows import Row
from xsconsole_ui import theme
from xsconsole_ui.inventory.delegate import LineDelegate, triangle_area
from xsconsole_ui.inventory.model import OutlineModel

Index = QModelIndex | QPersistentModelIndex


class OutlineView(QTableView):
    """A `QTableView`, because it is the one view whose cost of an insertion stays small with many rows."""

    toggle_wanted = Signal(object, bool)  # NodeId, whether it is to be open
    menu_wanted = Signal(QPoint)  # on the screen

    def __init__(self, model: OutlineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = model
        self.setModel(model)
        self.setItemDelegate(LineDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_for_menu)
        across, down = self.horizontalHeader(), self.verticalHeader()
        across.hide()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        down.hide()
        down.setMinimumSectionSize(theme.ROW_HEIGHT)
        down.setDefaultSectionSize(theme.ROW_HEIGHT)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def selected_lines(self) -> list[Row]:
        """Return the selected lines from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [line for line in (self._lines.line(row) for row in rows) if line is not None]

    def _ask_for_menu(self, at: QPoint) -> None:
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def _toggle(self, row: Row) -> None:
        self.toggle_wanted.emit(row.id, not row.is_open)

    def _go_to(self, row: int) -> None:
        index = self._lines.index(row, 0)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _go_to_parent(self, row: int) -> None:
        line = self._lines.line(row)
        if line is None:
            return
        for above in range(row - 1, -1, -1):
            candidate = self._lines.line(above)
            if candidate is not None and candidate.depth < line.depth:
                self._go_to(above)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex().row()
        line = self._lines.line(at)
        if line is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        match Qt.Key(event.key()):
            case Qt.Key.Key_Right if line.is_expandable and not line.is_open:
                self._toggle(line)
            case Qt.Key.Key_Right if line.is_expandable:
                self._go_to(at + 1)
            case Qt.Key.Key_Left if line.is_open:
                self._toggle(line)
            case Qt.Key.Key_Left:
                self._go_to_parent(at)
            case Qt.Key.Key_Right:
                pass
            case Qt.Key.Key_Home:
                self._go_to(0)
            case Qt.Key.Key_End:
                self._go_to(self._lines.rowCount() - 1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if line.is_expandable:
                self._toggle(line)
            case _:
                super().keyPressEvent(event)
                return
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        line = self._lines.line(index.row())
        if line is not None and line.is_expandable and event.button() is Qt.MouseButton.LeftButton:
            area = triangle_area(self.visualRect(index), line)
            if area.contains(event.position().toPoint()):
                self._toggle(line)
                event.accept()
                return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        line = self._lines.line(self.indexAt(event.position().toPoint()).row())
        if line is not None and line.is_expandable and event.button() is Qt.MouseButton.LeftButton:
            self._toggle(line)
            event.accept()
            return
        super().mouseDoubleClickEvent(event)
