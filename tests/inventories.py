"""Inventories of records that a test made: what a pool's feed would have told, at once."""

from xsconsole.domain.inventory import RECORD_TYPES, Change, ChangeBatch, Inventory, Record

CLASS_NAMES = {kind: name for name, kind in RECORD_TYPES.items()}


def change_of(record: Record) -> Change:
    """Return the change by which a record came or became another."""
    return Change(ref=record.ref, class_name=CLASS_NAMES[type(record)], record=record)


def whole_of(*records: Record) -> ChangeBatch:
    """Return the batch that tells of these and of no others."""
    return ChangeBatch(changes=tuple(map(change_of, records)), is_whole=True)


def inventory_of(*records: Record) -> Inventory:
    """Return the inventory that has these and no others."""
    made = Inventory()
    made.apply(whole_of(*records))
    return made
