"""Keys mean what the place that has the keyboard says; no two actions of one place share one."""

from collections import Counter
from types import SimpleNamespace
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit

from tests.ui.board_window import CTRL, Key, console, has_keyboard, pool, press, window
from tests.ui.object_gestures import shown
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind, default_workflow
from xsconsole.domain.workflow.edits import add_stage
from xsconsole.errors import NotPromotable
from xsconsole_ui import actions
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.situation import Situation
from xsconsole_ui.workflow.drafts_dialog import DraftsDialog
from xsconsole_ui.workflow_actions import OUTLINE

__all__ = ["console", "pool", "window"]

CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier


async def test_the_same_keys_connect_on_the_board_and_show_the_outline_in_the_designer(window: MainWindow) -> None:
    assert window.actions_[OUTLINE].shortcut() == window.actions_[actions.CONNECT].shortcut()

    window.go("workflow")
    await until(lambda: has_keyboard(window.workflow), "the keyboard in the designer")
    press(Key.Key_O, CTRL_SHIFT)
    await until(window.workshop.outline.isVisible, "the outline")
    assert not window.findChildren(ConnectDialog)

    window.go("board")
    await until(lambda: has_keyboard(window.board), "the keyboard on the board")
    press(Key.Key_O, CTRL_SHIFT)
    dialog = await shown(window, ConnectDialog)
    dialog.reject()
    await until(lambda: not window.findChildren(ConnectDialog), "the dialog to go")


async def test_the_inspector_of_the_designer_has_the_designers_keys(window: MainWindow) -> None:
    window.go("workflow")
    await until(lambda: has_keyboard(window.workflow), "the keyboard in the designer")
    field = window.workshop.inspector.findChildren(QLineEdit)[0]

    field.setFocus()
    press(Key.Key_O, CTRL_SHIFT)
    await until(window.workshop.outline.isVisible, "the outline")
    assert not window.findChildren(ConnectDialog)

    field.setFocus()
    press(Key.Key_N, CTRL)
    dialog = await shown(window, DraftsDialog)
    dialog.reject()


def test_each_closed_way_is_told_with_its_reason_and_one_that_holds_for_all_once() -> None:
    frozen, full = (NotPromotable(reason=why, mend="Wait.") for why in ("It is frozen.", "It is full."))
    workflow, second = add_stage(default_workflow(), "Second site")

    def why_not(*refusals: NotPromotable) -> str:
        ways = zip((StageId("production"), second), refusals, strict=True)
        targets = tuple(Target(stage=to, kind=Kind.PROMOTE, plan=None, refusal=why) for to, why in ways)
        card = cast(Card, SimpleNamespace(id="crm"))
        situation = Situation(
            is_connected=True, is_live=True, workflow=workflow, card=card, cards=(card,), targets=targets
        )
        assert actions.PLAN.why_not(situation) == actions.PROMOTE.why_not(situation)
        return actions.PROMOTE.why_not(situation)

    assert why_not(frozen, full) == "To Production: It is frozen. Wait.\nTo Second site: It is full. Wait."
    assert why_not(full, full) == "It is full. Wait."


async def test_why_a_key_does_nothing_is_shown_whole_where_the_line_has_no_room_for_it(window: MainWindow) -> None:
    window._teller.tell_why_not("Short.")
    assert window.status.passing.whole == "Short."
    assert window.notices.texts == ()

    window._teller.tell_why_not("Long. " * 60)
    window._teller.tell_why_not("Longer. " * 60)

    (told,) = window.notices.shown
    assert "Longer." in told.visible_text
    window.go("library")
    assert window.notices.texts == ()


def test_no_two_actions_of_one_place_have_the_same_keys(window: MainWindow) -> None:
    taken = Counter(
        (made.action.place, made.shortcut().toString(QKeySequence.SequenceFormat.PortableText))
        for made in window.actions_.all
        if not made.shortcut().isEmpty()
    )

    assert [keys for keys, number in taken.items() if number > 1] == []
    assert len(taken) > 20
