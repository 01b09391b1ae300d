"""The one host on which a fence starts: its networks are inside one, so there has to be room for all of it together."""

from collections.abc import Iterable

from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Host, HostMetrics, Inventory
from xsconsole.domain.words import size
from xsconsole.engine.plans.claims import Claims
from xsconsole.engine.plans.placement import Guest, place
from xsconsole.errors import NotPromotable


def host_for(
    name: str,
    memory_bytes: int,
    storages: Iterable[Uuid],
    networks: Iterable[Uuid],
    claims: Claims,
    inventory: Inventory,
) -> Uuid | None:
    """Return a host that sees all of that and has room for `memory_bytes`; None where hosts do not tell what they have.

    Raises:
        NotPromotable: none has, with what each has free.
    """
    together = Guest(
        key=Uuid(name),
        name=name,
        memory_bytes=memory_bytes,
        storages=frozenset(storages),
        networks=frozenset(networks),
    )
    try:
        return place(inventory, [together], claims.memory).get(together.key)
    except NotPromotable as refusal:
        free = sum(_free_on(host, inventory) for host in inventory.all(Host) if host.enabled)
        beside = f" The pool has {size(free)} free, but on several hosts." if free >= together.memory_bytes else ""
        raise NotPromotable(
            reason=f"{refusal.reason} All of a fence starts on one host, because its networks are inside one.{beside}",
            mend=refusal.mend,
        ) from refusal


def _free_on(host: Host, inventory: Inventory) -> int:
    metrics = inventory.get(HostMetrics, host.metrics)
    return metrics.memory_free if metrics is not None and metrics.live else 0
