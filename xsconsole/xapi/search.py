"""Finding the coordinator of a pool that was lost: where it was, where a supporter points, and at every other host."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from xsconsole.domain.ids import Uuid
from xsconsole.errors import (
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConsoleError,
    LostMaster,
    Unreachable,
    WrongPassword,
)
from xsconsole.xapi.hosts import Remembered, vouch_for
from xsconsole.xapi.login import Credentials, Elsewhere, Login, attempt, log_in, log_out
from xsconsole.xapi.transport import Address, Road, parse_address
from xsconsole.xapi.trust import Trust

PROBES_AT_ONCE = 16
CONNECT_TIMEOUT_S = 4.0

log = logging.getLogger(__name__)


class OtherPool(ConnectFailed):
    """The address belongs to another pool than before."""


class Search:
    """One look for the coordinator. `run` blocks, and is called once; `abort` may come from another thread."""

    def __init__(
        self, *, pool: Uuid, pool_name: str, credentials: Credentials, trust: Trust, strangers: set[str]
    ) -> None:
        """Look for a pool. Hosts that turn out to belong elsewhere are added to `strangers`."""
        self._pool, self._pool_name = pool, pool_name
        self._credentials = credentials
        self._trust = trust
        self._strangers = strangers
        self._tried: dict[str, ConsoleError | None] = {}
        self._pointed_at: set[str] = set()
        self._roads: set[Road] = set()
        self._lock = threading.Lock()
        self._is_aborted = False
        self.is_beside = False

    def run(self, likely: Address, others: Iterable[Address], *, is_watched: bool) -> Login:
        """Return a log-in at the coordinator of this pool: `likely`, where a supporter points, or among `others`.

        Where the likely one `is_watched` by the feed, which resumes by itself, another one is looked for; it is asked
        itself only where nobody is left but hosts with certificates that are not those that were accepted. Where it
        stays silent, `is_beside` says that the failure is about them alone: the one that is known may come back.

        Only a coordinator looks at a password, so that many hosts can be asked at once without many log-ins.

        Raises:
            WrongPassword, CertificateChanged, CertificateUnknown, OtherPool: at the coordinator itself; do not repeat.
            LostMaster: no coordinator answers anywhere.
            ConnectFailed: it answers, and does not let us in.
        """
        if is_watched:
            self._tried[likely.host] = None
        elif likely.host not in self._strangers:
            self._pointed_at.add(likely.host)
            login = self._among((likely,))
            if login is not None:
                return login
            self._give_up_if_final()
        login = self._among(others)
        if login is not None:
            return login
        self._give_up_if_final()
        worst = self._worst()
        if is_watched and isinstance(worst, CertificateChanged | CertificateUnknown):
            # Before anybody is asked about hosts beside it: does the one that is known show what it did?
            self._tried.pop(likely.host)
            self._pointed_at.add(likely.host)
            login = self._among((likely,))
            if login is not None:
                return login
            self._give_up_if_final()
            self.is_beside = True
        raise worst

    def abort(self) -> None:
        """Break all that waits for an answer."""
        with self._lock:
            self._is_aborted = True
            for road in self._roads:
                road.abort()

    def _among(self, addresses: Iterable[Address]) -> Login | None:
        """Ask several hosts at once, and follow where they point."""
        executor = ThreadPoolExecutor(PROBES_AT_ONCE, thread_name_prefix="search")
        running: set[Future[Login | Elsewhere]] = set()
        where: dict[Future[Login | Elsewhere], Address] = {}

        def ask(address: Address) -> None:
            if address.host not in self._tried and not self._is_aborted:
                self._tried[address.host] = None
                future = executor.submit(self._attempt, address)
                where[future] = address
                running.add(future)

        for address in addresses:
            ask(address)
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    answer = self._answer(future, where[future])
                    if isinstance(answer, Login):
                        return answer
                    if answer is not None:
                        self._pointed_at.add(answer.address.host)
                        ask(answer.address)
            return None
        finally:
            for future in running:
                future.add_done_callback(_undo)
            executor.shutdown(wait=False, cancel_futures=True)

    def _attempt(self, address: Address) -> Login | Elsewhere:
        roads: list[Road] = []
        try:
            return attempt(
                address,
                self._credentials,
                self._trust,
                connect_timeout_s=CONNECT_TIMEOUT_S,
                on_road=lambda road: self._note(road, roads),
            )
        finally:
            with self._lock:
                self._roads.difference_update(roads)

    def _note(self, road: Road, roads: list[Road]) -> None:
        with self._lock:
            roads.append(road)
            self._roads.add(road)

    def _answer(self, future: "Future[Login | Elsewhere]", address: Address) -> Login | Elsewhere | None:
        try:
            answer = future.result()
        except ConsoleError as failure:
            self._tried[address.host] = failure
            if isinstance(failure, WrongPassword) and address.host not in self._pointed_at:
                self._strangers.add(address.host)  # asking again and again would lock the user out there
            return None
        if isinstance(answer, Login) and answer.identity.pool != self._pool:
            log.warning("%s belongs to another pool now", address.url)
            log_out(answer)
            self._strangers.add(address.host)
            self._tried[address.host] = OtherPool(
                url=address.url,
                reason=f"{address.url} belongs to another pool now.",
                mend="Disconnect, and connect to it as to a new pool.",
            )
            return None
        return answer

    def _give_up_if_final(self) -> None:
        """Raise what trying again cannot mend, where the pool is known to be; elsewhere it is a stranger's answer."""
        for host in self._pointed_at:
            failure = self._tried.get(host)
            if isinstance(failure, WrongPassword | CertificateChanged | CertificateUnknown):
                raise failure

    def _worst(self) -> ConsoleError:
        """Return what a person should know of all that failed."""
        failures = [failure for failure in self._tried.values() if failure is not None]
        unfit = [failure for failure in failures if not isinstance(failure, Unreachable)]
        if unfit and len(unfit) == len(failures):
            return next((failure for failure in unfit if isinstance(failure, CertificateChanged)), unfit[0])
        return LostMaster(pool=self._pool_name, tried=tuple(map(_told, self._tried.items())))


