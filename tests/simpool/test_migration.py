"""VMs that move with their storage: what they keep, and what both pools hold afterwards."""

import pytest
from embedded import embedded_pools
from fleet import GOLDEN, finished, until

from tests.simpool.journey import Journey, assert_whole, journey, pools, refusal

__all__ = ["journey", "pools"]


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


@pytest.mark.parametrize("how", ["hard_shutdown", "clean_shutdown"])
def test_a_machine_that_is_shut_down_on_its_way_arrives_halted(journey: Journey, how: str) -> None:
    vm = journey.running(f"stumbled by {how}")
    size = int(journey.here.VDI.get_physical_utilisation(journey.disks(vm)[0]))
    journey.pools[1].control("storage", sr="NFS-archive", bytes_per_s=size / 3600)
    task = journey.here.Async.VM.migrate_send(*journey.arguments(vm))
    until(journey.sessions[0], lambda: float(journey.here.task.get_progress(task)) > 0)

    getattr(journey.here.VM, how)(vm)
    journey.pools[1].control("clear")
    arrived = finished(journey.sessions[0], task)["result"].removeprefix("<value>").removesuffix("</value>")

    assert journey.there.VM.get_power_state(arrived) == "Halted"
    assert_whole(journey.there)


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
