"""Steps that bring machines into another pool, whatever becomes of them there: asked for, sent, noted on both sides."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from xsconsole.domain.actions.holds import CarryHold, DropHold
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
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import Host, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Step, WriteRoster
from xsconsole.domain.poolstate import Roster, newest_text, roster_stem
from xsconsole.engine.moves.relocation import SET_S
from xsconsole.engine.moves.trips import Traveller, Way, foreign_nics, storage_of
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.lands import Journey
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import memory_of
from xsconsole.engine.plans.steps import Steps, own_blocks

ASK_S = 2.0
MOVE_S = 15.0
MOVED_BYTES_PER_S = 50 * 1024 * 1024


def questions_of(party: Sequence[Traveller], way: Way) -> dict[Uuid, AskAcross]:
    return {
        each.uuid: AskAcross(
            vm=each.uuid, sr=way.sr.uuid, networks=each.networks, snapshot_networks=each.snapshot_networks
        )
        for each in party
    }


def placed_there(
    made: Sequence[Step], asked: Collection[StepKey], first: int, here: Collection[StepKey], intent: Intent
) -> tuple[Step, ...]:
    """Return the steps with those of the other pool said to be so: what asks it, and from the first move on."""
    return tuple(
        msgspec.structs.replace(step, pool=intent.abroad)
        if step.key in asked or (number >= first and step.key not in here)
        else step
        for number, step in enumerate(made)
    )


def journey(card: Card, each: Traveller, questions: Mapping[Uuid, AskAcross], hosts: Mapping[Uuid, Uuid]) -> Journey:
    return Journey(configuration=card.id, vm=each.vm, question=questions[each.uuid], host=hosts[each.uuid])


def add_questions(
    steps: Steps, party: Sequence[Traveller], questions: Mapping[Uuid, AskAcross], hosts: Mapping[Uuid, Uuid]
) -> list[StepKey]:
    """Ask both pools of each machine, once we block nothing at it any more; return what the rest waits for."""
    lifted = [
        steps.add(LiftProtection(vm=each.uuid, original=own_blocks(each.vm)), each.member.name)
        for each in party
        if own_blocks(each.vm)
    ]
    return [
        steps.add(
            questions[each.uuid],
            each.member.name,
            lifted,
            Estimate(seconds=ASK_S),
            host=hosts[each.uuid],
        )
        for each in party
    ]


def add_moves(
    steps: Steps,
    party: Sequence[Traveller],
    way: Way,
    hosts: Mapping[Uuid, Uuid],
    ready: list[StepKey],
    inventory: Inventory,
    *,
    is_one_way: bool,
) -> list[StepKey]:
    found = []
    for each in party:
        home = inventory.get(Host, each.vm.affinity)
        taken = sum(each.space.values())
        action = MoveAcross(
            vm=each.uuid,
            sr=way.sr.uuid,
            networks=each.networks,
            snapshot_networks=each.snapshot_networks,
            original_networks=present_networks(each.vm, inventory),
            original_snapshot_networks=_networks_of_foreign(each, inventory),
            original_storage=storage_of(each.vm, inventory),
            original_snapshot_storage={
                f"{snapshot.uuid}/{device}": sr
                for snapshot in each.snapshots
                for device, sr in storage_of(snapshot, inventory).items()
            },
            original_home=home.uuid if home is not None else None,
            is_one_way=is_one_way,
        )
        estimate = Estimate(
            seconds=MOVE_S + taken / MOVED_BYTES_PER_S,
            bytes=taken,
            space=each.space,
            memory_bytes=memory_of(each.vm) if each.stays_up else 0,
        )
        found.append(steps.add(action, each.member.name, ready, estimate, host=hosts[each.uuid], back=each.back))
    return found


def _networks_of_foreign(each: Traveller, inventory: Inventory) -> dict[str, Uuid]:
    found = foreign_nics(each.vm, each.snapshots, inventory)
    held = {mac: inventory.get(Network, vif.network) for mac, (_, vif) in sorted(found.items())}
    return {mac: network.uuid for mac, network in held.items() if network is not None}


def add_notes(steps: Steps, party: Sequence[Traveller], ready: list[StepKey]) -> list[StepKey]:
    notes = [
        steps.add(NoteCompany(vm=each.uuid, has_schedule=each.has_schedule), each.member.name, ready)
        for each in party
        if each.has_company
    ]
    return notes or ready


def add_company(
    steps: Steps, party: Sequence[Traveller], ready: list[StepKey], aside: Mapping[Uuid, StepKey] | None = None
) -> list[StepKey]:
    """Let each belong to what it belonged to. `aside` are the steps that set aside what machines were that return."""
    # One after the other: of two that find no vApp of that name, each would make one.
    for each in party:
        if not each.has_company:
            continue
        if aside is None:
            action = JoinCompany(vm=each.uuid, has_schedule=each.has_schedule)
        else:
            action = RejoinCompany(vm=each.uuid, has_schedule=each.has_schedule, set_aside=aside[each.uuid])
        ready = [steps.add(action, each.member.name, ready)]
    return ready


def add_homes(steps: Steps, party: Sequence[Traveller], ready: list[StepKey]) -> list[StepKey]:
    # A machine that has arrived prefers no host: what it preferred is in the other pool.
    homes = [
        steps.add(
            PreferHost(vm=each.uuid, host=each.home, original=None), each.member.name, ready, Estimate(seconds=SET_S)
        )
        for each in party
        if each.home is not None
    ]
    return homes or ready


def add_records(
    steps: Steps, card: Card, ready: list[StepKey], way: Way, inventory: Inventory
) -> tuple[list[StepKey], set[StepKey]]:
    """Let roster and hold stand there and no more here; return what ends that, and which steps happen here."""
    stem = roster_stem(card.id)
    roster, other = (
        newest_text(pool.other_config if pool is not None else {}, stem, Roster)
        for pool in (inventory.pool, way.there.inventory.pool)
    )
    names = [f"{shortened(card.name, 40)} in pool “{shortened(name, 30)}”" for name in way.intent.pool_names]
    here: set[StepKey] = set()
    if roster:
        ready = [steps.add(WriteRoster(configuration=card.id, value=roster, original=other), names[1], ready)]
    if card.hold is not None:
        carried = CarryHold(configuration=card.id, reason=card.hold.reason, text=to_text(card.hold))
        ready = [steps.add(carried, names[1], ready)]
        dropped = DropHold(configuration=card.id, original=to_text(card.hold))
        ready = [steps.add(dropped, names[0], ready)]
        here |= {*ready}
    if roster:
        ready = [steps.add(WriteRoster(configuration=card.id, value="", original=roster), names[0], ready)]
        here |= {*ready}
    return ready, here


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


def demand_room(party: Sequence[Traveller], way: Way, inventory: Inventory) -> list[str]:
    taken = [each.vm for each in party] if way.is_kept_first else []
    frozen = capacity.total(*(capacity.snapshot_space(inventory, vm) for vm in taken))
    moved = capacity.total(*(each.space for each in party))
    there = way.there
    return [
        *capacity.demand_space(inventory, frozen, "The snapshots"),
        *capacity.demand_space(there.inventory, moved, "The machines", claims_on(there.board).space),
    ]
