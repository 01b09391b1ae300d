"""On which host each machine of a plan is asked to start: chosen by free memory, storage and networks of the hosts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xsconsole.domain.disks import repositories_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import PBD, PIF, SR, VM, Host, HostMetrics, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing, size
from xsconsole.engine.networking import present_networks
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
    that it prefers or the one with the most room; where that fails, each to the host that it fills best.

    Raises:
        NotPromotable: a guest fits nowhere; naming it and the hosts, with numbers.
    """
    rooms = _rooms(inventory, claimed)
    if not rooms:
        return {}
    ordered = sorted(guests, key=lambda guest: (-guest.memory_bytes, guest.key))
    widely, failed = _place(inventory, ordered, dict(rooms), widest=True)
    if failed is None:
        return widely
    tightly, failed = _place(inventory, ordered, dict(rooms), widest=False)
    if failed is None:
        return tightly
    raise _refusal(inventory, failed, guests, rooms)


def _rooms(inventory: Inventory, claimed: Mapping[Uuid, int]) -> dict[Uuid, int]:
    rooms = {}
    for host in inventory.all(Host):
        metrics = inventory.get(HostMetrics, host.metrics)
        if host.enabled and metrics is not None and metrics.live:
            rooms[host.uuid] = metrics.memory_free - claimed.get(host.uuid, 0)
    return rooms


def _place(
    inventory: Inventory, guests: Sequence[Guest], free: dict[Uuid, int], *, widest: bool
) -> tuple[dict[Uuid, Uuid], Guest | None]:
    """Return a host for each, and the first guest that found none."""
    placed: dict[Uuid, Uuid] = {}
    pinned: dict[Uuid, Uuid] = {}  # networks that only one host has, by the first machine on them
    for guest in guests:
        fitting = [
            host
            for host in sorted(free)
            if free[host] >= guest.memory_bytes
            and _sees_all(inventory, host, guest)
            and all(pinned.get(network, host) == host for network in guest.networks)
        ]
        if not fitting:
            return placed, guest
        best = max(fitting, key=lambda host: free[host]) if widest else min(fitting, key=lambda host: free[host])
        if widest and guest.home is not None and guest.home in fitting:
            best = guest.home
        free[best] -= guest.memory_bytes
        placed[guest.key] = best
        pinned |= {network: best for network in guest.networks if _is_internal(inventory, network)}
    return placed, None


def _sees_all(inventory: Inventory, host: Uuid, guest: Guest) -> bool:
    found = inventory.by_uuid(Host, host)
    assert found is not None
    return all(_has_storage(inventory, found.ref, sr) for sr in guest.storages) and all(
        _has_network(inventory, found.ref, network) for network in guest.networks
    )


def _has_storage(inventory: Inventory, host: Ref, sr: Uuid) -> bool:
    storage = inventory.by_uuid(SR, sr)
    plugs = [pbd for pbd in inventory.all(PBD) if storage is not None and storage.ref == pbd.SR]
    return not plugs or any(pbd.host == host and pbd.currently_attached for pbd in plugs)


def _has_network(inventory: Inventory, host: Ref, network: Uuid) -> bool:
    found = inventory.by_uuid(Network, network)
    if found is None or not found.PIFs:
        return True
    return any(pif is not None and pif.host == host for pif in (inventory.get(PIF, ref) for ref in found.PIFs))


def _is_internal(inventory: Inventory, network: Uuid) -> bool:
    found = inventory.by_uuid(Network, network)
    return found is not None and not found.PIFs and found.other_config.get(SHARED_KEY) != "true"


def _refusal(inventory: Inventory, guest: Guest, guests: Sequence[Guest], rooms: Mapping[Uuid, int]) -> NotPromotable:
    name = f"“{shortened(guest.name)}”"
    seeing = {uuid: free for uuid, free in rooms.items() if _sees_all(inventory, uuid, guest)}
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
    return NotPromotable(
        reason=f"{name} needs {size(guest.memory_bytes)} of memory{among}; {listing(tuple(hosts))} free.",
        mend="Free memory on a host: shut a machine down or move it elsewhere.",
    )
