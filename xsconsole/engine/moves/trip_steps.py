"""Steps that bring machines into another pool, whatever becomes of them there: asked for, sent, noted on both sides."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from xsconsole.domain.actions.holds import CarryHold, CarryStay, DropHold, DropStay
from xsconsole.domain.actions.placing import PreferHost
from xsconsole.domain.actions.travel import (
    AskAcross,
    JoinCompany,
    LiftProtection,
    MoveAcross,
    NoteCompany,
    RejoinCompany,
)
from xsconsole.domain.board import Card, Member
from xsconsole.domain.closures import to_text
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Host, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, WriteRoster
from xsconsole.domain.poolstate import MemberValue, Roster, Succession, decode, encode, newest_text, roster_stem
from xsconsole.engine.moves.relocation import SET_S
from xsconsole.engine.moves.trips import Traveller, Way, foreign_nics, pool_names, storage_of
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.lands import Journey, called
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import Guest, less, memory_of, place
from xsconsole.engine.plans.steps import Steps, own_blocks, writing
from xsconsole.errors import NotPromotable, PoolFailed

ASK_S = 2.0
MOVE_S = 15.0
MOVED_BYTES_PER_S = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Machines of one configuration on one way, and the host that receives each; `inventory` is where they are.

    `cut_off` is what XAPI said where hosts do not carry them: then they go through this console.
    """

    way: Way
    party: tuple[Traveller, ...]
    hosts: Mapping[Uuid, Uuid]
    inventory: Inventory
    is_one_way: bool = False
    cut_off: PoolFailed | None = None

    @property
    def is_streamed(self) -> bool:
        return self.cut_off is not None

    def question(self, each: Traveller) -> AskAcross:
        return AskAcross(
            vm=each.uuid, sr=self.way.sr.uuid, networks=each.networks, snapshot_networks=each.snapshot_networks
        )

    def journeys(self, card: Card) -> list[Journey]:
        """Return what the pools can be asked before anybody confirms."""
        return [
            Journey(configuration=card.id, vm=each.vm, question=self.question(each), host=self.hosts[each.uuid])
            for each in self.party
        ]


def space_of(leg: Leg) -> dict[Uuid, int]:
    """Return what the machines may take where they come to, by storage."""
    return capacity.total(*(each.space for each in leg.party))


def left_by(leg: Leg) -> dict[Uuid, int]:
    """Return what is certainly free again when the machines have left, by storage: what is theirs alone.

    What goes through this console stays where it was until the end.
    """
    if leg.is_streamed:
        return {}
    vms = [vm for each in leg.party for vm in (each.vm, *each.snapshots)]
    held = [(leg.inventory.get(SR, disk.SR), disk) for vm in vms for _, disk in drives_of(leg.inventory, vm)]
    return capacity.total(*({sr.uuid: max(0, disk.physical_utilisation)} for sr, disk in held if sr is not None))


def hosts_there(way: Way, guests: Sequence[Guest], freed: Mapping[Uuid, int] | None = None) -> dict[Uuid, Uuid]:
    """Return the host that receives each machine; `freed` is memory that others give back there before.

    Raises:
        NotPromotable: none has room, or none receives anything.
    """
    if way.host is not None:
        guests = [replace(guest, is_bound=True, here=way.host) for guest in guests]
    hosts = place(way.there.inventory, guests, less(claims_on(way.there.board).memory, freed or {}))
    if len(hosts) < len(guests):
        raise NotPromotable(reason=f"Pool {called(way.there)} has no enabled host.", mend="Enable a host there.")
    return hosts


def seeing(guest: Guest, disks: Iterable[Uuid], there: Inventory) -> Guest:
    """Return a guest that sees the storage of disks that it gets there."""
    known = (there.by_uuid(VDI, uuid) for uuid in disks)
    homes = (there.get(SR, disk.SR) for disk in known if disk is not None)
    return replace(guest, storages=guest.storages | {sr.uuid for sr in homes if sr is not None})


def add_lifts(steps: Steps, leg: Leg) -> list[StepKey]:
    """Let nothing be blocked by us at any machine."""
    with steps.at(leg.way.begins):
        return [
            steps.add(LiftProtection(vm=each.uuid, original=own_blocks(each.vm)), each.member.name)
            for each in leg.party
            if own_blocks(each.vm)
        ]


