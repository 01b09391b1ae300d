"""The inventory as a flat, sorted, filtered list of the lines that are visible, kept so change by change.

A window over 100,000 objects cannot afford a tree widget, a proxy or a rebuild: here a change of one VM costs a few
bisections, and comes out as ranges that a table model repeats.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import SR, VM, ChangeBatch, Host, Inventory, Network, Pool
from xsconsole.domain.outline_rows import (
    CLASSES,
    NETWORKS,
    POOL,
    STORAGE,
    TEMPLATES,
    Changed,
    Edit,
    Facts,
    Inserted,
    NodeId,
    Removed,
    Row,
    Sort,
    SortKey,
    coarse,
    facts_of,
    group_facts,
    line_of,
)

CLOSED_AT_FIRST = frozenset({STORAGE, NETWORKS, TEMPLATES})
SCATTERED_EDITS = 24  # more ranges than this cost a view more than one wide one

_AFTER_ALL: SortKey = (99, "", "")

Path = tuple[SortKey, ...]


class Outline:
    """Mirrors one inventory. `hear` only notes; `settle` does a bounded piece of the work and returns the ranges."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._facts: dict[NodeId, Facts] = {}
        self._below: dict[NodeId, list[SortKey]] = defaultdict(list)
        self._held: dict[NodeId, int] = defaultdict(int)  # how many shown lines hang directly below
        self._leaning: dict[Ref, set[Ref]] = defaultdict(set)
        self._host_of_metrics: dict[Ref, Ref] = {}
        self._counts: Counter[Sort] = Counter()
        self._matching: set[NodeId] = set()
        self._shown: set[NodeId] = set()
        self._toggled: set[NodeId] = set()
        self._toggled_in_filter: set[NodeId] = set()
        self._words: tuple[str, ...] = ()
        self._paths: list[Path] = []
        self._rows: list[Row] = []
        self._leaves: dict[NodeId, Row] = {}  # lines that hold nothing, made once
        self._due: dict[Ref, str] = {}  # reference -> class, in the order of taking
        self._touched: set[NodeId] = set()
        self._edits: list[Edit] = []
        for facts in group_facts():
            self._attach(facts)
        self._note_all()

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    @property
    def is_settled(self) -> bool:
        return not self._due

    @property
    def toggled(self) -> frozenset[NodeId]:
        """What stands otherwise than at first: groups that were opened, hosts that were closed."""
        return frozenset(self._toggled)

    def count(self, sort: Sort) -> int:
        """Return how many there are, visible or not."""
        return self._counts[sort]

    def position(self, id_: NodeId) -> int | None:
        """Return the row of an object; None where it is not visible."""
        return self._index(id_) if self._is_visible(id_) else None

    # --- what the pool says

    def hear(self, batch: ChangeBatch) -> None:
        """Note what changed. The inventory has taken the batch in already."""
        if batch.is_whole:
            self._note_all()
            return
        for change in batch.changes:
            if change.class_name in CLASSES:
                self._due[change.ref] = change.class_name
            elif change.class_name == "host_metrics":
                host = self._host_of_metrics.get(change.ref)
                if host is not None:
                    self._due[host] = "host"

    def settle(self, most: int = 64) -> tuple[Edit, ...]:
        """Take in up to `most` changed objects; further ones wait for the next call."""
        before = self._begin()
        for ref in tuple(islice(self._due, most)):
            self._take(self._due.pop(ref), ref)
        return self._end(before)

    def settle_all(self) -> tuple[Edit, ...]:
        before = self._begin()
        while self._due:
            ref = next(iter(self._due))
            self._take(self._due.pop(ref), ref)
        return self._end(before)

    def _note_all(self) -> None:
        """Note everything known and everything there is, in the order of the lines: then pieces make long ranges."""
        inventory = self._inventory
        due: list[tuple[int, str, str, Ref, str]] = []
        due += ((0, "", "", record.ref, "pool") for record in inventory.all(Pool))
        due += ((1, "", record.name_label, record.ref, "host") for record in inventory.all(Host))
        due += ((4, "", record.name_label, record.ref, "sr") for record in inventory.all(SR))
        due += ((5, "", record.name_label, record.ref, "network") for record in inventory.all(Network))
        hosts = {host.ref: host.name_label for host in inventory.all(Host)}
        for vm in inventory.all(VM):
            home = hosts.get(vm.resident_on) or hosts.get(vm.affinity, "")
            due.append((2 if home else 3, home, vm.name_label, vm.ref, "vm"))
        present = {NodeId(entry[3]) for entry in due}
        for id_, facts in self._facts.items():
            if facts.sort is not Sort.GROUP and id_ not in present and id_ != POOL:
                self._due[Ref(id_)] = "vm" if facts.sort is Sort.TEMPLATE else str(facts.sort)
        if POOL in self._facts and inventory.pool is None:
            self._due[Ref(POOL)] = "pool"
        self._due.update((ref, class_name) for *_, ref, class_name in sorted(due))

    def _take(self, class_name: str, ref: Ref) -> None:
        facts = facts_of(self._inventory, class_name, ref)
        id_ = POOL if class_name == "pool" else NodeId(ref)
        self._leaves.pop(id_, None)
        before = self._facts.get(id_)
        if facts is not None and before is not None and (facts.parent, facts.key) == (before.parent, before.key):
            self._facts[id_] = facts
            self._lean(ref, before.leans_on, facts.leans_on)
            self._touched.add(id_)
            if facts.words != before.words:
                self._match(facts)
        else:
            if before is not None:
                self._detach(before)
            if facts is not None:
                self._attach(facts)
            self._lean(ref, before.leans_on if before else NULL_REF, facts.leans_on if facts else NULL_REF)
        if class_name == "host":
            self._follow_host(ref)

    def _lean(self, ref: Ref, before: Ref, after: Ref) -> None:
        if before != after:
            self._leaning[before].discard(ref)
            self._leaning[after].add(ref)

    def _follow_host(self, ref: Ref) -> None:
        """Look again at the VMs of a host that came, went or changed its name since they were looked at."""
        host = self._inventory.get(Host, ref)
        if host is not None:
            self._host_of_metrics[host.metrics] = ref
        name = None if host is None else host.name_label
        stale = (vm for vm in self._leaning.get(ref, ()) if self._facts[NodeId(vm)].host_name != name)
        self._due.update(dict.fromkeys(stale, "vm"))

    # --- what the user asks

    def is_open(self, id_: NodeId) -> bool:
        if self._words:
            return id_ not in self._toggled_in_filter
        return (id_ in CLOSED_AT_FIRST) == (id_ in self._toggled)

    def set_open(self, id_: NodeId, *, is_open: bool) -> tuple[Edit, ...]:
        """Open or close what hangs below a line. While a filter stands, this is forgotten with the filter."""
        if self.is_open(id_) == is_open:
            return ()
        before = self._begin()
        is_visible = self._is_visible(id_)
        if is_visible and not is_open:
            self._remove(id_, is_self=False)
        (self._toggled_in_filter if self._words else self._toggled).symmetric_difference_update({id_})
        if is_visible and is_open:
            self._insert(id_, is_self=False)
        self._touched.add(id_)
        return self._end(before)

    def restore_toggled(self, toggled: frozenset[NodeId]) -> tuple[Edit, ...]:
        """Open and close as in an earlier session."""
        self._toggled = set(toggled)
        return self._lay_out_anew()

    def set_filter(self, text: str) -> tuple[Edit, ...]:
        """Show lines that hold every word, and what they hang below. `stage:`, `host:`, `state:` … narrow a word."""
        words = tuple(text.casefold().split())
        if words == self._words:
            return ()
        self._words = words
        self._toggled_in_filter.clear()
        found = [facts for facts in self._facts.values() if facts.words]
        for word in words:
            found = [facts for facts in found if word in facts.words]
        self._matching = {facts.id for facts in found}
        self._shown.clear()
        self._held.clear()
        for id_ in self._matching:
            self._mark_shown(id_)
        return self._lay_out_anew()

    def _mark_shown(self, id_: NodeId) -> None:
        if id_ in self._facts and id_ not in self._shown:
            self._shown.add(id_)
            parent = self._facts[id_].parent
            self._held[parent] += 1
            self._mark_shown(parent)

    def _lay_out_anew(self) -> tuple[Edit, ...]:
        before = self._rows
        known = {row.id: row for row in before}
        self._paths, self._rows = [], []
        if POOL in self._shown:
            for path, row in self._lines(POOL, self._path(POOL), is_self=True):
                self._paths.append(path)
                self._rows.append(row if known.get(row.id) != row else known[row.id])
        self._touched.clear()
        return coarse(before, self._rows)

    # --- where things hang

    def _attach(self, facts: Facts) -> None:
        self._facts[facts.id] = facts
        self._counts[facts.sort] += 1
        insort(self._below[facts.parent], facts.key)
        self._match(facts)

    def _detach(self, facts: Facts) -> None:
        self._matching.discard(facts.id)
        if facts.id in self._shown:
            self._hide(facts.id)
        siblings = self._below[facts.parent]
        del siblings[bisect_left(siblings, facts.key)]
        del self._facts[facts.id]
        self._counts[facts.sort] -= 1
        self._leaves.pop(facts.id, None)

    def _match(self, facts: Facts) -> None:
        does = bool(facts.words) and all(word in facts.words for word in self._words)
        (self._matching.add if does else self._matching.discard)(facts.id)
        should = does or self._held[facts.id] > 0
        if should and facts.id not in self._shown:
            self._show(facts.id)
        elif not should and facts.id in self._shown:
            self._hide(facts.id)

    def _show(self, id_: NodeId) -> None:
        parent = self._facts[id_].parent
        self._shown.add(id_)
        self._held[parent] += 1
        self._touched.add(parent)
        if parent in self._facts and parent not in self._shown:
            self._show(parent)  # brings this line along
        elif self._is_visible(id_):
            self._insert(id_, is_self=True)

    def _hide(self, id_: NodeId) -> None:
        if self._is_visible(id_):
            self._remove(id_, is_self=True)
        parent = self._facts[id_].parent
        self._shown.discard(id_)
        self._held[parent] -= 1
        self._touched.add(parent)
        if parent in self._shown and parent not in self._matching and not self._held[parent]:
            self._hide(parent)

    def _is_visible(self, id_: NodeId) -> bool:
        if id_ not in self._shown:
            return False
        parent = self._facts[id_].parent
        return id_ == POOL or (self._is_visible(parent) and self.is_open(parent))

    def _path(self, id_: NodeId) -> Path:
        facts = self._facts[id_]
        return (facts.key,) if id_ == POOL else (*self._path(facts.parent), facts.key)

    def _index(self, id_: NodeId) -> int:
        return bisect_left(self._paths, self._path(id_))

    def _line(self, id_: NodeId, depth: int) -> Row:
        held = self._held.get(id_, 0)
        if held or id_ not in self._leaves:
            row = line_of(self._facts[id_], depth=depth, held=held, is_open=self.is_open(id_))
            if held:
                return row
            self._leaves[id_] = row
        return self._leaves[id_]

    def _lines(self, id_: NodeId, path: Path, *, is_self: bool) -> Iterator[tuple[Path, Row]]:
        """Yield a line and the lines below it that are visible once it is, in order."""
        if is_self:
            yield path, self._line(id_, len(path) - 1)
        if not self._held.get(id_) or (is_self and not self.is_open(id_)):
            return
        for key in self._below[id_]:
            child = NodeId(key[2])
            if child not in self._shown:
                continue
            if self._held.get(child):
                yield from self._lines(child, (*path, key), is_self=True)
            else:
                yield (*path, key), self._line(child, len(path))

    # --- ranges

    def _insert(self, id_: NodeId, *, is_self: bool) -> None:
        lines = tuple(self._lines(id_, self._path(id_), is_self=is_self))
        if not lines:  # a host or a group that holds nothing was opened
            return
        first = bisect_left(self._paths, lines[0][0])
        rows = tuple(row for _, row in lines)
        self._paths[first:first] = [path for path, _ in lines]
        self._rows[first:first] = rows
        last = self._edits[-1] if self._edits else None
        if isinstance(last, Inserted) and last.first <= first <= last.first + len(last.rows):
            at = first - last.first
            self._edits[-1] = Inserted(first=last.first, rows=(*last.rows[:at], *rows, *last.rows[at:]))
        else:
            self._edits.append(Inserted(first=first, rows=rows))

    def _remove(self, id_: NodeId, *, is_self: bool) -> None:
        path = self._path(id_)
        first = bisect_left(self._paths, path) + (not is_self)
        end = bisect_left(self._paths, (*path, _AFTER_ALL))
        if end <= first:
            return
        del self._paths[first:end]
        del self._rows[first:end]
        last = self._edits[-1] if self._edits else None
        if isinstance(last, Removed) and first <= last.first <= end:
            self._edits[-1] = Removed(first=first, count=last.count + end - first)
        else:
            self._edits.append(Removed(first=first, count=end - first))

    def _begin(self) -> list[Row]:
        self._edits, self._touched = [], set()
        return self._rows.copy()

    def _end(self, before: list[Row]) -> tuple[Edit, ...]:
        changed: list[int] = []
        for id_ in self._touched:
            if not self._is_visible(id_):
                continue
            index = self._index(id_)
            row = self._line(id_, self._rows[index].depth)
            if row != self._rows[index]:
                self._rows[index] = row
                changed.append(index)
        if len(self._edits) + len(changed) > SCATTERED_EDITS:
            return coarse(before, self._rows) if self._edits else (*self._changed(sorted(changed)),)
        return (*self._edits, *self._changed(sorted(changed)))

    def _changed(self, indexes: list[int]) -> Iterator[Changed]:
        """Yield the ranges of changed lines; neighbours make one."""
        start = 0
        for at, index in enumerate(indexes):
            if at + 1 == len(indexes) or indexes[at + 1] != index + 1:
                first = indexes[start]
                yield Changed(first=first, rows=tuple(self._rows[first : index + 1]))
                start = at + 1
