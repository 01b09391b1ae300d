"""A button takes only what was meant for it."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from xsconsole_ui import pieces


def click(button: QPushButton, at_ms: int, kind: QEvent.Type = QEvent.Type.MouseButtonPress) -> None:
    at, left, plain = QPointF(button.rect().center()), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for part in (kind, QEvent.Type.MouseButtonRelease):
        event = QMouseEvent(part, at, button.mapToGlobal(at), left, left, plain)
        event.setTimestamp(at_ms)
        QApplication.sendEvent(button, event)


def click_again(button: QPushButton, at_ms: int) -> None:
    """Click as Qt does soon after another click: it comes as a double one, whatever had the first."""
    click(button, at_ms, QEvent.Type.MouseButtonDblClick)


def test_the_second_click_of_a_double_one_presses_only_the_button_that_had_the_first(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    promote, stop = pieces.button("Promote", "primary", page), pieces.button("Stop", "", page)
    stop.hide()
    pressed: list[str] = []
    promote.clicked.connect(lambda: pressed.append("promote"))
    promote.clicked.connect(promote.hide)
    promote.clicked.connect(stop.show)
    stop.clicked.connect(lambda: pressed.append("stop"))
    page.show()

    click(promote, 1000)
    click_again(stop, 1150)
    assert pressed == ["promote"]

    click(stop, 9000)  # long ago by the next time
    click_again(stop, 9150)
    click_again(stop, 20_000)
    assert pressed == ["promote", "stop", "stop"]
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert pressed[3:] == ["stop"]


def test_the_keyboard_does_not_stay_with_a_button_that_left_a_second_click_alone(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    stop, cards = pieces.button("Stop", "", page), QLineEdit(page)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    cards.setFocus()

    stop.setFocus(Qt.FocusReason.MouseFocusReason)  # as Qt does before it hands on the second click
    click_again(stop, 1150)
    assert cards.hasFocus()

    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    stop.setFocus(Qt.FocusReason.MouseFocusReason)
    assert stop.hasFocus()
