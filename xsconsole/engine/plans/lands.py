"""Other pools as a plan sees them: what a stage that lives there has, who stands in it, and what they take."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from xsconsole.domain.actions.holds import PlaceHold
from xsconsole.domain.actions.travel import AskAcross
from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import SR, VM, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Because, CheckGate, OpenReview, Plan, Step
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.domain.workflow.gates import When
from xsconsole.engine.moves.relocation import storage_of
from xsconsole.engine.plans import rules
from xsconsole.errors import NotPromotable, PoolFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A machine of a configuration that is to move into another pool, and the question whether it may, for a host."""

    configuration: ConfigurationId
    vm: VM
    question: AskAcross
    host: Uuid


Told = Callable[[Journey], PoolFailed | None]


def nothing_told(journey: Journey) -> PoolFailed | None:
    """Nobody has asked the pools yet."""
    del journey
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """Another pool as last heard of. `actor` is who is logged in there; None: whoever it is, that is not judged.

    `told` gives the answer of XAPI itself, why a machine cannot come there, as far as that has been asked already.
    """

    board: Board
    inventory: Inventory
    actor: str | None = None
    told: Told = nothing_told


def home_of(board: Board, inventory: Inventory, lands: "Lands") -> Land:
    """Return the pool of a run as the one that machines come to from its other pool."""
    seen = lands(inventory.pool.uuid) if inventory.pool is not None else None
    return Land(board=board, inventory=inventory, told=nothing_told if seen is None else seen.told)


Lands = Callable[[Uuid], Land | None]


def no_land(pool: Uuid) -> Land | None:
    """There is no other pool."""
    del pool
    return None


def seen_by_nobody(lands: Lands) -> Lands:
    """Return the same pools without who is logged in there, for whoever judges what somebody else asks for."""

    def land(pool: Uuid) -> Land | None:
        found = lands(pool)
        return None if found is None else replace(found, actor=None)

    return land


def at_version(lands: Lands, standing: Workflow | None, version: Workflow) -> Lands:
    """Return the same pools as they would be at an earlier version, where they have the standing one."""

    def land(pool: Uuid) -> Land | None:
        found = lands(pool)
        if found is None or not _is_same(found.board, standing):
            return found
        return replace(found, board=replace(found.board, workflow=version))

    return land


def land_of(stage: Stage, board: Board, inventory: Inventory, lands: Lands) -> Land | None:
    """Return the other pool that a stage lives in, None where it lives in this one.

    Raises:
        NotPromotable: there is no connection to it, or it has another version of the workflow.
        NotPermitted: who is logged in there may not act in the stage.
    """
    bound = stage.binding.pool
    if bound is None or inventory.pool is None or bound.uuid == inventory.pool.uuid:
        return None
    land = lands(bound.uuid)
    if land is None or land.inventory.pool is None:
        raise NotPromotable(
            reason=f"{stage.name} lives in pool “{shortened(bound.name or bound.uuid, 60)}”, to which this console "
            "has no connection.",
            mend="Connect to that pool beside this one.",
        )
    demand_same_version(f"{stage.name} lives in", land, board)
    if board.workflow is not None:
        demand_actor_there(stage, land, board.workflow)
    return land


def demand_actor_there(stage: Stage, land: Land, workflow: Workflow) -> None:
    """Refuse who may not act in a stage by the name with which they are logged in at another pool."""
    if land.actor is not None:
        rules.demand_actor(workflow, (stage,), land.actor)


def demand_same_version(told: str, land: Land, board: Board) -> None:
    """Refuse where the other pool, in which something is as `told`, follows another version of the workflow."""
    if not _is_same(land.board, board.workflow):
        pool = land.inventory.pool
        raise NotPromotable(
            reason=f"{told} pool “{shortened(pool.name_label if pool else '', 60)}”, which has "
            f"{_version_words(land.board)}, and this pool has {_version_words(board)}: both must have the same.",
            mend="Publish the newest version to both pools."
            if land.board.workflow is not None
            else "Publish it at that pool as well, with that one as `--pool`: no stage is bound to it.",
        )


