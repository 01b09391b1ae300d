import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool

from tests.xapi.hosts import forwarder
from xsconsole.xapi.client import Session
from xsconsole.xapi.errors import BadAnswer, RoadBroken, WrongCertificate
from xsconsole.xapi.transport import Road, parse_address, plain_fingerprint, shown_fingerprint, with_wire
from xsconsole.xapi.wire import Wire

LARGE_BYTES = 2**40


@pytest.fixture(params=list(Wire))
def road(pool: EmbeddedPool, request: pytest.FixtureRequest) -> Iterator[Road]:
    with contextlib.closing(Road(replace(parse_address(pool.url), wire=request.param))) as open_road:
        yield open_road


@pytest.fixture
def session(pool: EmbeddedPool, road: Road) -> Iterator[Any]:
    logged_in = Session(road)
    logged_in.xenapi.login_with_password(pool.user, pool.password, "1.0", "tests")
    yield logged_in
    logged_in.xenapi.session.logout()


def test_numbers_beyond_32_bits_go_there_and_back(session: Any) -> None:
    sr = session.xenapi.SR.get_by_name_label("NFS-silver")[0]
    fields = {"name_label": "large", "SR": sr, "virtual_size": LARGE_BYTES, "type": "user"}

    disk = session.xenapi.VDI.create({**fields, "sharable": False, "read_only": False, "other_config": {}})

    assert int(session.xenapi.VDI.get_virtual_size(disk)) == LARGE_BYTES
    session.xenapi.VDI.destroy(disk)


def test_truth_values_fractions_texts_sets_and_maps_go_there_and_back(session: Any) -> None:
    network = session.xenapi.network.create(
        {
            "name_label": 'Größe <&> "x"',
            "MTU": 9000,
            "other_config": {"key": "välue"},
            "tags": ["a", "b"],
            "managed": True,
        }
    )

    record = session.xenapi.network.get_record(network)

    assert record["name_label"] == 'Größe <&> "x"'
    assert int(record["MTU"]) == 9000
    assert record["other_config"] == {"key": "välue"}
    assert sorted(record["tags"]) == ["a", "b"]
    assert record["managed"] is True
    session.xenapi.network.destroy(network)


def test_a_refusal_keeps_its_code_and_parameters(session: Any) -> None:
    with pytest.raises(XenAPI.Failure) as caught:
        session.xenapi.VM.get_by_uuid("00000000-0000-0000-0000-000000000001")

    assert caught.value.details == ["UUID_INVALID", "VM", "00000000-0000-0000-0000-000000000001"]


def test_a_session_that_has_ended_is_not_replaced_silently(pool: EmbeddedPool, session: Any) -> None:
    session.xenapi.session.logout()
    pool.calls()

    with pytest.raises(XenAPI.Failure) as caught:
        session.xenapi.VM.get_all()

    assert caught.value.details[0] == "SESSION_INVALID"
    assert [call["method"] for call in pool.calls()] == ["VM.get_all"]
    session.xenapi.login_with_password(pool.user, pool.password, "1.0", "tests")


def test_no_password_stays_in_the_session(pool: EmbeddedPool, session: Any) -> None:
    assert pool.password not in repr(vars(session))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_call_whose_connection_is_lost_is_not_made_again(
    pool: EmbeddedPool, session: Any, plain: Any, when: str
) -> None:
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    pool.control("drop", method="VM.add_tags", when=when)
    pool.calls()

    with pytest.raises(RoadBroken) as caught:
        session.xenapi.VM.add_tags(machine, f"tag-{when}")

    assert caught.value.was_sent
    assert [call["method"] for call in pool.calls()] == ["VM.add_tags"]
    assert (f"tag-{when}" in plain.VM.get_tags(machine)) is (when == "after")


def test_the_road_is_open_again_after_a_lost_connection(pool: EmbeddedPool, session: Any) -> None:
    pool.control("drop", method="VM.get_all", when="before")

    with pytest.raises(RoadBroken):
        session.xenapi.VM.get_all()

    assert session.xenapi.VM.get_all()


def test_an_answer_that_does_not_come_in_time_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = parse_address(f"http://127.0.0.1:{silent.getsockname()[1]}")

        with contextlib.closing(Road(address, timeout_s=0.2)) as road, pytest.raises(RoadBroken) as caught:
            road.call("VM.get_all", ("",))

    assert caught.value.was_sent
    assert "in time" in caught.value.cause


def test_many_calls_share_one_connection(pool: EmbeddedPool) -> None:
    with forwarder(pool) as host, contextlib.closing(Road(parse_address(host.url))) as road:
        for _ in range(5):
            with pytest.raises(XenAPI.Failure):
                road.call("VM.get_all", ("OpaqueRef:NULL",))

        assert host.connections == 1
        assert host.paths == ["/jsonrpc"] * 5


def test_a_host_without_json_is_spoken_to_in_xml(pool: EmbeddedPool) -> None:
    with forwarder(pool, refused_paths=("/jsonrpc",)) as host:
        assert with_wire(parse_address(host.url)).wire is Wire.XML


def test_a_host_that_is_no_xapi_is_told_apart(pool: EmbeddedPool) -> None:
    with forwarder(pool, refused_paths=("/jsonrpc", "/RPC2")) as host, pytest.raises(BadAnswer):
        with_wire(parse_address(host.url))


def test_a_call_to_nobody_was_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        address = parse_address(f"http://127.0.0.1:{taken.getsockname()[1]}")

        with contextlib.closing(Road(address)) as road, pytest.raises(RoadBroken) as caught:
            road.call("VM.get_all", ("",))

    assert not caught.value.was_sent
    assert caught.value.cause == "connection refused"


def test_a_host_with_the_pinned_certificate_is_believed_and_no_other() -> None:
    with embedded_pool("--tls", "--scenario", "empty") as pool:
        address = parse_address(pool.url)
        shown = shown_fingerprint(address)
        assert plain_fingerprint(shown) == plain_fingerprint(pool.fingerprint or "")

        assert with_wire(replace(address, fingerprint=shown)).wire is Wire.JSON
        with pytest.raises(WrongCertificate):
            with_wire(replace(address, fingerprint="00" * 32))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("xen-1", "https://xen-1:443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]:443"),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, url: str) -> None:
    assert parse_address(text).url == url


@pytest.mark.parametrize("text", ["", "ftp://x", "http://", "http://host:port"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        parse_address(text)
