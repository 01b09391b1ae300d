"""What the list of visible lines shows, and in which ranges it tells what changed."""

import msgspec
import pytest

from tests.domain.outline_values import (
    HOSTS,
    POOL,
    asks_for,
    host,
    look_for,
    member_of,
    outline_of,
    pool,
    tell,
    vm,
)
from tests.inventories import change_of, inventory_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import SR, VIF, Change, ChangeBatch, HostMetrics, Network
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Changed, Inserted, replay
from xsconsole.domain.outline.views import NETWORKS, STORAGE, NodeId, View, within


def told(outline):
    return [f"{'  ' * row.depth}{row.name}" for row in outline.rows]


@pytest.fixture
def small():
    return outline_of(
        pool(),
        host(1, "xen-p2"),
        host(0, "xen-p1"),
        vm("web-10", power_state="Running", resident_on=HOSTS[0]),
        vm("web-2", power_state="Running", resident_on=HOSTS[0]),
        vm("lost", power_state="Halted"),
        vm("near", power_state="Halted", affinity=HOSTS[1]),
        vm("dom0", is_control_domain=True, resident_on=HOSTS[0]),
        vm("frozen", is_a_snapshot=True, is_a_template=True),
        vm("debian", is_a_template=True),
        SR(ref=Ref("OpaqueRef:sr"), uuid=Uuid("sr"), name_label="SAN", physical_size=10, physical_utilisation=4),
        Network(ref=Ref("OpaqueRef:net"), uuid=Uuid("net"), name_label="lan"),
    )


def test_vms_hang_where_they_run_or_would_run_and_names_sort_by_their_numbers(small):
    _, outline = small

    assert told(outline) == [
        "acme",
        "  xen-p1",
        "    web-2",
        "    web-10",
        "  xen-p2",
        "    near",
        "  Not running",
        "    lost",
        "  Storage",
        "  Networks",
        "  Templates",
    ]


def test_a_vm_that_starts_moves_below_its_host(small):
    inventory, outline = small

    tell(inventory, outline, vm("lost", power_state="Running", resident_on=HOSTS[1]))

    assert told(outline)[4:7] == ["  xen-p2", "    lost", "    near"]
    assert "  Not running" not in told(outline)


def test_a_change_of_one_vm_is_one_range(small):
    inventory, outline = small

    assert outline.rows[2].state == "Running"

    edits = tell(inventory, outline, vm("web-2", power_state="Paused", resident_on=HOSTS[0]))

    assert edits == (Changed(first=2, count=1),)
    assert outline.rows[2].state == "Paused"


def test_closing_a_host_removes_its_vms_in_one_range(small):
    _, outline = small

    edits = outline.set_open(NodeId(HOSTS[0]), is_open=False)

    assert (edits[0].first, edits[0].count) == (2, 2)
    assert told(outline)[1:3] == ["  xen-p1", "  xen-p2"]


def test_what_was_opened_and_closed_can_be_restored(small):
    inventory, outline = small
    outline.set_open(NodeId(HOSTS[0]), is_open=False)
    outline.set_open(within(POOL, STORAGE), is_open=True)

    again = Outline(inventory)
    again.settle_all()
    again.restore_toggled(outline.toggled)

    assert again.rows == outline.rows


def test_a_filter_shows_what_matches_and_what_it_hangs_below(small):
    inventory, outline = small

    look_for(inventory, outline, "WEB host:xen-p1")

    assert told(outline) == ["acme", "  xen-p1", "    web-2", "    web-10"]


def test_what_no_longer_matches_a_standing_filter_goes(small):
    inventory, outline = small
    look_for(inventory, outline, "state:running web-2")

    tell(inventory, outline, vm("web-2", power_state="Paused", resident_on=HOSTS[0]))

    assert told(outline) == []


def test_a_filter_opens_groups_and_forgets_that_when_it_ends(small):
    inventory, outline = small

    look_for(inventory, outline, "san")
    found = told(outline)
    look_for(inventory, outline, "")

    assert found == ["acme", "  Storage", "    SAN"]
    assert "    SAN" not in told(outline)


def test_a_renamed_host_takes_its_vms_along_and_they_are_found_by_its_new_name(small):
    inventory, outline = small

    tell(inventory, outline, host(0, "zeus"))
    look_for(inventory, outline, "host:zeus")

    assert told(outline) == ["acme", "  zeus", "    web-2", "    web-10"]


def test_a_vm_that_came_before_its_hosts_new_name_has_one_line(small):
    inventory, outline = small

    tell(inventory, outline, vm("new", power_state="Running", resident_on=HOSTS[0]), host(0, "zeus"))

    assert told(outline).count("    new") == 1
    assert told(outline)[told(outline).index("  zeus") :][:4] == ["  zeus", "    new", "    web-2", "    web-10"]


def test_a_member_shows_its_version_and_a_clone_of_it_is_a_stray():
    _, outline = outline_of(pool(), member_of("a"), member_of("a", carried_by="copy"))

    lines = {row.name: row for row in outline.rows}

    assert (lines["a"].item.version, lines["a"].configuration, lines["a"].is_stray) == ("1.3.0", "c-1.3.0", False)
    assert (lines["copy"].item.version, lines["copy"].configuration, lines["copy"].is_stray) == ("1.3.0", None, True)


def test_a_host_shows_how_much_of_its_memory_is_used_as_it_changes(small):
    inventory, outline = small
    metrics = HostMetrics(ref=Ref("OpaqueRef:metrics-0"), uuid=Uuid("m"), live=True, memory_total=100, memory_free=62)

    tell(inventory, outline, metrics)

    assert outline.rows[1].item.memory_used == pytest.approx(0.38)


