"""The road to one pool, kept open: session, feed and tasks, and their mending."""

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.inventory import ChangeBatch
from xsconsole.engine.ports import Identity
from xsconsole.errors import (
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConnectionLost,
    ConsoleError,
    NotSupported,
    PoolUnavailable,
    SessionLost,
    WrongPassword,
)
from xsconsole.xapi.backoff import Backoff
from xsconsole.xapi.failures import UNKNOWN_CALL, not_supported, silent
from xsconsole.xapi.feed import Feed, Listener
from xsconsole.xapi.hosts import KnownHosts, Remembered
from xsconsole.xapi.log import XapiLog
from xsconsole.xapi.login import Credentials, Login, Password, log_out, vouched
from xsconsole.xapi.measurements import XapiMeasurements
from xsconsole.xapi.objects import XapiObjects
from xsconsole.xapi.pool import XapiPool
from xsconsole.xapi.search import OtherPool, Search, log_in_anywhere, logged_in
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.tasks import Tasks
from xsconsole.xapi.transfer import XapiTransfers
from xsconsole.xapi.transport import Address, parse_address
from xsconsole.xapi.trust import Trust

FIRST_INVENTORY_TIMEOUT_S = 180.0
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
STEADY_S = 30.0  # a road that was open for so long is mended at once when it breaks
FINAL = (WrongPassword, CertificateChanged, CertificateUnknown, OtherPool)
THREADS = 2  # ending a feed does not wait for a log-in that gets no answer

T = TypeVar("T")
Heard = Callable[[ChangeBatch], None]
LinkHeard = Callable[[LinkChanged], None]

log = logging.getLogger(__name__)


