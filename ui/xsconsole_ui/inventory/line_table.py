"""A table of the inventory's lines that paints them itself, some in each turn, and marks the one below the pointer."""

from collections.abc import Hashable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QItemSelectionRange, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from xsconsole.domain.outline.rows import Row
from xsconsole_ui import theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.inventory.columns import COLUMNS
from xsconsole_ui.inventory.delegate import LineDelegate, Marks
from xsconsole_ui.inventory.model import OutlineModel, pools_to_tell
from xsconsole_ui.late_paint import LatePaint, Piece
from xsconsole_ui.theme import Colours

Place = tuple[int, int, int]
"""A column: which, where it begins, and how wide it is."""


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
        self._late = LatePaint(self.viewport(), self)

    def _ranges(self) -> list[QItemSelectionRange]:
        selection = self.selectionModel().selection()
        return [selection.at(at) for at in range(selection.count())]

    def _rows_selected_in(self, first: int, last: int) -> list[int]:
        return [row for one in self._ranges() for row in range(max(first, one.top()), min(last, one.bottom()) + 1)]

    # What LatePaint asks for.

    def basis(self) -> Hashable:
        return (theme.colours_of(self.palette()).scheme, self._places(), self._delegate.basis())

    def scrolled(self) -> QPoint:
        return QPoint(self.horizontalOffset(), self.verticalOffset())

    def ground(self) -> QColor:
        return self.palette().base().color()

    def pieces(self, area: QRect) -> list[Piece]:
        """Return the lines in an area. Qt's own way asks for each cell anew, which takes three times as long."""
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0:
            return []
        last = self._lines.rowCount() - 1 if last < 0 else last
        selected = set(self._rows_selected_in(first, last))
        hovered, current = self._hovered.row(), self.currentIndex().row() if self.hasFocus() else -1
        put = partial(self._put_line, places=self._places(), colours=theme.colours_of(self.palette()))
        top, width, found = self.rowViewportPosition(first), self.viewport().width(), []
        rows = [self._lines.line(at) for at in range(first - 1, last + 2)]
        pools = pools_to_tell(rows)[1:-1]
        for at, row, pool in zip(range(first, last + 1), rows[1:-1], pools, strict=True):
            if row is not None:
                line = QRect(0, top, width, theme.ROW_HEIGHT)
                marks = Marks(at in selected, at == hovered, at == current, pool)
                found.append(Piece(line, (row, marks), partial(put, line=line, row=row, marks=marks)))
            top += theme.ROW_HEIGHT
        return found

    def _put_line(
        self, painter: QPainter, *, line: QRect, row: Row, marks: Marks, places: Sequence[Place], colours: Colours
    ) -> None:
        for column, left, width in places:
            if left <= line.right() and left + width > 0:
                area = QRect(left, line.top(), width, line.height())
                self._delegate.put(painter, area, row, column, colours, marks)

    def _places(self) -> tuple[Place, ...]:
        """Return the columns that are shown: which, where, and how wide."""
        shown = (column for column in range(len(COLUMNS)) if not self.isColumnHidden(column))
        return tuple((column, self.columnViewportPosition(column), self.columnWidth(column)) for column in shown)

    def _hover(self) -> None:
        """Mark the line below the pointer."""
        index = QModelIndex() if self._pointer is None else self.indexAt(self._pointer)
        if index.row() != self._hovered.row():
            for row in (self._hovered.row(), index.row()):
                if row >= 0:
                    self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), theme.ROW_HEIGHT)
            self._hovered = QPersistentModelIndex(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._late.paint(event.rect())

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