def add_questions(steps: Steps, leg: Leg) -> list[StepKey]:
    """Ask both pools of each machine, once we block nothing at it any more; return what the rest waits for."""
    lifted = add_lifts(steps, leg)
    with steps.at(leg.way.ends):
        return [
            steps.add(leg.question(each), each.member.name, lifted, Estimate(seconds=ASK_S), host=leg.hosts[each.uuid])
            for each in leg.party
        ]


def add_moves(
    steps: Steps,
    leg: Leg,
    ready: list[StepKey],
    left: Collection[tuple[Uuid, str]] = (),
    *,
    is_downtime: bool = False,
) -> list[StepKey]:
    """Move each machine; return these steps, in the order of the party. `is_downtime` says that nobody serves.

    `left` are machines and devices of disks that others have by then, for which nothing was given.
    """
    longest = max((sum(each.space.values()) for each in leg.party), default=0) / MOVED_BYTES_PER_S + MOVE_S
    inventory = leg.inventory
    found: list[StepKey] = []
    for each in leg.party:
        home = inventory.get(Host, each.vm.affinity)
        taken = sum(each.space.values())
        action = MoveAcross(
            vm=each.uuid,
            sr=leg.way.sr.uuid,
            networks=each.networks,
            snapshot_networks=each.snapshot_networks,
            original_networks=present_networks(each.vm, inventory),
            original_snapshot_networks=_networks_of_foreign(each, inventory),
            original_storage={
                device: sr for device, sr in storage_of(each.vm, inventory).items() if (each.uuid, device) not in left
            },
            original_snapshot_storage={
                f"{snapshot.uuid}/{device}": sr
                for snapshot in each.snapshots
                for device, sr in storage_of(snapshot, inventory).items()
            },
            original_home=home.uuid if home is not None else None,
            is_one_way=leg.is_one_way,
        )
        estimate = Estimate(
            seconds=MOVE_S + taken / MOVED_BYTES_PER_S,
            bytes=taken,
            space=each.space,
            memory_bytes=memory_of(each.vm) if each.stays_up else 0,
            downtime_s=longest if is_downtime and not found else 0.0,
        )
        with steps.at(leg.way.ends):
            host = leg.hosts[each.uuid]
            found.append(steps.add(action, each.member.name, ready, estimate, host=host, back=each.back))
    return found


def _networks_of_foreign(each: Traveller, inventory: Inventory) -> dict[str, Uuid]:
    found = foreign_nics(each.vm, each.snapshots, inventory)
    held = {mac: inventory.get(Network, vif.network) for mac, (_, vif) in sorted(found.items())}
    return {mac: network.uuid for mac, network in held.items() if network is not None}


def add_notes(steps: Steps, leg: Leg, ready: list[StepKey]) -> list[StepKey]:
    with steps.at(leg.way.begins):
        notes = [
            steps.add(NoteCompany(vm=each.uuid, has_schedule=each.has_schedule), each.member.name, ready)
            for each in leg.party
            if each.has_company
        ]
    return notes or ready


def add_company(
    steps: Steps, leg: Leg, ready: list[StepKey], aside: Mapping[Uuid, StepKey] | None = None
) -> list[StepKey]:
    """Let each belong to what it belonged to. `aside` are the steps that set aside what machines were that return."""
    # One after the other: of two that find no vApp of that name, each would make one.
    for each in leg.party:
        if not each.has_company:
            continue
        if aside is None:
            action = JoinCompany(vm=each.uuid, has_schedule=each.has_schedule)
        else:
            action = RejoinCompany(vm=each.uuid, has_schedule=each.has_schedule, set_aside=aside[each.uuid])
        with steps.at(leg.way.ends):
            ready = [steps.add(action, each.member.name, ready)]
    return ready


def add_homes(steps: Steps, leg: Leg, ready: list[StepKey]) -> list[StepKey]:
    # A machine that has arrived prefers no host: what it preferred is in the other pool.
    with steps.at(leg.way.ends):
        homes = [
            steps.add(
                PreferHost(vm=each.uuid, host=each.home, original=None),
                each.member.name,
                ready,
                Estimate(seconds=SET_S),
            )
            for each in leg.party
            if each.home is not None
        ]
    return homes or ready


