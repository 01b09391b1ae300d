"""The gateway on a pool whose coordinator really changes: dead, frozen, demoted, restarted, with and without losses."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.xapi.conftest import Connect, Watcher
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import RunId
from xsconsole.domain.inventory import RECORD_TYPES, VM, Network
from xsconsole.engine.ports import Field
from xsconsole.errors import ConnectionLost, SessionLost
from xsconsole.xapi.gateway import Gateway

RUN = RunId("a-run")


@pytest.fixture
def mortal() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50", "--hosts", "3") as served:
        yield served


@pytest.fixture
def secure() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50", "--hosts", "3", "--tls") as served:
        yield served


async def until_live_at(gateway: Gateway, watcher: Watcher, url: str) -> None:
    await watcher.until(lambda: watcher.states[-1] is LinkState.LIVE and gateway.url == url)


@pytest.mark.parametrize("old", ["dead", "frozen", "live"])
async def test_whatever_becomes_of_the_old_coordinator_the_new_one_is_followed(
    mortal: EmbeddedPool, connect: Connect, old: str
) -> None:
    gateway, watcher = await connect(mortal)
    before = gateway.identity

    await asyncio.to_thread(mortal.control, "fail_over", old=old)
    await until_live_at(gateway, watcher, mortal.hosts[1].url)

    assert await gateway.pool.keys(Field.POOL)
    assert gateway.identity.pool == before.pool
    assert gateway.identity.session != before.session
    assert LinkState.LOST in watcher.states, "it is not done silently"


async def test_what_the_new_coordinator_does_not_know_is_forgotten(mortal: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(mortal)
    with mortal.lasting_session() as session:
        vm = session.xenapi.VM.get_by_name_label("build-2")[0]
        mortal.control("stop_saving")
        session.xenapi.VM.destroy(vm)
        network = session.xenapi.network.create({"name_label": "lost", "other_config": {}})
    await watcher.until(lambda: watcher.inventory.get(Network, network) and not watcher.inventory.get(VM, vm))

    await asyncio.to_thread(mortal.control, "fail_over", lossy=True)
    await until_live_at(gateway, watcher, mortal.hosts[1].url)

    assert watcher.inventory.get(Network, network) is None
    assert watcher.inventory.get(VM, vm) is not None
    assert watcher.batches[-1].is_whole or any(batch.is_whole for batch in watcher.batches[1:])


async def test_the_mirror_goes_on_at_the_new_coordinator(mortal: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(mortal)
    await asyncio.to_thread(mortal.control, "fail_over", lossy=True)
    await until_live_at(gateway, watcher, mortal.hosts[1].url)

    with mortal.lasting_session(url=mortal.hosts[1].url) as session:
        network = session.xenapi.network.create({"name_label": "new", "other_config": {}})
        await watcher.until(lambda: watcher.inventory.get(Network, network))

    assert all(watcher.inventory.count(kind) for name, kind in RECORD_TYPES.items() if name in {"vm", "host", "pool"})


async def test_a_pool_without_a_coordinator_for_a_while_is_found_when_it_has_one(
    mortal: EmbeddedPool, connect: Connect
) -> None:
    gateway, watcher = await connect(mortal)

    failing_over = asyncio.create_task(asyncio.to_thread(mortal.control, "fail_over", takes_s=2.0))
    await watcher.until(lambda: watcher.states[-1] is LinkState.LOST)
    await failing_over
    await until_live_at(gateway, watcher, mortal.hosts[1].url)

    assert await gateway.pool.keys(Field.POOL)


async def test_a_toolstack_that_restarts_is_logged_in_to_once_again(mortal: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(mortal)
    before = gateway.identity.session
    await asyncio.to_thread(mortal.calls)

    await asyncio.to_thread(mortal.control, "restart", takes_s=1.0)
    await watcher.until(lambda: gateway.identity.session != before and watcher.states[-1] is LinkState.LIVE)

    served = await asyncio.to_thread(mortal.calls)
    let_in = [call for call in served if (call["method"], call["outcome"]) == ("session.login_with_password", "ok")]
    assert len(let_in) <= 1
    assert gateway.url == mortal.hosts[0].url


async def test_with_tls_the_pool_vouches_for_the_host_that_takes_over(secure: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(secure)

    await asyncio.to_thread(secure.control, "fail_over")
    await until_live_at(gateway, watcher, secure.hosts[1].url)

    assert {urlsplit(secure.hosts[0].url).netloc, urlsplit(secure.hosts[1].url).netloc} <= set(gateway.pins)


async def test_a_supporter_leads_to_the_coordinator(secure: EmbeddedPool, connect: Connect) -> None:
    supporter = secure.hosts[2]

    gateway, watcher = await connect(secure, url=supporter.url, fingerprint=supporter.fingerprint)

    assert gateway.url == secure.hosts[0].url
    assert watcher.inventory.total()


async def test_what_was_under_way_has_an_unknown_outcome(mortal: EmbeddedPool, connect: Connect) -> None:
    gateway, watcher = await connect(mortal)
    mortal.control("delay", method="VM.snapshot", seconds=30)
    vm = next(one for one in watcher.inventory.all(VM) if one.name_label == "jumpbox")
    running = asyncio.create_task(gateway.pool.snapshot(vm.uuid, "x", RUN, lambda _: None))
    await watcher.until(lambda: gateway._tasks._listeners)

    await asyncio.to_thread(mortal.control, "fail_over")

    with pytest.raises((ConnectionLost, SessionLost)):
        await running
    await until_live_at(gateway, watcher, mortal.hosts[1].url)
