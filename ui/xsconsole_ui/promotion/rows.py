"""Lists of the inspector: a mark, words that may break lines, and a figure at the right."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from xsconsole_ui import pieces, theme
from xsconsole_ui.board.card_painter import paint_power
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.theme import Colours

Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
MARK_WIDTH = 24
ASIDE_GAP = 12
ABOVE = 3  # px, over and under the words of a row
WRAP = Qt.TextFlag.TextWordWrap


class Mark(StrEnum):
    """What stands before a row. Each is a shape of its own; `word` is what a screen reader says."""

    WAITING = "waiting"
    CURRENT = "current"
    DONE = "done"
    UNDONE = "undone"
    FAILED = "failed"
    WARNING = "warning"
    RUNNING = "Running"
    HALTED = "Halted"
    SUSPENDED = "Suspended"
    PAUSED = "Paused"
    POINT = "point"
    GONE = "gone"


POWERS = {Mark.RUNNING, Mark.HALTED, Mark.SUSPENDED, Mark.PAUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    mark: Mark
    text: str
    aside: str = ""
    whole: str = ""  # the tooltip, where the words are not enough


class RowsModel(QAbstractListModel):
    """Rows that change in place where they can."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def show(self, rows: Sequence[Row]) -> None:
        """Become these rows: those that differ change, the rest is added or removed at the end."""
        had, has = len(self._rows), len(rows)
        for at in range(min(had, has)):
            if self._rows[at] != rows[at]:
                self._rows[at] = rows[at]
                self.dataChanged.emit(self.index(at), self.index(at))
        if has > had:
            self.beginInsertRows(QModelIndex(), had, has - 1)
            self._rows.extend(rows[had:])
            self.endInsertRows()
        elif has < had:
            self.beginRemoveRows(QModelIndex(), has, had - 1)
            del self._rows[has:]
            self.endRemoveRows()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.text
            case Qt.ItemDataRole.ToolTipRole:
                return row.whole or row.text
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (row.mark.lower(), row.text, row.aside) if part)
            case Qt.ItemDataRole.SizeHintRole:
                return QSize(0, theme.ROW_HEIGHT)  # for a plain delegate; ours measures the words
            case _ if role == ROW_ROLE:
                return row
            case _:
                return None


class RowsDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(ROW_ROLE)
        if row is None:
            return
        area: QRect = option.rect
        colours = theme.colours_of(option.palette)
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = option.widget
        is_kept = isinstance(view, RowsView) and view.keeps_selection
        if state & QStyle.StateFlag.State_Selected and (is_kept or state & QStyle.StateFlag.State_HasFocus):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent_soft))
            painter.drawRoundedRect(area.adjusted(4, 0, -4, 0), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(area), colours)
        metrics = QFontMetrics(theme.text_font())
        mark_area = QRectF(area.left() + theme.MARGIN, area.top() + ABOVE, MARK_WIDTH, metrics.height())
        paint_mark(painter, mark_area, row.mark, colours)
        words, aside = _areas(area, row, metrics)
        painter.setFont(theme.text_font())
        is_past = row.mark in (Mark.UNDONE, Mark.GONE)
        painter.setPen(QColor(colours.muted if is_past else colours.text))
        painter.drawText(words, WRAP, pieces.breakable(row.text))
        if row.aside:
            painter.setPen(QColor(colours.muted))
            painter.drawText(aside, Qt.AlignmentFlag.AlignRight, row.aside)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: Row | None = index.data(ROW_ROLE)
        view = option.widget
        width = view.viewport().width() if isinstance(view, QListView) else 240
        if row is None:
            return QSize(width, 0)
        return QSize(width, row_height(row, width))


def row_height(row: Row, width: int) -> int:
    metrics = QFontMetrics(theme.text_font())
    words, _ = _areas(QRect(0, 0, width, 10_000), row, metrics)
    return metrics.boundingRect(words, WRAP, pieces.breakable(row.text)).height() + 2 * ABOVE


