"""What was done to the recorded pool between the recorded calls, told again.

A text like `@cc80f465` is the recorded reference that begins so.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recorded_replay import DEADLINE_S, NULL, Replay

Step = Callable[[Replay], None]

BRIEF = re.compile(r"@([0-9a-f]{8}|session)")
TOKEN_BEFORE_THE_LONG_POLL = "00000000000000004581,00000000000000000000"
TOKEN_OF_AN_IDLE_POOL = "00000000000000002167,00000000000000000000"
TOKEN_BEFORE_THE_END = "00000000000000004592,00000000000000000000"

SESSION = "@session"
"""The one that is open."""

MACHINE: Mapping[str, Any] = MappingProxyType(
    {
        **{"name_label": "rec-vm", "name_description": "", "user_version": "1", "is_a_template": False},
        **{"affinity": NULL, "memory_static_max": "1073741824", "memory_dynamic_max": "1073741824"},
        **{"memory_dynamic_min": "1073741824", "memory_static_min": "536870912", "VCPUs_params": {}},
        **{"VCPUs_max": "2", "VCPUs_at_startup": "2", "actions_after_shutdown": "destroy"},
        **{"actions_after_reboot": "restart", "actions_after_crash": "restart"},
        **dict.fromkeys(("PV_bootloader", "PV_kernel", "PV_ramdisk", "PV_args", "PV_bootloader_args"), ""),
        **{"PV_legacy_args": "", "HVM_boot_policy": "BIOS order", "HVM_boot_params": {"order": "cd"}},
        **{"platform": {"acpi": "1", "apic": "true", "pae": "true", "viridian": "true"}, "PCI_bus": ""},
        **{"other_config": {"mykey": "myval"}, "recommendations": ""},
    }
)
LOOSE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # What ran in the recorded VMs and on what was simulated; sizes on disk belong to its storage driver.
        "VM": frozenset(
            ("consoles", "domid", "last_booted_record", "VBDs", "VIFs", "guest_metrics", "last_boot_CPU_flags")
        ),
        "VM_metrics": frozenset(("memory_actual", "VCPUs_utilisation", "VCPUs_number", "last_updated")),
        "VDI": frozenset(("physical_utilisation", "location")),
        "SR": frozenset(("physical_utilisation", "virtual_allocation", "VDIs")),
        "network": frozenset(("VIFs",)),
        "task": frozenset(("backtrace",)),
    }
)
"""The fields of which only the type is compared, by class."""

INTERFACE: Mapping[str, Any] = MappingProxyType(
    {"MTU": "1500", "MAC": "", "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}}
)
DISK: Mapping[str, Any] = MappingProxyType(
    {
        **{"name_label": "d", "name_description": "", "virtual_size": "1073741824", "type": "user"},
        **{"sharable": False, "read_only": False, "other_config": {}},
    }
)
DRIVE: Mapping[str, Any] = MappingProxyType(
    {
        **{"userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "empty": False, "unpluggable": True},
        **{"other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}},
    }
)


def do(method: str, *params: Any) -> Step:
    """Make a call."""

    def step(replay: Replay) -> None:
        replay.call(method, *_full(replay, list(params)))

    return step


def make(head: str, method: str, *params: Any) -> Step:
    """Make a call whose result has the part of a recorded reference."""

    def step(replay: Replay) -> None:
        replay.bind(_full(replay, head), replay.call(method, *_full(replay, list(params))))

    return step


def find(head: str, cls: str, **wanted: Any) -> Step:
    """Let the one object whose fields have these values have the part of a recorded one."""

    def step(replay: Replay) -> None:
        replay.bind(_full(replay, head), _found(replay, cls, wanted))

    return step


def stand_in(head: str, cls: str, **wanted: Any) -> Step:
    """Let an object have the part of a recorded one although it need not be like it."""

    def step(replay: Replay) -> None:
        found = _found(replay, cls, wanted)
        replay.bind(_full(replay, head), found, is_alike=False)

    return step


def mark(token: str) -> Step:
    """Let a recorded token stand for now."""

    def step(replay: Replay) -> None:
        replay.bind(token, replay.call("event.from", _full(replay, SESSION), ["pool"], "", 0.0)["token"])

    return step


def settle(head: str) -> Step:
    """Wait until a task is over."""

    def step(replay: Replay) -> None:
        deadline = time.monotonic() + DEADLINE_S
        task = _full(replay, head)
        while replay.call("task.get_status", _full(replay, SESSION), task) == "pending":
            assert time.monotonic() < deadline, f"{task} does not end"

    return step


def reported(vm: str) -> Step:
    """Wait until the agent of a VM has reported."""

    def step(replay: Replay) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while replay.call("VM.get_guest_metrics", *_full(replay, [SESSION, vm])) == NULL:
            assert time.monotonic() < deadline, f"{vm} does not report"

    return step


def metrics(head: str, vm: str) -> Step:
    """Let the metrics of a VM have the part of recorded ones."""

    def step(replay: Replay) -> None:
        replay.bind(_full(replay, head), replay.call("VM.get_metrics", *_full(replay, [SESSION, vm])))

    return step


def note(vm: str, name: str, body: str) -> Step:
    """Leave a message about a VM."""

    def step(replay: Replay) -> None:
        uuid = replay.call("VM.get_uuid", *_full(replay, [SESSION, vm]))
        replay.call("message.create", _full(replay, SESSION), name, "5", "VM", uuid, body)

    return step


def seed(vm: str, value: str) -> Step:
    """Let a VM have the recorded seed of its addresses."""

    def step(replay: Replay) -> None:
        replay.call("VM.remove_from_other_config", *_full(replay, [SESSION, vm, "mac_seed"]))
        replay.call("VM.add_to_other_config", *_full(replay, [SESSION, vm, "mac_seed", value]))
        replay.seeded.add(_full(replay, vm))

    return step


def log_in(head: str) -> Step:
    """Let another session be the one that is open."""

    def step(replay: Replay) -> None:
        make(head, "session.login_with_password", "root", "xapi-local")(replay)
        replay.session = _full(replay, head)

    return step


def _found(replay: Replay, cls: str, wanted: Mapping[str, Any]) -> str:
    records = replay.call(f"{cls}.get_all_records", _full(replay, SESSION))
    fields = replay.ours(_full(replay, dict(wanted)))
    found = [ref for ref, record in records.items() if fields.items() <= record.items()]
    assert len(found) == 1, (cls, wanted, len(found))
    return str(found[0])


def storage(head: str, name: str, driver: str, content: str, size: int) -> Step:
    """Make an SR; the one for discs need not be like the recorded one."""
    details = (name, "", driver, content, driver == "nfs", {})

    def step(replay: Replay) -> None:
        arguments = _full(replay, [SESSION, "@264a9978", {"device": "/dev/sdb"}, str(size), *details])
        replay.bind(_full(replay, head), replay.call("SR.create", *arguments), is_alike=content != "iso")

    return step


def _full(replay: Replay, value: Any) -> Any:
    return json.loads(BRIEF.sub(lambda found: replay.full(found[1]), json.dumps(value)))


def machine(**fields: Any) -> dict[str, Any]:
    return {**MACHINE, **fields}


def interface(vm: str, device: str, network: str = "@cc80f465", **fields: Any) -> dict[str, Any]:
    return {**INTERFACE, "VM": vm, "device": device, "network": network, **fields}


BEFORE: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "010_Bond_get_all_records": (
            stand_in("@264a9978", "host"),
            stand_in("@7cf12ebd", "pool"),
            stand_in("@04c6cfe2", "PIF", physical=True),
            stand_in("@c83bdf51", "network", name_label="Management"),
            stand_in("@6bf79321", "network", bridge="xenapi"),
            storage("@7b31548c", "ISOs", "iso", "iso", 4 << 30),
            storage("@0acbcd0b", "Local storage", "ext", "user", 500 << 30),
            storage("@19b8ff36", "Small LVM", "lvm", "user", 500 << 30),
            storage("@2986b5b8", "NFS virtual disk storage", "nfs", "user", 500 << 30),
            stand_in("@24822f30", "PBD", SR="@2986b5b8"),
            do("Async.PBD.plug", SESSION, "@24822f30"),
            do("VDI.create", SESSION, {**DISK, "name_label": "debian-12.iso", "SR": "@7b31548c", "read_only": True}),
            stand_in("@d720402e", "VDI", name_label="debian-12.iso"),
            find("@0b6fd37a", "VM", name_label="Other install media"),
        ),
        "101_network_get_record": (
            make(
                "@cc80f465",
                "network.create",
                SESSION,
                {
                    **{"name_label": "rec-net", "name_description": "a desc", "MTU": "1500"},
                    **{"other_config": {"k": "v"}, "tags": ["t1"]},
                },
            ),
        ),
        "220_VM_add_to_other_config": (seed("@32d183d0", "44d572a2-a75f-726e-9d73-a858059ee097"),),
        "118_network_destroy": (make("@25a3232f", "network.create", SESSION, {"other_config": {}}),),
        "223b_VIF_create_autogen_without_mac_seed": (
            make("@940165d9", "VM.create", SESSION, machine()),
            do("VM.set_other_config", SESSION, "@940165d9", {"a": "1", "b": "2"}),
        ),
        "229c_VM_get_by_name_label": (do("VM.set_name_label", SESSION, "@32d183d0", "rec-vm"),),
        "304_VIF_create_device_exists": (
            make("@fc7db932", "VIF.create", SESSION, interface("@32d183d0", "1", MAC="00:16:3E:AB:cd:01")),
        ),
        "306b_VIF_destroy": (make("@ff0ce801", "VIF.create", SESSION, interface("@32d183d0", "4")),),
        "308_VIF_create_device_invalid": (
            make("@9eba21e3", "VIF.create", SESSION, interface("@32d183d0", "2", MAC="00:16:3e:ab:cd:01")),
        ),
        "319_network_destroy_with_vif_of_halted_vm": (
            make("@eff7880c", "VM.create", SESSION, machine(name_label="rec-vifvm")),
            make("@1f870e30", "network.create", SESSION, {"other_config": {}}),
            do("VIF.create", SESSION, interface("@eff7880c", "0", "@1f870e30")),
        ),
        "402_VIF_of_clone_0": tuple(
            find(head, "VIF", VM="@b1776810", device=device)
            for head, device in (("@8d87554d", "0"), ("@b3722675", "1"), ("@f0b556b2", "2"), ("@7f738c97", "99"))
        ),
        "404_VIF_of_copy_0": (
            make("@b6111adf", "VM.copy", SESSION, "@32d183d0", "rec-copy", NULL),
            find("@58e50a56", "VIF", VM="@b6111adf", device="0"),
            find("@699f3c5a", "VIF", VM="@b6111adf", device="99"),
        ),
        "406b_VIF_seeded_1": (
            make(
                "@94e5ffc1",
                "VM.create",
                SESSION,
                machine(name_label="rec-seed", other_config={"mac_seed": "11111111-1111-1111-1111-111111111111"}),
            ),
            seed("@94e5ffc1", "11111111-1111-1111-1111-111111111111"),
            make("@f379e99e", "VIF.create", SESSION, interface("@94e5ffc1", "0")),
            make("@d1d77491", "VIF.create", SESSION, interface("@94e5ffc1", "2")),
        ),
        "406f_VIF_seeded_clone_0": tuple(
            find(head, "VIF", VM="@c27d4184", device=device)
            for head, device in (("@832ac98b", "0"), ("@078408c6", "1"), ("@da4effa6", "2"))
        ),
        "520_VBD_insert_nonempty": (do("VBD.insert", SESSION, "@3a257108", "@d720402e"),),
        "802_VM_start": (
            make("@2fb37f00", "VDI.create", SESSION, {**DISK, "SR": "@0acbcd0b"}),
            do("VBD.create", SESSION, {**DRIVE, "VM": "@32d183d0", "VDI": "@2fb37f00"}),
        ),
        "814_VM_suspend": (reported("@32d183d0"),),
        "815b_VM_get_record_resumed": (reported("@32d183d0"),),
        "816_VM_clean_reboot": (reported("@32d183d0"),),
        "818c_VM_start_on": (
            reported("@32d183d0"),
            do("VM.clean_shutdown", SESSION, "@32d183d0"),
        ),
        "901_task_record_1": (
            make("@d5511b03", "Async.VM.clone", SESSION, "@32d183d0", "rec-async-clone"),
            settle("@d5511b03"),
        ),
        "903_task_record_failed": (settle("@35bdb3ec"),),
        "905_task_network_create": (settle("@c8900d95"),),
        "950_event_from_longpoll_after_change": (
            make("@85a03b13", "network.create", SESSION, {"name_label": "lp", "other_config": {}}),
            mark(TOKEN_BEFORE_THE_LONG_POLL),
            do("network.set_name_description", SESSION, "@85a03b13", "changed by other"),
        ),
        "951_event_from_timeout": (mark(TOKEN_OF_AN_IDLE_POOL),),
        "952_event_from_mod_then_del": (
            make("@3601df52", "network.create", SESSION, {"name_label": "ev2", "other_config": {}}),
            mark(TOKEN_BEFORE_THE_END),
            do("network.set_name_label", SESSION, "@3601df52", "ev2b"),
            do("network.destroy", SESSION, "@3601df52"),
        ),
        "953_event_from_add_then_mod": (
            make("@f770c9b1", "network.create", SESSION, {"name_label": "ev3", "other_config": {}}),
            do("network.add_tags", SESSION, "@f770c9b1", "x"),
        ),
        "955_event_from_int_timeout": (
            do("network.set_MTU", SESSION, "@cc80f465", "9000"),
            do("network.set_other_config", SESSION, "@cc80f465", {"a": "1"}),
        ),
        "A10_set_memory_static_max_low": (
            log_in("@d4d59237"),
            make("@31bf3a83", "VM.create", "@d4d59237", machine(name_label="rec2-vm", platform={}, other_config={})),
        ),
        "A29b_start_template": (
            make(
                "@e169b9db",
                "VM.create",
                "@d4d59237",
                machine(name_label="toggle", platform={}, other_config={}),
            ),
            do("VM.set_is_a_template", "@d4d59237", "@e169b9db", True),
        ),
        "A29d_VM_record_after_toggle_metrics_null": (do("VM.set_is_a_template", "@d4d59237", "@e169b9db", False),),
        "A30_network_get_record_field_VIFs": (
            make("@5753ff59", "network.create", "@d4d59237", {"name_label": "rec2-net", "other_config": {}}),
        ),
        "A40b_PIF_of_VLAN": (stand_in("@2f6f2f39", "PIF", network="@5753ff59"),),
        "A43b_VLAN_create_dup_tag_other_network": (
            make("@05979a03", "network.create", "@d4d59237", {"name_label": "other", "other_config": {}}),
        ),
        "A51_VDI_create_unplugged": (do("PBD.unplug", "@d4d59237", "@24822f30"),),
        "A57_SR_introduce_dup_uuid": (
            do(
                "SR.introduce",
                "@d4d59237",
                "aaaaaaaa-0000-4000-8000-000000000001",
                *("intro", "", "nfs", "user", True, {}),
            ),
        ),
        "A60_VBD_plug_halted": (
            make("@2e3fb67f", "VDI.create", "@d4d59237", {**DISK, "SR": "@0acbcd0b"}),
            make("@17afbb0c", "VBD.create", "@d4d59237", {**DRIVE, "VM": "@31bf3a83", "VDI": "@2e3fb67f"}),
        ),
        "A61_VDI_destroy_attached": (do("VM.start", "@d4d59237", "@31bf3a83", False, False),),
        "A65_VM_metrics": (do("VBD.plug", SESSION, "@17afbb0c"), metrics("@3068e643", "@31bf3a83")),
        "A68_VBD_create_same_VDI_second_VM": (
            make("@56fdfe8a", "VM.create", "@d4d59237", machine(name_label="second", platform={}, other_config={})),
        ),
        "A78_VM_destroy": (do("VM.hard_shutdown", "@d4d59237", "@31bf3a83"),),
        "A82_message_get_all_records": (note("@56fdfe8a", "MY_MSG", "body text"),),
        "B13_VM_get_all_records_where_and": (
            do("VM.set_name_label", SESSION, "@56fdfe8a", "x" * 5000),
            do("VM.set_tags", SESSION, "@56fdfe8a", [""]),
            do("VM.set_blocked_operations", SESSION, "@940165d9", {"destroy": "no", "clean_shutdown": ""}),
        ),
        "B00_event_from_other_session_logout_prep": (
            make("@eabd5e47", "session.login_with_password", "root", "xapi-local"),
        ),
    }
)
