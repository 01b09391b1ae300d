"""Leaves parts of the graph's picture to the next turn, so that no turn is long however much there is to be seen."""

from PySide6.QtCore import QObject, QRect, Slot
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget

from xsconsole_ui.late_paint import is_to_screen
from xsconsole_ui.pace import Pace
from xsconsole_ui.timers import one_shot

SOON_MS = 1


class LateParts(QObject):
    """What was left of one widget, which puts something plain or what it has of another size where it leaves.

    A picture of all of it, as of lists (`LatePaint`), would be of no use here: each pan and zoom makes another one.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._left = QRegion()
        self._pace = Pace(self)
        self._timer = one_shot(self, self._go_on, SOON_MS)

    def must_wait(self, painter: QPainter) -> bool:
        """Whether the turn is full. A picture that somebody takes of the widget is painted whole all the same."""
        return not self._pace.has_room(is_wanted=True) and is_to_screen(painter, self._widget)

    def leave(self, area: QRect) -> None:
        """Paint this in the next turn."""
        self._left += area
        self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        left, self._left = self._left, QRegion()
        self._widget.update(left)
