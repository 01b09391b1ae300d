"""The whole graph in a corner of the canvas, where it is large and not all of it is seen; it takes one there."""

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from xsconsole_ui import theme
from xsconsole_ui.workflow.canvas import Canvas

FROM_STAGES = 15
WIDTH, HEIGHT = 200, 130  # px, at most
PART = 0.3  # of the canvas's width and height, at most: it lies over the graph
LEAST = 28  # px, of either side
AROUND = 40.0  # what is seen around the graph, in its own measure
INSET = 6.0


class Minimap(QWidget):
    """Stages as small bars in their colours, and a frame around what is seen."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Map of the graph"))
        canvas.scene.changed.connect(self._follow)
        canvas.moved.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        bounds = self._canvas.scene.bounds
        sees_all = self._canvas.view.seen(self._canvas.room).contains(bounds)  # it would only cover some of it
        self.setVisible(len(self._canvas.scene.nodes) >= FROM_STAGES and not sees_all)
        self.setFixedSize(self._wanted())
        at = self._canvas.rect().bottomRight() - self.rect().bottomRight()
        self.move(at.x() - theme.MARGIN, at.y() - theme.MARGIN)
        self.update()

    def _wanted(self) -> QSize:
        """Return how large it is: in the shape of the graph, so that a long row does not cover more than it shows."""
        room = QSizeF(min(WIDTH, PART * self._canvas.width()), min(HEIGHT, PART * self._canvas.height()))
        inset = QSizeF(2 * INSET, 2 * INSET)
        drawn = self._bounds.size().scaled((room - inset).expandedTo(QSizeF(1, 1)), Qt.AspectRatioMode.KeepAspectRatio)
        return (drawn + inset).toSize().expandedTo(QSize(LEAST, LEAST))

    @property
    def _bounds(self) -> QRectF:
        return self._canvas.scene.bounds.adjusted(-AROUND, -AROUND, AROUND, AROUND)

    def _frame(self) -> tuple[float, QPointF]:
        """Return how the graph becomes the map: a scale and an offset."""
        bounds = self._bounds
        scale = min((self.width() - 2 * INSET) / bounds.width(), (self.height() - 2 * INSET) / bounds.height())
        return scale, QPointF(self.rect().center()) - bounds.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.outline), 1))
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        scale, offset = self._frame()
        painter.setClipRect(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(Qt.PenStyle.NoPen)
        for node in self._canvas.scene.nodes.values():
            area = QRectF(node.area.topLeft() * scale + offset, node.area.size() * scale)
            painter.fillRect(area.adjusted(0, 0, 0.5, 0.5), theme.stripe(node.face.colour, colours))
        seen = self._canvas.view.seen(self._canvas.room)
        painter.setPen(QPen(QColor(colours.accent), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(seen.topLeft() * scale + offset, seen.size() * scale))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        scale, offset = self._frame()
        self._canvas.centre_on((at - offset) / scale)
