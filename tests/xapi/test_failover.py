"""What becomes of a gateway when another host becomes the coordinator, or is none of the pool any more."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from tests.xapi.hosts import Edit, Forwarder, Newcomer, forwarder, slave_of
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import VM
from xsconsole.engine.ports import Field
from xsconsole.errors import CertificateChanged, CertificateUnknown, LostMaster, SessionLost
from xsconsole.simpool import certificates
from xsconsole.xapi.search import OtherPool
from xsconsole.xapi.transport import plain_fingerprint

DEADLINE_S = 30.0
FIRST, SECOND = "127.0.0.1", "127.0.0.2"
LIVE_LOST_LIVE = [LinkState.LIVE, LinkState.LOST, LinkState.LIVE]


class Two:
    """Two hosts of one pool: the first is its coordinator until it is told otherwise."""

    def __init__(self, pool: EmbeddedPool, stack: ExitStack, *, is_secure: bool = False) -> None:
        self.pems = [certificates.make_certificate(address) if is_secure else None for address in (FIRST, SECOND)]
        self.first = stack.enter_context(forwarder(pool, address=FIRST, pem=self.pems[0]))
        port = urlsplit(self.first.url).port or 0
        self.second = stack.enter_context(
            forwarder(pool, address=SECOND, port=port, edit=slave_of(FIRST), pem=self.pems[1])
        )

    def fail_over(self) -> None:
        """Let the first host die and the second take its place."""
        self.second.edit = Newcomer(self.first)
        self.first.die()

    def swap(self) -> None:
        """Let the second host be the coordinator, and the first a supporter that names it."""
        self.second.edit = Newcomer(self.first)
        self.first.edit = slave_of(SECOND)

    @property
    def fingerprints(self) -> list[str]:
        return [certificates.fingerprint(pem) for pem in self.pems if pem is not None]


async def until_so(is_so: Callable[[], bool]) -> None:
    """Wait for what no gateway tells."""
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110 - it is no event
            await asyncio.sleep(0.01)


@pytest.fixture
def two(pool: EmbeddedPool) -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(pool, stack)


@pytest.fixture
def secure(pool: EmbeddedPool) -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(pool, stack, is_secure=True)


async def test_another_host_that_takes_over_is_found(pool: EmbeddedPool, two: Two, connect: Connect) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)
    before = gateway.identity

    two.fail_over()
    await watcher.until(lambda: watcher.states[:1] + watcher.states[-2:] == LIVE_LOST_LIVE)

    assert gateway.url == two.second.url
    assert (gateway.identity.pool, gateway.identity.actor) == (before.pool, before.actor)
    assert gateway.identity.session != before.session
    assert await gateway.pool.keys(Field.POOL)
    await gateway.close()


async def test_nothing_of_before_is_used_at_a_new_coordinator(pool: EmbeddedPool, two: Two, connect: Connect) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)
    old_session = gateway._session.login.handle

    two.fail_over()
    await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE and gateway.url == two.second.url)

    assert watcher.batches[-1].is_whole
    assert two.second.calls("event.from")[0][2] == "", "its token would be of another's counting"
    assert old_session not in b"".join(two.second.bodies).decode()
    await gateway.close()


@pytest.mark.parametrize("who", ["feed", "call"])
async def test_a_coordinator_that_became_a_supporter_leads_to_the_new_one(
    pool: EmbeddedPool, plain: Any, two: Two, connect: Connect, who: str
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)

    two.swap()
    if who == "call":
        with pytest.raises(SessionLost):
            await gateway.pool.keys(Field.POOL)
    else:
        plain.VM.set_name_description(plain.VM.get_by_name_label("jumpbox")[0], "so that the feed gets an answer")
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)

    assert gateway.url == two.second.url
    assert isinstance(watcher.links[1].error, SessionLost)
    assert len(two.second.calls("session.login_with_password")) == 1
    await gateway.close()


async def test_a_call_that_met_a_change_of_coordinator_is_made_once(
    pool: EmbeddedPool, two: Two, connect: Connect
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)
    two.swap()

    with pytest.raises(SessionLost):
        await gateway.pool.add_key(Field.POOL, "xsconsole.once", "x")
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)

    assert two.second.calls("pool.add_to_other_config") == []
    await gateway.close()


async def test_a_coordinator_that_comes_back_while_it_is_looked_for_elsewhere_is_live(
    pool: EmbeddedPool, two: Two, connect: Connect
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)
    may_answer = threading.Event()

    def answer_late(request: bytes, answer: bytes) -> bytes:
        may_answer.wait(DEADLINE_S)
        return slave_of(FIRST)(request, answer)

    two.second.edit = answer_late
    two.first.die()
    await until_so(lambda: bool(two.second.bodies))
    with forwarder(pool, address=FIRST, port=urlsplit(two.first.url).port or 0):
        await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE)
        told = list(watcher.states)
        may_answer.set()
        await until_so(lambda: gateway._search is None)

        assert await gateway.pool.keys(Field.POOL)
        assert watcher.states == told
        await gateway.close()


async def test_a_session_that_many_calls_find_ended_is_replaced_once(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    gateway, watcher = await connect(pool)
    pool.control("fail", method="pool.get_other_config", nth=0, code="SESSION_INVALID", params=["OpaqueRef:x"])
    pool.calls()

    found = await asyncio.gather(*(gateway.pool.keys(Field.POOL) for _ in range(12)), return_exceptions=True)
    pool.control("clear")
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)

    assert {type(one) for one in found} == {SessionLost}
    assert [call["method"] for call in pool.calls()].count("session.login_with_password") == 1


async def test_a_pool_whose_coordinator_is_away_says_where_it_was_looked_for(
    pool: EmbeddedPool, two: Two, connect: Connect
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)

    two.first.die()
    await watcher.until(lambda: isinstance(watcher.links[-1].error, LostMaster))

    error = watcher.links[-1].error
    assert isinstance(error, LostMaster)
    assert SECOND in error.tried
    await gateway.close()


def of_another_pool(request: bytes, answer: bytes) -> bytes:
    """Let the pool be another one."""
    if json.loads(request)["method"] != "pool.get_all_records":
        return answer
    reply = json.loads(answer)
    for record in reply["result"].values():
        record["uuid"] = "11111111-1111-1111-1111-111111111111"
    return json.dumps(reply).encode()


def with_wrong_password(request: bytes, answer: bytes) -> bytes:
    if json.loads(request)["method"] != "session.login_with_password":
        return answer
    error = {"code": 1, "message": "SESSION_AUTHENTICATION_FAILED", "data": ["root", "no"]}
    return json.dumps({"jsonrpc": "2.0", "error": error, "id": 1}).encode()


@pytest.mark.parametrize("edit", [of_another_pool, with_wrong_password])
async def test_a_host_that_left_the_pool_is_not_followed_and_asked_once(
    pool: EmbeddedPool, two: Two, connect: Connect, edit: Edit
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)

    two.second.edit = edit
    two.first.die()
    await watcher.until(lambda: isinstance(watcher.links[-1].error, LostMaster))
    async with asyncio.timeout(30):
        while len(two.second.bodies) < 2 or gateway._search is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    assert len(two.second.calls("session.login_with_password")) == 1
    assert two.second.calls("event.from") == []
    if edit is of_another_pool:
        assert two.second.methods[-1] == "session.logout"
    await gateway.close()


async def test_an_address_that_belongs_to_another_pool_now_is_said_to(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    with forwarder(pool, address="127.0.0.99", edit=without_hosts) as only:
        gateway, watcher = await connect(pool, url=only.url)
        only.edit = of_another_pool
        pool.control("fail", method="pool.get_other_config", code="SESSION_INVALID", params=["OpaqueRef:x"])

        with pytest.raises(SessionLost):
            await gateway.pool.keys(Field.POOL)
        await watcher.until(lambda: isinstance(watcher.links[-1].error, OtherPool))

        await gateway.close()


def without_hosts(request: bytes, answer: bytes) -> bytes:
    """Tell of no other host."""
    reply = json.loads(answer)
    if json.loads(request)["method"] == "event.from" and "result" in reply:
        reply["result"]["events"] = [one for one in reply["result"]["events"] if one["class"] != "host"]
    return json.dumps(reply).encode()


async def test_a_connection_that_breaks_is_resumed_without_loading_all_anew(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    gateway, watcher = await connect(pool)
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    pool.control("drop", method="event.from", when="before")

    plain.VM.set_name_description(machine, "changed while nobody listened")
    await watcher.until(lambda: watcher.states == LIVE_LOST_LIVE)
    await watcher.until(lambda: described(watcher.inventory.get(VM, machine)) == "changed while nobody listened")

    assert [batch.is_whole for batch in watcher.batches].count(True) == 1
    assert gateway.identity.session


async def test_a_road_that_stays_broken_for_a_while_is_no_reason_to_log_in_again(
    pool: EmbeddedPool, plain: Any, two: Two, connect: Connect
) -> None:
    gateway, watcher = await connect(pool, url=two.first.url)
    for number in range(1, 5):
        pool.control("drop", method="event.from", when="before", nth=number)

    plain.VM.set_name_description(plain.VM.get_by_name_label("jumpbox")[0], "so that the feed gets an answer")
    await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE and len(watcher.states) > 2)

    assert two.second.calls("session.login_with_password"), "the supporter was asked, and named the first"
    assert len(two.first.calls("session.login_with_password")) == 1
    assert [batch.is_whole for batch in watcher.batches].count(True) == 1
    await gateway.close()


def described(vm: VM | None) -> str:
    return "" if vm is None else vm.name_description


def vouching(two: Two, fingerprint: str) -> Edit:
    """Let the pool say which certificate its second host has."""

    def edit(request: bytes, answer: bytes) -> bytes:
        call, reply = json.loads(request), json.loads(answer)
        if call["method"] != "event.from" or call["params"][2] != "" or "host" not in call["params"][1]:
            return answer
        host = next(
            one["ref"]
            for one in reply["result"]["events"]
            if one["class"] == "host" and one["snapshot"]["address"] == SECOND
        )
        reply["result"]["events"] = [one for one in reply["result"]["events"] if one["class"] != "certificate"]
        snapshot = {"uuid": "c", "type": "host", "host": host, "fingerprint": "", "fingerprint_sha256": fingerprint}
        event = {"id": "1", "timestamp": "0.0", "class": "certificate", "operation": "add", "ref": "OpaqueRef:c"}
        reply["result"]["events"].append({**event, "snapshot": snapshot})
        return json.dumps(reply).encode()

    return edit


async def test_a_host_whose_certificate_the_pool_vouched_for_is_followed(
    pool: EmbeddedPool, secure: Two, connect: Connect
) -> None:
    secure.first.edit = vouching(secure, secure.fingerprints[1])
    gateway, watcher = await connect(pool, url=secure.first.url, fingerprint=secure.fingerprints[0])

    secure.fail_over()
    await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE and gateway.url == secure.second.url)

    assert set(gateway.pins) == {urlsplit(one.url).netloc for one in (secure.first, secure.second)}
    await gateway.close()


@pytest.mark.parametrize(
    ("vouched", "said"), [("AB" * 32, "another certificate"), ("", "nobody has accepted its certificate")]
)
async def test_a_host_with_a_certificate_that_nobody_vouched_for_gets_no_password(
    pool: EmbeddedPool, secure: Two, connect: Connect, vouched: str, said: str
) -> None:
    secure.first.edit = vouching(secure, vouched)
    gateway, watcher = await connect(pool, url=secure.first.url, fingerprint=secure.fingerprints[0])

    secure.fail_over()
    await watcher.until(lambda: isinstance(watcher.links[-1].error, LostMaster))

    assert said in str(watcher.links[-1].error)
    assert secure.second.bodies == []
    await gateway.close()


def as_supporter_that_vouches(host: Forwarder, fingerprint: str) -> None:
    host.headers["x-xenapi-response-host-certificate-thumbprint"] = fingerprint


async def test_a_supporter_vouches_for_its_coordinator(pool: EmbeddedPool, secure: Two, connect: Connect) -> None:
    as_supporter_that_vouches(secure.second, secure.fingerprints[0])

    gateway, watcher = await connect(pool, url=secure.second.url, fingerprint=secure.fingerprints[1])

    assert gateway.url == secure.first.url
    assert watcher.inventory.total()
    await gateway.close()


async def test_a_coordinator_that_its_supporter_does_not_vouch_for_is_shown_first(
    pool: EmbeddedPool, secure: Two, connect: Connect
) -> None:
    with pytest.raises(CertificateUnknown) as caught:
        await connect(pool, url=secure.second.url, fingerprint=secure.fingerprints[1])

    assert caught.value.url == secure.first.url
    assert secure.first.bodies == []


async def test_a_supporter_and_its_coordinator_are_accepted_one_after_the_other(
    pool: EmbeddedPool, secure: Two, connect: Connect
) -> None:
    url = secure.second.url
    with pytest.raises(CertificateUnknown) as caught:
        await connect(pool, url=url, fingerprint=secure.fingerprints[1])

    gateway, _ = await connect(pool, url=url, fingerprint=secure.fingerprints[0], pins=caught.value.trusted)

    assert gateway.url == secure.first.url
    assert plain_fingerprint(gateway.fingerprint or "") == plain_fingerprint(secure.fingerprints[1])
    await gateway.close()


async def test_a_certificate_that_was_expected_and_nobody_shows_is_an_alarm(
    pool: EmbeddedPool, secure: Two, connect: Connect
) -> None:
    pins = {urlsplit(secure.first.url).netloc: secure.fingerprints[0]}

    with pytest.raises(CertificateChanged) as caught:
        await connect(pool, url=secure.first.url, fingerprint="AB" * 32, pins=pins)

    assert caught.value.expected == "AB" * 32
    assert secure.first.methods[-1] == "session.logout"


async def test_pins_of_an_earlier_time_are_alarms_when_a_host_shows_another(
    pool: EmbeddedPool, secure: Two, connect: Connect
) -> None:
    first, second = (urlsplit(one.url).netloc for one in (secure.first, secure.second))
    pins = {first: secure.fingerprints[0], second: secure.fingerprints[1]}
    gateway, _ = await connect(pool, url=secure.second.url, pins=pins)
    await gateway.close()

    with pytest.raises(CertificateChanged):
        await connect(pool, url=secure.second.url, pins={**pins, first: "AB" * 32})
