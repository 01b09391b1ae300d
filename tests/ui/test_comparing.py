"""Two selected configurations, or one and its past, are compared in a window that follows the pool."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, card_of, console, ended, pool, press, window
from tests.ui.filing import file_into
from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.engine.commands import Promote
from xsconsole_ui import actions
from xsconsole_ui.board.card_delegate import card_area
from xsconsole_ui.comparing import CompareDialog
from xsconsole_ui.comparing.rows import differing
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

PRODUCTION = StageId("production")


def click_card(window: MainWindow, card: Card, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    lane = window.board.lane(card.stage)
    row = lane.model.row_of(card.id)
    assert row is not None
    at = card_area(lane.view.visualRect(lane.model.index(row))).center()
    QTest.mouseClick(lane.view.viewport(), Qt.MouseButton.LeftButton, modifiers, at)


async def opened(window: MainWindow) -> CompareDialog:
    await until(lambda: window.hands.comparison is not None and window.hands.comparison.isVisible(), "the comparison")
    dialog = window.hands.comparison
    assert dialog is not None
    return dialog


async def closed(window: MainWindow, dialog: CompareDialog) -> None:
    dialog.close_.click()
    await until(lambda: window.hands.comparison is None, "the end of the comparison")


async def test_two_selected_cards_are_compared_and_what_changes_on_the_pool_is_followed(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    shop, crm = card_of(console, "shop@staging"), card_of(console, "crm@7.1")
    click_card(window, shop)
    click_card(window, crm, CTRL)
    assert {card.id for card in window.board.chosen} == {shop.id, crm.id}
    assert window.actions_[actions.COMPARE].text() == "Co&mpare both…"

    press(Key.Key_D, CTRL)
    dialog = await opened(window)
    await until(lambda: dialog.comparison is not None, "what differs")

    assert dialog.comparison is not None
    assert {dialog.comparison.first.configuration, dialog.comparison.second.configuration} == {shop.id, crm.id}
    assert dialog.drift.rowCount() == len(dialog.comparison.drift) > 0
    assert dialog.members.rowCount() == len(dialog.comparison.roles)
    dialog.copy.click()
    assert dialog.summary.text() in QGuiApplication.clipboard().text()
    file = tmp_path / "out.csv"
    dialog.export.click()
    await file_into(dialog.papers, file)
    await until(file.exists, "the file")
    assert shop.name in file.read_text(encoding="utf-8")
    before = len(dialog.comparison.judged)
    with pool.plain_session() as session:
        session.xenapi.VM.add_to_other_config(shop.members[0].ref, "somebody", "=cmd()")
    await until(lambda: dialog.comparison is not None and len(dialog.comparison.judged) == before + 1, "the change")
    await closed(window, dialog)

    click_card(window, crm, CTRL)
    assert [card.id for card in window.board.chosen] == [shop.id]


async def test_one_card_is_compared_with_its_past_and_a_plan_with_who_stands_there(
    window: MainWindow, console: Console
) -> None:
    shop = card_of(console, "shop@staging")
    window.desk.ask(Promote(configuration=shop.id, revision=shop.revision, target=PRODUCTION))
    window.desk.confirm()
    await ended(console)
    await until(lambda: console.board.cards[shop.id].stage == PRODUCTION, "the card in Production")
    window.board.select(shop.id)

    window.actions_[actions.COMPARE].trigger()
    dialog = await opened(window)
    dialog.first.choose(shop.id, is_past=True)
    dialog.second.choose(shop.id)
    await until(lambda: dialog.first.time.count() > 1 and dialog.first.time.currentIndex() == 1, "its past")

    assert dialog.comparison is not None
    assert dialog.comparison.first.at is not None
    assert dialog.comparison.drift == ()
    dialog.swap.click()
    assert dialog.comparison is not None
    assert dialog.comparison.second.at is not None
    await closed(window, dialog)

    crm = card_of(console, "crm@7.2-rc1")
    stage = next(lane.stage for lane in window.board.lanes if lane.stage.name == "Patch testing")
    window.desk.ask(Promote(configuration=crm.id, revision=crm.revision, target=stage.id), show_only=True)
    said = "\n".join(row.text for row in window.inspector.plan_page.differences.view.rows.rows)
    assert "allowed by a rule" in said


async def test_one_field_differs_and_several_differ() -> None:
    assert differing("1 field", 1) == "1 field really differs"
    assert differing("2 fields", 2) == "2 fields really differ"
    assert differing("0", 0) == "0 really differ"
