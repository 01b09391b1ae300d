"""VMs for the tests of the pool's behaviour, made over the wire like everything else there."""

import time
from collections.abc import Callable
from typing import Any

GOLDEN = "Debian 12 golden"
DEADLINE_S = 60.0


def make_machine(session: Any, name: str, *, template: str = GOLDEN) -> str:
    """Return a halted VM of its own, with one disk of 10 GiB on the file SR and one interface."""
    source = session.xenapi.VM.get_by_name_label(template)[0]
    vm: str = session.xenapi.VM.clone(source, name)
    session.xenapi.VM.set_is_a_template(vm, False)
    return vm


def make_running(session: Any, name: str) -> str:
    """Return a VM that runs and whose agent has reported."""
    vm = make_machine(session, name)
    session.xenapi.VM.start(vm, False, False)
    until(session, lambda: "clean_shutdown" in session.xenapi.VM.get_allowed_operations(vm))
    return vm


def add_disk(session: Any, vm: str, sr_name: str, size_bytes: int, device: str = "1") -> str:
    """Give a VM another disk and return it."""
    vdi: str = session.xenapi.VDI.create(
        {
            "name_label": f"disk {device}",
            "SR": session.xenapi.SR.get_by_name_label(sr_name)[0],
            "virtual_size": str(size_bytes),
            "type": "user",
            "sharable": False,
            "read_only": False,
            "other_config": {},
        }
    )
    session.xenapi.VBD.create(vbd_fields(vm, vdi, device))
    return vdi


def vbd_fields(vm: str, vdi: str, device: str, **others: object) -> dict[str, object]:
    return {
        "VM": vm,
        "VDI": vdi,
        "userdevice": device,
        "bootable": False,
        "mode": "RW",
        "type": "Disk",
        "empty": False,
        "other_config": {},
        "qos_algorithm_type": "",
        "qos_algorithm_params": {},
        **others,
    }


def vif_fields(vm: str, network: str, device: str, **others: object) -> dict[str, object]:
    return {
        "VM": vm,
        "network": network,
        "device": device,
        "MAC": "",
        "MTU": "1500",
        "other_config": {},
        "qos_algorithm_type": "",
        "qos_algorithm_params": {},
        **others,
    }


def disks(session: Any, vm: str) -> list[str]:
    """Return the disks of a VM in the order of their devices."""
    rows = [session.xenapi.VBD.get_record(vbd) for vbd in session.xenapi.VM.get_VBDs(vm)]
    rows.sort(key=lambda row: int(row["userdevice"]))
    return [row["VDI"] for row in rows if row["type"] == "Disk"]


def free_bytes(session: Any, sr_name: str) -> int:
    row = session.xenapi.SR.get_record(session.xenapi.SR.get_by_name_label(sr_name)[0])
    return int(row["physical_size"]) - int(row["physical_utilisation"])


def host_named(session: Any, name: str) -> str:
    found: str = session.xenapi.host.get_by_name_label(name)[0]
    return found


def until(session: Any, condition: Callable[[], bool], classes: tuple[str, ...] = ("*",)) -> None:
    """Wait for a condition, asking again after each change on the pool."""
    token, deadline = "", time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the pool did not get there"
        token = _watch(session, classes, token) if token else _now(session)


def finished(session: Any, task: str) -> dict[str, Any]:
    """Wait for a task and return its record."""
    until(session, lambda: session.xenapi.task.get_status(task) != "pending")
    record: dict[str, Any] = session.xenapi.task.get_record(task)
    return record


def _now(session: Any) -> str:
    token: str = session.xenapi.event.inject("pool", session.xenapi.pool.get_all()[0])
    return token


def _watch(session: Any, classes: tuple[str, ...], token: str) -> str:
    following: str = getattr(session.xenapi.event, "from")(list(classes), token, 2.0)["token"]
    return following