def many():
    """Return a pool of fifty VMs of which nothing was taken in yet."""
    records = [pool(), host(0, "xen"), *(vm(f"vm-{number}", resident_on=HOSTS[0]) for number in range(50))]
    inventory = inventory_of(*records)
    return inventory, Outline(inventory)


def test_the_first_look_comes_in_pieces_and_is_shown_in_one_range():
    _, outline = many()
    pieces = 0

    while not (edits := outline.settle(most=10)):
        pieces += 1
        assert outline.is_loading

    assert pieces >= 3
    assert [len(edit.ids) for edit in edits] == [52]
    assert not outline.is_loading
    assert outline.is_settled


def test_later_changes_are_shown_piece_by_piece():
    inventory, outline = many()
    outline.settle_all()
    others = [vm(f"vm-{number}", power_state="Running", resident_on=HOSTS[0]) for number in range(50, 80)]
    batch = ChangeBatch(changes=tuple(change_of(record) for record in others))
    inventory.apply(batch)
    outline.hear(batch)

    edits = outline.settle(most=20)

    assert not outline.is_settled
    assert sum(len(edit.ids) for edit in edits if isinstance(edit, Inserted)) == 20


def test_what_changes_while_it_is_looked_at_first_is_shown_as_it_is_now():
    inventory, outline = many()
    outline.settle(most=20)
    batch = ChangeBatch(
        changes=(
            change_of(vm("vm-1", power_state="Paused", resident_on=HOSTS[1])),
            msgspec.structs.replace(change_of(vm("vm-2")), record=None),
            change_of(host(0, "zeus")),
            change_of(host(1, "hera")),
        )
    )
    inventory.apply(batch)
    outline.hear(batch)

    outline.settle_all()

    anew = Outline(inventory)
    anew.settle_all()
    assert list(outline.rows) == list(anew.rows)
    assert told(outline)[1:4] == ["  hera", "    vm-1", "  zeus"]


def test_a_filter_and_a_view_that_are_wanted_while_it_loads_come_after_it():
    inventory, outline = many()
    outline.settle(most=20)
    outline.set_filter(asks_for(inventory, "vm-49"))
    outline.set_view(View.FLAT)

    assert not outline.is_changing
    outline.settle_all()

    assert told(outline) == ["vm-49"]


def test_what_a_filter_found_is_shown_as_it_stands_when_it_is_shown(small):
    inventory, outline = small
    outline.set_filter(asks_for(inventory, "web"))
    assert outline.settle(most=1_000) == ()
    assert "    near" in told(outline)

    outline.set_open(POOL, is_open=False)
    outline.set_view(View.FLAT)
    outline.settle_all()

    assert told(outline) == ["web-2", "web-10"]


def test_it_knows_how_many_there_are_also_where_they_are_not_visible(small):
    _, outline = small

    outline.set_open(NodeId(POOL), is_open=False)

    assert (outline.count(Sort.HOST), outline.count(Sort.VM), outline.count(Sort.TEMPLATE)) == (2, 4, 1)


def test_the_network_of_the_hosts_own_management_has_no_line(small):
    inventory, outline = small
    inner = Network(
        ref=Ref("OpaqueRef:inner"),
        uuid=Uuid("inner"),
        name_label="Host internal management network",
        other_config={"is_host_internal_management_network": "true"},
    )

    tell(inventory, outline, inner)
    outline.set_open(within(POOL, NETWORKS), is_open=True)

    assert "    Host internal management network" not in told(outline)


def test_a_network_counts_the_interfaces_of_all_but_snapshots(small):
    inventory, outline = small
    owners = ("web-2", "debian", "frozen")
    vifs = [VIF(ref=Ref(f"vif-{owner}"), uuid=Uuid(owner), VM=Ref(f"OpaqueRef:{owner}")) for owner in owners]
    network = inventory.get(Network, Ref("OpaqueRef:net"))

    inventory.apply(ChangeBatch(changes=tuple(Change(ref=vif.ref, class_name="vif", record=vif) for vif in vifs)))
    tell(inventory, outline, msgspec.structs.replace(network, VIFs=tuple(vif.ref for vif in vifs)))

    assert outline.items[network.ref].count == 2


def test_objects_without_a_line_change_nothing(small):
    inventory, outline = small
    task = Change(ref=Ref("OpaqueRef:task"), class_name="task", record=None)
    batch = ChangeBatch(changes=(task,))

    inventory.apply(batch)
    outline.hear(batch)

    assert outline.is_settled


def test_opening_a_host_that_holds_nothing_changes_nothing(small):
    inventory, outline = small
    tell(inventory, outline, host(2, "xen-p3"))
    outline.set_open(NodeId(HOSTS[2]), is_open=False)

    assert outline.set_open(NodeId(HOSTS[2]), is_open=True) == ()


def test_many_scattered_changes_come_as_two_wide_ranges(small):
    inventory, outline = small
    before = list(outline.ids)
    many = [vm(f"web-{number}x", resident_on=HOSTS[number % 2], power_state="Running") for number in range(60)]

    edits = tell(inventory, outline, *many)
    replay(before, edits)

    assert len(edits) <= 2
    assert before == list(outline.ids)


def test_many_changed_lines_stay_changes(small):
    inventory, outline = small
    many = [vm(f"web-{number}x", resident_on=HOSTS[0], power_state="Running") for number in range(60)]
    tell(inventory, outline, *many)
    assert len(outline.rows) > 60  # somebody looked at all of them
    paused = [msgspec.structs.replace(record, power_state="Paused") for record in many[::2]]

    edits = tell(inventory, outline, *paused)

    assert {type(edit) for edit in edits} == {Changed}
