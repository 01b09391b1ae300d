"""The two encodings of the wire, against independent readers and for any value."""

import json
import xmlrpc.client
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.simpool import wire_json, wire_xml
from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.events import Subscription, Token, difference
from xsconsole.simpool.identities import Identities
from xsconsole.simpool.model import load
from xsconsole.simpool.types import Bool, DateTime, Float, Int, Map, Set, Str, Type
from xsconsole.simpool.wire_values import InstantText, Malformed

MODEL = load()

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))
scalars = texts | st.booleans() | st.integers(-(2**31), 2**31 - 1)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def untagged(value: Any) -> Any:
    """Return what a client reads of a value: numbers lose their tag."""
    match value:
        case bool() | str() | float():
            return value
        case int():
            return str(value)
        case list():
            return [untagged(one) for one in value]
        case _:
            return {name: untagged(one) for name, one in value.items()}


@given(values)
def test_any_answer_in_xml_is_read_by_the_standard_library(value: Any) -> None:
    (answer,), _ = xmlrpc.client.loads(b"".join(wire_xml.success(value)).decode())

    assert answer == {"Status": "Success", "Value": untagged(value)}


@given(st.lists(values, max_size=3))
def test_any_call_of_the_standard_library_is_read(params: list[Any]) -> None:
    body = xmlrpc.client.dumps(tuple(params), "VM.x", allow_none=True).encode()

    request = wire_xml.parse_request(body)

    assert (request.method, request.params) == ("VM.x", params)


@given(values, st.booleans())
def test_any_answer_in_json_is_read_back(value: Any, is_version_2: bool) -> None:
    call: dict[str, object] = {"method": "x", "params": [value], "id": 3}
    envelope = wire_json.parse_request(json.dumps(call | ({"jsonrpc": "2.0"} if is_version_2 else {})).encode())

    assert envelope.request.params == [value]
    assert json.loads(b"".join(wire_json.success(envelope, value)))["result"] == value


@given(st.binary(max_size=60))
def test_bytes_that_are_no_call_are_malformed_and_nothing_else(body: bytes) -> None:
    for parse in (wire_xml.parse_request, wire_json.parse_request):
        with pytest.raises(Malformed):
            parse(body)


@given(st.integers(0, 7_000_000_000))
def test_an_instant_comes_back_to_the_second(seconds: int) -> None:
    instant = datetime.fromtimestamp(seconds, UTC)
    text = wire_xml.value_text(instant).removeprefix("<value><dateTime.iso8601>").partition("<")[0]

    assert Converter(MODEL).convert(DateTime(), InstantText(text)) == instant


@pytest.mark.parametrize(
    ("kind", "given_value", "converted"),
    [
        (Int(), "42", 42),
        (Int(), 42, 42),
        (Int(), "-9223372036854775808", -(2**63)),
        (Float(), 5, 5.0),
        (Float(), "0.5", 0.5),
        (Set(Int()), ["1", 2], (1, 2)),
        (Map(Int(), Str()), {"7": "x"}, {7: "x"}),
        (DateTime(), "2026-08-21T17:31:45+02:00", datetime(2026, 8, 21, 15, 31, 45, tzinfo=UTC)),
        (DateTime(), "20260821T17:31:45", datetime(2026, 8, 21, 17, 31, 45, tzinfo=UTC)),
    ],
)
def test_arguments_are_taken_as_leniently_as_by_xapi(kind: Type, given_value: object, converted: object) -> None:
    assert Converter(MODEL).convert(kind, given_value) == converted


@pytest.mark.parametrize(
    ("kind", "given_value"),
    [
        (Int(), "1.5"),
        (Int(), True),
        (Int(), 2**63),
        (Int(), None),
        (Float(), "x"),
        (Float(), []),
        (Bool(), 1),
        (Str(), None),
        (Str(), "\ud800"),
        (Set(Str()), "x"),
        (Map(Str(), Str()), [["a", "b"]]),
        (DateTime(), "yesterday"),
        (DateTime(), "20261399T17:31:45Z"),
    ],
)
def test_arguments_of_the_wrong_type_are_refused(kind: Type, given_value: object) -> None:
    with pytest.raises(XapiError):
        Converter(MODEL).convert(kind, given_value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"params":[],"id":1}', "Required field method is missing"),
        (b'{"method":"x","id":1}', "Required field params is missing"),
        (b'{"jsonrpc":"1.0","method":"x","params":[],"id":1}', "Invalid field 'jsonrpc' in request body"),
        (b'{"method":"x","params":null,"id":1}', "Invalid field 'params' in request body"),
        (b'{"method":"x","params":[],"id":null}', "Invalid field 'id' in request body"),
        (b'{"jsonrpc":"2.0","method":"x"}', "Invalid field 'id' in request body"),
    ],
)
def test_a_call_that_is_none_is_told_by_the_field_that_is_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as malformed:
        wire_json.parse_request(body)

    assert str(malformed.value) == f'Jsonrpc.Malformed_method_request("{reason}")'


def test_an_event_reads_the_same_on_both_roads_and_as_its_object_changes() -> None:
    db = Database(MODEL, Identities(1))
    vm = db.create("VM", name_label='a <b> & "c" é', tags=("x", "y"), snapshot_time=datetime(2026, 8, 21, tzinfo=UTC))
    envelope = wire_json.parse_request(b'{"jsonrpc":"2.0","method":"x","id":1}')
    since = Token(objects=-1, messages=-1)

    for name in ("first", "second"):
        db.set("VM", vm, name_description=name)
        events = difference(db, [Subscription()], since)
        ((by_xml,), _) = xmlrpc.client.loads(b"".join(wire_xml.success(events)).decode(), use_builtin_types=False)
        by_json = json.loads(b"".join(wire_json.success(envelope, events)))["result"]

        (one,), (other,) = by_xml["Value"], by_json
        assert one["snapshot"].pop("snapshot_time").value == other["snapshot"].pop("snapshot_time")
        assert one["snapshot"]["name_description"] == name
        assert one == other | {"snapshot": untagged(other["snapshot"])}
        assert one["snapshot"]["name_label"] == 'a <b> & "c" é'
