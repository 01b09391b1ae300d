"""The disks of a machine, and where they are."""

from xsconsole.domain.ids import NULL_REF
from xsconsole.domain.inventory import SR, VBD, VDI, VM, Inventory


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
