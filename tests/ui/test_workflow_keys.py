"""The graph by keyboard alone: walking, nudging, connecting, naming; and what the designer's actions do."""

from collections.abc import Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.drawing import CTRL, SHIFT, Key, Sheet, a_workflow, sheet
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind
from xsconsole.domain.workflow.edits import add_stage, change_stage, connect
from xsconsole_ui import theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow.designer import Designer
from xsconsole_ui.workflow.export import Exporter
from xsconsole_ui.workflow.paper import Paper
from xsconsole_ui.workflow.view import LEAST_READ

__all__ = ["sheet"]


class DesignedSheet(Sheet):
    """A sheet with the designer's actions."""

    designer: Designer


@pytest.fixture
def drawn(qapp: QApplication) -> Iterator[DesignedSheet]:
    theme.Theme(qapp, theme.Scheme.LIGHT)
    made = DesignedSheet(a_workflow())
    jobs = Jobs(on_error=lambda _: None, on_bug=lambda _: None)
    exporter = Exporter(made.scene, jobs, lambda what, _mend: made.heard.append(what), made.canvas)
    paper = Paper(qapp.clipboard(), made.canvas)
    made.designer = Designer(made.canvas, made.desk, made.hand, exporter, paper)
    yield made
    made.close()


def ends(sheet: Sheet) -> set[tuple[str, str, Kind]]:
    return {(way.source, way.target, way.kind) for way in sheet.workflow.transitions}


def test_arrows_walk_from_stage_to_stage(sheet: Sheet) -> None:
    walked = []
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Right, Key.Key_Left, Key.Key_Down, Key.Key_Up):
        sheet.key(key)
        walked.append(sheet.desk.stages[0])

    assert walked == ["integration", "staging", "production", "staging", "spare", "staging"]


def test_arrows_with_shift_select_more(sheet: Sheet) -> None:
    sheet.key(Key.Key_Right)
    sheet.key(Key.Key_Right, SHIFT)

    assert sheet.desk.stages == ("integration", "staging")


def test_nudges_in_a_row_are_one_step(sheet: Sheet) -> None:
    sheet.desk.select((StageId("spare"),))

    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Down):
        sheet.key(key, CTRL)

    assert sheet.place("spare") == (17, 15)
    assert [step.label for step in sheet.desk.history.done] == ["Move “Spare”"]
    sheet.desk.undo()
    assert sheet.place("spare") == (15, 14)


def test_page_keys_go_round_the_transitions_of_a_stage_and_arrows_to_their_ends(sheet: Sheet) -> None:
    sheet.desk.select((StageId("staging"),))
    seen = []
    for _ in range(4):
        sheet.key(Key.Key_PageDown)
        seen.append(sheet.desk.transitions[0])
    ways = ["staging-to-production", "integration-to-staging", "production-to-staging"]
    assert seen == [*ways, ways[0]]

    sheet.key(Key.Key_Right)

    assert sheet.desk.stages == ("production",)


def test_escape_selects_nothing_and_then_is_the_windows(sheet: Sheet) -> None:
    sheet.desk.select_all()
    sheet.key(Key.Key_Escape)

    assert sheet.desk.stages == ()


def test_a_selected_stage_is_brought_into_view(sheet: Sheet) -> None:
    sheet.canvas.zoom_to(3.0)

    for _ in range(3):
        sheet.key(Key.Key_Right)

    seen = sheet.canvas.view.seen(sheet.canvas.room)
    assert seen.contains(sheet.scene.nodes[StageId("production")].area)


def test_a_transition_is_drawn_by_keyboard_alone(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))

    drawn.designer.do(Design.CONNECT)
    drawn.key(Key.Key_Up)  # staging
    drawn.key(Key.Key_Right)  # production
    drawn.key(Key.Key_Return)

    assert ("spare", "production", Kind.PROMOTE) in ends(drawn)


def test_a_way_back_is_drawn_by_keyboard_with_shift(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("staging"),))

    drawn.designer.do(Design.CONNECT)
    drawn.key(Key.Key_Left, SHIFT)
    drawn.key(Key.Key_Return)

    assert ("staging", "integration", Kind.DEMOTE) in ends(drawn)


def test_a_connection_by_keyboard_is_left_by_escape(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))
    drawn.designer.do(Design.CONNECT)
    drawn.key(Key.Key_Up)

    drawn.key(Key.Key_Escape)

    assert drawn.hand.gesture is None
    assert drawn.desk.history.done == ()


def test_a_connection_begun_by_key_ends_with_a_click_too(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))
    drawn.designer.do(Design.CONNECT)

    drawn.click(drawn.node("production"))

    assert ("spare", "production", Kind.PROMOTE) in ends(drawn)


