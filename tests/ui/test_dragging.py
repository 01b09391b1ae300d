"""What lies under the mouse stays there while a card is dragged, and what was shown as the target gets it."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, console, pool, window
from tests.ui.test_entry_points import with_corners
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.engine.commands import Promote
from xsconsole_ui.board import lane_view
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.demo.gestures import CarriedCard, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

MOVED = "Nothing was asked for. The columns moved under the card: drag it again."
NEWS = "Frozen until Monday, and for a long time after that.\n" * 4


def places(board: BoardView) -> dict[str, QRect]:
    """Return where the columns are on the screen, once all is laid out that waits for it."""
    QApplication.sendPostedEvents()
    return {lane.stage.name: QRect(lane.mapToGlobal(QPoint(0, 0)), lane.size()) for lane in board.lanes}


def in_sight(lane: Lane) -> QPoint | None:
    """Return a point of a column that a hand can reach, on the screen."""
    seen = lane.visibleRegion().boundingRect()
    return None if seen.isEmpty() else lane.mapToGlobal(seen.center())


async def test_no_column_moves_under_a_dragged_card_and_only_the_stage_that_was_shown_takes_it(
    window: MainWindow, console: Console, pool: EmbeddedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, shop = window.board, card_of(console, "shop@staging")
    asked: list[Promote] = []
    board.asked.connect(asked.append)
    hand: Callable[[], None]

    class Drag(QDrag):
        def exec(self, *_: Qt.DropAction) -> Qt.DropAction:  # type: ignore[override]
            hand()  # in the loop of the drag
            return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(lane_view, "QDrag", Drag)

    def carry(target: str, *, is_moved: bool = False) -> None:
        """Drag the card over all columns that can be seen, and let it go where the target is seen before the drag."""
        board.select(shop.id)
        bar = board.page.horizontalScrollBar()
        bar.setValue(bar.maximum())
        before = places(board)
        points = {lane.stage.name: at for lane in board.lanes if (at := in_sight(lane)) is not None}
        reached: list[str] = []

        def over(name: str, carried: CarriedCard) -> Lane:
            lane = next(lane for lane in board.lanes if lane.is_under(points[name]))
            carried.enter(lane, lane.mapFromGlobal(points[name]))
            assert places(board) == before, name
            return lane

        def drag_and_drop() -> None:
            carried = CarriedCard(shop)
            reached.extend(over(name, carried).stage.name for name in points)
            lane = over(target, carried)
            assert window.status.passing.whole == lane.says
            lane.show_freeze(NEWS, "", is_frozen=True)
            assert places(board) == before
            if is_moved:
                board.page.widget().move(board.page.widget().pos() - QPoint(0, lane.height()))
            is_taken = carried.drop(lane, lane.mapFromGlobal(points[target]))
            assert is_taken is not is_moved

        nonlocal hand
        hand = drag_and_drop
        view = board.lane("Staging").view
        view.startDrag(Qt.DropAction.MoveAction)
        assert reached == list(points)
        board.lane(target).show_freeze("", "", is_frozen=False)

    carry("Production")
    assert [order.target for order in asked] == ["production"]
    window.desk.dismiss()

    put_on(pool, with_corners())
    window.resize(1024, 700)
    await until(lambda: len(board.lanes) == 6, "stages below each other")
    await until(lambda: board.lane("Staging").model.row_of(shop.id) is not None, "the card")
    upright = board.page.verticalScrollBar()
    await until(lambda: upright.maximum() > 0, "columns that are higher than their page")

    async def hold(at: int, end: Callable[[], int]) -> None:
        """Hold the card at a height of the page that is scrolled half-way, until the page is scrolled to its end."""
        place = board.page.viewport().mapToGlobal(QPoint(board.page.viewport().width() // 2, at))
        upright.setValue(upright.maximum() // 2)
        over, carried = next(lane for lane in board.lanes if lane.is_under(place)), CarriedCard(shop)
        carried.enter(over, over.mapFromGlobal(place))
        carried.move(over, over.mapFromGlobal(place))
        await until(lambda: upright.value() == end(), "the end of the page")
        board.dragging.end()

    await hold(board.page.viewport().height() - 10, upright.maximum)
    await hold(10, upright.minimum)
    board.select(shop.id)
    assert upright.value() == 0  # it can be seen already
    carry("Lab")
    assert [order.target for order in asked] == ["production", "lab"]
    window.desk.dismiss()

    CarriedCard(shop).enter(board.lane("Staging"))
    board.lane("Staging").view.drag_ended.emit(in_sight(board.lane("Lab")))  # it scrolled there: Qt asks nobody
    assert window.status.passing.whole == MOVED

    board.answered.emit("")
    carry("Lab", is_moved=True)
    assert len(asked) == 2
    assert window.status.passing.whole == MOVED
    assert console.runs == ()


async def test_the_answers_go_with_a_card_that_came_out_of_another_window(window: MainWindow, console: Console) -> None:
    board, carried = window.board, CarriedCard(card_of(console, "shop@staging"))
    lane = board.lane("Production")

    carried.enter(lane)
    assert lane.offer_box.isVisible()
    carried.leave(lane)  # nobody hears here when the other window lets it go

    assert not lane.offer_box.isVisible()
    assert board.dragging.offers == {}
