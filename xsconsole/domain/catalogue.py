"""What there is to say of every object that has a line, kept in step with the pool object by object."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from itertools import chain, islice

from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import RECORD_TYPES, SR, VM, ChangeBatch, Host, Inventory, Network, Pool
from xsconsole.domain.inventory_items import CLASSES, Item, Sort, item_of

FAR_CLASSES = frozenset({"vbd", "vdi", "vif", "sr", "network"})
"""Classes whose changes can change what some fields hold of other objects; see `inventory_filter.FAR_FIELDS`."""

_LEANT_ON = frozenset({"host_metrics", "vm_guest_metrics", "vm_appliance"})
NOTED_AT_ONCE = 1_000
_OVER = object()


class Catalogue:
    """`hear` only notes what is due; `take` brings one object up to date."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.items: dict[Ref, Item] = {}
        # Reference -> class, in the order of taking. Of a plain dict that is emptied from its front, each look for the
        # first goes over all that was taken out.
        self._due: OrderedDict[Ref, str] = OrderedDict()
        self._leaning: dict[Ref, set[Ref]] = defaultdict(set)  # what others say of an object: it leans on them
        self._leans_on: dict[Ref, tuple[Ref, ...]] = {}
        self._class_of: dict[Ref, str] = {}
        self._counts: Counter[Sort] = Counter()
        self._noting: Iterator[object] | None = None
        self.note_all()

    @property
    def due(self) -> int:
        return len(self._due) + (self._noting is not None)

    def count(self, sort: Sort) -> int:
        """Return how many there are, visible or not."""
        return self._counts[sort]

    def hear(self, batch: ChangeBatch, source: Inventory | None = None) -> None:
        """Note what changed. The inventory has taken the batch in already; of several, `source` is the one that did."""
        if batch.is_whole:
            self.note_all(source)
            return
        for change in batch.changes:
            class_name = change.class_name
            if class_name in CLASSES:
                self._due[change.ref] = class_name
                self._note_snapshot(change.ref)
            elif class_name in _LEANT_ON:
                for ref in self._leaning.get(change.ref, ()):
                    self._due[ref] = self._class_of[ref]

    def _note_snapshot(self, ref: Ref) -> None:
        vm = self._inventory.get(VM, ref)
        if vm is not None and vm.is_a_snapshot and vm.snapshot_of in self.items:
            self._due[vm.snapshot_of] = "vm"

    def note_all(self, source: Inventory | None = None) -> None:
        """Note all that is known and all that there is, in pieces, as it is asked what is due; of one pool or all."""
        pieces = chain(self._note_pieces(source or self._inventory), self._note_gone())
        self._noting = pieces if self._noting is None else chain(self._noting, pieces)

    def note_gone(self) -> None:
        """Note what is known and nowhere any more."""
        self._noting = self._note_gone() if self._noting is None else chain(self._noting, self._note_gone())

    def _note_gone(self) -> Iterator[None]:
        known = iter(tuple(self._class_of.items()))
        while piece := tuple(islice(known, NOTED_AT_ONCE)):
            for ref, class_name in piece:
                if self._inventory.holding(RECORD_TYPES[class_name], ref) is None:
                    self._due[ref] = class_name
            yield

    def _note_pieces(self, inventory: Inventory) -> Iterator[None]:
        """Note what there is in the order of the lines, so that pieces make long ranges."""
        hosts = sorted(inventory.all(Host), key=lambda host: host.name_label)
        at_home: dict[Ref, list[VM]] = {host.ref: [] for host in hosts}
        elsewhere: list[VM] = []
        machines = iter(tuple(inventory.all(VM)))
        while some := tuple(islice(machines, 4 * NOTED_AT_ONCE)):
            for vm in some:
                if not vm.is_a_snapshot:
                    home = at_home.get(vm.resident_on)
                    if home is None:
                        home = at_home.get(vm.affinity, elsewhere)
                    home.append(vm)
            yield
        self._due.update((pool.ref, "pool") for pool in inventory.all(Pool))
        self._due.update((host.ref, "host") for host in hosts)
        yield
        for vms in (*at_home.values(), elsewhere):
            for start in range(0, len(vms), NOTED_AT_ONCE):
                piece = sorted(vms[start : start + NOTED_AT_ONCE], key=lambda vm: vm.name_label)
                self._due.update((vm.ref, "vm") for vm in piece)
                yield
        self._due.update((sr.ref, "sr") for sr in inventory.all(SR))
        self._due.update((network.ref, "network") for network in inventory.all(Network))
        yield

    def next_due(self) -> Ref | None:
        """Return what has waited longest; None where nothing is due, or was noted yet: `due` tells which."""
        if not self._due and self._noting is not None and next(self._noting, _OVER) is _OVER:
            self._noting = None
        return next(iter(self._due), None)

    def take(self, ref: Ref) -> tuple[Item | None, Item | None]:
        """Bring one object up to date, and return what was known and what is so now."""
        class_name = self._due.pop(ref, None) or self._class_of[ref]
        before = self.items.get(ref)
        source = self._inventory.holding(RECORD_TYPES[class_name], ref)
        after = None if source is None else item_of(source, class_name, ref)
        if class_name == "pool" and (before is None or after is None or before.name != after.name):
            self._note_named(ref, "" if after is None else after.name)
        if after is None:
            self.items.pop(ref, None)
            self._class_of.pop(ref, None)
        else:
            self.items[ref] = after
            self._class_of[ref] = class_name
        if before is None or after is None or before.sort is not after.sort:
            if before is not None:
                self._counts[before.sort] -= 1
            if after is not None:
                self._counts[after.sort] += 1
        self._lean(ref, self._leans(class_name, ref) if after is not None else ())
        return before, after

    def _note_named(self, pool: Ref, name: str) -> None:
        """Note what knows its pool by another name, had none yet, or has none any more."""
        for ref, item in self.items.items():
            if item.pool in (pool, NULL_REF) and item.pool_name != name:
                self._due[ref] = self._class_of[ref]

    def leaning_on(self, ref: Ref) -> tuple[Ref, ...]:
        return tuple(self._leaning.get(ref, ()))

    def _leans(self, class_name: str, ref: Ref) -> tuple[Ref, ...]:
        if class_name == "vm":
            vm = self._inventory.get(VM, ref)
            if vm is None or vm.is_a_template:
                return ()
            home = vm.resident_on if vm.resident_on != NULL_REF else vm.affinity
            return tuple([on for on in (home, vm.guest_metrics, vm.appliance) if on != NULL_REF])
        if class_name == "host":
            host = self._inventory.get(Host, ref)
            return (host.metrics,) if host is not None and host.metrics != NULL_REF else ()
        return ()

    def _lean(self, ref: Ref, after: tuple[Ref, ...]) -> None:
        before = self._leans_on.get(ref, ())
        if before == after:
            return
        for on in before:
            self._leaning[on].discard(ref)
            if not self._leaning[on]:
                del self._leaning[on]
        for on in after:
            self._leaning[on].add(ref)
        if after:
            self._leans_on[ref] = after
        else:
            self._leans_on.pop(ref, None)
