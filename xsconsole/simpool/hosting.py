"""The hosts of a process's pools, each at an address of its own: alive, frozen or dead."""

import asyncio
import errno
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

from aiohttp import web

from xsconsole.simpool.connections import Front

SHUTDOWN_S = 0.2
BACKLOG = 1024
HOST = "simpool.host"
"""Under this key a request says which host was asked."""

FIRST = "127.0.0.1"
"""The one address of loopback that every system has."""

_TRIES = 20
_TURNS_TO_LET_IN = 3

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Mode(StrEnum):
    """What becomes of a request to a host: an answer, silence, or no connection at all."""

    LIVE = "live"
    FROZEN = "frozen"
    DEAD = "dead"


class Station:
    """One host at its address. Requests to a frozen one wait until it thaws, and so do its answers."""

    def __init__(self, host: str, address: str, answer: Answer, context: ssl.SSLContext | None) -> None:
        self.host = host
        self.address = address
        self.port = 0
        """0 as long as it never listened."""
        self.mode = Mode.LIVE
        self._answer = answer
        self._context = context
        self._server = Front(self._serve, access_log=None)
        self._listener: asyncio.Server | None = None
        self._thawed = asyncio.Event()
        self._thawed.set()

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://{self.address}:{self.port}"

    @property
    def is_listening(self) -> bool:
        return self._listener is not None

    async def listen(self, port: int) -> None:
        """Answer at the address from now on.

        Raises:
            OSError: the address or the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, self.address, port, backlog=BACKLOG, ssl=self._context)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Take no connections any more."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        loop = asyncio.get_running_loop()
        # WORKAROUND asyncio forgets a connection, open, that it accepted in the turn in which its server is closed:
        # nobody would ever answer there. So no more are accepted first, and those are let in.
        for listening in listener.sockets:
            loop.remove_reader(listening.fileno())
        for _ in range(_TURNS_TO_LET_IN):
            await asyncio.sleep(0)
        listener.close()

    def cut(self) -> None:
        """Break all connections, as a host does that loses its power."""
        for connection in self._server.connections:
            transport = connection.transport
            if transport is not None:
                transport.abort()

    def freeze(self) -> None:
        self.mode = Mode.FROZEN
        self._thawed.clear()

    async def die(self) -> None:
        self.mode = Mode.DEAD
        await self.close()
        self.cut()
        self._thawed.set()

    async def live(self) -> None:
        """Be alive again, whatever was; raises as `listen` does."""
        was, self.mode = self.mode, Mode.LIVE
        self._thawed.set()
        if was is Mode.DEAD:
            await self.listen(self.port)

    async def end(self) -> None:
        await self.close()
        await self._server.shutdown(SHUTDOWN_S)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        await self._thawed.wait()
        if self.mode is Mode.DEAD:
            # It froze with this request and never came to it, or the request came when it was gone already.
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        request[HOST] = self.host
        try:
            response = await self._answer(request)
        except ConnectionResetError:
            # Whoever asked is gone, or this host is: no answer is heard any more.
            return web.Response()
        await self._thawed.wait()
        return response


async def listen_all(pools: Sequence[Sequence[Station]], port: int) -> None:
    """Let all hosts of all pools, coordinators first, listen at one port.

    Where this machine has but one address of loopback, only the coordinators listen, each at a port of its own.

    Raises:
        OSError: the port is taken.
    """
    first, *others = [station for stations in pools for station in stations]
    for _ in range(_TRIES):
        await first.listen(port)
        try:
            for station in others:
                await station.listen(first.port)
        except OSError as failure:
            if failure.errno == errno.EADDRNOTAVAIL:
                await _listen_alone(pools)
                return
            # Somebody has the port at one of the addresses: another one will do, unless this one was asked for.
            for station in (first, *others):
                await station.close()
            if port:
                raise
        else:
            return
    raise OSError(errno.EADDRINUSE, "no port is free at the addresses of all hosts")


async def _listen_alone(pools: Sequence[Sequence[Station]]) -> None:
    sys.stderr.write(
        f"xsconsole pool serve: this machine has no addresses of loopback but {FIRST}, so that only the coordinators "
        "answer.\n"
    )
    for number, stations in enumerate(pools):
        for station in stations[1:]:
            await station.close()
            station.port = 0
        if number:
            await stations[0].close()
            stations[0].address = FIRST
            await stations[0].listen(0)
