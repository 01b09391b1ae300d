"""The health place: what is not well, what the pool says, and the way to what it is about."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, console, no_passphrase_needed, open_window, pool, press, window
from tests.ui.object_gestures import dialog_of, until_ended, vm_named
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import VBD, VDI, VM, Message
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.engine.commands import Operate
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.health.columns import columns_of_findings, columns_of_messages
from xsconsole_ui.health.filtering import FINDINGS, MESSAGES
from xsconsole_ui.health.panel import LEAST_SAID, OBJECT, SPARE_OF_FINDINGS, SPARE_OF_MESSAGES
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Theme

__all__ = ["console", "pool", "window"]

LEFT = Qt.MouseButton.LeftButton


def cells(table: object) -> list[list[str]]:
    model = table.model  # type: ignore[attr-defined]
    return [
        [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


async def open_health(window: MainWindow) -> None:
    window.board.take_focus()
    press(Key.Key_4, CTRL)
    await until(window.health.isVisible, "the place")


async def test_a_duplicate_mac_appears_by_itself_and_leads_to_its_machine(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await open_health(window)
    with pool.plain_session() as session:
        api = session.xenapi
        first, second = (api.VM.get_by_name_label(name)[0] for name in ("jumpbox", "monitoring"))
        taken = api.VIF.get_record(api.VM.get_VIFs(first)[0])
        fields = {
            "device": "5",
            "network": taken["network"],
            "VM": second,
            "MAC": taken["MAC"],
            "MTU": "1500",
            "other_config": {},
            "qos_algorithm_type": "",
            "qos_algorithm_params": {},
        }
        api.VIF.create(fields)

    await until(lambda: any(row[1] == "duplicate MAC" for row in cells(window.health.findings)), "the finding")
    row = next(at for at, row in enumerate(cells(window.health.findings)) if row[1] == "duplicate MAC")
    window.health.findings.view.setCurrentIndex(window.health.findings.model.index(row, 0))
    window.health.findings.view.setFocus()
    press(Key.Key_Return)

    assert window.inspector.header.title == "jumpbox"
    assert "bad" in window.health.header.caption


async def test_messages_are_listed_filtered_and_dismissed_on_record(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await open_health(window)
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
    with pool.plain_session() as session:
        session.xenapi.message.create("DISK_SMELLS", "2", "VM", vm.uuid, "=cmd() <b>smoke</b>")

    await until(lambda: any("Disk smells" in row for row in cells(window.health.messages)), "the message")
    window.health.messages.filter.set_text("severity:bad smells")
    await until(lambda: len(cells(window.health.messages)) == 1, "the filter")
    assert cells(window.health.messages)[0][2:5] == ["jumpbox", "Disk smells", "=cmd() <b>smoke</b>"]
    window.resize(1024, 700)
    await until(lambda: window.health.messages.view.isColumnHidden(3), "what kind it is to give way")
    assert not window.health.messages.view.isColumnHidden(1), "when it was has room on a small screen"
    assert not window.health.dismiss.isEnabled()
    assert window.health.dismiss.toolTip() == "Select messages first."
    window.health.messages.view.setFocus()
    window.health.messages.view.selectRow(0)
    press(Key.Key_Delete)

    await until(lambda: all(one.name != "DISK_SMELLS" for one in console.inventory.all(Message)), "it to go")
    await until(lambda: cells(window.health.messages) == [], "the row to go")
    await until(lambda: bool(console.acts.jobs) and console.acts.jobs[0].ended_at is not None, "the end")
    rows = await console.audit_page(AuditQuery(event=AuditEvent.ACT_SETTLED))
    assert (rows[0].fact.details or {})["what"] == "Dismiss message: Disk smells (jumpbox)"


async def test_several_messages_are_dismissed_after_one_question(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    vm = vm_named(console, "jumpbox")
    with pool.plain_session() as session:
        for number in range(3):
            session.xenapi.message.create(f"NEWS_{number}", str(number + 3), "VM", vm.uuid, "")
    await open_health(window)
    await until(lambda: len(cells(window.health.messages)) == 3, "the messages")
    view = window.health.messages.view
    header = view.horizontalHeader()
    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(20, header.height() // 2))
    assert [row[0] for row in cells(window.health.messages)] == ["▲ warning", "· info", "· info"]
    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(20, header.height() // 2))
    assert [row[0] for row in cells(window.health.messages)] == ["· info", "· info", "▲ warning"]

    view.selectAll()
    button = next(one for one in window.findChildren(ActionButton) if one.action is window.health.dismiss)
    button.setFocus()
    button.click()
    dialog = await dialog_of(window)
    assert dialog.summary.text() == "It will be done to 3 objects."
    told = sorted(row.text for row in dialog.objects.rows.rows)
    assert told == ["News 0 (jumpbox)", "News 1 (jumpbox)", "News 2 (jumpbox)"]
    dialog.go.click()

    await until_ended(console)
    await until(lambda: cells(window.health.messages) == [], "the rows to go")
    assert window.health.messages.isAncestorOf(window.focusWidget()), "the keyboard stays with the list"
    assert len(console.acts.jobs) == 1


async def test_an_orphaned_disk_is_deleted_from_its_finding_after_a_question(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    with pool.plain_session() as session:
        storage = session.xenapi.SR.get_by_name_label("SAN-gold")[0]
        disk = {"name_label": "left behind", "SR": storage, "virtual_size": "1048576", "type": "user"}
        fields = {"sharable": False, "read_only": False, "other_config": {}, "name_description": ""}
        made = session.xenapi.VDI.create({**disk, **fields})
    await open_health(window)
    await until(lambda: any(row[1] == "orphaned disk" for row in cells(window.health.findings)), "the finding")
    assert not window.health.mend.isEnabled()

    window.health.findings.view.selectRow(0)
    assert window.health.mend.text() == "Delete disk…"
    window.health.mend.trigger()
    dialog = await dialog_of(window)
    assert "cannot be undone" in dialog.meaning.text
    assert dialog.cancel.isDefault()
    dialog.go.click()

    await until_ended(console)
    assert console.acts.jobs[0].is_good
    await until(lambda: console.inventory.get(VDI, Ref(made)) is None, "the disk to go")
    await until(lambda: cells(window.health.findings) == [], "the finding to go")


async def test_a_disk_that_a_machine_has_is_never_deleted(console: Console) -> None:
    vm = vm_named(console, "jumpbox")
    drive = next(vbd for vbd in console.inventory.all(VBD) if vm.ref == vbd.VM and vbd.type == "Disk")
    disk = console.inventory.get(VDI, drive.VDI)
    assert disk is not None

    (check,) = console.acts.checks(Operate(act=Act.DELETE_DISK, objects=(ObjectId(kind=Kind.VDI, uuid=disk.uuid),)))

    assert check.refusal is not None
    assert "is a disk of jumpbox" in check.refusal.reason


async def test_what_the_role_may_not_do_is_said_at_the_button(
    tmp_path: Path, pool: EmbeddedPool, qapp: QApplication
) -> None:
    name = next(user for user, role in pool.roles.items() if role == "read-only")
    reader = await Console.open(tmp_path / "reader", passphrase=no_passphrase_needed)
    await reader.connect(Connection(url=pool.url, user=name), Secret(pool.passwords[name]))
    window = await open_window(reader, qapp)
    try:
        with pool.plain_session() as session:
            session.xenapi.message.create("NEWS", "3", "VM", vm_named(reader, "jumpbox").uuid, "")
        await open_health(window)
        await until(lambda: len(cells(window.health.messages)) == 1, "the message")
        window.health.messages.view.selectRow(0)

        assert not window.health.dismiss.isEnabled()
        assert "The role read-only may not do this." in window.health.dismiss.toolTip()
    finally:
        await window.end()
        await reader.close()


def test_lists_fit_beside_both_docks_of_a_small_window_also_with_two_pools(qapp: QApplication) -> None:
    Theme(qapp)
    panel_width = 368  # px, of a window of 1024
    findings = FilteredList(
        "Findings", columns_of_findings(), FINDINGS, ("", ""), spare=SPARE_OF_FINDINGS, growing=OBJECT, told=str
    )
    findings.resize(panel_width, 200)
    findings.show()
    for names in ((), ("acme", "acme production")):
        findings.name_pools(names)

        assert findings.view.horizontalScrollBar().maximum() == 0
    findings.close()
    messages = FilteredList(
        "Messages",
        columns_of_messages(),
        MESSAGES,
        ("", ""),
        spare=SPARE_OF_MESSAGES,
        growing=OBJECT,
        told=str,
        least_words=LEAST_SAID,
    )
    messages.resize(panel_width - messages.view.verticalScrollBar().sizeHint().width(), 200)
    messages.show()
    messages.name_pools(("acme", "acme production"))
    assert not messages.view.isColumnHidden(1), "when it was"
    assert messages.view.horizontalScrollBar().maximum() == 0
    messages.close()
