"""On which host each machine of a plan is asked to start: chosen by free memory, storage and networks of the hosts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from xsconsole.domain.disks import repositories_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import PBD, PIF, SR, VIF, VM, Host, HostMetrics, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing, size
from xsconsole.engine.plans.networking import present_networks
from xsconsole.errors import NotPromotable

SHARED_KEY = "assume_network_is_shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A machine that will start: how much memory it takes, and what its host must see."""

    key: Uuid  # of what it is, or of what it is made of
    name: str
    memory_bytes: int
    storages: frozenset[Uuid]
    networks: frozenset[Uuid]
    home: Uuid | None = None  # the host that it prefers
    here: Uuid | None = None  # the host that it runs on, and leaves only for a better one
    is_bound: bool = False  # it cannot leave that one


def memory_of(vm: VM) -> int:
    """Return how much of its host's memory a machine takes when it runs."""
    return vm.memory_static_max + vm.memory_overhead


def guest_of(vm: VM, inventory: Inventory) -> Guest:
    """Return what has to be known to place a machine as it is."""
    home = inventory.get(Host, vm.affinity)
    return Guest(
        key=vm.uuid,
        name=vm.name_label,
        memory_bytes=memory_of(vm),
        storages=frozenset(sr.uuid for sr in repositories_of(inventory, vm)),
        networks=frozenset(present_networks(vm, inventory).values()),
        home=home.uuid if home is not None else None,
    )


def freed_by(vms: Iterable[VM], inventory: Inventory) -> dict[Uuid, int]:
    """Return the memory that machines give back when they stop, by host."""
    freed: dict[Uuid, int] = {}
    for vm in vms:
        host = inventory.get(Host, vm.resident_on)
        if vm.power_state == "Running" and host is not None:
            freed[host.uuid] = freed.get(host.uuid, 0) + memory_of(vm)
    return freed


def less(claimed: Mapping[Uuid, int], freed: Mapping[Uuid, int]) -> dict[Uuid, int]:
    """Return what is claimed of each host when that much has been given back."""
    return {host: claimed.get(host, 0) - freed.get(host, 0) for host in {*claimed, *freed}}


def place(inventory: Inventory, guests: Sequence[Guest], claimed: Mapping[Uuid, int]) -> dict[Uuid, Uuid]:
    """Return a host for each guest, by its key; nothing where the hosts do not tell how much memory they have.

    `claimed` is the memory that other runs are going to take, by host. The largest guest comes first, each to the host
    that it prefers, the one it runs on, or the one with the most room; where that fails, each to the host that it fills
    best.

    Raises:
        NotPromotable: a guest fits nowhere; naming it and the hosts, with numbers.
    """
    rooms = _rooms(inventory, claimed)
    if not rooms:
        return {}
    sights = _Sights(inventory, sorted(rooms))
    ordered = sorted(guests, key=lambda guest: (-guest.memory_bytes, guest.key))
    failed = None
    for is_wide in (True, False):
        placed, failed = _place(sights, ordered, dict(rooms), is_wide=is_wide)
        if failed is None:
            return placed
    assert failed is not None
    raise _refusal(inventory, sights, failed, guests, rooms)


class _Sights:
    """Which hosts see what; worked out once for guests that need the same."""

    def __init__(self, inventory: Inventory, hosts: Sequence[Uuid]) -> None:
        self._inventory = inventory
        self._hosts = {uuid: host.ref for uuid in hosts if (host := inventory.by_uuid(Host, uuid)) is not None}
        self._plugs: dict[Ref, set[Ref]] = {}  # hosts that have a storage; one without any plug is had by all
        for pbd in inventory.all(PBD):
            having = self._plugs.setdefault(pbd.SR, set())
            if pbd.currently_attached:
                having.add(pbd.host)
        self._known: dict[tuple[frozenset[Uuid], frozenset[Uuid]], tuple[Uuid, ...]] = {}

    def seeing(self, guest: Guest) -> tuple[Uuid, ...]:
        """Return the hosts that see all that a guest needs."""
        needs = (guest.storages, guest.networks)
        if needs not in self._known:
            self._known[needs] = tuple(
                uuid
                for uuid, ref in self._hosts.items()
                if all(self._has_storage(ref, sr) for sr in guest.storages)
                and all(self._has_network(ref, network) for network in guest.networks)
            )
        return self._known[needs]

    def internal(self, guest: Guest) -> list[Uuid]:
        """Return the guest's networks that only one host has: the one where the first machine on them runs."""
        found = ((uuid, self._inventory.by_uuid(Network, uuid)) for uuid in sorted(guest.networks))
        return [
            uuid
            for uuid, network in found
            if network is not None and not network.PIFs and network.other_config.get(SHARED_KEY) != "true"
        ]

    def pins(self, networks: Collection[Uuid]) -> dict[Uuid, Uuid]:
        """Return the hosts of machines that run on these internal networks: nobody else can start elsewhere on them."""
        refs = {found.ref: uuid for uuid in networks if (found := self._inventory.by_uuid(Network, uuid)) is not None}
        pinned = {}
        for vif in self._inventory.all(VIF) if refs else ():
            vm = self._inventory.get(VM, vif.VM) if vif.network in refs else None
            host = self._inventory.get(Host, vm.resident_on) if vm is not None and vm.power_state == "Running" else None
            if host is not None:
                pinned[refs[vif.network]] = host.uuid
        return pinned

    def _has_storage(self, host: Ref, sr: Uuid) -> bool:
        storage = self._inventory.by_uuid(SR, sr)
        having = self._plugs.get(storage.ref) if storage is not None else None
        return having is None or host in having

    def _has_network(self, host: Ref, network: Uuid) -> bool:
        found = self._inventory.by_uuid(Network, network)
        if found is None or not found.PIFs:
            return True
        return any(pif is not None and pif.host == host for pif in map(self._pif, found.PIFs))

    def _pif(self, ref: Ref) -> PIF | None:
        return self._inventory.get(PIF, ref)


