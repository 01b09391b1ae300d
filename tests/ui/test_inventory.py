"""The inventory panel beside a living pool."""

import asyncio
import csv
import io
from datetime import UTC, datetime

import pytest
from embedded import embedded_pool
from PySide6.QtGui import QGuiApplication

from tests.ui.live_console import connect, open_console, until
from xsconsole.console import Estate
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import VIF, VM, Host, Network
from xsconsole.domain.outline.views import STORAGE, NodeId, Order, View, within
from xsconsole.domain.selection import ObjectName
from xsconsole.errors import ConnectFailed
from xsconsole_ui import times
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
    made = InventoryPanel(Estate.of(console), Theme(qapp))
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
    await until(lambda: [panel.outline.peek(id_).state for id_ in panel.view.selected_ids()] == ["Halted"])

    assert panel.selected == (uuid,)
    assert told == [(uuid,)]


async def test_members_show_their_version_and_are_found_by_stage(panel):
    panel.filter.set_text("stage:staging service:shop")

    await until(lambda: panel.outline.is_settled)
    lines = [panel.view.model().line(row) for row in range(panel.view.model().rowCount())]

    assert {line.item.version for line in lines if line.sort == "vm"} == {"1.3.0"}
    assert len([line for line in lines if line.sort == "vm"]) == 4
    assert panel.header.caption == "live · 4 matching"
    panel.view.selectAll()
    assert len(panel.selected_objects) == 4, "neither the pool nor the hosts above them"


async def test_a_filter_that_finds_nothing_says_so(panel):
    panel.filter.set_text("no such thing anywhere")
    await until(lambda: panel.outline.is_settled)

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
    panel.view.toggle_wanted.emit(within(console.inventory.pool.ref, STORAGE), True)
    again = InventoryPanel(Estate.of(console), Theme(qapp))

    again.restore(panel.state())
    await until(lambda: again.outline.is_settled)

    assert names(again) == names(panel)
    again.stop()
    again.deleteLater()


def lines(panel):
    """Return what is shown as text: indented names."""
    rows = (panel.view.model().line(row) for row in range(panel.view.model().rowCount()))
    return [f"{'  ' * row.depth}{row.name}" for row in rows]


async def settled(panel):
    await until(lambda: panel.outline.is_settled)


async def test_the_list_of_views_opens_with_its_last_line_whole(panel):
    views = panel.head.views

    views.showPopup()

    list_ = views.view()
    last = list_.visualRect(list_.model().index(views.count() - 1, 0))
    assert list_.viewport().rect().contains(last)
    views.hidePopup()


async def test_views_switch_and_each_says_what_it_is_for_while_it_is_empty(panel):
    panel.set_view(View.SERVICES)
    await settled(panel)
    services = lines(panel)
    panel.set_view(View.APPLIANCES)
    await settled(panel)

    assert "shop" in services
    assert services.index("  Staging") < services.index("    shop 1.3.0") < len(services)
    assert any(line.startswith("      shop-") for line in services)
    assert panel.view.isVisible() or panel.empty.isVisible()
    if panel.empty.isVisible():
        assert "vApp" in panel.empty.title


async def test_an_object_with_several_tags_stands_under_each_and_is_selected_once(panel, console, pool):
    vm = vm_called(console, "jumpbox")

    def tag():
        with pool.plain_session() as session:
            ref = session.xenapi.VM.get_by_uuid(vm.uuid)
            session.xenapi.VM.set_tags(ref, ["blue", "green"])

    await asyncio.to_thread(tag)
    panel.set_view(View.TAGS)
    await until(lambda: lines(panel).count("  jumpbox") == 2)
    panel.view.selectAll()

    assert {"blue", "green"} <= set(lines(panel))
    assert [chosen.ref for chosen in panel.selection.objects].count(vm.ref) == 1


async def test_what_is_selected_stays_so_in_every_view_that_shows_it(panel, console):
    vms = [vm for vm in console.inventory.all(VM) if vm.name_label in ("shop-db.stg", "shop-lb.stg")]
    panel.select([vm.uuid for vm in vms])
    before = panel.selected

    panel.set_view(View.SERVICES)
    await until(lambda: len(panel.view.selected_rows()) == 2)
    in_services = panel.selected
    panel.set_view(View.APPLIANCES)
    await settled(panel)

    assert set(before) == set(in_services) == {vm.uuid for vm in vms}
    assert panel.selected == ()


async def test_the_selection_is_told_as_a_plain_value(panel, console):
    told = []
    panel.objects_selected.connect(told.append)
    host = next(iter(console.inventory.all(Host)))

    panel.view.select_ids([NodeId(host.ref)])

    assert told[-1].objects == (ObjectName("host", host.ref),)
    assert told[-1].current == ObjectName("host", host.ref)
    assert panel.selected == ()


async def test_a_filter_that_matches_only_elsewhere_says_where(panel):
    panel.set_view(View.APPLIANCES)
    panel.filter.set_text("jumpbox")
    await settled(panel)

    assert panel.empty.isVisible()
    assert "elsewhere" in panel.empty.text


