"""Where a pool's hosts listen is kept over restarts: a coordinator that is gone by then keeps nobody out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pool

from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.inventory import Host
from xsconsole.errors import Unreachable


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20", "--hosts", "3", "--tls") as served:
        yield served


async def connect(console: Console, pool: EmbeddedPool, *, url: str) -> None:
    """Connect to an address, of which nobody accepted a certificate now."""
    await console.connect(Connection(url=url, user=pool.user), Secret(pool.password))


async def known(pool: EmbeddedPool, home: Path) -> None:
    """Connect once, with the certificate of the coordinator accepted, and go."""
    console = await Console.open(home, passphrase=given_passphrase)
    try:
        connection = Connection(url=pool.url, user=pool.user, fingerprint=pool.fingerprint)
        await console.connect(connection, Secret(pool.password))
    finally:
        await console.close()


async def test_a_pool_whose_coordinator_changed_between_two_starts_is_found_at_another_host(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    await known(pool, home)

    await asyncio.to_thread(pool.control, "fail_over")
    console = await Console.open(home, passphrase=given_passphrase)
    try:
        await connect(console, pool, url=pool.url)

        assert console.identity is not None
        assert console.inventory.count(Host) == 3
        assert [one.url for one in console.home.settings.pools] == [pool.url]
        kept = console.home.remembered_hosts(pool.url)
        assert kept is not None
        assert {host.address for host in pool.hosts} == set(kept.hosts)
    finally:
        await console.close()


async def test_where_no_host_answers_all_that_were_tried_are_named(pool: EmbeddedPool, tmp_path: Path) -> None:
    home = tmp_path / "home"
    await known(pool, home)

    pool.kill()
    console = await Console.open(home, passphrase=given_passphrase)
    try:
        with pytest.raises(Unreachable) as failed:
            await connect(console, pool, url=pool.url)
    finally:
        await console.close()

    assert all(host.address in failed.value.reason for host in pool.hosts)


async def test_a_host_of_another_pool_that_took_the_address_is_not_followed(pool: EmbeddedPool, tmp_path: Path) -> None:
    home = tmp_path / "home"
    await known(pool, home)
    port = pool.url.rpartition(":")[2]
    pool.kill()

    with embedded_pool("--scenario", "empty", "--seed", "5", "--hosts", "2", "--tls", "--port", port) as stranger:
        await asyncio.to_thread(stranger.control, "fail_over")
        console = await Console.open(home, passphrase=given_passphrase)
        try:
            with pytest.raises(Unreachable):
                await connect(console, pool, url=pool.url)
            served = await asyncio.to_thread(stranger.calls)
        finally:
            await console.close()

    assert [call for call in served if call["method"].startswith("session.")] == [], "it got no password"
