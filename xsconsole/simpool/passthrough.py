"""Devices that a VM has of its host: graphics cards and USB, as records that keep it from being saved or moved."""

from collections.abc import Mapping

from xsconsole.simpool import lifecycle
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool


def _creates_group(cls: str) -> Handler:
    async def create(call: Call, name: str = "", description: str = "", config: Mapping[str, str] | None = None) -> str:
        return call.pool.db.create(cls, name_label=name, name_description=description, other_config=dict(config or {}))

    return create


async def destroy_gpu_group(call: Call, group: str) -> None:
    row = call.pool.db.row("GPU_group", group)
    if row["VGPUs"]:
        raise XapiError("GPU_GROUP_CONTAINS_VGPU", *row["VGPUs"])
    if row["PGPUs"]:
        raise XapiError("GPU_GROUP_CONTAINS_PGPU", *row["PGPUs"])
    call.pool.db.destroy("GPU_group", group)


async def destroy_usb_group(call: Call, group: str) -> None:
    row = call.pool.db.row("USB_group", group)
    if row["VUSBs"]:
        raise XapiError("USB_GROUP_CONTAINS_VUSB", *row["VUSBs"])
    if row["PUSBs"]:
        raise XapiError("USB_GROUP_CONTAINS_PUSB", *row["PUSBs"])
    call.pool.db.destroy("USB_group", group)


async def create_vgpu(
    call: Call, vm: str, group: str, device: str = "0", config: Mapping[str, str] | None = None, kind: str = NULL
) -> str:
    _assert_halted(call.pool, vm)
    call.pool.db.row("GPU_group", group)
    if not device.isdecimal():
        raise XapiError("INVALID_DEVICE", device)
    if any(call.pool.db.get("VGPU", one, "device") == device for one in call.pool.db.get("VM", vm, "VGPUs")):
        raise XapiError("DEVICE_ALREADY_EXISTS", device)
    vgpu = call.pool.db.create(
        "VGPU", VM=vm, GPU_group=group, device=device, other_config=dict(config or {}), type=kind
    )
    refresh_machine(call.pool, vm)
    return vgpu


async def destroy_vgpu(call: Call, vgpu: str) -> None:
    vm = call.pool.db.get("VGPU", vgpu, "VM")
    _assert_halted(call.pool, vm)
    call.pool.db.destroy("VGPU", vgpu)
    refresh_machine(call.pool, vm)


async def create_vusb(call: Call, vm: str, group: str, config: Mapping[str, str] | None = None) -> str:
    _assert_halted(call.pool, vm)
    call.pool.db.row("USB_group", group)
    if any(call.pool.db.get("VUSB", one, "USB_group") == group for one in call.pool.db.get("VM", vm, "VUSBs")):
        raise XapiError("USB_GROUP_CONFLICT", group)
    vusb = call.pool.db.create("VUSB", VM=vm, USB_group=group, other_config=dict(config or {}))
    refresh_machine(call.pool, vm)
    return vusb


async def destroy_vusb(call: Call, vusb: str) -> None:
    vm = call.pool.db.get("VUSB", vusb, "VM")
    _assert_halted(call.pool, vm)
    call.pool.db.destroy("VUSB", vusb)
    refresh_machine(call.pool, vm)


async def scan(call: Call, host: str) -> None:
    call.pool.db.row("host", host)


def _assert_halted(pool: Pool, vm: str) -> None:
    state = pool.db.get("VM", vm, "power_state")
    if state != lifecycle.HALTED:
        raise lifecycle.bad_power_state(vm, frozenset((lifecycle.HALTED,)), state)


CALLS: Mapping[str, Handler] = {
    "GPU_group.create": _creates_group("GPU_group"),
    "GPU_group.destroy": destroy_gpu_group,
    "USB_group.create": _creates_group("USB_group"),
    "USB_group.destroy": destroy_usb_group,
    "VGPU.create": create_vgpu,
    "VGPU.destroy": destroy_vgpu,
    "VUSB.create": create_vusb,
    "VUSB.destroy": destroy_vusb,
    "PUSB.scan": scan,
}
