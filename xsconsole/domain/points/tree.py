"""The snapshots of a machine as a tree that stays narrow: one taken after the other stands below it, not beside it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import VM


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """What is drawn beside a snapshot: lanes from the left, of which its own is `lane`.

    `passing` are the lanes left of it whose line goes on below. It continues its lane from above (`is_after`), or
    turns off from the lane left of its own (`is_aside`); a first one does neither. `has_next`: its lane goes on.
    """

    lane: int = 0
    passing: frozenset[int] = frozenset()
    is_after: bool = False
    is_aside: bool = False
    has_next: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A snapshot at its place in the tree; `after` is the one that it was taken after."""

    snapshot: VM
    rail: Rail
    after: VM | None


def places(snapshots: Mapping[Ref, VM]) -> tuple[Place, ...]:
    """Return the snapshots from top to bottom, each below the one that it was taken after.

    Of several that were taken after the same one, that with most below it keeps the lane and comes last. The others,
    newest first, turn off: so thirty in a row need one lane, and however they branch, a few lanes are enough.
    """
    below: dict[Ref, list[VM]] = defaultdict(list)
    for snapshot in sorted(snapshots.values(), key=lambda one: (-_time(one), one.uuid)):
        below[snapshot.parent if snapshot.parent in snapshots else NULL_REF].append(snapshot)
    sizes = _sizes(below)
    found: list[Place] = []
    waiting = [Place(snapshot=root, rail=Rail(), after=None) for root in reversed(below[NULL_REF])]
    while waiting:
        place = waiting.pop()
        one, rail = place.snapshot, place.rail
        children = below[one.ref]
        found.append(replace(place, rail=replace(rail, has_next=bool(children))))
        if children:
            main = max(children, key=lambda child: sizes[child.ref])
            after = Rail(lane=rail.lane, passing=rail.passing, is_after=True)
            aside = Rail(lane=rail.lane + 1, passing=rail.passing | {rail.lane}, is_aside=True)
            waiting.append(Place(snapshot=main, rail=after, after=one))
            others = (child for child in reversed(children) if child is not main)
            waiting += [Place(snapshot=child, rail=aside, after=one) for child in others]
    seen = {place.snapshot.ref for place in found}
    # A pool whose snapshots came after each other in a circle has none that is first; they are shown all the same.
    lost = (snapshot for ref, snapshot in snapshots.items() if ref not in seen)
    return (*found, *(Place(snapshot=snapshot, rail=Rail(), after=None) for snapshot in lost))


def _sizes(below: Mapping[Ref, Sequence[VM]]) -> Mapping[Ref, int]:
    """Return of each snapshot how many there are from it on."""
    order = list(below.get(NULL_REF, ()))
    for one in order:  # grows as it is walked
        order += below.get(one.ref, ())
    sizes: dict[Ref, int] = {}
    for one in reversed(order):
        sizes[one.ref] = 1 + sum(sizes[child.ref] for child in below.get(one.ref, ()))
    return sizes


def _time(snapshot: VM) -> float:
    return snapshot.snapshot_time.timestamp() if snapshot.snapshot_time is not None else 0.0
