"""The disks of a machine, and where they are."""

from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VM, Inventory
from xsconsole.domain.poolstate import PREFIX

SEED_ROLE = "seed"  # of the disk that cloud-init reads
DISK_ROLE_KEY = PREFIX + "disk_role"  # in a VBD's other_config
SYSTEM, DATA = "system", "data"
PARENT_KEY = "vhd-parent"  # in a VDI's sm_config: the hidden disk that it stands on
IMPORT_KEY = "import_task"  # likewise: an import made it, of what was exported anywhere

LONGEST_CHAIN = 30  # of the storage drivers of XAPI: a disk and all the hidden ones that it stands on

BLOCK_TYPES = frozenset({"lvm", "lvmoiscsi", "lvmohba", "lvmofcoe", "rawhba"})
"""Storage that gives each writable disk its whole virtual size, so that a snapshot costs as much again."""


def role_of_disk(vbd: VBD) -> str:
    """Return what a disk is for: as somebody said, or the system where it is booted from, or data."""
    return vbd.other_config.get(DISK_ROLE_KEY) or (SYSTEM if vbd.bootable or vbd.userdevice == "0" else DATA)


def drives_of(inventory: Inventory, vm: VM) -> tuple[tuple[VBD, VDI], ...]:
    """Return the disks of a VM with how they are attached, by device."""
    found = []
    for ref in vm.VBDs:
        vbd = inventory.get(VBD, ref)
        disk = inventory.get(VDI, vbd.VDI) if vbd is not None and vbd.type == "Disk" else None
        if vbd is not None and disk is not None:
            found.append((vbd, disk))
    return tuple(sorted(found, key=lambda pair: (pair[0].userdevice.zfill(8), pair[1].uuid)))


def disks_of(inventory: Inventory, vm: VM) -> tuple[VDI, ...]:
    """Return the disks of a VM, without CDs and empty drives."""
    drives = (inventory.get(VBD, ref) for ref in vm.VBDs)
    disks = (
        inventory.get(VDI, drive.VDI)
        for drive in drives
        if drive is not None and drive.type == "Disk" and drive.VDI != NULL_REF
    )
    return tuple(disk for disk in disks if disk is not None)


def repositories_of(inventory: Inventory, vm: VM) -> tuple[SR, ...]:
    """Return the storage repositories that hold a VM's disks, each once."""
    refs = dict.fromkeys(disk.SR for disk in disks_of(inventory, vm))
    return tuple(sr for sr in (inventory.get(SR, ref) for ref in refs) if sr is not None)


def chain_length(inventory: Inventory, disk: VDI) -> int:
    """Return how many disks have to be read to read this one: 1 where it stands on none."""
    return len(chain_of(inventory, disk))


def chain_of(inventory: Inventory, disk: VDI) -> tuple[Uuid, ...]:
    """Return a disk and the hidden ones that it stands on, one on the other."""
    chain: list[Uuid] = [disk.uuid]
    at: VDI | None = disk
    while at is not None and (parent := Uuid(at.sm_config.get(PARENT_KEY, ""))) and parent not in chain:
        known = inventory.by_uuid(VDI, parent)
        if known is None and IMPORT_KEY in at.sm_config:
            break  # until its storage is scanned, XAPI has there what the exported disk stood on: that stayed behind
        chain.append(parent)
        at = known
    return tuple(chain)
