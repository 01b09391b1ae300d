"""What the mouse does on the graph: each gesture ends as one named step, or leaves everything as it was."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.drawing import CTRL, PLAIN, SHIFT, Key, Sheet, drag, sheet, steps
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind
from xsconsole_ui import theme
from xsconsole_ui.workflow.connecting import beside_pointer
from xsconsole_ui.workflow.look import Look

__all__ = ["sheet"]

NOWHERE = QPoint(60, 40)


def labels(sheet: Sheet) -> list[str]:
    return [step.label for step in sheet.desk.history.done]


def ends(sheet: Sheet) -> set[tuple[str, str, Kind]]:
    return {(way.source, way.target, way.kind) for way in sheet.workflow.transitions}


def test_a_dragged_stage_snaps_to_the_grid_and_is_one_step(sheet: Sheet) -> None:
    start = sheet.node("spare")

    sheet.drag(start, start + QPoint(47, 28))

    assert sheet.place("spare") == (17, 15)
    assert labels(sheet) == ["Move “Spare”"]
    sheet.desk.undo()
    assert sheet.place("spare") == (15, 14)


def test_a_drag_that_ends_where_it_began_is_no_step(sheet: Sheet) -> None:
    start = sheet.node("spare")
    sheet.carry(start, start + steps(3))
    sheet.move(start)

    sheet.release(start)

    assert labels(sheet) == []


def test_a_hand_that_trembles_moves_nothing(sheet: Sheet) -> None:
    start = sheet.node("spare")
    sheet.press(start)
    sheet.move(start + QPoint(2, 2))

    sheet.release(start + QPoint(2, 2))

    assert labels(sheet) == []
    assert sheet.desk.stages == ("spare",)


def test_escape_puts_a_moved_stage_back(sheet: Sheet) -> None:
    start = sheet.node("spare")
    sheet.carry(start, start + steps(4))
    lifted = sheet.scene.nodes[StageId("spare")].area

    sheet.key(Key.Key_Escape)
    sheet.release(start + steps(4))

    assert lifted.left() == 19 * 20
    assert sheet.scene.nodes[StageId("spare")].area.left() == 15 * 20
    assert labels(sheet) == []
    assert sheet.desk.stages == ("spare",)  # Esc ends the gesture, and no more


def test_several_selected_stages_move_together_with_their_edges(sheet: Sheet) -> None:
    sheet.click(sheet.node("staging"))
    sheet.click(sheet.node("production"), CTRL)
    before = sheet.scene.edges[TransitionId("integration-to-staging")].route.tip

    sheet.drag(sheet.node("staging"), sheet.node("staging") + QPoint(0, 60))

    assert (sheet.place("staging"), sheet.place("production")) == ((15, 7), (30, 7))
    assert sheet.place("integration") == (0, 4)
    assert labels(sheet) == ["Move 2 stages"]
    assert sheet.scene.edges[TransitionId("integration-to-staging")].route.tip == before + QPointF(0, 60)


def test_with_shift_a_stage_moves_along_one_axis(sheet: Sheet) -> None:
    start = sheet.node("spare")
    sheet.press(start)

    sheet.move(start + QPoint(60, 25), SHIFT)
    sheet.release(start + QPoint(60, 25), SHIFT)

    assert sheet.place("spare") == (18, 14)


def test_a_stage_without_transitions_can_be_put_on_one(sheet: Sheet) -> None:
    sheet.drag(sheet.node("spare"), sheet.edge("integration-to-staging"))

    assert {("integration", "spare", Kind.PROMOTE), ("spare", "staging", Kind.PROMOTE)} <= ends(sheet)
    assert ("integration", "staging", Kind.PROMOTE) not in ends(sheet)
    assert labels(sheet) == ["Put “Spare” between “Integration” → “Staging”"]


def test_a_stage_with_transitions_is_only_moved_over_an_edge(sheet: Sheet) -> None:
    before = ends(sheet)

    sheet.drag(sheet.node("production"), sheet.edge("integration-to-staging"))

    assert ends(sheet) == before
    assert labels(sheet) == ["Move “Production”"]


def test_guides_show_with_whom_a_moved_stage_stands_level(sheet: Sheet) -> None:
    start = sheet.node("spare")

    sheet.carry(start, start + QPoint(200, -200))
    painted = sheet.canvas.grab().toImage()
    sheet.move(start + QPoint(200, -180))
    unguided = sheet.canvas.grab().toImage()
    sheet.key(Key.Key_Escape)

    level = sheet.of(sheet.scene.nodes[StageId("production")].area.center()).y()
    right = sheet.of(sheet.scene.nodes[StageId("production")].area.topRight()).x()
    line = range(right + 3, right + 18)
    assert any(painted.pixel(x, level) != unguided.pixel(x, level) for x in line)


def test_a_rubber_band_selects_what_it_touches(sheet: Sheet) -> None:
    first, last = sheet.node("integration"), sheet.node("staging")

    sheet.drag(first - QPoint(120, 80), last + QPoint(0, 70))

    assert sheet.desk.stages == ("integration", "staging")
    assert "integration-to-staging" in sheet.desk.transitions
    assert labels(sheet) == []


def test_a_rubber_band_with_ctrl_adds_and_escape_restores(sheet: Sheet) -> None:
    sheet.click(sheet.node("spare"))
    at = sheet.node("production")
    sheet.carry(at + QPoint(-100, -60), at + QPoint(100, 60), CTRL)
    with_both = sheet.desk.stages

    sheet.key(Key.Key_Escape)

    assert with_both == ("spare", "production")
    assert sheet.desk.stages == ("spare",)


def test_a_click_on_nothing_selects_nothing(sheet: Sheet) -> None:
    sheet.click(sheet.node("spare"))

    sheet.click(NOWHERE)

    assert sheet.desk.stages == ()


def test_ctrl_and_shift_change_the_selection_one_by_one(sheet: Sheet) -> None:
    sheet.click(sheet.node("spare"))
    sheet.click(sheet.node("staging"), SHIFT)
    sheet.click(sheet.edge("staging-to-production"), CTRL)
    assert (sheet.desk.stages, sheet.desk.transitions) == (("spare", "staging"), ("staging-to-production",))

    sheet.click(sheet.node("spare"), CTRL)

    assert sheet.desk.stages == ("staging",)

    sheet.click(sheet.edge("staging-to-production"))
    sheet.click(sheet.edge("integration-to-staging"), SHIFT)

    assert (sheet.desk.stages, sheet.desk.transitions) == ((), ("staging-to-production", "integration-to-staging"))


def test_a_click_on_one_of_several_selected_selects_only_it(sheet: Sheet) -> None:
    sheet.desk.select_all()

    sheet.click(sheet.node("spare"))

    assert sheet.desk.stages == ("spare",)


def test_a_drag_from_a_port_connects_and_says_yes_before(sheet: Sheet) -> None:
    sheet.carry(sheet.port("spare"), sheet.node("production"))
    gesture = sheet.hand.gesture
    said = gesture.said if gesture is not None else ""

    sheet.release(sheet.node("production"))

    assert said == "✓ Promotion “Spare” → “Production”"
    assert ("spare", "production", Kind.PROMOTE) in ends(sheet)
    assert labels(sheet) == ["Add transition “Spare” → “Production”"]
    assert sheet.desk.transitions == ("spare-to-production",)


def test_escape_leaves_a_connection_undrawn(sheet: Sheet) -> None:
    before = ends(sheet)
    sheet.carry(sheet.port("spare"), sheet.node("production"))

    sheet.key(Key.Key_Escape)
    sheet.release(sheet.node("production"))

    assert ends(sheet) == before
    assert sheet.hand.gesture is None


def test_a_connection_that_stands_already_is_refused_with_why(sheet: Sheet) -> None:
    sheet.carry(sheet.port("integration"), sheet.node("staging"))
    gesture = sheet.hand.gesture
    said = gesture.said if gesture is not None else ""

    sheet.release(sheet.node("staging"))

    assert said == "✗ There is a promotion from Integration to Staging already. Change that one instead."
    assert sheet.heard == ["There is a promotion from Integration to Staging already. Change that one instead."]
    assert labels(sheet) == []


def test_with_shift_a_way_back_is_drawn(sheet: Sheet) -> None:
    sheet.drag(sheet.port("staging"), sheet.node("integration"), SHIFT)

    assert ("staging", "integration", Kind.DEMOTE) in ends(sheet)
    assert labels(sheet) == ["Add way back “Staging” → “Integration”"]


def test_a_promotion_in_a_circle_is_offered_as_a_way_back(sheet: Sheet) -> None:
    sheet.carry(sheet.port("production"), sheet.node("integration"))
    gesture = sheet.hand.gesture
    said = gesture.said if gesture is not None else ""
    sheet.release(sheet.node("integration"))
    assert labels(sheet) == []

    sheet.choose("Make it a way back")

    assert said.startswith("✗ Promotions would go round in a circle")
    assert said.endswith("Let go to make it a way back.")
    assert ("production", "integration", Kind.DEMOTE) in ends(sheet)


def test_over_nothing_a_new_stage_is_offered(sheet: Sheet) -> None:
    at = sheet.node("production") + QPoint(0, 200)

    sheet.drag(sheet.port("staging"), at)
    sheet.choose("New stage, promoted to")

    assert ("staging", "new-stage", Kind.PROMOTE) in ends(sheet)
    assert labels(sheet) == ["Add stage “New stage” after “Staging”"]
    assert sheet.desk.stages == ("new-stage",)


def test_a_new_stage_that_is_not_chosen_is_not_made(sheet: Sheet) -> None:
    sheet.drag(sheet.port("staging"), sheet.node("production") + QPoint(0, 200))

    sheet.hand.choices.close()

    assert labels(sheet) == []


@pytest.mark.parametrize(
    ("is_target", "expected"),
    [(True, ("integration", "spare", Kind.PROMOTE)), (False, ("spare", "staging", Kind.PROMOTE))],
)
def test_an_end_of_a_transition_can_be_led_to_another_stage(
    sheet: Sheet, is_target: bool, expected: tuple[str, str, Kind]
) -> None:
    sheet.desk.select((), (TransitionId("integration-to-staging"),))

    sheet.drag(sheet.grip("integration-to-staging", target=is_target), sheet.node("spare"))

    assert expected in ends(sheet)
    assert len(sheet.workflow.transitions) == 3
    assert labels(sheet)[0].startswith("Lead “Integration” → “Staging” to ")


def test_an_end_that_cannot_be_led_there_stays_and_says_why(sheet: Sheet) -> None:
    sheet.desk.select((), (TransitionId("staging-to-production"),))
    before = ends(sheet)

    sheet.drag(sheet.grip("staging-to-production", target=True), sheet.node("integration"))

    assert ends(sheet) == before
    assert "go round in a circle" in sheet.heard[0]


def test_escape_leaves_an_end_where_it_was(sheet: Sheet) -> None:
    sheet.desk.select((), (TransitionId("integration-to-staging"),))
    before = ends(sheet)
    sheet.carry(sheet.grip("integration-to-staging", target=True), sheet.node("spare"))

    sheet.key(Key.Key_Escape)
    sheet.release(sheet.node("spare"))

    assert ends(sheet) == before


def test_the_middle_button_and_space_pan(sheet: Sheet) -> None:
    before = sheet.canvas.view.offset
    QTest.mousePress(sheet.canvas, Qt.MouseButton.MiddleButton, PLAIN, NOWHERE)
    drag(sheet.canvas, NOWHERE + QPoint(30, 10), PLAIN, Qt.MouseButton.MiddleButton)
    QTest.mouseRelease(sheet.canvas, Qt.MouseButton.MiddleButton, PLAIN, NOWHERE + QPoint(30, 10))
    assert sheet.canvas.view.offset == before + QPointF(30, 10)

    QTest.keyPress(sheet.canvas, Key.Key_Space)
    start = sheet.node("spare")
    sheet.drag(start, start + QPoint(-50, 5))
    QTest.keyRelease(sheet.canvas, Key.Key_Space)

    assert sheet.canvas.view.offset == before + QPointF(-20, 15)
    assert labels(sheet) == []


def test_the_wheel_with_ctrl_zooms_to_the_pointer_and_without_it_pans(sheet: Sheet) -> None:
    at = sheet.node("production")
    held = sheet.canvas.view.to_graph(QPointF(at))

    turn(sheet, at, 120, CTRL)

    assert sheet.canvas.view.zoom == pytest.approx(1.2)
    there = sheet.canvas.view.to_widget(held)
    assert (there - QPointF(at)).manhattanLength() <= 1
    before = sheet.canvas.view.offset
    turn(sheet, at, -120, PLAIN)
    assert sheet.canvas.view.offset == before - QPointF(0, 60)


def turn(sheet: Sheet, at: QPoint, by: int, held: Qt.KeyboardModifier) -> None:
    place = QPointF(at)
    event = QWheelEvent(
        place,
        sheet.canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, by),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(sheet.canvas, event)


def test_zoom_has_limits_and_fit_shows_everything(sheet: Sheet) -> None:
    sheet.canvas.zoom_by(50)
    assert sheet.canvas.view.zoom == 4.0
    sheet.canvas.zoom_by(-100)
    assert sheet.canvas.view.zoom == pytest.approx(0.1)

    sheet.canvas.fit()

    assert sheet.canvas.view.seen(sheet.canvas.room).contains(sheet.scene.bounds)


def test_what_was_fitted_still_fits_in_another_size_until_somebody_zooms(sheet: Sheet) -> None:
    sheet.canvas.resize(30, 20)
    sheet.canvas.fit()
    sheet.canvas.resize(1000, 620)
    assert sheet.canvas.view.zoom > 0.5
    assert sheet.canvas.view.seen(sheet.canvas.room).contains(sheet.scene.bounds)

    sheet.canvas.zoom_to(2.0)
    sheet.canvas.resize(600, 400)

    assert sheet.canvas.view.zoom == 2.0


def test_a_double_click_on_nothing_adds_a_stage_there(sheet: Sheet) -> None:
    at = QPoint(120, 520)

    QTest.mouseDClick(sheet.canvas, Qt.MouseButton.LeftButton, PLAIN, at)

    assert labels(sheet) == ["Add stage “New stage”"]
    assert sheet.scene.node_at(sheet.canvas.view.to_graph(QPointF(at))) == "new-stage"


def test_leaving_the_canvas_leaves_the_gesture(sheet: Sheet) -> None:
    start = sheet.node("spare")
    sheet.carry(start, start + steps(4))

    sheet.canvas.clearFocus()
    sheet.release(start + steps(4))

    assert labels(sheet) == []
    assert sheet.place("spare") == (15, 14)


@pytest.mark.parametrize("zoom", [0.5, 2.0])
def test_what_a_gesture_says_is_seen_whole_in_every_corner(zoom: float) -> None:
    look = Look(colours=theme.LIGHT, zoom=zoom, seen=QRectF(-50, 20, 800, 600))
    size = QSizeF(300, 24)

    for at in (look.seen.topLeft(), look.seen.topRight(), look.seen.bottomLeft(), look.seen.bottomRight()):
        area = beside_pointer(at, size, look)
        in_graph = QRectF(at + area.topLeft() / zoom, size / zoom)
        assert look.seen.contains(in_graph)
        assert not area.contains(QPointF())
