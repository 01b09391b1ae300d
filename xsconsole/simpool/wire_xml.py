"""XML-RPC as XAPI speaks it: 64-bit numbers without a tag, failures inside a struct."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType, NoneType
from typing import Any
from xml.etree import ElementTree

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.rows import Record
from xsconsole.simpool.wire_values import Event, InstantText, Int32, Malformed, Request, instant_text

CONTENT_TYPE = "text/xml"
_DOCTYPE = b"<!DOCTYPE"

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SPECIAL = re.compile(r'[&<>"\x00-\x08\x0b\x0c\x0e-\x1f]')


def parse_request(body: bytes) -> Request:
    """Read a method call.

    Raises:
        Malformed: the body is none.
    """
    if _DOCTYPE in body:
        # No call has one, and what it declares may grow without end while it is read.
        raise Malformed("Xmlrpc.Parse_error: a document type")
    try:
        call = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError) as failure:
        raise Malformed('Xmlm.Error(1:1, "expected root element")') from failure
    name = call.findtext("methodName")
    if call.tag != "methodCall" or name is None:
        raise Malformed("Xmlrpc.Parse_error")
    try:
        params = [_parse_value(value) for value in call.iterfind("params/param/value")]
    except RecursionError as failure:
        raise Malformed(f"Xmlrpc.Parse_error: {failure}") from failure
    return Request(method=name, params=params)


def parse_value_text(text: bytes) -> object:
    """Read one value, as `value_text` writes it.

    Raises:
        Malformed: the text is none.
    """
    try:
        value = ElementTree.fromstring(text)
    except ElementTree.ParseError as failure:
        raise Malformed(str(failure)) from failure
    if value.tag != "value":
        raise Malformed(f"Xmlrpc.Parse_error: {value.tag}")
    return _parse_value(value)


def value_text(value: object) -> str:
    """Return a result as the text of an XML-RPC value; None is void."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def success(result: object) -> Iterator[bytes]:
    """Yield the answer to a call that succeeded, in pieces that take a moment each."""
    return _response({"Status": "Success", "Value": "" if result is None else result})


def bare(result: object) -> Iterator[bytes]:
    """Yield an answer without the struct around it, as `system.listMethods` has it."""
    return _response(result)


def failure(error: XapiError) -> Iterator[bytes]:
    """Yield the answer to a call that failed."""
    return _response({"Status": "Failure", "ErrorDescription": error.description})


def _response(value: object) -> Iterator[bytes]:
    yield b'<?xml version="1.0"?><methodResponse><params><param>'
    yield from _pieces(value)
    yield b"</param></params></methodResponse>"


def _pieces(value: object) -> Iterator[bytes]:
    match value:
        case Record():
            yield _record(value)
        case Mapping():
            yield b"<value><struct>"
            for key, one in value.items():
                if one is not None:
                    yield f"<member><name>{_escape(str(key))}</name>".encode()
                    yield from _pieces(one)
                    yield b"</member>"
            yield b"</struct></value>"
        case tuple() | list():
            yield b"<value><array><data>"
            for one in value:
                if isinstance(one, Event):
                    yield from _event(one)
                else:
                    yield value_text(one).encode()
            yield b"</data></array></value>"
        case _:
            yield value_text(value).encode()


def _record(record: Record) -> bytes:
    """Return an object as text, which is kept until the object changes."""
    row = record.row
    if row.xml is None:
        row.xml = value_text(row.fields).encode()
    return row.xml


def _event(event: Event) -> Iterator[bytes]:
    yield (
        f"<value><struct><member><name>id</name><value>{event.generation}</value></member>"
        "<member><name>timestamp</name><value>0.0</value></member>"
        f"<member><name>class</name><value>{event.cls}</value></member>"
        f"<member><name>operation</name><value>{event.operation}</value></member>"
        f"<member><name>ref</name><value>{_escape(event.ref)}</value></member>"
    ).encode()
    if event.snapshot is not None:
        yield b"<member><name>snapshot</name>"
        yield _record(event.snapshot)
        yield b"</member>"
    yield b"</struct></value>"


def _write(value: object, parts: list[str]) -> None:
    writer = _WRITERS.get(type(value))
    if writer is not None:
        writer(value, parts)
        return
    match value:
        case Record():
            parts.append(_record(value).decode())
        case str():
            _write_text(value, parts)
        case Mapping():
            _write_struct(value, parts)
        case _:
            raise TypeError(f"no value of XML-RPC: {value!r}")


def _write_text(value: str, parts: list[str]) -> None:
    parts.append(f"<value>{_escape(value)}</value>")


def _write_bool(value: bool, parts: list[str]) -> None:
    parts.append("<value><boolean>1</boolean></value>" if value else "<value><boolean>0</boolean></value>")


def _write_int(value: int, parts: list[str]) -> None:
    parts.append(f"<value>{value}</value>")


def _write_int32(value: int, parts: list[str]) -> None:
    parts.append(f"<value><i4>{int(value)}</i4></value>")


def _write_float(value: float, parts: list[str]) -> None:
    parts.append(f"<value><double>{value:.16g}</double></value>")


def _write_instant(value: datetime, parts: list[str]) -> None:
    parts.append(f"<value><dateTime.iso8601>{instant_text(value)}</dateTime.iso8601></value>")


def _write_void(_value: None, parts: list[str]) -> None:
    parts.append("<value></value>")


def _write_struct(value: Mapping[object, object], parts: list[str]) -> None:
    parts.append("<value><struct>")
    for key, one in value.items():
        if one is not None:
            parts.append(f"<member><name>{_escape(str(key))}</name>")
            _write(one, parts)
            parts.append("</member>")
    parts.append("</struct></value>")


def _write_array(value: Sequence[object], parts: list[str]) -> None:
    parts.append("<value><array><data>")
    for one in value:
        _write(one, parts)
    parts.append("</data></array></value>")


_WRITERS: Mapping[type, Callable[[Any, list[str]], None]] = MappingProxyType(
    {
        str: _write_text,
        bool: _write_bool,
        int: _write_int,
        Int32: _write_int32,
        float: _write_float,
        datetime: _write_instant,
        NoneType: _write_void,
        dict: _write_struct,
        tuple: _write_array,
        list: _write_array,
    }
)


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], ""), text) if _SPECIAL.search(text) else text


def _parse_value(value: ElementTree.Element) -> object:
    if len(value) == 0:
        return value.text or ""
    kind, text = value[0], value[0].text or ""
    try:
        match kind.tag:
            case "string" | "base64":
                return text
            case "int" | "i4" | "i8":
                return int(text)
            case "boolean":
                return bool(int(text))
            case "double":
                return float(text)
            case "dateTime.iso8601":
                return InstantText(text)
            case "nil":
                return None
            case "array":
                return [_parse_value(one) for one in kind.iterfind("data/value")]
            case "struct":
                return dict(_parse_member(member) for member in kind.iterfind("member"))
            case other:
                raise Malformed(f"Xmlrpc.Parse_error: {other}")
    except ValueError as failure:
        raise Malformed(f"Xmlrpc.Parse_error: {text}") from failure


def _parse_member(member: ElementTree.Element) -> tuple[str, object]:
    value = member.find("value")
    if value is None:
        raise Malformed("Xmlrpc.Parse_error: member")
    return member.findtext("name") or "", _parse_value(value)
