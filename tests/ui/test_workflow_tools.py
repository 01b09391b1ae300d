"""The tools of the designer in the widths that windows have: one row, nothing cut, all of it within reach."""

from itertools import pairwise

import pytest
from PySide6.QtGui import QAction

from tests.ui.board_window import console, open_window, pool
from tests.ui.live_console import until
from xsconsole.domain.workflow.edits import change_stage
from xsconsole_ui import workflow_actions
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.mnemonics import unmarked
from xsconsole_ui.situation import Design, DraftSituation, Situation, Submenu, actions_of

__all__ = ["console", "pool"]

TEXT = "from v1 · 1 change"


@pytest.fixture
async def window(console, qapp):
    opened = await open_window(console, qapp)
    opened.go("workflow")
    await until(lambda: opened.workflow.desk.workflow.stages)
    desk = opened.workflow.desk
    desk.do("Look", change_stage(desk.workflow, "staging", name="Last look"))
    yield opened
    await opened.end()


def shown(tools):
    buttons = [*tools._first, tools.more, *tools._last]
    return [button for button in buttons if button.isVisible()]


@pytest.mark.parametrize("width", [1920, 1440, 1280, 1024, 960, 720])
async def test_tools_stand_in_one_row_with_the_words_of_the_draft(window, width):
    window.resize(width, 800)
    place, tools = window.workflow, window.workflow.tools
    await until(lambda: tools.width() == place.width())
    buttons = shown(tools)

    assert len({button.y() for button in buttons}) == 1
    assert all(button.width() == button.sizeHint().width() for button in buttons)
    assert all(one.geometry().right() < other.x() for one, other in pairwise(buttons))
    assert tools.rect().contains(buttons[-1].geometry())
    wanted = [place._actions[tool] for tool in (*workflow_actions.TOOLS, *workflow_actions.LAST_TOOLS)]
    reachable = [button.action for button in buttons if button is not tools.more]
    assert {*reachable, *tools.under_more} == {*wanted}
    assert place._actions[workflow_actions.PUBLISH] in reachable
    assert (TEXT if width >= 1280 else "1 change") in place.about.text()
    assert place.about.text() == place.about.whole
    assert place.about.toolTip() == "Draft of “Release to production”, from v1 · 1 change"


async def test_words_that_grow_take_the_room_of_a_tool_and_never_run_into_it(window):
    window.resize(1280, 800)
    place, tools = window.workflow, window.workflow.tools
    await until(lambda: tools.width() == place.width())
    before = len(shown(tools))

    tools.show_words(("from v1 · " + "many " * 5 + "changes",) * 3)

    assert len(shown(tools)) < before
    assert place.about.text() == place.about.whole


def test_all_that_the_designer_does_is_in_its_menu():
    assert {f"workflow.{what.value}" for what in Design} <= {
        action.id for action in actions_of(workflow_actions.WORKFLOW_MENU)
    }


def test_each_letter_of_its_menu_opens_one_thing():
    menus = [workflow_actions.WORKFLOW_MENU]
    menus += [one.actions for one in workflow_actions.WORKFLOW_MENU if isinstance(one, Submenu)]
    for menu in menus:
        letters = [one.text.partition("&")[2][:1].lower() for one in menu if one is not None]
        assert all(letters)
        assert len(letters) == len({*letters}), letters


def test_a_name_with_an_ampersand_is_shown_as_it_is(qapp):
    situation = Situation(draft=DraftSituation(undo_label="Rename “A” to “Q&A”"))
    action = QAction(workflow_actions.UNDO.named(situation))
    button = ActionButton(action)

    assert unmarked(action.text()) == "Undo rename “A” to “Q&A”"
    assert button.text() == "Undo rename “A” to “Q&&A”"
    assert unmarked("Com&pare && &more") == "Compare & more"
    button.deleteLater()