class Gateway:
    """An open road to a pool. Everything happens on the loop's thread but what blocks."""

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        trust: Trust,
        login: Login,
        on_batch: Heard,
        on_link: LinkHeard,
        feed_command: Sequence[str] | None,
        executor: ThreadPoolExecutor,
        remembered: Remembered | None,
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._trust = trust
        self._hosts = KnownHosts(trust, remembered)
        self._strangers: set[str] = set()  # hosts that turned out not to be of this pool
        self._on_batch = on_batch
        self._on_link = on_link
        self._feed_command = feed_command
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._is_live = asyncio.Event()
        self._session = PoolSession(login, on_lost=self._lose_session, on_unreachable=self._is_live.clear)
        self._tasks = Tasks(self._session, until_available=self.until_available)
        self.transfers = XapiTransfers(self._session, self._tasks, self._hosts, trust)
        self.pool = XapiPool(self._session, self._tasks, self.transfers, until_available=self.until_available)
        self.objects = XapiObjects(self._session, self._tasks, self.pool, self.transfers)
        self.measurements = XapiMeasurements(self._session, trust)
        self.log = XapiLog(self._session, trust, executor)
        self._feed: Feed | None = None
        self._state = LinkState.CONNECTING
        self._error: ConsoleError | None = None
        self.as_of: datetime | None = None  # when the pool was heard last, also that nothing has changed
        self._has_given_up = False
        self._is_beside = False  # what the last search failed with is about hosts beside the one that is tried on
        self._has_changed = asyncio.Event()
        self._needs_mending = asyncio.Event()
        self._has_session = self._has_feed = True
        self._live_since_s = 0.0
        self._search: Search | None = None
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        user: str,
        password: Password,
        fingerprint: str | None,
        on_batch: Heard,
        on_link: LinkHeard,
        feed_command: Sequence[str] | None = None,
        *,
        pins: Mapping[str, str] | None = None,
        remembered: Remembered | None = None,
    ) -> "Gateway":
        """Log in, start the feed, and return once `on_batch` has had everything there is.

        Both callbacks are called on the loop's thread. `feed_command` starts the feed's child process where a frozen
        program has no `python -m`. `fingerprint` was accepted by a person, now or at the first time; `pins` are the
        certificates of the pool's hosts that are known from an earlier time, by the hosts' addresses. `remembered` is
        where else the pool may answer.

        Raises:
            ConnectFailed: with the reason; nothing is left open.
        """
        executor = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")
        credentials, trust = Credentials(user=user, password=password), Trust(accepted=fingerprint, pins=pins)
        try:
            login = await logged_in(executor, functools.partial(log_in_anywhere, url, credentials, trust, remembered))
        except BaseException:
            executor.shutdown(wait=False)
            raise
        gateway = cls(
            url=url,
            credentials=credentials,
            trust=trust,
            login=login,
            on_batch=on_batch,
            on_link=on_link,
            feed_command=feed_command,
            executor=executor,
            remembered=remembered,
        )
        try:
            await gateway._begin()
        except BaseException:
            await asyncio.shield(gateway.close())
            raise
        return gateway

    @property
    def identity(self) -> Identity:
        return self._session.login.identity

    @property
    def rights(self) -> frozenset[str]:
        """XAPI's permissions of this log-in, such as `vm.snapshot`; empty for a local superuser, who has all."""
        return self._session.login.rights

    @property
    def fingerprint(self) -> str | None:
        """The pinned certificate of the host that was named; None without TLS."""
        return self.pins.get(parse_address(self._url).place)

    @property
    def pins(self) -> Mapping[str, str]:
        """The certificates of the pool's hosts as far as they are known, to be kept for the next time."""
        return self._trust.pins

    @property
    def hosts(self) -> Remembered:
        """Where the pool's hosts listen, to be kept for the next time."""
        return Remembered(pool=self.identity.pool, hosts=self._hosts.certified)

    @property
    def url(self) -> str:
        """Where the pool is spoken to now: at its coordinator."""
        return self._session.login.address.url

    @property
    def feed_process_id(self) -> int | None:
        return None if self._feed is None else self._feed.process_id

    async def until_available(self, timeout_s: float) -> None:
        """Wait for the road to be open.

        Raises:
            PoolUnavailable: it stayed closed.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_live.wait()
        except TimeoutError as failure:
            if isinstance(self._error, PoolUnavailable):
                raise self._error from failure
            raise self._lost("the road to the pool is closed") from failure

    async def vouched(self, user: str, password: Password) -> Identity:
        """Log somebody in anew, say who that is, and log them out again; raises `ConnectFailed`."""
        credentials = Credentials(user=user, password=password)
        return await self._blocking(functools.partial(vouched, self.url, credentials, self._trust))

    async def close(self) -> None:
        """End the feed and log out. A pool that is away is not waited for. Twice is harmless."""
        if self._state is LinkState.CLOSED:
            return
        self._state = LinkState.CLOSED
        self._is_live.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            if self._search is not None:
                self._search.abort()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._feed is not None:
            await self._blocking(self._feed.stop)
        await self._session.close()
        self.measurements.close()
        self._executor.shutdown(wait=False)
        self._on_link(LinkChanged(state=LinkState.CLOSED, as_of=self.as_of))

    async def _begin(self) -> None:
        try:
            await self._start_feed()
        except ConnectionLost as failure:
            raise ConnectFailed(url=self._url, reason=f"No connection: {failure.cause}.") from failure
        self._keeper = asyncio.create_task(self._keep(), name="gateway")
        self._keeper.add_done_callback(self._keeper_ended)
        try:
            async with asyncio.timeout(FIRST_INVENTORY_TIMEOUT_S):
                await self._has_changed.wait()
        except TimeoutError:
            self._error = self._lost("no answer in time")
        if isinstance(self._error, NotSupported):
            raise ConnectFailed(url=self._url, reason=self._error.reason, mend=self._error.mend) from self._error
        if not self._is_live.is_set():
            cause = getattr(self._error, "cause", "the session has ended")
            raise silent(self._url, cause) from self._error

    async def _start_feed(self) -> None:
        listener = Listener(
            heard=self._hear,
            is_alive=self._note_time,
            is_lost=self._lose_road,
            has_resumed=self._resume,
            must_log_in=self._lose_login,
            has_died=self._lose_feed,
        )
        feed = Feed(self._session.login, listener, loop=self._loop, command=self._feed_command)
        self._feed, self._has_feed = feed, True
        try:
            await self._blocking(feed.start)
        except OSError as failure:
            raise self._lost(f"the process that follows the pool cannot be started: {failure}") from failure

    async def _keep(self) -> None:
        """Mend what breaks and cannot mend itself, until the gateway is closed."""
        backoff = Backoff(first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)
        while True:
            await self._needs_mending.wait()
            self._needs_mending.clear()
            if self._loop.time() - self._live_since_s >= STEADY_S:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())
            try:
                await self._mend()
            except ConsoleError as failure:
                if self._is_mended() and self._has_session:
                    continue  # it came back while it was looked for elsewhere
                is_final = isinstance(failure, FINAL) and not self._is_beside
                self._report_lost(failure, is_final=is_final)
                if is_final:
                    # Trying again would lock the user out, or talk to a stranger; but the feed may come back by itself.
                    await self._is_live.wait()
                else:
                    self._needs_mending.set()

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Report a bug of the keeper: without it nothing would be mended any more, silently."""
        if not keeper.cancelled() and keeper.exception() is not None:
            self._report_lost(self._lost("the keeper of the road failed"))
            self._loop.call_exception_handler(
                {"message": "the gateway's keeper failed", "exception": keeper.exception(), "task": keeper}
            )

    async def _mend(self) -> None:
        """Log in where the session has ended, look elsewhere where the coordinator is away, and start a new feed."""
        present = self._session.login.address
        if not self._has_session:
            self._adopt(await self._found(present, self._others(present), is_watched=False))
        elif self._has_feed:
            others = self._others(present)
            if self._is_mended() or not others:
                return  # the feed goes on trying where it was
            login = await self._found(present, others, is_watched=True)
            if self._is_mended():  # it came back meanwhile
                await self._blocking(functools.partial(log_out, login))
                return
            self._adopt(login)
        if self._feed is not None:
            await self._blocking(self._feed.stop)
        await self._start_feed()

    def _is_mended(self) -> bool:
        return self._state is LinkState.LIVE

    def _others(self, present: Address) -> tuple[Address, ...]:
        everywhere = self._hosts.beside(present, parse_address(self._url))
        return tuple(address for address in everywhere if address.host not in self._strangers)

    async def _found(self, likely: Address, others: tuple[Address, ...], *, is_watched: bool) -> Login:
        self._search = Search(
            pool=self.identity.pool,
            pool_name=self.identity.pool_name,
            credentials=self._credentials,
            trust=self._trust,
            strangers=self._strangers,
        )
        try:
            return await logged_in(
                self._executor, functools.partial(self._search.run, likely, others, is_watched=is_watched)
            )
        finally:
            self._is_beside, self._search = self._search.is_beside, None

    def _adopt(self, login: Login) -> None:
        if login.address.host != self._session.login.address.host:
            log.warning("the pool's coordinator is now %s", login.address.url)
        self._session.adopt(login)
        self._has_session = True

    def _hear(self, batch: ChangeBatch) -> None:
        self._note_time()
        self._hosts.hear(batch)
        self._tasks.heard(batch)
        self._on_batch(batch)
        if batch.is_whole:
            self._strangers.clear()
            self._resume()

    def _resume(self) -> None:
        """The mirror is as the pool is."""
        self._error, self._has_given_up = None, False
        self._is_live.set()
        self._live_since_s = self._loop.time()
        self._report(LinkState.LIVE)

    def _note_time(self) -> None:
        self.as_of = datetime.now(UTC)
        if self._state is LinkState.LIVE:
            self._is_live.set()  # a call that reached nobody had cleared it

    def _lose_road(self, cause: str) -> None:
        self._report_lost(self._lost(cause))
        self._needs_mending.set()

    def _lose_login(self, cause: str) -> None:
        if cause in UNKNOWN_CALL:
            self._report_lost(not_supported("event.from"))  # which no log-in can mend
            return
        log.info("the session on %s has ended: %s", self._url, cause)
        self._lose_session()

    def _lose_session(self) -> None:
        """Log in again. The feed says so, or a call that was refused."""
        if self._has_session:
            self._has_session = False
            self._report_lost(SessionLost(pool=self.identity.pool_name))
            self._needs_mending.set()

    def _lose_feed(self) -> None:
        self._has_feed = False
        self._report_lost(self._lost("the process that follows the pool ended"))
        self._needs_mending.set()

    def _lost(self, cause: str) -> ConnectionLost:
        return ConnectionLost(pool=self.identity.pool_name, cause=cause, was_sent=False, is_for_good=self._has_given_up)

    def _report_lost(self, error: ConsoleError, *, is_final: bool = False) -> None:
        if isinstance(self._error, FINAL) and (self._has_given_up or not is_final):
            return  # what a person has to look at stands, whatever else is lost then
        is_known = self._state is LinkState.LOST and str(self._error) == str(error) and not is_final
        self._error, self._has_given_up = error, is_final
        self._is_live.clear()
        if not is_known:
            self._report(LinkState.LOST)

    def _report(self, state: LinkState) -> None:
        if self._state is LinkState.CLOSED:
            return
        self._state = state
        self._has_changed.set()
        has_given_up = state is LinkState.LOST and self._has_given_up
        self._on_link(LinkChanged(state=state, as_of=self.as_of, error=self._error, has_given_up=has_given_up))

    async def _blocking(self, work: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._executor, work)