def add_entries(steps: Steps, leg: Leg, values: Mapping[Uuid, MemberValue], ready: Sequence[StepKey]) -> list[StepKey]:
    """Write the stage at each machine. What protected it where it was is lifted by then."""
    with steps.at(leg.way.ends):
        return [
            steps.add(
                msgspec.structs.replace(writing(each.vm, values[each.uuid], leg.way.target), original_blocked={}),
                each.member.name,
                ready,
            )
            for each in leg.party
        ]


def add_records(
    steps: Steps, card: Card, leg: Leg, ready: list[StepKey], succession: Succession | None = None
) -> list[StepKey]:
    """Let roster and hold stand there and no more here, and for how long it may stay; return what ends that.

    `succession` says whose place it takes, where it takes one.
    """
    stem = roster_stem(card.id)
    roster, other = (
        newest_text(inventory.pool.other_config if inventory.pool is not None else {}, stem, Roster)
        for inventory in (leg.inventory, leg.way.there.inventory)
    )
    pools = pool_names(leg.way, leg.inventory)
    names = [f"{shortened(card.name, 40)} in pool {shortened(name, 32)}" for name in pools]
    known = decode(roster, Roster)
    value = encode(msgspec.structs.replace(known, succeeded=succession)) if known and succession else roster
    if roster:
        with steps.at(leg.way.ends):
            ready = [steps.add(WriteRoster(configuration=card.id, value=value, original=other), names[1], ready)]
    for carried, dropped in _closures_of(card, leg.way):
        with steps.at(leg.way.ends):
            ready = [steps.add(carried, names[1], ready)]
        with steps.at(leg.way.begins):
            ready = [steps.add(dropped, names[0], ready)]
    if roster:
        with steps.at(leg.way.begins):
            ready = [steps.add(WriteRoster(configuration=card.id, value="", original=roster), names[0], ready)]
    return ready


def _closures_of(card: Card, way: Way) -> Iterator[tuple[CarryHold, DropHold]]:
    """Return how what people decided of a configuration is written there, and forgotten here."""
    if card.hold is not None:
        text = to_text(card.hold)
        carried = CarryHold(configuration=card.id, reason=card.hold.reason, text=text)
        yield carried, DropHold(configuration=card.id, original=text)
    if card.extension is not None and not way.is_promotion:  # else its time in the stage ends
        text = to_text(card.extension)
        stay = CarryStay(configuration=card.id, reason=card.extension.reason, text=text)
        yield stay, DropStay(configuration=card.id, original=text)


# What must hold


def demand_operations(
    party: Sequence[Traveller], to_start: Sequence[Member], to_stop: Sequence[Member], inventory: Inventory
) -> None:
    by_uuid = {each.uuid: each.vm for each in party}
    for vm in by_uuid.values():
        rules.demand_operation(vm, "migrate_send", inventory, is_own_block_lifted=True)
    for member in to_stop:
        rules.demand_operation(by_uuid[member.uuid], "clean_shutdown", inventory, is_own_block_lifted=True)
        rules.demand_unblocked(by_uuid[member.uuid], "start")
    for member in to_start:
        rules.demand_operation(by_uuid[member.uuid], "start", inventory, is_own_block_lifted=True)
        rules.demand_unblocked(by_uuid[member.uuid], "start_on")


def demand_room(party: Sequence[Traveller], way: Way, inventory: Inventory, snapped: Sequence[VM] = ()) -> list[str]:
    """Demand room for what goes there, and where it is for snapshots of what is `snapped` before it goes."""
    frozen = capacity.total(*(capacity.snapshot_space(inventory, vm) for vm in snapped))
    moved = capacity.total(*(each.space for each in party))
    there = way.there
    return [
        *capacity.demand_space(inventory, frozen, "The snapshots"),
        *capacity.demand_space(there.inventory, moved, "The machines", claims_on(there.board).space),
    ]


def trip_of(card: Card, way: Way, intent: Intent, steps: Steps, warnings: Sequence[str]) -> Plan:
    """Return the plan of these steps, which holds the place that is left, and the new one in the other pool."""
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (way.source,)),
        leases_abroad=rules.leases_for(card.id, card.service, (way.target,)),
        warnings=tuple(warnings),
        asks=True,
    )
