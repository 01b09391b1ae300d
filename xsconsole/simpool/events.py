"""`event.from` and its relatives: the difference between what a client knows and what is there."""

import asyncio
import contextlib
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.rows import Record
from xsconsole.simpool.turns import unhurried
from xsconsole.simpool.wire_values import Event, Int32

FIRST_DELAY_S = 0.050
SHORTEST_DELAY_S = 0.003
LONGEST_DELAY_S = 0.050
LONGEST_WAIT_S = 86_400.0
HEARTBEAT_S = 30.0
"""Of pool time: how often those who wait with the old call hear of the pool, though nothing happened to it."""

_TOKEN = re.compile(r"(\d{20}),(\d{20})")
_MESSAGES = "message"
_OPERATIONS = ("add", "mod", "del")
_HIDDEN_TABLES = ("diagnostics",)
"""XAPI counts them too, although no client may see what is in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """How far a client has seen: the changes of the objects and, apart from them, the messages."""

    objects: int
    messages: int

    @property
    def text(self) -> str:
        return f"{self.objects:020},{self.messages:020}"

    def of(self, cls: str) -> int:
        """Return how far the client has seen that class."""
        return self.messages if cls == _MESSAGES else self.objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a client wants to hear about; an empty `ref` means all objects of the class, an empty `cls` everything."""

    cls: str = ""
    ref: str = ""

    def covers(self, cls: str, ref: str) -> bool:
        return self.cls in ("", cls.lower()) and self.ref in ("", ref)


@dataclass(slots=True, kw_only=True)
class Registration:
    """What a session registered for with the old calls, how far it has seen, and where its numbers begin."""

    seen: int
    origin: int
    subscriptions: list[Subscription] = field(default_factory=list)


def parse_subscriptions(texts: Iterable[str]) -> list[Subscription]:
    """Read what a client subscribes to.

    Raises:
        XapiError: EVENT_SUBSCRIPTION_PARSE_FAILURE.
    """
    found = []
    for text in texts:
        match text.split("/"):
            case ["*"]:
                found.append(Subscription())
            case [cls]:
                found.append(Subscription(cls=cls.lower()))
            case [cls, ref]:
                found.append(Subscription(cls=cls.lower(), ref="" if ref == "*" else ref))
            case _:
                raise XapiError("EVENT_SUBSCRIPTION_PARSE_FAILURE", text)
    return found


