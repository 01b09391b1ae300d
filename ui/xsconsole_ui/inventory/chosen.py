"""What the selected lines amount to, in the words of those who ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline_rows import Row
from xsconsole.domain.selection import NOTHING_SELECTED, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Each once, from top to bottom: also what stands at several places of a view."""

    vms: tuple[Uuid, ...] = ()
    objects: tuple[ObjectId, ...] = ()
    selection: Selection = NOTHING_SELECTED


def chosen_of(lines: Sequence[Row], current: Row | None, pool_of: Callable[[Item], Uuid | None]) -> Chosen:
    # By their references: to compare items is to compare all that is said of them, ten thousand times.
    items = {line.item.ref: line.item for line in lines if line.item is not None}.values()
    named = dict.fromkeys(line.object for line in lines if line.object is not None)
    return Chosen(
        vms=tuple(item.uuid for item in items if item.sort is Sort.VM),
        objects=tuple(ObjectId(kind=Kind(item.class_name), uuid=item.uuid, pool=pool_of(item)) for item in items),
        selection=Selection(objects=tuple(named), current=current.object if current is not None else None),
    )
