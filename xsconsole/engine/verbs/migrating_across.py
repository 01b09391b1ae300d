"""The plan that brings a configuration into another pool; it stays in its stage.

It is a move to the same stage in another pool: the steps are those of a promotion between pools. What would take it out
of its stage is refused, so that this is no second way round the rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.board import Board, Standing
from xsconsole.domain.ids import TransitionId, Uuid
from xsconsole.domain.inventory import SR, VM, Host, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.networks import networks_for_machines, networks_used
from xsconsole.domain.plan import Plan, RunKind, ShutDown
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import EntryAction, Kind, PoolObject, Stage, Transition, Workflow
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.archives.return_checks import storage_named
from xsconsole.engine.commands import Relocate
from xsconsole.engine.moves.moving import vms_of
from xsconsole.engine.moves.moving_across import plan_moving_across
from xsconsole.engine.moves.sending import retiring
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.lands import (
    Land,
    Lands,
    called,
    demand_actor_there,
    demand_same_version,
    names_of,
    pools_of,
)
from xsconsole.engine.plans.placement import guest_of
from xsconsole.engine.verbs.migrating import demand_seen, demand_unprotected, host_named, plan_relocation
from xsconsole.engine.verbs.powering import Surroundings, surroundings_of
from xsconsole.errors import NotPromotable


def plan_migration(command: Relocate, board: Board, inventory: Inventory, actor: str, lands: Lands) -> Plan:
    """Return how a configuration comes to where the command says, in its pool or in another one. Raises as those do."""
    if command.pool is None:
        return plan_relocation(command, board, inventory, actor)
    return plan_relocation_across(command, command.pool, board, inventory, actor, lands)


def plan_relocation_across(
    command: Relocate, pool: Uuid, board: Board, inventory: Inventory, actor: str, lands: Lands
) -> Plan:
    """Move all machines as they are, running or off, into another pool, where they stand in the same stage.

    Raises:
        NotFound: there is no such host or storage there. NotPermitted: somebody else may, here or there.
        NotPromotable: it would leave its stage, or something in one of the pools stands against it.
    """
    found = surroundings_of(command, board, inventory, actor)
    card, stage = found.card, found.stage
    there = _land(pool, found, lands)
    _demand_fit(command, found, there)
    sr = _storage(command, stage, there)
    vms = vms_of(card.members, inventory)
    table = _table(command, vms, found, there)
    host = _host(command, vms, sr, table, inventory, there)
    source, target = _ends(stage, sr, table)
    values = {
        member.uuid: msgspec.structs.replace(
            member.value,
            workflow=found.workflow.id,
            workflow_version=found.workflow.version,
            revision=member.value.revision + 1,
        )
        for member in card.members
    }
    intent = intent_in(
        RunKind.MIGRATE,
        card,
        found.workflow,
        pools=pools_of(inventory, there),
        pool_names=names_of(inventory, there),
    )
    way = Transition(id=TransitionId("migrate"), source=stage.id, target=stage.id, kind=Kind.PROMOTE)
    planned = plan_moving_across(card, source, target, way, intent, values, there, inventory, host)
    _demand_power(planned, found)
    told = (*planned.warnings, *_network_words(table, inventory, there), *_stage_words(stage, sr, there))
    return retiring(msgspec.structs.replace(planned, warnings=told), inventory, there.inventory)


# What must hold


def _land(pool: Uuid, found: Surroundings, lands: Lands) -> Land:
    card, stage, here = found.card, found.stage, found.inventory.pool
    name = f"“{shortened(card.name)}”"
    if here is not None and here.uuid == pool:
        raise NotPromotable(
            reason=f"{name} is in that pool already.", mend="Name a host or a storage of it, and no pool."
        )
    there = lands(pool)
    if there is None or there.inventory.pool is None:
        raise NotPromotable(
            reason=f"This console has no connection to the pool to which {name} is to go.",
            mend="Connect to that pool beside this one.",
        )
    _demand_staying(stage, found.workflow, there)
    demand_same_version(f"{name} would go to", there, found.board)
    demand_actor_there(stage, there, found.workflow)
    return there


def _demand_staying(stage: Stage, workflow: Workflow, there: Land) -> None:
    """Refuse to take a configuration out of the pool that its stage lives in, and say what leads there instead."""
    pool, bound = there.inventory.pool, stage.binding.pool
    assert pool is not None, "it was looked at"
    if bound is None or bound.uuid == pool.uuid:
        return
    ways = [(way, workflow.stage(way.target)) for way in workflow.transitions_from(stage.id)]
    leading = [
        f"{way.kind.value} it to {end.name}"
        for way, end in ways
        if end is not None and end.binding.pool is not None and end.binding.pool.uuid == pool.uuid
    ]
    instead = " or ".join(leading)
    raise NotPromotable(
        reason=f"{stage.name} lives in pool “{shortened(bound.name or bound.uuid, 60)}”: in pool {called(there)} it "
        "would not stand in that stage any more.",
        mend=f"{instead[:1].upper()}{instead[1:]}, which lives there."
        if leading
        else f"Let a way of the workflow lead from {stage.name} to a stage in that pool, then go that way.",
    )


def _demand_fit(command: Relocate, found: Surroundings, there: Land) -> None:
    card, stage = found.card, found.stage
    rules.demand_standing(card, {Standing.WHOLE})
    rules.demand_settled_power(card)
    left = [member.name for member in card.members if member.uuid not in command.members]
    if command.members and left:
        raise NotPromotable(
            reason=f"{listing(tuple(left))} would stay behind, and a configuration lives in one pool.",
            mend="Choose all its machines, or take those that are to stay out of it.",
        )
    known = there.board.closures.quarantine_of(card.service, card.version)
    if card.quarantine is not None and known is None:
        raise NotPromotable(
            reason=f"Version {shortened(card.version, 60)} of {shortened(card.service, 60)} is quarantined, and pool "
            f"{called(there)} does not know of it.",
            mend="Quarantine it there too, or lift the quarantine first.",
        )
    rules.demand_place(there.board, stage, card.service, card.id, will_run=card.is_up)
    demand_unprotected(stage, rules.MIGRATING)


def _demand_power(planned: Plan, found: Surroundings) -> None:
    """Refuse what would shut down machines, as a stream does, in a stage whose protection forbids that."""
    down = {step.action.vm for step in planned.steps if isinstance(step.action, ShutDown)}
    running = [member for member in found.card.members if member.uuid in down]
    rules.demand_power_changes((found.stage, running), what="a transfer through this console")


# Where it goes


def _storage(command: Relocate, stage: Stage, there: Land) -> SR:
    """Return the storage that was named, else the stage's where that pool has it, else the usual one there."""
    bound = stage.binding.sr
    known = there.inventory.by_uuid(SR, bound.uuid) if bound is not None else None
    return storage_named(command.sr or (known.uuid if known is not None else None), there.inventory)


