"""Where the keyboard is can be seen, whatever has it."""

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.board_window import Key, card_of, console, pool, press, window
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole_ui import actions
from xsconsole_ui.board.card_delegate import CardDelegate
from xsconsole_ui.board.card_list import CardList
from xsconsole_ui.board.card_painter import CardPainter
from xsconsole_ui.board.lane_model import LaneModel
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme

__all__ = ["console", "pool", "window"]

MOST_STOPS = 80


def picture(window: MainWindow, widget: QWidget) -> QImage:
    place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()).adjusted(-4, -4, 4, 4)
    return window.grab(place).toImage()


def is_seen(window: MainWindow, widget: QWidget) -> bool:
    """Whether the keyboard's being at a widget changes what it looks like."""
    with_keyboard = picture(window, widget)
    widget.clearFocus()
    without = picture(window, widget)
    widget.setFocus()
    return bool(with_keyboard != without)


def unseen_stops(window: MainWindow) -> list[str]:
    """Walk round with Tab and return what shows no focus."""
    seen: list[QWidget] = []
    unseen: list[str] = []
    for _ in range(MOST_STOPS):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in seen:
            break
        seen.append(focused)
        if not is_seen(window, focused):
            unseen.append(f"{type(focused).__name__} {focused.accessibleName()} {focused.objectName()}")
        press(Key.Key_Tab)
    assert len(seen) > 5
    return unseen


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
async def test_wherever_tab_leads_the_keyboard_is_seen(window: MainWindow, console: Console, scheme: Scheme) -> None:
    window.theme.set_scheme(scheme)
    window.board.select(card_of(console, "shop@staging").id)
    window.board.take_focus()

    with_a_card = unseen_stops(window)
    window.actions_[actions.PLAN].trigger()
    await until(window.inspector.plan_page.go.isVisible, "a plan")
    with_a_plan = unseen_stops(window)

    assert (with_a_card, with_a_plan) == ([], [])


def test_the_keyboard_is_seen_in_a_column_without_cards(qtbot: QtBot) -> None:
    column = CardList(
        LaneModel(StageId("staging"), may_drop=lambda *_: False, on_drop=lambda *_: None), CardDelegate(CardPainter())
    )
    qtbot.addWidget(column)
    column.show()
    column.activateWindow()
    column.setFocus()
    qtbot.waitUntil(column.hasFocus)

    with_keyboard = column.grab().toImage()
    column.clearFocus()

    assert column.grab().toImage() != with_keyboard
