"""A box to tick whose frame can be seen in every scheme: the style draws it in the colour of what lies behind."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

from xsconsole_ui import theme


class Tick(QCheckBox):
    """A check box of ours."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        painter = QPainter(self)
        painter.fillRect(box, QColor(theme.colours_of(self.palette()).surface))
        paint_tick(painter, box, theme.colours_of(self.palette()), self.checkState(), has_focus=self.hasFocus())


def state_of(is_on: bool | None) -> Qt.CheckState:
    """Return how a box shows a value; None is neither yes nor no."""
    if is_on is None:
        return Qt.CheckState.PartiallyChecked
    return Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked


def paint_tick(
    painter: QPainter, box: QRect, colours: theme.Colours, state: Qt.CheckState, *, has_focus: bool = False
) -> None:
    """Paint the box itself, with a dash where it is neither; with the keyboard in it, a stronger frame."""
    is_on = state is Qt.CheckState.Checked
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(box).adjusted(1.5, 1.5, -1.5, -1.5)
    painter.setPen(QPen(QColor(colours.accent if is_on or has_focus else colours.muted), 2 if has_focus else 1))
    painter.setBrush(QColor(colours.accent if is_on else colours.surface))
    painter.drawRoundedRect(area, 3, 3)
    if is_on:
        x, y = area.center().x(), area.center().y()
        painter.setPen(QPen(QColor(colours.accent_text), 1.6))
        painter.drawPolyline([QPointF(x - 3, y), QPointF(x - 0.8, y + 2.4), QPointF(x + 3.2, y - 2.4)])
    if state is Qt.CheckState.PartiallyChecked:
        painter.setPen(QPen(QColor(colours.accent), 2))
        painter.drawLine(QPointF(area.center().x() - 3, area.center().y()), area.center() + QPointF(3, 0))
    if is_on and has_focus:
        painter.setPen(QPen(QColor(colours.text), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.restore()
