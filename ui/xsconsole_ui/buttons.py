"""A button that takes only what was meant for it."""

from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QPushButton


class Button(QPushButton):
    """A button that leaves the second click of a double one alone whose first click hit something else.

    Where a click lays out anew what lies under the mouse, such as a plan that becomes a run, Qt gives the second one to
    what came there: *Stop and put back* where *Promote* was.
    """

    _pressed_at: int | None = None  # ms, of the event

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.timestamp()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        longest = QGuiApplication.styleHints().mouseDoubleClickInterval()
        if self._pressed_at is not None and event.timestamp() - self._pressed_at <= longest:
            super().mouseDoubleClickEvent(event)
