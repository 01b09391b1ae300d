"""The window in the sizes that screens have: nothing is cut, nothing moves under the mouse."""

from collections import Counter

import pytest
from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.board_window import Key, card_of, console, pool, press, window
from xsconsole.console import Console
from xsconsole_ui import theme
from xsconsole_ui.demo.gestures import CarriedCard, until
from xsconsole_ui.flow import Flow
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.top_bar import FIND_WIDTH
from xsconsole_ui.window_layout import FIRST_SIZE, PLACES, first_size

__all__ = ["console", "pool", "window"]

SIZES = ((1024, 700), (1366, 768), (1440, 900))


def is_within(part: QWidget, whole: QWidget) -> bool:
    return whole.rect().contains(part.rect().translated(part.mapTo(whole, QPoint(0, 0))))


@pytest.mark.parametrize("size", SIZES)
async def test_no_button_of_a_card_is_cut_off(window: MainWindow, console: Console, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.board.select(card_of(console, "payroll@patch-testing").id)
    page = window.inspector.card_page
    buttons = page.ways.findChildren(QPushButton)

    def are_whole() -> bool:
        within = (is_within(button, window.inspector) for button in buttons)
        return all(within) and all(button.width() >= button.sizeHint().width() for button in buttons)

    await until(lambda: buttons[0].isVisible() and are_whole(), "whole buttons")

    assert [button.text() for button in buttons] == ["Promote to Staging", "Demote to Integration"]
    assert page.width() <= window.inspector.width()


@pytest.mark.parametrize("screen", [QSize(1366, 768), QSize(960, 600), QSize(1920, 1200)])
def test_the_first_window_is_on_the_screen_with_its_frame(screen: QSize) -> None:
    size = first_size(screen)

    assert size.width() < screen.width()
    assert size.height() < screen.height() - 30
    assert size == QSize(1440, 900) or screen != QSize(1920, 1200)


async def test_the_window_fits_a_small_screen_and_nothing_in_its_bar_overlaps(window: MainWindow) -> None:
    screen = QSize(960, 600)

    window.resize(first_size(screen))
    await until(lambda: window.bar.width() == window.width() < FIRST_SIZE.width(), "the small window")

    assert window.width() <= screen.width()
    assert window.height() <= screen.height() - 40
    field, who = window.bar.field.geometry(), window.bar.who.geometry()
    assert field.right() < who.left()
    assert window.bar.rect().contains(who)

    away = window.status.away
    away.setText("acme production: not connected · last known state of 00:57 · and of another one")
    away.show()
    await until(lambda: away.width() >= away.sizeHint().width() and is_within(away, window.status), "all of it")
    assert window.width() <= screen.width()


async def test_every_menu_fits_below_the_bar_of_a_small_screen(window: MainWindow) -> None:
    menus = [action.menu() for action in window.bar.menus.actions()]

    heights = {menu.title(): menu.sizeHint().height() for menu in menus if isinstance(menu, QMenu)}

    assert len(heights) == len(menus) > 0
    assert max(heights.values()) < 700 - window.bar.height(), heights

    # A letter that two things answer to is done by neither: Qt only goes from one to the other.
    bar = [action.text() for action in window.bar.menus.actions()]
    for place in (window.workflow, window.inbox, window.archive, window.library, window.fences):
        buttons = (one for one in place.findChildren(QAbstractButton) if one.window() is window)  # not of a dialog
        texts = [*bar, *(button.text() for button in buttons)]
        told = Counter(found for text in texts if (found := QKeySequence.mnemonic(text).toString()))
        assert set(told.values()) == {1}, (told, texts)


@pytest.mark.parametrize("size", SIZES)
async def test_the_find_field_is_as_wide_as_there_is_room(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)

    def is_as_wide_as_it_can_be() -> bool:
        bar, field = window.bar, window.bar.field
        left_over = field.x() - bar.pools.geometry().right()
        return bar.width() == size[0] and (field.width() == FIND_WIDTH or left_over < 3 * theme.GAP)

    await until(is_as_wide_as_it_can_be, "the wide field")


def test_buttons_that_do_not_fit_beside_each_other_stand_below_each_other(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    row = Flow(page)
    row.setSpacing(8)
    buttons = [QPushButton(text, page) for text in ("Promote to Staging", "Demote to Integration")]
    for button in buttons:
        row.addWidget(button)
    wide = row.sizeHint().width()

    page.resize(wide, row.heightForWidth(wide))
    page.show()
    assert len({button.y() for button in buttons}) == 1
    page.resize(wide - 1, row.heightForWidth(wide - 1))
    row.activate()

    assert len({button.x() for button in buttons}) == 1
    assert row.heightForWidth(wide - 1) == 2 * row.heightForWidth(wide) + row.spacing() - _margins(row)
    assert all(is_within(button, page) for button in buttons)


def _margins(row: Flow) -> int:
    margins = row.contentsMargins()
    return margins.top() + margins.bottom()


async def test_a_card_held_near_the_edge_of_a_narrow_window_scrolls_the_board(
    window: MainWindow, console: Console
) -> None:
    window.resize(1024, 700)
    board, carried = window.board, CarriedCard(card_of(console, "shop@staging"))
    last = board.lanes[-1]
    page = board.page
    bar = page.horizontalScrollBar()
    await until(lambda: bar.maximum() > 0, "columns out of sight")
    bar.setValue(0)
    edge = page.viewport().mapToGlobal(QPoint(page.viewport().width() - 10, 300))
    over = next(lane for lane in board.lanes if lane.rect().contains(lane.mapFromGlobal(edge)))

    carried.enter(over)
    carried.move(over, over.mapFromGlobal(edge))
    await until(lambda: bar.value() == bar.maximum(), "the last column")
    assert is_within(last, page.viewport())
    board.dragging.end()
    bar.setValue(0)
    middle = page.viewport().mapToGlobal(page.viewport().rect().center())
    over = next(lane for lane in board.lanes if lane.rect().contains(lane.mapFromGlobal(middle)))
    carried.enter(over)
    carried.move(over, over.mapFromGlobal(middle))

    assert not board.is_scrolling
    board.dragging.end()

    # Whatever is selected by name or by the arrows is brought into sight as well.
    bar.setValue(0)
    board.select(card_of(console, "crm@production").id)
    assert is_within(last, page.viewport())
    press(Key.Key_Left)
    press(Key.Key_Left)
    press(Key.Key_Left)
    assert is_within(board.lanes[0], page.viewport())


async def test_on_a_small_laptop_all_stages_stand_beside_each_other_with_their_names(
    window: MainWindow, console: Console
) -> None:
    window.resize(1366, 768)
    window.board.select(card_of(console, "shop@staging").id)
    await until(lambda: window.board.width() < 730, "the board in its room")

    lanes = window.board.lanes
    await until(lambda: window.board.page.horizontalScrollBar().maximum() == 0, "all columns")
    await until(lambda: all(lane.shown_name == lane.stage.name for lane in lanes), "whole names")
    assert lanes[-1].head == "Production 2"
    window.resize(1920, 1080)
    await until(lambda: lanes[-1].head == "Production 2 · 1 per service", "the room")


async def test_nothing_of_another_place_lies_over_the_inspector(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "shop@staging").id)
    await until(window.inspector.card_page.isVisible, "the card")

    assert not window.workshop.inspector.isVisible()
    window.go("workflow")
    await until(window.workshop.inspector.isVisible, "the designer's page")


async def test_no_place_makes_the_window_wider_than_a_small_screen(window: MainWindow) -> None:
    window.resize(1024, 700)

    for place in PLACES:
        window.go(place)
        await until(lambda: window.minimumSizeHint().width() > 0 and window.isVisible(), "the place")

        assert window.minimumSizeHint().width() <= 1024, place
        assert window.width() == 1024, place
