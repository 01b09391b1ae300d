"""Paints what a line of the inventory says: triangle, square or picture, name, and what stands at the right end."""

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF

from xsconsole.domain.folding import one_line
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.rows import Row
from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import paint_power
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.resources import icon
from xsconsole_ui.texts import tr
from xsconsole_ui.theme import Colours

INDENT = 16
TRIANGLE_WIDTH = 16
SQUARE = 9
ICON = 14
MOST_ASIDE = 0.45  # of a line's width

ICONS = {Sort.SR: "sr", Sort.NETWORK: "network", Sort.TEMPLATE: "template"}
LEAVES = frozenset({Sort.VM, *ICONS})
VERY_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
VERY_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LineFace(NamedTuple):
    """All that decides how a line looks, beside its width and colours. Equal faces look alike."""

    sort: Sort
    depth: int
    name: str
    state: str
    end: str  # what stands at the right end
    is_stray: bool
    is_busy: bool
    is_expandable: bool
    is_open: bool
    has_focus: bool
    is_old: bool = False  # of a pool that is away


class CellFace(NamedTuple):
    """All that decides how a cell beside the name looks, beside its width and colours."""

    text: str
    is_number: bool
    is_old: bool = False  # of a pool that is away


def face_of(row: Row, end: str, *, has_focus: bool, is_old: bool = False) -> LineFace:
    held, is_open, item = row.held > 0, row.is_open, row.item
    if item is None:
        return LineFace(row.sort, row.depth, row.name, "", end, False, False, held, is_open, has_focus)
    return LineFace(
        row.sort, row.depth, row.name, item.state, end, item.is_stray, item.is_busy, held, is_open, has_focus, is_old
    )


def triangle_area(area: QRect, depth: int) -> QRect:
    """Return where a click opens or closes."""
    return QRect(area.left() + theme.GAP + depth * INDENT, area.top(), TRIANGLE_WIDTH, area.height())


def paint_line(painter: QPainter, area: QRect, face: LineFace, colours: Colours) -> None:
    if face.has_focus:
        paint_focus(painter, QRectF(area), colours)
    triangle = triangle_area(area, face.depth)
    if face.is_expandable:
        _paint_triangle(painter, QRectF(triangle), colours, is_open=face.is_open)
    left = _paint_picture(painter, triangle, face, colours)
    words = QRect(left, area.top(), area.right() - theme.MARGIN - left, area.height())
    _paint_words(painter, words, face, colours)


def paint_cell(painter: QPainter, area: QRect, face: CellFace, colours: Colours) -> None:
    words = area.adjusted(theme.GAP, 0, -theme.GAP, 0)
    font, metrics = _text(is_bold=False)
    painter.setFont(font)
    painter.setPen(QColor(colours.text))
    shown = metrics.elidedText(face.text, Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(words, VERY_RIGHT if face.is_number else VERY_LEFT, shown)


@lru_cache(maxsize=2)
def _text(*, is_bold: bool) -> tuple[QFont, QFontMetrics]:
    font = theme.text_font(is_bold=is_bold)
    return font, QFontMetrics(font)


@lru_cache(maxsize=1)
def _caption() -> tuple[QFont, QFontMetrics]:
    font = theme.caption_font()
    return font, QFontMetrics(font)


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


def _paint_picture(painter: QPainter, triangle: QRect, face: LineFace, colours: Colours) -> int:
    """Paint what stands before the name and return where the name begins."""
    middle = triangle.center().y() + 1
    left = triangle.left() + 2 if face.sort in LEAVES else triangle.right() + 1
    if face.sort is Sort.VM:
        square = QRectF(left, middle - SQUARE / 2, SQUARE, SQUARE)
        paint_power(painter, square, face.state, colours)
        if face.is_busy:
            painter.setPen(QPen(QColor(colours.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(-2, -2, 2, 2), 3.5, 3.5)
        return left + SQUARE + theme.GAP
    if face.sort in ICONS:
        picture = QRect(left - 3, middle - ICON // 2, ICON, ICON)
        icon(ICONS[face.sort], colours.muted, ICON).paint(painter, picture)
        return left + SQUARE + theme.GAP
    return left


def _paint_words(painter: QPainter, area: QRect, face: LineFace, colours: Colours) -> None:
    taken = 0
    if face.end:
        font, metrics = _caption()
        end = metrics.elidedText(face.end, Qt.TextElideMode.ElideRight, round(area.width() * MOST_ASIDE))
        taken = metrics.horizontalAdvance(end) + theme.MARGIN
        painter.setFont(font)
        painter.setPen(QColor(_aside_colour(face, colours)))
        painter.drawText(area, VERY_RIGHT, end)
    font, metrics = _text(is_bold=face.sort is Sort.POOL)
    painter.setFont(font)
    painter.setPen(QColor(colours.muted if face.sort is Sort.GROUP else colours.text))
    name = one_line(face.name) or tr("(no name)")
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(0, area.width() - taken))
    painter.drawText(area, VERY_LEFT, shown)


def _aside_colour(face: LineFace, colours: Colours) -> str:
    if (
        face.is_stray
        or (face.sort is Sort.POOL and face.is_old)
        or (face.sort is Sort.HOST and face.state == "disabled")
    ):
        return colours.warn
    return colours.bad if face.sort is Sort.HOST and face.state == "down" else colours.muted
