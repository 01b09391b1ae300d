"""What the mouse does on the graph, by the arrows: ends are led elsewhere, stages put between, more is selected."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.ui.drawing import CTRL, SHIFT, Key, Sheet
from tests.ui.test_workflow_keys import DesignedSheet, drawn, ends
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind
from xsconsole_ui import workflow_actions
from xsconsole_ui.situation import Design, actions_of
from xsconsole_ui.workflow.hand import WAY_KEYS
from xsconsole_ui.workflow.keys_sheet import KeysSheet, sections
from xsconsole_ui.workflow.steering import ARROWS

__all__ = ["drawn"]

ALT = Qt.KeyboardModifier.AltModifier
PAGE = Path(__file__).parents[2] / "docs" / "workflow-designer.md"
INTEGRATION_TO_STAGING = TransitionId("integration-to-staging")


def way_of(sheet: Sheet, id_: str) -> tuple[str, str]:
    found = sheet.workflow.transition_of(TransitionId(id_))
    assert found is not None
    return found.source, found.target


def select_way(sheet: Sheet, id_: str = INTEGRATION_TO_STAGING) -> None:
    sheet.desk.select((), (TransitionId(id_),))


def test_the_end_of_a_transition_is_led_elsewhere_by_the_arrows(drawn: DesignedSheet) -> None:
    select_way(drawn)
    heard: list[str] = []
    drawn.hand.said.connect(heard.append)

    drawn.designer.do(Design.LEAD_TARGET)
    drawn.key(Key.Key_Down)
    assert heard[-1] == "✓ Lead it “Integration” → “Spare”"
    assert way_of(drawn, INTEGRATION_TO_STAGING) == ("integration", "staging")  # nothing yet
    drawn.key(Key.Key_Return)

    assert way_of(drawn, INTEGRATION_TO_STAGING) == ("integration", "spare")
    assert drawn.desk.history.undo_label == "Lead “Integration” → “Staging” to “Integration” → “Spare”"
    drawn.desk.undo()
    assert drawn.workflow == drawn.desk.base


def test_the_beginning_of_a_transition_is_led_elsewhere_by_the_arrows(drawn: DesignedSheet) -> None:
    select_way(drawn, "staging-to-production")

    drawn.designer.do(Design.LEAD_SOURCE)
    drawn.key(Key.Key_Down)
    drawn.key(Key.Key_Return)

    assert way_of(drawn, "staging-to-production") == ("spare", "production")


def test_where_an_end_cannot_be_led_it_says_why_and_changes_nothing(drawn: DesignedSheet) -> None:
    select_way(drawn, "staging-to-production")
    heard: list[str] = []
    drawn.hand.said.connect(heard.append)

    drawn.designer.do(Design.LEAD_TARGET)
    drawn.key(Key.Key_Left)  # staging itself
    drawn.key(Key.Key_Left)  # integration: a circle
    assert "circle" in heard[-1]
    drawn.key(Key.Key_Return)

    assert drawn.desk.history.done == ()
    assert "circle" in drawn.heard[-1]


def test_leading_an_end_by_keyboard_is_left_by_escape_and_ended_by_a_click(drawn: DesignedSheet) -> None:
    select_way(drawn)
    drawn.designer.do(Design.LEAD_TARGET)
    drawn.key(Key.Key_Down)
    drawn.key(Key.Key_Escape)
    assert drawn.hand.gesture is None
    assert drawn.desk.history.done == ()

    drawn.designer.do(Design.LEAD_TARGET)
    drawn.click(drawn.node("spare"))

    assert way_of(drawn, INTEGRATION_TO_STAGING) == ("integration", "spare")


def test_a_stage_that_stands_for_itself_is_put_between_two_others_by_keyboard(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("spare"),))

    drawn.designer.do(Design.INSERT_STAGE)
    said = []
    drawn.hand.said.connect(said.append)
    for _ in range(3):
        drawn.key(Key.Key_Right)
    assert len(set(said)) == 3  # round all transitions
    while said[-1] != "Put it between “Staging” → “Production”":
        drawn.key(Key.Key_Right)
    drawn.key(Key.Key_Return)

    assert {("staging", "spare", Kind.PROMOTE), ("spare", "production", Kind.PROMOTE)} < ends(drawn)
    assert drawn.desk.history.undo_label == "Put “Spare” between “Staging” → “Production”"


def test_a_stage_with_transitions_of_its_own_is_not_put_between_others_and_says_why(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("staging"),))

    drawn.designer.do(Design.INSERT_STAGE)

    assert drawn.hand.gesture is None
    assert "has transitions of its own" in drawn.heard[-1]


def test_a_new_transition_ends_in_a_new_stage_by_key(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("production"),))

    drawn.designer.do(Design.CONNECT)
    drawn.key(Key.Key_Insert)
    drawn.choose("New stage, promoted to")

    assert ("production", "new-stage", Kind.PROMOTE) in ends(drawn)
    assert drawn.scene.nodes[StageId("new-stage")].area.left() > drawn.scene.nodes[StageId("production")].area.right()
    field = drawn.designer.name_field
    assert (field.isVisible(), field.selectedText()) == (True, "New stage")  # named at once, and in sight
    assert drawn.canvas.rect().contains(field.geometry())


def test_shift_adds_transitions_and_stages_and_the_last_one_is_taken_out_again(drawn: DesignedSheet) -> None:
    drawn.desk.select((StageId("staging"),))
    drawn.key(Key.Key_PageDown)
    drawn.key(Key.Key_PageDown, SHIFT)
    assert drawn.desk.transitions == ("staging-to-production", "integration-to-staging")

    drawn.key(Key.Key_Right, SHIFT)
    assert len(drawn.desk.stages) == 1
    assert len(drawn.desk.transitions) == 2

    drawn.key(Key.Key_Space, CTRL)
    assert drawn.desk.transitions == ("staging-to-production",)


@pytest.mark.parametrize(("key", "by"), [(Key.Key_Left, (60, 0)), (Key.Key_Down, (0, -60))])
def test_another_part_is_seen_by_alt_and_the_arrows(drawn: DesignedSheet, key: Qt.Key, by: tuple[int, int]) -> None:
    before = drawn.canvas.view.offset

    drawn.key(key, ALT)

    assert drawn.canvas.view.offset - before == QPointF(*by)


def test_every_key_of_the_designer_stands_on_the_sheet_and_in_the_page(qapp: QApplication) -> None:
    written = [keys for section in sections() for keys, _ in section.lines]
    page = PAGE.read_text("utf-8")
    for action in actions_of(workflow_actions.WORKFLOW_MENU):
        if action.shortcut:
            assert action.shortcut in written, action.id
            assert action.shortcut in page, action.id
    graph = sections()[0].lines
    assert len([keys for keys, _ in graph if "←" in keys]) == 3  # alone, with Ctrl, with Alt
    assert set(ARROWS) == {Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down}
    assert set(WAY_KEYS) == {Key.Key_PageUp, Key.Key_PageDown}
    assert "PgUp, PgDn" in written


def test_the_sheet_is_scrolled_by_keyboard_and_gone_with_escape(qapp: QApplication) -> None:
    sheet = KeysSheet()
    sheet.show()
    focused = sheet.focusWidget()
    assert focused is sheet.page
    assert all(label.text() for label in sheet.findChildren(QLabel))

    QTest.keyClick(focused, Key.Key_PageDown)
    assert sheet.page.verticalScrollBar().value() > 0
    QTest.keyClick(focused, Key.Key_Escape)

    assert not sheet.isVisible()