def _areas(area: QRect, row: Row, metrics: QFontMetrics) -> tuple[QRect, QRect]:
    wide = metrics.horizontalAdvance(row.aside) + 2 if row.aside else 0
    left, right = area.left() + theme.MARGIN + MARK_WIDTH, area.right() - theme.MARGIN + 1
    words = QRect(left, area.top() + ABOVE, right - left - (wide + ASIDE_GAP if wide else 0), area.height() - ABOVE)
    return words, QRect(right - wide, area.top() + ABOVE, wide, metrics.height())


def paint_mark(painter: QPainter, area: QRectF, mark: Mark, colours: Colours) -> None:
    """Paint a mark at the left of `area`, in the middle of its height."""
    middle = QPointF(area.left() + 5, area.center().y() + 0.5)
    if mark in POWERS:
        paint_power(painter, QRectF(middle.x() - 4.5, middle.y() - 4.5, 9, 9), mark.value, colours)
        return
    if mark is Mark.WARNING:
        painter.setFont(theme.text_font(is_bold=True))
        painter.setPen(QColor(colours.warn))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, " !")
        return
    colour = {Mark.DONE: colours.good, Mark.CURRENT: colours.accent, Mark.FAILED: colours.bad, Mark.GONE: colours.bad}
    pen = QPen(QColor(colour.get(mark, colours.muted)), 1.6)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = middle.x(), middle.y()
    match mark:
        case Mark.DONE:
            painter.drawPolyline([QPointF(x - 4, y), QPointF(x - 1.2, y + 3), QPointF(x + 4, y - 3.5)])
        case Mark.FAILED | Mark.GONE:
            painter.drawLine(QPointF(x - 3, y - 3), QPointF(x + 3, y + 3))
            painter.drawLine(QPointF(x - 3, y + 3), QPointF(x + 3, y - 3))
        case Mark.UNDONE:
            painter.drawLine(QPointF(x - 4, y), QPointF(x + 4, y))
            painter.drawPolyline([QPointF(x - 1, y - 3), QPointF(x - 4, y), QPointF(x - 1, y + 3)])
        case Mark.CURRENT:
            painter.drawEllipse(QPointF(x, y), 3.6, 3.6)
            painter.setBrush(QColor(colours.accent))
            painter.drawEllipse(QPointF(x, y), 0.8, 0.8)
        case Mark.POINT:
            painter.drawRoundedRect(QRectF(x - 4, y - 4, 8, 8), 4, 4)
        case _:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.edge))
            painter.drawEllipse(QPointF(x, y), 2, 2)


class RowsView(QListView):
    """A list as high as its rows: the page that holds it scrolls, so that nothing hides in a list within a list.

    Where no page does, `most_height` (px; 0: any) keeps it from growing beyond the screen, and it scrolls itself.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel(self)
        self.keeps_selection = False  # whether what is chosen is shown also while the keyboard is elsewhere
        self.most_height = 0
        self._fitted_width = -1
        self.setModel(self.rows)
        self.setItemDelegate(RowsDelegate(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)

    def show_rows(self, rows: Sequence[Row], *, width: int = 0) -> None:
        """Show rows. `width`, in pixels, is what it will have where it was not laid out yet."""
        self.rows.show(rows)
        self._fit(width)

    def _fit(self, wanted: int = 0) -> None:
        width = wanted or self.viewport().width()
        height = max(1, sum(row_height(row, width) for row in self.rows.rows))
        most = self.most_height or height
        self.setFixedHeight(min(height, most))
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policy.ScrollBarAsNeeded if height > most else policy.ScrollBarAlwaysOff)
        if width != self._fitted_width:
            # `QListView` keeps the heights that its rows had in the width before.
            self._fitted_width = width
            self.doItemsLayout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != self._fitted_width:
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fitted_width = -1
            self._fit()
