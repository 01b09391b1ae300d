"""The embedded pool as other people's clients see it: bodies, headers, names, types."""

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool

DEEP = 4000
NESTED_XML = b"<value><array><data>" * DEEP + b"</data></array></value>" * DEEP
CALL = b"<?xml version='1.0'?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>"


def post(pool: EmbeddedPool, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return exchange(pool, "POST", path, body, headers)


def exchange(
    pool: EmbeddedPool, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(pool.url).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def xml_call(method: str, *params: str) -> bytes:
    values = "".join(f"<param><value>{param}</value></param>" for param in params)
    return CALL % (method.encode(), values.encode())


def test_all_records_of_every_served_class_can_be_read(session: Any) -> None:
    classes = [
        name.removesuffix(".get_all_records")
        for name in session.system.listMethods()
        if name.endswith(".get_all_records")
    ]

    records = {name: fetch(getattr(session.xenapi, name)) for name in classes}

    assert len(classes) > 40
    furnished = {name for name, found in records.items() if found}
    assert {"VM", "host", "pool", "SR", "PBD", "VDI", "VBD", "VIF", "network", "PIF", "role", "subject"} <= furnished


def fetch(cls: Any) -> dict[str, Any]:
    """Return the records of a class; classes that XAPI has given up say so."""
    try:
        found: dict[str, Any] = cls.get_all_records()
    except XenAPI.Failure as failure:
        if failure.details != ["MESSAGE_REMOVED"]:
            raise
        return {}
    return found


def test_every_record_has_the_fields_of_its_getters(session: Any) -> None:
    host, record = next(iter(session.xenapi.host.get_all_records().items()))

    assert session.xenapi.host.get_record(host) == record
    assert {name: getattr(session.xenapi.host, f"get_{name}")(host) for name in record} == record


def test_any_path_that_nobody_else_answers_speaks_xml_rpc(pool: EmbeddedPool) -> None:
    answers = [post(pool, path, xml_call("system.listMethods")) for path in ("/", "/RPC2", "/xmlrpc", "/json", "/x/y")]

    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, _, body in answers}) == 1


def test_content_types_carry_nothing_but_the_type(pool: EmbeddedPool) -> None:
    _, of_xml, _ = post(pool, "/", xml_call("system.listMethods"))
    _, of_json, _ = post(pool, "/jsonrpc", b'{"method":"system.listMethods","params":[],"id":1}')

    assert of_xml["content-type"] == "text/xml"
    assert of_json["content-type"] == "application/json"
    for headers in (of_xml, of_json):
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cache-control"] == "no-cache, no-store"


def test_a_connection_serves_many_calls(pool: EmbeddedPool) -> None:
    connection = http.client.HTTPConnection(urlsplit(pool.url).netloc, timeout=30)
    connection.connect()
    port = connection.sock.getsockname()[1]
    try:
        for _ in range(3):
            connection.request("POST", "/", xml_call("system.listMethods"))
            assert connection.getresponse().read().startswith(b"<?xml")
            assert connection.sock.getsockname()[1] == port
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"{}"),
        ("/", b"<methodCall/>"),
        ("/", CALL % (b"x", b"<param><value><i4>x</i4></value></param>")),
        ("/", b"\xff\xfe"),
        ("/", CALL.replace(b"?>", b'?><!DOCTYPE m [<!ENTITY a "b">]>') % (b"system.listMethods&a;", b"")),
        ("/", CALL.replace(b"?>", b" encoding='Shift_JIS'?>") % (b"system.listMethods", b"")),
        ("/", CALL % (b"x", b"<param>" + NESTED_XML + b"</param>")),
        ("/jsonrpc", b'{"method":"host.get_all","params":' + b"[" * DEEP + b"]" * DEEP + b',"id":1}'),
        ("/jsonrpc", b'{"method":"network.create","params":["x",' + b"[" * 800 + b"]" * 800 + b'],"id":1}'),
        ("/jsonrpc", b"{"),
        ("/jsonrpc", b"[]"),
        ("/jsonrpc", b'{"method":"host.get_all","params":[]}'),
        ("/jsonrpc", b'{"method":"host.get_all","params":[],"id":null}'),
        ("/jsonrpc", b'{"method":"host.get_all","params":[],"id":1.5}'),
        ("/jsonrpc", b'{"method":"host.get_all","params":{},"id":1}'),
        ("/jsonrpc", b'{"method":7,"params":[],"id":1}'),
    ],
)
def test_a_body_that_is_no_call_gets_a_page_with_status_500(pool: EmbeddedPool, path: str, body: bytes) -> None:
    status, headers, text = post(pool, path, body)

    assert status == 500
    assert headers["content-type"] == "text/html"
    assert text.startswith(b"<html><body><h1>HTTP 500 internal server error</h1>")


