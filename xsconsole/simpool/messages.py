"""Messages: what the pool tells its administrators, and what clients note on it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH
from xsconsole.simpool.pool import Pool

KEPT = 10_000

INFORMATION = 5

_TABLES: Mapping[str, str] = MappingProxyType(
    {
        **{cls: cls for cls in ("VM", "SR", "VMPP", "VMSS", "PVS_proxy", "VDI", "Certificate")},
        "Host": "host",
        "Pool": "pool",
    }
)


def post(pool: Pool, name: str, cls: str, ref: str, body: str = "", *, priority: int = INFORMATION) -> str:
    """Leave a message about an object; `cls` is the class as messages write it, such as `Host`."""
    uuid = pool.db.get(_TABLES[cls], ref, "uuid")
    return _create(pool, name, priority, cls, uuid, body)


def assert_object(pool: Pool, cls: str, uuid: str) -> None:
    """Let pass what messages can be about.

    Raises:
        XapiError: UUID_INVALID; INTERNAL_ERROR, messages are never about that class.
    """
    if cls not in _TABLES:
        raise XapiError("INTERNAL_ERROR", f'Failure("Xapi_message.handler: Bad class {cls}")')
    pool.db.by_uuid(_TABLES[cls], uuid)


def keep(pool: Pool, ref: str, fields: Mapping[str, Any]) -> str:
    """Keep a message, under its own reference where nobody else has it; of very many the oldest goes."""
    if pool.db.count("message") >= KEPT:
        pool.db.destroy("message", pool.db.refs("message")[0])
    is_taken = not ref or pool.db.exists("message", ref)
    return pool.db.create("message", **fields, **({} if is_taken else {"ref": ref}))


def _create(pool: Pool, name: str, priority: int, cls: str, uuid: str, body: str) -> str:
    fields = {"name": name, "priority": priority, "cls": cls, "obj_uuid": uuid, "body": body}
    return keep(pool, "", {**fields, "timestamp": pool.clock.now().replace(microsecond=0)})


async def create(call: Call, name: str, priority: int, cls: str, obj_uuid: str, body: str) -> str:
    call.pool.db.by_uuid(_TABLES[cls], obj_uuid)
    if not name:
        raise XapiError("INVALID_VALUE", "message name", name)
    return _create(call.pool, name, priority, cls, obj_uuid, body)


async def get(call: Call, cls: str, obj_uuid: str, since: datetime) -> dict[str, Mapping[str, object]]:
    return {
        ref: row
        for ref, row in call.pool.db.rows("message")
        if row["cls"] == cls and row["obj_uuid"] == obj_uuid and row["timestamp"] > since
    }


async def get_since(call: Call, since: datetime) -> dict[str, Mapping[str, object]]:
    return {ref: row for ref, row in call.pool.db.rows("message") if row["timestamp"] > since}


async def destroy(call: Call, message: str) -> None:
    call.pool.db.destroy("message", message)


async def destroy_many(call: Call, messages: tuple[str, ...]) -> None:
    for message in messages:
        if call.pool.db.exists("message", message):
            call.pool.db.destroy("message", message)


async def destroy_all(call: Call, filters: Mapping[str, str]) -> None:
    """Destroy the messages that fit; the filters are `priority`, `before` and `after`."""
    before, after = (_instant(filters.get(name)) for name in ("before", "after"))
    priority = filters.get("priority")
    for ref, row in call.pool.db.rows("message"):
        is_early = before is None or row["timestamp"] < before
        is_late = after is None or row["timestamp"] > after
        if is_early and is_late and priority in (None, str(row["priority"])):
            call.pool.db.destroy("message", ref)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=EPOCH.tzinfo)


CALLS: Mapping[str, Handler] = {
    "message.create": create,
    "message.get": get,
    "message.get_since": get_since,
    "message.destroy": destroy,
    "message.destroy_many": destroy_many,
    "message.destroy_all": destroy_all,
}
