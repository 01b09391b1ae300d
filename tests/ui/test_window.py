"""The window around the board: find, panels, theme, what it remembers, and what it says when the pool goes away."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool, embedded_pool
from tests.ui.board_window import (
    CTRL,
    Key,
    card_of,
    console,
    has_keyboard,
    no_passphrase_needed,
    open_window,
    pool,
    press,
    window,
)
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import VM
from xsconsole.errors import PoolFailed, Refused
from xsconsole_ui import actions
from xsconsole_ui.app import make_application
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import DARK, LIGHT, Scheme, Theme, colours_of
from xsconsole_ui.window_layout import SIDE_WIDTHS
from xsconsole_ui.window_state import WindowState

__all__ = ["console", "pool", "window"]


async def test_ctrl_k_finds_a_configuration_and_selects_it(window: MainWindow, console: Console) -> None:
    window.board.take_focus()
    press(Key.Key_K, CTRL)
    assert has_keyboard(window.bar.field)

    QTest.keyClicks(window.bar.field, "shop 1.3")
    press(Key.Key_Return)

    assert window.board.selected == card_of(console, "shop@1.3.0")
    assert window.bar.field.text() == ""
    assert not window.finder.isVisible()


async def test_find_runs_a_command(window: MainWindow) -> None:
    before = colours_of(window.palette())
    QTest.keyClicks(window.bar.field, "light or")

    QTest.keyClick(window.bar.field, Key.Key_Return)

    assert colours_of(window.palette()) is not before


async def test_find_goes_to_a_vm_in_the_inventory(window: MainWindow, console: Console) -> None:
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")

    QTest.keyClicks(window.bar.field, "jumpb")
    QTest.keyClick(window.bar.field, Key.Key_Return)

    assert window.inventory.selected == (vm.uuid,)


async def test_find_takes_the_filter_language_and_goes_to_any_object(window: MainWindow, console: Console) -> None:
    QTest.keyClicks(window.bar.field, "kind:host name=xen-3")
    found = [(one.text, one.aside) for one in window.finder.found]
    QTest.keyClick(window.bar.field, Key.Key_Return)

    assert found == [("xen-3", "host, live")]
    assert [chosen.class_name for chosen in window.inventory.selection.objects] == ["host"]


async def test_find_offers_saved_searches(window: MainWindow) -> None:
    window.inventory.filter.set_text("power:running")
    window.inventory.head.search_menu.save("What runs")
    window.inventory.filter.clear()

    QTest.keyClicks(window.bar.field, "what ru")
    QTest.keyClick(window.bar.field, Key.Key_Return)

    assert window.inventory.filter.text() == "power:running"


async def test_find_says_what_it_cannot_understand(window: MainWindow) -> None:
    QTest.keyClicks(window.bar.field, "colour:red")

    assert window.finder.found == ()
    assert "no field “colour”" in window.finder.said


async def test_the_palette_finds_first_what_belongs_to_the_place_on_show(window: MainWindow) -> None:
    def first(place: str, wanted: str) -> str:
        window.go(place)
        window.finder.look_for(wanted)
        return window.finder.found[0].text

    assert first("board", "connect") == "Connect… (pool)"
    assert first("workflow", "connect") == "Connect… (pool)"  # a stage has to be selected for the designer's own
    assert [found.text for found in window.finder.found][1] == "Connect (designer)"
    assert first("workflow", "arrange") == "Arrange"
    assert first("board", "arrange") == "Arrange members…"
    assert first("audit", "publish") == "Publish…"
    assert window.finder.found[0].aside == "in the designer"


async def test_find_puts_the_command_that_is_called_so_before_others(window: MainWindow) -> None:
    QTest.keyClicks(window.bar.field, "resume")

    named = [found.text for found in window.finder.found]
    assert named[:3] == ["Resume (inventory)", "Resume… (configuration)", "Resume run"]
    window.bar.field.clear()
    for action in window.finder._actions.all:
        window.finder.look_for(action.text().replace("&", "").rstrip("…").split(" (")[0])
        found = [one.text.replace("…", "") for one in window.finder.found]
        assert len(set(found)) == len(found), found
    QTest.keyClicks(window.bar.field, "SHOP@1.3")  # as the command line calls it
    assert [found.text for found in window.finder.found] == ["shop 1.3.0"]


async def test_find_says_why_a_command_that_is_chosen_cannot_be_done_now(window: MainWindow) -> None:
    QTest.keyClicks(window.bar.field, "hold")
    held = window.finder.found[0]
    QTest.keyClick(window.bar.field, Key.Key_Return)

    assert not window.finder.isVisible()
    assert held.aside == "Select a card on the board first."
    assert window.status.passing.whole == held.aside


async def test_find_walks_with_the_arrows_and_leaves_with_esc(window: MainWindow) -> None:
    QTest.keyClicks(window.bar.field, "shop")
    names = [found.text for found in window.finder.found]
    assert len(names) > 2

    QTest.keyClick(window.bar.field, Key.Key_Down)
    QTest.keyClick(window.bar.field, Key.Key_Return)
    assert window.board.selected is not None
    assert window.board.selected.name == names[1]

    QTest.keyClicks(window.bar.field, "nothing is called like this")
    QTest.keyClick(window.bar.field, Key.Key_Return)
    assert window.finder.isVisible()
    QTest.keyClick(window.bar.field, Key.Key_Escape)
    assert not window.finder.isVisible()


async def test_f6_walks_all_panels_and_comes_back(window: MainWindow) -> None:
    window.board.take_focus()
    panels = {"inspector": window.inspector, "activity": window.activity, "inventory": window.inventory}
    walked: list[str] = []

    while "board" not in walked and len(walked) < 5:
        press(Key.Key_F6)
        walked.append(next((name for name, panel in panels.items() if has_keyboard(panel)), "board"))

    # The activity has nothing to take the keyboard while nothing goes on.
    assert walked == ["inspector", "inventory", "board"]


async def test_the_places_are_reached_by_keys_and_show_which_is_on(window: MainWindow) -> None:
    window.board.take_focus()

    press(Key.Key_3, CTRL)

    assert window.audit.isVisible()
    assert not window.board.isVisible()
    assert window.actions_[actions.GO_AUDIT].isChecked()
    press(Key.Key_1, CTRL)
    assert window.board.isVisible()
    assert has_keyboard(window.board)


async def test_every_action_that_cannot_be_used_says_why(window: MainWindow) -> None:
    disabled = [action for action in window.actions_.all if not action.isEnabled()]

    assert disabled
    assert all(action.why_not for action in disabled)
    assert all(action.toolTip() == action.why_not for action in disabled)


async def test_the_status_line_tells_workflow_audit_and_freshness(window: MainWindow) -> None:
    assert window.status.workflow.text() == "Workflow “Release to production” v1"
    assert window.status.freshness.text().startswith("live · ")
    assert window.bar.who.text() == "root · pool-admin"


async def test_a_pool_that_goes_away_leaves_the_last_known_state_with_its_time(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    cards = set(console.board.cards)
    window.board.select(card_of(console, "shop@staging").id)

    pool.kill()

    await until(lambda: window.status.freshness.text().startswith("last known state of "), "the news")
    assert console.link.state is LinkState.LOST
    assert window.bar.pools.badges[0].state.text() == "reconnecting"
    assert set(console.board.cards) == cards
    assert "last known state" in window.actions_[actions.PROMOTE].why_not


async def test_while_the_pool_is_away_a_run_says_that_it_waits(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    card = card_of(console, "shop@staging")
    window.board.select(card.id)
    window.actions_[actions.PLAN].trigger()
    await until(window.inspector.plan_page.go.isVisible, "the plan")
    click(window.inspector.plan_page.go)
    await until(lambda: bool(console.runs and console.runs[0].current), "a step")

    pool.kill()

    page = window.inspector.plan_page
    await until(lambda: page.progress_text.whole.startswith("Waiting for the pool: "), "the word in the inspector")
    lane = window.board.lane(card.stage)
    row = lane.model.row_of(card.id)
    assert row is not None
    assert lane.model.face_at(row).step.startswith("Waiting for the pool: ")
    with embedded_pool("--speed", "20", "--port", str(urlsplit(pool.url).port)):
        await until(lambda: console.runs[0].ended_at is not None, "the end of the run")
        await console.disconnect()


async def test_after_a_pool_was_left_it_is_said_of_when_the_list_is(window: MainWindow, console: Console) -> None:
    await console.disconnect()

    await until(lambda: window.status.freshness.text().startswith("not connected"), "the news")

    assert window.status.freshness.text().startswith("not connected · last known state of ")
    assert window.inventory.header.caption.startswith("as of ")


async def test_the_theme_changes_everything_and_is_remembered(
    window: MainWindow, console: Console, qapp: QApplication
) -> None:
    assert colours_of(window.board.palette()) is LIGHT

    window.actions_[actions.TOGGLE_THEME].trigger()

    assert colours_of(window.board.palette()) is DARK
    assert colours_of(window.inspector.plan_page.go.palette()) is DARK
    window.close()
    assert WindowState(console.home).scheme is Scheme.DARK
    del qapp


async def test_panels_stay_where_they_were_put(window: MainWindow, console: Console, qapp: QApplication) -> None:
    hidden, moved = window.docks["activity"], window.docks["inspector"]
    hidden.hide()
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, moved)
    window.close()

    again = await open_window(console, qapp)

    try:
        assert not again.docks["activity"].isVisible()
        assert again.dockWidgetArea(again.docks["inspector"]) is Qt.DockWidgetArea.LeftDockWidgetArea
        again.actions_[actions.RESTORE_PANELS].trigger()
        assert again.docks["activity"].isVisible()
        assert again.dockWidgetArea(again.docks["inspector"]) is Qt.DockWidgetArea.RightDockWidgetArea
    finally:
        await again.end()


async def test_a_damaged_memory_of_the_layout_is_no_harm(console: Console, qapp: QApplication) -> None:
    console.home.save_window_state({"layout": "no base64 at all", "geometry": "AAAA", "scheme": "pink"})

    opened = await open_window(console, qapp)

    assert opened.isVisible()
    assert WindowState(console.home).scheme is Scheme.SYSTEM
    await opened.end()


async def test_news_say_what_failed_and_what_to_do_and_can_be_copied(window: MainWindow) -> None:
    failure = PoolFailed(code="SR_BACKEND_FAILURE_44", parameters=("", "lun full"), method="VM.snapshot")

    window.notices.tell_error(failure, "Promote shop")
    window.notices.tell_error(failure, "Promote shop")

    assert len(window.notices.texts) == 1
    (notice,) = window.notices.shown
    assert notice.headline == "Promote shop: The storage is full."
    assert "lun full" not in notice.visible_text
    click(notice.more)
    assert "lun full" in notice.visible_text
    click(notice.copy)
    assert "SR_BACKEND_FAILURE_44" in QGuiApplication.clipboard().text()
    click(notice.close_button)
    assert window.notices.texts == ()


async def test_esc_takes_the_news_away_and_another_place_what_was_refused_in_this_one(window: MainWindow) -> None:
    window.notices.tell_error(Refused(reason="No.", mend="Ask again."))
    window.notices.tell("bad", "It failed.")
    window.go("library")
    assert window.notices.texts == ("It failed.",)
    window.go("board")
    window.notices.tell_error(Refused(reason="No.", mend="Ask again."))
    window.board.take_focus()

    press(Key.Key_Escape)

    assert not window.notices.isVisible()


async def test_a_job_that_fails_is_told_and_stops_no_other(window: MainWindow) -> None:
    done = asyncio.Event()

    async def refused() -> None:
        raise Refused(reason="It cannot be done.", mend="Do something else.")

    async def works() -> None:
        done.set()

    window.jobs.start(refused(), "refused")
    window.jobs.start(works(), "works")
    await done.wait()

    await until(lambda: bool(window.notices.texts), "the news")
    assert "It cannot be done." in window.notices.texts[0]


async def test_a_window_without_a_pool_says_what_it_is_for(tmp_path: Path, qapp: QApplication) -> None:
    console = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    opened = MainWindow(console, Theme(qapp, Scheme.LIGHT), WindowState(console.home))
    opened.show()

    try:
        await until(opened.board.empty.isVisible, "the empty board")
        assert opened.actions_[actions.PROMOTE].why_not == "Connect to a pool first."
        assert opened.bar.pools.badges[0].state.text() == "not connected"
        opened.estate.pools.expect(("“acme”", "“beta”"))
        await until(lambda: opened.board.empty.title == "Connecting to “acme” and “beta”", "what is expected")
        await until(lambda: opened.inventory.empty.title == opened.board.empty.title, "the same in the inventory")
        connecting = "connecting to “acme” and “beta”"
        await until(lambda: opened.status.freshness.text() == connecting, "the same in the status line")
        assert opened.bar.pools.badges[0].state.text() == "connecting"
        assert "“acme” and “beta” yet" in opened.actions_[actions.PROMOTE].why_not
        opened.estate.pools.expect(())
        await until(lambda: opened.board.empty.title == "Not connected", "that nothing is expected any more")
    finally:
        await opened.end()
        await console.close()


async def test_a_pool_is_connected_under_an_open_window_without_any_news(
    pool: EmbeddedPool, tmp_path: Path, qapp: QApplication
) -> None:
    console = await Console.open(tmp_path / "home", passphrase=no_passphrase_needed)
    opened = MainWindow(console, Theme(qapp, Scheme.LIGHT), WindowState(console.home))
    opened.show()

    try:
        await console.connect(Connection(url=pool.url, user=pool.user), Secret(pool.password))
        await until(lambda: bool(opened.board.lanes), "the board")
        await until(lambda: opened.actions_.situation.check is not None, "what can be done")

        assert opened.notices.texts == ()
        assert not opened.workshop.inspector.isVisible()  # it once lay over the board's own
    finally:
        await opened.end()
        await console.close()


@pytest.mark.parametrize("scheme", list(Scheme))
def test_the_one_application_is_dressed_in_every_scheme(qapp: QApplication, scheme: Scheme) -> None:
    assert make_application() is qapp

    Theme(qapp, scheme)

    assert qapp.font().pixelSize() == 13
    assert qapp.styleSheet()


async def test_the_sides_get_back_what_a_small_window_took_from_them(window: MainWindow) -> None:
    sides = [window.docks["inventory"], window.docks["inspector"]]
    await until(lambda: all(dock.width() >= width for dock, width in zip(sides, SIDE_WIDTHS, strict=True)), "the first")

    window.resize(1024, 700)
    await until(lambda: window.width() == 1024, "the small window")
    window.resize(1440, 900)

    await until(
        lambda: all(dock.width() >= width for dock, width in zip(sides, SIDE_WIDTHS, strict=True)), "the widths"
    )
