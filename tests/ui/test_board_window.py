"""The board in the whole window: drags, keys, and what they come to on the pool."""

from datetime import datetime

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from shiboken6 import isValid

from tests.embedded import EmbeddedPool
from tests.ui.board_window import (
    CTRL,
    Key,
    card_of,
    cards_in,
    console,
    ended,
    has_keyboard,
    pool,
    press,
    shown_cards,
    window,
)
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Demote, Promote
from xsconsole_ui import actions
from xsconsole_ui.board import lane_view
from xsconsole_ui.board.card_delegate import card_area
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.rows import Mark

__all__ = ["console", "pool", "window"]

SHOP = "shop@staging"
PRODUCTION = StageId("production")


async def test_the_board_has_a_column_for_each_stage_and_a_card_for_each_configuration(
    window: MainWindow, console: Console
) -> None:
    assert [lane.stage.name for lane in window.board.lanes] == ["Integration", "Patch testing", "Staging", "Production"]
    assert shown_cards(window) == set(console.board.cards)
    assert "shop 1.3.0" in cards_in(window, "Staging")


async def test_a_drop_lays_the_plan_before_the_user_and_moves_nothing(window: MainWindow, console: Console) -> None:
    carried = CarriedCard(card_of(console, SHOP))
    lane = window.board.lane("Production")

    carried.enter(lane)
    carried.drop(lane)

    assert window.desk.question is not None
    assert window.inspector.header.title == "shop 1.3.0 → Production"
    assert has_keyboard(window.inspector.plan_page.go)
    assert "shop 1.3.0" in cards_in(window, "Staging")
    assert console.runs == ()


