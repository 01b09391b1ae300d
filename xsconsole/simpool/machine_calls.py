"""The calls that make VMs, provision them from templates, and destroy them."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from xsconsole.simpool import devices, machines, storage
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import HALTED, SUSPENDED
from xsconsole.simpool.operating import operating
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.removal import remove_machine

_PROVISION_S = 0.5
_DESTROY_S = 0.2


async def create(call: Call, args: Mapping[str, Any]) -> str:
    fields = dict(args)
    if fields.get("power_state", HALTED) not in (HALTED, SUSPENDED):
        raise XapiError("INVALID_VALUE", "power_state", fields["power_state"])
    if fields.get("domain_type", "unspecified") == "unspecified":
        fields["domain_type"] = machines.domain_type(fields["HVM_boot_policy"])
    if not fields.get("hardware_platform_version"):
        fields["hardware_platform_version"] = machines.HARDWARE_PLATFORM_VERSION
    return machines.make(call.pool, **fields)


async def destroy(call: Call, vm: str) -> None:
    """Remove a VM with its devices; its disks and its snapshots stay."""
    pool, db = call.pool, call.pool.db
    if db.get("VM", vm, "is_default_template"):
        raise XapiError("VM_CANNOT_DELETE_DEFAULT_TEMPLATE")
    async with operating(call, vm, "destroy"):
        await call.spend(_DESTROY_S, can_cancel=False)
        remove_machine(pool, vm)


async def provision(call: Call, vm: str) -> None:
    """Turn a copy of a template into a VM, with the disks that the template describes."""
    pool, db = call.pool, call.pool.db
    async with operating(call, vm, "provision"):
        wanted = _described_disks(pool, vm)
        await call.spend(_PROVISION_S)
        made = []
        try:
            for disk in wanted:
                made.append(_provisioned(pool, vm, disk))
        except XapiError as error:
            for vdi in made:
                storage.remove_disk(pool, vdi)
            if error.code == "SR_BACKEND_FAILURE_44":
                raise XapiError("PROVISION_FAILED_OUT_OF_SPACE") from error
            raise
        db.remove_from_map("VM", vm, "other_config", "disks")
        db.set("VM", vm, is_a_template=False, is_default_template=False)


def _described_disks(pool: Pool, vm: str) -> list[dict[str, str]]:
    text = pool.db.get("VM", vm, "other_config").get("disks")
    if text is None:
        return []
    disks = [dict(element.attrib) for element in ElementTree.fromstring(text).iter("disk")]
    for disk in disks:
        disk["SR"] = pool.db.by_uuid("SR", disk["sr"])
    return disks


def _provisioned(pool: Pool, vm: str, disk: Mapping[str, str]) -> str:
    device = disk["device"]
    vdi = storage.add_disk(
        pool,
        disk["SR"],
        name_label=f"{pool.db.get('VM', vm, 'name_label')} {device}",
        name_description="Created by template provisioner",
        virtual_size=int(disk["size"]),
        type=disk.get("type", "system"),
    )
    devices.add(
        pool,
        "VBD",
        VM=vm,
        VDI=vdi,
        userdevice=device,
        bootable=disk.get("bootable") == "true",
        mode="RW",
        type="Disk",
        unpluggable=disk.get("type", "system") != "system",
        other_config={"owner": ""},
    )
    refresh_machine(pool, vm)
    return vdi


CALLS: Mapping[str, Handler] = {"VM.create": create, "VM.destroy": destroy, "VM.provision": provision}
