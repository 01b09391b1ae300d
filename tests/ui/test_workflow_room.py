"""Stages that come in between, or as copies, lie on none of the others; what follows makes room."""

from itertools import combinations

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from tests.ui.drawing import Sheet, a_workflow, sheet, stage
from tests.ui.test_workflow_keys import DesignedSheet, drawn
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow import between
from xsconsole_ui.workflow.desk import DraftDesk

__all__ = ["drawn", "sheet"]


def covered(sheet: Sheet) -> list[tuple[str, str]]:
    """Return the pairs of stages that lie on each other."""
    areas = {id_: node.area for id_, node in sheet.scene.nodes.items()}
    return [(one, other) for one, other in combinations(areas, 2) if areas[one].intersects(areas[other])]


def test_a_stage_let_go_over_a_transition_moves_what_follows_on_as_the_same_step(sheet: Sheet) -> None:
    before = sheet.workflow.digest

    sheet.drag(sheet.node("spare"), sheet.edge("integration-to-staging"))

    assert covered(sheet) == []
    assert [sheet.place(id_)[0] for id_ in ("integration", "spare", "staging", "production")] == [0, 15, 30, 45]
    assert len(sheet.desk.history.done) == 1
    sheet.desk.undo()
    assert sheet.workflow.digest == before


def test_a_stage_inserted_on_a_transition_stands_in_line_and_what_follows_moves_on(drawn: DesignedSheet) -> None:
    drawn.desk.select((), (TransitionId("integration-to-staging"),))

    drawn.designer.do(Design.INSERT_STAGE)

    assert covered(drawn) == []
    assert [drawn.place(id_) for id_ in ("integration", "new-stage", "staging", "production")] == [
        (0, 4),
        (15, 4),
        (30, 4),
        (45, 4),
    ]


def test_where_there_is_room_nobody_moves(sheet: Sheet) -> None:
    far = msgspec.structs.replace(
        a_workflow(), stages=(stage("integration", 0, 4), stage("staging", 32, 4), *a_workflow().stages[2:])
    )
    sheet.desk.open(far)

    assert between.insert(sheet.desk, TransitionId("integration-to-staging")) == "new-stage"

    assert (sheet.place("new-stage"), sheet.place("staging"), sheet.place("production")) == ((16, 4), (32, 4), (30, 4))


def test_a_stage_on_a_way_back_stands_below_and_moves_nobody(drawn: DesignedSheet) -> None:
    places = {id_: drawn.place(id_) for id_ in ("integration", "staging", "production", "spare")}
    drawn.desk.select((), (TransitionId("production-to-staging"),))

    drawn.designer.do(Design.INSERT_STAGE)

    assert covered(drawn) == []
    assert {id_: drawn.place(id_) for id_ in places} == places
    assert drawn.place("new-stage")[1] > drawn.place("staging")[1]


@pytest.mark.parametrize("design", [Design.PASTE, Design.DUPLICATE])
def test_copies_lie_beside_their_originals_and_each_time_farther_on(
    drawn: DesignedSheet, qapp: QApplication, design: Design
) -> None:
    chosen = (StageId("integration"), StageId("staging"))
    for _ in range(3):
        drawn.desk.select(chosen)
        drawn.designer.do(Design.COPY)
        drawn.designer.do(design)

    assert len(drawn.workflow.stages) == 10
    assert covered(drawn) == []
    assert {drawn.place(id_)[0] for id_ in ("staging", "staging-2", "staging-3", "staging-4")} == {15}


def test_what_was_cut_comes_back_where_it_was(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))
    drawn.designer.do(Design.CUT)

    drawn.designer.do(Design.PASTE)

    assert drawn.place("spare") == (15, 14)


def test_a_workflow_that_was_never_drawn_is_given_places_with_the_room(qapp: QApplication) -> None:
    bare: Workflow = msgspec.structs.replace(
        a_workflow(), stages=tuple(msgspec.structs.replace(one, place=None) for one in a_workflow().stages)
    )
    desk = DraftDesk()
    desk.open(bare)

    made = between.insert(desk, TransitionId("staging-to-production"))

    assert made is not None
    assert all(one.place is not None for one in desk.workflow.stages)
    sheet = Sheet(desk.workflow)
    try:
        assert covered(sheet) == []
    finally:
        sheet.close()
