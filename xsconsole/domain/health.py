"""What is not well in a pool, though nothing has failed yet: found from the inventory alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.disks import disks_of
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, RunId
from xsconsole.domain.inventory import SR, VBD, VDI, VIF, VM, GuestMetrics, Host, HostMetrics, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.held import held_on
from xsconsole.domain.poolstate import RESTORE_POINT_KEY
from xsconsole.domain.words import count, listing, size

OLD_SNAPSHOT = timedelta(days=14)
LONG_CHAIN = 10  # snapshots of one disk; the usual limit of a chain is 30
TIGHT_FRACTION = 0.1
MOST_NAMED = 3
NO_MAC = frozenset({"", "00:00:00:00:00:00"})


class Severity(StrEnum):
    """From the worst on."""

    BAD = "bad"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not well. `mend` says what can be done; `object` is where.

    Where an act mends it, `act` is that, and `targets` is what it is to be done to.
    """

    severity: Severity
    kind: str  # short, for a column and for filtering
    sentence: str
    mend: str
    object: ObjectId
    name: str
    act: Act | None = None
    targets: tuple[ObjectId, ...] = ()
    configuration: ConfigurationId | None = None  # whose `points` could go, by a run instead of an act
    points: tuple[RunId, ...] = ()
    pool: str = ""  # the name of its pool, where several are looked at


Examination = Iterator["Finding | None"]
"""Gives for each object that is looked at what is not well with it, or None."""


def examined_all(inventories: Sequence[Inventory], now: datetime) -> Examination:
    """Look at several pools, each by itself and then at what they share; what is found names its pool."""
    for inventory in inventories:
        pool = inventory.pool
        for one in examined(inventory, now) if pool is not None else ():
            if one is None or pool is None:
                yield None
            else:
                yield replace(
                    one,
                    pool=pool.name_label,
                    object=replace(one.object, pool=pool.uuid),
                    targets=tuple(replace(target, pool=pool.uuid) for target in one.targets),
                )
    if len(inventories) > 1:
        yield from _shared_macs(inventories)


def findings(inventory: Inventory, now: datetime) -> tuple[Finding, ...]:
    """Return what is not well, the worst first, then by kind and name. Pure."""
    return ranked(examined(inventory, now))


def ranked(looked: Iterable[Finding | None]) -> tuple[Finding, ...]:
    """Return what was found, the worst first, then by kind and name."""
    found = [one for one in looked if one is not None]
    rank = {severity: at for at, severity in enumerate(Severity)}
    return tuple(sorted(found, key=lambda one: (rank[one.severity], one.kind, natural(one.name), one.object.uuid)))


def examined(inventory: Inventory, now: datetime) -> Examination:
    """Look at one object after the other; whoever has no time for 100,000 goes on later, while the pool changes."""
    yield from _hosts(inventory)
    yield from _full_storage(inventory)
    yield from _restore_points(inventory)
    yield from _duplicate_macs(inventory)
    yield from _orphaned_disks(inventory)
    yield from _long_chains(inventory)
    yield from _old_snapshots(inventory, now)
    yield from _lost_networks(inventory)
    yield from _without_tools(inventory)


def _hosts(inventory: Inventory) -> Examination:
    for host in tuple(inventory.all(Host)):
        metrics = inventory.get(HostMetrics, host.metrics)
        item, name = ObjectId(kind=Kind.HOST, uuid=host.uuid), host.name_label
        if metrics is not None and not metrics.live:
            yield Finding(
                severity=Severity.BAD,
                kind="host down",
                sentence="The pool hears nothing of this host.",
                mend="Look at the host itself and at its network.",
                object=item,
                name=name,
            )
        elif not host.enabled:
            yield Finding(
                severity=Severity.HINT,
                kind="maintenance",
                sentence="The host is in maintenance: no machine starts here.",
                mend="Enable it when the work is done.",
                object=item,
                name=name,
            )
        else:
            yield None


def is_tight(sr: SR) -> bool:
    """Return whether a storage whose sizes mean something is short of space."""
    is_counted = sr.physical_size > 0 and sr.type not in {"iso", "udev"}
    return is_counted and sr.free_bytes < sr.physical_size * TIGHT_FRACTION


def _restore_points(inventory: Inventory) -> Examination:
    """Yield for each storage that is short of space the configurations whose restore points hold some of it."""
    found = yield from held_on([sr for sr in inventory.all(SR) if is_tight(sr)], inventory)
    for held in found:
        yield Finding(
            severity=Severity.WARNING,
            kind="restore points",
            sentence=held.sentence,
            mend="Remove those that nobody returns to." if held.points else "They go by themselves, or by hand later.",
            object=ObjectId(kind=Kind.SR, uuid=held.sr.uuid),
            name=held.sr.name_label,
            configuration=held.configuration,
            points=held.points,
        )


