"""The inventory panel beside a living pool."""

import asyncio

import pytest
from embedded import embedded_pool

from tests.ui.live_console import connect, open_console, until
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import VM
from xsconsole_ui.inventory import InventoryPanel
from xsconsole_ui.theme import Theme


@pytest.fixture
def pool():
    with embedded_pool() as served:
        yield served


@pytest.fixture
async def console(tmp_path, pool):
    async with open_console(tmp_path) as opened:
        await connect(opened, pool)
        yield opened


@pytest.fixture
async def panel(console, qapp):
    made = InventoryPanel(console, Theme(qapp))
    made.resize(280, 700)
    made.show()
    await until(lambda: made.header.caption.startswith("live"))
    yield made
    made.stop()
    made.close()
    made.deleteLater()


def names(panel):
    return [panel.view.model().index(row, 0).data() for row in range(panel.view.model().rowCount())]


def vm_called(console, name):
    return next(vm for vm in console.inventory.all(VM) if vm.name_label == name and vm.is_ordinary)


async def test_the_pool_is_there_with_hosts_and_vms_and_how_many(panel, console):
    await until(lambda: "jumpbox" in names(panel))

    assert names(panel)[:2] == ["acme", "xen-1"]
    assert panel.header.caption == "live · 4 hosts · 27 VMs"
    assert {"Storage", "Networks", "Templates"} <= set(names(panel))


async def test_what_somebody_else_changes_appears_by_itself(panel, console, pool):
    def rename():
        with pool.plain_session() as session:
            vm = session.xenapi.VM.get_by_uuid(vm_called(console, "jumpbox").uuid)
            session.xenapi.VM.set_name_label(vm, "renamed elsewhere")

    await asyncio.to_thread(rename)

    await until(lambda: "renamed elsewhere" in names(panel))
    assert "jumpbox" not in names(panel)


async def test_a_selection_stays_while_the_selected_vm_moves(panel, console, pool):
    told = []
    panel.selection_changed.connect(told.append)
    uuid = vm_called(console, "jumpbox").uuid
    panel.select((uuid,))

    def shut_down():
        with pool.plain_session() as session:
            session.xenapi.VM.hard_shutdown(session.xenapi.VM.get_by_uuid(uuid))

    await asyncio.to_thread(shut_down)
    await until(lambda: vm_called(console, "jumpbox").power_state == "Halted")
    await until(lambda: panel.view.selected_lines() and panel.view.selected_lines()[0].state == "Halted")

    assert panel.selected == (uuid,)
    assert told == [(uuid,)]


async def test_members_show_their_version_and_are_found_by_stage(panel):
    panel.filter.setText("stage:staging service:shop")

    lines = [panel.view.model().line(row) for row in range(panel.view.model().rowCount())]

    assert {line.version for line in lines if line.sort == "vm"} == {"1.3.0"}
    assert len([line for line in lines if line.sort == "vm"]) == 4


async def test_a_filter_that_finds_nothing_says_so(panel):
    panel.filter.setText("no such thing anywhere")

    assert panel.empty.isVisible()
    assert not panel.view.isVisible()


async def test_it_says_how_old_it_is_when_the_pool_is_gone_and_keeps_what_it_had(panel, console, pool):
    before = names(panel)

    pool.kill()
    await until(lambda: console.link.state is LinkState.LOST)

    assert panel.header.caption.startswith("as of ")
    assert panel.header.caption.endswith("(reconnecting)")
    assert names(panel) == before


async def test_what_was_opened_and_closed_can_be_restored(panel, console, qapp):
    panel.view.toggle_wanted.emit("storage", True)
    again = InventoryPanel(console, Theme(qapp))

    again.restore(panel.state())

    assert names(again) == names(panel)
    again.stop()
    again.deleteLater()