def log_in_anywhere(url: str, credentials: Credentials, trust: Trust, remembered: Remembered | None) -> Login:
    """Log in by way of the host that is named; where nobody answers there, by way of those that the pool once had.

    Raises:
        ConnectFailed: with the reason.
    """
    if remembered is not None:
        vouch_for(remembered.hosts, trust)
    try:
        return log_in(url, credentials, trust)
    except Unreachable as failure:
        if remembered is None:
            raise
        named = parse_address(url)
        others = tuple(replace(named, host=host) for host in remembered.hosts if host != named.host)
        if not others:
            raise
        search = Search(pool=remembered.pool, pool_name="", credentials=credentials, trust=trust, strangers=set[str]())
        try:
            login = search.run(named, others, is_watched=True)
        except LostMaster as lost:
            tried = ", ".join(lost.tried[1:])
            reason = f"{failure.reason} No other host of the pool lets us in either: {tried}."
            raise Unreachable(url=failure.url, reason=reason, mend=failure.mend) from lost
        log.warning("nobody answers at %s; the pool's coordinator is %s", url, login.address.url)
        return login


async def logged_in(executor: ThreadPoolExecutor, work: Callable[[], Login]) -> Login:
    """Log in, or leave no session behind where nobody waits for it any more."""
    attempt = executor.submit(work)
    try:
        return await asyncio.wrap_future(attempt)
    except asyncio.CancelledError:
        attempt.add_done_callback(_undo)
        raise


def _told(tried: tuple[str, ConsoleError | None]) -> str:
    match tried:
        case host, CertificateChanged():
            return f"{host} (it shows another certificate than before)"
        case host, CertificateUnknown():
            return f"{host} (nobody has accepted its certificate yet)"
        case host, OtherPool():
            return f"{host} (it belongs to another pool now)"
        case host, _:
            return host


def _undo(attempt: "Future[Login] | Future[Login | Elsewhere]") -> None:
    """End a log-in that came about after another was taken, or after nobody waited for it any more."""
    if not attempt.cancelled() and attempt.exception() is None:
        answer = attempt.result()
        if isinstance(answer, Login):
            with contextlib.suppress(RuntimeError):
                log_out(answer)
