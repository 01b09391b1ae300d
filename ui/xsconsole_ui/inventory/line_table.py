"""A table of the inventory's lines that paints them itself, some in each turn, and marks the one below the pointer."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelectionRange, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from xsconsole_ui import theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.inventory.columns import COLUMNS
from xsconsole_ui.inventory.delegate import LineDelegate
from xsconsole_ui.inventory.model import OutlineModel
from xsconsole_ui.late_paint import LatePaint

LEAST_LINES = 6  # put in one turn, however full it is


class LineTable(DenseTable):
    def __init__(
        self,
        model: OutlineModel,
        name: str,
        widths: Sequence[int],
        parent: QWidget | None = None,
        *,
        least_elastic: int,
    ) -> None:
        super().__init__(model, name, widths, parent, least_elastic=least_elastic)
        self._lines = model
        self._delegate = LineDelegate(self)
        self._pointer: QPoint | None = None
        self._hovered = QPersistentModelIndex()
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._late = LatePaint(self.viewport())
        self._is_bare = True  # nothing of ours stands on the viewport yet, where it is new

    def _ranges(self) -> list[QItemSelectionRange]:
        selection = self.selectionModel().selection()
        return [selection.at(at) for at in range(selection.count())]

    def _rows_selected_in(self, first: int, last: int) -> list[int]:
        return [row for one in self._ranges() for row in range(max(first, one.top()), min(last, one.bottom()) + 1)]

    def _put(self, painter: QPainter, seen: QRect, first: int, last: int) -> int:
        """Put lines, and return where the last one ends. What does not fit into this turn is put in the next."""
        selected = set(self._rows_selected_in(first, last))
        hovered, current = self._hovered.row(), self.currentIndex().row() if self.hasFocus() else -1
        colours = theme.colours_of(self.palette())
        places = self._places_seen(seen)
        right = max((left + width for _, left, width in places), default=0)
        top = self.rowViewportPosition(first)
        for at in range(first, last + 1):
            if at >= first + LEAST_LINES and self._late.must_wait(painter):
                self._late.leave(QRect(seen.left(), top, seen.width(), (last + 1 - at) * theme.ROW_HEIGHT))
                return top + (last + 1 - at) * theme.ROW_HEIGHT
            if right <= seen.right():
                painter.fillRect(right, top, seen.right() + 1 - right, theme.ROW_HEIGHT, self.palette().base())
            row = self._lines.line(at)
            if row is not None:
                for column, left, width in places:
                    area = QRect(left, top, width, theme.ROW_HEIGHT)
                    self._delegate.put(
                        painter,
                        area,
                        row,
                        column,
                        colours,
                        is_selected=at in selected,
                        is_hovered=at == hovered,
                        has_focus=at == current,
                    )
            top += theme.ROW_HEIGHT
        return top

    def _places_seen(self, seen: QRect) -> list[tuple[int, int, int]]:
        """Return the columns that are to be seen: which, where, and how wide."""
        shown = (column for column in range(len(COLUMNS)) if not self.isColumnHidden(column))
        places = ((column, self.columnViewportPosition(column), self.columnWidth(column)) for column in shown)
        return [place for place in places if place[1] <= seen.right() and place[1] + place[2] > seen.left()]

    def _hover(self) -> None:
        """Mark the line below the pointer."""
        index = QModelIndex() if self._pointer is None else self.indexAt(self._pointer)
        if index.row() != self._hovered.row():
            for row in (self._hovered.row(), index.row()):
                if row >= 0:
                    self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), theme.ROW_HEIGHT)
            self._hovered = QPersistentModelIndex(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Put the lines that are to be seen. Qt's own way asks for each cell anew, which takes three times as long."""
        seen = event.rect()
        first, last = self.rowAt(seen.top()), self.rowAt(seen.bottom())
        with QPainter(self.viewport()) as painter:
            if self._is_bare:
                painter.fillRect(seen, self.palette().base())
                self._is_bare = False
            end = seen.top()
            if first >= 0:
                end = self._put(painter, seen, first, self._lines.rowCount() - 1 if last < 0 else last)
            if last < 0:
                painter.fillRect(seen.left(), end, seen.width(), seen.bottom() + 1 - end, self.palette().base())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position().toPoint()
        self._hover()
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover()
        super().leaveEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._late.move()
        self._hover()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._is_bare = True
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._is_bare = True
        super().showEvent(event)