def _full_storage(inventory: Inventory) -> Examination:
    for sr in tuple(inventory.all(SR)):
        if is_tight(sr):
            yield Finding(
                severity=Severity.BAD if sr.free_bytes <= 0 else Severity.WARNING,
                kind="storage tight",
                sentence=f"{size(max(0, sr.free_bytes))} of {size(sr.physical_size)} are free.",
                mend="Delete old snapshots, move disks elsewhere, or make it larger.",
                object=ObjectId(kind=Kind.SR, uuid=sr.uuid),
                name=sr.name_label,
            )
        else:
            yield None


def _duplicate_macs(inventory: Inventory) -> Examination:
    """Yield machines that have a MAC which another one has on the same network."""
    holders: dict[tuple[str, Ref], list[VM]] = defaultdict(list)
    for vif in tuple(inventory.all(VIF)):
        vm = inventory.get(VM, vif.VM)
        if vm is not None and vm.is_ordinary and vif.MAC.casefold() not in NO_MAC:
            holders[vif.MAC.casefold(), vif.network].append(vm)
        yield None
    for (mac, ref), vms in holders.items():
        if len(vms) < 2:
            yield None
            continue
        network = inventory.get(Network, ref)
        where = f"“{shortened(network.name_label)}”" if network is not None else "one network"
        running = sum(vm.power_state == "Running" for vm in vms)
        for vm in vms:
            others = listing(tuple(other.name_label for other in vms if other is not vm)) or "itself"
            yield Finding(
                severity=Severity.BAD if running > 1 else Severity.WARNING,
                kind="duplicate MAC",
                sentence=f"{mac} on {where} is also that of {others}.",
                mend="Give one of them another MAC, or put it on a network of its own.",
                object=ObjectId(kind=Kind.VM, uuid=vm.uuid),
                name=vm.name_label,
            )


@dataclass(frozen=True, slots=True)
class _Holder:
    """A machine of one of several pools, and the network on which it has a MAC."""

    inventory: Inventory
    vm: VM
    network: Network

    @property
    def pool_name(self) -> str:
        pool = self.inventory.pool
        return shortened(pool.name_label) if pool is not None else ""


def _shared_macs(inventories: Sequence[Inventory]) -> Examination:
    """Yield machines that have a MAC which a machine of another pool has too.

    Networks without a card reach no other pool, and a machine on its way from one pool to another is in both.
    """
    holders: dict[str, list[_Holder]] = defaultdict(list)
    for inventory in inventories:
        for vif in tuple(inventory.all(VIF)):
            vm, network = inventory.get(VM, vif.VM), inventory.get(Network, vif.network)
            if vm is not None and vm.is_ordinary and network is not None and network.PIFs:
                mac = vif.MAC.casefold()
                if mac not in NO_MAC:
                    holders[mac].append(_Holder(inventory, vm, network))
            yield None
    for mac, found in holders.items():
        for one in found:
            elsewhere = [it for it in found if it.inventory is not one.inventory and it.vm.uuid != one.vm.uuid]
            yield _shared_mac(mac, one, elsewhere) if elsewhere else None


def _shared_mac(mac: str, one: _Holder, elsewhere: Sequence[_Holder]) -> Finding:
    others = "; ".join(
        f"{shortened(it.vm.name_label)} in pool “{it.pool_name}”, on “{shortened(it.network.name_label)}”"
        for it in elsewhere[:MOST_NAMED]
    )
    if len(elsewhere) > MOST_NAMED:
        others += f" and {len(elsewhere) - MOST_NAMED} more"
    are_running = one.vm.power_state == "Running" and any(it.vm.power_state == "Running" for it in elsewhere)
    pool = one.inventory.pool
    return Finding(
        severity=Severity.WARNING if are_running else Severity.HINT,
        kind="duplicate MAC",
        sentence=f"{mac} on “{shortened(one.network.name_label)}” is also that of {others}.",
        mend="If these networks are one, such as the same VLAN, give one of them another MAC.",
        object=ObjectId(kind=Kind.VM, uuid=one.vm.uuid, pool=pool.uuid if pool is not None else None),
        name=one.vm.name_label,
        pool=pool.name_label if pool is not None else "",
    )


