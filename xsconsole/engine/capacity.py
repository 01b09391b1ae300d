"""Whether what a plan needs fits: space in storage repositories, memory on hosts."""

from collections import defaultdict
from collections.abc import Iterable

from xsconsole.domain.board import disks_of
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.errors import NotPromotable

BLOCK_TYPES = frozenset({"lvm", "lvmoiscsi", "lvmohba", "lvmofcoe", "rawhba"})
"""Storage that gives each writable disk its whole virtual size, so that a snapshot costs as much again."""

UNCOUNTED_TYPES = frozenset({"iso", "udev"})
FILE_SNAPSHOT_BYTES = 16 * 1024 * 1024  # headers and maps of a new sparse file
LOW_FRACTION = 0.05


def snapshot_bytes(inventory: Inventory, vm: VM) -> int:
    """Return what a snapshot of the VM's disks may take, by the type of their storage."""
    return sum(_by_storage(inventory, [vm]).values())


def demand_storage(inventory: Inventory, vms: Iterable[VM]) -> tuple[str, ...]:
    """Return warnings about storage that would get tight.

    Raises:
        NotPromotable: a snapshot of every VM would not fit.
    """
    warnings = []
    for ref, needed in sorted(_by_storage(inventory, vms).items()):
        sr = inventory.get(SR, ref)
        if sr is None or sr.physical_size <= 0 or sr.physical_utilisation < 0 or sr.type in UNCOUNTED_TYPES:
            continue
        name = f"“{shortened(sr.name_label)}”"
        if needed > sr.free_bytes:
            raise NotPromotable(
                reason=f"The snapshots may take {size(needed)} in {name}, which has {size(sr.free_bytes)} free.",
                mend=f"Free space in {name} or make it larger.",
            )
        if sr.free_bytes - needed < sr.physical_size * LOW_FRACTION:
            warnings.append(f"Storage {name} will be nearly full: {size(sr.free_bytes - needed)} stay free.")
    return tuple(warnings)


def _by_storage(inventory: Inventory, vms: Iterable[VM]) -> dict[Ref, int]:
    needed: dict[Ref, int] = defaultdict(int)
    for vm in vms:
        for disk in disks_of(inventory, vm):
            sr = inventory.get(SR, disk.SR)
            if sr is not None:
                needed[disk.SR] += disk.virtual_size if sr.type in BLOCK_TYPES else FILE_SNAPSHOT_BYTES
    return needed


def demand_memory(inventory: Inventory, vms: Iterable[VM]) -> tuple[str, ...]:
    """Return a warning where the VMs may not all find a host.

    Raises:
        NotPromotable: one of them fits on no host, even alone.
    """
    hosts = [
        metrics.memory_free
        for metrics in (inventory.get(HostMetrics, host.metrics) for host in inventory.all(Host) if host.enabled)
        if metrics is not None and metrics.live
    ]
    if not hosts:
        return ()
    is_tight = False
    free = list(hosts)
    for vm in sorted(vms, key=lambda vm: (-vm.memory_static_max, vm.uuid)):
        if vm.memory_static_max > max(hosts):
            raise NotPromotable(
                reason=f"No host has {size(vm.memory_static_max)} of free memory for “{shortened(vm.name_label)}”.",
                mend="Free memory on a host first.",
            )
        roomiest = free.index(max(free))
        is_tight = is_tight or vm.memory_static_max > free[roomiest]
        free[roomiest] -= vm.memory_static_max
    return ("The machines to start may not all find a host with enough free memory.",) if is_tight else ()