def parse_token(text: str) -> Token:
    """Read a token; an empty one is the beginning.

    Raises:
        XapiError: EVENT_FROM_TOKEN_PARSE_FAILURE.
    """
    if not text:
        return Token(objects=-1, messages=-1)
    found = _TOKEN.fullmatch(text)
    if found is None:
        raise XapiError("EVENT_FROM_TOKEN_PARSE_FAILURE", text)
    return Token(objects=int(found[1]), messages=int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is new to a client, with the generation and the numbers of objects that this stands for."""

    events: list[Event]
    generation: int
    counts: Mapping[str, Int32]


def difference(db: Database, subscriptions: Sequence[Subscription], since: Token) -> list[Event]:
    """Return at most one event per object: messages, then what is new, then what changed, then what is gone."""
    places = _Places()
    for event in _changes(db, subscriptions, since, db.generation):
        places.take(event)
    return places.all()


async def _difference(db: Database, subscriptions: Sequence[Subscription], since: Token) -> Difference:
    """Return the same, while the other calls go on: what they change meanwhile is told again the next time."""
    generation = db.generation
    counts = {name.lower(): Int32(db.count(name)) for name in db.model.classes}
    counts |= dict.fromkeys(_HIDDEN_TABLES, Int32(0))
    places = _Places()
    async for event in unhurried(_changes(db, subscriptions, since, generation)):
        places.take(event)
    return Difference(events=places.all(), generation=generation, counts=counts)


class _Places:
    """Puts events where XAPI has them in an answer; sorting very many would take too long a turn."""

    def __init__(self) -> None:
        self._messages: list[Event] = []
        self._others: dict[str, list[Event]] = {operation: [] for operation in _OPERATIONS}

    def take(self, event: Event) -> None:
        is_message = event.cls == _MESSAGES and event.operation != "del"
        (self._messages if is_message else self._others[event.operation]).append(event)

    def all(self) -> list[Event]:
        """Return messages, then what is new, then what changed, then what is gone."""
        return [*self._messages, *(event for events in self._others.values() for event in events)]


def _changes(db: Database, subscriptions: Sequence[Subscription], since: Token, generation: int) -> Iterator[Event]:
    """Yield what changed up to a generation; an object that changes later shows what it is then."""
    for cls in db.model.classes.values():
        wanted = [one for one in subscriptions if one.cls in ("", cls.name.lower())]
        if not wanted or not cls.has_events:
            continue
        known, name = since.of(cls.name), cls.name.lower()
        is_whole = any(not one.ref for one in wanted)
        for ref, row in db.changed_since(cls.name, known):
            if row.created <= generation and (is_whole or any(one.ref == ref for one in wanted)):
                operation = "add" if row.created > known else "mod"
                yield Event(cls=name, operation=operation, ref=ref, generation=row.modified, snapshot=Record(row))
    for gone in db.destroyed_since(min(since.objects, since.messages)):
        if (
            gone.created <= since.of(gone.cls) < gone.destroyed <= generation
            and db.model.classes[gone.cls].has_events
            and any(one.covers(gone.cls, gone.ref) for one in subscriptions)
        ):
            yield Event(cls=gone.cls.lower(), operation="del", ref=gone.ref, generation=gone.destroyed, snapshot=None)


async def _event_from(call: Call, classes: tuple[str, ...], token: str, timeout: float) -> dict[str, Any]:
    subscriptions = parse_subscriptions(classes)
    since = parse_token(token)
    loop = asyncio.get_running_loop()
    end = loop.time() + (timeout if 0 <= timeout < math.inf else LONGEST_WAIT_S)
    if not all(one.cls == "task" for one in subscriptions):
        await asyncio.sleep(FIRST_DELAY_S)
    found = await _until_some(call, subscriptions, since, end)
    return {
        "events": found.events,
        "valid_ref_counts": found.counts,
        "token": Token(objects=found.generation, messages=found.generation).text,
    }


async def _until_some(call: Call, subscriptions: Sequence[Subscription], since: Token, end: float) -> Difference:
    """Return the events there are as soon as there is one, and at `end` of the loop's time at the latest.

    Looking again waits a little longer each time, so that a storm of changes nobody here wants costs little.
    """
    loop = asyncio.get_running_loop()
    delay_s = SHORTEST_DELAY_S
    while True:
        call.pool.sessions.check(call.session.ref)
        changed = call.pool.db.changed()
        found = await _difference(call.pool.db, subscriptions, since)
        if found.events or loop.time() >= end:
            changed.cancel()
            return found
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                await changed
                await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, LONGEST_DELAY_S)


async def _inject(call: Call, cls: str, ref: str) -> str:
    db = call.pool.db
    name = next((one for one in db.model.classes if one.lower() == cls.lower()), cls)
    if name not in db.model.classes:
        raise XapiError("INTERNAL_ERROR", f"Db_exn.DBCache_NotFound: {cls}")
    before = Token(objects=db.generation, messages=0).text
    db.touch(name, ref)
    return before


async def _register(call: Call, classes: tuple[str, ...]) -> None:
    now = call.pool.db.generation
    present = call.pool.registrations.setdefault(call.session.ref, Registration(seen=now, origin=now))
    present.subscriptions += parse_subscriptions(classes)


async def _unregister(call: Call, classes: tuple[str, ...]) -> None:
    present = call.pool.registrations.get(call.session.ref)
    if present is not None:
        gone = parse_subscriptions(classes)
        present.subscriptions = [one for one in present.subscriptions if one not in gone]


async def _next(call: Call) -> list[dict[str, Any]]:
    present = call.pool.registrations.get(call.session.ref)
    if present is None or not present.subscriptions:
        track = hashlib.md5(call.session.ref.encode(), usedforsecurity=False).hexdigest()
        raise XapiError("SESSION_NOT_REGISTERED", f"trackid={track}")
    if present.seen < call.pool.db.forgotten:
        raise XapiError("EVENTS_LOST")
    loop, pool = asyncio.get_running_loop(), call.pool
    since = Token(objects=present.seen, messages=present.seen)
    hears_pool = any(one.covers("pool", pool.ref) for one in present.subscriptions)
    wait_s = HEARTBEAT_S / pool.clock.speed if hears_pool else LONGEST_WAIT_S
    found = await _until_some(call, present.subscriptions, since, loop.time() + wait_s)
    present.seen = found.generation
    now = f"{pool.clock.now().timestamp():.0f}."
    events = found.events or ([_heartbeat(call, found.generation)] if hears_pool else [])
    return [_as_of_old(event, event.generation - present.origin, now) for event in events]


def _heartbeat(call: Call, generation: int) -> Event:
    """Return the change of the pool that is none: it keeps connections alive that nothing else happens on."""
    pool = call.pool
    snapshot = pool.db.record("pool", pool.ref)
    return Event(cls="pool", operation="mod", ref=pool.ref, generation=generation, snapshot=snapshot)


def _as_of_old(event: Event, number: int, instant: str) -> dict[str, Any]:
    """Return an event as the old calls tell it: with a number that counts for this session, and an instant."""
    told = {"id": str(number), "timestamp": instant, "class": event.cls, "operation": event.operation, "ref": event.ref}
    return told if event.snapshot is None else {**told, "snapshot": event.snapshot}


async def _get_current_id(call: Call) -> int:
    """Return the number of the last event for this session: they count from its registration."""
    present = call.pool.registrations.get(call.session.ref)
    return 0 if present is None else call.pool.db.generation - present.origin


CALLS: Mapping[str, Handler] = {
    "event.from": _event_from,
    "event.inject": _inject,
    "event.register": _register,
    "event.unregister": _unregister,
    "event.next": _next,
    "event.get_current_id": _get_current_id,
}
