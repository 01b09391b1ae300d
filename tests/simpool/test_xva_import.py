"""VMs from files: what comes back, and as what."""

from typing import Any

import pytest
from embedded import EmbeddedPool
from xva_files import MIB, Export, Import, addresses, contents, described, disks


@pytest.mark.parametrize("compression", ["", "true", "gzip", "zstd", "nonsense"])
def test_an_exported_vm_comes_back_equal(
    pool: EmbeddedPool,
    session: Any,
    machine: str,
    export: Export,
    put: Import,
    compression: str,
) -> None:
    data = export(machine, use_compression=compression)
    heads = {"true": b"\x1f\x8b", "gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
    assert data.startswith(heads.get(compression, b"ova.xml"))

    imported = put(data)

    (vm,) = imported.vms
    assert described(session, vm) == described(session, machine)
    assert contents(pool, session, vm) == contents(pool, session, machine)
    record, original = (
        session.xenapi.VM.get_record(vm),
        session.xenapi.VM.get_record(machine),
    )
    assert record["uuid"] != original["uuid"]
    assert record["version"] == "0"
    assert record["other_config"]["mac_seed"] != original["other_config"]["mac_seed"]
    assert record["other_config"]["import_task"] == imported.task
    assert record["generation_id"] != original["generation_id"] or not original["generation_id"]
    assert not set(addresses(session, vm).values()) & set(addresses(session, machine).values())
    assert (record["power_state"], record["current_operations"]) == ("Halted", {})
    assert "start" in record["allowed_operations"]
    assert imported.record["other_config"]["object_creation"] == "complete"
    assert session.xenapi.VM.get_current_operations(machine) == {}


def test_the_disks_go_to_the_sr_that_is_named(session: Any, machine: str, export: Export, put: Import) -> None:
    data, gold = export(machine), session.xenapi.SR.get_by_name_label("SAN-gold")[0]

    (first,) = put(data, sr_id=gold).vms
    (second,) = put(data, sr_uuid=session.xenapi.SR.get_uuid(gold)).vms
    (third,) = put(data).vms

    default = session.xenapi.pool.get_default_SR(session.xenapi.pool.get_all()[0])
    places = [{session.xenapi.VDI.get_SR(vdi) for vdi in disks(session, vm)} for vm in (first, second, third)]
    assert places == [{gold}, {gold}, {default}]


def test_a_restored_vm_is_the_one_it_was(
    pool: EmbeddedPool, session: Any, machine: str, export: Export, put: Import
) -> None:
    before, macs = session.xenapi.VM.get_record(machine), addresses(session, machine)
    data, sums = export(machine), contents(pool, session, machine)
    for vdi in disks(session, machine):
        session.xenapi.VDI.destroy(vdi)
    session.xenapi.VM.destroy(machine)

    (vm,) = put(data, restore="true").vms

    after = session.xenapi.VM.get_record(vm)
    assert after["uuid"] == before["uuid"]
    assert after["other_config"]["mac_seed"] == before["other_config"]["mac_seed"]
    assert addresses(session, vm) == macs
    assert after["version"] == str(int(before["version"]) + 1)
    assert contents(pool, session, vm) == sums


def test_restoring_over_a_vm_needs_a_newer_version_or_force(
    session: Any, machine: str, export: Export, put: Import
) -> None:
    data = export(machine)

    assert put(data, restore="true").error == [
        "VM_TO_IMPORT_IS_NOT_NEWER_VERSION",
        machine,
        "0",
        "0",
    ]
    session.xenapi.VM.get_record(machine)
    uuid = session.xenapi.VM.get_uuid(machine)
    (vm,) = put(data, restore="true", force="true").vms

    assert vm != machine
    assert session.xenapi.VM.get_by_uuid(uuid) == vm


def test_restoring_over_a_running_vm_is_refused(session: Any, machine: str, export: Export, put: Import) -> None:
    data = export(machine)
    session.xenapi.VM.start(machine, False, False)

    assert put(data, restore="true").error == [
        "VM_BAD_POWER_STATE",
        machine,
        "Halted",
        "Running",
    ]
    session.xenapi.VM.hard_shutdown(machine)


def test_restoring_beside_a_vm_with_the_same_seed_is_refused(
    session: Any, machine: str, export: Export, put: Import
) -> None:
    data, seed = (
        export(machine),
        session.xenapi.VM.get_other_config(machine)["mac_seed"],
    )
    (stranger,) = put(data).vms
    session.xenapi.VM.destroy(machine)
    session.xenapi.VM.remove_from_other_config(stranger, "mac_seed")
    session.xenapi.VM.add_to_other_config(stranger, "mac_seed", seed)

    assert put(data, restore="true").error == ["DUPLICATE_MAC_SEED", seed]


def test_networks_are_found_by_name_then_by_bridge_and_made_otherwise(
    session: Any, machine: str, export: Export, put: Import
) -> None:
    api = session.xenapi
    fields = {"other_config": {}, "name_description": "", "MTU": "1400"}
    named, bridged, gone = (api.network.create({**fields, "name_label": f"travel {name}"}) for name in "abc")
    for device, network in enumerate((named, bridged, gone), start=2):
        api.VIF.create(
            {
                "VM": machine,
                "network": network,
                "device": str(device),
                "MAC": "",
                "MTU": "1400",
                "other_config": {},
                "qos_algorithm_type": "",
                "qos_algorithm_params": {},
            }
        )
    data = export(machine)
    api.network.set_name_label(bridged, "renamed")
    bridge = api.network.get_bridge(gone)
    api.network.destroy(gone)

    imported = put(data)

    (vm,) = imported.vms
    rows = {row["device"]: row for row in (api.VIF.get_record(vif) for vif in api.VM.get_VIFs(vm))}
    assert [rows[device]["network"] for device in "23"] == [named, bridged]
    made = api.network.get_record(rows["4"]["network"])
    assert (made["name_label"], made["bridge"], made["PIFs"], made["MTU"]) == (
        "travel c",
        bridge,
        [],
        "1400",
    )
    assert made["other_config"] == {"import_task": imported.task}


def test_a_snapshot_comes_back_as_a_template(session: Any, machine: str, export: Export, put: Import) -> None:
    snapshot = session.xenapi.VM.snapshot(machine, "then")

    (vm,) = put(export(snapshot)).vms

    record = session.xenapi.VM.get_record(vm)
    assert (
        record["is_a_template"],
        record["is_a_snapshot"],
        record["snapshot_of"],
    ) == (True, False, "OpaqueRef:NULL")


def test_a_suspended_vm_travels_suspended_where_it_is_wanted(
    session: Any, machine: str, export: Export, put: Import
) -> None:
    api = session.xenapi
    api.VM.set_memory_limits(machine, str(64 * MIB), str(64 * MIB), str(64 * MIB), str(64 * MIB))
    api.VM.start(machine, False, False)
    while api.VM.get_guest_metrics(machine) == "OpaqueRef:NULL":
        pass
    api.VM.suspend(machine)

    (asleep,) = put(export(machine, preserve_power_state="true")).vms
    (halted,) = put(export(machine)).vms

    assert [api.VM.get_power_state(vm) for vm in (asleep, halted)] == [
        "Suspended",
        "Halted",
    ]
    assert api.VDI.get_type(api.VM.get_suspend_VDI(asleep)) == "suspend"
    api.VM.resume(asleep, False, False)
    assert api.VM.get_power_state(asleep) == "Running"
    for vm in (asleep, machine):
        api.VM.hard_shutdown(vm)
