"""Puts cards into a lane: a kept picture, with selection and focus around it."""

from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import CardPainter, place
from xsconsole_ui.board.faces import Face
from xsconsole_ui.board.lane_model import FACE_ROLE, LIFTED_ROLE
from xsconsole_ui.focus import paint_focus

Index = QModelIndex | QPersistentModelIndex

AROUND = theme.GAP  # between a card and the lane's edge, and between two cards
LIFTED_OPACITY = 0.45


class Shown(NamedTuple):
    """What of a card is to be seen; while it is dragged it is lifted."""

    face: Face
    is_lifted: bool


class CardDelegate(QStyledItemDelegate):
    """One for all lanes of a board, so that they share the pictures.

    `chip_clicked` tells of which configuration a chip was clicked, and where it leads.
    """

    chip_clicked = Signal(str, str)

    def __init__(self, painter: CardPainter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards = painter

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        shown = self.shown(index)
        if shown is not None:
            self.put(painter, option, shown)

    def shown(self, index: Index) -> Shown | None:
        """Return how a card is shown now; None where there is none."""
        face = index.data(FACE_ROLE)
        return None if face is None else Shown(face, is_lifted=bool(index.data(LIFTED_ROLE)))

    def leads_at(self, index: Index, row: QRect, point: QPoint) -> str:
        """Return where the chip leads that is at a point of the view; empty where none leads anywhere."""
        face, area = index.data(FACE_ROLE), card_area(row)
        if face is None or not area.contains(point):
            return ""
        at = QPointF(point - area.topLeft())
        return next((one.chip.leads for one in place(face, area.width()).chips if one.area.contains(at)), "")

    def put(self, painter: QPainter, option: QStyleOptionViewItem, shown: Shown) -> None:
        """Show a card at the place and in the state of `option`."""
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        area = card_area(option.rect)
        state = option.state
        colours = theme.colours_of(option.palette)
        painter.save()
        if shown.is_lifted:
            painter.setOpacity(LIFTED_OPACITY)
        painter.drawPixmap(area.topLeft(), self._cards.picture(shown.face, area.width(), colours, ratio))
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
