"""The calls of class `session`."""

from collections.abc import Mapping

from xsconsole.simpool.calls import Call, Handler


async def _login_with_password(call: Call, name: str, password: str, version: str = "", originator: str = "") -> str:
    del version  # Nobody has looked at it since API 1.1.
    session = await call.pool.sessions.login(name, password, originator)
    call.pool.audit.logged_in(session)
    return session.ref


async def _login_locally(call: Call, name: str, password: str) -> str:
    session = await call.pool.sessions.login_locally(name, password, call.pool.identities.reference())
    return session.ref


async def _logout(call: Call) -> None:
    call.pool.audit.logged_out(call.session)
    call.pool.sessions.logout(call.session.ref)
    call.pool.registrations.pop(call.session.ref, None)


async def _logout_locally(call: Call) -> None:
    """End an emergency session; any other stays."""
    if call.session.is_local:
        await _logout(call)


async def _logout_subject(call: Call, identifier: str) -> None:
    for session in call.pool.sessions:
        if session.user.identifier == identifier:
            call.pool.sessions.logout(session.ref)


async def _get_all_subject_identifiers(call: Call) -> list[str]:
    return sorted({session.user.identifier for session in call.pool.sessions if session.user.identifier})


CALLS: Mapping[str, Handler] = {
    "session.login_with_password": _login_with_password,
    "session.slave_local_login_with_password": _login_locally,
    "session.logout": _logout,
    "session.local_logout": _logout_locally,
    "session.logout_subject_identifier": _logout_subject,
    "session.get_all_subject_identifiers": _get_all_subject_identifiers,
}
