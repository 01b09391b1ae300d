"""What a column's cards lie on: its ground, its head, and its name from the top down where it is collapsed."""

from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QRegion

from xsconsole_ui import theme
from xsconsole_ui.board.offers import Offer
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.theme import Colours


class Column(NamedTuple):
    """A column as it looks now. `offer` is its answer to a drag, where that has no other place."""

    name: str
    number: int
    colour: str
    offer: Offer | None
    is_upright: bool
    has_keyboard: bool


def paint_column(painter: QPainter, whole: QRect, wanted: QRect, column: Column, colours: Colours) -> None:
    """Paint the part of a column that is wanted."""
    # The plain middle first: where only cards changed it is all, and as a shape it takes ten times as long.
    middle = whole.adjusted(1, theme.HEADER_HEIGHT + theme.STRIPE + 1, -1, -theme.RADIUS_LARGE)
    ground, top = _grounds(column, colours)
    painter.fillRect(middle & wanted, ground)
    around = QRegion(wanted) - QRegion(middle)
    if column.has_keyboard:
        around = QRegion(wanted)
    if around.isEmpty():
        return
    painter.setClipRegion(around)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(whole).adjusted(0.5, 0.5, -0.5, -0.5)
    shape = QPainterPath()
    shape.addRoundedRect(area, theme.RADIUS_LARGE, theme.RADIUS_LARGE)
    painter.fillPath(shape, ground)
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    head = theme.HEADER_HEIGHT + theme.STRIPE
    painter.fillRect(QRectF(0, 0, whole.width(), head), top)
    painter.fillRect(QRectF(0, head, whole.width(), 1), QColor(colours.hairline))
    painter.fillRect(QRectF(0, 0, whole.width(), theme.STRIPE), theme.stripe(column.colour, colours))
    painter.restore()
    painter.setPen(QPen(QColor(colours.hairline), 1))
    painter.drawPath(shape)
    if column.has_keyboard:
        paint_focus(painter, area.adjusted(0, theme.STRIPE, 0, 0), colours)
    if column.is_upright:
        _paint_upright(painter, whole, column, colours)


def _grounds(column: Column, colours: Colours) -> tuple[QColor, QColor]:
    """Return what the cards and the name lie on; a collapsed column has no other place for its answer."""
    if column.offer is not None:
        answer = QColor(colours.good_soft if column.offer.is_open else colours.chip)
        return answer, answer
    return QColor(colours.sunken), QColor(colours.surface)


def _paint_upright(painter: QPainter, whole: QRect, column: Column, colours: Colours) -> None:
    """Paint the name and the number of cards from the top down, or the name and the answer to a drag."""
    painter.setFont(theme.text_font(is_bold=True))
    painter.setPen(QColor(colours.text))
    painter.translate(whole.width(), theme.HEADER_HEIGHT + theme.GAP)
    painter.rotate(90)
    room = QRectF(0, 0, whole.height() - theme.HEADER_HEIGHT - 2 * theme.GAP, whole.width())
    text = f"{column.name}   {column.offer.title if column.offer is not None else column.number}"
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
