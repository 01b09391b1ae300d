"""Logging in: one host is asked, and either it lets us in or it names the coordinator. All of it blocks."""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, TypeVar

import XenAPI

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.rights import LEAST_ROLE, ROLES
from xsconsole.engine.ports import Identity
from xsconsole.errors import ConnectFailed
from xsconsole.xapi import failures
from xsconsole.xapi.client import Session
from xsconsole.xapi.errors import BadAnswer, RoadBroken
from xsconsole.xapi.transport import CONNECT_TIMEOUT_S, Address, Road, parse_address, with_wire
from xsconsole.xapi.trust import Trust

T = TypeVar("T")

ORIGINATOR = "xsconsole"
API_VERSION = "1.0"  # XAPI takes it and looks at it no more
LARGEST_NUMBER_OF_HOPS = 3
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Whoever logs in."""

    user: str
    password: Password


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The host is a supporter; the coordinator is at this address."""

    address: Address


def log_in(url: str, credentials: Credentials, trust: Trust) -> Login:
    """Find the pool's coordinator from any of its hosts, and log in there.

    Raises:
        ConnectFailed: with the reason.
    """
    try:
        address = first = parse_address(url)
    except ValueError as failure:
        raise failures.no_address(url) from failure
    for _ in range(LARGEST_NUMBER_OF_HOPS):
        answer = attempt(address, credentials, trust)
        if isinstance(answer, Elsewhere):
            address = answer.address
            continue
        if first.is_secure and trust.unseen is not None:
            log_out(answer)
            shown = trust.pins.get(first.place, "")
            raise failures.certificate_changed(first, shown=shown, pinned=trust.unseen)
        return answer
    raise ConnectFailed(
        url=url,
        reason="The hosts send each other's clients in a circle: none says that it is the coordinator.",
        mend="The pool may be choosing a new coordinator. Try again in a minute.",
    )


def vouched(url: str, credentials: Credentials, trust: Trust) -> Identity:
    """Log somebody in, say who that is, and log them out again; raises as `log_in`."""
    login = log_in(url, credentials, trust)
    log_out(login)
    return login.identity


def attempt(
    address: Address,
    credentials: Credentials,
    trust: Trust,
    *,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    on_road: Callable[[Road], None] | None = None,
) -> Login | Elsewhere:
    """Ask one host to let us in. The password goes to no host whose certificate is not trusted.

    `on_road` is given the connection before it waits for answers, so that another thread can break it.

    Raises:
        ConnectFailed: with the reason; `Unreachable` where nobody answers there.
    """
    road = None
    try:
        checked = trust.checked(address, timeout_s=connect_timeout_s)
        checked = with_wire(checked, connect_timeout_s=connect_timeout_s, on_road=on_road)
        road = Road(checked, connect_timeout_s=connect_timeout_s)
        if on_road is not None:
            on_road(road)
        return _asked(road, credentials, trust)
    except (RoadBroken, BadAnswer) as failure:
        raise failures.unreachable(address, failure) from failure
    finally:
        if road is not None:
            road.close()


def _asked(road: Road, credentials: Credentials, trust: Trust) -> Login | Elsewhere:
    address, session = road.address, Session(road)
    try:
        session.xenapi.login_with_password(credentials.user, credentials.password.reveal(), API_VERSION, originator())
        return _login(session, address, credentials.user)
    except XenAPI.Failure as failure:
        if failures.code_of(failure) != "HOST_IS_SLAVE":
            end(session)
            raise failures.log_in_failed(address, credentials.user, failure) from failure
        coordinator = replace(address, host=str(failure.details[1]).strip("[]"), fingerprint=None)
        if road.vouched_fingerprint is not None:
            trust.vouch(coordinator.host, road.vouched_fingerprint)
        return Elsewhere(address=coordinator)
    except (RoadBroken, BadAnswer):
        end(session)
        raise


def log_out(login: Login) -> None:
    """End a log-in; one that has ended already, or a pool that is away, is no error."""
    with contextlib.closing(Road(login.address, timeout_s=LOG_OUT_TIMEOUT_S)) as road:
        end(Session(road, login.handle))


def end(session: Session) -> None:
    if session.handle is not None:
        with contextlib.suppress(*failures.BELOW):
            session.xenapi.session.logout()


def originator() -> str:
    """Return the name under which XAPI counts our sessions."""
    try:
        return f"{ORIGINATOR}/{version(ORIGINATOR)}"
    except PackageNotFoundError:
        return ORIGINATOR


def _login(session: Session, address: Address, user: str) -> Login:
    api, handle = session.xenapi, session.handle
    (pool_ref, pool), *_ = api.pool.get_all_records().items()
    is_superuser = _unless_unknown(api.session.get_is_local_superuser, handle, otherwise=True)
    rights: frozenset[str] = frozenset(_unless_unknown(api.session.get_rbac_permissions, handle, otherwise=()))
    role = SUPERUSER_ROLE if is_superuser else _role(session, rights)
    identity = Identity(
        pool=Uuid(pool["uuid"]),
        pool_name=pool["name_label"],
        actor=_unless_unknown(api.session.get_auth_user_name, handle, otherwise="") or user,
        role=role,
        session=hashlib.sha256(handle.encode()).hexdigest(),
        sid="" if is_superuser else _unless_unknown(api.session.get_auth_user_sid, handle, otherwise=""),
        trackid=hashlib.md5(handle.encode(), usedforsecurity=False).hexdigest(),
    )
    return Login(address=address, handle=handle, pool_ref=Ref(pool_ref), identity=identity, rights=rights)


def _unless_unknown(call: Callable[[str], T], handle: str, *, otherwise: T) -> T:
    """Ask what hosts without roles do not know: there everybody who is let in may do everything."""
    try:
        return call(handle)
    except XenAPI.Failure as failure:
        if failures.code_of(failure) in failures.UNKNOWN_CALL:
            return otherwise
        raise


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
