"""Several pools in one process, each of several hosts at addresses of their own, and of several releases."""

import errno
import socket
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import XenAPI
from aiohttp import web
from embedded import EmbeddedPool, embedded_pool, embedded_pools
from fleet import until

from xsconsole.simpool import hosting
from xsconsole.simpool.hosting import Station

Pools = tuple[EmbeddedPool, ...]


@pytest.fixture(scope="module")
def pools() -> Iterator[Pools]:
    with embedded_pools("--speed", "50", "--version", "production=8.2") as served:
        yield served


def failure_of(call: Callable[..., object], *arguments: object) -> list[str]:
    with pytest.raises(XenAPI.Failure) as caught:
        call(*arguments)
    details: list[str] = caught.value.details
    return details


def test_the_company_has_a_pool_for_tests_and_one_for_production(pools: Pools) -> None:
    test, production = pools

    assert (test.name, test.part) == ("acme", "test")
    assert (production.name, production.part) == ("acme production", "production")
    with test.plain_session() as one, production.plain_session() as other:
        first, second = one.xenapi.VM.get_all_records(), other.xenapi.VM.get_all_records()
    assert not set(first) & set(second)
    assert {vm["uuid"] for vm in first.values()}.isdisjoint(vm["uuid"] for vm in second.values())
    assert "shop-web-1.stg" in {vm["name_label"] for vm in first.values()}
    assert {"mail", "website-db.prd"} <= {vm["name_label"] for vm in second.values()}


def test_a_session_of_one_pool_is_none_of_the_other(pools: Pools) -> None:
    test, production = pools
    with test.plain_session() as session:
        proxy = XenAPI.Session(production.url, ignore_ssl=True)
        answer = proxy.VM.get_all(session._session)
        proxy("close")()

        assert answer["ErrorDescription"] == ["SESSION_INVALID", session._session]


def test_what_one_pool_is_told_to_do_wrong_the_other_does_not(pools: Pools) -> None:
    test, production = pools
    test.control("fail", method="VM.get_all", nth=1, code="INTERNAL_ERROR", params=["x"])

    with production.plain_session() as session:
        assert session.xenapi.VM.get_all()
    with test.plain_session() as session:
        assert failure_of(session.xenapi.VM.get_all) == ["INTERNAL_ERROR", "x"]


def test_every_host_is_where_its_record_says(pools: Pools) -> None:
    for pool in pools:
        with pool.plain_session() as session:
            records = session.xenapi.host.get_all_records().values()
            addresses = {record["name_label"]: record["address"] for record in records}

        assert addresses == {host.name: host.address for host in pool.hosts}
        assert len(set(addresses.values())) == len(addresses)
        ports = {host.url.rpartition(":")[2] for host in pool.hosts}
        assert len(ports) == 1


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_supporter_names_the_coordinator_before_it_looks_at_the_password(pools: Pools, password: str) -> None:
    for pool in pools:
        coordinator, *supporters = pool.hosts
        for supporter in supporters:
            session = XenAPI.Session(supporter.url, ignore_ssl=True)
            given = pool.password if password == "right" else "wrong"

            assert failure_of(session.xenapi.login_with_password, "root", given) == [
                "HOST_IS_SLAVE",
                coordinator.address,
            ]
            session("close")()


def test_a_supporter_sends_a_session_of_the_pool_to_the_coordinator(pools: Pools) -> None:
    coordinator, supporter, *_ = pools[0].hosts
    with pools[0].plain_session() as session:
        proxy = XenAPI.Session(supporter.url, ignore_ssl=True)
        answer = proxy.VM.get_all(session._session)
        proxy("close")()

    assert answer["ErrorDescription"] == ["HOST_IS_SLAVE", coordinator.address]


def test_a_supporter_lists_the_methods_to_anybody(pools: Pools) -> None:
    proxy = XenAPI.Session(pools[0].hosts[1].url, ignore_ssl=True)

    assert "VM.start" in proxy.system.listMethods()
    proxy("close")()


def test_a_session_with_one_host_is_good_for_nothing_else(pools: Pools) -> None:
    coordinator, supporter, *_ = pools[0].hosts
    for host, refusal in ((coordinator, "SESSION_INVALID"), (supporter, "HOST_IS_SLAVE")):
        proxy = XenAPI.Session(host.url, ignore_ssl=True)
        session = proxy.session.slave_local_login_with_password("root", pools[0].password)["Value"]

        assert proxy.VM.get_all(session)["ErrorDescription"][0] == refusal
        assert proxy.session.local_logout(session)["Status"] == "Success"
        proxy("close")()


def test_a_subject_has_no_session_with_a_host(pools: Pools) -> None:
    proxy = XenAPI.Session(pools[0].url, ignore_ssl=True)

    answer = proxy.session.slave_local_login_with_password("adam", pools[0].passwords["adam"])

    assert answer["ErrorDescription"][0] == "SESSION_AUTHENTICATION_FAILED"
    proxy("close")()


def test_the_control_endpoint_is_at_every_host_and_at_a_desk(pools: Pools) -> None:
    for url in (pools[0].control_url, f"{pools[0].hosts[2].url}/simpool/control"):
        with urllib.request.urlopen(urllib.request.Request(url, b'{"do": "log"}'), timeout=30) as answer:
            assert answer.status == 200


