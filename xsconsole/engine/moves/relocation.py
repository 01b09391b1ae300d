"""What a stage that is bound to other networks, storage or hosts asks of machines that move into it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xsconsole.domain.actions.placing import Migrate, MoveDisk, PreferHost, PutOnNetworks
from xsconsole.domain.board import Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import Stage, Transition
from xsconsole.domain.workflow.gates import AddressesAnswer
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.networking import networks_in, present_networks
from xsconsole.engine.plans.placement import Guest, guest_of, hosts_for
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable

SET_S = 1.0
MOVED_BYTES_PER_S = 100 * 1024 * 1024
MIGRATE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocation:
    """A member, what it is planned from, and what has to be done so that it is where the stage has it.

    `vm` is the machine, or the snapshot that it returns to first; `sizes` are what each disk takes on its new storage.
    """

    member: Member
    vm: VM
    networks: PutOnNetworks | None = None
    disks: tuple[MoveDisk, ...] = ()
    sizes: tuple[int, ...] = ()
    home: PreferHost | None = None

    @property
    def is_felt(self) -> bool:
        """Whether more is done than noting a preference."""
        return self.networks is not None or bool(self.disks)

    @property
    def space(self) -> dict[Uuid, int]:
        return capacity.total(*({move.sr: taken} for move, taken in zip(self.disks, self.sizes, strict=True)))


def relocations(
    members: Sequence[Member],
    vms: Sequence[VM],
    source: Stage,
    target: Stage,
    inventory: Inventory,
    rewires: Mapping[Uuid, PutOnNetworks] | None = None,
) -> list[Relocation]:
    """Return for each machine what the stages' bindings ask, or `rewires` as to its networks.

    Raises:
        NotPromotable: a network has no counterpart, or a disk cannot go to the stage's storage.
    """
    return [
        replace(
            returning(number, member, vm, vm, source, target, inventory),
            networks=changed_networks(vm, source, target, inventory) if rewires is None else rewires.get(vm.uuid),
        )
        for number, (member, vm) in enumerate(zip(members, vms, strict=True))
    ]


def changed_networks(vm: VM, source: Stage, target: Stage, inventory: Inventory) -> PutOnNetworks | None:
    """Return what puts a machine on the networks of another stage; None where it is on them.

    Raises:
        NotPromotable: a network has no counterpart.
    """
    present, put = present_networks(vm, inventory), networks_in(vm, source, target, inventory)
    changed = {device: network for device, network in put.items() if present[device] != network}
    original = {device: present[device] for device in changed}
    return PutOnNetworks(vm=vm.uuid, networks=changed, original=original) if changed else None


def without_networks(relocations: Iterable[Relocation]) -> list[Relocation]:
    return [replace(each, networks=None) for each in relocations]


def add_networks(steps: Steps, relocations: Iterable[Relocation], after: list[StepKey]) -> list[StepKey]:
    """Put machines on their networks, side by side; return what ends that."""
    return [
        steps.add(each.networks, each.member.name, after, Estimate(seconds=SET_S))
        for each in relocations
        if each.networks is not None
    ] or after


def without(relocations: Iterable[Relocation], staying: Collection[tuple[Uuid, str]]) -> list[Relocation]:
    """Return the relocations without the disks at these devices of machines, which are not taken along."""
    found = []
    for each in relocations:
        kept = [at for at, move in enumerate(each.disks) if (move.vm, move.device) not in staying]
        disks, sizes = tuple(each.disks[at] for at in kept), tuple(each.sizes[at] for at in kept)
        found.append(replace(each, disks=disks, sizes=sizes))
    return found


def returning(
    number: int, member: Member, vm: VM, state: VM, source: Stage, target: Stage, inventory: Inventory
) -> Relocation:
    """Return what storage and hosts of the target ask of a machine with the disks of `state`, itself or a snapshot.

    `number` is the member's among those of its configuration: they take the stage's hosts in turn.
    """
    sr = storage_of(target, inventory)
    moving = [
        (drive.userdevice, disk, held)
        for drive, disk in drives_of(inventory, state)
        if sr is not None and (held := inventory.get(SR, disk.SR)) is not None and held.uuid != sr.uuid
    ]
    for _, disk, _ in moving:
        demand_movable(vm, disk, f"the storage of {target.name}")
    return Relocation(
        member=member,
        vm=state,
        disks=tuple(
            MoveDisk(vm=vm.uuid, device=device, sr=sr.uuid, original=held.uuid)
            for device, _, held in moving
            if sr is not None
        ),
        sizes=tuple(capacity.copied_bytes(disk, held, sr) for _, disk, held in moving if sr is not None),
        home=_home(number, vm, source, target, inventory),
    )


def storage_of(stage: Stage, inventory: Inventory) -> SR | None:
    """Return the storage that a stage is bound to; None where disks stay where they are.

    Raises:
        NotPromotable: the pool does not have it for disks.
    """
    wanted = stage.binding.sr
    if wanted is None:
        return None
    sr = inventory.by_uuid(SR, wanted.uuid)
    if sr is None or sr.content_type == "iso":
        name = f"“{shortened(wanted.name or wanted.uuid, 60)}”"
        raise NotPromotable(
            reason=f"{stage.name} is bound to storage {name}, which the pool does not have for disks.",
            mend="Choose another storage for the stage in the workflow.",
        )
    return sr


def preferred_hosts(stage: Stage, inventory: Inventory) -> list[Uuid]:
    """Return the stage's hosts that the pool has."""
    return [bound.uuid for bound in stage.binding.hosts if inventory.by_uuid(Host, bound.uuid) is not None]


