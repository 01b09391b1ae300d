"""Small pools, as live inventories, for what is checked against them."""

from collections.abc import Iterable, Mapping

from tests.inventories import inventory_of
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import (
    PBD,
    PIF,
    SR,
    Host,
    HostMetrics,
    Inventory,
    Network,
    Pool,
    Record,
)
from xsconsole.domain.workflow.findings import Ground, Occupant

GIB = 1024**3


def ref(uuid: str) -> Ref:
    return Ref(f"OpaqueRef:{uuid}")


def pool_of(
    name: str = "pool-a",
    hosts: Iterable[str] = ("host-a", "host-b"),
    networks: Mapping[str, Iterable[str]] | None = None,
    storages: Mapping[str, Iterable[str]] | None = None,
    memory_bytes: int = 64 * GIB,
    version: str = "3.4.0",
    release: str = "",
    down: Iterable[str] = (),
    iso: Iterable[str] = (),
) -> Inventory:
    """Return a pool whose networks and storages are reached by the hosts named; names are the uuids in capitals."""
    records: list[Record] = [Pool(ref=ref(name), uuid=Uuid(name), name_label=name.upper())]
    for host in hosts:
        metrics = ref(f"metrics-{host}")
        records.append(HostMetrics(ref=metrics, uuid=Uuid(metrics), live=True, memory_total=memory_bytes))
        records.append(
            Host(
                ref=ref(host),
                uuid=Uuid(host),
                name_label=host.upper(),
                metrics=metrics,
                enabled=host not in down,
                software_version={"platform_version": version, "product_version_text_short": release},
            )
        )
    for network, reached in (networks or {}).items():
        cards = tuple(ref(f"{network}{host}") for host in reached)
        records.append(Network(ref=ref(network), uuid=Uuid(network), name_label=network.upper(), PIFs=cards))
        records += [
            PIF(ref=ref(f"{network}{host}"), uuid=Uuid(f"{network}{host}"), host=ref(host), network=ref(network))
            for host in reached
        ]
    for storage, reached in (storages or {}).items():
        kind = "iso" if storage in iso else "user"
        records.append(SR(ref=ref(storage), uuid=Uuid(storage), name_label=storage.upper(), content_type=kind))
        records += [
            PBD(
                ref=ref(f"{storage}{host}"),
                uuid=Uuid(f"{storage}{host}"),
                host=ref(host),
                SR=ref(storage),
                currently_attached=True,
            )
            for host in reached
        ]
    return inventory_of(*records)


def ground_of(*pools: Inventory, occupants: tuple[Occupant, ...] = ()) -> Ground:
    """Return ground whose home is the first pool."""
    known = {pool.pool.uuid: pool for pool in pools if pool.pool is not None}
    return Ground(home=next(iter(known), None), pools=known, occupants=occupants)


def occupant(stage: str, service: str = "shop", memory_bytes: int = GIB, *, is_running: bool = True) -> Occupant:
    return Occupant(
        id=ConfigurationId(f"{service}-{stage}"),
        name=f"{service} 1.0",
        service=service,
        stage=StageId(stage),
        is_running=is_running,
        memory_bytes=memory_bytes,
    )
