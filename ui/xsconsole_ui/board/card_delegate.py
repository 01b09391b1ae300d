"""Puts cards into a lane: a kept picture, with selection and focus around it."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import CardPainter, paint_ground
from xsconsole_ui.board.lane_model import FACE_ROLE, LIFTED_ROLE
from xsconsole_ui.focus import paint_focus

Index = QModelIndex | QPersistentModelIndex

AROUND = theme.GAP  # between a card and the lane's edge, and between two cards
LIFTED_OPACITY = 0.45


class CardDelegate(QStyledItemDelegate):
    """One for all lanes of a board, so that they share the pictures."""

    def __init__(self, painter: CardPainter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards = painter

    def is_ready(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> bool:
        """Whether a card is only to be copied from a picture."""
        face, device = index.data(FACE_ROLE), painter.device()
        if face is None or device is None:
            return True
        width, colours = card_area(option.rect).width(), theme.colours_of(option.palette)
        return self._cards.has(face, width, colours, device.devicePixelRatioF())

    def paint_blank(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Stand for a card that is painted in the next turn."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, QRectF(card_area(option.rect)), theme.colours_of(option.palette))
        painter.restore()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        face = index.data(FACE_ROLE)
        device = painter.device()
        if face is None or device is None:
            return
        area = card_area(option.rect)
        state = option.state
        colours = theme.colours_of(option.palette)
        painter.save()
        if index.data(LIFTED_ROLE):
            painter.setOpacity(LIFTED_OPACITY)
        painter.drawPixmap(area.topLeft(), self._cards.picture(face, area.width(), colours, device.devicePixelRatioF()))
        painter.setOpacity(1.0)
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if is_selected or is_hovered:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            width = 2.0 if is_selected else 1.0
            painter.setPen(QPen(QColor(colours.accent if is_selected else colours.outline), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = width / 2
            ring = QRectF(area).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(ring, theme.RADIUS, theme.RADIUS)
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(area).adjusted(1, 2, -1, -2), colours)
        painter.restore()


def card_area(row: QRect) -> QRect:
    """Return where the card lies within its row."""
    return row.adjusted(AROUND, 0, -AROUND, -AROUND)
