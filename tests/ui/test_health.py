"""The health place: what is not well, what the pool says, and the way to what it is about."""

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, console, pool, press, window
from xsconsole.console import Console
from xsconsole.domain.inventory import VM, Message
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


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
    assert cells(window.health.messages)[0][2:] == ["jumpbox", "Disk smells", "=cmd() <b>smoke</b>"]
    window.health.messages.view.selectRow(0)
    window.health.dismiss.trigger()

    await until(lambda: all(one.name != "DISK_SMELLS" for one in console.inventory.all(Message)), "it to go")
    await until(lambda: cells(window.health.messages) == [], "the row to go")
    await until(lambda: bool(console.acts.jobs) and console.acts.jobs[0].ended_at is not None, "the end")
    rows = await console.audit_page(AuditQuery(event=AuditEvent.ACT_SETTLED))
    assert (rows[0].fact.details or {})["what"] == "Dismiss message: DISK_SMELLS"
