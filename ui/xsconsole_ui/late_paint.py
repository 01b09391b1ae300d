"""Leaves a part of a long paint to the next turn, so that no turn is long however much there is to be seen."""

from PySide6.QtCore import QObject, QRect, Slot
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget
from shiboken6 import getCppPointer

from xsconsole_ui.pace import Pace
from xsconsole_ui.timers import one_shot

SOON_MS = 1


class LatePaint(QObject):
    """What was left of one widget. Meanwhile that shows what it showed before: for a frame, nobody sees it.

    The widget must paint all its ground itself (`WA_OpaquePaintEvent`), or put something plain where it leaves.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._left = QRegion()
        self._pace = Pace(self)
        self._timer = one_shot(self, self._go_on, SOON_MS)

    def must_wait(self, painter: QPainter) -> bool:
        """Whether the turn is full. A picture that somebody takes of the widget is painted whole all the same."""
        return not self._pace.has_room(is_wanted=True) and self._is_to_screen(painter)

    def leave(self, area: QRect) -> None:
        """Paint this in the next turn."""
        self._left += area
        self._timer.start()

    def move(self) -> None:
        """Note that what the widget showed has moved, and what was left with it."""
        if not self._left.isEmpty():
            self.leave(self._widget.rect())

    @Slot()
    def _go_on(self) -> None:
        left, self._left = self._left, QRegion()
        self._widget.update(left)

    def _is_to_screen(self, painter: QPainter) -> bool:
        # Only the address tells: to the screen and into a picture, both are painted into an image.
        store, engine = self._widget.backingStore(), painter.paintEngine()
        device = None if engine is None else engine.paintDevice()
        screen = None if store is None else store.paintDevice()
        if device is None or screen is None:
            return False
        return bool(getCppPointer(device)[0] == getCppPointer(screen)[0])
