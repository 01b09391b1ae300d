"""What a copying needs before it is planned: storage, room, networks, permitted operations; and what is said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.board import Card, Member
from xsconsole.domain.disks import repositories_of
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.lineage import frozen_words
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Override
from xsconsole.domain.replica import name_by_pattern, name_of_copy
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import EntryAction, Method, Stage, Transition, Workflow
from xsconsole.engine.copies.candidates import Stock
from xsconsole.engine.copies.freezing import demand_freezable
from xsconsole.engine.moves.relocation import preferred_hosts
from xsconsole.engine.moves.relocation import storage_of as bound_storage
from xsconsole.engine.moves.succession import Incumbent, told
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import Claims
from xsconsole.engine.plans.networking import networks_in, present_networks
from xsconsole.engine.plans.placement import Guest, memory_of
from xsconsole.errors import NotPromotable


@dataclass(frozen=True, slots=True, kw_only=True)
class Offspring:
    """The configuration that a promotion makes: its id as planned, and the number in the names of its members."""

    id: ConfigurationId
    number: int
    revision: int = 1
    entered_at: datetime | None = None  # None: when the run writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A member and its record; of its copy: the name, the networks by device, and the host that it prefers."""

    member: Member
    vm: VM
    name: str
    networks: dict[str, Uuid]
    home: Uuid | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for."""

    card: Card
    source: Stage
    target: Stage
    edge: Transition
    intent: Intent
    workflow: Workflow
    is_stopped_first: bool = False
    incumbent: Incumbent | None = None
    passed: tuple[Override, ...] = ()  # what an emergency goes past
    stock: Stock | None = None  # copies are made of what was frozen for a request
    pattern: str = ""  # of the names of copies
    title: str = ""  # of the configuration that comes into being; empty: that of the source
    approved: str = ""  # the text of the manifest that is confirmed or approved, where a gate asks for it


def parts_of(order: Order, offspring: Offspring, inventory: Inventory, *, is_fenced: bool = False) -> list[Part]:
    """Return what becomes of each member; what `is_fenced` goes on networks of its own, and on none of the stage."""
    found: list[Part] = []
    hosts = preferred_hosts(order.target, inventory)
    for member in order.card.members:
        vm = inventory.get(VM, member.ref) if order.stock is None else order.stock.images[member.uuid]
        if vm is not None:
            name = copy_name(order, member, vm, offspring)
            networks = {} if is_fenced else networks_in(vm, order.source, order.target, inventory)
            # XAPI knows one preferred host: members take those of the stage in turn.
            home = hosts[len(found) % len(hosts)] if hosts else None
            found.append(Part(member=member, vm=vm, name=name, networks=networks, home=home))
    return found


def copy_name(order: Order, member: Member, vm: VM, offspring: Offspring) -> str:
    """Return what the copy of a member is called."""
    stages = (order.source.name, order.target.name)
    return name_in(stages, order.card, member.role, vm.name_label, offspring.number, order.pattern)


def name_in(stages: tuple[str, str], card: Card, role: str, name: str, number: int, pattern: str) -> str:
    """Return what the copy of a machine that is called `name` is called, from one stage to the other.

    Raises:
        Refused: it is no such pattern; with the mend.
    """
    if not pattern:
        return name_of_copy(name, *stages, number)
    return name_by_pattern(
        pattern, name=name, role=role, service=card.service, version=card.version, stage=stages[1], number=number
    )


def storage_of(order: Order, parts: Sequence[Part], inventory: Inventory) -> SR | None:
    """Return where full copies go; None leaves each disk on the storage that it has."""
    sr = bound_storage(order.target, inventory)
    if sr is None:
        return None
    if order.edge.method is Method.FULL_COPY:
        return sr
    elsewhere = sorted(
        part.member.name for part in parts if any(held.uuid != sr.uuid for held in repositories_of(inventory, part.vm))
    )
    if elsewhere:
        raise NotPromotable(
            reason=f"A linked clone stays on the storage of its original: the disks of {listing(tuple(elsewhere))} "
            f"are not on “{shortened(sr.name_label, 60)}”, to which {order.target.name} is bound.",
            mend="Let the way make full copies, or move the disks there first.",
        )
    return None


def demand_room(
    order: Order, parts: Sequence[Part], sr: SR | None, claims: Claims, inventory: Inventory, *, is_freezing: bool
) -> tuple[str, ...]:
    is_frozen = is_freezing or order.stock is not None
    is_linked = order.edge.method is Method.LINKED_CLONE
    for part in parts:
        if is_linked or is_freezing:
            capacity.demand_short_chains(inventory, part.vm, is_linked + is_freezing)
    frozen = [capacity.snapshot_space(inventory, part.vm) for part in parts if is_freezing]
    copied = [space_of(order, part.vm, sr, inventory, is_frozen=is_frozen) for part in parts]
    leaving = order.incumbent.vms if order.incumbent is not None and order.incumbent.can_return else ()
    kept = [capacity.snapshot_space(inventory, vm) for vm in leaving]
    needed = capacity.total(*frozen, *copied, *kept)
    what = "The copies" if not is_freezing else "The snapshots and the copies"
    warnings = capacity.demand_space(inventory, needed, what, claims.space)
    if not is_linked:
        return warnings
    growth = capacity.total(*(capacity.growth_space(inventory, part.vm) for part in parts))
    return (*warnings, *_growths(growth, needed, claims, inventory))


def _growths(growth: capacity.Space, needed: capacity.Space, claims: Claims, inventory: Inventory) -> tuple[str, ...]:
    found = []
    for uuid_, most in sorted(growth.items()):
        storage = inventory.by_uuid(SR, uuid_)
        if storage is None or storage.physical_size <= 0:
            continue
        left = storage.free_bytes - needed.get(uuid_, 0) - claims.space.get(uuid_, 0)
        if most > left:
            found.append(
                f"What the clones write takes space of “{shortened(storage.name_label)}”: up to {size(most)}, "
                f"of which {size(max(0, left))} are free."
            )
    return tuple(found)


def space_of(order: Order, vm: VM, sr: SR | None, inventory: Inventory, *, is_frozen: bool) -> dict[Uuid, int]:
    if order.edge.method is Method.FULL_COPY:
        return capacity.copy_space(inventory, vm, sr)
    return capacity.clone_space(inventory, vm, is_of_snapshot=is_frozen)


def demand_operations(order: Order, parts: Sequence[Part], inventory: Inventory, *, is_freezing: bool) -> None:
    operation = "copy" if order.edge.method is Method.FULL_COPY else "clone"
    for part in parts:
        if is_freezing:
            demand_freezable(part.member, part.vm, inventory, is_stopped_first=order.is_stopped_first)
        elif order.stock is None:
            rules.demand_operation(part.vm, operation, inventory)
        else:
            rules.demand_unblocked(part.vm, operation)


def guest(part: Part, sr: SR | None, inventory: Inventory, staying: Iterable[Uuid]) -> Guest:
    """Return what has to be known to place the copy; `staying` are the storages of disks that it is handed over."""
    storages = {sr.uuid} if sr is not None else {held.uuid for held in repositories_of(inventory, part.vm)}
    networks = {**present_networks(part.vm, inventory), **part.networks}
    return Guest(
        key=part.vm.uuid,
        name=part.name,
        memory_bytes=memory_of(part.vm),
        storages=frozenset({*storages, *staying}),
        networks=frozenset(networks.values()),
        home=part.home,
    )


def of_what_is_frozen(order: Order) -> list[str]:
    """Return what to know of the state that is copied, where others have to approve it."""
    if order.stock is not None:
        frozen = frozen_words(order.stock.candidate)
        return [f"The copies are made of what was {frozen}; nothing newer comes along."]
    if order.edge.approvals and not order.passed:
        return ["Asking freezes the machines at once: what is decided on, and copied, is what the snapshots hold."]
    return []


def sentences(order: Order, parts: Sequence[Part], running: Sequence[Part]) -> tuple[str, ...]:
    """Return what whoever confirms should know of copies."""
    found = [f"{shortened(order.card.name, 60)} stays in {order.source.name}; the copies get new MAC addresses."]
    found += of_what_is_frozen(order)
    if running and order.is_stopped_first:
        found.append(f"{count(len(running), 'running machine')} will be shut down, frozen and started again.")
    elif running:
        found.append(
            f"The copies hold what a power cut would leave on {count(len(running), 'running machine')}, "
            "one frozen after the other: how far apart is recorded."
        )
    if order.incumbent is not None:
        found.append(told(order.incumbent, is_kept=True))
    if order.target.entry is not EntryAction.START:
        found.append(f"The copies stay off: {order.target.name} does not start what enters it.")
    elif running and any(len(part.networks) < len(part.vm.VIFs) for part in parts):
        found.append("Copies start on a network of their originals: one with a fixed address would collide there.")
    return tuple(found)