def hosts_for(inventory: Inventory, guest: Guest) -> tuple[Uuid, ...]:
    """Return the enabled hosts that see all that a guest needs, whatever room they have."""
    return _Sights(inventory, sorted(_rooms(inventory, {}))).seeing(guest)


def _rooms(inventory: Inventory, claimed: Mapping[Uuid, int]) -> dict[Uuid, int]:
    rooms = {}
    for host in inventory.all(Host):
        metrics = inventory.get(HostMetrics, host.metrics)
        if host.enabled and metrics is not None and metrics.live:
            rooms[host.uuid] = metrics.memory_free - claimed.get(host.uuid, 0)
    return rooms


def _place(
    sights: _Sights, guests: Sequence[Guest], free: dict[Uuid, int], *, is_wide: bool
) -> tuple[dict[Uuid, Uuid], Guest | None]:
    """Return a host for each, and the first guest that found none."""
    placed: dict[Uuid, Uuid] = {}
    internals = {guest.key: sights.internal(guest) for guest in guests}
    pinned = sights.pins({network for networks in internals.values() for network in networks})
    for guest in guests:
        internal = internals[guest.key]
        fitting = [
            host
            for host in sights.seeing(guest)
            if free[host] >= guest.memory_bytes
            and (not guest.is_bound or host == guest.here)
            and all(pinned.get(network, host) == host for network in internal)
        ]
        if not fitting:
            return placed, guest
        best = max(fitting, key=lambda host: free[host]) if is_wide else min(fitting, key=lambda host: free[host])
        preferred = [host for host in (guest.home if is_wide else None, guest.here) if host in fitting]
        best = next((host for host in preferred if host is not None), best)
        free[best] -= guest.memory_bytes
        placed[guest.key] = best
        pinned |= dict.fromkeys(internal, best)
    return placed, None


def _refusal(
    inventory: Inventory, sights: _Sights, guest: Guest, guests: Sequence[Guest], rooms: Mapping[Uuid, int]
) -> NotPromotable:
    name = f"“{shortened(guest.name)}”"
    seeing = {uuid: rooms[uuid] for uuid in sights.seeing(guest) if not guest.is_bound or uuid == guest.here}
    if not seeing:
        return NotPromotable(
            reason=f"No host that is enabled sees all the storage and networks of {name}.",
            mend="Attach them to a host, or enable the host that has them.",
        )
    hosts = []
    for uuid, free in sorted(seeing.items(), key=lambda pair: -pair[1]):
        host = inventory.by_uuid(Host, uuid)
        hosts.append(f"{shortened(host.name_label if host else uuid, 40)} has {size(max(0, free))}")
    together = sum(each.memory_bytes for each in guests)
    among = f" beside the others ({count(len(guests), 'machine')}, {size(together)})" if len(guests) > 1 else ""
    inner = [inventory.by_uuid(Network, uuid) for uuid in sights.internal(guest)]
    names = listing(tuple(f"“{shortened(network.name_label, 40)}”" for network in inner if network is not None))
    bound = f" All machines on {names} start on one host, because that is inside a host." if names else ""
    return NotPromotable(
        reason=f"{name} needs {size(guest.memory_bytes)} of memory{among}; {listing(tuple(hosts))} free.{bound}",
        mend="Free memory on a host: shut a machine down or move it elsewhere.",
    )
