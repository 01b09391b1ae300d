"""The plan that brings a configuration to another host or another storage of its pool; it stays in its stage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from xsconsole.domain.actions.placing import BringTo, Migrate, MoveDisk
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.disks import PARENT_KEY, drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import Relocate
from xsconsole.engine.moves.moving import runs, vms_of
from xsconsole.engine.moves.relocation import (
    MIGRATE_S,
    MOVED_BYTES_PER_S,
    SET_S,
    Relocation,
    demand_movable,
    guest_in,
    preferred_hosts,
)
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import copied_bytes, demand_space, total
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.placement import Guest, freed_by, hosts_for, less, place
from xsconsole.engine.plans.steps import Steps, add_verification
from xsconsole.engine.verbs.powering import Surroundings, surroundings_of
from xsconsole.errors import NotFound, NotPromotable

MIGRATION = "pool_migrate"
STORAGE_MIGRATION = "migrate_send"  # that of a disk counts as one of its machine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journey:
    """A machine with the disks of it that move; `host` is where it goes first, None where it stays."""

    relocation: Relocation
    host: Uuid | None = None
    here: Uuid | None = None

    @property
    def name(self) -> str:
        return self.relocation.member.name

    @property
    def is_way(self) -> bool:
        return self.host is not None or bool(self.relocation.disks)


def plan_relocation(command: Relocate, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Migrate what runs to a host, all or chosen members, and move disks of what runs or not to a storage.

    The host comes first: it sees the storage that a disk is on and the one that it goes to.

    Raises:
        NotFound: there is no such host, storage or member. NotPromotable: it is there already, there is no room, or
            something stands against it.
    """
    found = surroundings_of(command, board, inventory, actor)
    if command.host is None and command.sr is None:
        raise NotPromotable(reason="Nothing says where it is to go.", mend="Choose a host, a storage or another pool.")
    chosen = _chosen(command, found.card)
    host = host_named(command.host, inventory) if command.host is not None else None
    sr = _storage(command.sr, inventory)
    relocations = [_relocation(member, vm, sr, inventory) for member, vm in _machines(chosen, inventory)]
    hosts = _placed(found, relocations, host)
    journeys = [_journey(one, hosts, inventory) for one in relocations]
    going = [journey for journey in journeys if journey.is_way]
    if not going:
        raise _nowhere(found.card, chosen, host, sr)
    _demand_allowed(found.stage, going, inventory)
    space = total(*(journey.relocation.space for journey in going))
    tight = demand_space(inventory, space, "The disks", claims_on(board).space)
    steps = Steps()
    ends = _add_steps(steps, going, is_chosen=host is not None)
    running = {journey.relocation.member.uuid for journey in going if runs(journey.relocation.member)}
    add_verification(steps, found.card.name, running, ends)
    return Plan(
        intent=intent_in(RunKind.MIGRATE, found.card, found.workflow),
        steps=steps.all,
        leases=rules.leases_for(found.card.id, found.card.service, ()),
        warnings=(
            *_words(journeys, host, sr, inventory),
            *_drift_words(found.stage, going, host, sr, inventory),
            *tight,
        ),
        asks=True,
    )


# What is meant


def _chosen(command: Relocate, card: Card) -> tuple[Member, ...]:
    unknown = set(command.members) - {member.uuid for member in card.members}
    if unknown:
        raise NotFound(
            reason=f"{count(len(unknown), 'machine')} named is no member of “{shortened(card.name)}”.",
            mend="Name its members.",
            choices=tuple(shortened(member.name) for member in card.members),
        )
    return tuple(member for member in card.members if not command.members or member.uuid in command.members)


def _machines(members: Sequence[Member], inventory: Inventory) -> list[tuple[Member, VM]]:
    return list(zip(members, vms_of(members, inventory), strict=True))


def host_named(uuid: Uuid, inventory: Inventory) -> Host:
    host = inventory.by_uuid(Host, uuid)
    if host is None:
        raise NotFound(
            reason="The pool has no such host.",
            mend="Name one of its hosts.",
            choices=tuple(sorted(shortened(known.name_label) for known in inventory.all(Host))),
        )
    return host


def _storage(uuid: Uuid | None, inventory: Inventory) -> SR | None:
    sr = inventory.by_uuid(SR, uuid) if uuid is not None else None
    if uuid is not None and (sr is None or sr.content_type == "iso"):
        known = sorted(known.name_label for known in inventory.all(SR) if known.content_type != "iso")
        raise NotFound(
            reason="The pool has no such storage for disks.",
            mend="Name one of its storages.",
            choices=tuple(shortened(name) for name in known),
        )
    return sr


