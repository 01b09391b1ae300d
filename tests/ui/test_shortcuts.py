"""Keys mean what the place that has the keyboard says; no two actions of one place share one."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit

from tests.ui.board_window import CTRL, Key, console, has_keyboard, pool, press, window
from tests.ui.object_gestures import shown
from xsconsole_ui import actions
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
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


def test_no_two_actions_of_one_place_have_the_same_keys(window: MainWindow) -> None:
    taken = Counter(
        (made.action.place, made.shortcut().toString(QKeySequence.SequenceFormat.PortableText))
        for made in window.actions_.all
        if not made.shortcut().isEmpty()
    )

    assert [keys for keys, number in taken.items() if number > 1] == []
    assert len(taken) > 20
