"""The objects of a pool, their relations, and when each of them changed.

Fields hold plain Python values: `str`, `int`, `float`, `bool`, aware `datetime`, `tuple` for sets and `dict` for maps.
A value is never changed in place; whoever wants another one sets another one.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.identities import Identities
from xsconsole.simpool.model import NULL, Model
from xsconsole.simpool.rows import Past, Record, Row, Table, Tombstone
from xsconsole.simpool.types import DateTime, Set

KEPT_TOMBSTONES = 20_000

_INDEXED = frozenset(("name_label", "scheduled_to_be_resident_on", "snapshot_of", "VLAN"))
"""The fields by which objects are looked for so often that looking at all of them would be felt."""


class Database:
    """All objects of a pool. Every change raises `generation` by one or more and wakes who waits for a change.

    `era` counts how often the database went back to what it was earlier.
    """

    def __init__(self, model: Model, identities: Identities) -> None:
        self.model = model
        self.generation = 0
        self.forgotten = 0
        """Up to this generation it is no longer known what was destroyed."""
        self.era = 0
        self._identities = identities
        self._tables = {
            name: Table(by_value={one: {} for one in cls.fields if one in _INDEXED})
            for name, cls in model.classes.items()
        } | {name: Table() for name in model.absent_classes}
        self._instants = {
            name: tuple(field_name for field_name, one in cls.fields.items() if isinstance(one.type, DateTime))
            for name, cls in model.classes.items()
        }
        self._tombstones: list[Tombstone] = []
        self._waiting: set[asyncio.Future[None]] = set()
        self.computed = frozenset(relation.many for relation in model.relations if not relation.is_many_to_many)
        self._initial = {
            name: {field_name: one.initial() for field_name, one in cls.fields.items()}
            for name, cls in model.classes.items()
        }

    def row(self, cls: str, ref: str) -> Mapping[str, Any]:
        """Return all fields of an object, as they are now and will be later.

        Raises:
            XapiError: HANDLE_INVALID, there is no such object.
        """
        return MappingProxyType(self._row(cls, ref).fields)

    def record(self, cls: str, ref: str) -> Record:
        """Return an object for an answer; raises as `row` does."""
        return Record(self._row(cls, ref))

    def records(self, cls: str) -> Iterator[tuple[str, Record]]:
        """Yield reference and record of all objects of a class, oldest first; the class may change meanwhile."""
        for ref, row in list(self._tables[cls].rows.items()):
            yield ref, Record(row)

    def get(self, cls: str, ref: str, field_name: str) -> Any:
        """Return one field of an object; raises as `row` does."""
        return self._row(cls, ref).fields[field_name]

    def exists(self, cls: str, ref: str) -> bool:
        return ref in self._tables[cls].rows

    def refs(self, cls: str) -> list[str]:
        """Return the references of all objects of a class, oldest first."""
        return list(self._tables[cls].rows)

    def rows(self, cls: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield reference and fields of all objects of a class, oldest first; the class may change meanwhile."""
        for ref, row in list(self._tables[cls].rows.items()):
            yield ref, MappingProxyType(row.fields)

    def find(self, cls: str, **wanted: object) -> list[str]:
        """Return the references of the objects whose fields have all the `wanted` values."""
        table = self._tables[cls]
        indexed = next((name for name in wanted if name in table.by_value), None)
        refs: Iterable[str] = table.rows
        if indexed is not None:
            found = table.by_value[indexed].get(wanted[indexed], {})
            refs = sorted(found, key=lambda ref: table.rows[ref].created)
        return [ref for ref in refs if all(table.rows[ref].fields[name] == wanted[name] for name in wanted)]

    def by_uuid(self, cls: str, uuid: str) -> str:
        """Return the reference of the object with that uuid.

        Raises:
            XapiError: UUID_INVALID, there is none.
        """
        ref = self._tables[cls].by_uuid.get(uuid)
        if ref is None:
            raise XapiError("UUID_INVALID", cls, uuid)
        return ref

    def find_uuid(self, cls: str, uuid: str) -> str | None:
        """Return the reference of the object with that uuid; None where there is none."""
        return self._tables[cls].by_uuid.get(uuid)

    def own_fields(self, cls: str, ref: str) -> dict[str, Any]:
        """Return what a copy of the object starts from: all fields but the uuid and the sets the database keeps itself.

        Raises as `row` does.
        """
        row = self._row(cls, ref)
        return {
            name: value for name, value in row.fields.items() if name != "uuid" and (cls, name) not in self.computed
        }

    def count(self, cls: str) -> int:
        return len(self._tables[cls].rows)

    def create(self, cls: str, /, **fields: object) -> str:
        """Make an object and return its reference.

        What is not given gets the model's default; `uuid` a fresh one. `ref` (not a field) names the reference.
        The objects it refers to are told: `VIFs` of the VM and of the network for a new VIF. Of a class that the
        model's release does not have nothing is made, and NULL returned.
        """
        if cls in self.model.absent_classes:
            return NULL
        given = self._known(cls, fields)
        ref = str(given.pop("ref", "") or self._identities.reference())
        kind = self.model.classes[cls]
        self._assert_writable(cls, given)
        if "uuid" in kind.fields and not given.get("uuid"):
            given["uuid"] = self._identities.uuid()
        values = self._initial[cls] | given
        table = self._tables[cls]
        generation = self._next_generation()
        table.rows[ref] = Row(values, generation, generation, self._instants[cls])
        table.by_change[ref] = None
        for name in table.by_value:
            table.by_value[name].setdefault(values[name], {})[ref] = None
        if "uuid" in values:
            table.by_uuid[str(values["uuid"])] = ref
        for name in given:
            self._relate(cls, ref, name, None, values[name])
        return ref

    def set(self, cls: str, ref: str, /, **fields: object) -> None:
        """Write fields of an object, and the other ends of its relations; raises as `row` does."""
        row = self._row(cls, ref)
        known = self._known(cls, fields)
        self._assert_writable(cls, known)
        for name, value in known.items():
            before = row.fields[name]
            row.fields[name] = value
            if name in self._tables[cls].by_value:
                self._reindex(cls, ref, name, before, value)
            if name == "uuid":
                self._tables[cls].by_uuid.pop(before, None)
                self._tables[cls].by_uuid[str(value)] = ref
            if before != value:
                self._relate(cls, ref, name, before, value)
        self.touch(cls, ref)

    def touch(self, cls: str, ref: str) -> None:
        """Say that an object changed, also where it did not; raises as `row` does."""
        row = self._row(cls, ref)
        row.modified = self._next_generation()
        row.json = row.xml = None
        table = self._tables[cls]
        table.by_change.pop(ref, None)
        table.by_change[ref] = None

    def destroy(self, cls: str, ref: str) -> None:
        """Remove an object, and its reference from the sets of the objects it refers to; raises as `row` does.

        References that other objects hold to it stay, as in XAPI, until somebody clears them.
        """
        row = self._row(cls, ref)
        table = self._tables[cls]
        for name in table.by_value:
            self._reindex(cls, ref, name, row.fields[name], None)
        del table.rows[ref]
        table.by_change.pop(ref, None)
        if table.by_uuid.get(row.fields.get("uuid", "")) == ref:
            del table.by_uuid[row.fields["uuid"]]
        for name, value in row.fields.items():
            if (cls, name) not in self.computed:
                self._relate(cls, ref, name, value, None)
        self._tombstones.append(Tombstone(cls=cls, ref=ref, created=row.created, destroyed=self._next_generation()))
        if len(self._tombstones) > 2 * KEPT_TOMBSTONES:
            self.forgotten = self._tombstones[-KEPT_TOMBSTONES - 1].destroyed
            del self._tombstones[:-KEPT_TOMBSTONES]

    def add_to_map(self, cls: str, ref: str, field_name: str, key: object, value: object) -> None:
        """Add a key to a map; of several who add the same key exactly one succeeds.

        Raises:
            XapiError: MAP_DUPLICATE_KEY, the key is there already; INTERNAL_ERROR for an empty key.
        """
        if key == "":
            raise XapiError("INTERNAL_ERROR", "Db_exn.Empty_key_in_map")
        present = self.get(cls, ref, field_name)
        if key in present:
            raise XapiError("MAP_DUPLICATE_KEY", cls, field_name, ref, key)
        self.set(cls, ref, **{field_name: {**present, key: value}})

    def remove_from_map(self, cls: str, ref: str, field_name: str, key: object) -> None:
        """Remove a key from a map; nothing happens where it is not there."""
        present = self.get(cls, ref, field_name)
        if key in present:
            self.set(cls, ref, **{field_name: {name: value for name, value in present.items() if name != key}})

    def add_to_set(self, cls: str, ref: str, field_name: str, value: object) -> None:
        """Add a value to a set; nothing happens where it is there."""
        present = self.get(cls, ref, field_name)
        if value not in present:
            self.set(cls, ref, **{field_name: (*present, value)})

    def remove_from_set(self, cls: str, ref: str, field_name: str, value: object) -> None:
        """Remove a value from a set; nothing happens where it is not there."""
        present = self.get(cls, ref, field_name)
        if value in present:
            self.set(cls, ref, **{field_name: tuple(one for one in present if one != value)})

    def put(self, cls: str, ref: str, fields: Mapping[str, Any], *, created: int, modified: int) -> None:
        """Place an object as it was in another database, sets of relations included; `continue_from` ends this."""
        table = self._tables[cls]
        table.rows[ref] = Row(dict(fields), created, modified, self._instants.get(cls, ()))
        for name in table.by_value:
            table.by_value[name].setdefault(fields[name], {})[ref] = None
        if "uuid" in fields:
            table.by_uuid[str(fields["uuid"])] = ref

    def place(self, cls: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Add one of very many objects, as it is to be; `relate` ends this, and nobody watches meanwhile."""
        generation = self._next_generation()
        self.put(cls, ref, fields, created=generation, modified=generation)
        self._tables[cls].by_change[ref] = None

    def relate(self) -> None:
        """Fill the sets that the database keeps itself from the references at the other ends, of all objects."""
        for relation in self.model.relations:
            if relation.is_many_to_many:
                continue
            (one, one_field), (many, many_field) = relation.one, relation.many
            found: dict[str, list[str]] = {}
            for ref, row in self._tables[one].rows.items():
                found.setdefault(row.fields[one_field], []).append(ref)
            for ref, row in self._tables[many].rows.items():
                row.fields[many_field] = tuple(found.get(ref, ()))

    def past(self) -> Past:
        """Return all objects as they are now, to `go_back` to."""
        tables = {name: table.copy() for name, table in self._tables.items()}
        return Past(generation=self.generation, tables=tables, tombstones=tuple(self._tombstones))

    def go_back(self, past: Past) -> None:
        """Take all objects to be what they were; nobody is told who does not look from the beginning."""
        self._tables = {name: table.copy() for name, table in past.tables.items()}
        self._tombstones = list(past.tombstones)
        self.generation = past.generation
        self.era += 1

    def continue_from(self, generation: int, tombstones: Iterable[Tombstone]) -> None:
        """Go on where another database ended, whose objects have been `put` here."""
        self.generation = generation
        self._tombstones = list(tombstones)
        for table in self._tables.values():
            table.by_change = dict.fromkeys(sorted(table.rows, key=lambda ref: table.rows[ref].modified))

    def changed(self) -> asyncio.Future[None]:
        """Return what becomes done at the next change of anything."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def changed_since(self, cls: str, generation: int) -> list[tuple[str, Row]]:
        """Return the objects of a class that changed after `generation`, the latest change first."""
        table = self._tables[cls]
        rows = table.rows
        found = []
        for ref in reversed(table.by_change):
            row = rows[ref]
            if row.modified <= generation:
                break
            found.append((ref, row))
        return found

    def destroyed_since(self, generation: int) -> Iterator[Tombstone]:
        """Yield what was destroyed after `generation`, the latest first; very old losses are forgotten."""
        for tombstone in reversed(self._tombstones):
            if tombstone.destroyed <= generation:
                return
            yield tombstone

    def _row(self, cls: str, ref: str) -> Row:
        row = self._tables[cls].rows.get(ref)
        if row is None:
            raise XapiError("HANDLE_INVALID", cls, ref)
        return row

    def _known(self, cls: str, fields: Mapping[str, object]) -> dict[str, object]:
        """Return the fields without those that the model's release does not have."""
        absent = self.model.absent_fields.get(cls)
        return dict(fields) if absent is None else {name: one for name, one in fields.items() if name not in absent}

    def _assert_writable(self, cls: str, fields: Mapping[str, object]) -> None:
        wrong = [name for name in fields if name not in self.model.classes[cls].fields or (cls, name) in self.computed]
        assert not wrong, f"{cls} has no such fields, or the database keeps them itself: {wrong}"

    def _next_generation(self) -> int:
        self.generation += 1
        for future in tuple(self._waiting):
            if not future.done():
                future.set_result(None)
        return self.generation

    def _reindex(self, cls: str, ref: str, name: str, before: object, after: object) -> None:
        index = self._tables[cls].by_value[name]
        same = index[before]
        del same[ref]
        if not same:
            del index[before]
        if after is not None:
            index.setdefault(after, {})[ref] = None

    def _relate(self, cls: str, ref: str, field_name: str, before: object, after: object) -> None:
        """Bring the other end of a relation in line with this end."""
        end = self.model.ends.get((cls, field_name))
        if end is None:
            return
        is_set = isinstance(self.model.classes[cls].fields[field_name].type, Set)
        old, new = (_targets(value, is_set=is_set) for value in (before, after))
        for target in old - new:
            self._edit_end(end, target, ref, is_member=False)
        for target in new - old:
            self._edit_end(end, target, ref, is_member=True)

    def _edit_end(self, end: tuple[str, str], target: str, ref: str, *, is_member: bool) -> None:
        cls, field_name = end
        row = self._tables[cls].rows.get(target)
        if row is None:
            return
        present = row.fields[field_name]
        if ref in present:
            present = tuple(one for one in present if one != ref)
        row.fields[field_name] = (*present, ref) if is_member else present
        self.touch(cls, target)


def _targets(value: Any, *, is_set: bool) -> frozenset[str]:
    if value is None:
        return frozenset()
    return frozenset(value) if is_set else frozenset((value,)) - {NULL, ""}
