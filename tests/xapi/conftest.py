"""Pools to connect to, and gateways that are closed at the end of their test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Protocol

import pytest
from embedded import EmbeddedPool, embedded_pool

from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.inventory import ChangeBatch, Inventory
from xsconsole.engine.ports import TransferPort
from xsconsole.xapi.gateway import Gateway

DEADLINE_S = 30.0


class Password:
    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value


class Watcher:
    """What a gateway tells, and a mirror made of it."""

    def __init__(self) -> None:
        self.inventory = Inventory()
        self.batches: list[ChangeBatch] = []
        self.links: list[LinkChanged] = []
        self._news = asyncio.Event()

    def hear(self, batch: ChangeBatch) -> None:
        self.inventory.apply(batch)
        self.batches.append(batch)
        self._news.set()

    def hear_link(self, change: LinkChanged) -> None:
        self.links.append(change)
        self._news.set()

    @property
    def states(self) -> list[LinkState]:
        return [link.state for link in self.links]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                self._news.clear()
                await self._news.wait()


class Connect(Protocol):
    async def __call__(
        self,
        pool: EmbeddedPool,
        *,
        user: str | None = None,
        url: str | None = None,
        fingerprint: str | None = None,
        pins: Mapping[str, str] | None = None,
    ) -> tuple[Gateway, Watcher]: ...


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
def fresh_pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
def plain(pool: EmbeddedPool) -> Iterator[Any]:
    """The API of the package as it is, over XML-RPC and without a line of ours."""
    pool.calls()
    with pool.plain_session() as session:
        yield session.xenapi
    pool.control("clear")


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with contextlib.AsyncExitStack() as stack:

        async def open_gateway(
            pool: EmbeddedPool,
            *,
            user: str | None = None,
            url: str | None = None,
            fingerprint: str | None = None,
            pins: Mapping[str, str] | None = None,
        ) -> tuple[Gateway, Watcher]:
            watcher, name = Watcher(), user or pool.user
            gateway = await Gateway.open(
                url or pool.url,
                name,
                Password(pool.passwords[name]),
                fingerprint or pool.fingerprint,
                watcher.hear,
                watcher.hear_link,
                pins=pins,
            )
            stack.push_async_callback(gateway.close)
            return gateway, watcher

        yield open_gateway


@pytest.fixture
async def port(pool: EmbeddedPool, connect: Connect) -> TransferPort:
    gateway, _ = await connect(pool)
    return gateway.transfers
