import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool

from tests.xapi.conftest import Connect, Password, Watcher
from tests.xapi.hosts import forwarder
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import VM
from xsconsole.engine.ports import Field
from xsconsole.errors import (
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConnectionLost,
    PoolUnavailable,
    SessionLost,
    WrongPassword,
)
from xsconsole.xapi.gateway import Gateway

LIVE_LOST_LIVE = [LinkState.LIVE, LinkState.LOST, LinkState.LIVE]


async def refused(
    url: str, user: str = "root", password: str = "wrong", fingerprint: str | None = None
) -> ConnectFailed:
    watcher = Watcher()
    with pytest.raises(ConnectFailed) as caught:
        await Gateway.open(url, user, Password(password), fingerprint, watcher.hear, watcher.hear_link)
    return caught.value


async def test_what_is_open_holds_the_whole_inventory(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    gateway, watcher = await connect(pool)

    assert watcher.states == [LinkState.LIVE]
    assert watcher.batches[0].is_whole
    assert {vm.ref for vm in watcher.inventory.all(VM)} == set(plain.VM.get_all())
    assert watcher.inventory.pool is not None
    assert gateway.identity.pool == watcher.inventory.pool.uuid


async def test_everybody_is_known_by_name_and_role(pool: EmbeddedPool, connect: Connect) -> None:
    known, sids = {}, {}
    for user in pool.roles:
        gateway, _ = await connect(pool, user=user)
        known[gateway.identity.actor] = gateway.identity.role
        sids[gateway.identity.actor] = gateway.identity.sid

    assert known == dict(pool.roles)
    assert sids.pop("root") == ""
    assert len(set(sids.values())) == len(sids)
    again = await gateway.vouched("ACME.EXAMPLE\\Alice", Password(pool.passwords["alice"]))
    assert (again.actor, again.sid) == ("alice", sids["alice"]), "by another spelling too"


async def test_two_log_ins_of_one_user_are_told_apart_by_a_digest(pool: EmbeddedPool, connect: Connect) -> None:
    one, _ = await connect(pool)
    other, _ = await connect(pool)

    assert one.identity.session != other.identity.session
    assert "OpaqueRef" not in one.identity.session
    assert len(one.identity.session) == 64


async def test_closing_logs_out(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    gateway, watcher = await connect(pool)
    pool.calls()

    await gateway.close()

    assert "session.logout" in [call["method"] for call in pool.calls()]
    assert watcher.states == [LinkState.LIVE, LinkState.CLOSED]
    with pytest.raises(ConnectionLost):
        await gateway.pool.keys(Field.POOL)


async def test_the_log_in_says_who_calls(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    pool.calls()

    await connect(pool)

    assert [call["params"] for call in pool.calls() if call["method"] == "session.login_with_password"] == [["root"]]


async def test_a_wrong_password_is_said_to_be_one(pool: EmbeddedPool) -> None:
    error = await refused(pool.url)

    assert isinstance(error, WrongPassword)
    assert "root" in error.reason


@pytest.mark.parametrize(
    ("code", "params", "reason"),
    [
        ("SESSION_AUTHORIZATION_FAILED", ["root", "no role"], "has no role on this pool"),
        ("HOST_STILL_BOOTING", [], "is still starting"),
        ("INTERNAL_ERROR", ["Not_found"], "refused the log-in: INTERNAL_ERROR, Not_found"),
    ],
)
async def test_why_the_pool_lets_nobody_in_is_said(
    pool: EmbeddedPool, plain: Any, code: str, params: list[str], reason: str
) -> None:
    pool.control("fail", method="session.login_with_password", code=code, params=params)

    error = await refused(pool.url)

    assert reason in error.reason


async def test_a_log_in_that_breaks_half_way_leaves_no_session(pool: EmbeddedPool, plain: Any) -> None:
    pool.control("fail", method="pool.get_all_records", code="INTERNAL_ERROR", params=["x"])
    pool.calls()

    error = await refused(pool.url, password=pool.password)

    assert "INTERNAL_ERROR" in error.reason
    assert pool.calls()[-1]["method"] == "session.logout"


async def test_an_address_where_nobody_listens_is_said_to_be_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await refused(f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert "cannot be reached: connection refused" in error.reason


async def test_a_name_that_nobody_knows_is_said_to_be_unknown() -> None:
    error = await refused("http://no-such-host.invalid")

    assert "cannot be reached" in error.reason


async def test_what_is_no_address_is_said_to_be_none() -> None:
    error = await refused("ftp://somewhere")

    assert "is not the address of a host" in error.reason


async def test_a_host_that_is_no_xapi_is_said_to_be_none(pool: EmbeddedPool) -> None:
    with forwarder(pool, refused_paths=("/jsonrpc", "/RPC2")) as host:
        error = await refused(host.url)

    assert "not as a XenServer or XCP-ng host does" in error.reason


async def test_https_where_no_tls_is_spoken_is_one_sentence_with_its_mend(pool: EmbeddedPool) -> None:
    url = pool.url.replace("http://", "https://")

    errors = [await refused(url), await refused(url, fingerprint="ab" * 32)]

    for error in errors:
        assert type(error) is ConnectFailed
        assert error.reason == f"What answers at {url} does not speak TLS."
        assert "443" in error.mend
        assert pool.url in error.mend


async def test_http_where_tls_is_spoken_is_told_to_be_https(secure_pool: EmbeddedPool) -> None:
    error = await refused(secure_pool.url.replace("https://", "http://"))

    assert "write https://" in error.mend


@pytest.fixture(scope="module")
def secure_pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--tls", "--speed", "50") as served:
        yield served


async def test_an_unknown_certificate_is_shown_before_any_password_is_sent() -> None:
    with embedded_pool("--tls", "--scenario", "empty") as served:  # its own: nobody else's call counts here
        error = await refused(served.url, password=served.password)

        assert isinstance(error, CertificateUnknown)
        assert error.fingerprint.replace(":", "").lower() == (served.fingerprint or "").replace(":", "").lower()
        assert served.calls() == []


async def test_another_certificate_than_the_accepted_one_is_an_alarm(secure_pool: EmbeddedPool) -> None:
    error = await refused(secure_pool.url, password=secure_pool.password, fingerprint="AB" * 32)

    assert isinstance(error, CertificateChanged)
    assert error.expected == "AB" * 32


async def test_a_certificate_that_changes_under_way_is_an_alarm_and_not_followed(connect: Connect) -> None:
    with embedded_pool("--tls", "--scenario", "empty") as first:
        gateway, watcher = await connect(first)
        first.kill()

    with embedded_pool("--tls", "--scenario", "empty", "--port", str(urlsplit(first.url).port)) as second:
        await watcher.until(lambda: isinstance(watcher.links[-1].error, CertificateChanged))

        assert [link.has_given_up for link in watcher.links if link.state is LinkState.LOST][-1]
        assert second.calls() == []
        await gateway.close()


async def test_a_coordinator_beside_strange_hosts_is_tried_on_and_mended_again(
    connect: Connect,
) -> None:
    with embedded_pool("--tls", "--scenario", "empty", "--hosts", "2", "--version", "8.2") as served:
        gateway, watcher = await connect(served)
        served.control("host", host=served.hosts[0].name, mode="dead")
        await watcher.until(lambda: isinstance(watcher.links[-1].error, CertificateUnknown))
        assert not watcher.links[-1].has_given_up, "the feed goes on trying where it was"
        served.control("host", host=served.hosts[0].name, mode="live")
        await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE)

        served.control("restart")  # which ends the session
        await watcher.until(lambda: isinstance(watcher.links[-1].error, SessionLost))
        await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE)

        await gateway.close()


async def test_an_accepted_certificate_opens_the_road(secure_pool: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(secure_pool)

    assert watcher.inventory.total()
    assert await gateway.pool.keys(Field.POOL)


async def test_a_host_without_json_gives_the_same_inventory(pool: EmbeddedPool, connect: Connect) -> None:
    with forwarder(pool, refused_paths=("/jsonrpc",)) as host:
        gateway, by_xml = await connect(pool, url=host.url)
        _, by_json = await connect(pool)

        assert {vm.ref: vm for vm in by_xml.inventory.all(VM)} == {vm.ref: vm for vm in by_json.inventory.all(VM)}
        assert await gateway.pool.keys(Field.POOL)
        await gateway.close()


def as_supporter(request: bytes, answer: bytes) -> bytes:
    """Answer every log-in as a host does that is not the coordinator: at 127.0.0.1, it says, is the one to ask."""
    if json.loads(request)["method"] != "session.login_with_password":
        return answer
    return b'{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_IS_SLAVE","data":["127.0.0.1"]},"id":1}'


async def test_a_supporter_leads_to_the_coordinator(pool: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(pool, url=pool.hosts[1].url)

    assert gateway.url == pool.url
    assert watcher.inventory.total()
    assert await gateway.pool.keys(Field.POOL)


async def test_hosts_that_all_send_on_are_no_pool_to_log_in_to(pool: EmbeddedPool) -> None:
    with forwarder(pool, edit=as_supporter) as supporter:
        error = await refused(supporter.url)

    assert "none says that it is the coordinator" in error.reason


async def test_a_feed_that_dies_is_started_anew(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    gateway, watcher = await connect(pool)
    assert gateway.feed_process_id is not None

    os.kill(gateway.feed_process_id, signal.SIGKILL)
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)

    plain.VM.set_name_description(plain.VM.get_by_name_label("jumpbox")[0], "after the death of a feed")
    await watcher.until(
        lambda: any(vm.name_description == "after the death of a feed" for vm in watcher.inventory.all(VM))
    )


async def test_a_call_that_finds_the_session_ended_has_it_replaced(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    gateway, watcher = await connect(pool)
    before = gateway.identity.session
    pool.control("fail", method="pool.get_other_config", code="SESSION_INVALID", params=["OpaqueRef:x"])

    with pytest.raises(SessionLost):
        await gateway.pool.keys(Field.POOL)
    assert watcher.states[-1] is LinkState.LOST
    await gateway.until_available(30.0)

    assert gateway.identity.session != before
    assert await gateway.pool.keys(Field.POOL)


async def test_a_session_that_the_pool_ended_is_replaced(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    gateway, watcher = await connect(pool)
    before = gateway.identity
    ended = XenAPI.Session(pool.url)
    ended._session = gateway._session.login.handle
    ended.last_login_method = "login_with_password"

    ended.xenapi.session.logout()
    ended("close")()
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)

    assert gateway.identity.session != before.session
    assert gateway.identity.pool == before.pool
    assert await gateway.pool.keys(Field.POOL)


async def test_a_pool_that_dies_and_comes_back_is_lost_and_then_live_again(connect: Connect) -> None:
    with embedded_pool("--speed", "50") as first:
        gateway, watcher = await connect(first)
        first.kill()

        with pytest.raises(PoolUnavailable):
            await gateway.pool.keys(Field.POOL)
        with pytest.raises(PoolUnavailable):
            await gateway.pool.keys(Field.POOL)
        with pytest.raises(PoolUnavailable):
            await gateway.until_available(0.01)
        await watcher.until(lambda: LinkState.LOST in watcher.states)
        assert watcher.inventory.total(), "the last known state stays"

    with embedded_pool("--speed", "50", "--port", str(urlsplit(first.url).port)):
        await gateway.until_available(30.0)

        assert watcher.states[-1] is LinkState.LIVE
        assert watcher.batches[-1].is_whole
        assert await gateway.pool.keys(Field.POOL)
        await gateway.close()


async def test_a_password_that_was_changed_meanwhile_is_not_tried_again(connect: Connect) -> None:
    with embedded_pool("--speed", "50") as first:
        gateway, watcher = await connect(first)
        first.kill()
    port = str(urlsplit(first.url).port)

    with embedded_pool("--speed", "50", "--seed", "2", "--port", port) as second:
        await watcher.until(lambda: isinstance(watcher.links[-1].error, WrongPassword))

        # Supporters name the coordinator before they look at a password.
        tries = [call for call in second.calls() if call["method"] == "session.login_with_password"]
        assert [call["outcome"] for call in tries if call["outcome"] != "HOST_IS_SLAVE"] == [
            "SESSION_AUTHENTICATION_FAILED"
        ]
        await gateway.close()


async def test_a_feed_that_cannot_be_started_is_said_and_leaves_no_session(pool: EmbeddedPool) -> None:
    watcher = Watcher()
    pool.calls()

    with pytest.raises(ConnectFailed, match="cannot be started"):
        await Gateway.open(
            pool.url, pool.user, Password(pool.password), None, watcher.hear, watcher.hear_link, ["/no/such/program"]
        )

    assert [call["method"] for call in pool.calls()][-1] == "session.logout"


async def test_whoever_stops_waiting_for_a_log_in_leaves_no_session(pool: EmbeddedPool, plain: Any) -> None:
    pool.control("delay", method="pool.get_all_records", seconds=3600)
    pool.calls()
    watcher = Watcher()
    opening = asyncio.create_task(
        Gateway.open(pool.url, pool.user, Password(pool.password), None, watcher.hear, watcher.hear_link)
    )
    methods: list[str] = []
    async with asyncio.timeout(60):
        while "session.login_with_password" not in methods:
            methods += [call["method"] for call in await asyncio.to_thread(pool.calls)]

        opening.cancel()
        await asyncio.sleep(0)
        await asyncio.to_thread(pool.control, "clear")
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        while "session.logout" not in methods:
            methods += [call["method"] for call in await asyncio.to_thread(pool.calls)]

    assert watcher.links == []


def test_the_loop_of_the_window_carries_a_gateway(pool: EmbeddedPool) -> None:
    program = Path(__file__).parent / "window_loop_program.py"

    ended = subprocess.run(
        [sys.executable, str(program), pool.url, pool.user], input=pool.password, text=True, timeout=60, check=False
    )

    assert ended.returncode == 0