def _is_same(board: Board, workflow: Workflow | None) -> bool:
    own = board.workflow if board.is_published else None
    if own is None or workflow is None:
        return own is workflow
    # Pools have values of their own; to compare them is far cheaper than to digest them, and a drag asks often.
    return own == workflow or own.digest == workflow.digest


def _version_words(board: Board) -> str:
    own = board.workflow if board.is_published else None
    return "no workflow" if own is None else f"version {own.version} of “{shortened(own.name, 40)}”"


def pools_of(inventory: Inventory, land: Land | None) -> tuple[Uuid, ...]:
    """Return the uuids of this pool and the other one; nothing where there is no other."""
    pools = () if land is None else (inventory.pool, land.inventory.pool)
    return tuple(pool.uuid for pool in pools if pool is not None)


def names_of(inventory: Inventory, land: Land | None) -> tuple[str, ...]:
    """Return what both are called, in the same order."""
    pools = () if land is None else (inventory.pool, land.inventory.pool)
    return tuple(shortened(pool.name_label, 60) for pool in pools if pool is not None)


def storage_in(target: Stage, inventory: Inventory) -> SR:
    """Return where what arrives is put: the stage's storage, or the pool's usual one."""
    sr = storage_of(target, inventory)
    if sr is None and inventory.pool is not None:
        sr = inventory.get(SR, inventory.pool.default_SR)
    if sr is None:
        raise NotPromotable(
            reason=f"{target.name} is bound to no storage, and its pool has no usual one.",
            mend="Choose a storage for the stage in the workflow.",
        )
    return sr


def called(there: Land) -> str:
    """Return what another pool is called, in quotation marks."""
    pool = there.inventory.pool
    return f"“{shortened(pool.name_label if pool is not None else '', 60)}”"


def demand_versions(there: Land, inventory: Inventory) -> list[str]:
    """Refuse a pool of lower version, which takes nothing from a higher one; say where the way back would be one."""
    here, other = version_of(inventory, highest=True), version_of(there.inventory, highest=False)
    if not here or not other or here == other:
        return []
    told = ".".join(map(str, here)), ".".join(map(str, other))
    name = f"Pool {called(there)}"
    if other < here:
        raise NotPromotable(
            reason=f"{name} has XAPI {told[1]}, the one they come from {told[0]}: "
            "a pool takes nothing from one of a higher version.",
            mend="Update that pool first.",
        )
    return [f"{name} has a higher version ({told[1]}, here {told[0]}): nothing comes back."]


def version_of(inventory: Inventory, *, highest: bool) -> tuple[int, ...]:
    """Return the highest or lowest version of XAPI on a pool's hosts; empty where none tells."""
    found = []
    for host in inventory.all(Host):
        parts = host.software_version.get("xapi", "").split(".")
        if all(part.isdecimal() for part in parts):
            found.append(tuple(int(part) for part in parts))
    return (max if highest else min)(found, default=())


def looked_after_there(plan: Plan) -> Plan:
    """Return a plan of which what comes afterwards, gates, reviews and a hold, is of the pool that it leads to."""
    steps = tuple(
        msgspec.structs.replace(step, pool=plan.intent.abroad) if _is_about_what_arrived(step, plan) else step
        for step in plan.steps
    )
    return msgspec.structs.replace(plan, steps=steps)


def _is_about_what_arrived(step: Step, plan: Plan) -> bool:
    action = step.action
    match action:
        case CheckGate(gate=gate):
            return gate.when is When.AFTER
        case OpenReview(because=because):  # that of an emergency comes before the first effect, so it stands here
            return because is Because.AFTERWARDS
        case PlaceHold(configuration=configuration):  # who gives way is held where that goes
            return configuration == plan.intent.configuration
        case _:
            return False