def _home(number: int, vm: VM, source: Stage, target: Stage, inventory: Inventory) -> PreferHost | None:
    hosts = preferred_hosts(target, inventory)
    present, here = inventory.get(Host, vm.affinity), inventory.get(Host, vm.resident_on)
    original = present.uuid if present is not None else None
    if not hosts:
        # What the stage left behind asked for ends with it; what somebody else set stays.
        is_of_source = original is not None and original in {bound.uuid for bound in source.binding.hosts}
        return PreferHost(vm=vm.uuid, host=None, original=original) if is_of_source else None
    if original in hosts:
        return None
    is_here = here is not None and here.uuid in hosts and vm.power_state == "Running"
    host = here.uuid if is_here and here is not None else hosts[number % len(hosts)]
    return PreferHost(vm=vm.uuid, host=host, original=original)


def demand_movable(vm: VM, disk: VDI, where: str) -> None:
    name = f"Disk “{shortened(disk.name_label, 60)}” of “{shortened(vm.name_label, 60)}”"
    if disk.cbt_enabled:
        raise NotPromotable(
            reason=f"{name} has its changed blocks tracked, and such a disk does not move to {where}.",
            mend="Turn the tracking off, such as in the backup program, then ask again.",
        )
    if disk.sharable:
        raise NotPromotable(
            reason=f"{name} is shared among machines, and does not move to {where} with one.",
            mend="Leave its disks where they are.",
        )


# Hosts


def guest_in(relocation: Relocation, inventory: Inventory, *, keeps_running: bool) -> Guest:
    """Return what has to be known to place a machine where the stage has it; one that runs on sees old and new."""
    present = guest_of(relocation.vm, inventory)
    left = {move.original for move in relocation.disks}
    storages = {*present.storages, *(move.sr for move in relocation.disks)} - (set() if keeps_running else left)
    networks = present_networks(relocation.vm, inventory)
    put = relocation.networks.networks if relocation.networks is not None else {}
    seen = {*networks.values(), *put.values()} if keeps_running else {*{**networks, **put}.values()}
    home = present.home if relocation.home is None else relocation.home.host
    here = inventory.get(Host, relocation.vm.resident_on) if keeps_running else None
    return replace(
        present,
        key=relocation.member.uuid,
        name=relocation.member.name,
        storages=frozenset(storages),
        networks=frozenset(seen),
        home=home,
        here=here.uuid if here is not None else None,
        is_bound=keeps_running and not _can_migrate(relocation.vm, inventory),
    )


def staying_up(
    relocations: Iterable[Relocation], running: set[Uuid], target: Stage, inventory: Inventory
) -> list[Guest]:
    """Return the running machines that have to be placed: what changes at them must be seen where they run.

    Raises:
        NotPromotable: no host sees both what a machine has and what it is to have, or its host is not heard of.
    """
    found = []
    hosts = preferred_hosts(target, inventory)
    for relocation in relocations:
        if relocation.member.uuid not in running:
            continue
        guest = guest_in(relocation, inventory, keeps_running=True)
        if guest.here is None or not (relocation.is_felt or (hosts and guest.here not in hosts)):
            continue
        rules.demand_host_heard(relocation.vm, inventory)
        if relocation.is_felt and not hosts_for(inventory, guest):
            raise NotPromotable(
                reason=f"“{shortened(guest.name)}” runs, and no enabled host sees both the networks and storage that "
                f"it has and those of {target.name}.",
                mend="Shut it down first: what is off only needs the new ones.",
            )
        found.append(guest)
    return found


def _can_migrate(vm: VM, inventory: Inventory) -> bool:
    try:
        rules.demand_operation(vm, "pool_migrate", inventory, is_own_block_lifted=True)
    except NotPromotable:
        return False
    return True


