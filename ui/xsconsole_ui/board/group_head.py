"""The name of a group above its cards: a triangle, the name, and how many they are."""

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from xsconsole_ui import theme
from xsconsole_ui.board.card_delegate import AROUND
from xsconsole_ui.board.lane_model import LaneModel, group_name

TRIANGLE = 4.0  # px, half of its longer side


def paint_head(painter: QPainter, area: QRect, cards: LaneModel, row: int) -> None:
    """Paint the name of the group that begins with `row`."""
    head = cards.head_at(row)
    device = painter.device()
    if head is None or not isinstance(device, QWidget):
        return
    colours = theme.colours_of(device.palette())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(area.left() + AROUND + TRIANGLE + 1, area.center().y() - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.muted))
    painter.drawPolygon(_triangle(middle, is_open=not cards.is_folded(row)))
    number = str(cards.group_size(head))
    font = theme.caption_font()
    metrics = QFontMetrics(font)
    left = round(middle.x() + TRIANGLE + theme.GAP)
    right = area.right() - AROUND
    room = right - left - metrics.horizontalAdvance(number) - theme.GAP
    painter.setFont(font)
    painter.setPen(QColor(colours.muted))
    words = QRect(left, area.top(), right - left, area.height() - 2)
    name = metrics.elidedText(group_name(head), Qt.TextElideMode.ElideRight, max(0, room))
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
    painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
    painter.restore()


def _triangle(middle: QPointF, *, is_open: bool) -> QPolygonF:
    long, short = TRIANGLE, TRIANGLE * 0.7
    if is_open:
        points = ((-long, -short), (long, -short), (0.0, short))
    else:
        points = ((-short, -long), (short, 0.0), (-short, long))
    return QPolygonF([middle + QPointF(x, y) for x, y in points])
