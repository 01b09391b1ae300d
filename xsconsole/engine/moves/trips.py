"""What a machine needs to move into another pool: where it is put there, and what XAPI would refuse, said before."""

from collections.abc import Sequence
from dataclasses import dataclass

from xsconsole.domain.board import Card, Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, VIF, VM, Appliance, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import COMPANY_KEY
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import Stage, Transition
from xsconsole.domain.workflow.gates import AddressesAnswer
from xsconsole.engine.moves.relocation import demand_movable, preferred_hosts
from xsconsole.engine.plans import capacity
from xsconsole.engine.plans.lands import Land, called
from xsconsole.engine.plans.networking import networks_in
from xsconsole.engine.plans.placement import Guest, guest_of, hosts_for, memory_of
from xsconsole.errors import NotPromotable

SEED = "mac_seed"  # of a machine's addresses: XAPI takes none twice
ENCRYPTED = "key_hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From where to where; `sr` is where all disks go, `there` the pool that has it.

    `begins` and `ends` are where steps at either end happen, as a step of a plan says it: None is the pool of the run.
    What `is_doubled` is kept in a snapshot of each machine too, which takes room there beside the machine. `host` is
    the only one there that may receive them; None: any.
    """

    source: Stage
    target: Stage
    edge: Transition
    sr: SR
    there: Land
    begins: Uuid | None = None
    ends: Uuid | None
    is_doubled: bool = False
    host: Uuid | None = None

    @property
    def is_promotion(self) -> bool:
        """Whether it leads into another stage, by a way with gates."""
        return self.source.id != self.target.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Traveller:
    """A member on its way. `networks` are by device, those of its snapshots by MAC address.

    `back` is the host to return to; `stays_up` says that it runs and goes on running.
    """

    member: Member
    vm: VM
    snapshots: tuple[VM, ...]
    networks: dict[str, Uuid]
    snapshot_networks: dict[str, Uuid]
    home: Uuid | None
    back: Uuid | None
    space: dict[Uuid, int]
    stays_up: bool

    @property
    def has_schedule(self) -> bool:
        return self.vm.snapshot_schedule != NULL_REF

    @property
    def has_company(self) -> bool:
        """Whether it belongs to a vApp or a schedule, which are of a pool."""
        return self.vm.appliance != NULL_REF or self.has_schedule or COMPANY_KEY in self.vm.other_config

    @property
    def uuid(self) -> Uuid:
        return self.vm.uuid

    def guest(self, sr: SR, *, will_start: bool) -> Guest:
        """Return what has to be known to place it there; what stays off takes no memory, but a host receives it."""
        return Guest(
            key=self.uuid,
            name=self.member.name,
            memory_bytes=memory_of(self.vm) if self.stays_up or will_start else 0,
            storages=frozenset({sr.uuid}),
            networks=frozenset(self.networks.values()),
            home=self.home,
        )


def travellers(
    members: Sequence[Member], vms: Sequence[VM], way: Way, staying_up: set[Uuid], inventory: Inventory
) -> list[Traveller]:
    """Return how each machine goes there.

    Raises:
        NotPromotable: one cannot, and why.
    """
    hosts = preferred_hosts(way.target, way.there.inventory)
    found = []
    for number, (member, vm) in enumerate(zip(members, vms, strict=True)):
        snapshots = _snapshots_of(vm, inventory)
        _demand_able(vm, snapshots, way, inventory)
        # XAPI knows one preferred host: members take those of the stage in turn.
        home = hosts[number % len(hosts)] if hosts else None
        found.append(
            Traveller(
                member=member,
                vm=vm,
                snapshots=snapshots,
                networks=networks_in(vm, way.source, way.target, inventory, way.there.inventory),
                snapshot_networks=_networks_of_snapshots(vm, snapshots, way, inventory),
                home=home,
                back=_back(vm, inventory),
                space=_space(vm, snapshots, way, inventory),
                stays_up=vm.uuid in staying_up,
            )
        )
    return found


def storage_of(vm: VM, inventory: Inventory) -> dict[str, Uuid]:
    """Return the storages of a machine's disks, by device."""
    held = ((drive.userdevice, inventory.get(SR, disk.SR)) for drive, disk in drives_of(inventory, vm))
    return {device: sr.uuid for device, sr in held if sr is not None}


