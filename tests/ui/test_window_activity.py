"""The activity list in the window: what is opened there is shown where it belongs."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.embedded import EmbeddedPool
from tests.ui.board_window import Key, card_of, console, ended, pool, start, window
from tests.ui.object_gestures import until_ended, vm_named
from xsconsole.console import Console
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Promote
from xsconsole_ui import object_actions
from xsconsole_ui.activity.model import Column
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


def row_of(window: MainWindow, text: str) -> int | None:
    model = window.activity.model
    rows = range(model.rowCount())
    return next((row for row in rows if str(model.index(row, Column.WHAT).data()).startswith(text)), None)


def open_row(window: MainWindow, text: str) -> None:
    row = row_of(window, text)
    assert row is not None
    window.activity.view.setFocus()
    window.activity.view.selectRow(row)
    QTest.keyClick(window.activity.view, Key.Key_Return)


async def test_a_run_that_is_opened_shows_its_steps(window: MainWindow, console: Console) -> None:
    card = card_of(console, "shop@staging")
    await start(console, Promote(configuration=card.id, revision=card.revision, target="production"))  # type: ignore[arg-type]
    status = await ended(console)
    assert status.state is RunState.DONE
    await until(lambda: row_of(window, "Promote shop") is not None, "the run's line")
    window.inventory.select((vm_named(console, "jumpbox").uuid,))
    await until(lambda: window.inspector.header.title == "jumpbox", "another object")

    open_row(window, "Promote shop")

    assert window.inspector.shows(status.run)
    assert window.inspector.plan_page.isVisible()
    assert window.inspector.header.title == "shop 1.3.0 → Production"

    window.inventory.select((vm_named(console, "monitoring").uuid,))

    await until(lambda: window.inspector.header.title == "monitoring", "what was selected after it had ended")


async def test_what_failed_says_why_when_it_is_opened(window: MainWindow, console: Console, pool: EmbeddedPool) -> None:
    vm = vm_named(console, "jumpbox")
    with pool.plain_session() as session:
        session.xenapi.Async.VM.start(vm.ref, False, False)
    await until(lambda: row_of(window, "Start VM: jumpbox") is not None, "the task's line")

    open_row(window, "Start VM: jumpbox")

    (text,) = window.notices.texts
    assert text.startswith("Start VM: jumpbox: failed: ")
    assert "VM_BAD_POWER_STATE" in text


async def test_what_is_done_after_following_a_line_is_done_to_what_is_shown(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    shown, before = vm_named(console, "monitoring"), vm_named(console, "jumpbox")
    window.inventory.select((before.uuid,))
    await until(lambda: window.inspector.header.title == "jumpbox", "what was selected before")
    with pool.plain_session() as session:
        session.xenapi.Async.VM.snapshot(shown.ref, "seen")
    await until(lambda: row_of(window, "Snapshot VM: monitoring") is not None, "the task's line")

    row = row_of(window, "Snapshot VM: monitoring")
    assert row is not None
    window.activity.view.selectRow(row)
    window.activity.go_to.trigger()
    assert window.inspector.header.title == "monitoring"
    assert window.inventory.selected_objects == ()
    await until(window.actions_[object_actions.SUSPEND].isEnabled, "suspend to be possible")
    window.actions_[object_actions.SUSPEND].trigger()
    await until_ended(console)

    (job,) = console.acts.jobs
    assert [item.name for item in job.items] == ["monitoring"]
    window.inventory.select((before.uuid,))
    assert window.actions_.situation.objects == (ObjectId(kind=Kind.VM, uuid=before.uuid),)

    window.docks["inventory"].hide()
    window.docks["inspector"].hide()
    await until(lambda: not window.actions_.situation.objects, "nothing is meant that nobody sees")
    assert not window.actions_[object_actions.SUSPEND].isEnabled()
    window.docks["inspector"].show()
    await until(window.actions_[object_actions.SUSPEND].isEnabled, "what the inspector shows can be suspended")
    window.docks["inventory"].show()


async def test_the_order_is_chosen_by_keyboard_in_the_menu_of_the_list(window: MainWindow, console: Console) -> None:
    view = window.activity.view
    menus = {action.text(): action.menu() for action in view.menu.actions() if action.menu() is not None}
    below = menus["Sort by"]
    assert [action.text() for action in below.actions()] == [  # type: ignore[union-attr]
        *("What", "Where", "Who", "Started", "State"),
    ]

    below.actions()[Column.STATE].trigger()  # type: ignore[union-attr]

    assert window.activity.model.headerData(Column.STATE, Qt.Orientation.Horizontal) == "State ↑"
