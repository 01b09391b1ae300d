"""The board's cards are filtered, grouped, folded, collapsed and listed, and all that is remembered."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.board_window import (
    CTRL,
    Key,
    card_of,
    cards_in,
    console,
    has_keyboard,
    open_window,
    pool,
    press,
    shown_cards,
    window,
)
from tests.ui.test_comparing import click_card
from xsconsole.console import Console
from xsconsole.domain.arrangement import Grouping
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui import actions
from xsconsole_ui.demo.gestures import CarriedCard, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.window_state import WindowState

__all__ = ["console", "pool", "window"]


def highlighted(window: MainWindow) -> list[ConfigurationId]:
    """Return the cards that are seen as selected in the columns, which are those that commands are for."""
    found = [card.id for lane in window.board.lanes if not lane.is_collapsed for card in lane.chosen]
    assert found == [card.id for card in window.board.chosen]
    return found


def is_nothing_meant(window: MainWindow) -> bool:
    """Whether no card is highlighted, and neither Enter nor a command is about one."""
    press(Key.Key_Return)
    press(Key.Key_Right, CTRL)
    is_meant = window.desk.question is not None or window.actions_[actions.PROMOTE].isEnabled()
    return not is_meant and highlighted(window) == [] and window.board.selected is None


async def test_a_filter_hides_cards_says_so_and_gives_them_back(window: MainWindow, console: Console) -> None:
    board, crm = window.board, card_of(console, "crm@7.1")
    board.select(crm.id)

    press(Key.Key_F, CTRL)
    QTest.keyClicks(board.bar.filter.line, "service:shop")
    await until(lambda: len(shown_cards(window)) == 2, "the cards of shop")

    assert {console.board.cards[card].service for card in shown_cards(window)} == {"shop"}
    assert board.bar.caption.text() == "2 of 9 shown"
    assert board.chosen == ()  # what cannot be seen is not acted on
    told: list[str] = []
    for lane in board.lanes:
        lane.model.rowsInserted.connect(lambda *_: told.append(board.bar.caption.text()))
    press(Key.Key_Escape)
    await until(lambda: shown_cards(window) == set(console.board.cards), "all cards")
    assert board.bar.caption.text() == ""
    assert told[1:] == [""] * 6, "while they come one by one, as at the opening, none is said to be hidden"


async def test_groups_fold_and_columns_collapse_and_answer_drags_as_narrow_as_they_are(
    window: MainWindow, console: Console
) -> None:
    board = window.board
    board.bar.groups.setCurrentIndex(board.bar.groups.findData(Grouping.SERVICE.value))
    board.bar.groups.activated.emit(1)
    lane = board.lane("Integration")
    await until(lambda: lane.model.head_at(0) == "crm", "groups")
    assert [lane.model.head_at(row) for row in range(3)] == ["crm", "payroll", "shop"]
    tall = lane.view.visualRect(lane.model.index(2)).top()

    QTest.mouseClick(lane.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 8))

    assert lane.model.is_folded(0)
    assert lane.view.visualRect(lane.model.index(2)).top() < tall
    assert board.lane("Staging").model.folded == {"crm"}
    assert not lane.view.indexAt(QPoint(30, 8)).isValid()
    payroll = card_of(console, "payroll@2026.5")
    board.select(payroll.id)
    press(Key.Key_Up)
    assert lane.view.currentIndex().row() == 0  # on the name of what is folded away, and at none of its cards
    assert is_nothing_meant(window)
    press(Key.Key_Down)
    assert highlighted(window) == [payroll.id]
    press(Key.Key_Minus)
    assert lane.model.folded == {"crm", "payroll"}
    assert is_nothing_meant(window)
    press(Key.Key_Plus)
    assert highlighted(window) == [payroll.id]
    press(Key.Key_Minus)
    press(Key.Key_L, CTRL)  # the list folds nothing away
    assert board.table.rows.rowCount() == len(console.board.cards)
    board.select(payroll.id)
    assert [card.id for card in board.chosen] == [payroll.id]
    press(Key.Key_L, CTRL)
    assert is_nothing_meant(window)
    board.select(payroll.id)  # as the find field does
    assert lane.model.folded == {"crm"}
    assert highlighted(window) == [payroll.id]
    lane.view.selectAll()
    assert [console.board.cards[card].service for card in highlighted(window)] == ["payroll", "shop"]
    empty = QPoint(30, lane.view.viewport().height() - 5)
    QTest.mouseClick(lane.view.viewport(), Qt.MouseButton.LeftButton, pos=empty)
    assert is_nothing_meant(window)

    board.select(payroll.id)
    press(Key.Key_B, CTRL)
    assert lane.hasFocus()
    assert is_nothing_meant(window)
    press(Key.Key_Right)
    assert board.lane("Patch testing").view.hasFocus()
    press(Key.Key_Left)
    press(Key.Key_B, CTRL)
    press(Key.Key_Down)
    assert (lane.view.hasFocus(), highlighted(window)) == (True, [payroll.id])
    press(Key.Key_B, CTRL)
    press(Key.Key_B, CTRL)
    assert highlighted(window) == [payroll.id], "opened again at once, its card is selected as it was"
    by_owner = board.bar.groups.findData(Grouping.OWNER.value)
    board.bar.groups.setCurrentIndex(by_owner)
    board.bar.groups.activated.emit(by_owner)
    await until(lambda: [lane.model.head_at(row) for row in range(3)] == ["", None, None], "the other groups")
    told = lane.model.data(lane.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert str(told).startswith("Without an owner, 3: ")
    assert highlighted(window) == [payroll.id]

    press(Key.Key_Return)  # what closes in the inspector leaves the keyboard to the card
    assert has_keyboard(window.inspector)
    window.desk.dismiss()  # as after something else has answered it
    assert has_keyboard(board)
    members = window.inspector.card_page.members.view
    members.setFocus()
    assert has_keyboard(window.inspector)
    press(Key.Key_Escape)
    assert has_keyboard(board)
    members.setFocus()
    window.docks["inspector"].hide()
    assert has_keyboard(board)
    window.docks["inspector"].show()
    assert highlighted(window) == [payroll.id]

    production = board.lane("Production")
    board.looking.collapse(production.stage.id, is_collapsed=True)
    assert production.maximumWidth() < 60
    carried = CarriedCard(card_of(console, "shop@staging"))
    await until(lambda: production.width() < 60, "the narrow column")
    before = {lane.stage.id: lane.geometry() for lane in board.lanes}
    plain = production.grab().toImage()
    carried.enter(board.lane("Staging"))
    QApplication.sendPostedEvents()
    assert {lane.stage.id: lane.geometry() for lane in board.lanes} == before
    assert not production.offer_box.isVisible()
    assert production.grab().toImage() != plain
    carried.enter(production)
    assert window.status.passing.whole.startswith("Drop to promote shop 1.3.0")
    assert carried.drop(production)
    assert window.desk.question is not None
    window.desk.dismiss()
    assert production.grab().toImage() == plain
    assert board.looking.arrangement.collapsed == {production.stage.id}


async def test_the_list_has_the_same_cards_selection_and_commands_and_all_is_remembered(
    console: Console, qapp: QApplication
) -> None:
    window = await open_window(console, qapp)
    board, shop, crm = window.board, card_of(console, "shop@staging"), card_of(console, "crm@7.1.1")
    click_card(window, shop)
    click_card(window, crm, CTRL)
    press(Key.Key_Down)  # of several, the one that is left highlighted is the one that commands are for
    assert [card.id for card in board.chosen] == [shop.id]
    assert window.inspector.header.title == shop.name
    click_card(window, crm, CTRL)
    click_card(window, crm)
    assert [card.id for card in board.chosen] == [crm.id]
    assert window.inspector.header.title == crm.name
    click_card(window, shop, CTRL)

    press(Key.Key_L, CTRL)
    assert board.table.isVisible()
    assert set(board.table.chosen) == {shop.id, crm.id}
    assert board.table.rows.rowCount() == len(console.board.cards)
    board.table.rows.order_by(0)
    row = next(at for at in range(9) if board.table.rows.index(at, 0).data() == shop.name)
    at = board.table.visualRect(board.table.rows.index(row, 0)).center()
    QTest.mouseClick(board.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert [card.id for card in board.chosen] == [shop.id]
    assert window.inspector.header.title == shop.name
    press(Key.Key_Right, CTRL)
    assert window.desk.question is not None
    assert window.desk.question.configuration == shop.id
    window.desk.dismiss()
    closer = next(entry.menu() for entry in board.table.menu.actions() if entry.text() == "Look clos&er")
    assert window.actions_[actions.COMPARE] in closer.actions()

    board.bar.filter.set_text("shop")
    await until(lambda: board.table.rows.rowCount() == 2, "the filtered list")
    await window.end()
    again = MainWindow(console, window.theme, WindowState(console.home))
    try:
        await until(lambda: again.board.table.rows.rowCount() == 2, "the list as it was left")
        assert again.board.bar.filter.text() == "shop"
        again.board.show_list(is_list=False)
        again.board.bar.filter.clear()
        await until(lambda: "shop 1.3.0" in cards_in(again, "Staging") and len(shown_cards(again)) == 9, "all cards")
    finally:
        await again.end()
