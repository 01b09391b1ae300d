"""What the pool says about its objects: XAPI's messages, with the objects they are about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from xsconsole.domain.acts import RECORDS, Kind, ObjectId, name_of
from xsconsole.domain.health import Severity
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory, Message
from xsconsole.domain.wording.messages import said

_SHORT = frozenset({"vm", "vms", "ha", "sr", "vdi", "vbd", "vif", "pif", "pbd", "gpu", "vgpu", "cpu", "ip", "nic"})
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMessage:
    """One message. `about` is absent where its object is gone or of a class that is not shown."""

    uuid: Uuid
    severity: Severity
    name: str
    body: str
    at: datetime | None
    about: ObjectId | None
    about_name: str
    pool: str = ""  # the name of its pool, where several are looked at
    pool_uuid: Uuid | None = None


def messages_of(inventories: Sequence[Inventory]) -> tuple[PoolMessage, ...]:
    """Return what several pools say, newest first."""
    found = [
        replace(
            one,
            pool=pool.name_label,
            pool_uuid=pool.uuid,
            about=None if one.about is None else replace(one.about, pool=pool.uuid),
        )
        for inventory in inventories
        if (pool := inventory.pool) is not None
        for one in pool_messages(inventory)
    ]
    return tuple(sorted(found, key=lambda one: one.at.timestamp() if one.at is not None else 0.0, reverse=True))


def pool_messages(inventory: Inventory) -> tuple[PoolMessage, ...]:
    """Return what the pool says, newest first."""
    found = sorted(
        inventory.all(Message),
        key=lambda one: (one.timestamp.timestamp() if one.timestamp is not None else 0.0, one.uuid),
        reverse=True,
    )
    return tuple(pool_message(message, inventory) for message in found)


def pool_message(message: Message, inventory: Inventory) -> PoolMessage:
    """Return what one message says, and of what."""
    kind = _KINDS.get(message.cls.casefold())
    record = inventory.by_uuid(RECORDS[kind], Uuid(message.obj_uuid)) if kind is not None else None
    about = ObjectId(kind=kind, uuid=record.uuid) if kind is not None and record is not None else None
    return PoolMessage(
        uuid=message.uuid,
        severity=_severity(message.priority),
        name=spoken(message.name),
        body=said(message.name, message.body),
        at=message.timestamp,
        about=about,
        about_name=name_of(record) if record is not None else f"{message.cls} {message.obj_uuid}",
    )


def spoken(name: str) -> str:
    """Return a message's name as people write it, such as `VM migrated` for `VM_MIGRATED`."""
    first, *rest = name.casefold().split("_")
    if first == "xsconsole":  # one of ours
        return f"xsconsole: {' '.join(rest)}"
    said = (first.capitalize(), *rest)
    return " ".join(word.upper() if word.casefold() in _SHORT else word for word in said)


def _severity(priority: int) -> Severity:
    """XAPI's priorities go from 1, data may be lost, to 5, for information."""
    if priority <= 2:
        return Severity.BAD
    return Severity.WARNING if priority == 3 else Severity.HINT
