"""The lines of a tree that are visible, as one flat list that changes by ranges."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress, islice
from typing import NamedTuple

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.rows import Edit, Inserted, Removed, Row, coarse, ranges
from xsconsole.domain.outline.tree import Node, Replaced, Tree
from xsconsole.domain.outline.views import AFTER, BELOW, TOP, NodeId, Path, is_closed_at_first
from xsconsole.domain.selection import ObjectName

MOST_SEEN = 2_000
SCATTERED_EDITS = 24  # more ranges than this cost a view more than one wide one
NOTHING_KNOWN: Mapping[NodeId, list[bool]] = {}


class Found(NamedTuple):
    """What of a tree there is to show: lines, how many hang directly below each, and below which some hold others.

    `are_shown` tells of what hangs directly below a line which are shown, in order, where none of them holds others.
    """

    tree: Tree
    shown: set[NodeId]
    held: dict[NodeId, int]
    branching: set[NodeId]
    are_shown: dict[NodeId, list[bool]]


class Shown:
    """What is visible of one tree. Between `begin` and `end` it changes; `end` tells how."""

    def __init__(self, tree: Tree, items: Mapping[Ref, Item]) -> None:
        self.tree = tree
        self._items = items
        self.ids: list[NodeId] = []
        self.toggled: set[NodeId] = set()
        self.toggled_in_filter: set[NodeId] = set()
        self.is_filtered = False
        self._paths: list[Path] = []
        self._shown: set[NodeId] = set()
        self._held: dict[NodeId, int] = defaultdict(int)  # how many shown lines hang directly below
        self._branching: set[NodeId] = set()  # lines below which some line holds others, and perhaps more
        self._rows: dict[NodeId, Row] = {}  # of lines that somebody looked at
        self._touched: set[NodeId] = set()
        self._edits: list[Edit] = []
        self._before: list[NodeId] = []

    # --- looking

    def row(self, id_: NodeId) -> Row | None:
        """Return a line as it is now, to be shown: a change of it will be told. None where it is none any more."""
        row = self._rows.get(id_)
        if row is None:
            row = self.peek(id_)
            if row is not None:
                if len(self._rows) >= MOST_SEEN:  # far more than a screen holds; the oldest are out of sight
                    self._rows = dict(islice(self._rows.items(), MOST_SEEN // 2, None))
                self._rows[id_] = row
        return row

    def position(self, id_: NodeId) -> int | None:
        """Return the row of a line; None where it is not visible."""
        node = self.tree.nodes.get(id_)
        return None if node is None else self._listed(node.path)

    def held(self, id_: NodeId) -> int:
        return self._held.get(id_, 0)

    def is_open(self, id_: NodeId) -> bool:
        if self.is_filtered:
            return id_ not in self.toggled_in_filter
        return is_closed_at_first(id_) == (id_ in self.toggled)

    def peek(self, id_: NodeId) -> Row | None:
        """Return a line as it is now; nobody is told when it changes."""
        node = self.tree.nodes.get(id_)
        if node is None:
            return None
        held, depth = self._held.get(id_, 0), node.path.count(BELOW)
        is_open = held > 0 and self.is_open(id_)
        group, (named, item) = node.group, self.subject(id_)
        if group is not None:
            return Row(
                id=id_,
                sort=Sort.GROUP,
                name=group.name,
                depth=depth,
                object=named,
                configuration=group.configuration,
                held=held,
                is_open=is_open,
            )
        if item is None:
            return None
        return Row(
            id=id_,
            sort=item.sort,
            name=item.name,
            depth=depth,
            item=item,
            object=named,
            configuration=item.configuration,
            held=held,
            is_open=is_open,
        )

    def subject(self, id_: NodeId) -> tuple[ObjectName | None, Item | None]:
        """Return what a line is about: an object with its item, or a group, which may stand for an object."""
        node = self.tree.nodes.get(id_)
        if node is None:
            return None, None
        if node.group is not None:
            class_name = node.group.class_name
            return (ObjectName(class_name, node.group.ref) if class_name else None), None
        item = self._items.get(node.ref)
        return (None, None) if item is None else (ObjectName(item.class_name, item.ref), item)

    def _listed(self, path: Path) -> int | None:
        index = bisect_left(self._paths, path)
        return index if index < len(self._paths) and self._paths[index] == path else None

    # --- changing

    def begin(self) -> None:
        self._edits, self._touched = [], set()
        self._before = self.ids.copy()

    def end(self) -> tuple[Edit, ...]:
        """Return what changed since `begin`, in the order in which it is to be repeated."""
        edits = self._edits
        if len(edits) > SCATTERED_EDITS:
            edits = list(coarse(self._before, self.ids))
        self._before = []
        return (*edits, *self._changed_among(self._touched))

    def set_open(self, id_: NodeId, *, is_open: bool) -> None:
        node = self.tree.nodes.get(id_)
        index = None if node is None else self._listed(node.path)
        if node is not None and index is not None and not is_open:
            self._unlist(node.path, is_self=False)
        (self.toggled_in_filter if self.is_filtered else self.toggled).symmetric_difference_update({id_})
        if node is not None and index is not None and is_open:
            self._list(id_, is_self=False)
        self._touched.add(id_)

    def lay_out(self, matching: AbstractSet[Ref], found: "Found | None" = None) -> tuple[Edit, ...]:
        """Show anew what matches, whatever was so before. What was `found` beforehand saves half of the work."""
        before = self.ids
        if found is None or found.tree is not self.tree:
            found = self.find(matching)
        self._shown, self._held, self._branching = found.shown, found.held, found.branching
        self._paths, self.ids = [], []
        self._walk(TOP, self._paths, self.ids, found.are_shown)
        held = self._held
        # Only what holds others can look otherwise: by how many it holds, or by being open.
        seen = [id_ for id_, row in self._rows.items() if row.held or id_ in held]
        return (*coarse(before, self.ids), *self._changed_among(seen))

    def _changed_among(self, ids: Iterable[NodeId]) -> tuple[Edit, ...]:
        changed: list[int] = []
        for id_ in ids:
            before = self._rows.pop(id_, None)
            if before is not None and (index := self.position(id_)) is not None and self.row(id_) != before:
                changed.append(index)
        return ranges(sorted(changed))

    def show_tree(self, tree: Tree, matching: AbstractSet[Ref]) -> tuple[Edit, ...]:
        """Show another tree of the same objects."""
        self.tree = tree
        return (*self.lay_out(matching), *self._changed_among(tuple(self._rows)))

    def follow(self, replaced: Sequence[tuple[Ref, Replaced]], matching: AbstractSet[Ref]) -> None:
        """Repeat what the tree did with objects, and whether they match now. What holds others comes before them."""
        come: set[NodeId] = set()
        for _, what in replaced:
            come.update(node.id for node in what.come)
            for node in what.gone:
                self._lose(node, matching)
        for ref, _ in replaced:
            for id_ in self.tree.lines_of(ref):
                self._match(id_, matching)
                if id_ not in come:
                    self._touched.add(id_)

    def find(self, matching: AbstractSet[Ref]) -> "Found":
        """Find what there is to show, and change nothing; what is open does not matter yet."""
        nodes = self.tree.nodes
        if len(matching) == len(self._items):  # then every line is shown: groups stand only where something hangs below
            held = defaultdict(int, {id_: len(paths) for id_, paths in self.tree.below.items()})
            return Found(self.tree, set(nodes), held, {nodes[id_].parent for id_ in held if id_ in nodes}, {})
        shown = self.tree.lines_of_all(matching)
        held = defaultdict(int)
        are_shown: dict[NodeId, list[bool]] = {}
        for parent, ids in self.tree.ids_below.items():
            flags = list(map(shown.__contains__, ids))
            if count := flags.count(True):
                held[parent], are_shown[parent] = count, flags
        for id_ in tuple(held):
            above: Node | None = nodes.get(id_)
            while above is not None and above.id not in shown:
                shown.add(above.id)
                held[above.parent] += 1
                above = nodes.get(above.parent)
        return Found(self.tree, shown, held, {nodes[id_].parent for id_ in held if id_ in nodes}, are_shown)

    def _walk(
        self, parent: NodeId, paths: list[Path], ids: list[NodeId], known: Mapping[NodeId, list[bool]] = NOTHING_KNOWN
    ) -> None:
        """Append the visible lines below a line, in order. Of what was just found, `known` tells what is shown."""
        shown, below, ids_below = self._shown, self.tree.below.get(parent, ()), self.tree.ids_below.get(parent, ())
        if parent not in self._branching:
            if self._held.get(parent) == len(below):
                paths += below
                ids += ids_below
                return
            are_shown = known.get(parent) or list(map(shown.__contains__, ids_below))
            paths += compress(below, are_shown)
            ids += compress(ids_below, are_shown)
            return
        for path, id_ in zip(below, ids_below, strict=True):
            if id_ in shown:
                paths.append(path)
                ids.append(id_)
                if self._held.get(id_) and self.is_open(id_):
                    self._walk(id_, paths, ids, known)

    def _match(self, id_: NodeId, matching: AbstractSet[Ref]) -> None:
        node = self.tree.nodes[id_]
        should = (node.group is None and node.ref in matching) or self._held.get(id_, 0) > 0
        if should and id_ not in self._shown:
            self._show(node)
        elif not should and id_ in self._shown:
            self._hide(node, matching)

    def _show(self, node: Node) -> None:
        self._shown.add(node.id)
        self._held[node.parent] += 1
        self._touched.add(node.parent)
        above = self.tree.nodes.get(node.parent)
        if above is not None:
            self._branching.add(above.parent)
        if above is not None and above.id not in self._shown:
            self._show(above)  # brings this line along
        elif node.parent == TOP or (above is not None and self._is_open_line(above)):
            self._list(node.id, is_self=True)

    def _is_open_line(self, node: Node) -> bool:
        return self._listed(node.path) is not None and self.is_open(node.id)

    def _hide(self, node: Node, matching: AbstractSet[Ref]) -> None:
        self._unlist(node.path, is_self=True)
        self._shown.discard(node.id)
        self._let_go(node.parent, matching)

    def _lose(self, node: Node, matching: AbstractSet[Ref]) -> None:
        """Take a line out that the tree has dropped already."""
        self._rows.pop(node.id, None)
        if node.id in self._shown:
            self._unlist(node.path, is_self=True)
            self._shown.discard(node.id)
            self._let_go(node.parent, matching)

    def _let_go(self, parent: NodeId, matching: AbstractSet[Ref]) -> None:
        """Count one line less below another; a group that holds none any more is not shown."""
        self._held[parent] -= 1
        self._touched.add(parent)
        if self._held[parent]:
            return
        del self._held[parent]
        above = self.tree.nodes.get(parent)
        if above is not None and parent in self._shown and (above.group is not None or above.ref not in matching):
            self._hide(above, matching)

    # --- ranges

    def _list(self, id_: NodeId, *, is_self: bool) -> None:
        paths: list[Path] = []
        ids: list[NodeId] = []
        node = self.tree.nodes[id_]
        if is_self:
            paths.append(node.path)
            ids.append(id_)
        if self._held.get(id_) and (not is_self or self.is_open(id_)):
            self._walk(id_, paths, ids)
        if not paths:
            return
        first = bisect_left(self._paths, paths[0])
        self._paths[first:first] = paths
        self.ids[first:first] = ids
        last = self._edits[-1] if self._edits else None
        if isinstance(last, Inserted) and last.first <= first <= last.first + len(last.ids):
            at = first - last.first
            self._edits[-1] = Inserted(first=last.first, ids=(*last.ids[:at], *ids, *last.ids[at:]))
        else:
            self._edits.append(Inserted(first=first, ids=tuple(ids)))

    def _unlist(self, path: Path, *, is_self: bool) -> None:
        first = bisect_left(self._paths, path if is_self else path + BELOW)
        end = bisect_left(self._paths, path + AFTER)
        if end <= first:
            return
        del self._paths[first:end]
        del self.ids[first:end]
        last = self._edits[-1] if self._edits else None
        if isinstance(last, Removed) and first <= last.first <= end:
            self._edits[-1] = Removed(first=first, count=last.count + end - first)
        else:
            self._edits.append(Removed(first=first, count=end - first))
