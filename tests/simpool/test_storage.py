"""Disks, and the space that they take of their SR."""

from typing import Any

import pytest
from embedded import EmbeddedPool
from fleet import add_disk, disks, free_bytes, make_machine, make_running, until, vbd_fields

GIB = 1 << 30


@pytest.mark.parametrize(("sr", "expected"), [("SAN-gold", 10 * GIB), ("NFS-silver", 0)])
def test_a_new_disk_takes_its_size_on_blocks_and_little_in_files(
    fresh_pool: EmbeddedPool, sr: str, expected: int
) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_machine(session, "owner")
        before = free_bytes(session, sr)

        disk = add_disk(session, vm, sr, 10 * GIB)

        taken = before - free_bytes(session, sr)
        assert expected <= taken <= expected + GIB // 10
        assert int(session.xenapi.VDI.get_physical_utilisation(disk)) == taken
        session.xenapi.VDI.destroy(disk)
        assert free_bytes(session, sr) == before


def test_a_disk_larger_than_what_is_free_is_refused(session: Any, refusal: Any, recording: Any) -> None:
    gold = session.xenapi.SR.get_by_name_label("SAN-gold")[0]
    fields = {"name_label": "huge", "SR": gold, "virtual_size": str(10**15), "type": "user"}
    fields |= {"sharable": False, "read_only": False, "other_config": {}}

    details = refusal(session.xenapi.VDI.create, fields)

    assert details == recording("503_VDI_create_sr_full")["response"]["ErrorDescription"]


def test_no_disk_is_larger_than_its_format_allows(session: Any, refusal: Any) -> None:
    silver = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
    fields = {"name_label": "wide", "SR": silver, "type": "user", "sharable": False, "read_only": False}
    fields |= {"other_config": {}}
    largest = session.xenapi.VDI.create({**fields, "virtual_size": str(2040 << 30)})

    told = refusal(session.xenapi.VDI.create, {**fields, "virtual_size": str((2040 << 30) + 1)})

    assert told == [
        "SR_BACKEND_FAILURE_79",
        "",
        "VDI Invalid size [opterr=VDI size must be between 1 MB and 2088960 MB]",
        "",
    ]
    assert refusal(session.xenapi.VDI.create, {**fields, "virtual_size": "-1"}) == told
    assert refusal(session.xenapi.VDI.resize, largest, str(2041 << 30)) == told


def test_a_disk_in_use_cannot_be_destroyed(session: Any, refusal: Any) -> None:
    (disk,) = disks(session, make_running(session, "uses it"))

    assert refusal(session.xenapi.VDI.destroy, disk) == ["VDI_IN_USE", disk, "destroy"]


def test_a_destroyed_disk_takes_its_unattached_devices_along(session: Any) -> None:
    vm = make_machine(session, "loses a disk")
    (disk,) = disks(session, vm)

    session.xenapi.VDI.destroy(disk)

    assert disks(session, vm) == []


def test_a_destroyed_vm_leaves_its_disks(session: Any) -> None:
    vm = make_machine(session, "leaves")
    (disk,) = disks(session, vm)

    session.xenapi.VM.destroy(vm)

    assert session.xenapi.VDI.get_VBDs(disk) == []


def test_a_disk_can_only_grow(session: Any, refusal: Any) -> None:
    disk = add_disk(session, make_machine(session, "grows"), "NFS-silver", GIB)

    session.xenapi.VDI.resize(disk, str(2 * GIB))

    assert int(session.xenapi.VDI.get_virtual_size(disk)) == 2 * GIB
    assert refusal(session.xenapi.VDI.resize, disk, str(GIB))[0] == "SR_BACKEND_FAILURE_79"


def test_an_sr_says_what_its_disks_could_grow_to(session: Any) -> None:
    sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]

    add_disk(session, make_machine(session, "allocates"), "NFS-silver", 3 * GIB)

    record = session.xenapi.SR.get_record(sr)
    sizes = [int(session.xenapi.VDI.get_virtual_size(disk)) for disk in record["VDIs"]]
    assert int(record["virtual_allocation"]) == sum(sizes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"userdevice": "0"}, ["DEVICE_ALREADY_EXISTS", "0"]),
        ({"userdevice": "foo"}, ["INVALID_DEVICE", "foo"]),
        ({"empty": True}, ["VBD_NOT_REMOVABLE_MEDIA", "in constructor"]),
        ({"empty": True, "type": "CD"}, ["VBD_CDS_MUST_BE_READONLY"]),
    ],
)
def test_a_block_device_that_cannot_be_is_refused(
    session: Any, refusal: Any, fields: dict[str, object], expected: list[str]
) -> None:
    vm = make_machine(session, "wants a device")
    (disk,) = disks(session, vm)

    assert refusal(session.xenapi.VBD.create, vbd_fields(vm, disk, "7") | fields) == expected


