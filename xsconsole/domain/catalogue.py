"""What there is to say of every object that has a line, kept in step with the pool object by object."""

from collections import Counter, defaultdict

from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import SR, VM, ChangeBatch, Host, Inventory, Network, Pool
from xsconsole.domain.inventory_items import CLASSES, Item, Sort, item_of

FAR_CLASSES = frozenset({"vbd", "vdi", "vif", "sr", "network"})
"""Classes whose changes can change what some fields hold of other objects; see `inventory_filter.FAR_FIELDS`."""

_LEANT_ON = frozenset({"host_metrics", "vm_guest_metrics", "vm_appliance"})


class Catalogue:
    """`hear` only notes what is due; `take` brings one object up to date."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.items: dict[Ref, Item] = {}
        self._due: dict[Ref, str] = {}  # reference -> class, in the order of taking
        self._leaning: dict[Ref, set[Ref]] = defaultdict(set)  # what others say of an object: it leans on them
        self._leans_on: dict[Ref, tuple[Ref, ...]] = {}
        self._class_of: dict[Ref, str] = {}
        self._counts: Counter[Sort] = Counter()
        self.note_all()

    @property
    def due(self) -> int:
        return len(self._due)

    def count(self, sort: Sort) -> int:
        """Return how many there are, visible or not."""
        return self._counts[sort]

    def hear(self, batch: ChangeBatch) -> None:
        """Note what changed. The inventory has taken the batch in already."""
        if batch.is_whole:
            self.note_all()
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

    def note_all(self) -> None:
        """Note everything known and everything there is, in the order of the lines: then pieces make long ranges."""
        inventory = self._inventory
        due: list[tuple[int, str, str, Ref, str]] = []
        due += ((0, "", "", record.ref, "pool") for record in inventory.all(Pool))
        due += ((1, "", record.name_label, record.ref, "host") for record in inventory.all(Host))
        due += ((4, "", record.name_label, record.ref, "sr") for record in inventory.all(SR))
        due += ((5, "", record.name_label, record.ref, "network") for record in inventory.all(Network))
        hosts = {host.ref: host.name_label for host in inventory.all(Host)}
        for vm in inventory.all(VM):
            if not vm.is_a_snapshot:
                home = hosts.get(vm.resident_on) or hosts.get(vm.affinity, "")
                due.append((2 if home else 3, home, vm.name_label, vm.ref, "vm"))
        present = {entry[3] for entry in due}
        self._due.update((ref, self._class_of[ref]) for ref in self.items if ref not in present)
        self._due.update((ref, class_name) for *_, ref, class_name in sorted(due))

    def next_due(self) -> Ref:
        """Return what has waited longest; there has to be something due."""
        return next(iter(self._due))

    def take(self, ref: Ref) -> tuple[Item | None, Item | None]:
        """Bring one object up to date, and return what was known and what is so now."""
        class_name = self._due.pop(ref, None) or self._class_of[ref]
        before = self.items.get(ref)
        after = item_of(self._inventory, class_name, ref)
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
