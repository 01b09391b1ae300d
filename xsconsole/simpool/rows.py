"""What a database keeps of one object, and of all objects of one class."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Row:
    """One object. `created` and `modified` are generations of the database.

    `instants` are the fields that hold dates, which no encoder writes as XAPI does. `json` and `xml` are the object as
    it was last written to a wire, until it changes again.
    """

    fields: dict[str, Any]
    created: int
    modified: int
    instants: tuple[str, ...]
    json: bytes | None = None
    xml: bytes | None = None


class Record(Mapping[str, Any]):
    """An object as an answer shows it: its fields as they are when the answer is written."""

    __slots__ = ("row",)

    def __init__(self, row: Row) -> None:
        self.row = row

    def __getitem__(self, name: str) -> Any:
        return self.row.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.row.fields)

    def __len__(self) -> int:
        return len(self.row.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is left of a destroyed object, so that a watcher who knew it can be told."""

    cls: str
    ref: str
    created: int
    destroyed: int


@dataclass(slots=True)
class Table:
    """The objects of one class. `by_change` has the references in the order of their last change.

    `by_value` has, for each indexed field and each of its values, the references of the objects that have it.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    by_value: dict[str, dict[object, dict[str, None]]] = field(default_factory=dict)
    by_uuid: dict[str, str] = field(default_factory=dict)
    by_change: dict[str, None] = field(default_factory=dict)

    def copy(self) -> "Table":
        """Return the table as it is now, whatever becomes of this one."""
        return Table(
            rows={
                ref: Row(dict(row.fields), row.created, row.modified, row.instants, row.json, row.xml)
                for ref, row in self.rows.items()
            },
            by_value={name: {value: dict(refs) for value, refs in one.items()} for name, one in self.by_value.items()},
            by_uuid=dict(self.by_uuid),
            by_change=dict(self.by_change),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All of a database at some instant."""

    generation: int
    tables: Mapping[str, Table]
    tombstones: tuple[Tombstone, ...]