def _orphaned_disks(inventory: Inventory) -> Examination:
    used = {vbd.VDI for vbd in inventory.all(VBD)}
    for disk in tuple(inventory.all(VDI)):
        storage = inventory.get(SR, disk.SR)
        is_data = disk.type == "user" and disk.managed and not disk.is_a_snapshot
        if disk.ref in used or not is_data or storage is None or storage.content_type == "iso":
            yield None
            continue
        yield Finding(
            severity=Severity.HINT,
            kind="orphaned disk",
            sentence=f"No machine has this disk of {size(disk.virtual_size)}; it takes "
            f"{size(disk.physical_utilisation)} in “{shortened(storage.name_label)}”.",
            mend="Attach it to a machine, or delete it.",
            object=ObjectId(kind=Kind.VDI, uuid=disk.uuid),
            name=disk.name_label or "(no name)",
            act=Act.DELETE_DISK,
            targets=(ObjectId(kind=Kind.VDI, uuid=disk.uuid),),
        )


def _long_chains(inventory: Inventory) -> Examination:
    """Yield machines with a disk of which many snapshots stand: each makes the chain of the disk longer."""
    snapshots: dict[Ref, int] = defaultdict(int)
    for disk in tuple(inventory.all(VDI)):
        if disk.is_a_snapshot and disk.snapshot_of != NULL_REF:
            snapshots[disk.snapshot_of] += 1
        yield None
    for vm in tuple(inventory.all(VM)):
        longest = max((snapshots[disk.ref] for disk in disks_of(inventory, vm)), default=0) if vm.is_ordinary else 0
        if longest >= LONG_CHAIN:
            yield Finding(
                severity=Severity.WARNING,
                kind="long chain",
                sentence=f"A disk has {count(longest, 'snapshot')}.",
                mend="Delete those that nobody returns to; the storage then joins what it can.",
                object=ObjectId(kind=Kind.VM, uuid=vm.uuid),
                name=vm.name_label,
            )
        else:
            yield None


def _old_snapshots(inventory: Inventory, now: datetime) -> Examination:
    for vm in tuple(inventory.all(VM)):
        if not vm.is_ordinary:
            yield None
            continue
        old = [
            (now - snapshot.snapshot_time, snapshot)
            for snapshot in (inventory.get(VM, ref) for ref in vm.snapshots)
            if snapshot is not None and snapshot.snapshot_time is not None and snapshot.snapshot_time.year > 1970
            if now - snapshot.snapshot_time >= OLD_SNAPSHOT
        ]
        if old:
            # Restore points are the way back of a configuration: they are told, and not offered to be deleted.
            spare = [snapshot.uuid for _, snapshot in old if not snapshot.other_config.get(RESTORE_POINT_KEY)]
            yield Finding(
                severity=Severity.HINT,
                kind="old snapshot",
                sentence=f"{count(len(old), 'snapshot')} older than {OLD_SNAPSHOT.days} days; the oldest is of "
                f"{max(age for age, _ in old).days} days ago.",
                mend="Delete those that nobody returns to: they grow with every change of the disks.",
                object=ObjectId(kind=Kind.VM, uuid=vm.uuid),
                name=vm.name_label,
                act=Act.DELETE_SNAPSHOT if spare else None,
                targets=tuple(ObjectId(kind=Kind.VM, uuid=uuid) for uuid in spare),
            )
        else:
            yield None


def _lost_networks(inventory: Inventory) -> Examination:
    for vif in tuple(inventory.all(VIF)):
        vm = inventory.get(VM, vif.VM)
        if vm is not None and vm.is_ordinary and inventory.get(Network, vif.network) is None:
            yield Finding(
                severity=Severity.BAD,
                kind="lost network",
                sentence=f"Interface {vif.device} is on a network that is gone.",
                mend="Move the interface to another network.",
                object=ObjectId(kind=Kind.VM, uuid=vm.uuid),
                name=vm.name_label,
            )
        else:
            yield None


def _without_tools(inventory: Inventory) -> Examination:
    for vm in tuple(inventory.all(VM)):
        guest = inventory.get(GuestMetrics, vm.guest_metrics)
        if vm.is_ordinary and vm.power_state == "Running" and guest is not None and not guest.PV_drivers_detected:
            yield Finding(
                severity=Severity.HINT,
                kind="no guest tools",
                sentence="The guest runs without tools: it cannot be shut down cleanly.",
                mend="Install the guest tools in the machine.",
                object=ObjectId(kind=Kind.VM, uuid=vm.uuid),
                name=vm.name_label,
            )
        else:
            yield None
