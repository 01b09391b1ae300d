"""Other pools as a plan sees them: what a stage that lives there has, and who stands in it."""

from collections.abc import Callable
from dataclasses import dataclass

from xsconsole.domain.board import Board
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Stage
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
