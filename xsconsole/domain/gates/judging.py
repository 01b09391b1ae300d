"""Each gate that the inventory can answer, with a sentence for either answer."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from xsconsole.domain.board import Board, Card
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.disks import disks_of
from xsconsole.domain.drift.baseline import production_of
from xsconsole.domain.fidelity import contents, likeness
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import VDI, VIF, VM, GuestMetrics, Host, HostMetrics, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, duration, instant, listing
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    Measure,
    NoDrift,
    NoDuplicateAddresses,
    PoolFit,
    RecentRestorePoint,
    Script,
    ShortChains,
)
from xsconsole.domain.workflow.windows import is_open, next_opening

ROLLING_UPGRADE = "rolling_upgrade_in_progress"
DRIFT_MEND = "The view of drift (`xsconsole drift show`) names each field: make it equal, or allow it by a rule there."
BACKING_UP = frozenset({"export", "snapshot", "checkpoint", "copy", "metadata_export"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a gate says. `sentence` says what was seen, whole, whichever it is.

    `mend` is what lets it be met, where the gate can tell; `until` when that comes by itself, where it is known.
    """

    is_met: bool
    sentence: str
    mend: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The other pool of what leads from one to another, as last heard of."""

    board: Board
    inventory: Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a gate looks at: a configuration on its way to `target`, at an instant.

    `also_at` is the same moment by other clocks; `elsewhere` the pool that it comes from or goes to, if another one;
    `leaving` is who gives way to it, and is off before it comes.
    """

    card: Card
    target: Stage | None
    board: Board
    inventory: Inventory
    at: datetime
    also_at: tuple[datetime, ...] = ()
    elsewhere: Elsewhere | None = None
    leaving: ConfigurationId | None = None

    @property
    def inventories(self) -> tuple[Inventory, ...]:
        """Those of all pools that it is about."""
        return (self.inventory,) if self.elsewhere is None else (self.inventory, self.elsewhere.inventory)


def is_told_by_records(gate: Gate) -> bool:
    """Return whether the pool's records answer it: `judge` does; others want a person or a probe of the network."""
    match gate:
        case AddressesAnswer() | Script() | HttpCall() | Checklist():
            return False
        case NoDrift(against=Measure.APPROVED):
            return False
        case _:
            return True


def judge(gate: Gate, scene: Scene) -> Answer:
    """Return what the records say. The gate must be one of those that they tell of."""
    match gate:
        case GuestToolsUp():
            return _guest_tools(scene)
        case NoDrift() | ExactReplica():
            return _no_drift(scene)
        case NoDuplicateAddresses():
            return _no_duplicates(scene)
        case RecentRestorePoint():
            return _recent_point(gate, scene)
        case ShortChains():
            return _short_chains(gate, scene)
        case MaintenanceWindow():
            return _window(gate, scene)
        case PoolFit():
            return _pool_fit(scene)
        case AddressesAnswer() | Script() | HttpCall() | Checklist():
            raise ValueError(f"the records do not tell of {gate}")
    assert_never(gate)


def members_of(scene: Scene) -> list[VM]:
    """Return the members as the pool shows them now."""
    found = (scene.inventory.get(VM, member.ref) for member in scene.card.members)
    return [vm for vm in found if vm is not None]


def addresses_of(vm: VM, inventory: Inventory) -> tuple[str, ...]:
    """Return the addresses that the guest reports, in the order of its interfaces; none while it is off."""
    metrics = guest_of(inventory, vm)
    networks: Mapping[str, str] = metrics.networks if metrics else {}
    keys = sorted(key for key in networks if key.partition("/")[2].startswith(("ip", "ipv4", "ipv6")))
    return tuple(dict.fromkeys(networks[key] for key in keys if networks[key]))


def _guest_tools(scene: Scene) -> Answer:
    silent = []
    for vm in members_of(scene):
        metrics = scene.inventory.get(GuestMetrics, vm.guest_metrics)
        if vm.power_state != "Running":
            silent.append(f"{shortened(vm.name_label, 60)} ({vm.power_state.lower()})")
        elif metrics is None or not metrics.PV_drivers_detected:
            silent.append(shortened(vm.name_label, 60))
    if silent:
        return Answer(
            is_met=False,
            sentence=f"No guest tools answer at {listing(tuple(silent))}.",
            mend="See that these machines run, and that guest tools are installed and started in them.",
        )
    return Answer(is_met=True, sentence=f"The guest tools of {count(len(scene.card.members), 'machine')} answer.")


