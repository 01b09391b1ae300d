"""Logging in, and calls to the pool. What blocks, blocks here, on threads of its own."""

import asyncio
import contextlib
import functools
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol, TypeVar

import XenAPI

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.rights import LEAST_ROLE, ROLES
from xsconsole.engine.ports import Identity
from xsconsole.errors import ConnectFailed, ConnectionLost, SessionLost
from xsconsole.xapi import failures
from xsconsole.xapi.errors import BadAnswer, RoadBroken
from xsconsole.xapi.transport import (
    NO_SESSION,
    Address,
    Road,
    parse_address,
    plain_fingerprint,
    readable_fingerprint,
    shown_fingerprint,
    with_wire,
)

T = TypeVar("T")

ORIGINATOR = "xsconsole"
API_VERSION = "1.0"  # XAPI takes it and looks at it no more
LARGEST_NUMBER_OF_HOPS = 3
CALL_THREADS = 4
LOG_OUT_TIMEOUT_S = 5.0
SUPERUSER_ROLE = "pool-admin"
# Roles are nested; whoever has the marking permission has at least the role.
ROLE_MARKS = (
    ("pool-admin", "host.call_plugin"),
    ("pool-operator", "pool.add_to_other_config"),
    ("vm-power-admin", "vm.snapshot"),
    ("vm-admin", "vm.clone"),
    ("vm-operator", "vm.start"),
)


class Password(Protocol):
    """A password that has to be asked for."""

    def reveal(self) -> str: ...


class Session(XenAPI.Session):  # type: ignore[misc] # the package has no types
    """The package's session on a road of ours, without its two traps.

    It logs in again silently where a session has ended, and keeps the password for that; and its transport makes a
    call a second time whose answer is lost.
    """

    def __init__(self, road: Road, handle: str | None = None) -> None:
        super().__init__(road.address.url, transport=road)
        self._road = road
        self._session = handle

    def xenapi_request(self, methodname: str, params: tuple[object, ...]) -> Any:
        if methodname.startswith("login"):
            return self._login(methodname, params)
        if methodname in ("logout", "session.logout"):
            return self._logout()
        return self._road.call(methodname, (self._session or NO_SESSION, *params))

    def _login(self, method: str, params: tuple[object, ...]) -> None:
        self._session = self._road.call(f"session.{method}", params)
        self.last_login_method = method

    def _logout(self) -> None:
        handle, self._session = self._session, None
        if handle is not None:
            self._road.call("session.logout", (handle,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A log-in that stands: where, as whom, and with which rights."""

    address: Address
    handle: str
    pool_ref: Ref
    identity: Identity
    rights: frozenset[str]

    def __repr__(self) -> str:
        return f"Login({self.address.url}, {self.identity.actor})"  # the handle is a secret


def log_in(url: str, user: str, password: Password, fingerprint: str | None) -> Login:
    """Find the pool's coordinator, check its certificate and log in. Blocks.

    Raises:
        ConnectFailed: with the reason.
    """
    try:
        address = parse_address(url)
    except ValueError as failure:
        raise failures.no_address(url) from failure
    for _ in range(LARGEST_NUMBER_OF_HOPS):
        address = _prepared(address, fingerprint)
        road = Road(address)
        session = Session(road)
        try:
            session.xenapi.login_with_password(user, password.reveal(), API_VERSION, originator())
            return _login(session, address, user)
        except XenAPI.Failure as failure:
            if failures.code_of(failure) != "HOST_IS_SLAVE":
                _end(session)
                raise failures.log_in_failed(address, user, failure) from failure
            address = replace(address, host=str(failure.details[1]).strip("[]"))
            if road.vouched_fingerprint is not None:
                fingerprint = readable_fingerprint(road.vouched_fingerprint)
        except (RoadBroken, BadAnswer) as failure:
            _end(session)
            raise failures.unreachable(address, failure, pinned=fingerprint) from failure
        finally:
            road.close()
    raise ConnectFailed(
        url=url,
        reason="The hosts send each other's clients in a circle: none says that it is the coordinator.",
        mend="The pool may be choosing a new coordinator. Try again in a minute.",
    )


def log_out(login: Login) -> None:
    """End a log-in; one that has ended already, or a pool that is away, is no error. Blocks."""
    with contextlib.closing(Road(login.address, timeout_s=LOG_OUT_TIMEOUT_S)) as road:
        _end(Session(road, login.handle))


def originator() -> str:
    """Return the name under which XAPI counts our sessions."""
    try:
        return f"{ORIGINATOR}/{version(ORIGINATOR)}"
    except PackageNotFoundError:
        return ORIGINATOR


def _prepared(address: Address, fingerprint: str | None) -> Address:
    try:
        if address.is_secure:
            shown = shown_fingerprint(address)
            if fingerprint is None:
                raise failures.certificate_unknown(address, shown)
            if plain_fingerprint(shown) != plain_fingerprint(fingerprint):
                raise failures.certificate_changed(address, shown=shown, pinned=fingerprint)
            address = replace(address, fingerprint=shown)
        return with_wire(address)
    except (RoadBroken, BadAnswer) as failure:
        raise failures.unreachable(address, failure, pinned=fingerprint) from failure


def _login(session: Session, address: Address, user: str) -> Login:
    api, handle = session.xenapi, session.handle
    (pool_ref, pool), *_ = api.pool.get_all_records().items()
    is_superuser = api.session.get_is_local_superuser(handle)
    rights = frozenset(api.session.get_rbac_permissions(handle))
    role = SUPERUSER_ROLE if is_superuser else _role(session, rights)
    identity = Identity(
        pool=Uuid(pool["uuid"]),
        pool_name=pool["name_label"],
        actor=api.session.get_auth_user_name(handle) or user,
        role=role,
        session=hashlib.sha256(handle.encode()).hexdigest(),
    )
    return Login(address=address, handle=handle, pool_ref=Ref(pool_ref), identity=identity, rights=rights)


def _role(session: Session, rights: frozenset[str]) -> str:
    """Return the highest role of who is logged in: by permissions, and where XAPI lists none by the subject's roles."""
    if rights:
        return next((role for role, mark in ROLE_MARKS if mark in rights), LEAST_ROLE)
    api = session.xenapi
    try:
        subject = api.session.get_subject(session.handle)
        held = {api.role.get_name_label(role) for role in api.subject.get_roles(subject)}
    except XenAPI.Failure:
        return LEAST_ROLE  # a subject that was removed since: claim no more than anybody has
    return next((role for role in ROLES if role in held), LEAST_ROLE)


def _end(session: Session) -> None:
    if session.handle is not None:
        with contextlib.suppress(*failures.BELOW):
            session.xenapi.session.logout()


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
        """Go on with another log-in."""
        self._login = login

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

    async def _run(self, lane: Lane, method: str, params: tuple[object, ...]) -> Any:
        login = self._login
        if self._is_closed:
            raise ConnectionLost(pool=self.pool_name, cause="the console has disconnected", was_sent=False)
        try:
            return await lane.run(login, functools.partial(_call, method, params))
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
                await self._cancels.run(login, _end)
        await self._calls.close()
        await self._cancels.close()


def _call(method: str, params: tuple[object, ...], session: Session) -> Any:
    return session.xenapi_request(method, params)
