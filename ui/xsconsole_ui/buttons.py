"""Buttons: one that takes only what was meant for it, and one that is an action."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction, QFocusEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QStyleOptionButton, QWidget
from shiboken6 import isValid

from xsconsole_ui.mnemonics import unmarked, verbatim

LEAST_WIDTH = 120  # px, of a button whose words may be elided


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


class ActionButton(Button):
    """A button that is an action: it has its words, its state, and its reason when it cannot be used.

    Where it can be used no more, the keyboard goes back to `home`, if there is one.
    """

    def __init__(
        self, action: QAction, look: str = "", parent: QWidget | None = None, home: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._home = home
        self.setAutoDefault(True)  # Enter presses it, not only Space
        if look:
            self.setProperty("look", look)
        self.action = action
        self._wanted = 0  # px of width for all its words
        action.changed.connect(self._follow)
        self.clicked.connect(action.trigger)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        text = verbatim(unmarked(self.action.text()))
        if self.text() != text:
            self.setText(text)
        if self._home is not None and not self.action.isEnabled() and self.window().focusWidget() is self:
            self._home.setFocus()
        self.setEnabled(self.action.isEnabled())
        self.setToolTip(self.action.toolTip())
        self.setAccessibleDescription(self.action.toolTip())

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        self._wanted = hint.width()
        return hint

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), LEAST_WIDTH), hint.height())

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        lacking = self._wanted - self.width()
        if lacking > 0:
            metrics = self.fontMetrics()
            room = metrics.horizontalAdvance(option.text) - lacking
            option.text = metrics.elidedText(option.text, Qt.TextElideMode.ElideRight, room)
