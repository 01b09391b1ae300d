"""Where all objects hang in one view, whether they are visible or not; kept change by change."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, cast

import msgspec

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory_items import Item
from xsconsole.domain.outline.views import TOP, Arrangement, Group, NodeId, Path, Place, places

SORTED_AT_ONCE = 2_000  # paths


class Node(msgspec.Struct, frozen=True, gc=False):
    """A line: `ref` is that of its object, `group` what it is otherwise."""

    id: NodeId
    parent: NodeId
    path: Path
    ref: Ref
    group: Group | None = None


class Replaced(NamedTuple):
    """What became of the lines of one object: those that went, groups and their like last, and those that came."""

    gone: tuple[Node, ...]
    come: tuple[Node, ...]


SAME = Replaced((), ())


class Tree:
    """Paths and lines below each line, sorted. A tree that is filled in bulk is sorted by `finish`."""

    def __init__(self, arrangement: Arrangement) -> None:
        self.arrangement = arrangement
        self.nodes: dict[NodeId, Node] = {}
        self.below: dict[NodeId, list[Path]] = defaultdict(list)
        self.ids_below: dict[NodeId, list[NodeId]] = defaultdict(list)  # in the order of the paths
        self._filled: dict[Path, NodeId] = {}  # only while the tree is filled
        self._places: dict[Ref, tuple[Place, ...]] = {}
        self._members: dict[NodeId, int] = defaultdict(int)  # how much hangs directly below a group

    def fill(self, items: Iterable[Item]) -> None:
        """Take in items of a new tree, in any order; `finish` comes after the last."""
        nodes, below, filled, members = self.nodes, self.below, self._filled, self._members
        for item in items:
            found = self._places[item.ref] = places(item, self.arrangement)
            for place in found:
                id_, parent, path = place.id, place.parent, place.path
                if place.groups and parent not in nodes:
                    self._add_groups(place, is_filling=True)
                else:
                    members[parent] += 1
                nodes[id_] = Node(id_, parent, path, item.ref)
                below[parent].append(path)
                filled[path] = id_

    def finish(self) -> Iterator[None]:
        """Sort a tree that was filled, in pieces of some milliseconds; it may be used when the pieces are over."""
        sorted_since = 0
        for parent, paths in self.below.items():
            for start in range(0, len(paths) if len(paths) > SORTED_AT_ONCE else 0, SORTED_AT_ONCE):
                paths[start : start + SORTED_AT_ONCE] = sorted(paths[start : start + SORTED_AT_ONCE])
                yield
            paths.sort()  # of sorted pieces it only has to merge
            self.ids_below[parent] = [self._filled[path] for path in paths]
            sorted_since += len(paths)
            if sorted_since > SORTED_AT_ONCE:
                sorted_since = 0
                yield
        self._filled = {}

    def replace(self, ref: Ref, item: Item | None) -> Replaced:
        """Put an object where it belongs now; None takes it out."""
        before = self._places.get(ref, ())
        after = () if item is None else places(item, self.arrangement)
        if before == after:
            return SAME
        gone: list[Node] = []
        for place in before:
            if place not in after:
                gone += self._take_out(place)
        come: list[Node] = []
        for place in after:
            if place not in before:
                come += self._add_groups(place)
                node = Node(place.id, place.parent, place.path, ref)
                self._add(node)
                come.append(node)
        if after:
            self._places[ref] = after
        else:
            self._places.pop(ref, None)
        return Replaced(tuple(gone), tuple(come))

    def lines_of(self, ref: Ref) -> Sequence[NodeId]:
        return [place.id for place in self._places.get(ref, ())]

    def lines_of_all(self, refs: AbstractSet[Ref]) -> set[NodeId]:
        """Return the lines of many objects. Most have one that goes by their reference: those cost no loop."""
        others = set(refs).difference(cast(Mapping[Ref, Node], self.nodes))
        lines = cast(set[NodeId], refs - others if others else set(refs))
        for ref in others:
            lines.update(self.lines_of(ref))
        return lines

    def _add_groups(self, place: Place, *, is_filling: bool = False) -> list[Node]:
        """Bring up the groups of a place that do not stand yet, from the top; count what hangs below each."""
        come: list[Node] = []
        parent = place.groups[0].parent if place.groups else TOP
        for group in place.groups:
            if group.id not in self.nodes:
                node = Node(group.id, parent, group.path, group.ref, group)
                self._add(node, is_filling=is_filling)
                self._members[parent] += 1
                come.append(node)
            parent = group.id
        self._members[place.parent] += 1
        return come

    def _take_out(self, place: Place) -> list[Node]:
        gone = [self._drop(place.id)]
        parent = place.parent
        for group in reversed(place.groups):
            self._members[parent] -= 1
            if self._members[parent]:
                return gone
            del self._members[parent]
            node = self._drop(group.id)
            gone.append(node)
            parent = node.parent
        self._members[parent] -= 1
        return gone

    def _add(self, node: Node, *, is_filling: bool = False) -> None:
        self.nodes[node.id] = node
        paths = self.below[node.parent]
        if is_filling:
            paths.append(node.path)
            self._filled[node.path] = node.id
            return
        at = bisect_left(paths, node.path)
        paths.insert(at, node.path)
        self.ids_below[node.parent].insert(at, node.id)

    def _drop(self, id_: NodeId) -> Node:
        node = self.nodes.pop(id_)
        siblings, ids = self.below[node.parent], self.ids_below[node.parent]
        at = bisect_left(siblings, node.path)
        del siblings[at], ids[at]
        if not siblings:
            del self.below[node.parent], self.ids_below[node.parent]
        return node
