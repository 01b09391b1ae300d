"""The sheet on which the graph lies: it pans, zooms and paints. What hands do on it, a `Hand` decides."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.workflow.accessible import Graph, Readers
from xsconsole_ui.workflow.late_parts import LateParts
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.painter import GraphPainter, Grid
from xsconsole_ui.workflow.scene import Scene
from xsconsole_ui.workflow.view import LEAST_FIT, LEAST_READ, STEP, View

STILL_AFTER_MS = 120
NOTCH = 120  # eighths of a degree of one notch of a wheel
WHEEL_PX = 60  # that one notch pans
LEAST_SIZE = 160
ALT = Qt.KeyboardModifier.AltModifier
PANS = {  # what is under the canvas goes the other way
    Qt.Key.Key_Left: QPointF(1, 0),
    Qt.Key.Key_Right: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}


class Hand(Protocol):
    """Takes what the mouse and the keys do; each answers whether it was meant for it."""

    def press(self, event: QMouseEvent) -> bool: ...
    def move(self, event: QMouseEvent) -> bool: ...
    def release(self, event: QMouseEvent) -> bool: ...
    def double_click(self, event: QMouseEvent) -> bool: ...
    def key(self, event: QKeyEvent) -> bool: ...
    def wants_key(self, event: QKeyEvent) -> bool: ...
    def menu(self, at: QPoint, *, by_key: bool) -> None: ...
    def leave(self) -> None: ...
    def paint(self, painter: QPainter, look: Look) -> None: ...
    def look(self, look: Look) -> Look: ...


class Canvas(Graph):
    """Shows a scene. Without a hand it can be looked at and no more."""

    zoomed = Signal(float)
    moved = Signal()  # what is seen is another part

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = scene
        self.view = View()
        self.hand: Hand | None = None
        self.hint_at: Callable[[QPointF], str] = lambda _: ""
        self._graph_painter = GraphPainter(scene.measures)
        self._late = LateParts(self)
        self._grid = Grid()
        self._panned_from: QPointF | None = None
        self._is_space_down = False
        self._fits = True  # with every size, until somebody pans or zooms
        self._least = LEAST_FIT
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(STILL_AFTER_MS)
        self._still.timeout.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # it paints every pixel, once
        self.setMinimumSize(LEAST_SIZE, LEAST_SIZE)
        self.readers = Readers(self)
        self.setAccessibleName(self.tr("Graph"))
        self.setAccessibleDescription(self.tr("Stages and the transitions between them. Alt with the arrows moves it."))
        scene.changed.connect(self.update)

    # What is seen.

    @property
    def room(self) -> QSizeF:
        return QSizeF(self.size())

    @Slot()
    def fit(self) -> None:
        """Show all of the graph, also when the canvas gets another size, until somebody pans or zooms."""
        self._fit(LEAST_FIT)

    def begin(self) -> None:
        """Show a graph that was just opened: as `fit` does, but of one that nobody could read then the beginning."""
        self._fit(LEAST_READ)

    def _fit(self, least: float) -> None:
        self.view.fit(self.scene.bounds, self.room, least)
        self._has_moved()
        self._fits, self._least = True, least

    def zoom_to(self, zoom: float, around: QPointF | None = None) -> None:
        self.view.zoom_to(zoom, around if around is not None else QPointF(self.rect().center()))
        self._has_moved()

    def zoom_by(self, steps: float, around: QPointF | None = None) -> None:
        self.zoom_to(self.view.zoom * STEP**steps, around)

    def pan(self, by: QPointF) -> None:
        self.view.pan(by)
        self._has_moved()

    def reveal(self, area: QRectF) -> None:
        """Pan as little as it takes to see an area of the graph."""
        if not area.isNull() and self.view.show(area, self.room):
            self._has_moved()

    def centre_on(self, point: QPointF) -> None:
        self.pan(QPointF(self.rect().center()) - self.view.to_widget(point))

    def stir(self) -> None:
        """Paint quickly until nothing has moved for a moment."""
        self._still.start()
        self.update()

    def _has_moved(self) -> None:
        self._fits = False
        self.stir()
        self.zoomed.emit(self.view.zoom)
        self.moved.emit()

    def look(self) -> Look:
        """Return how it is seen now."""
        look = Look(
            colours=theme.colours_of(self.palette()),
            zoom=self.view.zoom,
            seen=self.view.seen(self.room),
            is_still=not self._still.isActive(),
        )
        return self.hand.look(look) if self.hand is not None else look

    # What Qt asks of it.

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self.look()
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.fillRect(event.rect(), QColor(look.colours.sunken))
        self._grid.paint(painter, QRectF(self.rect()), self.view.zoom, self.view.offset, look.colours)
        painter.setTransform(self.view.transform, combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        self._graph_painter.paint(painter, self.scene, look, self._late)
        if self.hand is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.hand.paint(painter, look)
        painter.resetTransform()
        if self.hasFocus():
            painter.setPen(QPen(QColor(look.colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(
                event.globalPos(), pieces.hint(self.hint_at(self.view.to_graph(QPointF(event.pos())))), self
            )
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.view.zoom * (1 + event.value()), event.position())
            return True
        is_override = event.type() is QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self.hand is not None and self.hand.wants_key(event):
            event.accept()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            self._fit(self._least)
        else:
            self.moved.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, pan without; with Shift sideways."""
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(turned.y() / NOTCH, event.position())
        elif not event.pixelDelta().isNull():
            self.pan(QPointF(event.pixelDelta()))
        else:
            by = QPointF(turned) * (WHEEL_PX / NOTCH)
            is_sideways = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) and not turned.x()
            self.pan(QPointF(by.y(), 0) if is_sideways else by)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_pan = event.button() is Qt.MouseButton.MiddleButton or (
            event.button() is Qt.MouseButton.LeftButton and self._is_space_down
        )
        if is_pan:
            self._panned_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.hand is None or not self.hand.press(event):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self.pan(event.position() - self._panned_from)
            self._panned_from = event.position()
        elif self.hand is None or not self.hand.move(event):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self._panned_from = None
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._is_space_down else Qt.CursorShape.ArrowCursor)
        elif self.hand is None or not self.hand.release(event):
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.hand is None or not self.hand.double_click(event):
            super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.hand is not None:
            self.hand.menu(event.pos(), by_key=event.reason() is QContextMenuEvent.Reason.Keyboard)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self._is_space_down = True
                self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() in PANS and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == ALT:
            self.pan(PANS[Qt.Key(event.key())] * WHEEL_PX)
        elif self.hand is None or not self.hand.key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self.unsetCursor()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.readers.tell_focus()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._is_space_down = False
        if self.hand is not None and event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.hand.leave()
        self.update()