# Steps


def add_relocations(
    steps: Steps,
    relocations: Iterable[Relocation],
    hosts: Mapping[Uuid, Uuid],
    up: Sequence[Guest],
    after: list[StepKey],
    *,
    is_downtime: bool = False,
) -> list[StepKey]:
    """Bring machines that run to their hosts, then give each its networks, disks and home; return what ends that.

    The host comes first: it sees what the machine has and what it is to have. Machines go side by side, so where
    somebody waits for it the time of the first is what passes.
    """
    leaving = {guest.key: guest.here for guest in up if guest.here is not None and hosts.get(guest.key) != guest.here}
    ends: list[StepKey] = []
    for relocation in relocations:
        name, vm, chain = relocation.member.name, relocation.member.uuid, after
        is_waited_for = is_downtime and not ends

        def estimate(seconds: float, is_waited_for: bool = is_waited_for, **takes: Any) -> Estimate:
            return Estimate(seconds=seconds, downtime_s=seconds if is_waited_for else 0.0, **takes)

        if vm in leaving and vm in hosts:
            takes = estimate(MIGRATE_S, memory_bytes=next(g.memory_bytes for g in up if g.key == vm))
            chain = [steps.add(Migrate(vm=vm, original=leaving[vm]), name, chain, takes, host=hosts[vm])]
        if relocation.networks is not None:
            chain = [steps.add(relocation.networks, name, chain, estimate(SET_S))]
        for move, taken in zip(relocation.disks, relocation.sizes, strict=True):
            takes = estimate(SET_S + taken / MOVED_BYTES_PER_S, bytes=taken, space={move.sr: taken})
            chain = [steps.add(move, name, chain, takes)]
        if relocation.home is not None:
            chain = [steps.add(relocation.home, name, chain, estimate(SET_S))]
        if chain is not after:
            ends += chain
    return ends or after


def operations_of(relocations: Iterable[Relocation], hosts: Mapping[Uuid, Uuid], up: Sequence[Guest]) -> set[str]:
    """Return the operations that the steps need at machines, as `blocked_operations` names them."""
    needed = set()
    if any(hosts.get(guest.key, guest.here) != guest.here for guest in up):
        needed.add("pool_migrate")
    if any(relocation.disks for relocation in relocations):
        needed.add("migrate_send")  # that of a disk counts as one of its machine
    return needed


# Words


def sentences(
    relocations: Sequence[Relocation],
    hosts: Mapping[Uuid, Uuid],
    up: Sequence[Guest],
    target: Stage,
    edge: Transition,
    inventory: Inventory,
) -> list[str]:
    """Return what whoever confirms should know of being brought there."""
    found = []
    put = tuple(relocation.member.name for relocation in relocations if relocation.networks is not None)
    if put:
        looks = any(isinstance(gate, AddressesAnswer) for gate in edge.gates)
        mend = "a gate looks whether they answer" if looks else "change it in the guest, or let a gate look"
        found.append(
            f"{listing(put)} {'goes' if len(put) == 1 else 'go'} to the networks of {target.name} and keep"
            f"{'s' if len(put) == 1 else ''} MAC addresses; a fixed address of a guest does not change with it: {mend}."
        )
    moved = sum(len(relocation.disks) for relocation in relocations)
    if moved:
        sr = storage_of(target, inventory)
        taken = size(sum(sum(relocation.sizes) for relocation in relocations))
        found.append(
            f"{count(moved, 'disk')} ({taken}) {'moves' if moved == 1 else 'move'} to storage "
            f"“{shortened(sr.name_label if sr else '', 60)}”; snapshots taken before stay where they are."
        )
    leaving = tuple(guest.name for guest in up if hosts.get(guest.key, guest.here) != guest.here)
    if leaving:
        is_one = len(leaving) == 1
        verb, pronoun = ("is", "it runs") if is_one else ("are", "they run")
        found.append(f"{listing(leaving)} {verb} brought to another host while {pronoun}.")
    preferred = preferred_hosts(target, inventory)
    elsewhere = tuple(
        guest.name for guest in up if preferred and hosts.get(guest.key, guest.here) not in {*preferred, None}
    )
    if elsewhere:
        found.append(
            f"{listing(elsewhere)} {'does' if len(elsewhere) == 1 else 'do'} not run on a host that {target.name} "
            "prefers: none has room and sees its storage and networks, or it cannot leave its host while it runs."
        )
    unknown = [bound for bound in target.binding.hosts if inventory.by_uuid(Host, bound.uuid) is None]
    if unknown:
        names = listing(tuple(bound.name or bound.uuid for bound in unknown))
        found.append(f"{target.name} prefers {names}, which the pool does not have.")
    return found
