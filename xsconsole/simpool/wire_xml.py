"""XML-RPC as XAPI speaks it: 64-bit numbers without a tag, failures inside a struct."""

import re
from collections.abc import Mapping
from datetime import datetime
from xml.etree import ElementTree

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.wire_values import InstantText, Int32, Malformed, Request, instant_text

CONTENT_TYPE = "text/xml"

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_SPECIAL = re.compile(r'[&<>"\x00-\x08\x0b\x0c\x0e-\x1f]')


def parse_request(body: bytes) -> Request:
    """Read a method call.

    Raises:
        Malformed: the body is none.
    """
    try:
        call = ElementTree.fromstring(body)
    except ElementTree.ParseError as failure:
        raise Malformed('Xmlm.Error(1:1, "expected root element")') from failure
    name = call.findtext("methodName")
    if call.tag != "methodCall" or name is None:
        raise Malformed("Xmlrpc.Parse_error")
    return Request(method=name, params=[_parse_value(value) for value in call.iterfind("params/param/value")])


def value_text(value: object) -> str:
    """Return a result as the text of an XML-RPC value; None is void."""
    parts: list[str] = []
    _write_value(value, parts)
    return "".join(parts)


def success(result: object) -> bytes:
    """Return the answer to a call that succeeded."""
    return _response({"Status": "Success", "Value": "" if result is None else result})


def bare(result: object) -> bytes:
    """Return an answer without the struct around it, as `system.listMethods` has it."""
    return _response(result)


def failure(error: XapiError) -> bytes:
    """Return the answer to a call that failed."""
    return _response({"Status": "Failure", "ErrorDescription": error.description})


def _response(value: object) -> bytes:
    parts = ['<?xml version="1.0"?><methodResponse><params><param>']
    _write_value(value, parts)
    parts.append("</param></params></methodResponse>")
    return "".join(parts).encode()


def _write_value(value: object, parts: list[str]) -> None:
    match value:
        case str():
            parts += "<value>", _escape(value), "</value>"
        case bool():
            parts += "<value><boolean>", "1" if value else "0", "</boolean></value>"
        case Int32():
            parts += "<value><i4>", str(int(value)), "</i4></value>"
        case int():
            parts += "<value>", str(value), "</value>"
        case float():
            parts += "<value><double>", f"{value:.16g}", "</double></value>"
        case datetime():
            parts += "<value><dateTime.iso8601>", instant_text(value), "</dateTime.iso8601></value>"
        case None:
            parts.append("<value></value>")
        case Mapping():
            parts.append("<value><struct>")
            for key, one in value.items():
                if one is not None:
                    parts += "<member><name>", _escape(str(key)), "</name>"
                    _write_value(one, parts)
                    parts.append("</member>")
            parts.append("</struct></value>")
        case tuple() | list():
            parts.append("<value><array><data>")
            for one in value:
                _write_value(one, parts)
            parts.append("</data></array></value>")
        case _:
            raise TypeError(f"no value of XML-RPC: {value!r}")


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
