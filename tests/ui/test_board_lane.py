"""The model of one column: it changes row by row, and a drop only asks."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.ui.board_values import STAGING, make_card, stage
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Limits
from xsconsole_ui.board.card_delegate import CardDelegate
from xsconsole_ui.board.card_painter import CardPainter
from xsconsole_ui.board.faces import face_of, told
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import MIME_TYPE, Dragged, LaneModel, from_mime, to_mime

NOWHERE = QModelIndex()
Show = Callable[[Card], None]


@pytest.fixture
def asked() -> list[tuple[Dragged, StageId]]:
    return []


@pytest.fixture
def lane(qapp: object, asked: list[tuple[Dragged, StageId]], qtmodeltester: ModelTester) -> LaneModel:
    del qapp
    model = LaneModel(
        STAGING,
        may_drop=lambda dragged, target: target == STAGING and dragged.revision == 1,
        on_drop=lambda dragged, target: asked.append((dragged, target)),
    )
    qtmodeltester.check(model, force_py=True)
    return model


@pytest.fixture
def show(lane: LaneModel) -> Show:
    def shown(card: Card) -> None:
        lane.show(card, face_of(card, stage(STAGING), None), told(card, stage(STAGING)))

    return shown


def names(lane: LaneModel) -> list[str]:
    return [str(lane.index(row).data()) for row in range(lane.rowCount())]


def test_cards_stand_by_service_and_name_whatever_order_they_come_in(lane: LaneModel, show: Show) -> None:
    for service in ("shop", "crm10", "Payroll", "crm2"):
        show(make_card(service))

    assert names(lane) == ["crm2 1.3.0", "crm10 1.3.0", "Payroll 1.3.0", "shop 1.3.0"]


def test_a_card_that_changes_changes_its_own_row_only(lane: LaneModel, show: Show, qtbot: QtBot) -> None:
    for service in ("crm", "shop"):
        show(make_card(service))

    with qtbot.waitSignal(lane.dataChanged) as changed, qtbot.assertNotEmitted(lane.modelReset):
        show(make_card("shop", powers=("Halted", "Halted")))

    assert changed.args is not None
    assert [index.row() for index in changed.args[:2]] == [1, 1]


def test_a_card_that_looks_the_same_repaints_nothing(lane: LaneModel, show: Show, qtbot: QtBot) -> None:
    show(make_card())

    with qtbot.assertNotEmitted(lane.dataChanged):
        show(make_card(revision=2))

    card = lane.card_at(lane.index(0))
    assert card is not None
    assert card.revision == 2


def test_a_renamed_card_goes_to_its_new_place(lane: LaneModel, show: Show) -> None:
    first = make_card("crm")
    show(first)
    show(make_card("shop"))

    show(replace(first, service="zoo", name="zoo 1.3.0"))

    assert names(lane) == ["shop 1.3.0", "zoo 1.3.0"]


def test_a_forgotten_card_is_gone_and_an_unknown_one_is_no_matter(lane: LaneModel, show: Show) -> None:
    show(make_card("crm"))
    show(make_card("shop"))

    lane.forget(make_card("crm").id)
    lane.forget(make_card("nobody").id)

    assert names(lane) == ["shop 1.3.0"]


def test_a_drag_carries_the_configuration_and_the_revision_that_was_seen(lane: LaneModel, show: Show) -> None:
    show(make_card(revision=7))

    mime = lane.mimeData([lane.index(0)])

    assert from_mime(mime) == Dragged(configuration=make_card().id, revision=7)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"[]", b"{}", b'{"configuration": "x"}', b"\xff\xfe"])
def test_what_another_program_drags_is_not_taken_for_a_card(data: bytes) -> None:
    mime = QMimeData()
    mime.setData(MIME_TYPE, data)

    assert from_mime(mime) is None


def test_a_drop_asks_and_moves_nothing(
    lane: LaneModel, show: Show, asked: list[tuple[Dragged, StageId]], qtbot: QtBot
) -> None:
    show(make_card("crm"))
    dragged = Dragged(configuration=make_card("shop").id, revision=1)

    with qtbot.assertNotEmitted(lane.rowsInserted):
        is_taken = lane.dropMimeData(to_mime(dragged), Qt.DropAction.MoveAction, -1, -1, NOWHERE)

    assert not is_taken
    assert asked == [(dragged, STAGING)]


def test_the_core_says_whether_a_card_may_be_dropped(lane: LaneModel) -> None:
    def may(revision: int) -> bool:
        mime = to_mime(Dragged(configuration=make_card().id, revision=revision))
        return lane.canDropMimeData(mime, Qt.DropAction.MoveAction, -1, -1, NOWHERE)

    assert may(1)
    assert not may(2)
    assert not lane.canDropMimeData(QMimeData(), Qt.DropAction.MoveAction, -1, -1, NOWHERE)


def test_a_screen_reader_hears_the_whole_card(lane: LaneModel, show: Show) -> None:
    show(make_card())

    heard = str(lane.index(0).data(Qt.ItemDataRole.AccessibleTextRole))

    assert heard == "shop 1.3.0 · Staging, 2 VMs, 20 GiB: 1 running, 1 halted"


def test_a_column_that_holds_more_than_it_takes_says_so_until_one_has_left(
    lane: LaneModel, show: Show, qtbot: QtBot
) -> None:
    limited = msgspec.structs.replace(stage(STAGING), limits=Limits(per_service=1, configurations=8))
    column = Lane(limited, lane, CardDelegate(CardPainter()))
    qtbot.addWidget(column)
    first, second = make_card("shop", "1"), make_card("shop", "2")
    show(first)
    show(second)

    qtbot.waitUntil(lambda: column.crowd.text() == "2 configurations of shop, and the limit is 1: demote one.")
    assert column.crowd.isVisibleTo(column)
    column.resize(600, 400)
    qtbot.waitUntil(lambda: column.head.endswith("2 · at most 8 · 1 per service"))
    lane.forget(second.id)
    qtbot.waitUntil(lambda: not column.crowd.isVisibleTo(column))
