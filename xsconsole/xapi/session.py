"""Calls to the pool, for coroutines. What blocks, blocks here, on threads of its own."""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from xsconsole.domain.ids import Ref
from xsconsole.errors import ConnectionLost, SessionLost
from xsconsole.xapi import failures
from xsconsole.xapi.client import Session
from xsconsole.xapi.errors import RoadBroken
from xsconsole.xapi.login import LOG_OUT_TIMEOUT_S, Login, end
from xsconsole.xapi.transport import Road

T = TypeVar("T")

CALL_THREADS = 4


class Lane:
    """A few threads, each with a connection of its own."""

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"xapi-{name}")
        self._roads: dict[threading.Thread, tuple[Login, Road]] = {}
        self._is_closed = False

    async def run(self, login: Login, work: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._work, login, work)

    def _work(self, login: Login, work: Callable[[Session], T]) -> T:
        if self._is_closed:
            raise RoadBroken("the console has disconnected", was_sent=False)
        return work(Session(self._road(login), login.handle))

    def _road(self, login: Login) -> Road:
        thread = threading.current_thread()
        known, road = self._roads.get(thread, (None, None))
        if road is None or known is not login:
            if road is not None:
                road.close()
            road = Road(login.address)
            self._roads[thread] = (login, road)
        return road

    def abandon(self, login: Login) -> None:
        """Break what waits for an answer to a log-in that nobody uses any more."""
        for known, road in tuple(self._roads.values()):
            if known is login:
                road.abort()

    async def close(self) -> None:
        """Break what is still waiting for an answer, and end the threads."""
        self._is_closed = True
        self._executor.shutdown(wait=False)
        for _, road in self._roads.values():
            road.abort()
        threads = tuple(self._roads)
        await asyncio.get_running_loop().run_in_executor(None, _join, threads)
        for _, road in self._roads.values():
            road.close()


def _join(threads: tuple[threading.Thread, ...]) -> None:
    for thread in threads:
        thread.join(LOG_OUT_TIMEOUT_S)


class PoolSession:
    """The console's session on a pool, for coroutines. It outlives the log-ins that it is given."""

    def __init__(self, login: Login, *, on_lost: Callable[[], None], on_unreachable: Callable[[], None]) -> None:
        self._login = login
        self._on_lost = on_lost
        self._on_unreachable = on_unreachable
        self._is_closed = False
        self._calls = Lane("calls", CALL_THREADS)
        self._cancels = Lane("cancel", 1)

    @property
    def login(self) -> Login:
        return self._login

    @property
    def pool_name(self) -> str:
        return self._login.identity.pool_name

    def adopt(self, login: Login) -> None:
        """Go on with another log-in; what still waits for an answer of another host waits no more."""
        before, self._login = self._login, login
        if before.address != login.address:
            self._calls.abandon(before)
            self._cancels.abandon(before)

    def lost(self) -> SessionLost:
        """Note that the pool does not know this session any more, and return what that is to whoever waits."""
        self._on_lost()
        return SessionLost(pool=self.pool_name)

    async def call(self, method: str, *params: object) -> Any:
        """Call `method`, the session being its first parameter, and return its value as it stands on the wire.

        Raises:
            ConnectionLost: whether the call took effect is unknown when `was_sent`; it is never made again.
            SessionLost: the call had no effect.
            NotPermitted, PoolFailed: the pool said no.
        """
        return await self._run(self._calls, method, params)

    async def cancel(self, task: Ref) -> None:
        """Ask the pool to cancel a task, on a connection that no call occupies. It may go on all the same."""
        await self._run(self._cancels, "task.cancel", (task,))

    async def log_out(self, handle: Ref) -> None:
        """End another session of this pool, that was made for somebody else."""
        await self._run(self._calls, "session.logout", (), handle)

    async def _run(self, lane: Lane, method: str, params: tuple[object, ...], handle: Ref | None = None) -> Any:
        login = self._login
        if self._is_closed:
            raise ConnectionLost(pool=self.pool_name, cause="the console has disconnected", was_sent=False)
        try:
            return await lane.run(login, functools.partial(_call, method, params, handle))
        except failures.BELOW as failure:
            error = failures.failed(failure, method=method, pool=self.pool_name)
            if isinstance(error, SessionLost) and login is self._login:
                self._on_lost()
            elif isinstance(error, ConnectionLost) and not error.was_sent:
                self._on_unreachable()
            raise error from failure

    async def close(self) -> None:
        """Log out and end the threads; a pool that is away is not waited for."""
        login, self._is_closed = self._login, True
        with contextlib.suppress(*failures.BELOW, TimeoutError):
            async with asyncio.timeout(LOG_OUT_TIMEOUT_S):
                await self._cancels.run(login, end)
        await self._calls.close()
        await self._cancels.close()


def _call(method: str, params: tuple[object, ...], handle: Ref | None, session: Session) -> Any:
    return (session if handle is None else session.of(handle)).xenapi_request(method, params)