def _relocation(member: Member, vm: VM, sr: SR | None, inventory: Inventory) -> Relocation:
    moving: list[tuple[MoveDisk, int]] = []
    for drive, disk in drives_of(inventory, vm):
        held = inventory.get(SR, disk.SR)
        if sr is None or held is None or held.uuid == sr.uuid:
            continue
        demand_movable(vm, disk, f"“{shortened(sr.name_label, 60)}”")
        action = MoveDisk(vm=vm.uuid, device=drive.userdevice, sr=sr.uuid, original=held.uuid)
        moving.append((action, copied_bytes(disk, held, sr)))
    return Relocation(
        member=member, vm=vm, disks=tuple(move for move, _ in moving), sizes=tuple(taken for _, taken in moving)
    )


# Hosts


def _placed(found: Surroundings, relocations: Sequence[Relocation], host: Host | None) -> Mapping[Uuid, Uuid]:
    """Return where running machines go, by machine: to the host, or to one that sees the storage of their disks."""
    inventory = found.inventory
    guests = []
    for relocation in relocations:
        if not runs(relocation.member):
            continue
        guest = replace(guest_in(relocation, inventory, keeps_running=True), home=None)
        if host is None and not relocation.disks:
            continue
        rules.demand_host_heard(relocation.vm, inventory)
        if host is not None:
            if guest.here == host.uuid and not relocation.disks:
                continue
            demand_seen(guest, host, inventory)
            guest = replace(guest, is_bound=True, here=host.uuid)
        elif not hosts_for(inventory, guest):
            raise NotPromotable(
                reason=f"“{shortened(guest.name)}” runs, and no enabled host sees both the storage that it has and the "
                "one that its disks go to.",
                mend="Shut it down first: what is off only needs the new one.",
            )
        guests.append(guest)
    vms = [relocation.vm for relocation in relocations if relocation.member.uuid in {guest.key for guest in guests}]
    claimed = less(claims_on(found.board).memory, freed_by(vms, inventory))
    if host is not None:
        _demand_memory(guests, relocations, host, claimed, inventory)
    return place(inventory, guests, claimed)


def demand_seen(guest: Guest, host: Host, inventory: Inventory) -> None:
    if host.uuid in hosts_for(inventory, guest):
        return
    name = shortened(host.name_label, 60)
    metrics = inventory.get(HostMetrics, host.metrics)
    if not host.enabled or metrics is None or not metrics.live:
        raise NotPromotable(reason=f"{name} takes no machines now.", mend="Enable that host, or choose another one.")
    others = (inventory.by_uuid(Host, uuid) for uuid in hosts_for(inventory, guest))
    seeing = listing(tuple(sorted(other.name_label for other in others if other is not None)))
    raise NotPromotable(
        reason=f"{name} does not see all the storage and networks of “{shortened(guest.name)}”.",
        mend=f"Choose {seeing}, which {'do' if ' and ' in seeing else 'does'}." if seeing else "Attach them there.",
    )


def _demand_memory(
    guests: Sequence[Guest],
    relocations: Sequence[Relocation],
    host: Host,
    claimed: Mapping[Uuid, int],
    inventory: Inventory,
) -> None:
    """Refuse where the host has no room for all that come there, naming the numbers."""
    there = {one.member.uuid for one in relocations if one.vm.resident_on == host.ref}
    coming = [guest for guest in guests if guest.key not in there]
    if not coming:
        return
    metrics = inventory.get(HostMetrics, host.metrics)
    assert metrics is not None, "a host that takes machines tells how much memory it has"
    needed, free = sum(guest.memory_bytes for guest in guests), metrics.memory_free - claimed.get(host.uuid, 0)
    if needed > free:
        asked = size(sum(guest.memory_bytes for guest in coming))
        raise NotPromotable(
            reason=f"{count(len(coming), 'machine')} would need {asked} of memory on {shortened(host.name_label, 60)}, "
            f"which has {size(max(0, metrics.memory_free))} free.",
            mend="Choose another host, fewer machines, or free memory there.",
        )


def _journey(relocation: Relocation, hosts: Mapping[Uuid, Uuid], inventory: Inventory) -> _Journey:
    here = inventory.get(Host, relocation.vm.resident_on) if runs(relocation.member) else None
    there = hosts.get(relocation.member.uuid)
    if here is None or there is None or there == here.uuid:
        return _Journey(relocation=relocation, here=here.uuid if here is not None else None)
    return _Journey(relocation=relocation, host=there, here=here.uuid)


def _demand_allowed(stage: Stage, going: Sequence[_Journey], inventory: Inventory) -> None:
    needed = {MIGRATION for journey in going if journey.host is not None}
    needed |= {STORAGE_MIGRATION for journey in going if journey.relocation.disks}
    demand_unprotected(stage, needed)
    for journey in going:
        if journey.host is not None:
            rules.demand_operation(journey.relocation.vm, MIGRATION, inventory)
        if journey.relocation.disks:
            rules.demand_operation(journey.relocation.vm, STORAGE_MIGRATION, inventory)


