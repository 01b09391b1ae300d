"""Where the keyboard is, and how lists show it: alike in all of them."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from xsconsole_ui import theme
from xsconsole_ui.theme import Colours


def has_keyboard(part: QWidget) -> bool:
    """Return whether it has the keyboard of its window, which need not be the active one just now."""
    return part.window().focusWidget() is part


def holds_keyboard(part: QWidget) -> bool:
    """Return whether something in there has the keyboard of its window."""
    focused = part.window().focusWidget()
    return focused is not None and part.isAncestorOf(focused)


def paint_focus(painter: QPainter, area: QRectF, colours: Colours) -> None:
    """Paint the frame of the current item just inside `area`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.accent), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(2.5, 1.5, -2.5, -1.5), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
    painter.restore()
