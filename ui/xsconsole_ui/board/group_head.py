"""The name of a group above its cards: a triangle, the name, and how many they are."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPolygonF

from xsconsole_ui import theme
from xsconsole_ui.board.card_delegate import AROUND
from xsconsole_ui.board.lane_model import LaneModel
from xsconsole_ui.theme import Colours

TRIANGLE = 4.0  # px, half of its longer side


class Head(NamedTuple):
    """What stands above the first card of a group."""

    name: str
    size: int
    is_open: bool


def head_of(cards: LaneModel, row: int) -> Head | None:
    """Return the head of the group that begins with a row; None where none does."""
    group = cards.head_at(row)
    if group is None:
        return None
    return Head(name=cards.group_name(group), size=cards.group_size(group), is_open=not cards.is_folded(row))


def paint_head(painter: QPainter, area: QRect, head: Head, colours: Colours) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(area.left() + AROUND + TRIANGLE + 1, area.center().y() - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.muted))
    painter.drawPolygon(_triangle(middle, is_open=head.is_open))
    number = str(head.size)
    font = theme.caption_font()
    metrics = QFontMetrics(font)
    left = round(middle.x() + TRIANGLE + theme.GAP)
    right = area.right() - AROUND
    room = right - left - metrics.horizontalAdvance(number) - theme.GAP
    painter.setFont(font)
    painter.setPen(QColor(colours.muted))
    words = QRect(left, area.top(), right - left, area.height() - 2)
    name = metrics.elidedText(head.name, Qt.TextElideMode.ElideRight, max(0, room))
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
