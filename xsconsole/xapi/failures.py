"""What breaks below, as our errors."""

from collections.abc import Mapping

import XenAPI

from xsconsole.errors import (
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConnectionLost,
    ConsoleError,
    NotPermitted,
    NotSupported,
    PoolFailed,
    SessionLost,
    Unreachable,
    WrongPassword,
)
from xsconsole.xapi.errors import BadAnswer, NoTls, RoadBroken, WrongCertificate
from xsconsole.xapi.transport import Address

BELOW = (XenAPI.Failure, RoadBroken, BadAnswer)
# Answers of a host that is not, or not yet, the one to ask.
NOT_NOW = frozenset({"HOST_STILL_BOOTING", "HOST_HAS_NO_MANAGEMENT_IP", "HOST_UNKNOWN_TO_MASTER", "HOST_ITS_OWN_SLAVE"})
LOG_IN_AGAIN = frozenset({"SESSION_INVALID", "HOST_IS_SLAVE"})
# What an older or a newer XAPI says to a call that it does not have.
UNKNOWN_CALL = frozenset({"MESSAGE_METHOD_UNKNOWN", "MESSAGE_REMOVED", "MESSAGE_DEPRECATED"})
NOT_PERMITTED = "RBAC_PERMISSION_DENIED"


def code_of(failure: BaseException) -> str:
    """Return XAPI's code of a failure; empty where it is none."""
    return str(failure.details[0]) if isinstance(failure, XenAPI.Failure) and failure.details else ""


def failed(failure: Exception, *, method: str, pool: str) -> ConsoleError:
    """Return the error that a failed call is to its caller."""
    match failure:
        case RoadBroken():
            return ConnectionLost(pool=pool, cause=failure.cause, was_sent=failure.was_sent)
        case BadAnswer():
            return ConnectionLost(pool=pool, cause=str(failure), was_sent=True)
    code, parameters = code_of(failure), tuple(str(one) for one in failure.details[1:])  # type: ignore[attr-defined]
    if code in LOG_IN_AGAIN:
        return SessionLost(pool=pool)
    if code in NOT_NOW:
        return ConnectionLost(pool=pool, cause=code, was_sent=False)
    return refusal(code, parameters, method=method)


def refusal(code: str, parameters: tuple[str, ...], *, method: str, task: str | None = None) -> ConsoleError:
    """Return what XAPI's no to a call or in a task is to its caller."""
    if code == NOT_PERMITTED:
        return not_permitted(*parameters)
    if code in UNKNOWN_CALL:
        return not_supported(method)
    return PoolFailed(code=code, parameters=parameters, method=method, task=task)


def not_supported(method: str) -> NotSupported:
    return NotSupported(
        reason=f"This pool's version of XenServer or XCP-ng does not know the call {method}.",
        mend="Update the pool's hosts, or do it in another way.",
        method=method,
    )


def not_permitted(permission: str = "", words: str = "") -> NotPermitted:
    """Return the refusal of a call that the role may not make; `words` are XAPI's, with the roles that may."""
    _, _, able = words.partition("Roles with this permission: ")
    roles = able.rstrip(") ")
    mend = f"Log in with a role that has the permission {permission}"
    return NotPermitted(
        reason=f"Your role on this pool does not have the permission {permission}.",
        mend=f"{mend}: {roles}." if roles else f"{mend}.",
    )


def no_address(text: str) -> ConnectFailed:
    return ConnectFailed(
        url=text,
        reason=f"“{text}” is not the address of a host.",
        mend="Write it as https://host.example, or as https://host.example:443.",
    )


def unreachable(address: Address, failure: RoadBroken | BadAnswer) -> ConnectFailed:
    """Return why no connection was made."""
    if isinstance(failure, WrongCertificate):
        return certificate_changed(address, shown="", pinned=address.fingerprint or "")
    if isinstance(failure, BadAnswer):
        return Unreachable(
            url=address.url,
            reason=f"{address.url} answers, but not as a XenServer or XCP-ng host does ({failure}).",
            mend="Check the address: it has to be the management address of a host of the pool.",
        )
    if isinstance(failure, NoTls):
        plain = f"http://{address.url.partition('://')[2]}"
        return ConnectFailed(
            url=address.url,
            reason=f"What answers at {address.url} does not speak TLS.",
            mend=f"Give the port where the host does, 443 as a rule; or write {plain}, unencrypted, for a pool to try.",
        )
    mend = "Check the address, and that the host is running and reachable from this computer."
    if not address.is_secure and failure.was_sent:
        mend = "If the host speaks TLS on this port, write https:// before the address."
    return Unreachable(url=address.url, reason=f"{address.url} cannot be reached: {failure.cause}.", mend=mend)


def certificate_unknown(address: Address, shown: str, *, trusted: Mapping[str, str]) -> CertificateUnknown:
    return CertificateUnknown(
        url=address.url,
        reason=f"Nobody has accepted the certificate of {address.url} yet.",
        mend="Compare its fingerprint with the one on the host's own screen, then accept it.",
        fingerprint=shown,
        trusted=trusted,
    )


def certificate_changed(address: Address, *, shown: str, pinned: str) -> CertificateChanged:
    return CertificateChanged(
        url=address.url,
        reason=f"{address.url} shows another certificate than the one that was accepted.",
        mend="If the host was installed anew, compare the new fingerprint and accept it; if not, do not connect.",
        fingerprint=shown,
        expected=pinned,
    )


def log_in_failed(address: Address, user: str, failure: XenAPI.Failure) -> ConnectFailed:
    """Return why the pool did not let the user in."""
    code = code_of(failure)
    if code == "SESSION_AUTHENTICATION_FAILED":
        return WrongPassword(
            url=address.url,
            user=user,
            reason=f"The pool does not accept this password for {user}.",
            mend="Check the user's name and the password.",
        )
    if code == "SESSION_AUTHORIZATION_FAILED":
        return ConnectFailed(
            url=address.url,
            reason=f"{user} is known, but has no role on this pool.",
            mend="Ask a pool administrator to give the user or the user's group a role.",
        )
    if code in NOT_NOW:
        return Unreachable(
            url=address.url, reason=f"{address.url} is still starting ({code}).", mend="Try again in a minute."
        )
    details = ", ".join(str(one) for one in failure.details)
    return ConnectFailed(url=address.url, reason=f"The pool refused the log-in: {details}.")


def silent(url: str, cause: str) -> ConnectFailed:
    """Return why a pool that let the user in is of no use yet; `cause` may be XAPI's code."""
    mend = "Look whether the pool's coordinator is overloaded, and try again."
    if cause in NOT_NOW:
        cause, mend = f"it is still starting ({cause})", "Try again in a minute."
    reason = f"The log-in was accepted, but the pool does not say what it holds: {cause}."
    return ConnectFailed(url=url, reason=reason, mend=mend)