def _no_drift(scene: Scene) -> Answer:
    workflow = scene.board.workflow
    everything = {card.id: (card, inventory) for card, inventory in _cards_of(scene)}
    found = production_of(scene.card, [card for card, _ in everything.values()], workflow)
    if found is None:
        return Answer(
            is_met=False,
            sentence=f"No configuration of {shortened(scene.card.service)} is in production.",
            mend="The first one goes there by a way without this gate.",
        )
    production, at = everything[found.id]
    first = version_now(production, at, workflow)
    second = version_now(scene.card, scene.inventory, workflow)
    comparison = compare(first, second, scene.board.allowances)
    return Answer(
        is_met=not comparison.drift,
        sentence=likeness(comparison, contents(first, scene.card)),
        mend="" if not comparison.drift else DRIFT_MEND,
    )


def _cards_of(scene: Scene) -> Iterator[tuple[Card, Inventory]]:
    """Yield the configurations of all pools that it is about, each with the inventory that has its machines."""
    for card in scene.board.cards.values():
        yield card, scene.inventory
    if scene.elsewhere is not None:
        for card in scene.elsewhere.board.cards.values():
            yield card, scene.elsewhere.inventory


def _no_duplicates(scene: Scene) -> Answer:
    own = members_of(scene)
    refs = {vm.ref for vm in own}
    leaving = scene.board.cards.get(scene.leaving) if scene.leaving is not None else None
    gone = {member.ref for member in leaving.members} if leaving is not None else set()
    vifs = [vif for vif in scene.inventory.all(VIF) if vif.VM in refs]
    bound = {entry.network.uuid for entry in scene.target.binding.networks} if scene.target else set()
    networks = {vif.network for vif in vifs}
    for inventory in scene.inventories:
        networks |= {network.ref for network in _networks(inventory, bound)}
    macs = {vif.MAC.casefold() for vif in vifs}
    addresses = {address for vm in own for address in addresses_of(vm, scene.inventory)}
    doubled = list(_shared_macs(own, vifs))
    for inventory, vif in ((each, vif) for each in scene.inventories for vif in each.all(VIF)):
        vm = inventory.get(VM, vif.VM)
        if vif.network not in networks or vm is None or vif.VM in refs | gone or not vm.is_ordinary:
            continue
        shared = addresses & set(addresses_of(vm, inventory))
        if vif.MAC.casefold() in macs:
            doubled.append(f"{vif.MAC} of {shortened(vm.name_label, 60)}")
        elif shared:
            doubled.append(f"{min(shared)} of {shortened(vm.name_label, 60)}")
    if doubled:
        found = listing(tuple(dict.fromkeys(doubled)))
        return Answer(
            is_met=False,
            sentence=f"On the network already: {found}.",
            mend="Give one of the two another address, or take it off that network.",
        )
    known = "" if addresses else " The guests report no addresses, so only MACs were compared."
    return Answer(is_met=True, sentence=f"No other machine has a MAC or an address of these.{known}")


def _shared_macs(own: Sequence[VM], vifs: Sequence[VIF]) -> Iterator[str]:
    """Yield each MAC that two interfaces of these machines have on one network, and whose they are."""
    names, holders = {vm.ref: vm.name_label for vm in own}, defaultdict[tuple[str, Ref], list[str]](list)
    for vif in vifs:
        holders[vif.MAC.casefold(), vif.network].append(names[vif.VM])
    for (mac, _), found in holders.items():
        if len(found) > 1:
            yield f"{mac} of {listing(tuple(sorted(found)))}"


def _networks(inventory: Inventory, uuids: set[Uuid]) -> Iterator[Network]:
    return (network for network in inventory.all(Network) if network.uuid in uuids)


