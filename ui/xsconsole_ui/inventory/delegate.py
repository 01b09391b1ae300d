"""Paints a line of the inventory: indent, triangle, square or picture, name, and what stands at the right end."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from xsconsole.domain.folding import one_line
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline_rows import Row
from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import paint_power
from xsconsole_ui.dense_table import NUMBER_ROLE
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.inventory.model import LINE_ROLE, aside
from xsconsole_ui.resources import icon
from xsconsole_ui.texts import tr
from xsconsole_ui.theme import Colours

Index = QModelIndex | QPersistentModelIndex

INDENT = 16
TRIANGLE_WIDTH = 16
SQUARE = 9
ICON = 14
MOST_ASIDE = 0.45  # of a line's width

ICONS = {Sort.SR: "sr", Sort.NETWORK: "network", Sort.TEMPLATE: "template"}
LEAVES = frozenset({Sort.VM, *ICONS})


def triangle_area(area: QRect, row: Row) -> QRect:
    """Return where a click opens or closes."""
    return QRect(area.left() + theme.GAP + row.depth * INDENT, area.top(), TRIANGLE_WIDTH, area.height())


class LineDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(LINE_ROLE)
        if row is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colours = theme.colours_of(option.palette)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(colours.accent_soft))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(colours.sunken))
        if index.column():
            _paint_cell(painter, area, index, colours)
            painter.restore()
            return
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(area), colours)
        triangle = triangle_area(area, row)
        if row.is_expandable:
            _paint_triangle(painter, QRectF(triangle), colours, is_open=row.is_open)
        left = _paint_picture(painter, triangle, row, colours)
        view = self.parent()
        is_alone = not isinstance(view, QTableView) or not view.horizontalHeader().isVisible()
        end = aside(row) if is_alone or row.item is None else ""
        words = QRect(left, area.top(), area.right() - theme.MARGIN - left, area.height())
        _paint_words(painter, words, row, end, colours)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(240, theme.ROW_HEIGHT)


def _paint_triangle(painter: QPainter, area: QRectF, colours: Colours, *, is_open: bool) -> None:
    x, y = area.left() + 6, area.center().y()
    points = (
        [QPointF(x - 4, y - 2), QPointF(x + 4, y - 2), QPointF(x, y + 3)]
        if is_open
        else [QPointF(x - 2, y - 4), QPointF(x + 3, y), QPointF(x - 2, y + 4)]
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.muted))
    painter.drawPolygon(QPolygonF(points))


def _paint_picture(painter: QPainter, triangle: QRect, row: Row, colours: Colours) -> int:
    """Paint what stands before the name and return where the name begins."""
    middle = triangle.center().y() + 1
    left = triangle.left() + 2 if row.sort in LEAVES else triangle.right() + 1
    if row.sort is Sort.VM:
        square = QRectF(left, middle - SQUARE / 2, SQUARE, SQUARE)
        paint_power(painter, square, row.state, colours)
        if row.is_busy:
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(-2, -2, 2, 2), 3.5, 3.5)
        return left + SQUARE + theme.GAP
    if row.sort in ICONS:
        picture = QRect(left - 3, middle - ICON // 2, ICON, ICON)
        icon(ICONS[row.sort], colours.muted, ICON).paint(painter, picture)
        return left + SQUARE + theme.GAP
    return left


def _paint_cell(painter: QPainter, area: QRect, index: Index, colours: Colours) -> None:
    words = area.adjusted(theme.GAP, 0, -theme.GAP, 0)
    painter.setFont(theme.text_font())
    painter.setPen(QColor(colours.text))
    text = QFontMetrics(theme.text_font()).elidedText(
        str(index.data() or ""), Qt.TextElideMode.ElideRight, words.width()
    )
    side = Qt.AlignmentFlag.AlignRight if index.data(NUMBER_ROLE) else Qt.AlignmentFlag.AlignLeft
    painter.drawText(words, side | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_words(painter: QPainter, area: QRect, row: Row, end: str, colours: Colours) -> None:
    taken = 0
    if end:
        caption = theme.caption_font()
        metrics = QFontMetrics(caption)
        end = metrics.elidedText(end, Qt.TextElideMode.ElideRight, round(area.width() * MOST_ASIDE))
        taken = metrics.horizontalAdvance(end) + theme.MARGIN
        painter.setFont(caption)
        painter.setPen(QColor(_aside_colour(row, colours)))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, end)
    font = theme.text_font(is_bold=row.sort is Sort.POOL)
    painter.setFont(font)
    painter.setPen(QColor(colours.muted if row.sort is Sort.GROUP else colours.text))
    name = one_line(row.name) or tr("(no name)")
    shown = QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, max(0, area.width() - taken))
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _aside_colour(row: Row, colours: Colours) -> str:
    if row.is_stray or (row.sort is Sort.HOST and row.state == "disabled"):
        return colours.warn
    return colours.bad if row.sort is Sort.HOST and row.state == "down" else colours.muted
