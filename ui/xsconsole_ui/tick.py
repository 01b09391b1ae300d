"""A box to tick whose frame can be seen in every scheme: the style draws it in the colour of what lies behind."""

from PySide6.QtCore import QPointF, QRectF, Qt
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
        colours = theme.colours_of(self.palette())
        is_on = self.checkState() is Qt.CheckState.Checked
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(box, QColor(colours.surface))
        area = QRectF(box).adjusted(1, 1, -1, -1)
        frame = colours.accent if is_on or self.hasFocus() else colours.muted
        painter.setPen(QPen(QColor(frame), 2 if self.hasFocus() and not is_on else 1))
        painter.setBrush(QColor(colours.accent if is_on else colours.surface))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if is_on:
            x, y = area.center().x(), area.center().y()
            painter.setPen(QPen(QColor(colours.accent_text), 1.6))
            painter.drawPolyline([QPointF(x - 3, y), QPointF(x - 0.8, y + 2.4), QPointF(x + 3.2, y - 2.4)])
        if self.hasFocus() and is_on:
            painter.setPen(QPen(QColor(colours.text), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
