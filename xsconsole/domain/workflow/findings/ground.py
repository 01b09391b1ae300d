"""What is known beside the workflow while findings are sought: pools as they are now, and what stands in the stages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import PBD, PIF, SR, Host, HostMetrics, Inventory, Network, Record
from xsconsole.domain.workflow.rules import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupant:
    """A configuration that stands in a stage now. `memory_bytes` are of all its members."""

    id: ConfigurationId
    name: str
    service: str
    stage: StageId
    is_running: bool = False
    memory_bytes: int = 0

    @classmethod
    def of(cls, card: Card) -> "Occupant":
        return cls(
            id=card.id,
            name=card.name,
            service=card.service,
            stage=card.stage,
            is_running=any(member.power_state == "Running" for member in card.members),
            memory_bytes=sum(member.memory_bytes for member in card.members),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`pools` are live inventories by the pool's uuid; `home` is the pool that holds the workflow, None: not known.

    `names` are those of stages that stand on the pools, by which sentences call what the draft lacks. `me` is who sits
    at this console, with its key; None: not known.
    """

    home: Uuid | None = None
    pools: Mapping[Uuid, Inventory] = field(default_factory=dict)
    occupants: tuple[Occupant, ...] = ()
    names: Mapping[StageId, str] = field(default_factory=dict)
    me: Person | None = None

    @classmethod
    def live(cls, inventory: Inventory, board: Board, others: Iterable[Inventory] = ()) -> "Ground":
        """Return what one console knows of its own pool, and of others it is connected to."""
        pools = {each.pool.uuid: each for each in (inventory, *others) if each.pool is not None}
        home = inventory.pool
        return cls(
            home=home.uuid if home else None,
            pools=pools,
            occupants=tuple(Occupant.of(card) for card in board.cards.values()),
        )


OFFLINE = Ground()


class Site:
    """One pool's hosts with the networks and the storage they reach, looked up once for all stages."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.hosts = tuple(sorted(inventory.all(Host), key=lambda host: (host.name_label, host.uuid)))
        self._on_network: dict[Ref, set[Ref]] = defaultdict(set)
        self._on_storage: dict[Ref, set[Ref]] = defaultdict(set)
        for interface in inventory.all(PIF):
            self._on_network[interface.network].add(interface.host)
        for link in inventory.all(PBD):
            if link.currently_attached:
                self._on_storage[link.SR].add(link.host)

    @property
    def name(self) -> str:
        pool = self.inventory.pool
        return pool.name_label if pool else ""

    @property
    def version(self) -> tuple[int, ...]:
        """Return the lowest of its hosts' versions, which XAPI compares; empty where none says one."""
        return min(filter(None, (_version(host) for host in self.hosts)), default=())

    @property
    def release(self) -> str:
        """Return what users call that version: the product's, where the host tells it."""
        oldest = min((host for host in self.hosts if _version(host)), key=_version, default=None)
        told = oldest.software_version if oldest is not None else {}
        platform = ".".join(map(str, self.version))
        return told.get("product_version_text_short") or told.get("product_version") or platform

    def host(self, uuid: Uuid) -> Host | None:
        return self.inventory.by_uuid(Host, uuid)

    def serves(self, host: Host) -> bool:
        """Return whether machines can start there now."""
        metrics = self.inventory.get(HostMetrics, host.metrics)
        return host.enabled and (metrics is None or metrics.live)

    def memory_bytes(self, host: Host) -> int:
        metrics = self.inventory.get(HostMetrics, host.metrics)
        return metrics.memory_total if metrics else 0

    def reaches_network(self, network: Network, host: Host) -> bool:
        return host.ref in self._on_network[network.ref] or self.is_everywhere(network)

    def is_everywhere(self, network: Network) -> bool:
        return network.other_config.get("assume_network_is_shared") == "true"

    def is_local(self, network: Network) -> bool:
        """Return whether it is on no wire: its machines must all be on one host, and cannot migrate while they run."""
        return not self._on_network[network.ref] and not self.is_everywhere(network)

    def reaches_storage(self, storage: SR, host: Host) -> bool:
        return host.ref in self._on_storage[storage.ref]

    def name_of(self, kind: type[Record], uuid: Uuid) -> str | None:
        """Return what an object is called now; None where it is gone."""
        found = self.inventory.by_uuid(kind, uuid)
        return None if found is None else str(getattr(found, "name_label", ""))


def _version(host: Host) -> tuple[int, ...]:
    text = host.software_version.get("platform_version") or host.software_version.get("product_version", "")
    parts = text.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()
