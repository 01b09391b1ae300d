"""JSON-RPC 1 and 2 as XAPI speaks them: numbers are numbers, void is an empty string."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.rows import Record
from xsconsole.simpool.wire_values import Event, Malformed, Request, instant_text

CONTENT_TYPE = "application/json"
ERROR_NUMBER = 1
"""XAPI gives every failure this number; the code is the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A request with what its answer has to repeat."""

    request: Request
    id: int | str
    is_version_2: bool


def parse_request(body: bytes) -> Envelope:
    """Read a method call.

    Raises:
        Malformed: the body is none; several calls in one body are none either.
    """
    try:
        # XAPI's parser lets any bytes through in texts: what is no UTF-8 is the argument's fault, not the body's.
        call = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as failure:
        raise Malformed(f'Yojson__Common.Json_error("{failure}")') from failure
    if not isinstance(call, dict):
        raise Malformed('Jsonrpc.Malformed_method_request("Invalid request body")')
    method = _wanted(call, "method")
    if not isinstance(method, str):
        raise _field_is_wrong("method")
    is_version_2 = "jsonrpc" in call
    if is_version_2 and call["jsonrpc"] != "2.0":
        raise _field_is_wrong("jsonrpc")
    params = call.get("params") if is_version_2 else _wanted(call, "params")
    if is_version_2 and params is None:
        params = []
    elif is_version_2 and isinstance(params, dict):
        params = [params]
    if not isinstance(params, list):
        raise _field_is_wrong("params")
    # Without an id, or with null, a call is a notification, and XAPI takes none: not of version 1 either.
    identity = call.get("id")
    if not isinstance(identity, int | str) or isinstance(identity, bool):
        raise _field_is_wrong("id")
    return Envelope(request=Request(method=method, params=params), id=identity, is_version_2=is_version_2)


def success(envelope: Envelope, result: object) -> Iterator[bytes]:
    """Yield the answer to a call that succeeded, in pieces that take a moment each; None is void."""
    value = "" if result is None else result
    if envelope.is_version_2:
        return _pieces({"jsonrpc": "2.0", "result": value, "id": envelope.id})
    return _pieces({"result": value, "error": None, "id": envelope.id})


def failure(envelope: Envelope, error: XapiError) -> Iterator[bytes]:
    """Yield the answer to a call that failed."""
    if envelope.is_version_2:
        body = {"code": ERROR_NUMBER, "message": error.code, "data": error.params}
        return _pieces({"jsonrpc": "2.0", "error": body, "id": envelope.id})
    return _pieces({"result": None, "error": error.description, "id": envelope.id})


def _wanted(call: Mapping[str, Any], name: str) -> object:
    if name not in call:
        raise Malformed(f'Jsonrpc.Malformed_method_request("Required field {name} is missing")')
    return call[name]


def _field_is_wrong(name: str) -> Malformed:
    return Malformed(f"Jsonrpc.Malformed_method_request(\"Invalid field '{name}' in request body\")")


def _pieces(value: object) -> Iterator[bytes]:
    match value:
        case Record():
            yield record_text(value)
        case Mapping():
            yield b"{"
            comma = b""
            for key, one in value.items():
                yield comma + _encode(str(key)) + b":"
                comma = b","
                yield from _pieces(one)
            yield b"}"
        case list() if value and isinstance(value[0], Event):
            opening = "["
            for event in value:
                yield _head(event, opening)
                if event.snapshot is not None:
                    yield record_text(event.snapshot)
                opening = "},"
            yield b"}]"
        case _:
            yield _encode(value)


def record_text(record: Record) -> bytes:
    """Return an object as text, which is kept until the object changes."""
    row = record.row
    if row.json is None:
        fields = row.fields
        if row.instants:
            fields = fields | {name: instant_text(fields[name]) for name in row.instants}
        row.json = msgspec.json.encode(fields)
    return row.json


def _head(event: Event, opening: str) -> bytes:
    """Return the text of an event up to its snapshot, and what stands between it and the one before."""
    text = (
        f'{opening}{{"id":"{event.generation}","timestamp":"0.0","class":"{event.cls}",'
        f'"operation":"{event.operation}","ref":"{event.ref}"'
    )
    return (text if event.snapshot is None else f'{text},"snapshot":').encode()


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain).encode("utf-8", "replace")


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no value of JSON: {value!r}")
