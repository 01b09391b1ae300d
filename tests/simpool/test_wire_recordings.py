"""The embedded pool beside a real xapi: the same calls, the same shapes, types, defaults, codes and parameters.

The recorded calls are made again in their order, over the transports over which they were made.
"""

import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from recorded_replay import RECORDINGS, UUID, Replay, read
from recorded_story import BEFORE, INTERFACE, LOOSE, MACHINE

RECORDED_PASSWORD = "xapi-local"
LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "A70_pool_migrate_localhost": "the simulated hypervisor behind the recorded xapi cannot migrate",
        "C04_GET_rrd_updates": "the recorded host had no metrics, and answers with its failure to find any",
        "C11_export_metadata": "compared where exports are tried",
    }
)

Read = Callable[[str], Any]

BODIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "970_http_unknown_path": ("/nosuch", "hello"),
        "972_http_bad_json": ("/jsonrpc", "{"),
        "973_http_json_on_root": ("/", '{"jsonrpc":"2.0","method":"VM.get_all","params":[],"id":1}'),
        "974_http_json_batch": ("/jsonrpc", '[{"jsonrpc":"2.0","method":"VM.get_all","params":[],"id":1}]'),
    }
)
"""The bodies that were sent were not recorded; these are such as to be answered so."""


@pytest.fixture(scope="module")
def recordings() -> dict[str, Any]:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of a real xapi are not beside this repository")
    return read(RECORDINGS)


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "1000", "--scenario", "empty", "--hosts", "1") as served:
        yield served


@pytest.fixture
def replay(pool: EmbeddedPool, recordings: dict[str, Any]) -> Iterator[Replay]:
    replayed = Replay(pool.url, recordings, passwords={RECORDED_PASSWORD: pool.password}, loose=LOOSE)
    yield replayed
    replayed.close()


def test_every_recorded_answer_is_given_here_too(replay: Replay, recordings: dict[str, Any]) -> None:
    found = {}
    for name, recorded in recordings.items():
        if is_call(recorded):
            for step in BEFORE.get(name, ()):
                step(replay)
            differences = list(replay.differences(recorded))
            if differences and name not in LEFT_OUT:
                found[name] = differences

    assert found == {}


def is_call(recorded: Mapping[str, Any]) -> bool:
    return "method" in recorded


def test_no_recording_is_passed_over(recordings: dict[str, Any]) -> None:
    apart = ("A01_", "A02_", "A03_", *BODIES, *REQUESTS)
    rest = {name for name, recorded in recordings.items() if not is_call(recorded) and not name.startswith(apart)}

    assert rest | {name for name in LEFT_OUT if is_call(recordings[name])} == LEFT_OUT.keys()
    assert BEFORE.keys() <= recordings.keys()


@pytest.fixture
def machine(pool: EmbeddedPool) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A session, and what it takes to give a new VM an interface."""
    with pool.plain_session() as session:
        api = session.xenapi
        vm = api.VM.create(dict(MACHINE))
        network = api.network.create({"name_label": "rec", "other_config": {}})
        yield session, {**INTERFACE, "VM": vm, "network": network, "device": "0"}
        api.VM.destroy(vm)
        api.network.destroy(network)


def test_a_constructor_without_a_field_is_refused_as_recorded(
    machine: tuple[Any, dict[str, Any]], recordings: dict[str, Any], refusal: Callable[..., list[str]]
) -> None:
    session, fields = machine
    fields |= {"locking_mode": "network_default", "ipv4_allowed": [], "ipv6_allowed": []}

    for missing, answer in recordings["A01_VIF_create_each_field_missing"].items():
        given = {name: value for name, value in fields.items() if name != missing}
        if answer["Status"] == "Failure":
            assert refusal(session.xenapi.VIF.create, given) == answer["ErrorDescription"]
        else:
            session.xenapi.VIF.destroy(session.xenapi.VIF.create(given))
    for missing, answer in recordings["A01_VM_appliance_create_each_field_missing"].items():
        named = {"name_label": "a", "name_description": "b"}
        del named[missing]
        assert answer["Status"] == "Success"
        session.xenapi.VM_appliance.destroy(session.xenapi.VM_appliance.create(named))


def test_the_positions_of_interfaces_are_taken_as_recorded(
    machine: tuple[Any, dict[str, Any]], recordings: dict[str, Any], refusal: Callable[..., list[str]]
) -> None:
    session, fields = machine

    for name, answer in recordings.items():
        if not name.startswith("A02_"):
            continue
        device = name.rpartition("_")[2].replace("empty", "")
        given = {**fields, "device": device}
        if answer["Status"] == "Failure":
            assert refusal(session.xenapi.VIF.create, given) == answer["ErrorDescription"]
        else:
            assert session.xenapi.VIF.get_device(session.xenapi.VIF.create(given)) == device


def test_the_addresses_of_interfaces_are_taken_as_recorded(
    machine: tuple[Any, dict[str, Any]], recordings: dict[str, Any], refusal: Callable[..., list[str]]
) -> None:
    session, fields = machine

    for name, recorded in recordings.items():
        if not name.startswith("A03_"):
            continue
        given = {**fields, "MAC": recorded["mac"]}
        if recorded["response"]["Status"] == "Failure":
            assert refusal(session.xenapi.VIF.create, given) == recorded["response"]["ErrorDescription"]
        else:
            vif = session.xenapi.VIF.create(given)
            assert session.xenapi.VIF.get_MAC(vif) == recorded["MAC_read_back"]
            session.xenapi.VIF.destroy(vif)


REQUESTS = (
    *("C00_GET_root", "C01_GET_nosuch", "C05_HEAD_root", "C06_POST_json_ct_text", "C08_POST_jsonrpc_null_id"),
    *("C02_OPTIONS_root", "C09_POST_RPC2", "C15_big_id"),
    "C03_GET_export_no_auth",
)


@pytest.mark.parametrize("name", [*REQUESTS, *BODIES])
def test_plain_http_is_answered_as_by_a_real_host(pool: EmbeddedPool, recordings: dict[str, Any], name: str) -> None:
    recorded = recordings[name]
    path, sent = BODIES.get(name, ("", ""))
    method, path, body, headers = recorded.get("request", ("POST", path, sent, {}))
    with pool.plain_session() as session:
        own = None if body is None else re.sub(r"OpaqueRef:[0-9a-f-]{36}", session.handle, body)
        connection = http.client.HTTPConnection(pool.url.removeprefix("http://"), timeout=30)
        connection.request(method, path, own, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()

    assert answer.status == recorded["status"]
    got = {header.lower(): value for header, value in answer.getheaders()}
    for header, value in recorded["headers"].items():
        if header.lower() not in ("content-length", "connection"):
            assert got.get(header.lower()) == value
    assert answer.will_close == (recorded["headers"]["connection"] == "close")
    assert comparable(text) == comparable(recorded["body"])


def comparable(text: str) -> str:
    """Return a body without names of objects, and without the words of a parser of JSON that is not ours."""
    return re.sub(r"Json_error\(.*\)", "Json_error()", UUID.sub("-", text))