async def test_columns_are_chosen_sorted_and_remembered(panel, console, qapp):
    panel.columns_menu.columns_chosen.emit(("memory", "host"))
    panel.view.set_widths({"memory": 131})
    panel.columns_menu.order_chosen.emit(Order(column="memory", is_descending=True))
    panel.set_view(View.FLAT)
    await settled(panel)
    sizes = [panel.view.model().line(row).item.memory or 0 for row in range(panel.view.model().rowCount())]
    again = InventoryPanel(Estate.of(console), Theme(qapp))
    again.restore(panel.state())
    await settled(again)

    assert sizes == sorted(sizes, reverse=True)
    assert panel.view.horizontalHeader().isVisible()
    assert again.view.shown_columns == ("memory", "host")
    assert again.view.widths()["memory"] == 131
    assert list(again.outline.ids) == list(panel.outline.ids)
    again.stop()
    again.deleteLater()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"view": "nonsense"}', '{"columns": ["gone", "name"], "order_by": "x"}']
)
async def test_what_was_remembered_wrongly_counts_as_never_written(panel, text):
    panel.restore(text)
    await settled(panel)

    assert names(panel)[:2] == ["acme", "xen-1"]
    assert panel.view.shown_columns == ()


async def test_a_selection_copies_as_text_and_as_csv_with_the_columns_that_are_shown(panel, console, pool):
    vm = vm_called(console, "jumpbox")

    def rename():
        with pool.plain_session() as session:
            session.xenapi.VM.set_name_label(session.xenapi.VM.get_by_uuid(vm.uuid), "=1+1")

    await asyncio.to_thread(rename)
    await until(lambda: "=1+1" in names(panel))
    panel.view.show_columns(("state", "vcpus"))
    panel.select((vm.uuid,))

    panel.view.copy_csv()
    table = list(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))
    panel.view.copy_text()

    assert table[0] == ["Name", "State", "vCPUs"]
    assert table[1][0] == "'=1+1"
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("=1+1\tRunning\t")


async def test_searches_are_saved_renamed_removed_and_survive_a_restart(panel, console, qapp):
    panel.filter.set_text("power:running tag:web")
    menu = panel.head.search_menu
    menu.save("Web")
    menu.rename("Web", "Web machines")
    again = InventoryPanel(Estate.of(console), Theme(qapp))

    assert [search.name for search in again.head.search_menu.searches.saved] == ["Web machines"]
    again.head.search_menu.chosen.emit(again.head.search_menu.searches.saved[0].text)
    assert again.filter.text() == "power:running tag:web"
    again.head.search_menu.remove("Web machines")
    assert console.home.searches.saved == ()
    again.stop()
    again.deleteLater()


async def test_a_search_without_a_name_is_refused_with_its_reason(panel, qtbot):
    panel.filter.set_text("web")

    with qtbot.waitSignal(panel.refused) as refused:
        panel.head.search_menu.save("  ")

    assert "needs a name" in refused.args[0]


async def test_the_latest_search_is_remembered_when_the_list_is_entered(panel, console):
    panel.filter.set_text("host:xen-1")
    panel.filter.entered.emit()
    panel.stop()

    assert console.home.searches.recent == ("host:xen-1",)


async def test_what_lies_with_other_objects_is_found_and_followed(panel, console, pool):
    panel.filter.set_text('network:"no such network yet"')
    await settled(panel)
    assert names(panel) == []
    network = next(vif.network for vif in console.inventory.all(VIF))

    def rename():
        with pool.plain_session() as session:
            uuid = console.inventory.get(Network, network).uuid
            session.xenapi.network.set_name_label(session.xenapi.network.get_by_uuid(uuid), "no such network yet")

    await asyncio.to_thread(rename)

    await until(lambda: names(panel))


async def test_after_a_restart_without_the_pool_the_last_known_state_is_shown_with_its_time(tmp_path, qapp, pool):
    async with open_console(tmp_path) as console:
        await connect(console, pool)
        changed = datetime.now(UTC)
        with pool.plain_session() as session:
            session.xenapi.VM.set_name_label(session.xenapi.VM.get_by_name_label("jumpbox")[0], "renamed later")
        await until(lambda: any(vm.name_label == "renamed later" for vm in console.inventory.all(VM)))
        await console.last_known.keep()
        known = console.inventory.total()
    pool.kill()

    async with open_console(tmp_path) as console:
        panel = InventoryPanel(Estate.of(console), Theme(qapp))
        with pytest.raises(ConnectFailed):
            await connect(console, pool)
        await settled(panel)

        assert console.inventory.total() == known
        assert names(panel)[:2] == ["acme", "xen-1"]
        as_of = console.link.as_of
        assert as_of > changed  # not when the connection was made
        assert panel.header.caption == f"as of {times.clock_time(as_of)}"
        assert len(console.board.cards) > 3
        panel.stop()
        panel.deleteLater()
