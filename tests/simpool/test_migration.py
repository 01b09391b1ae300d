"""VMs that move with their storage: what they keep, what refuses them, and what both pools hold afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pools
from fleet import GOLDEN, finished, make_machine, until

GIB = 1 << 30


class Journey:
    """From the first pool to the second, with sessions at both."""

    def __init__(self, pools: tuple[EmbeddedPool, ...], here: Any, there: Any) -> None:
        self.pools = pools
        self.here = here.xenapi
        self.there = there.xenapi
        self.sessions = (here, there)

    def machine(self, name: str) -> str:
        return make_machine(self.sessions[0], name)

    def running(self, name: str) -> str:
        vm = self.machine(name)
        self.here.VM.start(vm, False, False)
        until(self.sessions[0], lambda: "migrate_send" in self.here.VM.get_allowed_operations(vm))
        return vm

    def dest(self, host: str = "xen-p1", network: str = "Management") -> dict[str, str]:
        ref = self.there.host.get_by_name_label(host)[0]
        found: dict[str, str] = self.there.host.migrate_receive(
            ref, self.there.network.get_by_name_label(network)[0], {}
        )
        return found

    def vdi_map(self, vm: str, sr: str = "NFS-archive") -> dict[str, str]:
        target = self.there.SR.get_by_name_label(sr)[0]
        return dict.fromkeys(self.disks(vm), target)

    def disks(self, vm: str) -> list[str]:
        vbds = [self.here.VBD.get_record(vbd) for vbd in self.here.VM.get_VBDs(vm)]
        return [vbd["VDI"] for vbd in vbds if vbd["type"] == "Disk"]

    def vif_map(self, vm: str, network: str = "prod-data") -> dict[str, str]:
        target = self.there.network.get_by_name_label(network)[0]
        return dict.fromkeys(self.here.VM.get_VIFs(vm), target)

    def arguments(self, vm: str, **options: str) -> tuple[Any, ...]:
        return vm, self.dest(), True, self.vdi_map(vm), self.vif_map(vm), options

    def macs(self, side: Any, vm: str) -> list[str]:
        return [side.VIF.get_MAC(vif) for vif in side.VM.get_VIFs(vm)]

    def space(self, side: Any) -> dict[str, tuple[str, str]]:
        return {
            sr: (record["physical_utilisation"], record["virtual_allocation"])
            for sr, record in side.SR.get_all_records().items()
        }


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50") as served:
        yield served


@pytest.fixture
def journey(pools: tuple[EmbeddedPool, ...]) -> Iterator[Journey]:
    with pools[0].plain_session() as here, pools[1].plain_session() as there:
        yield Journey(pools, here, there)
    for pool in pools:
        pool.control("clear")


def refusal(call: Any, *arguments: object) -> list[str]:
    with pytest.raises(XenAPI.Failure) as caught:
        call(*arguments)
    details: list[str] = caught.value.details
    return details


def assert_whole(side: Any) -> None:
    """Let pass a pool whose relations agree at both ends, and whose space adds up."""
    disks, vbds, vms = side.VDI.get_all_records(), side.VBD.get_all_records(), side.VM.get_all_records()
    vifs, networks = side.VIF.get_all_records(), side.network.get_all_records()
    for ref, vbd in vbds.items():
        assert ref in vms[vbd["VM"]]["VBDs"]
        assert vbd["VDI"] == "OpaqueRef:NULL" or ref in disks[vbd["VDI"]]["VBDs"]
    for ref, vif in vifs.items():
        assert ref in vms[vif["VM"]]["VIFs"]
        assert ref in networks[vif["network"]]["VIFs"]
    for vm in vms.values():
        assert set(vm["VBDs"]) <= set(vbds)
        assert set(vm["VIFs"]) <= set(vifs)
        assert vm["snapshot_of"] == "OpaqueRef:NULL" or vm["snapshot_of"] in vms
        assert vm["parent"] == "OpaqueRef:NULL" or vm["parent"] in vms
    for ref, sr in side.SR.get_all_records().items():
        if sr["content_type"] != "iso":
            own = [disk for disk in disks.values() if disk["SR"] == ref]
            assert int(sr["physical_utilisation"]) == sum(int(disk["physical_utilisation"]) for disk in own)


def test_a_halted_machine_arrives_as_the_same_machine(journey: Journey) -> None:
    vm = journey.machine("traveller")
    before, disks = journey.here.VM.get_record(vm), journey.disks(vm)
    macs = journey.macs(journey.here, vm)
    free = journey.space(journey.here)

    arrived = journey.here.VM.migrate_send(*journey.arguments(vm))

    after = journey.there.VM.get_record(arrived)
    assert vm not in journey.here.VM.get_all()
    assert not set(disks) & set(journey.here.VDI.get_all())
    assert {name: after[name] for name in ("uuid", "name_label", "tags", "other_config", "generation_id")} == {
        name: before[name] for name in ("uuid", "name_label", "tags", "other_config", "generation_id")
    }
    assert after["power_state"] == "Halted"
    assert journey.macs(journey.there, arrived) == macs
    assert "start" in after["allowed_operations"]
    assert journey.space(journey.here) != free
    for side in (journey.here, journey.there):
        assert_whole(side)
    journey.there.VM.start(arrived, False, False)
    journey.there.VM.hard_shutdown(arrived)


def test_a_running_machine_goes_on_running(journey: Journey) -> None:
    vm = journey.running("runner")
    started = journey.here.VM_metrics.get_start_time(journey.here.VM.get_metrics(vm))

    arrived = journey.here.VM.migrate_send(*journey.arguments(vm))

    record = journey.there.VM.get_record(arrived)
    assert record["power_state"] == "Running"
    assert journey.there.host.get_name_label(record["resident_on"]) == "xen-p1"
    assert journey.there.VM_metrics.get_start_time(record["metrics"]) == started
    assert journey.there.VM_guest_metrics.get_networks(record["guest_metrics"])
    assert all(journey.there.VBD.get_currently_attached(vbd) for vbd in record["VBDs"])
    assert vm not in journey.here.VM.get_all()
    journey.there.VM.hard_shutdown(arrived)
    for side in (journey.here, journey.there):
        assert_whole(side)


def test_a_suspended_machine_takes_its_memory_along(journey: Journey) -> None:
    vm = journey.running("sleeper")
    journey.here.VM.suspend(vm)
    image = journey.here.VM.get_suspend_VDI(vm)

    arrived = journey.here.VM.migrate_send(*journey.arguments(vm))

    assert journey.there.VM.get_power_state(arrived) == "Suspended"
    assert journey.there.VDI.get_type(journey.there.VM.get_suspend_VDI(arrived)) == "suspend"
    assert image not in journey.here.VDI.get_all()
    journey.there.VM.resume(arrived, False, False)
    assert journey.there.VM.get_power_state(arrived) == "Running"
    journey.there.VM.hard_shutdown(arrived)


def test_snapshots_go_where_their_machine_goes(journey: Journey) -> None:
    vm = journey.machine("with-a-past")
    first = journey.here.VM.snapshot(vm, "first")
    journey.here.VM.snapshot(vm, "second")
    uuid = journey.here.VM.get_uuid(first)

    arrived = journey.here.VM.migrate_send(*journey.arguments(vm))

    snapshots = journey.there.VM.get_snapshots(arrived)
    names = {journey.there.VM.get_name_label(one): one for one in snapshots}
    assert set(names) == {"first", "second"}
    assert journey.there.VM.get_uuid(names["first"]) == uuid
    assert journey.there.VM.get_parent(arrived) == names["second"]
    assert journey.there.VM.get_parent(names["second"]) == names["first"]
    disks = {
        journey.there.VBD.get_VDI(vbd)
        for vbd in journey.there.VM.get_VBDs(arrived)
        if journey.there.VBD.get_type(vbd) == "Disk"
    }
    for vbd in journey.there.VM.get_VBDs(names["first"]):
        if journey.there.VBD.get_type(vbd) == "Disk":
            assert journey.there.VDI.get_snapshot_of(journey.there.VBD.get_VDI(vbd)) in disks
    assert journey.here.VM.get_by_name_label("first") == []
    journey.there.VM.revert(names["first"])
    for side in (journey.here, journey.there):
        assert_whole(side)


def test_a_copy_is_another_machine_and_the_source_stays(journey: Journey) -> None:
    vm = journey.machine("original")
    journey.here.VM.snapshot(vm, "stays")
    before = journey.here.VM.get_record(vm)

    arrived = journey.here.VM.migrate_send(*journey.arguments(vm, copy="true"))

    after = journey.there.VM.get_record(arrived)
    assert after["uuid"] != before["uuid"]
    assert after["other_config"]["mac_seed"] != before["other_config"]["mac_seed"]
    assert not set(journey.macs(journey.there, arrived)) & set(journey.macs(journey.here, vm))
    assert after["snapshots"] == []
    assert len(journey.here.VM.get_snapshots(vm)) == 1
    assert journey.here.VM.get_record(vm)["uuid"] == before["uuid"]
    for side in (journey.here, journey.there):
        assert_whole(side)


def test_a_machine_comes_back(journey: Journey) -> None:
    vm = journey.machine("there-and-back")
    uuid, macs = journey.here.VM.get_uuid(vm), journey.macs(journey.here, vm)
    arrived = journey.here.VM.migrate_send(*journey.arguments(vm))
    home = journey.here.host.get_by_name_label("xen-2")[0]
    dest = journey.here.host.migrate_receive(home, journey.here.network.get_by_name_label("Management")[0], {})
    sr = journey.here.SR.get_by_name_label("NFS-silver")[0]
    disks = {
        journey.there.VBD.get_VDI(vbd): sr
        for vbd in journey.there.VM.get_VBDs(arrived)
        if journey.there.VBD.get_type(vbd) == "Disk"
    }
    vifs = dict.fromkeys(journey.there.VM.get_VIFs(arrived), journey.here.network.get_by_name_label("int-net")[0])

    again = journey.there.VM.migrate_send(arrived, dest, False, disks, vifs, {})

    assert journey.here.VM.get_uuid(again) == uuid
    assert journey.macs(journey.here, again) == macs
    for side in (journey.here, journey.there):
        assert_whole(side)


def test_progress_follows_the_bytes_and_a_cancel_leaves_nothing(journey: Journey) -> None:
    vm = journey.machine("stopped-half-way")
    space, disks = journey.space(journey.there), set(journey.there.VDI.get_all())
    size = int(journey.here.VDI.get_physical_utilisation(journey.disks(vm)[0]))
    journey.pools[1].control("storage", sr="NFS-archive", bytes_per_s=size / 3600)
    task = journey.here.Async.VM.migrate_send(*journey.arguments(vm))
    until(journey.sessions[0], lambda: 0.0 < float(journey.here.task.get_progress(task)) < 0.9)
    assert "migrate_send" in journey.here.VM.get_current_operations(vm).values()

    journey.here.task.cancel(task)

    assert finished(journey.sessions[0], task)["status"] == "cancelled"
    assert set(journey.there.VDI.get_all()) == disks
    assert journey.space(journey.there) == space
    assert journey.here.VM.get_power_state(vm) == "Halted"
    assert journey.here.VM.get_current_operations(vm) == {}
    assert journey.there.VM.get_by_name_label("stopped-half-way") == []


def test_no_more_than_three_are_on_their_way(journey: Journey) -> None:
    vms = [journey.machine(f"caravan-{number}") for number in range(4)]
    journey.pools[1].control("storage", sr="NFS-archive", bytes_per_s=1)
    tasks = [journey.here.Async.VM.migrate_send(*journey.arguments(vm)) for vm in vms[:3]]
    until(
        journey.sessions[0],
        lambda: all("migrate_send" in journey.here.VM.get_current_operations(vm).values() for vm in vms[:3]),
    )

    assert refusal(journey.here.VM.migrate_send, *journey.arguments(vms[3])) == ["TOO_MANY_STORAGE_MIGRATES", "3"]

    for task in tasks:
        journey.here.task.cancel(task)
        finished(journey.sessions[0], task)


def test_every_disk_and_interface_has_to_have_a_place(journey: Journey) -> None:
    vm = journey.machine("unmapped")
    vm_, dest, live, vdis, vifs, options = journey.arguments(vm)

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, {}, vifs, options) == [
        "VDI_NOT_IN_MAP",
        next(iter(vdis)),
    ]
    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, vdis, {}, options) == [
        "VIF_NOT_IN_MAP",
        next(iter(vifs)),
    ]
    assert journey.here.VM.assert_can_migrate(vm_, dest, live, vdis, vifs, options) == ""


def test_what_the_maps_name_has_to_be_there(journey: Journey) -> None:
    vm = journey.machine("mismapped")
    vm_, dest, live, vdis, vifs, options = journey.arguments(vm)
    wrong_sr = dict.fromkeys(vdis, "OpaqueRef:nowhere")
    local = dict.fromkeys(vdis, journey.there.SR.get_by_name_label("Local xen-p1")[0])
    other = journey.dest("xen-p2")

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, wrong_sr, vifs, options)[:2] == [
        "HANDLE_INVALID",
        "SR",
    ]
    assert refusal(journey.here.VM.assert_can_migrate, vm_, other, live, local, vifs, options) == [
        "VM_REQUIRES_SR",
        vm,
        next(iter(local.values())),
    ]


def test_changed_block_tracking_and_disks_that_forget_stay(journey: Journey) -> None:
    vm = journey.machine("tracked")
    disk = journey.disks(vm)[0]
    journey.here.VDI.set_on_boot(disk, "reset")
    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == [
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"
    ]
    journey.here.VDI.set_on_boot(disk, "persist")
    journey.pools[0].control("set_field", cls="VDI", ref=disk, field="cbt_enabled", value=True)

    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == ["VDI_CBT_ENABLED", disk]


def test_a_copy_needs_a_halted_machine_and_another_pool(journey: Journey) -> None:
    vm = journey.running("no-copy")
    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm, copy="true")) == [
        "VM_BAD_POWER_STATE",
        vm,
        "halted",
        "running",
    ]
    journey.here.VM.hard_shutdown(vm)
    host = journey.here.host.get_by_name_label("xen-2")[0]
    inside = journey.here.host.migrate_receive(host, journey.here.network.get_by_name_label("Management")[0], {})

    answer = refusal(journey.here.VM.assert_can_migrate, vm, inside, True, {}, {}, {"copy": "true"})

    assert answer[0] == "OPERATION_NOT_ALLOWED"


def test_a_machine_is_not_twice_in_a_pool(journey: Journey) -> None:
    vm = journey.machine("double")
    seed = journey.here.VM.get_other_config(vm)["mac_seed"]
    other = journey.there.VM.clone(journey.there.VM.get_by_name_label("Debian 12 production")[0], "same seed")
    journey.there.VM.remove_from_other_config(other, "mac_seed")
    journey.there.VM.add_to_other_config(other, "mac_seed", seed)

    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == ["DUPLICATE_MAC_SEED", seed]


def test_a_host_receives_at_an_interface_with_an_address(journey: Journey) -> None:
    host = journey.there.host.get_by_name_label("xen-p1")[0]
    vlan = journey.there.network.get_by_name_label("prod-data")[0]
    lonely = journey.there.network.create({"name_label": "lonely", "other_config": {}})

    assert refusal(journey.there.host.migrate_receive, host, vlan, {})[0] == "PIF_HAS_NO_NETWORK_CONFIGURATION"
    assert refusal(journey.there.host.migrate_receive, host, lonely, {}) == ["HOST_CANNOT_ATTACH_NETWORK", host, lonely]


def test_a_destination_that_nobody_is_at_cannot_be_contacted(journey: Journey) -> None:
    vm = journey.machine("to-nowhere")
    vm_, dest, *others = journey.arguments(vm)

    answer = refusal(journey.here.VM.assert_can_migrate, vm_, dest | {"master": "http://192.0.2.7/"}, *others)

    assert answer == ["CANNOT_CONTACT_HOST", "192.0.2.7"]


def test_a_host_that_died_or_is_disabled_receives_nothing(journey: Journey) -> None:
    vm = journey.machine("too-late")
    vm_, dest, *others = vm, journey.dest("xen-p3"), True, journey.vdi_map(vm), journey.vif_map(vm), {}
    journey.there.host.disable(dest["host"])
    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, *others) == ["HOST_DISABLED", dest["host"]]
    journey.there.host.enable(dest["host"])
    journey.pools[1].control("host", host="xen-p3", mode="dead")

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, *others)[0] == "CANNOT_CONTACT_HOST"
    journey.pools[1].control("host", host="xen-p3", mode="live")


def test_a_full_sr_refuses_and_nothing_is_left_there(journey: Journey) -> None:
    vm = journey.machine("too-large")
    sr = journey.there.SR.get_record(journey.there.SR.get_by_name_label("NFS-archive")[0])
    free = int(sr["physical_size"]) - int(sr["physical_utilisation"])
    journey.pools[1].control("fill_sr", sr="NFS-archive", free_bytes=1)
    disks = set(journey.there.VDI.get_all())
    try:
        assert refusal(journey.here.VM.migrate_send, *journey.arguments(vm))[0] == "SR_BACKEND_FAILURE_44"
    finally:
        journey.pools[1].control("fill_sr", sr="NFS-archive", free_bytes=free)

    assert set(journey.there.VDI.get_all()) == disks
    assert journey.here.VM.get_power_state(vm) == "Halted"


def test_storage_moves_inside_a_pool_and_the_machine_stays_the_same(journey: Journey) -> None:
    vm = journey.running("rearranged")
    origin = journey.here.VM.get_resident_on(vm)
    host = next(one for one in journey.here.host.get_all() if one != origin)
    dest = journey.here.host.migrate_receive(host, journey.here.network.get_by_name_label("Management")[0], {})
    gold = journey.here.SR.get_by_name_label("SAN-gold")[0]
    before = journey.disks(vm)

    result = journey.here.VM.migrate_send(vm, dest, True, dict.fromkeys(before, gold), {}, {})

    assert result == vm
    assert journey.here.VM.get_resident_on(vm) == host
    assert {journey.here.VDI.get_SR(disk) for disk in journey.disks(vm)} == {gold}
    assert not set(before) & set(journey.here.VDI.get_all())
    journey.here.VM.hard_shutdown(vm)


def test_one_disk_moves_to_another_sr(journey: Journey) -> None:
    vm = journey.machine("one-disk")
    disk = journey.disks(vm)[0]
    snapshot = journey.here.VM.snapshot(vm, "before")
    gold = journey.here.SR.get_by_name_label("SAN-gold")[0]

    moved = journey.here.VDI.pool_migrate(disk, gold, {})

    assert journey.disks(vm) == [moved]
    assert journey.here.VDI.get_SR(moved) == gold
    assert {journey.here.VDI.get_snapshot_of(one) for one in journey.disks(snapshot)} == {moved}
    lonely = journey.here.VDI.copy(moved, gold)
    assert refusal(journey.here.VDI.pool_migrate, lonely, gold, {}) == ["VDI_NEEDS_VM_FOR_MIGRATE", lonely]


def test_a_machine_of_a_newer_release_does_not_go_to_an_older_one() -> None:
    with (
        embedded_pools("--speed", "50", "--version", "production=8.2") as pools,
        pools[0].plain_session() as here,
        pools[1].plain_session() as there,
    ):
        journey = Journey(pools, here, there)
        vm = journey.machine("from-the-future")
        dest = journey.dest()
        assert refusal(here.xenapi.VM.assert_can_migrate, *journey.arguments(vm)) == [
            "VM_HOST_INCOMPATIBLE_VERSION_MIGRATE",
            vm,
            dest["host"],
        ]


def test_a_machine_of_an_older_release_goes_to_a_newer_one() -> None:
    with (
        embedded_pools("--speed", "50", "--version", "test=8.2") as pools,
        pools[0].plain_session() as here,
        pools[1].plain_session() as there,
    ):
        journey = Journey(pools, here, there)
        vm = journey.machine("from-the-past")
        arrived = journey.here.VM.migrate_send(*journey.arguments(vm))

        assert journey.there.VM.get_groups(arrived) == []
        assert_whole(journey.there)


def test_the_golden_template_can_move_and_a_default_one_cannot(journey: Journey) -> None:
    default = journey.here.VM.get_by_name_label("Debian Bookworm 12")[0]

    assert (
        refusal(journey.here.VM.assert_can_migrate, default, journey.dest(), False, {}, {}, {})[0] == "VM_IS_TEMPLATE"
    )
    golden = journey.here.VM.get_by_name_label(GOLDEN)[0]
    assert journey.here.VM.assert_can_migrate(*journey.arguments(golden)) == ""