def demand_unprotected(stage: Stage, needed: Collection[str]) -> None:
    """Refuse what the protection of a stage forbids at machines in it."""
    if set(needed) & set(stage.protection):
        raise NotPromotable(
            reason=f"The protection of {stage.name} forbids to migrate machines.",
            mend="Let the stage allow it in the workflow.",
        )


def _nowhere(card: Card, chosen: Sequence[Member], host: Host | None, sr: SR | None) -> NotPromotable:
    name = f"“{shortened(card.name)}”"
    if host is not None and not any(runs(member) for member in chosen):
        return NotPromotable(
            reason=f"No machine of {name} that was chosen runs: what is off is on no host.",
            mend="Start it, or move its disks to another storage.",
        )
    where = listing(tuple(shortened(one.name_label, 60) for one in (host, sr) if one is not None))
    return NotPromotable(reason=f"{name} is on {where} already.", mend="Choose another host or storage.")


# Steps


def _add_steps(steps: Steps, going: Sequence[_Journey], *, is_chosen: bool) -> list[StepKey]:
    ends: list[StepKey] = []
    for journey in going:
        relocation, chain = journey.relocation, list[StepKey]()
        vm = relocation.member.uuid
        if journey.host is not None and journey.here is not None:
            takes = Estimate(seconds=MIGRATE_S, memory_bytes=relocation.member.memory_bytes)
            action = (
                BringTo(vm=vm, original=journey.here, host=journey.host)
                if is_chosen
                else Migrate(vm=vm, original=journey.here)
            )
            chain = [steps.add(action, journey.name, chain, takes, host=journey.host)]
        for move, taken in zip(relocation.disks, relocation.sizes, strict=True):
            takes = Estimate(seconds=SET_S + taken / MOVED_BYTES_PER_S, bytes=taken, space={move.sr: taken})
            chain = [steps.add(move, journey.name, chain, takes)]
        ends += chain
    return ends


# Words


def _words(journeys: Sequence[_Journey], host: Host | None, sr: SR | None, inventory: Inventory) -> list[str]:
    told = []
    leaving = tuple(journey.name for journey in journeys if journey.host is not None)
    if leaving:
        where = shortened(host.name_label, 60) if host is not None else "another host, which sees the storage,"
        told.append(f"{listing(leaving)} {'goes' if len(leaving) == 1 else 'go'} to {where} without being stopped.")
    if host is not None:
        off = tuple(journey.name for journey in journeys if not runs(journey.relocation.member))
        there = tuple(journey.name for journey in journeys if runs(journey.relocation.member) and journey.host is None)
        if off:
            told.append(f"{listing(off)} {'is' if len(off) == 1 else 'are'} off, and so on no host.")
        if there:
            told.append(f"{listing(there)} {'is' if len(there) == 1 else 'are'} there already.")
    moves = [(journey.relocation, move) for journey in journeys for move in journey.relocation.disks]
    if moves and sr is not None:
        taken = size(sum(sum(journey.relocation.sizes) for journey in journeys))
        told.append(
            f"{count(len(moves), 'disk')} ({taken}) {'moves' if len(moves) == 1 else 'move'} to storage "
            f"“{shortened(sr.name_label, 60)}”; snapshots taken before stay where they are."
        )
        sharing = sum(
            bool(disk.sm_config.get(PARENT_KEY))
            for journey in journeys
            if journey.relocation.disks
            for disk in _moving_disks(journey.relocation, inventory)
        )
        if sharing:
            share = "shares" if sharing == 1 else "share"
            told.append(f"{count(sharing, 'disk')} of them {share} blocks with others, no longer there.")
    return told


def _moving_disks(relocation: Relocation, inventory: Inventory) -> list[VDI]:
    devices = {move.device for move in relocation.disks}
    return [disk for drive, disk in drives_of(inventory, relocation.vm) if drive.userdevice in devices]


def _drift_words(
    stage: Stage, going: Sequence[_Journey], host: Host | None, sr: SR | None, inventory: Inventory
) -> list[str]:
    """Return where this is not what the stage has it like."""
    told, preferred = [], preferred_hosts(stage, inventory)
    if host is not None and preferred and host.uuid not in preferred and any(one.host for one in going):
        told.append(f"{stage.name} prefers other hosts: the next start goes by that again.")
    bound = stage.binding.sr
    if sr is not None and bound is not None and bound.uuid != sr.uuid:
        told.append(f"{stage.name} is bound to storage “{shortened(bound.name or bound.uuid, 60)}”, which this leaves.")
    return told
