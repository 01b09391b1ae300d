"""Whether what a plan needs fits: space in storage repositories, memory on hosts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from xsconsole.domain.disks import BLOCK_TYPES, LONGEST_CHAIN, PARENT_KEY, chain_length, disks_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.errors import NotPromotable

UNCOUNTED_TYPES = frozenset({"iso", "udev"})
FILE_SNAPSHOT_BYTES = 16 * 1024 * 1024  # headers and maps of a new sparse file
LOW_FRACTION = 0.05

Space = Mapping[Uuid, int]
"""Bytes by the uuid of a storage repository."""


def total(*parts: Space) -> dict[Uuid, int]:
    """Return what all of these take together."""
    sums: dict[Uuid, int] = defaultdict(int)
    for part in parts:
        for sr, size_bytes in part.items():
            sums[sr] += size_bytes
    return dict(sums)


def snapshot_space(inventory: Inventory, vm: VM, target: SR | None = None) -> dict[Uuid, int]:
    """Return what a snapshot of the VM's disks may take, by storage and its type.

    With a `target`, what one takes of disks that are there by then.
    """
    disks = ((disk, target or sr) for disk, sr in _disks(inventory, vm))
    return total(*({sr.uuid: _new_leaf(disk, sr)} for disk, sr in disks))


def clone_space(inventory: Inventory, vm: VM, *, is_of_snapshot: bool) -> dict[Uuid, int]:
    """Return what a linked clone takes at once.

    On block storage it has its whole size, and so has what the source goes on writing to; behind both stays what was
    written before. Of a snapshot that part is paid for already.
    """
    copies = 1 if is_of_snapshot else 2
    return total(*({sr.uuid: copies * _new_leaf(disk, sr)} for disk, sr in _disks(inventory, vm)))


def growth_space(inventory: Inventory, vm: VM, target: SR | None = None) -> dict[Uuid, int]:
    """Return what a linked clone may still take later, by writing: only where storage gives space as it is written.

    With a `target` that of disks that are there by then.
    """
    disks = ((disk, target or sr) for disk, sr in _disks(inventory, vm))
    return total(*({sr.uuid: disk.virtual_size} for disk, sr in disks if sr.type not in BLOCK_TYPES))


def copy_space(inventory: Inventory, vm: VM, target: SR | None) -> dict[Uuid, int]:
    """Return what a full copy takes: what was written, or the whole size on block storage."""
    disks = _disks(inventory, vm)
    return total(*({(target or sr).uuid: copied_bytes(disk, sr, target or sr)} for disk, sr in disks))


def copied_bytes(disk: VDI, sr: SR, there: SR) -> int:
    """Return what a disk of `sr` takes when it is copied to `there`.

    How much was written is known of a disk that stands on no hidden one; else it may be all of it.
    """
    is_sparse = there.type not in BLOCK_TYPES and sr.type not in BLOCK_TYPES and not disk.sm_config.get(PARENT_KEY)
    return min(disk.virtual_size, disk.physical_utilisation + FILE_SNAPSHOT_BYTES) if is_sparse else disk.virtual_size


def demand_storage(inventory: Inventory, vms: Iterable[VM], claimed: Space | None = None) -> tuple[str, ...]:
    """Return warnings about storage that would get tight.

    Raises:
        NotPromotable: a snapshot of every VM would not fit.
    """
    needed = total(*(snapshot_space(inventory, vm) for vm in vms))
    return demand_space(inventory, needed, "The snapshots", claimed)


def demand_space(
    inventory: Inventory, needed: Space, what: str, claimed: Space | None = None, freed: Space | None = None
) -> tuple[str, ...]:
    """Return warnings about storage that would get tight. `claimed` is what other runs are still going to take.

    `freed` is what leaves each storage before; what is not free until then is said.

    Raises:
        NotPromotable: it would not fit; naming the storage, with numbers.
    """
    warnings = []
    for uuid, bytes_ in sorted(needed.items()):
        sr = inventory.by_uuid(SR, uuid)
        if sr is None or sr.physical_size <= 0 or sr.physical_utilisation < 0 or sr.type in UNCOUNTED_TYPES:
            continue
        name = f"“{shortened(sr.name_label)}”"
        promised = (claimed or {}).get(uuid, 0)
        leaving = (freed or {}).get(uuid, 0)
        free = sr.free_bytes - promised + leaving
        others = f", of which other runs take {size(promised)}" if promised else ""
        others += f", and {size(leaving)} more when others have left it" if leaving else ""
        if bytes_ > free:
            raise NotPromotable(
                reason=f"{what} may take {size(bytes_)} in {name}, which has {size(sr.free_bytes)} free{others}.",
                mend=f"Free space in {name} or make it larger.",
            )
        if leaving and bytes_ > free - leaving:
            warnings.append(f"{what} fit into {name} only because others leave it before: {size(leaving)}.")
        if free - bytes_ < sr.physical_size * LOW_FRACTION:
            warnings.append(f"Storage {name} will be nearly full: {size(free - bytes_)} stay free.")
    return tuple(warnings)


def demand_short_chains(inventory: Inventory, vm: VM, added: int) -> None:
    """Refuse where a disk would stand on more hidden ones than its storage takes.

    Raises:
        NotPromotable: naming the disk, with numbers.
    """
    for disk, _ in _disks(inventory, vm):
        depth = chain_length(inventory, disk)
        if depth + added > LONGEST_CHAIN:
            raise NotPromotable(
                reason=f"Disk “{shortened(disk.name_label)}” of “{shortened(vm.name_label)}” has a chain of {depth}; "
                f"this adds {added}, and a storage takes {LONGEST_CHAIN}.",
                mend="Delete old snapshots and wait until the storage has merged them, or make a full copy.",
            )


def _disks(inventory: Inventory, vm: VM) -> list[tuple[VDI, SR]]:
    found = ((disk, inventory.get(SR, disk.SR)) for disk in disks_of(inventory, vm))
    return [(disk, sr) for disk, sr in found if sr is not None]


def _new_leaf(disk: VDI, sr: SR) -> int:
    return disk.virtual_size if sr.type in BLOCK_TYPES else FILE_SNAPSHOT_BYTES