def nics_of(vm: VM, inventory: Inventory) -> list[VIF]:
    return [vif for vif in (inventory.get(VIF, ref) for ref in vm.VIFs) if vif is not None]


def foreign_nics(vm: VM, snapshots: Sequence[VM], inventory: Inventory) -> dict[str, tuple[VM, VIF]]:
    """Return interfaces of snapshots of which the machine has none with the same MAC address, by that."""
    own = {vif.MAC for vif in nics_of(vm, inventory)}
    found = ((snapshot, vif) for snapshot in snapshots for vif in nics_of(snapshot, inventory))
    return {vif.MAC: (snapshot, vif) for snapshot, vif in found if vif.MAC not in own}


def _snapshots_of(vm: VM, inventory: Inventory) -> tuple[VM, ...]:
    found = (inventory.get(VM, ref) for ref in vm.snapshots)
    return tuple(snapshot for snapshot in found if snapshot is not None)


def _networks_of_snapshots(vm: VM, snapshots: Sequence[VM], way: Way, inventory: Inventory) -> dict[str, Uuid]:
    found = {}
    for mac, (snapshot, vif) in foreign_nics(vm, snapshots, inventory).items():
        networks = networks_in(snapshot, way.source, way.target, inventory, way.there.inventory)
        found[mac] = networks[vif.device]
    return dict(sorted(found.items()))


def _back(vm: VM, inventory: Inventory) -> Uuid | None:
    """Return the host to which a machine is brought back: where it runs, or one that sees what it has."""
    here = inventory.get(Host, vm.resident_on)
    if here is not None and vm.power_state == "Running":
        return here.uuid
    seeing = hosts_for(inventory, guest_of(vm, inventory))
    home = inventory.get(Host, vm.affinity)
    return home.uuid if home is not None and home.uuid in seeing else next(iter(seeing), None)


def _space(vm: VM, snapshots: Sequence[VM], way: Way, inventory: Inventory) -> dict[Uuid, int]:
    """Return what a machine and its snapshots may take there; a restore point of now holds all that is written now."""
    own = sum(
        capacity.copied_bytes(disk, held, way.sr)
        for _, disk in drives_of(inventory, vm)
        if (held := inventory.get(SR, disk.SR)) is not None
    )
    kept = sum(
        min(disk.virtual_size, max(0, disk.physical_utilisation) + capacity.FILE_SNAPSHOT_BYTES)
        for snapshot in snapshots
        for _, disk in drives_of(inventory, snapshot)
    )
    return {way.sr.uuid: own * (2 if way.is_doubled else 1) + kept}


def pool_names(way: Way, inventory: Inventory) -> tuple[str, str]:
    """Return what the pool that is left and the one that is entered are called, in quotation marks."""
    first, last = (
        f"“{shortened(found.name_label, 60)}”" if found else "" for found in (inventory.pool, way.there.inventory.pool)
    )
    return first, last


# What XAPI refuses


def _demand_able(vm: VM, snapshots: Sequence[VM], way: Way, inventory: Inventory) -> None:
    name = f"“{shortened(vm.name_label)}”"
    if vm.VTPMs:
        raise NotPromotable(
            reason=f"{name} has a virtual TPM, whose secrets do not leave their pool.",
            mend="Leave it where it is, or take that machine out of the configuration.",
        )
    if vm.VGPUs:
        raise NotPromotable(
            reason=f"{name} has a virtual graphics card, which is one of its pool.",
            mend="Take the card from it, or that machine out of the configuration.",
        )
    for one in (vm, *snapshots):
        for _, disk in drives_of(inventory, one):
            demand_movable(vm, disk, f"the storage of pool {called(way.there)}")
            _demand_plain(vm, disk)
    there = way.there.inventory
    if any(other.uuid == vm.uuid for other in there.all(VM)):
        raise NotPromotable(
            reason=f"{name} is in pool {called(way.there)} already: one with the same uuid stands there.",
            mend="Look at both, and delete the one that is not needed.",
        )
    seed = vm.other_config.get(SEED)
    twin = next((other for other in there.all(VM) if seed and _shares(other, seed)), None)
    if twin is not None:
        raise NotPromotable(
            reason=f"The addresses of {name} and those of “{shortened(twin.name_label)}” in "
            f"pool {called(way.there)} are made of the same seed, and a pool takes none twice.",
            mend="Delete that one, such as a restored copy, or change its key mac_seed.",
        )