def test_two_selected_stages_are_connected_in_the_order_of_selection(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"), StageId("production")))

    drawn.designer.do(Design.CONNECT)

    assert ("spare", "production", Kind.PROMOTE) in ends(drawn)


def test_a_name_is_changed_in_place(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))
    drawn.designer.do(Design.RENAME)
    assert drawn.designer.name_field.hasFocus()

    QTest.keyClicks(drawn.designer.name_field, "Hotfix")
    drawn.key(Key.Key_Return)

    found = drawn.workflow.stage(StageId("spare"))
    assert found is not None
    assert found.name == "Hotfix"
    assert drawn.desk.history.undo_label == "Rename “Spare” to “Hotfix”"
    assert drawn.canvas.hasFocus()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("staging", "Another stage is called “staging”. Choose a name of its own."),
        ("", "The name is empty"),
        ("x" * 101, "101 characters"),
    ],
)
def test_a_name_that_cannot_be_says_why_while_it_is_typed(drawn: DesignedSheet, name: str, why: str) -> None:
    drawn.desk.select((StageId("spare"),))
    drawn.designer.do(Design.RENAME)
    field = drawn.designer.name_field

    field.selectAll()
    field.del_()
    field.setText("")
    QTest.keyClicks(field, name or "a")
    if not name:
        QTest.keyClick(field, Key.Key_Backspace)

    assert why in field.why_not
    drawn.key(Key.Key_Return)
    assert field.isVisible()
    assert drawn.desk.history.done == ()
    drawn.key(Key.Key_Escape)
    assert not field.isVisible()
    assert drawn.desk.history.done == ()


def test_a_new_stage_stands_right_of_the_selected_one_and_can_be_named_at_once(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("production"),))

    drawn.designer.do(Design.ADD_STAGE)
    QTest.keyClicks(drawn.designer.name_field, "Archive")
    drawn.key(Key.Key_Return)

    assert drawn.place("archive") == (45, 4)
    found = drawn.workflow.stage(StageId("archive"))
    assert found is not None
    assert found.name == "Archive"
    assert drawn.desk.stage == found


def test_the_id_of_a_stage_follows_its_name_until_it_is_published(drawn: DesignedSheet) -> None:
    drawn.desk.select((), (TransitionId("integration-to-staging"),))
    drawn.designer.do(Design.INSERT_STAGE)
    QTest.keyClicks(drawn.designer.name_field, "Patch testing")
    drawn.key(Key.Key_Return)

    drawn.desk.select((StageId("staging"),))
    drawn.designer.do(Design.RENAME)
    QTest.keyClicks(drawn.designer.name_field, "Pre-production")
    drawn.key(Key.Key_Return)

    assert [stage.id for stage in drawn.workflow.stages][-1] == "patch-testing"
    assert drawn.workflow.stage(StageId("staging")) is not None
    assert {("integration-to-patch-testing", "integration", "patch-testing")} < {
        (way.id, way.source, way.target) for way in drawn.workflow.transitions
    }
    for _ in range(2):
        drawn.desk.undo()
    assert {"new-stage", "staging"} < {stage.id for stage in drawn.workflow.stages}


def test_a_stage_is_inserted_on_the_selected_transition(drawn: DesignedSheet) -> None:
    drawn.desk.select((), (TransitionId("integration-to-staging"),))

    drawn.designer.do(Design.ADD_STAGE)
    drawn.key(Key.Key_Return)

    assert {("integration", "new-stage", Kind.PROMOTE), ("new-stage", "staging", Kind.PROMOTE)} <= ends(drawn)
    assert [step.label for step in drawn.desk.history.done] == ["Put “New stage” between “Integration” → “Staging”"]


def test_a_transition_is_turned_round_where_that_can_be(drawn: DesignedSheet) -> None:
    drawn.desk.select((), (TransitionId("integration-to-staging"),))
    drawn.designer.do(Design.TURN)
    assert ("integration", "staging", Kind.DEMOTE) in ends(drawn)

    drawn.desk.select((), (TransitionId("production-to-staging"),))
    drawn.designer.do(Design.TURN)

    assert ("production", "staging", Kind.DEMOTE) in ends(drawn)
    assert "circle" in drawn.heard[-1]


def test_deleting_a_stage_between_others_asks_whether_to_join_them(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("staging"),))
    drawn.designer.do(Design.DELETE)
    assert drawn.desk.history.done == ()

    drawn.choose("join its neighbours by 1 new transition")

    assert ends(drawn) == {("integration", "production", Kind.PROMOTE)}
    assert drawn.desk.history.undo_label == "Delete “Staging”"


def test_deleting_a_stage_with_its_transitions(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("staging"),))
    drawn.designer.do(Design.DELETE)

    drawn.choose("with 3 transitions")

    assert ends(drawn) == set()


def test_what_joins_nobody_is_deleted_without_a_question(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),), (TransitionId("staging-to-production"),))

    drawn.designer.do(Design.DELETE)

    assert drawn.workflow.stage(StageId("spare")) is None
    assert ("staging", "production", Kind.PROMOTE) not in ends(drawn)
    assert drawn.desk.stages == ()


