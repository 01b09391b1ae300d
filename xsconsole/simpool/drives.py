"""VBDs: the disks and drives of VMs."""

from collections.abc import Mapping
from typing import Any

from xsconsole.simpool import chains, devices, lifecycle
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool

DEVICES = 255
_PLUG_S = 0.1
_ATTACHABLE = frozenset(("system", "user", "ephemeral", "suspend", "crashdump", "metadata", "rrd", "pvs_cache"))


async def create(call: Call, args: Mapping[str, Any]) -> str:
    pool, db = call.pool, call.pool.db
    fields = dict(args)
    vm, device = fields["VM"], fields["userdevice"]
    db.row("VM", vm)
    if fields["empty"] and fields["type"] == "Disk":
        raise XapiError("VBD_NOT_REMOVABLE_MEDIA", "in constructor")
    if fields["type"] == "CD" and fields["mode"] != "RO":
        raise XapiError("VBD_CDS_MUST_BE_READONLY")
    if fields["empty"]:
        fields["VDI"] = NULL
    else:
        kind = db.row("VDI", fields["VDI"])["type"]
        if kind not in _ATTACHABLE:
            raise XapiError("VDI_INCOMPATIBLE_TYPE", fields["VDI"], kind)
        if fields["mode"] == "RW" and fields["type"] == "Disk" and db.get("VDI", fields["VDI"], "read_only"):
            raise XapiError("VDI_READONLY", fields["VDI"])
    _assert_still(db.row("VM", vm), vm)
    if device == "autodetect":
        device = _allowed_devices(pool, vm)[0]
    position = devices.position(device)
    if position is None or position >= DEVICES:
        raise XapiError("INVALID_DEVICE", device)
    if position in devices.taken_positions(pool, vm):
        raise XapiError("DEVICE_ALREADY_EXISTS", device)
    is_suspended = db.get("VM", vm, "power_state") == lifecycle.SUSPENDED
    fields["currently_attached"] = bool(fields.get("currently_attached")) and is_suspended
    fields["userdevice"] = device
    vbd = devices.add(pool, "VBD", **fields)
    refresh_machine(pool, vm)
    return vbd


async def destroy(call: Call, vbd: str) -> None:
    db, row = call.pool.db, call.pool.db.row("VBD", vbd)
    vm, vdi = row["VM"], row["VDI"]
    if row["currently_attached"]:
        words = f"VBD '{row['uuid']}' still attached to '{db.get('VM', vm, 'uuid')}'"
        raise XapiError("OPERATION_NOT_ALLOWED", words)
    devices.remove(call.pool, "VBD", vbd)
    refresh_machine(call.pool, vm)
    call.pool.refresh_allowed_operations("VDI", vdi)


async def plug(call: Call, vbd: str) -> None:
    db, vm = call.pool.db, _running_machine(call.pool, vbd)
    row = db.row("VBD", vbd)
    if row["currently_attached"]:
        raise XapiError("DEVICE_ALREADY_ATTACHED", vbd)
    if row["VDI"] != NULL and row["mode"] == "RW" and _is_elsewhere(call.pool, vbd):
        raise XapiError("VDI_IN_USE", row["VDI"])
    await call.spend(_PLUG_S, can_cancel=False)
    if row["mode"] == "RW":
        chains.mark_written(call.pool, row["VDI"])
    db.set("VBD", vbd, currently_attached=True, device=devices.guest_name(row["userdevice"]))
    refresh_machine(call.pool, vm)


async def unplug(call: Call, vbd: str) -> None:
    db, vm = call.pool.db, _running_machine(call.pool, vbd)
    if not db.get("VBD", vbd, "currently_attached"):
        raise XapiError("DEVICE_ALREADY_DETACHED", vbd)
    await call.spend(_PLUG_S, can_cancel=False)
    db.set("VBD", vbd, currently_attached=False)
    refresh_machine(call.pool, vm)


async def insert(call: Call, vbd: str, vdi: str) -> None:
    row = _drive(call.pool, vbd)
    call.pool.db.row("VDI", vdi)
    if not row["empty"]:
        raise XapiError("VBD_NOT_EMPTY", vbd)
    call.pool.db.set("VBD", vbd, VDI=vdi, empty=False)
    call.pool.refresh_allowed_operations("VBD", vbd)


async def eject(call: Call, vbd: str) -> None:
    row = _drive(call.pool, vbd)
    if row["empty"]:
        raise XapiError("VBD_IS_EMPTY", vbd)
    call.pool.db.set("VBD", vbd, VDI=NULL, empty=True)
    call.pool.refresh_allowed_operations("VBD", vbd)


async def set_mode(call: Call, vbd: str, value: str) -> None:
    vm = call.pool.db.get("VBD", vbd, "VM")
    state = call.pool.db.get("VM", vm, "power_state")
    if state != lifecycle.HALTED:
        raise lifecycle.bad_power_state(vm, frozenset((lifecycle.HALTED,)), state)
    call.pool.db.set("VBD", vbd, mode=value)


async def get_allowed_vbd_devices(call: Call, vm: str) -> tuple[str, ...]:
    return _allowed_devices(call.pool, vm)


async def assert_attachable(call: Call, vbd: str) -> None:
    if _is_elsewhere(call.pool, vbd):
        raise XapiError("VDI_IN_USE", call.pool.db.get("VBD", vbd, "VDI"))


def _allowed_devices(pool: Pool, vm: str) -> tuple[str, ...]:
    taken = devices.taken_positions(pool, vm)
    return tuple(str(number) for number in range(DEVICES) if number not in taken)


def _assert_still(row: Mapping[str, Any], vm: str) -> None:
    """Let pass a VM that is not on its way to another host or pool."""
    for task, operation in row["current_operations"].items():
        if operation in ("migrate_send", "pool_migrate"):
            raise XapiError("OTHER_OPERATION_IN_PROGRESS", "VM", vm, operation, task)


def _drive(pool: Pool, vbd: str) -> Mapping[str, Any]:
    row = pool.db.row("VBD", vbd)
    if row["type"] != "CD":
        raise XapiError("VBD_NOT_REMOVABLE_MEDIA", vbd)
    return row


def _running_machine(pool: Pool, vbd: str) -> str:
    vm = str(pool.db.get("VBD", vbd, "VM"))
    state = pool.db.get("VM", vm, "power_state")
    if state != lifecycle.RUNNING:
        raise lifecycle.bad_power_state(vm, frozenset((lifecycle.RUNNING,)), state)
    return vm


def _is_elsewhere(pool: Pool, vbd: str) -> bool:
    vdi = pool.db.get("VBD", vbd, "VDI")
    if not pool.db.exists("VDI", vdi) or pool.db.get("VDI", vdi, "sharable"):
        return False
    return any(
        pool.db.get("VBD", other, "currently_attached") for other in pool.db.get("VDI", vdi, "VBDs") if other != vbd
    )


CALLS: Mapping[str, Handler] = {
    "VBD.create": create,
    "VBD.destroy": destroy,
    "VBD.plug": plug,
    "VBD.unplug": unplug,
    "VBD.unplug_force": unplug,
    "VBD.insert": insert,
    "VBD.eject": eject,
    "VBD.set_mode": set_mode,
    "VBD.assert_attachable": assert_attachable,
    "VM.get_allowed_VBD_devices": get_allowed_vbd_devices,
}