def _shares(other: VM, seed: str) -> bool:
    return not other.is_a_snapshot and other.other_config.get(SEED) == seed


def _demand_plain(vm: VM, disk: VDI) -> None:
    name = f"Disk “{shortened(disk.name_label, 60)}” of “{shortened(vm.name_label, 60)}”"
    if disk.on_boot == "reset":
        raise NotPromotable(
            reason=f"{name} forgets at each start what was written, and such a disk does not move.",
            mend="Let it keep what is written (on-boot=persist), then ask again.",
        )
    if ENCRYPTED in disk.sm_config:
        raise NotPromotable(
            reason=f"{name} is encrypted with a key of its pool, and does not leave that.",
            mend="Leave it where it is, or take that machine out of the configuration.",
        )


# Words


def sentences(card: Card, party: Sequence[Traveller], way: Way, inventory: Inventory) -> list[str]:
    """Return what whoever confirms should know of the move."""
    pools = pool_names(way, inventory)
    disks = sum(len(drives_of(inventory, each.vm)) for each in party)
    taken = size(sum(sum(each.space.values()) for each in party))
    found = [
        f"{shortened(card.name, 60)} leaves pool {pools[0]}: {count(len(party), 'machine')} with "
        f"{count(disks, 'disk')} (up to {taken}) {'moves' if len(party) == 1 else 'move'} to "
        f"“{shortened(way.sr.name_label, 60)}” in pool {pools[1]}, from host to host. They stay the same machines, "
        "with their MAC addresses and snapshots."
    ]
    up = tuple(each.member.name for each in party if each.stays_up)
    if up:
        found.append(f"{listing(up)} {'goes' if len(up) == 1 else 'go'} on running on the way.")
    found += left_behind(party, way, inventory)
    lonely = tuple(each.member.name for each in party if each.back is None)
    if lonely:
        found.append(f"No host here sees all that {listing(lonely)} has: it cannot be moved back if anything fails.")
    return found


def left_behind(party: Sequence[Traveller], way: Way, inventory: Inventory) -> list[str]:
    """Return what to know of addresses, and of what belongs to the pool that is left, however machines go."""
    found = []
    if any(each.networks for each in party):
        looks = any(isinstance(gate, AddressesAnswer) for gate in way.edge.gates)
        mend = "a gate looks whether they answer" if looks else "change it in the guest"
        mend = f"{mend}, or let a gate look" if way.is_promotion and not looks else mend
        found.append(f"A fixed address of a guest does not change with the network: {mend}.")
    vapps = {held.name_label for each in party if (held := inventory.get(Appliance, each.vm.appliance)) is not None}
    for name in sorted(vapps):
        known = any(held.name_label == name for held in way.there.inventory.all(Appliance))
        made = "stands there already" if known else "is made there"
        vapp = f"“{shortened(name, 60)}”"
        found.append(f"Who belongs to vApp {vapp} does so there too, in one of that name, which {made}.")
    scheduled = tuple(each.member.name for each in party if each.has_schedule)
    if scheduled:
        found.append(
            f"{listing(scheduled)} {'leaves its' if len(scheduled) == 1 else 'leave their'} snapshot schedule: "
            "no snapshots are taken there unless that pool has a schedule of the same name. On the way back it counts "
            "again, as long as it stands."
        )
    discs = tuple(each.member.name for each in party if _has_disc(each.vm, inventory))
    if discs:
        found.append(f"The disc in the drive of {listing(discs)} stays behind.")
    return found


def _has_disc(vm: VM, inventory: Inventory) -> bool:
    drives = (inventory.get(VBD, ref) for ref in vm.VBDs)
    return any(drive is not None and drive.type == "CD" and drive.VDI != NULL_REF for drive in drives)