def test_arranging_is_one_step_that_can_be_undone(drawn: DesignedSheet) -> None:
    before = drawn.workflow

    drawn.designer.do(Design.ARRANGE)

    assert drawn.workflow != before
    areas = [node.area for node in drawn.scene.nodes.values()]
    assert not any(one.intersects(other) for at, one in enumerate(areas) for other in areas[:at])
    drawn.desk.undo()
    assert drawn.workflow == before


def test_a_long_row_that_was_arranged_can_be_read(drawn: DesignedSheet) -> None:
    row, last = drawn.workflow, StageId("production")
    for number in range(30):
        row, added = add_stage(row, f"Stage {number}")
        row, last = connect(row, last, added, Kind.PROMOTE)[0], added
    drawn.desk.open(row)
    drawn.designer.do(Design.ARRANGE)

    assert drawn.canvas.view.zoom == LEAST_READ  # all of it would be a line of dots


def test_an_action_leaves_the_gesture_under_way(drawn: DesignedSheet) -> None:
    start = drawn.node("spare")
    drawn.carry(start, start * 0.5)

    drawn.designer.do(Design.SELECT_ALL)
    drawn.release(start)

    assert drawn.place("spare") == (15, 14)
    assert len(drawn.desk.stages) == 4


def test_zooming_by_action(drawn: DesignedSheet) -> None:
    drawn.designer.do(Design.ZOOM_IN)
    assert drawn.canvas.view.zoom > 1
    drawn.designer.do(Design.FULL_SIZE)
    assert drawn.canvas.view.zoom == 1
    drawn.designer.do(Design.ZOOM_OUT)
    assert drawn.canvas.view.zoom < 1


def test_copied_stages_are_pasted_beside_themselves_with_their_transitions(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("integration"), StageId("staging")))
    drawn.designer.do(Design.COPY)

    drawn.designer.do(Design.PASTE)
    drawn.designer.do(Design.PASTE)

    names = [found.name for found in drawn.workflow.stages]
    assert names[4:] == ["Integration 2", "Staging 2", "Integration 3", "Staging 3"]
    assert ("integration-2", "staging-2", Kind.PROMOTE) in ends(drawn)
    places = [drawn.place(id_) for id_ in ("integration", "integration-2", "integration-3")]
    assert len(set(places)) == 3
    assert drawn.desk.stages == ("integration-3", "staging-3")
    assert [step.label for step in drawn.desk.history.done] == ["Paste 2 stages", "Paste 2 stages"]


def test_undo_and_redo_bring_the_selection_back_where_stages_came_or_went(drawn: DesignedSheet) -> None:
    desk, spare = drawn.desk, (StageId("spare"),)
    desk.select(spare, (TransitionId("staging-to-production"),))
    drawn.designer.do(Design.COPY)
    drawn.designer.do(Design.PASTE)
    pasted = desk.stages
    assert pasted == ("spare-2",)

    desk.undo()
    assert desk.selection == (spare, (TransitionId("staging-to-production"),))
    desk.redo()
    assert desk.selection == (pasted, ())

    desk.select(spare)
    drawn.designer.do(Design.DELETE)
    assert desk.selection == ((), ())
    desk.undo()
    assert desk.selection == (spare, ())

    # Where nothing came or went, who reads something else is not torn away from it.
    for name in ("Spar", "Spars"):
        desk.do("Rename", change_stage(desk.workflow, spare[0], name=name), merge="name")
    desk.select((StageId("staging"),))
    desk.undo()
    assert [stage.name for stage in desk.workflow.stages][3] == "Spare"
    assert desk.stages == ("staging",)


def test_cut_takes_out_what_paste_brings_back(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))

    drawn.designer.do(Design.CUT)
    assert drawn.workflow.stage(StageId("spare")) is None
    drawn.designer.do(Design.PASTE)

    assert drawn.workflow.stage(StageId("spare")) is not None
    assert drawn.desk.history.undo_label == "Paste “Spare”"


def test_duplicating_leaves_the_clipboard_alone(drawn: DesignedSheet, qapp: QApplication) -> None:
    qapp.clipboard().setText("something else")
    drawn.desk.select((StageId("spare"),))

    drawn.designer.do(Design.DUPLICATE)

    assert drawn.desk.history.undo_label == "Duplicate “Spare 2”"
    assert qapp.clipboard().text() == "something else"


@pytest.mark.parametrize("text", ["", "hello", '{"xsconsole":"stages","workflow":{}}', "[" * 100_000])
def test_what_is_no_stages_cannot_be_pasted_and_says_so(drawn: DesignedSheet, qapp: QApplication, text: str) -> None:
    qapp.clipboard().setText(text)

    drawn.designer.do(Design.PASTE)

    assert drawn.desk.history.done == ()
    assert drawn.heard
