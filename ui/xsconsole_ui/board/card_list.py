"""A view of cards below each other, each as high as it needs.

`QListView` asks for the size of every row whenever one changes: with a thousand cards that takes 40 to 80 ms. Here a
change of one card costs its own height and a sum.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Slot,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem, QWidget

from xsconsole_ui import theme
from xsconsole_ui.board.card_delegate import AROUND, CardDelegate
from xsconsole_ui.board.card_painter import place
from xsconsole_ui.board.group_head import head_of, paint_head
from xsconsole_ui.board.lane_model import LaneModel
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.late_paint import LatePaint, Piece

LEAST_CARDS = 2  # painted in one turn, however full it is
HEAD = 24  # px, of the name of a group
STEP = 24  # px, of the wheel and the arrows of the scroll bar

Index = QModelIndex | QPersistentModelIndex
Move = QAbstractItemView.CursorAction
Flag = QStyle.StateFlag


class CardList(QAbstractItemView):
    """Shows a `LaneModel`. Cards can be selected, by Ctrl and Shift several, and dragged."""

    def __init__(self, model: LaneModel, delegate: CardDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = model
        self._heights: list[int] = []
        self._tops: list[int] | None = None  # of each row, and the end of the last; None: to be summed up
        self._hovered = -1
        self._faces = delegate
        self._late = LatePaint(self.viewport(), self, least=LEAST_CARDS)
        self.setModel(model)
        self.setItemDelegate(delegate)
        model.rowsRemoved.connect(self._forget)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(STEP)

    # Where the cards are.

    def _sums(self) -> list[int]:
        if self._tops is None:
            self._tops = list(accumulate(self._heights, initial=0))
        return self._tops

    def _head_of(self, row: int) -> int:
        """Return the height of the group's name above a card: 0 where no group begins."""
        return HEAD if self._cards.head_at(row) is not None else 0

    def _height_of(self, row: int) -> int:
        head = self._head_of(row)
        if self._cards.is_folded(row):
            return head
        return head + place(self._cards.face_at(row), self.viewport().width() - 2 * AROUND).height + AROUND

    def _measure_again(self, row: int) -> None:
        """Measure a row anew whose neighbour came or went: perhaps a group begins with it now."""
        if 0 <= row < len(self._heights):
            self._heights[row] = self._height_of(row)

    def head_under(self, point: QPoint) -> str | None:
        """Return the group whose name is at a point of the viewport."""
        row = self.row_under(point)
        area = self._area(row) if row >= 0 else QRect()
        return self._cards.head_at(row) if row >= 0 and point.y() - area.top() < self._head_of(row) else None

    def row_under(self, point: QPoint) -> int:
        """Return the row at a point of the viewport, also where only its group's name is; -1 for none."""
        row = bisect_right(self._sums(), point.y() + self.verticalScrollBar().value()) - 1
        return row if 0 <= row < len(self._heights) else -1

    def _area(self, row: int) -> QRect:
        top = self._sums()[row] - self.verticalScrollBar().value()
        return QRect(0, top, self.viewport().width(), self._heights[row])

    def _rows_between(self, top: int, bottom: int) -> range:
        """Return the rows that can be seen between two heights of the viewport."""
        sums, offset = self._sums(), self.verticalScrollBar().value()
        first = max(0, bisect_right(sums, top + offset) - 1)
        return range(first, min(len(self._heights), bisect_right(sums, bottom + offset)))

    @property
    def end(self) -> int:
        """Where the last card ends, in the viewport."""
        return self._sums()[-1] - self.verticalScrollBar().value()

    def _changed(self) -> None:
        self._tops = None
        self.updateGeometries()
        self.viewport().update()

    @Slot(QModelIndex, int, int)
    def _forget(self, parent: QModelIndex, first: int, last: int) -> None:
        del parent
        del self._heights[first : last + 1]
        self._measure_again(first)
        self._hovered = -1
        self._changed()

    def _hover(self, row: int) -> None:
        if row == self._hovered:
            return
        for changed in (self._hovered, row):
            if 0 <= changed < len(self._heights):
                self.viewport().update(self._area(changed))
        self._hovered = row

    # What Qt asks for.

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        self._heights[start:start] = [self._height_of(row) for row in range(start, end + 1)]
        self._measure_again(end + 1)
        self._changed()
        super().rowsInserted(parent, start, end)

    def dataChanged(self, topLeft: Index, bottomRight: Index, roles: Sequence[int] = ()) -> None:
        super().dataChanged(topLeft, bottomRight, list(roles))
        rows = range(topLeft.row(), bottomRight.row() + 1)
        heights = [self._height_of(row) for row in rows]
        if heights != self._heights[rows.start : rows.stop]:
            self._heights[rows.start : rows.stop] = heights
            self._changed()

    def updateGeometries(self) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setRange(0, max(0, self._sums()[-1] - height))
        super().updateGeometries()

    def visualRect(self, index: Index) -> QRect:
        known = index.isValid() and index.row() < len(self._heights)
        return self._area(index.row()).adjusted(0, self._head_of(index.row()), 0, 0) if known else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self.row_under(point)
        is_card = row >= 0 and self.head_under(point) is None and not self._cards.is_folded(row)
        return self._cards.index(row) if is_card else QModelIndex()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        del hint
        bar = self.verticalScrollBar()
        is_head = index.isValid() and index.row() < len(self._heights) and self._cards.is_folded(index.row())
        area = self._area(index.row()) if is_head else self.visualRect(index)
        if area.isNull():
            return
        if area.top() < 0:
            bar.setValue(bar.value() + area.top())
        elif area.bottom() > self.viewport().height():
            bar.setValue(bar.value() + area.bottom() + AROUND - self.viewport().height())

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        del index
        return False

    def moveCursor(self, cursorAction: Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        del modifiers
        last, row = len(self._heights) - 1, self.currentIndex().row()
        if last < 0:
            return QModelIndex()
        seen = max(1, len(self._rows_between(0, self.viewport().height())) - 1)
        match cursorAction:
            case Move.MoveUp | Move.MovePrevious:
                row -= 1
            case Move.MoveDown | Move.MoveNext:
                row += 1
            case Move.MovePageUp:
                row -= seen
            case Move.MovePageDown:
                row += seen
            case Move.MoveHome:
                row = 0
            case Move.MoveEnd:
                row = last
            case _:
                pass
        row = min(max(row, 0), last)
        step = 1 if row >= self.currentIndex().row() else -1
        while 0 <= row <= last and not self._is_stop(row):
            row += step
        return self._cards.index(row if row <= last else self.stop_at(last))

    def _is_stop(self, row: int) -> bool:
        """Whether the keyboard can stand there: on a card, or on the name of a group that is folded away."""
        return not self._cards.is_folded(row) or self._cards.head_at(row) is not None

    def stop_at(self, row: int) -> int:
        """Return the row where the keyboard can stand, at this one or the nearest before it."""
        row = min(max(row, 0), len(self._heights) - 1)
        while row > 0 and not self._is_stop(row):
            row -= 1
        return row

    def selectAll(self) -> None:
        self.setSelection(
            QRect(0, self._area(0).top(), 1, self._sums()[-1]) if self._heights else QRect(),
            QItemSelectionModel.SelectionFlag.ClearAndSelect,
        )

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        selection = QItemSelection()
        for row in self._rows_between(rect.top(), rect.bottom()):
            if not self._cards.is_folded(row):
                selection.select(self._cards.index(row), self._cards.index(row))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region

    def paintEvent(self, event: QPaintEvent) -> None:
        self._late.paint(event.rect())
        if self.currentIndex().row() < 0 and self.hasFocus():
            gap = AROUND / 2  # around the cards, not across them
            room = QRectF(self.viewport().rect()).adjusted(gap, 0, -gap, -gap)
            with QPainter(self.viewport()) as painter:
                paint_focus(painter, room, theme.colours_of(self.palette()))

    # What LatePaint asks for.

    def basis(self) -> Hashable:
        return theme.colours_of(self.palette()).scheme

    def scrolled(self) -> QPoint:
        return QPoint(0, self.verticalOffset())

    def ground(self) -> QColor:
        return QColor(Qt.GlobalColor.transparent)

    def pieces(self, area: QRect) -> list[Piece]:
        return [self._piece(row) for row in self._rows_between(area.top(), area.bottom())]

    def _piece(self, row: int) -> Piece:
        """Return a card as it looks now, with the name of the group that begins with it."""
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        index, area = self._cards.index(row), self._area(row)
        state = option.state & ~(Flag.State_Selected | Flag.State_HasFocus | Flag.State_MouseOver)
        if self.selectionModel().isSelected(index):
            state |= Flag.State_Selected
        if row == self._hovered:
            state |= Flag.State_MouseOver
        if row == self.currentIndex().row() and self.hasFocus():
            state |= Flag.State_HasFocus
        option.state, option.rect = state, self.visualRect(index)
        head = head_of(self._cards, row)
        shown = None if self._cards.is_folded(row) else self._faces.shown(index)
        colours = theme.colours_of(self.palette())

        def put(painter: QPainter) -> None:
            if head is not None:
                paint_head(painter, QRect(area.left(), area.top(), area.width(), HEAD), head, colours)
                if shown is None and state & Flag.State_HasFocus:
                    paint_focus(painter, QRectF(area).adjusted(0, 0, 0, -AROUND / 2), colours)
            if shown is not None:
                self._faces.put(painter, option, shown)

        return Piece(area, (head, shown, state), put)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._late.move()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._heights = [self._height_of(row) for row in range(self._cards.rowCount())]
        self._changed()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.indexAt(event.position().toPoint()).row())
        leads = self._leads_at(event.position().toPoint()) and event.buttons() == Qt.MouseButton.NoButton
        if leads:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.viewport().unsetCursor()
        super().mouseMoveEvent(event)

    def _leads_at(self, point: QPoint) -> str:
        """Return where the chip leads that is at a point of the viewport."""
        index = self.indexAt(point)
        return self._faces.leads_at(index, self.visualRect(index), point) if index.isValid() else ""

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)
