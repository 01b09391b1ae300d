"""The pools as they are now, for choosing their objects: names, and what is free beside them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from xsconsole.domain.fence.tags import carriers
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, Host, HostMetrics, Inventory, Network, Pool, Record
from xsconsole.domain.networks import networks_for_machines
from xsconsole.domain.words import size
from xsconsole.domain.workflow import PoolObject, Stage
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Option

KEEP = ""  # the key of the option that chooses nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`home` is the pool that holds the workflow, `keys` are those known here. Equal where all has the same name."""

    home: Uuid | None = None
    inventories: Mapping[Uuid, Inventory] = field(default_factory=dict, compare=False)
    names: frozenset[tuple[type[Record], Uuid, str]] = frozenset()
    keys: tuple[Option, ...] = ()

    @classmethod
    def of(
        cls, home: Uuid | None, inventories: Mapping[Uuid, Inventory], keys: tuple[Option, ...] = ()
    ) -> "Surroundings":
        kinds = (Pool, Host, SR, Network)
        names = frozenset(
            (kind, record.uuid, _name(record))
            for inventory in inventories.values()
            for kind in kinds
            for record in inventory.all(kind)
        )
        return cls(home=home, inventories=inventories, names=names, keys=keys)

    def pool_of(self, stage: Stage) -> Uuid | None:
        return stage.binding.pool.uuid if stage.binding.pool is not None else self.home

    def inventory_of(self, stage: Stage) -> Inventory | None:
        pool = self.pool_of(stage)
        return self.inventories.get(pool) if pool is not None else None

    def called(self, chosen: PoolObject, kind: type[Record], inventory: Inventory | None) -> str:
        """Return an object's name as it is now; what is gone or cannot be seen is said to be so."""
        if inventory is None:
            return tr("{name} (its pool is not connected)").format(name=one_line(chosen.name) or chosen.uuid)
        record = inventory.by_uuid(kind, chosen.uuid)
        if record is None:
            return tr("gone: {name} ({uuid})").format(name=one_line(chosen.name) or "?", uuid=chosen.uuid)
        return _name(record)

    def pools(self) -> tuple[Option, ...]:
        home = self.inventories.get(self.home) if self.home is not None else None
        own = tr("where the workflow is")
        if home is not None and home.pool is not None:
            own = tr("{name}, where the workflow is").format(name=_name(home.pool))
        found = [
            Option(key=pool.uuid, words=_name(pool))
            for inventory in self.inventories.values()
            if (pool := inventory.pool) is not None
        ]
        return (Option(key=KEEP, words=own), *_sorted(found))

    def pool_called(self, pool: PoolObject | None) -> str:
        if pool is None:
            return self.pools()[0].words
        return self.called(pool, Pool, self.inventories.get(pool.uuid))

    def hosts(self, stage: Stage) -> tuple[Option, ...]:
        inventory = self.inventory_of(stage)
        found = [] if inventory is None else [Option(key=host.uuid, words=_name(host)) for host in inventory.all(Host)]
        return _sorted(found)

    def memory(self, stage: Stage, host: Uuid) -> str:
        """Return how much memory a host has left now; empty where that is not known."""
        inventory = self.inventory_of(stage)
        found = inventory.by_uuid(Host, host) if inventory is not None else None
        metrics = inventory.get(HostMetrics, found.metrics) if inventory is not None and found is not None else None
        if metrics is None or not metrics.memory_total:
            return ""
        free, total = size(metrics.memory_free), size(metrics.memory_total)
        state = "" if metrics.live and found is not None and found.enabled else tr(", not in service")
        return tr("{free} of {total} free").format(free=free, total=total) + state

    def storages(self, stage: Stage) -> tuple[Option, ...]:
        inventory = self.inventory_of(stage)
        found = [
            Option(key=sr.uuid, words=_name(sr), aside=_space(sr))
            for sr in (inventory.all(SR) if inventory is not None else ())
            if sr.content_type != "iso" and sr.type not in {"iso", "udev"}
        ]
        return (Option(key=KEEP, words=tr("keep where it is")), *_sorted(found))

    def storage_called(self, stage: Stage) -> str:
        if stage.binding.sr is None:
            return tr("keep where it is")
        return self.called(stage.binding.sr, SR, self.inventory_of(stage))

    def space(self, stage: Stage) -> str:
        inventory, chosen = self.inventory_of(stage), stage.binding.sr
        found = inventory.by_uuid(SR, chosen.uuid) if inventory is not None and chosen is not None else None
        return _space(found) if found is not None else ""

    def networks(self, stage: Stage) -> tuple[Option, ...]:
        inventory = self.inventory_of(stage)
        offered = () if inventory is None else networks_for_machines(inventory)
        found = [Option(key=one.uuid, words=_name(one)) for one in offered]
        return (Option(key=KEEP, words=tr("not mapped")), *_sorted(found))

    def trunks(self, stage: Stage) -> tuple[Option, ...]:
        inventory = self.inventory_of(stage)
        could = carriers(inventory) if inventory is not None else ()
        found = [Option(key=one.uuid, words=_name(one)) for one in could]
        return (Option(key=KEEP, words=tr("as the ground of fences says")), *_sorted(found))

    def trunk_called(self, stage: Stage) -> str:
        tags = stage.binding.vlans
        if tags is None or tags.trunk is None:
            return tr("as the ground of fences says")
        return self.called(tags.trunk, Network, self.inventory_of(stage))

    def network_called(self, stage: Stage, logical: str) -> str:
        entry = next((entry for entry in stage.binding.networks if entry.logical == logical), None)
        if entry is None:
            return tr("not mapped")
        return self.called(entry.network, Network, self.inventory_of(stage))

    def object(self, kind: type[Record], uuid: str) -> PoolObject | None:
        """Return what to write down for a chosen object; None for the option that chooses nothing."""
        if uuid == KEEP:
            return None
        found = next(self._all(kind, Uuid(uuid)), None)
        return PoolObject(uuid=Uuid(uuid), name=_name(found) if found is not None else "")

    def _all(self, kind: type[Record], uuid: Uuid) -> Iterator[Record]:
        for inventory in self.inventories.values():
            found = inventory.by_uuid(kind, uuid)
            if found is not None:
                yield found


def _name(record: Record) -> str:
    return one_line(str(getattr(record, "name_label", ""))) or record.uuid


def _sorted(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: natural(option.words)))


def _space(sr: SR) -> str:
    if not sr.physical_size:
        return sr.type
    told = tr("{free} of {total} free").format(free=size(sr.free_bytes), total=size(sr.physical_size))
    return told + (tr(", shared") if sr.shared else tr(", of one host"))