def _host(
    command: Relocate, vms: Sequence[VM], sr: SR, table: Mapping[Uuid, Uuid], inventory: Inventory, there: Land
) -> Uuid | None:
    """Return the host that was named, if it can receive every machine."""
    if command.host is None:
        return None
    host = host_named(command.host, there.inventory)
    for vm in vms:
        guest = guest_of(vm, inventory)
        networks = frozenset(table[network] for network in guest.networks)
        demand_seen(replace(guest, storages=frozenset({sr.uuid}), networks=networks), host, there.inventory)
    return host.uuid


def _table(command: Relocate, vms: Sequence[VM], found: Surroundings, there: Land) -> dict[Uuid, Uuid]:
    """Return which network there takes the place of which one here: as was said, by the stage's map, or by name."""
    inventory = found.inventory
    used = {uuid: _network_name(uuid, inventory) for uuid in networks_used(vms, inventory)}
    strangers = [uuid for uuid in command.networks if uuid not in used]
    if strangers:
        names = listing(tuple(_network_name(uuid, inventory) for uuid in strangers))
        raise NotPromotable(
            reason=f"No machine of “{shortened(found.card.name)}” is on {names}.",
            mend=f"Its networks are {listing(tuple(used.values()))}." if used else "It is on no network.",
        )
    gone = [uuid for uuid, put in command.networks.items() if there.inventory.by_uuid(Network, put) is None]
    if gone:
        names = listing(tuple(used[uuid] for uuid in gone))
        raise NotPromotable(
            reason=f"The network that was chosen for {names} is none of pool {called(there)}.",
            mend="Choose another one.",
        )
    put = {uuid: command.networks.get(uuid) or _alike(uuid, found, there) for uuid in used}
    lacking = listing(tuple(used[uuid] for uuid, network in put.items() if network is None))
    if lacking:
        offered = sorted(shortened(one.name_label, 40) for one in networks_for_machines(there.inventory))
        raise NotPromotable(
            reason=f"It is not said which network of pool {called(there)} takes the place of {lacking}.",
            mend="Say it for each, in the table of networks or by --map-network; that pool has "
            f"{listing(tuple(offered), 8) or 'none'}.",
        )
    table = {uuid: network for uuid, network in put.items() if network is not None}
    _demand_own(table, found, there)
    return table