def test_paths_that_nobody_answers_are_forbidden(pool: EmbeddedPool) -> None:
    status, _, text = exchange(pool, "GET", "/nosuch")

    assert (status, text) == (
        403,
        b"<html><body><h1>HTTP 403 forbidden</h1>Access to the requested resource is forbidden.</body></html>",
    )


def test_a_browser_is_told_that_it_may_call(pool: EmbeddedPool) -> None:
    status, headers, body = exchange(
        pool, "OPTIONS", "/jsonrpc", headers={"Origin": "http://x", "Access-Control-Request-Headers": "content-type"}
    )

    assert (status, body) == (200, b"")
    assert headers["access-control-allow-origin"] == "*"
    assert "content-type" in headers["access-control-allow-headers"]


def test_numbers_have_no_tag_in_xml_and_are_numbers_in_json(pool: EmbeddedPool, session: Any, json_call: Any) -> None:
    vm = session.xenapi.VM.get_all()[0]

    _, _, xml = post(pool, "/", xml_call("VM.get_memory_static_max", session.handle, vm))
    answer = json_call("VM.get_memory_static_max", session.handle, vm)

    assert isinstance(answer["result"], int)
    assert f"<name>Value</name><value>{answer['result']}</value>".encode() in xml


def test_instants_look_alike_in_both_protocols(pool: EmbeddedPool, session: Any, json_call: Any) -> None:
    host = session.xenapi.host.get_all()[0]
    metrics = session.xenapi.host.get_metrics(host)

    text = json_call("host_metrics.get_last_updated", session.handle, metrics)["result"]
    value = session.xenapi.host_metrics.get_last_updated(metrics)

    assert value.value == text
    assert (text[8], text[-1], len(text)) == ("T", "Z", 18)


def test_counts_of_objects_are_the_only_tagged_numbers(pool: EmbeddedPool, session: Any) -> None:
    answer = getattr(session.xenapi.event, "from")(["pool"], "", 5.0)

    assert isinstance(answer["valid_ref_counts"]["vm"], int)
    assert isinstance(answer["events"][0]["id"], str)


def test_the_first_json_rpc_gives_failures_as_a_list(pool: EmbeddedPool) -> None:
    _, _, body = post(pool, "/jsonrpc", b'{"method":"VM.get_all","params":["OpaqueRef:x"],"id":"me"}')

    assert json.loads(body) == {"result": None, "error": ["SESSION_INVALID", "OpaqueRef:x"], "id": "me"}


def test_the_second_json_rpc_gives_failures_as_an_object(json_call: Any) -> None:
    answer = json_call("VM.get_all", "OpaqueRef:x")

    assert answer == {
        "jsonrpc": "2.0",
        "error": {"code": 1, "message": "SESSION_INVALID", "data": ["OpaqueRef:x"]},
        "id": 7,
    }


