"""What a role may not do is said where it would be done: on the column, the button and the plan, and no run begins."""

from collections.abc import AsyncIterator
from pathlib import Path, PurePath

import pytest
from PySide6.QtWidgets import QApplication

from tests.archives import archive
from tests.embedded import EmbeddedPool, embedded_pool
from tests.ui.board_window import CTRL, Key, card_of, no_passphrase_needed, open_window, pool, press
from xsconsole.console import Connection, Console, Estate, Secret, Verb
from xsconsole.domain.archive import Shelved
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.edits import change_stage
from xsconsole_ui import actions, board_actions
from xsconsole_ui.demo.gestures import CarriedCard, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.workflow.versions import versions_at_hand

__all__ = ["pool"]

SHOP = "shop@staging"
NO = "The role read-only may not promote and demote configurations."
NO_CHANGE = (
    "The role read-only may not create, change and dissolve configurations. "
    "Log in as somebody with the role pool-operator or higher."
)
MEND = "Log in as somebody with the role pool-operator or higher."


@pytest.fixture
async def console(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Console]:
    opened = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    try:
        await look(opened, pool)
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def window(console: Console, qapp: QApplication) -> AsyncIterator[MainWindow]:
    opened = await open_window(console, qapp)
    yield opened
    await opened.end()


async def look(console: Console, pool: EmbeddedPool) -> None:
    """Connect as somebody who may only look."""
    user = next(user for user, role in pool.roles.items() if role == "read-only")
    await console.connect(Connection(url=pool.url, user=user), Secret(pool.passwords[user]))


async def test_every_column_says_no_with_why_to_who_may_only_look(window: MainWindow, console: Console) -> None:
    carried = CarriedCard(card_of(console, SHOP))
    lane = window.board.lane("Production")

    carried.enter(lane)

    assert lane.offer_box.text == f"{NO}\n{MEND}"
    assert not any(offer.is_open for offer in window.board.dragging.offers.values())
    assert not carried.drop(lane)
    assert console.runs == ()


async def test_the_ways_out_for_clones_are_closed_and_say_why(window: MainWindow) -> None:
    band = window.board.leftovers

    await until(lambda: not band.clean.isEnabled(), "the look at what may be done")

    assert not band.strays.button.isEnabled()
    assert band.strays.button.toolTip() == band.clean.toolTip() == NO_CHANGE


async def test_what_comes_back_to_a_pool_is_closed_and_what_lies_in_files_is_ones_own(window: MainWindow) -> None:
    place = window.archive
    place.list.show_all([Shelved(folder=PurePath("/archives/shop"), archive=archive())])
    place.list.view.selectRow(0)

    for act in (place.restore, place.replicate, place.prove):
        assert act.toolTip() == f"The role read-only may not {Verb.KEEP.value}. {MEND}"
    assert all(act.isEnabled() for act in (place.verify, place.hold, place.keep, place.delete))


async def test_every_act_on_configurations_is_closed_and_says_why(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)

    ways = [window.actions_[action] for action in (actions.PROMOTE, actions.DEMOTE, actions.MOVE_TO)]
    changes = [window.actions_[action] for action in (actions.CREATE, actions.REMOVE_MEMBERS, actions.DISSOLVE)]

    assert [action.isEnabled() for action in (*ways, *changes)] == [False] * 6
    assert {action.toolTip() for action in ways} == {f"{NO} {MEND}"}
    assert all("may not create, change and dissolve configurations" in action.toolTip() for action in changes)


async def test_what_differs_can_be_looked_at_and_not_allowed_or_mended(window: MainWindow, console: Console) -> None:
    crm = card_of(console, "crm@7.1.1").id
    await until(lambda: window.bridge.drifting.of(crm) is not None, "what it differs in")
    window.board.select(crm)
    window.actions_[board_actions.DRIFT].trigger()
    await until(lambda: window.hands.drift.dialog is not None, "the view")
    dialog = window.hands.drift.dialog
    assert dialog is not None

    dialog.list.selectRow(0)

    buttons = (dialog.allow, dialog.forbid, dialog.mend)
    assert [button.isEnabled() for button in buttons] == [False] * 3
    assert dialog.allow.toolTip() == f"The role read-only may not say which differences are allowed. {MEND}"
    dialog.reject()


async def test_the_plan_can_be_looked_at_and_not_carried_out(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)

    press(Key.Key_P, CTRL)

    page = window.inspector.plan_page
    assert page.steps.view.rows.rows
    assert NO in page.outcome.text
    assert not page.go.isEnabled()
    press(Key.Key_Right, CTRL)
    assert console.runs == ()


async def test_a_pool_without_a_published_workflow_says_who_has_to_connect(tmp_path: Path, qapp: QApplication) -> None:
    opened = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    with embedded_pool("--scenario", "empty") as empty:
        try:
            await look(opened, empty)
            window = await open_window(opened, qapp)
            await until(window.board.empty.isVisible, "the empty board")

            assert window.board.empty.title == "No workflow is published on this pool"
            assert "pool-operator has to connect once" in window.board.empty.text
            assert window.status.workflow.text().endswith(", not published yet")
            assert window.workflow.about.toolTip() == "“Release to production”, nothing is published yet"
            assert "what would be published first" in versions_at_hand(Estate.of(opened), window.workflow.desk)
            desk = window.workflow.desk
            desk.do("Look", change_stage(desk.workflow, StageId("staging"), name="Last look"))
            assert "not published · 1 change" in window.workflow.about.toolTip()
            sheet = window.workshop.publish_sheet()
            assert not sheet.go.isEnabled()
            assert sheet.why_not.text().startswith("The role read-only may not publish a workflow.")
            sheet.deleteLater()
            await window.end()
        finally:
            await opened.close()
