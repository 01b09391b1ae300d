"""The messages that follow from a class's fields alone: getters, setters, and edits of maps and sets."""

from typing import Any

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.model import Class, Message
from xsconsole.simpool.query import parse_query
from xsconsole.simpool.rows import Record
from xsconsole.simpool.types import Map, Set


def generated(cls: Class, message: Message) -> Handler | None:
    """Return what answers a message of a class, or None where it takes more than the fields to answer it."""
    if not message.is_generated:
        return None
    if message.name in _WHOLE:
        return _WHOLE[message.name](cls.name)
    for prefix, make in _BY_PREFIX.items():
        name = message.name.removeprefix(prefix)
        if not message.name.startswith(prefix) or name not in cls.fields:
            continue
        kind = cls.fields[name].type
        shape = {"add_to_": Map, "remove_from_": Map, "add_": Set, "remove_": Set}.get(prefix, object)
        is_alike = prefix != "set_" or len(message.params) == 2
        if isinstance(kind, shape) and is_alike:
            return make(cls.name, name)
    return None


def _get_all(cls: str) -> Handler:
    async def get_all(call: Call) -> list[str]:
        return call.pool.db.refs(cls)

    return get_all


def _get_all_records(cls: str) -> Handler:
    async def get_all_records(call: Call) -> dict[str, Record]:
        return dict(call.pool.db.records(cls))

    return get_all_records


def _get_all_where(cls: str) -> Handler:
    async def get_all_where(call: Call, expr: str) -> list[str]:
        query = parse_query(expr)
        return [ref for ref, row in call.pool.db.rows(cls) if query.matches(ref, row)]

    return get_all_where


def _get_all_records_where(cls: str) -> Handler:
    async def get_all_records_where(call: Call, expr: str) -> dict[str, Record]:
        query = parse_query(expr)
        return {ref: record for ref, record in call.pool.db.records(cls) if query.matches(ref, record.row.fields)}

    return get_all_records_where


def _get_record(cls: str) -> Handler:
    async def get_record(call: Call, ref: str) -> Record:
        return call.pool.db.record(cls, ref)

    return get_record


def _get_by_uuid(cls: str) -> Handler:
    async def get_by_uuid(call: Call, uuid: str) -> str:
        return call.pool.db.by_uuid(cls, uuid)

    return get_by_uuid


def _get_by_name_label(cls: str) -> Handler:
    async def get_by_name_label(call: Call, label: str) -> list[str]:
        return call.pool.db.find(cls, name_label=label)

    return get_by_name_label


def _create(cls: str) -> Handler:
    async def create(call: Call, arguments: dict[str, object]) -> str:
        return call.pool.db.create(cls, **arguments)

    return create


def _destroy(cls: str) -> Handler:
    async def destroy(call: Call, ref: str) -> None:
        call.pool.db.destroy(cls, ref)

    return destroy


def _getter(cls: str, field: str) -> Handler:
    async def get(call: Call, ref: str) -> Any:
        return call.pool.db.get(cls, ref, field)

    return get


def _setter(cls: str, field: str) -> Handler:
    async def set_field(call: Call, ref: str, value: object) -> None:
        call.pool.db.set(cls, ref, **{field: value})
        call.pool.refresh_allowed_operations(cls, ref)

    return set_field


def _map_adder(cls: str, field: str) -> Handler:
    async def add_to_map(call: Call, ref: str, key: object, value: object) -> None:
        call.pool.db.add_to_map(cls, ref, field, key, value)
        call.pool.refresh_allowed_operations(cls, ref)

    return add_to_map


def _map_remover(cls: str, field: str) -> Handler:
    async def remove_from_map(call: Call, ref: str, key: object) -> None:
        call.pool.db.remove_from_map(cls, ref, field, key)
        call.pool.refresh_allowed_operations(cls, ref)

    return remove_from_map


def _set_adder(cls: str, field: str) -> Handler:
    async def add_to_set(call: Call, ref: str, value: object) -> None:
        call.pool.db.add_to_set(cls, ref, field, value)

    return add_to_set


def _set_remover(cls: str, field: str) -> Handler:
    async def remove_from_set(call: Call, ref: str, value: object) -> None:
        call.pool.db.remove_from_set(cls, ref, field, value)

    return remove_from_set


_WHOLE = {
    "get_all": _get_all,
    "get_all_records": _get_all_records,
    "get_all_where": _get_all_where,
    "get_all_records_where": _get_all_records_where,
    "get_record": _get_record,
    "get_by_uuid": _get_by_uuid,
    "get_by_name_label": _get_by_name_label,
    "create": _create,
    "destroy": _destroy,
}

_BY_PREFIX = {
    "add_to_": _map_adder,
    "remove_from_": _map_remover,
    "add_": _set_adder,
    "remove_": _set_remover,
    "get_": _getter,
    "set_": _setter,
}
