"""What restore points cost on storage, by what the storage does with snapshots.

A snapshot of a VHD leaves what was written until then in a hidden base, on which the snapshot and the disk that goes on
stand. Block storage (LVM) keeps the disk that goes on at its whole size, so the base is paid for in addition. File
storage keeps only what was written: a snapshot costs what is overwritten afterwards, and grows with that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from xsconsole.domain.disks import BLOCK_TYPES, PARENT_KEY, disks_of
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What snapshots take on one storage, in bytes.

    `taken` is what would be free without them, at most: what only they hold. `grown` is how much of the disks was
    written since, as far as the storage tells; it is part of what `taken` may be. `most` is what they can come to hold,
    once everything they froze has been overwritten. `is_shared`: something else, such as a linked clone, stands on the
    same base, which stays for that.
    """

    sr: Uuid
    name: str
    type: str
    taken: int = 0
    grown: int = 0
    most: int = 0
    is_shared: bool = False

    @property
    def is_block(self) -> bool:
        return self.type in BLOCK_TYPES

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            sr=self.sr,
            name=self.name,
            type=self.type,
            taken=self.taken + other.taken,
            grown=self.grown + other.grown,
            most=self.most + other.most,
            is_shared=self.is_shared or other.is_shared,
        )


class Scales:
    """Weighs the snapshots of one pool as it is now. What stands on which disk is looked up once for each storage."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._standing: dict[Uuid, Mapping[Uuid, tuple[VDI, ...]]] = {}

    def costs(self, snapshots: Iterable[Uuid]) -> tuple[Cost, ...]:
        """Return what these snapshots take together, by storage, the most first."""
        by_sr: dict[Uuid, list[Cost]] = defaultdict(list)
        for uuid in snapshots:
            vm = self._inventory.by_uuid(VM, uuid)
            for cost in self._of(vm) if vm is not None else ():
                by_sr[cost.sr].append(cost)
        summed = (reduce(Cost.__add__, costs) for costs in by_sr.values())
        return tuple(sorted(summed, key=lambda cost: (-cost.taken, cost.name, cost.sr)))

    def _of(self, snapshot: VM) -> Iterator[Cost]:
        for disk in disks_of(self._inventory, snapshot):
            sr = self._inventory.get(SR, disk.SR)
            if sr is not None:
                yield self._of_disk(disk, sr)

    def _of_disk(self, disk: VDI, sr: SR) -> Cost:
        parent = Uuid(disk.sm_config.get(PARENT_KEY, ""))
        base = self._inventory.by_uuid(VDI, parent) if parent else None
        others = [other for other in self._on(sr).get(parent, ()) if other.uuid != disk.uuid] if parent else []
        live = self._inventory.get(VDI, disk.snapshot_of) if disk.snapshot_of != NULL_REF else None
        is_block = sr.type in BLOCK_TYPES
        grown = live.physical_utilisation if live is not None and not is_block and live in others else 0
        held = 0
        if base is not None and not others:
            held = base.physical_utilisation
        elif base is not None and len(others) == 1:
            # Merged, base and other hold each block once. What is in both is freed; on block storage, where the disk
            # that goes on has its whole size anyhow, all of the base.
            (other,) = others
            is_whole = is_block and other.managed and not other.is_a_snapshot
            held = min(base.physical_utilisation, base.physical_utilisation if is_whole else other.physical_utilisation)
        return Cost(
            sr=sr.uuid,
            name=sr.name_label,
            type=sr.type,
            taken=max(0, disk.physical_utilisation) + max(0, held),
            grown=max(0, grown),
            most=disk.virtual_size,
            is_shared=len(others) > 1,
        )

    def _on(self, sr: SR) -> Mapping[Uuid, tuple[VDI, ...]]:
        """Return the disks of a storage by the hidden disk that each stands on."""
        if sr.uuid not in self._standing:
            found: dict[Uuid, list[VDI]] = defaultdict(list)
            for ref in sr.VDIs:
                disk = self._inventory.get(VDI, ref)
                parent = disk.sm_config.get(PARENT_KEY) if disk is not None else None
                if disk is not None and parent:
                    found[Uuid(parent)].append(disk)
            self._standing[sr.uuid] = {base: tuple(disks) for base, disks in found.items()}
        return self._standing[sr.uuid]


def total_taken(costs: Iterable[Cost]) -> int:
    return sum(cost.taken for cost in costs)


def cost_words(costs: Iterable[Cost]) -> str:
    """Return such as `takes 12 GiB in “SAN”, its whole size; 1.2 GiB in “NFS”, at most 40 GiB`."""
    told = []
    for cost in costs:
        name = f"“{shortened(cost.name, 60)}”"
        if cost.is_block:
            words = f"{size(cost.taken)} in {name}, which keeps disks at their whole size"
        else:
            since = f", {size(cost.grown)} written since" if cost.grown else ""
            words = f"{size(cost.taken)} in {name}{since}, at most {size(cost.most)}"
        told.append(words + (" (what other disks stand on stays for them)" if cost.is_shared else ""))
    return f"takes {'; '.join(told)}" if told else "its disks are gone"
