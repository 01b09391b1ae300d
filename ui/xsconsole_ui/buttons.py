"""A button that takes only what was meant for it."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFocusEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from shiboken6 import isValid


class Button(QPushButton):
    """A button that leaves the second click of a double one alone whose first click hit something else.

    Where a click lays out anew what lies under the mouse, such as a plan that becomes a run, Qt gives the second one to
    what came there: *Stop and put back* where *Promote* was. Nor does the keyboard stay with what was left alone.
    """

    _pressed_at: int | None = None  # ms, of the event
    _had_keyboard: QWidget | None = None  # before this one

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() is Qt.FocusReason.MouseFocusReason and isinstance(
            app := QApplication.instance(), QApplication
        ):
            app.focusChanged.connect(self._remember, Qt.ConnectionType.SingleShotConnection)

    @Slot(QWidget, QWidget)
    def _remember(self, old: QWidget | None, now: QWidget | None) -> None:
        self._had_keyboard = old if now is self else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.timestamp()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        longest = QGuiApplication.styleHints().mouseDoubleClickInterval()
        if self._pressed_at is not None and event.timestamp() - self._pressed_at <= longest:
            super().mouseDoubleClickEvent(event)
        elif self._had_keyboard is not None and isValid(self._had_keyboard) and self.hasFocus():
            self._had_keyboard.setFocus(Qt.FocusReason.OtherFocusReason)
