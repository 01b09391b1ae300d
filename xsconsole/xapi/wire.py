"""XAPI's two languages: JSON-RPC 2.0, and XML-RPC for hosts that know no other.

Both decode to the same native values: references, enums and dates are text, and what is no number in XML (there XAPI
sends 64-bit integers untagged) is text too. `records` makes types of them.
"""

import xmlrpc.client
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from xml.parsers.expat import ExpatError

import msgspec
import XenAPI

from xsconsole.xapi.errors import BadAnswer


class Wire(StrEnum):
    JSON = "json"
    XML = "xml"

    @property
    def path(self) -> str:
        return "/jsonrpc" if self is Wire.JSON else "/RPC2"

    @property
    def content_type(self) -> str:
        return "application/json" if self is Wire.JSON else "text/xml"


def encode(wire: Wire, method: str, params: Sequence[object]) -> bytes:
    if wire is Wire.JSON:
        return msgspec.json.encode({"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
    return xmlrpc.client.dumps(tuple(_xml_value(value) for value in params), method).encode()


def decode(wire: Wire, body: bytes) -> Any:
    """Return the value that a call gave.

    Raises:
        XenAPI.Failure: the pool said no.
        BadAnswer: the body is no answer of XAPI.
    """
    if wire is Wire.XML:
        return _decode_xml(body)
    try:
        answer = msgspec.json.decode(body)
    except msgspec.MsgspecError as failure:
        raise BadAnswer(f"not JSON: {failure}") from failure
    if not isinstance(answer, dict) or not ("error" in answer or "result" in answer):
        raise BadAnswer("no JSON-RPC")
    if answer.get("error") is not None:
        raise failure_of(answer["error"])
    return answer["result"]


def failure_of(error: object) -> Exception:
    """Return what a JSON-RPC error says."""
    failure: Exception
    match error:
        case {"message": str(code), "data": [*params]}:
            failure = XenAPI.Failure([code, *map(str, params)])
        case {"message": str(code)}:
            failure = XenAPI.Failure([code])
        case _:
            failure = BadAnswer("an error without a code")
    return failure


def _decode_xml(body: bytes) -> Any:
    try:
        (answer,), _ = xmlrpc.client.loads(body)
    except xmlrpc.client.Fault as fault:
        raise XenAPI.Failure(["Fault", fault.faultString]) from fault
    except (xmlrpc.client.Error, ValueError, LookupError, ExpatError) as failure:
        raise BadAnswer(f"not XML-RPC: {failure}") from failure
    match answer:
        case {"Status": "Success", "Value": value}:
            return _native(value)
        case {"ErrorDescription": [*description]}:
            raise XenAPI.Failure(description)
        case _:
            raise BadAnswer("no status")


def value_of_xml(text: str) -> Any:
    """Return the value that stands in a task's result as XML; an empty text is void.

    Raises:
        BadAnswer: it is none.
    """
    if not text:
        return ""
    document = f"<methodResponse><params><param>{text}</param></params></methodResponse>"
    try:
        (value,), _ = xmlrpc.client.loads(document)
    except (xmlrpc.client.Error, ValueError, LookupError, ExpatError) as failure:
        raise BadAnswer(f"not a value of XML-RPC: {failure}") from failure
    return _native(value)


def _xml_value(value: object) -> Any:
    """Return what XML-RPC can carry: the standard library refuses integers over 31 bits, XAPI takes them as text."""
    match value:
        case bool():
            return value
        case int():
            return str(value)
        case str() | float():
            return value
        case Mapping():
            return {key: _xml_value(item) for key, item in value.items()}
        case Sequence():
            return [_xml_value(item) for item in value]
        case _:
            raise TypeError(f"no value of XAPI: {value!r}")


def _native(value: Any) -> Any:
    match value:
        case xmlrpc.client.DateTime():
            return value.value
        case dict():
            return {key: _native(item) for key, item in value.items()}
        case list():
            return [_native(item) for item in value]
        case _:
            return value
