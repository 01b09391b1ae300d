"""The inventory as a flat, sorted, filtered list of the lines that are visible, kept so change by change.

A window over 100,000 objects cannot afford a tree widget, a proxy or a rebuild: here a change of one VM costs a few
bisections, and comes out as ranges that a table model repeats. A new filter, view or order is worked out in pieces;
what is shown stays until that is done. So is the first look at a pool, before which nothing is shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress, islice

from xsconsole.domain.catalogue import Catalogue
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import ChangeBatch, Inventory
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.loading import Loading
from xsconsole.domain.outline.rows import Edit, Row
from xsconsole.domain.outline.shown import Found, Shown
from xsconsole.domain.outline.tree import Tree
from xsconsole.domain.outline.views import Arrangement, NodeId, Order, View
from xsconsole.domain.selection import ObjectName

Asks = Callable[[Sequence[Item]], Sequence[bool]]

DONE = object()
JOB_PIECE = 8  # a filter asks, or a new view places, so many objects in the time one change takes


class _Search:
    """A filter that is being asked of all objects. What changes meanwhile is asked at the end."""

    def __init__(self, asks: Asks | None, items: Iterator[Item]) -> None:
        self.asks = asks
        self.items = items
        self.found: set[Ref] = set()
        self.late: set[Ref] = set()
        self.is_asked = False
        self.to_show: Found | None = None  # once all were asked


class _Build:
    """A view that is being made. What changes meanwhile is placed at the end."""

    def __init__(self, tree: Tree, items: Iterator[Item]) -> None:
        self.tree = tree
        self.items = items
        self.late: set[Ref] = set()
        self.finish: Iterator[object] | None = None


class Outline:
    """Mirrors one inventory. `hear` only notes; `settle` does a bounded piece of the work and returns the ranges."""

    def __init__(self, inventory: Inventory, arrangement: Arrangement | None = None) -> None:
        self._catalogue = Catalogue(inventory)
        self._arrangement = arrangement or Arrangement()
        self._shown = Shown(Tree(self._arrangement), self._catalogue.items)
        self._kept: dict[View, Tree] = {self._arrangement.view: self._shown.tree}
        self._asks: Asks | None = None
        self._matching: set[Ref] = set()
        self._search: _Search | None = None
        self._build: _Build | None = None
        self._spare: _Build | None = None  # a view that nobody asked for yet
        self._loading: Loading | None = Loading(Tree(self._arrangement))

    # --- looking

    @property
    def ids(self) -> Sequence[NodeId]:
        """The visible lines from top to bottom."""
        return self._shown.ids

    @property
    def rows(self) -> Sequence[Row]:
        """All visible lines; who shows only some asks for `row`."""
        found = (self._shown.row(id_) for id_ in self._shown.ids)
        return [row for row in found if row is not None]

    def row(self, id_: NodeId) -> Row | None:
        """Return a line to be shown: `settle` will tell when it changes."""
        return self._shown.row(id_)

    def peek(self, id_: NodeId) -> Row | None:
        """Return a line as it is now; nobody is told when it changes."""
        return self._shown.peek(id_)

    def subject(self, id_: NodeId) -> tuple[ObjectName | None, Item | None]:
        """Return what a line is about, without making the line."""
        return self._shown.subject(id_)

    def position(self, id_: NodeId) -> int | None:
        """Return the row of a line; None where it is not visible."""
        return self._shown.position(id_)

    def lines_of(self, ref: Ref) -> Sequence[NodeId]:
        """Return the lines of an object in this view, visible or not."""
        return self._shown.tree.lines_of(ref)

    def name_of(self, id_: NodeId) -> str:
        """Return the name of a line, folded and with its numbers filled up, without making the line."""
        node = self._shown.tree.nodes.get(id_)
        if node is None:
            return ""
        if node.group is not None:
            return natural(node.group.name)
        item = self._catalogue.items.get(node.ref)
        return item.sort_name if item is not None else ""

    def parent_of(self, id_: NodeId) -> NodeId | None:
        node = self._shown.tree.nodes.get(id_)
        return node.parent if node is not None and node.parent in self._shown.tree.nodes else None

    def above(self, id_: NodeId) -> Sequence[NodeId]:
        """Return the lines that a line hangs below, from the top."""
        found: list[NodeId] = []
        above = self.parent_of(id_)
        while above is not None:
            found.insert(0, above)
            above = self.parent_of(above)
        return found

    @property
    def arrangement(self) -> Arrangement:
        """What is shown, or will be once it is made."""
        return self._arrangement

    @property
    def items(self) -> Mapping[Ref, Item]:
        return self._catalogue.items

    @property
    def matching(self) -> set[Ref]:
        """The objects that match the filter, whatever the view."""
        return self._matching

    @property
    def is_settled(self) -> bool:
        return not (self._catalogue.due or self._loading or self._search or self._build)

    @property
    def is_loading(self) -> bool:
        """Whether nothing is shown yet of what there is."""
        return self._loading is not None

    @property
    def is_changing(self) -> bool:
        """Whether a filter, a view or an order that is wanted is not shown yet; while it loads, that has to wait."""
        return self._loading is None and (self._search is not None or self._build is not None)

    @property
    def is_next_long(self) -> bool:
        """Whether the next piece of work is one of the few that cannot be cut: some milliseconds for 10,000 lines."""
        return self.is_changing and self._search is not None and self._search.is_asked

    @property
    def due(self) -> int:
        """How many changed objects wait to be taken in."""
        return self._catalogue.due

    @property
    def toggled(self) -> frozenset[NodeId]:
        """What stands otherwise than at first: groups that were opened, hosts that were closed."""
        return frozenset(self._shown.toggled)

    def is_open(self, id_: NodeId) -> bool:
        return self._shown.is_open(id_)

    def count(self, sort: Sort) -> int:
        """Return how many there are, visible or not."""
        return self._catalogue.count(sort)

    # --- what the pool says

    def hear(self, batch: ChangeBatch, source: Inventory | None = None) -> None:
        """Note what changed. The inventory has taken the batch in already; of several pools, `source` is the mirror."""
        if batch.is_whole:  # views that nobody looks at are made anew afterwards, sooner than object by object
            self._forget_unseen()
        self._catalogue.hear(batch, source)

    def join(self, source: Inventory) -> None:
        """Note all that one more pool has."""
        self._forget_unseen()
        self._catalogue.note_all(source)

    def leave(self) -> None:
        """Note what is nowhere any more, after the mirror of a pool was taken away."""
        self._forget_unseen()
        self._catalogue.note_gone()

    def _forget_unseen(self) -> None:
        self._kept = {self._shown.tree.arrangement.view: self._shown.tree}
        self._spare = None
        if not self._catalogue.items:
            self._loading = Loading(Tree(self._shown.tree.arrangement))

    def settle(self, most: int = 64) -> tuple[Edit, ...]:
        """Do some of the work: a filter or a view that is wanted first, then up to `most` changed objects."""
        if self._loading is not None:
            return self._go_on_loading(self._loading, most)
        if self._search is not None:
            return self._go_on_searching(most * JOB_PIECE)
        if self._build is not None:
            return self._go_on_building(most * JOB_PIECE)
        if not self._catalogue.due:
            return ()
        self._shown.begin()
        for _ in range(most):
            ref = self._catalogue.next_due()
            if ref is None:
                break
            self._take(ref)
        return self._shown.end()

    def settle_all(self) -> tuple[Edit, ...]:
        edits: list[Edit] = []
        while not self.is_settled:
            edits += self.settle(max(64, self._catalogue.due))
        return tuple(edits)

    def _take(self, ref: Ref) -> None:
        changed = self._renewed(ref)
        if not changed:
            return
        for tree in self._kept.values():
            replaced = [(one, tree.replace(one, item)) for one, item in changed]
            if tree is self._shown.tree:
                self._shown.follow(replaced, self._matching)

    def _renewed(self, ref: Ref) -> list[tuple[Ref, Item | None]]:
        """Bring an object up to date, and what hangs below it; return what differs now, hosts before their VMs."""
        taken: list[tuple[Ref, Item | None, Item | None]] = [(ref, *self._catalogue.take(ref))]
        home = self._host_behind(taken[0][2])
        if home is not None:
            taken.insert(0, (home, *self._catalogue.take(home)))
        host, before, after = taken[0]
        if any(item is not None and item.sort is Sort.HOST for item in (before, after)):
            # The VMs of a host that came, went, changed its name or was found to be of a pool hang elsewhere at once.
            name, pool = (after.name, after.pool) if after is not None else (None, None)
            for vm in self._catalogue.leaning_on(host):
                known = self._catalogue.items.get(vm)
                if known is not None and (known.host, known.pool) != (name, pool):
                    taken.append((vm, *self._catalogue.take(vm)))
        changed = [(one, item) for one, was, item in taken if was != item]
        for one, item in changed:
            self._judge(one, item)
        return changed

    def _host_behind(self, vm: Item | None) -> Ref | None:
        """Return the host that a VM knows by a newer name than its own line has; the line has to follow first."""
        if vm is None or vm.sort is not Sort.VM:
            return None
        line = self._catalogue.items.get(vm.home)
        is_behind = line is not None and (line.name, line.pool) != (vm.host, vm.pool)
        return vm.home if is_behind else None

    def _judge(self, ref: Ref, item: Item | None) -> None:
        does = item is not None and (self._asks is None or self._asks((item,))[0])
        (self._matching.add if does else self._matching.discard)(ref)
        for job in (self._search, self._build, self._spare):
            if job is not None:
                job.late.add(ref)

    def _go_on_loading(self, loading: Loading, most: int) -> tuple[Edit, ...]:
        while most and not loading.is_finishing and (ref := self._catalogue.next_due()) is not None:
            for one, item in self._renewed(ref):
                loading.put(one, item)
            most -= 1
        is_more_due = not loading.is_finishing and self._catalogue.due
        if is_more_due or not loading.finish():
            return ()
        self._loading = None
        self._kept = {loading.tree.arrangement.view: loading.tree}
        # What was asked meanwhile was asked of a part.
        if self._search is not None:
            self.set_filter(self._search.asks)
        if self._build is not None:
            self._build = self._begun(self._arrangement)
        return self._shown.show_tree(loading.tree, self._matching)

    # --- what the user asks

    def set_open(self, id_: NodeId, *, is_open: bool) -> tuple[Edit, ...]:
        """Open or close what hangs below a line. While a filter stands, this is forgotten with the filter."""
        if self.is_open(id_) == is_open:
            return ()
        self._shown.begin()
        self._shown.set_open(id_, is_open=is_open)
        return self._shown.end()

    def restore_toggled(self, toggled: frozenset[NodeId]) -> tuple[Edit, ...]:
        """Open and close as in an earlier session."""
        self._shown.toggled = set(toggled)
        return self._shown.lay_out(self._matching)

    def set_filter(self, asks: Asks | None) -> None:
        """Show what is asked for and what that hangs below; None shows all. `settle` brings it about."""
        self._search = _Search(asks, iter(tuple(self._catalogue.items.values())))

    def arrange(self, arrangement: Arrangement) -> tuple[Edit, ...]:
        """Show another view or order: at once where it is ready, otherwise `settle` brings it about."""
        self._build = None
        self._arrangement = arrangement
        if arrangement.is_like(self._shown.tree.arrangement):
            return ()
        ready = self._kept.get(arrangement.view)
        if ready is not None and ready.arrangement.is_like(arrangement):
            return self._shown.show_tree(ready, self._matching)
        if self._spare is not None and self._spare.tree.arrangement.is_like(arrangement):
            self._build, self._spare = self._spare, None
        else:
            self._build = self._begun(arrangement)
            self._spare = None  # it may be of this view, or of an order that nobody wants any more
        return ()

    def _begun(self, arrangement: Arrangement) -> _Build:
        return _Build(Tree(arrangement), iter(tuple(self._catalogue.items.values())))

    def set_view(self, view: View) -> tuple[Edit, ...]:
        return self.arrange(replace(self._arrangement, view=view))

    def set_order(self, order: Order) -> tuple[Edit, ...]:
        return self.arrange(replace(self._arrangement, order=order))

    def set_stages(self, stages: Mapping[str, tuple[int, str]]) -> tuple[Edit, ...]:
        """Name and order the stages as the workflow does."""
        return self.arrange(replace(self._arrangement, stages=stages))

    def set_pools(self, pools: Mapping[Ref, str]) -> tuple[Edit, ...]:
        """Let several pools follow one another by these texts."""
        return self.arrange(replace(self._arrangement, pools=pools))

    def prepare(self, most: int) -> bool:
        """Make a view ready that was not asked for yet, in pieces; whether there is more to do."""
        if not self.is_settled:
            return True
        if self._spare is None:
            wanted = next((one for one in self._alternatives() if not self._is_kept(one)), None)
            if wanted is None:
                return False
            self._spare = self._begun(wanted)
        if self._is_built(self._spare, most):
            self._spare = None
        return True

    def _alternatives(self) -> Iterator[Arrangement]:
        return (replace(self._arrangement, view=view) for view in View)

    def _is_kept(self, arrangement: Arrangement) -> bool:
        kept = self._kept.get(arrangement.view)
        return kept is not None and kept.arrangement.is_like(arrangement)

    def _go_on_searching(self, most: int) -> tuple[Edit, ...]:
        search = self._search
        assert search is not None
        if search.to_show is None:
            self._ask_on(search, most)
            return ()
        self._search = None
        self._asks, self._matching = search.asks, search.found
        self._shown.is_filtered = search.asks is not None
        self._shown.toggled_in_filter.clear()
        return self._shown.lay_out(self._matching, search.to_show)

    def _ask_on(self, search: _Search, most: int) -> None:
        """Ask some more objects; once all were, find what there is to show. Each is a piece, and to show it is one."""
        asks = search.asks
        piece = tuple(islice(search.items, most))
        search.found.update([item.ref for item in (piece if asks is None else compress(piece, asks(piece)))])
        if not search.is_asked:
            search.is_asked = len(piece) < most
            return
        for ref in search.late:
            item = self._catalogue.items.get(ref)
            does = item is not None and (asks is None or asks((item,))[0])
            (search.found.add if does else search.found.discard)(ref)
        search.to_show = self._shown.find(search.found)

    def _go_on_building(self, most: int) -> tuple[Edit, ...]:
        build = self._build
        assert build is not None
        if not self._is_built(build, most):
            return ()
        self._build = None
        return self._shown.show_tree(build.tree, self._matching)

    def _is_built(self, build: _Build, most: int) -> bool:
        """Go on with a view, and keep it once it is whole."""
        piece = tuple(islice(build.items, most))
        build.tree.fill(piece)
        if len(piece) == most:
            return False
        if build.finish is None:
            build.finish = build.tree.finish()
        if next(build.finish, DONE) is not DONE:
            return False
        for ref in build.late:
            build.tree.replace(ref, self._catalogue.items.get(ref))
        self._kept[build.tree.arrangement.view] = build.tree
        return True