@pytest.mark.parametrize(("params", "told"), [('{"session_id": "x"}', "session_id"), ("[5]", "I(5)"), ("[null]", "")])
def test_a_session_that_is_no_text_is_a_wrong_type_like_any_other(pool: EmbeddedPool, params: str, told: str) -> None:
    call = f'{{"jsonrpc":"2.0","method":"VM.get_all","params":{params},"id":1}}'

    _, _, body = post(pool, "/jsonrpc", call.encode())

    error = json.loads(body)["error"]
    assert error["message"] == "INTERNAL_ERROR"
    assert error["data"][0].startswith("Failure(\"Expected string, got '")
    assert told in error["data"][0]


def test_the_list_of_methods_needs_no_session_and_no_struct(pool: EmbeddedPool, json_call: Any) -> None:
    _, _, body = post(pool, "/", xml_call("system.listMethods"))

    assert b"Status" not in body
    assert "VM.get_all_records" in json_call("system.listMethods")["result"]


def test_a_name_may_have_an_underscore_for_the_dot(json_call: Any, session: Any) -> None:
    assert json_call("host_metrics_get_all", session.handle) == json_call("host_metrics.get_all", session.handle)


def test_text_survives_both_ways(session: Any) -> None:
    text = "žluťoučký 😀 <&>\"' tab\there\nline"
    vm = session.xenapi.VM.get_all()[0]
    before = session.xenapi.VM.get_name_description(vm)

    session.xenapi.VM.set_name_description(vm, text)

    assert session.xenapi.VM.get_name_description(vm) == text
    session.xenapi.VM.set_name_description(vm, before)


def test_control_characters_are_left_out_of_xml(session: Any, json_call: Any) -> None:
    vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
    json_call("VM.set_name_description", session.handle, vm, "a\u0001b")

    assert session.xenapi.VM.get_name_description(vm) == "ab"


def test_tags_keep_their_order_and_their_doubles(session: Any) -> None:
    network = session.xenapi.network.get_all()[0]

    session.xenapi.network.set_tags(network, ["b", "a", "b"])
    session.xenapi.network.add_tags(network, "a")
    session.xenapi.network.remove_tags(network, "zzz")

    assert session.xenapi.network.get_tags(network) == ["b", "a", "b"]


def test_an_object_is_found_by_an_expression(session: Any) -> None:
    expression = 'field "is_a_template"="false" and not (field "is_control_domain"="true" or field "name__label"="x")'

    found = session.xenapi.VM.get_all_records_where(expression)

    assert found
    assert not any(record["is_a_template"] or record["is_control_domain"] for record in found.values())


def test_an_expression_with_an_unknown_field_is_refused(session: Any, refusal: Any) -> None:
    assert refusal(session.xenapi.network.get_all_records_where, 'field "zzz"="1"') == [
        "INTERNAL_ERROR",
        "missing field",
        "zzz",
        "",
    ]


def test_a_label_that_nobody_has_finds_nothing(session: Any) -> None:
    assert session.xenapi.VM.get_by_name_label("no such") == []


def test_of_eight_clients_that_add_one_key_exactly_one_succeeds(pool: EmbeddedPool) -> None:
    start = threading.Barrier(8)
    outcomes: list[list[str]] = []

    def race(number: int) -> None:
        with pool.plain_session() as session:
            target = session.xenapi.pool.get_all()[0]
            start.wait(30)
            try:
                session.xenapi.pool.add_to_other_config(target, "race", str(number))
            except XenAPI.Failure as failure:
                outcomes.append(failure.details)
            else:
                outcomes.append(["added", target])

    racers = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)

    target = next(details[1] for details in outcomes if details[0] == "added")
    refused = ["MAP_DUPLICATE_KEY", "pool", "other_config", target, "race"]
    assert sorted(outcomes) == [refused] * 7 + [["added", target]]


def test_a_message_that_nobody_has_written_yet_says_so(session: Any, refusal: Any) -> None:
    host = session.xenapi.host.get_all()[0]

    assert refusal(session.xenapi.host.bugreport_upload, host, "", {}) == ["NOT_IMPLEMENTED", "host.bugreport_upload"]


def test_the_process_ends_with_who_started_it() -> None:
    with embedded_pool() as served:
        served.lifeline.close()
        assert served.process.wait(30) == 0