def test_the_desk_knows_the_pools_it_has(pools: Pools) -> None:
    url = pools[0].control_url.replace("/test", "/nowhere")

    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(urllib.request.Request(url, b'{"do": "log"}'), timeout=30)


def test_an_older_release_lacks_what_came_later(pools: Pools) -> None:
    test, production = pools
    with test.plain_session() as newer, production.plain_session() as older:
        for session, has in ((newer, True), (older, False)):
            vm = next(iter(session.xenapi.VM.get_all_records().values()))
            host = next(iter(session.xenapi.host.get_all_records().values()))
            assert ("groups" in vm, "https_only" in host) == (has, has)
            assert host["software_version"]["product_version"] == ("8.3.0" if has else "8.2.1")
            assert ("VM_group.get_all_records" in session.system.listMethods()) is has
        assert older.xenapi.host.get_API_version_minor(older.xenapi.host.get_all()[0]) == "16"
        assert failure_of(older.xenapi.VM.get_groups, older.xenapi.VM.get_all()[0])[0] == "MESSAGE_METHOD_UNKNOWN"
        assert failure_of(older.xenapi.VM_group.get_all)[0] == "MESSAGE_METHOD_UNKNOWN"


def test_an_older_release_does_all_that_it_always_did(pools: Pools) -> None:
    with pools[1].plain_session() as session:
        template = session.xenapi.VM.get_by_name_label("Debian 12 production")[0]
        vm = session.xenapi.VM.clone(template, "older")
        session.xenapi.VM.set_is_a_template(vm, False)
        session.xenapi.VM.start(vm, False, False)
        until(session, lambda: "suspend" in session.xenapi.VM.get_allowed_operations(vm))
        snapshot = session.xenapi.VM.snapshot(vm, "before")
        checkpoint = session.xenapi.VM.checkpoint(vm, "with memory")
        other = next(host for host in session.xenapi.host.get_all() if host != session.xenapi.VM.get_resident_on(vm))
        session.xenapi.VM.pool_migrate(vm, other, {})
        session.xenapi.VM.suspend(vm)
        session.xenapi.VM.resume(vm, False, False)
        session.xenapi.VM.hard_shutdown(vm)
        session.xenapi.VM.revert(snapshot)
        assert session.xenapi.VM.get_power_state(vm) == "Halted"
        for one in (checkpoint, snapshot, vm):
            session.xenapi.VM.destroy(one)


@pytest.mark.parametrize("text", ["9.9", "nowhere=8.2", "production=", "=8.2x"])
def test_a_release_or_a_pool_that_there_is_not_is_wrong_usage(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError), embedded_pool("--version", text):
        pass

    assert "--version" in capfd.readouterr().err


def test_hosts_with_tls_have_certificates_of_their_own() -> None:
    with embedded_pools("--tls", "--hosts", "2") as pools:
        prints = {host.fingerprint for pool in pools for host in pool.hosts}

    assert len(prints) == 4
    assert all(prints)


def test_a_pool_says_of_its_certificates_what_its_hosts_show() -> None:
    with embedded_pool("--tls") as served, served.plain_session() as session:
        records = session.xenapi.Certificate.get_all_records().values()
        addresses = {ref: one["address"] for ref, one in session.xenapi.host.get_all_records().items()}

    told = {addresses[one["host"]]: one["fingerprint_sha256"] for one in records if one["type"] == "host"}
    assert told == {host.address: host.fingerprint for host in served.hosts}


def test_an_older_release_shows_certificates_all_the_same() -> None:
    with embedded_pool("--tls", "--version", "8.2") as served:
        assert all(host.fingerprint for host in served.hosts)


def test_pools_are_the_same_again_from_their_file(tmp_path: Any) -> None:
    arguments = ("--state", str(tmp_path / "pools.db"), "--version", "test=8.2")
    with embedded_pools(*arguments) as first:
        first[0].stop()
    with embedded_pools("--state", arguments[1]) as second, second[0].plain_session() as session:
        vm = next(iter(session.xenapi.VM.get_all_records().values()))

    assert [(pool.part, pool.name, pool.passwords) for pool in first] == [
        (pool.part, pool.name, pool.passwords) for pool in second
    ]
    assert "groups" not in vm


async def nothing(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response()


async def test_a_machine_with_one_address_serves_the_coordinators(capfd: pytest.CaptureFixture[str]) -> None:
    pools = [
        [Station(f"{pool}{host}", address, nothing, None) for host, address in enumerate(addresses)]
        for pool, addresses in enumerate((("127.0.0.1", "192.0.2.1"), ("192.0.2.2", "192.0.2.3")))
    ]

    await hosting.listen_all(pools, 0)

    assert [[station.is_listening for station in stations] for stations in pools] == [[True, False], [True, False]]
    assert pools[1][0].address == "127.0.0.1"
    assert pools[0][0].port != pools[1][0].port
    assert capfd.readouterr().err.count("\n") == 1
    for stations in pools:
        for station in stations:
            await station.end()


async def test_a_port_that_somebody_has_at_a_hosts_address_is_not_taken() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        stations = [Station("1", "127.0.0.1", nothing, None), Station("2", "127.0.0.2", nothing, None)]

        with pytest.raises(OSError, match=str(port)) as caught:
            await hosting.listen_all([stations], port)

    assert caught.value.errno == errno.EADDRINUSE
    for station in stations:
        await station.end()