def _recent_point(gate: RecentRestorePoint, scene: Scene) -> Answer:
    since = scene.at - timedelta(seconds=gate.age_s)
    whole = [point.at for point in scene.card.restore_points if point.is_whole]
    oldest_allowed = duration(gate.age_s)
    if whole and max(whole) >= since:
        return Answer(is_met=True, sentence=f"A restore point of {instant(max(whole))} stands.")
    if gate.tag and all(_backed_up(vm, gate.tag, since, scene.inventory) for vm in members_of(scene)):
        return Answer(is_met=True, sentence=f"Every machine has a snapshot with the tag {shortened(gate.tag, 40)}.")
    newest = f"the newest is of {instant(max(whole))}" if whole else "there is none"
    tagged = f", and not every machine has such a snapshot with the tag {shortened(gate.tag, 40)}" if gate.tag else ""
    return Answer(
        is_met=False,
        sentence=f"No restore point is younger than {oldest_allowed}: {newest}{tagged}.",
        mend="Take a restore point of it, such as by `xsconsole config snapshot`.",
    )


def _backed_up(vm: VM, tag: str, since: datetime, inventory: Inventory) -> bool:
    snapshots = (inventory.get(VM, ref) for ref in vm.snapshots)
    return any(
        tag in snapshot.tags and snapshot.snapshot_time is not None and snapshot.snapshot_time >= since
        for snapshot in snapshots
        if snapshot is not None
    )


def _short_chains(gate: ShortChains, scene: Scene) -> Answer:
    snapshots: dict[Ref, int] = {}
    for disk in scene.inventory.all(VDI):
        if disk.is_a_snapshot and disk.snapshot_of != NULL_REF:
            snapshots[disk.snapshot_of] = snapshots.get(disk.snapshot_of, 0) + 1
    lengths = {
        vm.name_label: max((snapshots.get(disk.ref, 0) for disk in disks_of(scene.inventory, vm)), default=0)
        for vm in members_of(scene)
    }
    long = tuple(f"{shortened(name, 60)} ({length})" for name, length in lengths.items() if length > gate.longest)
    if long:
        return Answer(
            is_met=False,
            sentence=f"More than {gate.longest} snapshots of one disk: {listing(long)}.",
            mend="Remove restore points or snapshots that nobody needs any more.",
        )
    return Answer(is_met=True, sentence=f"No disk has more than {gate.longest} snapshots.")


def _window(gate: MaintenanceWindow, scene: Scene) -> Answer:
    if is_open(gate, scene.at):
        return Answer(is_met=True, sentence="The maintenance window is open.")
    opening = next_opening(gate, scene.at)
    when = f"it opens {instant(opening)}" if opening else "it never opens"
    mend = "Wait until it opens" if opening else "Let it open on some day in the workflow"
    return Answer(
        is_met=False,
        sentence=f"The maintenance window is closed; {when}.",
        mend=f"{mend}; an emergency goes past it.",
        until=opening,
    )


def _pool_fit(scene: Scene) -> Answer:
    for inventory in scene.inventories:
        pool = inventory.pool
        which = f" “{shortened(pool.name_label, 60)}”" if pool is not None and scene.elsewhere is not None else ""
        if pool is not None and ROLLING_UPGRADE in pool.other_config:
            sentence = f"A rolling upgrade of the pool{which} is under way."
            return Answer(is_met=False, sentence=sentence, mend="Wait until it has ended.")
        unfit = tuple(shortened(host.name_label, 60) for host in inventory.all(Host) if not _is_fit(host, inventory))
        if unfit:
            where = f" in pool{which}" if which else ""
            return Answer(
                is_met=False,
                sentence=f"In maintenance or not heard of{where}: {listing(unfit)}.",
                mend="Take those hosts out of maintenance, or see that they run and are reached.",
            )
    busy = tuple(shortened(vm.name_label, 60) for vm in members_of(scene) if _is_backed_up_now(vm, scene.inventory))
    if busy:
        sentence = f"A backup or a copy is under way at {listing(busy)}."
        return Answer(is_met=False, sentence=sentence, mend="Wait until it has ended.")
    return Answer(is_met=True, sentence="All hosts are in service, and no backup of a member is under way.")


def _is_backed_up_now(vm: VM, inventory: Inventory) -> bool:
    """Whether it is, or a snapshot of it: what runs is backed up by exporting a snapshot."""
    read = (vm, *(found for ref in vm.snapshots if (found := inventory.get(VM, ref)) is not None))
    return any(BACKING_UP & set(each.current_operations.values()) for each in read)


def _is_fit(host: Host, inventory: Inventory) -> bool:
    metrics = inventory.get(HostMetrics, host.metrics)
    return host.enabled and (metrics is None or metrics.live)