def test_a_position_may_be_told_by_a_name(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "named its devices")
    (disk,) = disks(session, vm)
    second = session.xenapi.VDI.copy(disk)

    named = session.xenapi.VBD.create(vbd_fields(vm, second, "xvdc"))

    assert session.xenapi.VBD.get_userdevice(named) == "xvdc"
    assert "2" not in session.xenapi.VM.get_allowed_VBD_devices(vm)
    for clash in ("2", "hdc"):
        assert refusal(session.xenapi.VBD.create, vbd_fields(vm, second, clash)) == ["DEVICE_ALREADY_EXISTS", clash]
    session.xenapi.VM.start(vm, False, False)
    assert session.xenapi.VBD.get_device(named) == "xvdc"


def test_what_is_only_a_record_of_changes_is_no_disk(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "wants the past")
    (disk,) = disks(session, vm)
    session.xenapi.VDI.enable_cbt(disk)
    emptied = session.xenapi.VDI.snapshot(disk)
    session.xenapi.VDI.data_destroy(emptied)

    told = refusal(session.xenapi.VBD.create, vbd_fields(vm, emptied, "7", mode="RO"))

    assert told == ["VDI_INCOMPATIBLE_TYPE", emptied, "cbt_metadata"]


def test_a_machine_on_its_way_gets_no_disk(fresh_pool: EmbeddedPool, refusal: Any) -> None:
    with fresh_pool.plain_session() as session:
        vm = make_running(session, "leaving")
        (disk,) = disks(session, vm)
        host = next(
            one for one in session.xenapi.VM.get_possible_hosts(vm) if one != session.xenapi.VM.get_resident_on(vm)
        )
        fresh_pool.control("speed", factor=0.01)
        task = session.xenapi.Async.VM.pool_migrate(vm, host, {})
        until(session, lambda: session.xenapi.VM.get_current_operations(vm) == {task: "pool_migrate"})

        told = refusal(session.xenapi.VBD.create, vbd_fields(vm, disk, "7"))

    assert told == ["OTHER_OPERATION_IN_PROGRESS", "VM", vm, "pool_migrate", task]


def test_a_drive_takes_one_disc_at_a_time(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "has a drive")
    drive = next(vbd for vbd in session.xenapi.VM.get_VBDs(vm) if session.xenapi.VBD.get_type(vbd) == "CD")
    library = session.xenapi.SR.get_by_name_label("ISO library")[0]
    disc = session.xenapi.SR.get_VDIs(library)[0]

    session.xenapi.VBD.insert(drive, disc)

    assert refusal(session.xenapi.VBD.insert, drive, disc) == ["VBD_NOT_EMPTY", drive]
    session.xenapi.VBD.eject(drive)
    assert refusal(session.xenapi.VBD.eject, drive) == ["VBD_IS_EMPTY", drive]


def test_a_disk_can_be_plugged_into_a_running_vm_and_out_again(session: Any, refusal: Any) -> None:
    vm = make_running(session, "hot")
    disk = add_disk(session, vm, "NFS-silver", GIB, device="5")
    (vbd,) = session.xenapi.VDI.get_VBDs(disk)

    session.xenapi.VBD.plug(vbd)

    assert session.xenapi.VBD.get_device(vbd) == "xvdf"
    assert refusal(session.xenapi.VBD.destroy, vbd)[0] == "OPERATION_NOT_ALLOWED"
    session.xenapi.VBD.unplug(vbd)
    session.xenapi.VBD.destroy(vbd)
    assert session.xenapi.VDI.get_VBDs(disk) == []


def test_a_device_of_a_halted_vm_cannot_be_plugged(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "cold")
    vbd = session.xenapi.VM.get_VBDs(vm)[0]

    assert refusal(session.xenapi.VBD.plug, vbd) == ["VM_BAD_POWER_STATE", vm, "running", "halted"]
