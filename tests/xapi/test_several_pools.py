"""Several pools at once: each gateway has its own session, feed, threads and mirror, and leaves nothing behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.xapi.conftest import Connect
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import Network
from xsconsole.engine.ports import Field

DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def other() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50", "--seed", "7") as served:
        yield served


def sockets() -> int:
    """Return how many sockets and pipes this process holds."""
    links = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return sum(link.startswith(("socket:", "pipe:")) for link in links)


def lives(process_id: int | None) -> bool:
    return process_id is None or Path(f"/proc/{process_id}").exists()


async def test_what_happens_on_one_pool_is_told_of_that_one_alone(
    pool: EmbeddedPool, other: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    _, here = await connect(pool)
    _, there = await connect(other)

    network = plain.network.create({"name_label": "of one pool", "other_config": {}})
    await here.until(lambda: here.inventory.get(Network, network))
    with other.plain_session() as session:
        elsewhere = session.xenapi.network.create({"name_label": "of the other", "other_config": {}})
        await there.until(lambda: there.inventory.get(Network, elsewhere))

    assert here.inventory.get(Network, elsewhere) is None
    assert there.inventory.get(Network, network) is None
    plain.network.destroy(network)


async def test_the_loss_of_one_pool_leaves_the_other_as_it_was(pool: EmbeddedPool, connect: Connect) -> None:
    gateway, here = await connect(pool)
    with embedded_pool("--scenario", "empty", "--seed", "9") as mortal:
        dying, there = await connect(mortal)

        mortal.kill()
        await there.until(lambda: there.states[-1] is LinkState.LOST)

        assert here.states == [LinkState.LIVE]
        assert await gateway.pool.keys(Field.POOL)
        await dying.close()


async def test_keys_of_two_pools_are_apart(pool: EmbeddedPool, other: EmbeddedPool, connect: Connect) -> None:
    one, _ = await connect(pool)
    two, _ = await connect(other)

    assert one.identity.pool != two.identity.pool
    assert await one.pool.add_key(Field.POOL, "xsconsole.apart", "x")
    assert "xsconsole.apart" not in await two.pool.keys(Field.POOL)
    await one.pool.remove_key(Field.POOL, "xsconsole.apart")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists what a process holds")
async def test_two_gateways_that_were_closed_leave_no_process_thread_or_socket(
    pool: EmbeddedPool, other: EmbeddedPool, connect: Connect
) -> None:
    before = sockets(), set(threading.enumerate())

    one, _ = await connect(pool)
    two, _ = await connect(other)
    children = [one.feed_process_id, two.feed_process_id]
    await one.pool.keys(Field.POOL)
    await two.pool.keys(Field.POOL)
    await one.close()
    await two.close()

    assert not any(lives(child) for child in children)
    own = [one for one in set(threading.enumerate()) - before[1] if not one.name.startswith("asyncio")]
    for thread in own:
        thread.join(DEADLINE_S)
    assert not [thread for thread in own if thread.is_alive()]
    assert sockets() == before[0]