def _demand_own(table: Mapping[Uuid, Uuid], found: Surroundings, there: Land) -> None:
    """Refuse a network that other stages have and this one has not: what is on it is where it was not promoted to."""
    own = {entry.network.uuid for entry in found.stage.binding.networks}
    others = {
        entry.network.uuid: other.name
        for other in found.workflow.stages
        for entry in other.binding.networks
        if entry.network.uuid not in own
    }
    taken = next((network for network in table.values() if network in others), None)
    if taken is not None:
        raise NotPromotable(
            reason=f"{_network_name(taken, there.inventory)} is a network of {others[taken]}, and this stays in "
            f"{found.stage.name}.",
            mend=f"Choose another network; into {others[taken]} it is promoted.",
        )


def _network_name(uuid: Uuid, inventory: Inventory) -> str:
    network = inventory.by_uuid(Network, uuid)
    return f"“{shortened(network.name_label if network is not None else uuid, 60)}”"


def _alike(uuid: Uuid, found: Surroundings, there: Land) -> Uuid | None:
    """Return the network there of the same logical name, by the stage's map, or the only one with the same name."""
    mapped = (entry for stage in found.workflow.stages for entry in stage.binding.networks)
    logical = {entry.logical for entry in mapped if entry.network.uuid == uuid}
    by_map = {
        entry.network.uuid
        for entry in found.stage.binding.networks
        if entry.logical in logical and there.inventory.by_uuid(Network, entry.network.uuid) is not None
    }
    if len(by_map) == 1:
        return by_map.pop()
    network = found.inventory.by_uuid(Network, uuid)
    name = network.name_label if network is not None else ""
    named = [one.uuid for one in networks_for_machines(there.inventory) if one.name_label == name]
    return named[0] if len(named) == 1 else None


def _ends(stage: Stage, sr: SR, table: Mapping[Uuid, Uuid]) -> tuple[Stage, Stage]:
    """Return the stage as it is in either pool: networks that take each other's place have one logical name."""

    def at(networks: Mapping[Uuid, Uuid], storage: PoolObject | None) -> Stage:
        mapped = tuple(NetworkEntry(logical=here, network=PoolObject(uuid=it)) for here, it in networks.items())
        binding = msgspec.structs.replace(stage.binding, sr=storage, networks=mapped)
        return msgspec.structs.replace(stage, entry=EntryAction.LEAVE, binding=binding)

    return at({uuid: uuid for uuid in table}, None), at(table, PoolObject(uuid=sr.uuid, name=sr.name_label))


# Words


def _network_words(table: Mapping[Uuid, Uuid], inventory: Inventory, there: Land) -> list[str]:
    pairs = tuple(
        f"{_network_name(here, inventory)} to {_network_name(put, there.inventory)}" for here, put in table.items()
    )
    return [f"Its interfaces go from {listing(pairs, 8)}."] if pairs else []


def _stage_words(stage: Stage, sr: SR, there: Land) -> list[str]:
    """Return that it stays in its stage, and where this is not what the stage has it like."""
    told, bound = (
        [f"It stays in {stage.name}, and is a new revision there: what was asked for it before is void."],
        stage.binding,
    )
    if bound.sr is not None and bound.sr.uuid != sr.uuid:
        told.append(
            f"{stage.name} is bound to storage “{shortened(bound.sr.name or bound.sr.uuid, 60)}”, which this leaves."
        )
    lacking = [one.name or one.uuid for one in bound.hosts if there.inventory.by_uuid(Host, one.uuid) is None]
    if lacking and len(lacking) == len(bound.hosts):
        told.append(f"{stage.name} prefers {listing(tuple(lacking))}, which pool {called(there)} does not have.")
    return told
