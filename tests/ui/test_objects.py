"""Single objects in the window: what is known of them, changed in place, and acts that ask where it matters."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool
from tests.ui.board_window import Key, card_of, console, has_keyboard, pool, window
from tests.ui.object_gestures import dialog_of, edit, lines, row_of, row_with, select, until_ended, vm_named
from xsconsole.console import Console
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Host
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole_ui import object_actions
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.act_dialog import ActDialog
from xsconsole_ui.objects.raw_dialog import RawDialog
from xsconsole_ui.objects.sheet_model import LABEL, VALUE

__all__ = ["console", "pool", "window"]


async def test_selecting_a_vm_shows_what_is_known_of_it_and_selecting_a_card_shows_the_card(
    window: MainWindow, console: Console
) -> None:
    vm = await select(window, console, "jumpbox")

    shown = lines(window)

    assert window.inspector.header.title == "jumpbox"
    assert shown["Power"] == vm.power_state
    assert shown["UUID"] == vm.uuid
    assert "Interface 0" in shown
    assert "Disk 0" in shown
    window.board.select(card_of(console, "shop@1.3.0").id)
    await until(lambda: window.inspector.header.title == "shop 1.3.0", "the card's page")
    window.inspector.header.set_title("turned \u202e round")
    assert window.inspector.header.title == "turned \ufffd round"


async def test_what_changes_on_the_pool_changes_here_by_itself(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    vm = await select(window, console, "jumpbox")

    with pool.plain_session() as session:
        session.xenapi.VM.set_name_description(vm.ref, "changed <b>elsewhere</b>")

    await until(lambda: lines(window)["Description"] == "changed <b>elsewhere</b>", "the new description")


async def test_a_name_is_changed_in_place_and_the_change_is_on_record(window: MainWindow, console: Console) -> None:
    await select(window, console, "jumpbox")

    edit(window, "Name", "jumpbox-2")
    await until_ended(console)

    await until(lambda: window.inspector.header.title == "jumpbox-2", "the new name")
    rows = await console.audit_page(AuditQuery(event=AuditEvent.JOB_OPENED))
    assert (rows[0].fact.details or {})["what"] == "Rename to “jumpbox-2”: jumpbox"


async def test_tags_and_keys_are_added_changed_and_removed_in_place(window: MainWindow, console: Console) -> None:
    vm = await select(window, console, "jumpbox")

    def tags() -> tuple[str, ...]:
        found = console.inventory.by_uuid(VM, vm.uuid)
        return found.tags if found is not None else ()

    def key() -> str | None:
        found = console.inventory.by_uuid(VM, vm.uuid)
        return found.other_config.get("owner") if found is not None else None

    edit(window, "Add tag", "blue")
    await until(lambda: "blue" in tags(), "the tag")
    edit(window, "Add key", "owner=me = you")
    await until(lambda: key() == "me = you", "the key")
    await until(lambda: "owner" in lines(window), "the key's line")
    edit(window, "owner", "")
    await until(lambda: key() is None, "the key to go")


async def test_our_own_keys_can_be_read_and_not_changed(window: MainWindow, console: Console) -> None:
    member = card_of(console, "shop@1.3.0").members[0]
    await select(window, console, member.name)
    model = window.inspector.object_page.model
    row = next(
        row for row in range(model.rowCount()) if str(model.index(row, LABEL).data()).startswith("xsconsole.member")
    )

    assert not model.flags(model.index(row, VALUE)) & Qt.ItemFlag.ItemIsEditable


async def test_values_can_be_copied(window: MainWindow, console: Console, qapp: QApplication) -> None:
    vm = await select(window, console, "jumpbox")
    view = window.inspector.object_page.view
    view.selectRow(row_of(window, "UUID"))

    view.copy_value()
    assert qapp.clipboard().text() == vm.uuid
    view.copy_csv()
    assert f'"UUID","{vm.uuid}"' in qapp.clipboard().text()


async def test_enter_follows_a_link_to_another_object(window: MainWindow, console: Console) -> None:
    await select(window, console, "jumpbox")
    view = window.inspector.object_page.view
    view.setFocus()
    view.setCurrentIndex(window.inspector.object_page.model.index(row_of(window, "Interface 0"), VALUE))
    network = lines(window)["Interface 0"]

    QTest.keyClick(view, Key.Key_Return)

    assert window.inspector.header.title == network
    assert window.inspector.header.caption == "Network"


async def test_an_act_that_loses_nothing_is_one_gesture(window: MainWindow, console: Console) -> None:
    vm = await select(window, console, "jumpbox")
    await until(window.actions_[object_actions.SUSPEND].isEnabled, "suspend to be possible")

    window.actions_[object_actions.SUSPEND].trigger()
    await until_ended(console)

    await until(lambda: lines(window)["Power"] == "Suspended", "the new state")
    assert console.acts.jobs[0].is_good
    await until(lambda: not window.actions_[object_actions.SUSPEND].isEnabled(), "the action to follow")
    assert "suspend" in window.actions_[object_actions.SUSPEND].toolTip().lower()
    assert vm.uuid == console.acts.jobs[0].items[0].object.uuid


async def test_what_cannot_be_taken_back_asks_and_enter_does_not_do_it(window: MainWindow, console: Console) -> None:
    await select(window, console, "jumpbox")

    window.actions_[object_actions.FORCE_OFF].trigger()
    dialog = await dialog_of(window)

    assert "pulling the plug" in dialog.meaning.text
    assert dialog.cancel.isDefault()
    dialog.reject()
    await until(lambda: not window.findChildren(ActDialog), "the dialog to go")
    assert console.acts.jobs == ()


async def test_a_snapshot_is_taken_with_the_name_given_and_shown_in_the_tree(
    window: MainWindow, console: Console
) -> None:
    await select(window, console, "jumpbox")

    window.actions_[object_actions.SNAPSHOT].trigger()
    dialog = await dialog_of(window)
    dialog.text.clear()
    dialog.look()
    assert not dialog.go.isEnabled()
    QTest.keyClicks(dialog.text, "before <the> change")
    dialog.look()
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)

    await until(lambda: any("before <the> change" in value for value in lines(window).values()), "the snapshot's line")
    page = window.inspector.object_page
    page.view.setCurrentIndex(page.model.index(row_with(window, "before <the> change"), VALUE))
    page.view.menu.aboutToShow.emit()
    assert page.revert.isVisible()
    assert page.revert.isEnabled()
    assert page.delete.isEnabled()
    assert page.view.menu.toolTipsVisible(), "where it cannot be done now, that says why"
    page.view.setCurrentIndex(page.model.index(row_with(window, "jumpbox"), VALUE))
    page.view.menu.aboutToShow.emit()
    assert not page.revert.isVisible()


async def test_a_machine_is_sent_to_a_host_that_can_take_it(window: MainWindow, console: Console) -> None:
    vm = await select(window, console, "jumpbox")

    window.actions_[object_actions.MIGRATE].trigger()
    dialog = await dialog_of(window)
    offered = [dialog.host.itemText(at) for at in range(dialog.host.count())]
    assert any("runs on" in text for text in offered)
    assert dialog.go.isEnabled()
    chosen = Uuid(dialog.host.currentData())
    dialog.go.click()
    await until_ended(console)

    def home() -> str:
        found = console.inventory.by_uuid(VM, vm.uuid)
        host = console.inventory.get(Host, found.resident_on) if found is not None else None
        return host.uuid if host is not None else ""

    await until(lambda: home() == chosen, "the machine on its new host")


async def test_many_are_asked_about_once_with_those_that_cannot_and_why(window: MainWindow, console: Console) -> None:
    running = vm_named(console, "jumpbox")
    halted = next(vm for vm in console.inventory.all(VM) if vm.is_ordinary and vm.power_state == "Halted")
    window.inventory.select((running.uuid, halted.uuid))
    await until(lambda: len(window.inventory.selected_objects) == 2, "both selected")

    assert window.inspector.nothing.title == "2 objects selected"
    action = window.actions_[object_actions.SUSPEND]
    assert action.text() == "Suspend (2 objects)…"
    action.trigger()
    dialog = await dialog_of(window)

    assert dialog.summary.text() == "It will be done to 1 object, and not to 1."
    rows = dialog.objects.rows
    assert [str(rows.index(row).data()) for row in range(rows.rowCount())] == [
        "jumpbox",
        f"“{halted.name_label}” is halted. It must be running.",
    ]
    dialog.go.click()
    await until_ended(console)
    assert [item.name for item in console.acts.jobs[0].items] == ["jumpbox"]


async def test_a_question_that_lacks_only_a_name_says_to_which_objects_it_will_be_done(
    window: MainWindow, console: Console
) -> None:
    vms = [vm for vm in console.inventory.all(VM) if vm.is_ordinary][:3]
    window.inventory.select([vm.uuid for vm in vms])
    await until(lambda: len(window.inventory.selected_objects) == 3, "all selected")

    window.actions_[object_actions.TAG].trigger()
    dialog = await dialog_of(window)

    assert dialog.summary.text() == "It will be done to 3 objects."
    assert not dialog.go.isEnabled()
    assert dialog.go.toolTip() == "Type a tag first."
    QTest.keyClicks(dialog.text, "blue")
    await until(dialog.go.isEnabled, "the tag to be taken")
    dialog.go.click()
    await until_ended(console)
    assert {item.name for item in console.acts.jobs[0].items} == {vm.name_label for vm in vms}


async def test_the_question_is_no_higher_than_what_it_says(window: MainWindow, console: Console) -> None:
    vms = [vm.uuid for vm in console.inventory.all(VM) if vm.is_ordinary][:8]
    window.inventory.select(vms)
    await until(lambda: len(window.inventory.selected_objects) == len(vms), "all selected")

    window.actions_[object_actions.SUSPEND].trigger()
    dialog = await dialog_of(window)

    assert dialog.height() == dialog.sizeHint().height()
    dialog.reject()


async def test_a_card_is_shown_again_after_several_objects(window: MainWindow, console: Console) -> None:
    card = card_of(console, "shop@1.3.0")
    window.board.select(card.id)
    await until(lambda: window.inspector.header.title == card.name, "the card")

    window.inventory.select([vm.uuid for vm in console.inventory.all(VM) if vm.is_ordinary][:3])
    await until(window.inspector.nothing.isVisible, "the number of objects")
    assert window.inspector.nothing.title == "3 objects selected"
    window.inspector.show_card(card.id)

    assert window.inspector.header.title == card.name
    assert not window.inspector.nothing.isVisible()


async def test_a_failure_is_told_with_its_reason(window: MainWindow, console: Console, pool: EmbeddedPool) -> None:
    await select(window, console, "jumpbox")
    pool.control("fail", method="VM.suspend", code="VM_NO_SUSPEND_SR", params=["OpaqueRef:x"])

    window.actions_[object_actions.SUSPEND].trigger()
    await until(lambda: bool(window.notices.texts), "the notice")

    assert "Suspend: jumpbox" in window.notices.texts[0]


async def test_the_act_menu_is_reached_by_keyboard(window: MainWindow, console: Console) -> None:
    await select(window, console, "jumpbox")

    window.inspector.object_page.do.setFocus()

    assert has_keyboard(window.inspector)
    names = [action.text() for action in window.inspector.object_page.acts.actions()]
    assert "Suspend" in names


async def test_a_snapshot_that_is_shown_offers_what_can_be_done_with_snapshots(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    vm, page = await select(window, console, "jumpbox"), window.inspector.object_page
    of_machines = page.do.menu()
    with pool.plain_session() as session:
        made = session.xenapi.VM.snapshot(vm.ref, "before")
    await until(lambda: console.inventory.get(VM, made) is not None, "the snapshot")
    snapshot = console.inventory.get(VM, made)
    assert snapshot is not None

    window.activity.object_wanted.emit(ObjectId(kind=Kind.VM, uuid=snapshot.uuid))
    await until(lambda: page.sheet is not None and page.sheet.title == "before", "the snapshot in the inspector")
    menu = page.do.menu()

    assert menu is not of_machines
    assert menu.actions()[0] is window.actions_[object_actions.REVERT]
    assert not page.is_charting.isVisible()


@pytest.mark.parametrize("act", [Act.START, Act.RESUME])
async def test_without_a_selection_the_reason_says_what_to_select(window: MainWindow, act: Act) -> None:
    by_act: dict[Act, Callable[[], str]] = {
        Act.START: lambda: window.actions_[object_actions.START].why_not,
        Act.RESUME: lambda: window.actions_[object_actions.RESUME].why_not,
    }

    assert by_act[act]() == "Select objects in the inventory first."


async def test_the_raw_record_shows_all_that_the_pool_has_but_no_secret(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    vm = await select(window, console, "jumpbox")
    with pool.plain_session() as session:
        session.xenapi.VM.add_to_other_config(vm.ref, "note", "=cmd() <b>")

    window.inspector.object_page.raw.click()

    def found() -> RawDialog | None:
        return next((one for one in window.findChildren(RawDialog) if one.isVisible()), None)

    await until(lambda: found() is not None, "the raw record")
    dialog = found()
    assert dialog is not None
    model = dialog.model
    shown = [(model.index(row, LABEL).data(), model.index(row, VALUE).data()) for row in range(model.rowCount())]
    assert ("uuid", vm.uuid) in shown
    assert ("note", "=cmd() <b>") in shown
    assert ("NVRAM", "…") in shown
    dialog.accept()
    await until(lambda: not window.findChildren(RawDialog), "the dialog to go")


async def test_performance_is_charted_while_it_is_seen_and_moves(window: MainWindow, console: Console) -> None:
    await select(window, console, "jumpbox")
    page = window.inspector.object_page

    page.is_charting.click()
    await until(lambda: len(page.performance.charts) == 4, "the charts")

    told = {view.chart.title: view.chart for view in page.performance.charts if view.chart is not None}
    assert set(told) == {"CPU", "Memory", "Disk", "Network"}
    assert len(told["CPU"].times) >= 5
    assert "%" in told["CPU"].told()
    page.performance.span.setCurrentIndex(1)
    await until(
        lambda: (
            (chart := page.performance.charts[0].chart) is not None
            and (chart.times[-1] - chart.times[0]).seconds >= 3600
        ),
        "two hours",
    )


async def test_a_machine_that_does_not_run_has_nothing_to_chart_and_says_so(
    window: MainWindow, console: Console
) -> None:
    halted = next(vm for vm in console.inventory.all(VM) if vm.is_ordinary and vm.power_state == "Halted")
    await select(window, console, halted.name_label)

    window.inspector.object_page.is_charting.click()

    news = window.inspector.object_page.performance.news
    await until(lambda: "does not run" in news.text(), "the reason")