async def test_a_confirmed_drop_moves_the_card_once_the_pool_says_so(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    carried = CarriedCard(card_of(console, SHOP))
    carried.enter(window.board.lane("Production"))
    carried.drop(window.board.lane("Production"))

    click(window.inspector.plan_page.go)
    status = await ended(console)

    assert status.state is RunState.DONE
    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the card in Production")
    assert "shop 1.3.0" not in cards_in(window, "Staging")
    with pool.plain_session() as session:
        marks = [vm["other_config"] for vm in session.xenapi.VM.get_all_records().values()]
    stages = [mark["XenCenter.CustomFields.Stage"] for mark in marks if "shop 1.3.0" in str(mark)]
    assert stages.count("Production") == 4


async def test_every_column_answers_a_drag_with_yes_or_with_why_not(window: MainWindow, console: Console) -> None:
    carried = CarriedCard(card_of(console, "crm@integration"))

    carried.enter(window.board.lane("Production"))

    answers = {lane.stage.name: lane.offer_box.text for lane in window.board.lanes if lane.offer_box.isVisible()}
    assert set(answers) == {"Patch testing", "Staging", "Production"}
    assert answers["Patch testing"].startswith("Drop to promote crm")
    assert "downtime" in answers["Patch testing"]
    assert not answers["Production"].startswith("Drop")


async def test_what_the_column_under_the_card_says_stands_in_the_status_line_too(
    window: MainWindow, console: Console
) -> None:
    carried = CarriedCard(card_of(console, SHOP))
    lane = window.board.lane("Production")

    carried.enter(lane)
    said = window.status.passing.whole
    carried.leave(lane)

    assert said.startswith("Drop to promote shop 1.3.0 · ")
    assert window.status.passing.whole == ""


async def test_a_dragged_card_hangs_where_it_was_taken_and_can_be_seen_through(
    window: MainWindow, console: Console
) -> None:
    view = window.board.lane("Staging").view
    index = view.model().index(1, 0)
    card = card_area(view.visualRect(index))
    taken = QPoint(30, 12)

    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=card.topLeft() + taken)
    drag = view.drag_of(index)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=card.topLeft() + taken)

    assert drag.hotSpot() == taken
    picture = drag.pixmap().toImage()
    alphas = {picture.pixelColor(x, picture.height() // 2).alpha() for x in range(8, picture.width() - 8)}
    assert max(alphas) < 200
    drag.deleteLater()


async def test_a_column_that_says_no_takes_no_drop(window: MainWindow, console: Console) -> None:
    carried = CarriedCard(card_of(console, "crm@integration"))
    lane = window.board.lane("Production")

    carried.enter(lane)
    is_taken = carried.drop(lane)

    assert not is_taken
    assert window.desk.question is None
    assert console.runs == ()


async def test_the_answers_go_when_the_drag_ends(window: MainWindow, console: Console) -> None:
    carried = CarriedCard(card_of(console, SHOP))
    carried.enter(window.board.lane("Production"))

    window.board.dragging.end()

    assert not any(lane.offer_box.isVisible() for lane in window.board.lanes)
    assert window.board.dragging.offers == {}


async def test_the_key_asks_for_exactly_what_the_drop_asks_for(window: MainWindow, console: Console) -> None:
    card = card_of(console, SHOP)
    carried = CarriedCard(card)
    carried.enter(window.board.lane("Production"))
    carried.drop(window.board.lane("Production"))
    by_drop = window.desk.question
    window.desk.dismiss()

    window.board.select(card.id)
    press(Key.Key_Right, CTRL)

    assert by_drop is not None
    assert window.desk.question == by_drop
    assert by_drop.command == Promote(configuration=card.id, revision=card.revision, target=PRODUCTION)


async def test_a_way_that_asks_nothing_starts_with_one_key(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "payroll@integration").id)
    plans = [target.plan for target in window.actions_.situation.targets if target.plan is not None]
    assert [plan.asks for plan in plans] == [False]

    press(Key.Key_Right, CTRL)
    status = await ended(console)

    assert status.state is RunState.DONE
    assert window.desk.question is None
    assert len(window.inspector.plan_page.steps.view.rows.rows) == len(status.plan.steps)


async def test_a_halted_configuration_is_started_only_after_a_look_at_the_plan(
    window: MainWindow, console: Console
) -> None:
    card = card_of(console, "payroll@patch-testing")
    assert {member.power_state for member in card.members} == {"Halted"}
    window.board.select(card.id)

    press(Key.Key_Right, CTRL)

    rows = window.inspector.plan_page.steps.view.rows.rows
    assert any(row.text.startswith("Start payroll") for row in rows)
    assert window.desk.question is not None
    assert console.runs == ()


async def test_there_and_back_by_the_keyboard_alone(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)

    press(Key.Key_Right, CTRL)
    press(Key.Key_Return)
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the card in Production")
    await until(window.actions_[actions.DEMOTE].isEnabled, "the way back")
    assert has_keyboard(window.board.lane("Production"))
    press(Key.Key_Left, CTRL)
    await until(lambda: window.desk.question is not None, "the plan of the way back")
    press(Key.Key_Return)
    await until(lambda: len(console.runs) == 2, "the second run")
    assert (await ended(console)).state is RunState.DONE

    await until(lambda: "shop 1.3.0" in cards_in(window, "Staging"), "the card back in Staging")


async def test_a_demotion_offers_the_restore_point_and_says_what_would_be_lost(
    window: MainWindow, console: Console
) -> None:
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)
    press(Key.Key_Return)
    await ended(console)
    await until(lambda: window.board.selected is not None and window.board.selected.stage == PRODUCTION, "the move")
    await until(window.actions_[actions.DEMOTE].isEnabled, "the way back")
    press(Key.Key_Left, CTRL)
    page = window.inspector.plan_page
    await until(lambda: window.desk.question is not None, "the plan")
    assert page.restore.isVisible()

    click(page.restore)

    question = window.desk.question
    assert question is not None
    assert isinstance(question.command, Demote)
    assert question.command.disks is Disks.RESTORE
    warnings = [row.text for row in page.checks.view.rows.rows if row.mark is Mark.WARNING]
    assert any("written since" in warning for warning in warnings)
    assert page.restore.text().endswith(f"{datetime.now().astimezone():%Z}")


async def test_arrows_walk_cards_and_columns(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "shop@integration").id)

    press(Key.Key_Right)
    press(Key.Key_Right)
    selected = window.board.selected

    assert selected is not None
    assert selected.stage == "staging"
    assert has_keyboard(window.board.lane("Staging").view)
    press(Key.Key_Up)
    press(Key.Key_Left)
    assert window.board.selected is not None
    assert window.board.selected.stage == "patch-testing"


async def test_one_card_is_selected_on_the_whole_board(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "shop@integration").id)
    window.board.select(card_of(console, SHOP).id)

    selected = [index for lane in window.board.lanes for index in lane.view.selectionModel().selectedIndexes()]

    assert [index.data() for index in selected] == ["shop 1.3.0"]


async def test_esc_drops_the_plan_and_returns_the_keyboard(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)

    press(Key.Key_Escape)

    assert window.desk.question is None
    assert has_keyboard(window.board)
    assert console.runs == ()


