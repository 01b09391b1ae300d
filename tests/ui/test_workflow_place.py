"""The place Workflow in the whole window: its keys, what it says, what it keeps, and what it shows of the pool."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel

from tests.ui.board_window import (
    CTRL,
    Key,
    card_of,
    console,
    ended,
    has_keyboard,
    no_passphrase_needed,
    open_window,
    pool,
    press,
    window,
)
from xsconsole.console import Console
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.check import problems
from xsconsole.domain.workflow.edits import change_workflow
from xsconsole.domain.workflow.templates import templates
from xsconsole_ui import actions, workflow_actions
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_state import WindowState

__all__ = ["console", "pool", "window"]

STAGING = StageId("staging")


@pytest.fixture
async def alone(tmp_path: Path, qapp: QApplication) -> AsyncIterator[MainWindow]:
    """A window without a pool, at the designer."""
    opened = await Console.open(tmp_path / "alone", passphrase=no_passphrase_needed)
    shown = MainWindow(opened, Theme(qapp, Scheme.LIGHT), WindowState(opened.home))
    shown.resize(1440, 900)
    shown.show()
    shown.activateWindow()
    shown.go("workflow")
    try:
        yield shown
    finally:
        await shown.end()
        await opened.close()


def names(window: MainWindow) -> list[str]:
    return [stage.name for stage in window.workflow.desk.workflow.stages]


async def test_a_double_click_begins_on_the_empty_sheet_too(alone: MainWindow) -> None:
    place = alone.workflow

    words = next(label for label in place.empty.findChildren(QLabel) if label.text() == place.empty.text)
    on_words = words.geometry().center()
    under = alone.childAt(place.empty.mapTo(alone, on_words))
    assert under is place.empty  # and not the words, which would be marked
    QTest.mouseDClick(under, Qt.MouseButton.LeftButton, pos=on_words)
    QTest.keyClicks(place.designer.name_field, "Test")
    press(Key.Key_Return)

    assert names(alone) == ["Test"]


async def test_a_workflow_is_built_from_nothing_by_keys(alone: MainWindow) -> None:
    place = alone.workflow
    assert place.empty.isVisible()
    place.setFocus()

    for name in ("Test", "Live"):
        QTest.keyClick(QApplication.focusWidget() or place.canvas, Key.Key_Insert)
        QTest.keyClicks(place.designer.name_field, name)
        press(Key.Key_Return)
    press(Key.Key_Left)
    press(Key.Key_L, CTRL)
    press(Key.Key_Right)
    press(Key.Key_Return)

    assert names(alone) == ["Test", "Live"]
    assert [one for one in problems(place.desk.workflow) if one.stage is None] == []  # nor has it a version of none
    assert [(way.source, way.target) for way in place.desk.workflow.transitions] == [("test", "live")]
    assert place.canvas.isVisible()
    assert alone.status.passing.whole == "Undo: Add transition “Test” → “Live”"
    assert place.about.toolTip() == "Draft of a new workflow · 5 changes"


async def test_keys_of_the_place_come_before_those_of_the_window(alone: MainWindow) -> None:
    press(Key.Key_Insert)
    press(Key.Key_Return)
    assert has_keyboard(alone.workflow.canvas)

    press(Key.Key_F2)  # everywhere else it renames an object of the pool

    assert alone.workflow.designer.name_field.isVisible()
    press(Key.Key_Escape)
    press(Key.Key_Right, CTRL)  # everywhere else it promotes
    assert alone.workflow.desk.history.undo_label == "Move “New stage”"
    press(Key.Key_Z, CTRL)
    press(Key.Key_Z, CTRL)
    assert names(alone) == []


async def test_a_key_that_does_nothing_now_says_why(alone: MainWindow) -> None:
    alone.workflow.canvas.setFocus()

    press(Key.Key_Z, CTRL)

    assert alone.status.passing.whole == "Nothing was changed in the draft."


async def test_undo_and_redo_name_what_they_do(alone: MainWindow) -> None:
    press(Key.Key_Insert)
    press(Key.Key_Return)
    undo, redo = alone.actions_[workflow_actions.UNDO], alone.actions_[workflow_actions.REDO]
    assert undo.text() == "Undo add stage “New stage”"

    undo.trigger()

    assert not undo.isEnabled()
    assert redo.text() == "Redo add stage “New stage”"


async def test_undo_works_in_the_inspector_too(alone: MainWindow) -> None:
    press(Key.Key_Insert)
    press(Key.Key_Return)
    boxes = alone.inspector.findChildren(QComboBox)
    box = next(one for one in boxes if one.isVisible())
    box.setFocus()
    assert has_keyboard(alone.inspector)

    press(Key.Key_Z, CTRL)

    assert names(alone) == []


async def test_the_zoom_is_told_only_where_there_is_one(alone: MainWindow) -> None:
    press(Key.Key_Insert)
    press(Key.Key_Return)
    press(Key.Key_0, CTRL)
    assert alone.status.zoom.text() == "100 %"

    alone.go("board")

    assert not alone.status.zoom.isVisible()

    place, first, other = alone.workflow, *(one.workflow for one in templates()[:2])
    place.desk.open(first)
    place.canvas.zoom_to(0.1)
    place.desk.open(change_workflow(first, description="the same one"))
    assert place.canvas.view.zoom == pytest.approx(0.1)
    place.desk.open(other)  # of which nothing would be seen
    assert place.canvas.view.zoom > 0.4


async def test_an_action_asked_for_elsewhere_shows_the_place(alone: MainWindow) -> None:
    alone.go("board")

    alone.actions_[workflow_actions.ADD_STAGE].trigger()

    assert alone.workflow.isVisible()
    assert alone.actions_[actions.GO_WORKFLOW].isChecked()
    assert names(alone) == ["New stage"]
    press(Key.Key_Return)


async def test_menus_offer_what_fits_the_thing_under_the_mouse(alone: MainWindow) -> None:
    press(Key.Key_Insert)
    press(Key.Key_Return)
    place = alone.workflow
    seen = []
    for at in (
        place.canvas.view.to_widget(place.scene.nodes[StageId("new-stage")].area.center()).toPoint(),
        QPoint(5, 5),
    ):
        place.hand.menu(at, by_key=False)
        menu = next(menu for menu in place.menus if menu.isVisible())
        seen.append([action.text().replace("&", "") for action in menu.actions() if not action.isSeparator()])
        menu.close()

    assert "Rename" in seen[0]
    assert "Rename" not in seen[1]
    assert "+ Stage" in seen[1]


async def test_the_published_workflow_is_on_show_with_what_stands_in_it(window: MainWindow, console: Console) -> None:
    window.go("workflow")
    place = window.workflow
    await until(lambda: place.scene.nodes[STAGING].face.count != "no limit", "the load of the stages")

    number = sum(card.stage == STAGING for card in console.board.cards.values())
    assert place.scene.nodes[STAGING].face.count.startswith(str(number))
    window.resize(1800, 900)
    await until(lambda: place.about.whole == "“Release to production”, v1, as published", "the name of the workflow")
    window.resize(1180, 900)
    await until(lambda: place.about.whole in ("v1, as published", "v1"), "few words where there is little room")
    assert not place.desk.is_changed
    assert place.canvas.view.zoom > 0.4
    assert place.canvas.view.seen(place.canvas.room).contains(place.scene.bounds)


async def test_a_run_is_seen_along_its_transition_while_it_goes(window: MainWindow, console: Console) -> None:
    place, seen = window.workflow, set[str]()

    def look() -> None:
        seen.update(edge.face.label for edge in place.scene.edges.values() if edge.face.is_running)

    place.scene.changed.connect(look)
    window.board.select(card_of(console, "payroll@integration").id)
    window.actions_[actions.PROMOTE].trigger()
    window.go("workflow")
    status = await ended(console)
    source, target = status.plan.intent.source, status.plan.intent.target
    assert source is not None
    assert target is not None
    stands = [card for card in console.board.cards.values() if card.stage == target]
    await until(lambda: place.scene.nodes[target].face.count.startswith(str(len(stands))), "the card in its stage")

    assert any(label.startswith("▶ payroll") for label in seen)
    await until(lambda: not any(edge.face.is_running for edge in place.scene.edges.values()), "nothing that runs")
    strip = window.board.strip.scene.edges[TransitionId(f"{source}-to-{target}")]
    assert not strip.face.is_running


async def test_a_draft_is_taken_up_again_with_its_history(
    window: MainWindow, console: Console, qapp: QApplication
) -> None:
    window.go("workflow")
    window.workflow.desk.select((STAGING,))
    window.workflow.canvas.setFocus()
    press(Key.Key_Down, CTRL)
    press(Key.Key_Insert)
    press(Key.Key_Return)
    drawn = window.workflow.desk.workflow
    await window.workflow.keeper.settle()
    window.hide()

    second = await open_window(console, qapp)
    try:
        await until(lambda: second.workflow.desk.workflow == drawn, "the draft of before")
        assert second.workflow.about.whole in ("from v1 · 2 changes", "2 changes")
        assert second.workflow.about.toolTip() == "Draft of “Release to production”, from v1 · 2 changes"
        second.workflow.desk.undo()
        second.workflow.desk.undo()
        assert not second.workflow.desk.is_changed
        await second.workflow.keeper.settle()
    finally:
        await second.end()


async def test_a_name_at_the_edge_is_typed_where_it_can_be_seen(alone: MainWindow) -> None:
    place = alone.workflow
    press(Key.Key_Insert)
    press(Key.Key_Return)
    canvas = place.canvas
    left = canvas.view.to_widget(canvas.scene.nodes[StageId("new-stage")].area.topLeft()).x()
    canvas.pan(QPointF(canvas.width() - left - 40, 0))

    place.designer.rename()

    assert canvas.rect().contains(place.designer.name_field.geometry())
    press(Key.Key_Escape)
