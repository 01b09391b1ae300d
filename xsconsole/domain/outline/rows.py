"""The lines that a list shows, and the ranges in which it tells what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

import msgspec

from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.views import NodeId
from xsconsole.domain.selection import ObjectName

NO_UUID = Uuid("")


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One visible line: that of an object has its `item`, a group has none. `held` is how many lines hang below."""

    id: NodeId
    sort: Sort
    name: str
    depth: int
    item: Item | None = None
    object: ObjectName | None = None
    configuration: ConfigurationId | None = None
    held: int = 0
    is_open: bool = False

    @property
    def is_expandable(self) -> bool:
        return self.held > 0

    @property
    def uuid(self) -> Uuid:
        return self.item.uuid if self.item is not None else NO_UUID

    @property
    def state(self) -> str:
        return self.item.state if self.item is not None else ""

    @property
    def is_busy(self) -> bool:
        return self.item is not None and self.item.is_busy

    @property
    def is_stray(self) -> bool:
        return self.item is not None and self.item.is_stray


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """`count` lines from `first` on are gone."""

    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """These lines stand before what was at `first`."""

    first: int
    ids: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`count` lines from `first` on look otherwise; no line moved."""

    first: int
    count: int


Edit = Removed | Inserted | Changed


def replay(ids: list[NodeId], edits: Iterable[Edit]) -> None:
    """Bring an older list up to date, in place."""
    for edit in edits:
        match edit:
            case Removed():
                del ids[edit.first : edit.first + edit.count]
            case Inserted():
                ids[edit.first : edit.first] = edit.ids
            case Changed():
                pass
            case _:
                assert_never(edit)


def coarse(before: Sequence[NodeId], after: Sequence[NodeId]) -> tuple[Edit, ...]:
    """Return at most two edits that lead from one list to the other: all between what both begin and end with."""
    if before == after:
        return ()
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    edits: list[Edit] = []
    if gone := len(before) - head - tail:
        edits.append(Removed(first=head, count=gone))
    if come := tuple(after[head : len(after) - tail]):
        edits.append(Inserted(first=head, ids=come))
    return tuple(edits)


def ranges(indexes: Sequence[int]) -> tuple[Changed, ...]:
    """Return sorted indexes as ranges; neighbours make one."""
    found: list[Changed] = []
    start = 0
    for at, index in enumerate(indexes):
        if at + 1 == len(indexes) or indexes[at + 1] != index + 1:
            found.append(Changed(first=indexes[start], count=index + 1 - indexes[start]))
            start = at + 1
    return tuple(found)