async def test_enter_shows_the_plan_and_starts_nothing(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "payroll@integration").id)

    press(Key.Key_Return)

    assert window.desk.question is not None
    assert console.runs == ()

    # Where several ways lead, which one is asked.
    window.desk.dismiss()
    crm = card_of(console, "crm@7.1.1")  # its place in production is taken
    window.board.select(crm.id)
    press(Key.Key_P, CTRL)
    menu = window.hands.targets_menu
    await until(menu.isVisible, "the choice")
    assert window.desk.question is None
    assert [one.text() for one in menu.actions() if one.isEnabled()] == [
        "Show the plan: demote to Patch testing",
        "Show the plan: demote to Integration",
    ]
    menu.close()
    press(Key.Key_Right, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert [one.isEnabled() for one in menu.actions()] == [False, True, True]
    assert menu.activeAction() is None  # what is asked for is a promotion: Enter alone leads nothing back
    menu.close()
    press(Key.Key_P, CTRL)
    menu.actions()[1].trigger()
    menu.close()
    assert window.desk.question is not None
    assert window.desk.question.command == Demote(
        configuration=crm.id, revision=crm.revision, target=StageId("patch-testing")
    )


async def test_selecting_another_card_drops_the_plan_of_the_first(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)

    window.board.select(card_of(console, "crm@production").id)

    assert window.desk.question is None
    assert window.inspector.header.title == card_of(console, "crm@production").name


async def test_a_failed_step_says_what_failed_and_that_everything_was_put_back(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    pool.control("fail", method="VM.snapshot", nth=3, code="SR_BACKEND_FAILURE_44", params=["", "no space left"])
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)

    press(Key.Key_Return)
    status = await ended(console)

    assert status.state is RunState.UNDONE
    page = window.inspector.plan_page
    await until(page.outcome.isVisible, "the outcome")
    assert "There is not enough room in the storage “SAN-" in page.outcome.text
    assert "put back" in page.outcome.text
    assert "shop 1.3.0" in cards_in(window, "Staging")
    marks = {row.mark for row in page.steps.view.rows.rows}
    assert Mark.FAILED in marks


async def test_a_member_deleted_behind_the_consoles_back_is_named(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    card = card_of(console, "payroll@patch-testing")
    member = card.members[0]
    window.board.select(card.id)

    with pool.plain_session() as session:
        session.xenapi.VM.destroy(session.xenapi.VM.get_by_uuid(member.uuid))

    lane = window.board.lane("Patch testing")

    def told() -> str:
        row = lane.model.row_of(card.id)
        return str(lane.model.index(row or 0).data(Qt.ItemDataRole.ToolTipRole))

    await until(lambda: "Incomplete. 1 of its members is gone" in told(), "the news on the card")
    rows = window.inspector.card_page.members.view.rows
    await until(lambda: any(row.mark is Mark.GONE and member.uuid in row.text for row in rows.rows), "its name")
    assert window.inspector.card_page.mends.isVisible()


async def test_what_cannot_be_done_says_why_when_its_key_is_pressed(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, "crm@production").id)
    press(Key.Key_Right, CTRL)

    assert (window.desk.question, window.status.passing.whole) == (None, "No way forward leads out of this stage.")
    window.board.select(card_of(console, SHOP).id)
    assert window.status.passing.whole == ""


async def test_the_mouse_takes_a_card_up_without_losing_it(window: MainWindow, console: Console) -> None:
    card = card_of(console, SHOP)
    lane = window.board.lane("Staging")
    row = lane.model.row_of(card.id)
    assert row is not None
    window.board.select(card.id)

    lane.view.startDrag(lane.model.supportedDragActions())

    await until(lambda: window.board.dragging.offers == {}, "the end of the drag")
    assert "shop 1.3.0" in cards_in(window, "Staging")


async def test_a_publication_during_a_drag_takes_the_column_away_only_after_it(
    window: MainWindow, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.board.select(card_of(console, SHOP).id)
    lane = window.board.lane("Staging")

    class PublishedMeanwhile(QDrag):
        def exec(self, *_: Qt.DropAction) -> Qt.DropAction:  # type: ignore[override]
            window.bridge.layout_changed.emit()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # as a loop within the drag does
            return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(lane_view, "QDrag", PublishedMeanwhile)

    lane.view.startDrag(lane.model.supportedDragActions())

    assert window.board.lane("Staging") is not lane
    assert isValid(lane.view)
    await until(lambda: not isValid(lane.view), "its end")
