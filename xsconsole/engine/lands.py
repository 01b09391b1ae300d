"""Other pools as a plan sees them: what a stage that lives there has, who stands in it, and what they take."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from xsconsole.domain.board import Board
from xsconsole.domain.hold_actions import PlaceHold
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import CheckGate, Plan, Step
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.gates import When
from xsconsole.engine.relocation import storage_of
from xsconsole.errors import NotPromotable


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """Another pool as last heard of."""

    board: Board
    inventory: Inventory


Lands = Callable[[Uuid], Land | None]


def no_land(pool: Uuid) -> Land | None:
    """There is no other pool."""
    del pool
    return None


def land_of(stage: Stage, inventory: Inventory, lands: Lands) -> Land | None:
    """Return the other pool that a stage lives in, None where it lives in this one.

    Raises:
        NotPromotable: there is no connection to it, or it has another version of the workflow.
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
    return land


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


def demand_versions(target: Stage, there: Land, inventory: Inventory) -> list[str]:
    """Refuse a pool of lower version, which takes nothing from a higher one; say where the way back would be one."""
    here, other = _version(inventory, highest=True), _version(there.inventory, highest=False)
    if not here or not other or here == other:
        return []
    told = ".".join(map(str, here)), ".".join(map(str, other))
    if other < here:
        raise NotPromotable(
            reason=f"The pool of {target.name} has XAPI {told[1]}, this one {told[0]}: "
            "a pool takes nothing from one of a higher version.",
            mend="Update the pool of that stage first.",
        )
    return [f"The pool of {target.name} has a higher version ({told[1]}, here {told[0]}): nothing comes back."]


def _version(inventory: Inventory, *, highest: bool) -> tuple[int, ...]:
    found = []
    for host in inventory.all(Host):
        parts = host.software_version.get("xapi", "").split(".")
        if all(part.isdecimal() for part in parts):
            found.append(tuple(int(part) for part in parts))
    return (max if highest else min)(found, default=())


def looked_after_there(plan: Plan) -> Plan:
    """Return a plan of which the gates afterwards, and the hold that it leaves, are of the pool that it leads to."""
    steps = tuple(
        msgspec.structs.replace(step, pool=plan.intent.abroad) if _is_about_what_arrived(step) else step
        for step in plan.steps
    )
    return msgspec.structs.replace(plan, steps=steps)


def _is_about_what_arrived(step: Step) -> bool:
    action = step.action
    return isinstance(action, PlaceHold) or (isinstance(action, CheckGate) and action.gate.when is When.AFTER)
