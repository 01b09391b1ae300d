"""The one place where raw XAPI records enter: typed decoding of just the fields that the console uses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import RECORD_TYPES, Record
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.wire import Wire, decode, failure_of

R = TypeVar("R", bound=Record)
S = TypeVar("S")
T = TypeVar("T")

# The contents of a VM's NVRAM are secrets: only whether there are any leaves this module.
NVRAM = "NVRAM"
NVRAM_PRESENT = "NVRAM_present"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An object that appeared or changed, or went (`record` is None)."""

    class_name: str
    ref: Ref
    record: Record | None


class EventReply(msgspec.Struct, frozen=True, kw_only=True):
    """What one `event.from` gave. `counts` is the number of objects by class, of all classes."""

    events: tuple[Event, ...]
    counts: dict[str, int]
    token: str


class _RawEvent(msgspec.Struct, kw_only=True):
    class_name: str = msgspec.field(name="class")
    ref: Ref
    snapshot: msgspec.Raw = msgspec.Raw()


class _RawReply(msgspec.Struct, kw_only=True):
    events: list[_RawEvent]
    token: str
    valid_ref_counts: dict[str, int] = {}


class _RawAnswer(msgspec.Struct, kw_only=True):
    result: _RawReply | None = None
    error: Any = None


class _Event(msgspec.Struct, Generic[S], kw_only=True, gc=False):
    class_name: str = msgspec.field(name="class")
    ref: Ref
    snapshot: S | None = None


class _Reply(msgspec.Struct, Generic[S], kw_only=True):
    events: list[_Event[S]]
    token: str
    valid_ref_counts: dict[str, int] = {}


class _Answer(msgspec.Struct, Generic[S], kw_only=True):
    result: _Reply[S] | None = None
    error: Any = None


def event_reply(wire: Wire, body: bytes, only: str | None = None) -> EventReply:
    """Read the answer to an `event.from`; events of classes that nobody follows are left out.

    Where the pool was asked about one class `only`, very many objects are read in a third of the time.

    Raises:
        XenAPI.Failure: the pool said no.
        BadAnswer: it is no such answer.
    """
    try:
        if wire is not Wire.JSON:
            return _reply_of_natives(decode(wire, body))
        return _reply_of_json(body) if only is None else _reply_about(only, body)
    except msgspec.MsgspecError as failure:
        raise BadAnswer(str(failure)) from failure


def record_of(kind: type[R], ref: Ref, value: Mapping[str, Any]) -> R:
    """Make a typed record of what a `get_record` gave, by either wire.

    Raises:
        BadAnswer: a field is of another type than XAPI's model says.
    """
    try:
        return _finished(kind, ref, msgspec.convert(value, _shape_of(kind), strict=False))
    except msgspec.MsgspecError as failure:
        raise BadAnswer(str(failure)) from failure


def instant_of(text: str) -> datetime | None:
    """Read XAPI's date, `20260821T17:31:45Z`; its epoch means that there is none.

    Raises:
        BadAnswer: it is no date.
    """
    plain = text.replace("-", "")
    if plain.startswith("19700101T"):
        return None
    try:
        return datetime.strptime(plain[:17], "%Y%m%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as failure:
        raise BadAnswer(f"not a date: {text}") from failure


def _reply_of_json(body: bytes) -> EventReply:
    answer = msgspec.json.decode(body, type=_RawAnswer)
    reply = _result_of(answer.result, answer.error)
    events = tuple(
        Event(class_name=raw.class_name, ref=raw.ref, record=_record_of_json(kind, raw))
        for raw in reply.events
        if (kind := RECORD_TYPES.get(raw.class_name)) is not None
    )
    return EventReply(events=events, counts=reply.valid_ref_counts, token=reply.token)


def _reply_about(only: str, body: bytes) -> EventReply:
    """Read an answer that has events of one class: at one go, and not object by object."""
    kind = RECORD_TYPES[only]
    try:
        answer = _answer_decoder_of(kind).decode(body)
    except msgspec.ValidationError:
        return _reply_of_json(body)  # which passes over what nobody asked for
    reply = _result_of(answer.result, answer.error)
    events = tuple(
        Event(class_name=only, ref=one.ref, record=_record_of_shape(kind, one.ref, one.snapshot))
        for one in reply.events
        if one.class_name == only
    )
    return EventReply(events=events, counts=reply.valid_ref_counts, token=reply.token)


def _result_of(result: T | None, error: Any) -> T:
    if error is not None:
        raise failure_of(error)
    if result is None:
        raise BadAnswer("neither a result nor an error")
    return result


def _record_of_shape(kind: type[R], ref: Ref, shape: msgspec.Struct | None) -> R | None:
    if isinstance(shape, kind):
        # The struct was made this moment, and nobody has it yet.
        msgspec.structs.force_setattr(shape, "ref", ref)
        return shape
    return None if shape is None else _finished(kind, ref, shape)


def _record_of_json(kind: type[R], raw: _RawEvent) -> R | None:
    if not bytes(raw.snapshot):
        return None
    return _record_of_shape(kind, raw.ref, _decoder_of(kind).decode(raw.snapshot))


def _reply_of_natives(value: object) -> EventReply:
    reply = msgspec.convert(value, _Reply[dict[str, Any]], strict=False)
    events = tuple(
        Event(
            class_name=native.class_name,
            ref=native.ref,
            record=None if native.snapshot is None else record_of(kind, native.ref, native.snapshot),
        )
        for native in reply.events
        if (kind := RECORD_TYPES.get(native.class_name)) is not None
    )
    return EventReply(events=events, counts=reply.valid_ref_counts, token=reply.token)


@cache
def _is_as_sent(kind: type[Record]) -> bool:
    """Whether all fields come as they are kept: nine in ten objects of a pool need no second look."""
    return not _date_fields_of(kind) and NVRAM_PRESENT not in kind.__struct_fields__


@cache
def _shape_of(kind: type[Record]) -> type[msgspec.Struct]:
    """Return the fields of a record as XAPI sends them: dates are text of its own form, and the reference is apart."""
    hints = get_type_hints(kind)
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(kind):
        if field.name == NVRAM_PRESENT:
            fields.append((NVRAM, dict[str, Any], msgspec.field(default_factory=dict)))
        elif hints[field.name] == datetime | None:
            fields.append((field.name, str, "19700101T00:00:00Z"))
        elif field.name == "uuid":
            fields.append((field.name, hints[field.name], ...))
        elif field.name != "ref":
            fields.append((field.name, hints[field.name], _default_of(field)))
    return msgspec.defstruct(f"{kind.__name__}Shape", [_described(*one) for one in fields], kw_only=True, gc=False)


def _described(name: str, hint: Any, default: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    return (name, hint) if default is ... else (name, hint, default)


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return field.default


@cache
def _decoder_of(kind: type[Record]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind if _is_as_sent(kind) else _shape_of(kind), strict=False)


@cache
def _answer_decoder_of(kind: type[Record]) -> msgspec.json.Decoder[_Answer[Any]]:
    shape: Any = kind if _is_as_sent(kind) else _shape_of(kind)
    return msgspec.json.Decoder(_Answer[shape], strict=False)


@cache
def _date_fields_of(kind: type[Record]) -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(kind).items() if hint == datetime | None)


def _finished(kind: type[R], ref: Ref, shape: msgspec.Struct) -> R:
    values = msgspec.structs.asdict(shape)
    for name in _date_fields_of(kind):
        values[name] = instant_of(values[name])
    if NVRAM in values:
        values[NVRAM_PRESENT] = bool(values.pop(NVRAM))
    return kind(ref=ref, **values)
