"""What deleting disks frees on storage, and when: some at once, some once the storage has merged what nobody needs.

A disk that was snapshotted or cloned stands on hidden ones. Those go only when nothing stands on them any more, and by
the storage's own housekeeping, which comes later.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from xsconsole.domain.disks import PARENT_KEY
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import SR, VDI, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing, size


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What becomes free on one storage, in bytes: `at_once`, and `later`. `is_shared`: others keep some of it."""

    name: str
    at_once: int = 0
    later: int = 0
    is_shared: bool = False


def freed_by_deleting(disks: Iterable[VDI], inventory: Inventory) -> tuple[Freed, ...]:
    """Return what deleting all of these frees, by storage, the most first."""
    going: dict[Ref, dict[Uuid, VDI]] = defaultdict(dict)
    for disk in disks:
        going[disk.SR][disk.uuid] = disk
    found = (_on(sr, each, inventory) for ref, each in going.items() if (sr := inventory.get(SR, ref)) is not None)
    return tuple(sorted(found, key=lambda freed: (-freed.at_once - freed.later, freed.name)))


def _on(sr: SR, going: dict[Uuid, VDI], inventory: Inventory) -> Freed:
    standing: dict[Uuid, set[Uuid]] = defaultdict(set)
    present = {disk.uuid: disk for disk in (inventory.get(VDI, ref) for ref in sr.VDIs) if disk is not None}
    for disk in present.values():
        if parent := disk.sm_config.get(PARENT_KEY):
            standing[Uuid(parent)].add(disk.uuid)
    merged: dict[Uuid, VDI] = {}
    touched = _parents(going.values())
    is_shared = False
    while touched:
        parent = touched.pop()
        hidden = present.get(parent)
        if hidden is None or hidden.managed or parent in merged:
            continue
        if standing[parent] <= going.keys() | merged.keys():
            merged[parent] = hidden
            touched |= _parents((hidden,))
        else:
            is_shared = True
    return Freed(name=sr.name_label, at_once=_sum(going.values()), later=_sum(merged.values()), is_shared=is_shared)


def _parents(disks: Iterable[VDI]) -> set[Uuid]:
    return {Uuid(parent) for disk in disks if (parent := disk.sm_config.get(PARENT_KEY))}


def _sum(disks: Iterable[VDI]) -> int:
    return sum(max(0, disk.physical_utilisation) for disk in disks)


def freed_words(every: Collection[Freed]) -> tuple[str, ...]:
    """Return sentences that say how much becomes free, where and when."""
    told = []
    now = tuple(f"{size(freed.at_once)} in “{shortened(freed.name, 40)}”" for freed in every if freed.at_once)
    later = tuple(f"{size(freed.later)} in “{shortened(freed.name, 40)}”" for freed in every if freed.later)
    if now:
        told.append(f"Up to {listing(now)} {_becomes(now)} free at once.")
    if later:
        told.append(
            f"{listing(later)} more {_becomes(later)} free once the storage has merged what nobody needs any more."
        )
    if any(freed.is_shared for freed in every):
        told.append("What other disks stand on, such as linked clones and snapshots that stay, is kept for them.")
    return tuple(told)


def _becomes(parts: tuple[str, ...]) -> str:
    return "becomes" if len(parts) == 1 else "become"
