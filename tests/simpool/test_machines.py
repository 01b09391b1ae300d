"""VMs as objects: created, set up, put into vApps, destroyed; and messages about them."""

from typing import Any

import pytest
from fleet import disks, make_machine, make_running

GIB = 1 << 30

FIELDS = {
    "name_label": "made by hand",
    "user_version": "1",
    "is_a_template": False,
    "affinity": "OpaqueRef:NULL",
    "memory_static_max": str(GIB),
    "memory_dynamic_max": str(GIB),
    "memory_dynamic_min": str(GIB),
    "memory_static_min": str(GIB // 2),
    "VCPUs_params": {},
    "VCPUs_max": "2",
    "VCPUs_at_startup": "2",
    "actions_after_shutdown": "destroy",
    "actions_after_reboot": "restart",
    "actions_after_crash": "restart",
    "PV_bootloader": "",
    "PV_kernel": "",
    "PV_ramdisk": "",
    "PV_args": "",
    "PV_bootloader_args": "",
    "PV_legacy_args": "",
    "HVM_boot_policy": "BIOS order",
    "HVM_boot_params": {"order": "cd"},
    "platform": {},
    "PCI_bus": "",
    "other_config": {},
    "recommendations": "",
}


def test_a_created_vm_is_halted_and_has_a_seed_for_its_addresses(session: Any) -> None:
    record = session.xenapi.VM.get_record(session.xenapi.VM.create(FIELDS))

    assert record["power_state"] == "Halted"
    assert record["other_config"]["mac_seed"]
    assert record["domain_type"] == "hvm"
    assert record["domid"] == "-1"
    assert record["metrics"] != "OpaqueRef:NULL"
    assert "start" in record["allowed_operations"]


def test_a_created_vm_looks_like_a_real_one(session: Any, recording: Any) -> None:
    theirs = recording("214_VM_get_record_template")["response"]["Value"]

    ours = session.xenapi.VM.get_record(session.xenapi.VM.create(FIELDS | {"is_a_template": True}))

    for name in ("domid", "memory_overhead", "hardware_platform_version", "generation_id", "power_state", "version"):
        assert ours[name] == theirs[name], name
    assert set(ours["allowed_operations"]) == set(theirs["allowed_operations"])


def test_a_default_template_cannot_be_destroyed(session: Any, refusal: Any) -> None:
    template = session.xenapi.VM.get_by_name_label("Rocky Linux 9")[0]

    assert refusal(session.xenapi.VM.destroy, template) == ["VM_CANNOT_DELETE_DEFAULT_TEMPLATE"]


def test_a_running_vm_cannot_be_destroyed(session: Any, refusal: Any) -> None:
    vm = make_running(session, "alive")

    assert refusal(session.xenapi.VM.destroy, vm) == ["VM_BAD_POWER_STATE", vm, "halted, suspended", "running"]


def test_a_destroyed_vm_takes_its_devices_along(session: Any) -> None:
    vm = make_machine(session, "goes")
    record = session.xenapi.VM.get_record(vm)

    session.xenapi.VM.destroy(vm)

    assert vm not in session.xenapi.VM.get_all()
    assert not set(record["VIFs"]) & set(session.xenapi.VIF.get_all())
    assert not set(record["VBDs"]) & set(session.xenapi.VBD.get_all())
    assert record["metrics"] not in session.xenapi.VM_metrics.get_all()


@pytest.mark.parametrize(
    ("message", "values", "expected"),
    [
        ("set_memory_static_max", ["1"], ["MEMORY_CONSTRAINT_VIOLATION_ORDER"]),
        ("set_memory_dynamic_range", [str(2 * GIB), str(GIB)], ["MEMORY_CONSTRAINT_VIOLATION_ORDER"]),
        ("set_memory_limits", [str(n * GIB) for n in (2, 1, 1, 1)], ["MEMORY_CONSTRAINT_VIOLATION_ORDER"]),
        (
            "set_VCPUs_max",
            ["0"],
            ["INVALID_VALUE", "VCPU values must satisfy: 0 < VCPUs_at_startup \u2264 VCPUs_max", "0"],
        ),
        ("set_ha_restart_priority", ["sometimes"], ["INVALID_VALUE", "ha_restart_priority", "sometimes"]),
        ("set_order", ["-1"], ["INVALID_VALUE", "order", "-1"]),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    session: Any, refusal: Any, message: str, values: list[str], expected: list[str]
) -> None:
    vm = make_machine(session, "set up wrongly")

    assert refusal(getattr(session.xenapi.VM, message), vm, *values) == expected


@pytest.mark.parametrize("message", ["set_memory_static_max", "set_VCPUs_max"])
def test_the_size_of_a_running_vm_is_fixed(session: Any, refusal: Any, message: str) -> None:
    vm = make_running(session, f"fixed against {message}")

    details = refusal(getattr(session.xenapi.VM, message), vm, str(4 * GIB))

    assert details == ["VM_BAD_POWER_STATE", vm, "halted", "running"]


def test_a_running_vm_cannot_become_a_template(session: Any, refusal: Any) -> None:
    vm = make_running(session, "no template")

    assert refusal(session.xenapi.VM.set_is_a_template, vm, True)[0] == "VM_BAD_POWER_STATE"


def test_a_vapp_starts_and_stops_its_vms(session: Any, refusal: Any) -> None:
    appliance = session.xenapi.VM_appliance.create({"name_label": "vApp", "name_description": ""})
    assert refusal(session.xenapi.VM_appliance.start, appliance, False) == [
        "OPERATION_NOT_ALLOWED",
        "Appliance has no VMs.",
    ]
    vms = [make_machine(session, f"part {number}") for number in range(2)]
    for order, vm in enumerate(vms):
        session.xenapi.VM.set_appliance(vm, appliance)
        session.xenapi.VM.set_order(vm, str(order))

    session.xenapi.VM_appliance.start(appliance, False)

    assert [session.xenapi.VM.get_power_state(vm) for vm in vms] == ["Running"] * 2
    session.xenapi.VM_appliance.hard_shutdown(appliance)
    assert [session.xenapi.VM.get_power_state(vm) for vm in vms] == ["Halted"] * 2
    details = refusal(session.xenapi.VM.set_is_a_template, vms[0], True)
    assert details == ["VM_IS_PART_OF_AN_APPLIANCE", vms[0], appliance]
    session.xenapi.VM_appliance.destroy(appliance)
    assert session.xenapi.VM.get_appliance(vms[0]) == "OpaqueRef:NULL"


def test_a_message_is_about_an_object_that_exists(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "talked about")
    uuid = session.xenapi.VM.get_uuid(vm)

    message = session.xenapi.message.create("PROMOTED", "5", "VM", uuid, "shop 1.3.0 went to production")

    record = session.xenapi.message.get_record(message)
    assert (record["name"], record["priority"], record["obj_uuid"]) == ("PROMOTED", "5", uuid)
    details = refusal(session.xenapi.message.create, "LOST", "5", "VM", "no such uuid", "")
    assert details == ["UUID_INVALID", "VM", "no such uuid"]


def test_messages_can_be_asked_for_by_object_and_destroyed(session: Any) -> None:
    uuid = session.xenapi.VM.get_uuid(make_machine(session, "talked about once"))
    message = session.xenapi.message.create("NOTE", "5", "VM", uuid, "")

    assert list(session.xenapi.message.get("VM", uuid, "19700101T00:00:00Z")) == [message]
    session.xenapi.message.destroy(message)
    assert session.xenapi.message.get("VM", uuid, "19700101T00:00:00Z") == {}


def test_a_vm_with_a_disk_that_forgets_cannot_be_snapshotted(session: Any, refusal: Any) -> None:
    vm = make_machine(session, "forgetful")
    session.xenapi.VDI.set_on_boot(disks(session, vm)[0], "reset")

    details = refusal(session.xenapi.VM.snapshot, vm, "never", [])

    assert details == ["VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"]
    assert "snapshot" not in session.xenapi.VM.get_allowed_operations(vm)
