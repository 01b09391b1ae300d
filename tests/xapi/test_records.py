"""Every record of a real xapi decodes, by both wires, to the same values."""

import json
import xmlrpc.client
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import RECORD_TYPES, VM, Change, Task
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.frames import packed, unpacked
from xsconsole.xapi.records import event_reply, instant_of, record_of
from xsconsole.xapi.wire import Wire, decode, value_of_xml

RECORDINGS = Path(__file__).parents[3] / "shared" / "xapi" / "recordings"
ALL_EVENTS = "012_event_from_star_empty_token.json"
ref = Ref("OpaqueRef:1")

NOT_RECORDED = {"sdn_controller"}  # the pool that was recorded was told of none
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of a real xapi are not here")


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


def as_xml(value: Any) -> Any:
    """Return what `xmlrpc.client` can write of a recorded value: its dates are marked, its integers are text."""
    if isinstance(value, dict) and set(value) == {"__datetime__"}:
        return xmlrpc.client.DateTime(value["__datetime__"])
    if isinstance(value, dict):
        return {key: as_xml(item) for key, item in value.items()}
    return [as_xml(item) for item in value] if isinstance(value, list) else value


@needs_recordings
def test_the_events_of_a_real_xapi_decode_alike_by_both_wires() -> None:
    recording = recorded(ALL_EVENTS)
    json_body = msgspec.json.encode(recording["jsonrpc_v2"]["response"])
    xml_body = xmlrpc.client.dumps((as_xml(recording["response"]),), methodresponse=True).encode()

    by_json, by_xml = event_reply(Wire.JSON, json_body), event_reply(Wire.XML, xml_body)

    assert by_json.events
    known_by_xml = {(event.class_name, event.ref): event for event in by_xml.events}
    common = [event for event in by_json.events if (event.class_name, event.ref) in known_by_xml]
    assert {event.class_name for event in common} >= {"vm", "host", "sr", "vdi", "network", "pool"}
    different = [
        event
        for event in common
        # A host's figures move between two recordings.
        if event.class_name not in ("host_metrics", "task") and known_by_xml[event.class_name, event.ref] != event
    ]
    assert different == []


@needs_recordings
@pytest.mark.parametrize("name", sorted(RECORD_TYPES.keys() - NOT_RECORDED))
def test_all_records_of_a_class_of_a_real_xapi_decode_and_pass_through_a_frame(name: str) -> None:
    kind = RECORD_TYPES[name]
    files = [path for path in RECORDINGS.glob("0??_*_get_all_records.json") if f"_{name}_get" in path.name.lower()]
    assert files

    for path in files:
        body = xmlrpc.client.dumps((as_xml(recorded(path.name)["response"]),), methodresponse=True).encode()
        for reference, value in decode(Wire.XML, body).items():
            record = record_of(kind, Ref(reference), value)

            assert record.uuid == value["uuid"]
            change = Change(ref=Ref(reference), class_name=name, record=record)
            assert unpacked(msgspec.convert(packed(change), tuple[str, Ref, msgspec.Raw])) == change


def test_what_xml_sends_as_text_becomes_numbers() -> None:
    value = {"uuid": "u", "memory_static_max": "17179869184", "HVM_shadow_multiplier": "1.5", "order": "3"}

    vm = record_of(VM, ref, value)

    assert (vm.memory_static_max, vm.HVM_shadow_multiplier, vm.order) == (17179869184, 1.5, 3)


def test_of_the_nvram_only_its_presence_is_kept() -> None:
    vm = record_of(VM, ref, {"uuid": "u", "NVRAM": {"EFI-variables": "secret"}})

    assert vm.NVRAM_present
    assert "secret" not in repr(vm)
    assert not record_of(VM, ref, {"uuid": "u", "NVRAM": {}}).NVRAM_present


def test_fields_nobody_uses_and_fields_that_are_missing_are_no_trouble() -> None:
    vm = record_of(VM, ref, {"uuid": "u", "field_of_next_year": [1, {"a": 2}]})

    assert vm.resident_on == NULL_REF


def test_a_field_of_another_type_is_refused() -> None:
    with pytest.raises(BadAnswer, match="name_label"):
        record_of(VM, ref, {"uuid": "u", "name_label": ["no", "text"]})


def test_dates_are_aware_and_the_epoch_is_none() -> None:
    assert instant_of("20260821T17:31:45Z") == datetime(2026, 8, 21, 17, 31, 45, tzinfo=UTC)
    assert instant_of("2026-08-21T17:31:45Z") == datetime(2026, 8, 21, 17, 31, 45, tzinfo=UTC)
    assert instant_of("19700101T00:00:00Z") is None
    with pytest.raises(BadAnswer, match="yesterday"):
        instant_of("yesterday")


def test_a_task_that_is_not_finished_has_no_end() -> None:
    task = record_of(Task, ref, {"uuid": "u", "created": "20260821T17:31:45Z", "finished": "19700101T00:00:00Z"})

    assert task.created is not None
    assert task.finished is None


def test_an_event_of_an_object_that_went_has_no_record() -> None:
    event = {"class": "vm", "operation": "del", "ref": ref, "id": "1", "timestamp": "0.0"}
    body = {"jsonrpc": "2.0", "id": 1, "result": {"events": [event], "token": "t", "valid_ref_counts": {"vm": 0}}}

    (change,) = event_reply(Wire.JSON, json.dumps(body).encode()).events

    assert (change.class_name, change.ref, change.record) == ("vm", ref, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("<value>OpaqueRef:1</value>", "OpaqueRef:1"),
        ("<value><array><data><value>OpaqueRef:1</value></data></array></value>", ["OpaqueRef:1"]),
    ],
)
def test_the_result_of_a_task_is_read_as_a_value(text: str, value: object) -> None:
    assert value_of_xml(text) == value


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": 1}', b'{"result": {"events": 3, "token": ""}}', b"\xff"])
def test_what_is_no_answer_is_told_apart(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        event_reply(Wire.JSON, body)
