"""Records of a pool of values, and who is told of their changes."""

import copy
import itertools
from collections.abc import Callable
from typing import Self, TypeVar

import msgspec

from tests.inventories import CLASS_NAMES, change_of, inventory_of, whole_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import Change, ChangeBatch, Inventory, Record

RecordKind = TypeVar("RecordKind", bound=Record)


class MemoryRecords:
    """Everything there is, by reference."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._listeners: list[Callable[[ChangeBatch], None]] = []
        self.records: dict[Ref, Record] = {}
        self.changes = 0  # so far: where it is the same, nothing happened

    def copied(self) -> Self:
        """Return another one that holds the same, and of which nobody is told."""
        made = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict | list | itertools.count):
                setattr(made, name, copy.copy(value))
        made._listeners = []
        return made

    def subscribe(self, listener: Callable[[ChangeBatch], None]) -> None:
        self._listeners.append(listener)
        listener(whole_of(*self.records.values()))

    def inventory(self) -> Inventory:
        """Return all of it as it is now."""
        return inventory_of(*self.records.values())

    def change_record(self, kind: type[Record], **fields: object) -> None:
        """Change every record of a class."""
        for record in [record for record in self.records.values() if isinstance(record, kind)]:
            self._put(msgspec.structs.replace(record, **fields))

    def remove_record(self, kind: type[Record]) -> None:
        for record in [record for record in self.records.values() if isinstance(record, kind)]:
            self._remove(record)

    def count(self, kind: type[Record]) -> int:
        return sum(isinstance(record, kind) for record in self.records.values())

    def put_anew(self, record: RecordKind) -> RecordKind:
        """Put a record as another object, with a reference and uuid of its own."""
        return self._put(msgspec.structs.replace(record, ref=self._ref(), uuid=self._uuid()))

    def put_again(self, record: RecordKind) -> RecordKind:
        """Put a record as another object of the same uuid, such as what comes from another pool."""
        return self._put(msgspec.structs.replace(record, ref=self._ref()))

    def put(self, record: Record) -> None:
        self._put(record)

    def drop_record(self, record: Record) -> None:
        self._remove(record)

    def _ref(self) -> Ref:
        return Ref(f"OpaqueRef:{next(self._numbers)}")

    def _uuid(self) -> Uuid:
        return Uuid(f"{next(self._numbers):08x}-0000-4000-8000-000000000000")

    def _put(self, record: RecordKind) -> RecordKind:
        self.records[record.ref] = record
        self._tell(change_of(record))
        return record

    def _remove(self, record: Record) -> None:
        del self.records[record.ref]
        self._tell(Change(ref=record.ref, class_name=CLASS_NAMES[type(record)], record=None))

    def _tell(self, change: Change) -> None:
        self.changes += 1
        for listener in self._listeners:
            listener(ChangeBatch(changes=(change,)))
