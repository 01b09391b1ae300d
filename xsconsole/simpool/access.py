"""Who may use XAPI's data handlers, and what becomes of the task behind a request."""

import base64
import binascii
import errno
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from aiohttp import web

from xsconsole.simpool import pages
from xsconsole.simpool.calls import Call
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import ConnectionDropped, Served, When
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import denial, is_allowed
from xsconsole.simpool.sessions import NOBODY, Session
from xsconsole.simpool.streams import EndedEarly
from xsconsole.simpool.visits import Action, Visit
from xsconsole.simpool.wire_xml import value_text

_log = logging.getLogger(__name__)


class _Ended(Exception):
    """The request is over before its handler could end it well; `response` is what is sent."""

    def __init__(self, outcome: str, response: web.StreamResponse, user: str = "") -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.response = response
        self.user = user


async def serve(
    pool: Pool, host: str, request: web.BaseRequest, action: Action, *, is_listening: Callable[[str], bool]
) -> web.StreamResponse:
    """Answer a request to a data handler: see who asks, give it a task, and end that task as the handler ends.

    `host` is the one that was asked; `is_listening` says of another one whether clients reach it.

    Raises:
        ConnectionDropped: the connection is to be closed without an answer.
    """
    await pool.faults.until_allowed()
    params = parameters(request)
    outcome, user = "ok", ""
    try:
        async with _admitted(pool, request, params, action) as session, AsyncExitStack() as under_way:
            user = session.user.name
            under_way.enter_context(pool.sessions.in_use(session.ref))
            call = Call(pool=pool, host=host, session=session, task=NULL, method=action.name)
            is_alone = not any(is_listening(one) for one in pool.db.refs("host") if one != host)
            visit = Visit(call, request, params, is_alone=is_alone)
            if action.elsewhere is not None:
                other = _elsewhere(visit, action.elsewhere)
                if other is not None and other != host and is_listening(other):
                    return pages.redirect(visit.location(other))
            return await _within_task(visit, action)
    except _Ended as ended:
        outcome, user = ended.outcome, ended.user or user
        return ended.response
    except ConnectionDropped:
        outcome = "dropped"
        raise
    finally:
        pool.faults.record(Served(method=_permission(action), params=[dict(params)], user=user, outcome=outcome))


def parameters(request: web.BaseRequest) -> dict[str, str]:
    """Return the parameters of a request: those of the query, and before them the cookies."""
    params = {**request.query, **request.cookies}
    if "task-id" in request.headers:
        params.setdefault("task_id", request.headers["task-id"])
    return params


def _permission(action: Action) -> str:
    return f"http/{action.name}"


@asynccontextmanager
async def _admitted(
    pool: Pool, request: web.BaseRequest, params: Mapping[str, str], action: Action
) -> AsyncIterator[Session]:
    """Give the session that asks, which for a name and a password lasts as long as the request."""
    if action.is_public is not None and action.is_public(pool, request):
        yield NOBODY
        return
    is_guest = "session_id" not in params
    try:
        session = await _guest(pool, request) if is_guest else pool.sessions.check(params["session_id"])
        if session.is_local:
            raise XapiError("SESSION_INVALID", session.ref)
    except XapiError as error:
        if error.code not in ("SESSION_INVALID", "SESSION_AUTHENTICATION_FAILED"):
            raise _Ended(error.code, _error_page(error)) from error
        unknown = XapiError("SESSION_AUTHENTICATION_FAILED")
        _fail_clients_task(pool, params, unknown)
        raise _Ended(unknown.code, pages.unauthorised(action.name)) from error
    try:
        if not is_allowed(session.user.role, action.min_role):
            pool.audit.turned_away(session, _permission(action), params)
            denied = denial(_permission(action), action.min_role)
            _fail_clients_task(pool, params, denied)
            raise _Ended(denied.code, pages.page(403), session.user.name)
        yield session
    finally:
        if is_guest:
            pool.audit.logged_out(session)
            pool.sessions.logout(session.ref)


async def _guest(pool: Pool, request: web.BaseRequest) -> Session:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme and scheme.lower() != "basic":
        raise XapiError("INTERNAL_ERROR", f"Unknown authorization header: {scheme}")
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as failure:
        raise XapiError("SESSION_AUTHENTICATION_FAILED") from failure
    session = await pool.sessions.login(name, password, f"{request.remote or 'unknown'} using Basic auth")
    pool.audit.logged_in(session)
    return session


def _elsewhere(visit: Visit, find: Callable[[Visit], str | None]) -> str | None:
    """Return the host that has to answer. The client's task stays as it is for that one, unless there is none."""
    try:
        return find(visit)
    except XapiError as error:
        _fail_clients_task(visit.pool, visit.params, error)
        raise _Ended(error.code, _error_page(error)) from error


async def _within_task(visit: Visit, action: Action) -> web.StreamResponse:
    """Run a handler behind the task that the client made for it, or behind one of its own that goes with it."""
    pool, session, clients = visit.pool, visit.call.session, visit.params.get("task_id")
    if clients is None:
        task = pool.tasks.begin(action.label, user=session.user.name) if action.has_task else NULL
    else:
        task = clients
        try:
            pool.tasks.adopt(task)
        except XapiError as error:
            raise _Ended(error.code, _error_page(error)) from error
    visit.call = replace(visit.call, task=task)
    try:
        return await _run(visit, action)
    finally:
        if clients is None:
            pool.tasks.drop(task)


async def _run(visit: Visit, action: Action) -> web.StreamResponse:
    pool, task, permission = visit.pool, visit.call.task, _permission(action)
    drop = pool.faults.next_drop(permission)
    if drop is When.BEFORE:
        raise ConnectionDropped
    try:
        await pool.faults.strike(permission)
        answered = await action.answer(visit)
    except Exception as failure:
        error = _error_of(failure, action)
        pool.tasks.fail(task, error)
        pool.audit.visited(visit.call.session, permission, visit.params, error=error)
        raise await _ending(visit, error) from failure
    pool.tasks.complete(task, "" if answered.result is None else value_text(answered.result))
    pool.audit.visited(visit.call.session, permission, visit.params)
    if drop is When.AFTER:
        raise ConnectionDropped
    if visit.stream is not None:
        await visit.stream.write_eof()
    return answered.response


def _error_of(failure: Exception, action: Action) -> XapiError:
    match failure:
        case XapiError():
            return failure
        case OSError() | EndedEarly():
            return XapiError("CLIENT_ERROR", f"INTERNAL_ERROR: [ {_native(failure, action)} ]")
        case _:
            # As a real host does: what a handler did not foresee becomes the client's INTERNAL_ERROR, and is logged.
            _log.error("%s failed", action.name, exc_info=failure)
            return XapiError("INTERNAL_ERROR", repr(failure))


def _native(failure: OSError | EndedEarly, action: Action) -> str:
    """Return what a client that went away looks like to xapi, in the language that it is written in."""
    if isinstance(failure, EndedEarly):
        return "End_of_file"
    call, usual = ("read", errno.ECONNRESET) if action.name.startswith("put_") else ("write", errno.EPIPE)
    return f'Unix.Unix_error(Unix.{errno.errorcode[failure.errno or usual]}, "{call}", "")'


async def _ending(visit: Visit, error: XapiError) -> Exception:
    """Return how a request ends that failed: with a page, which stands behind the data where those have begun."""
    stream = visit.stream
    if stream is None:
        if visit.refused_with is not None:
            return _Ended(error.code, pages.bare(visit.refused_with, body=pages.late_failure(_described(error))))
        return _Ended(error.code, visit.refusal or _error_page(error))
    if stream.content_length is not None or visit.is_gone:
        return ConnectionDropped()
    await stream.write(pages.late_failure(_described(error)))
    await stream.write_eof()
    return _Ended(error.code, stream)


def _error_page(error: XapiError) -> web.Response:
    if error.code == "RBAC_PERMISSION_DENIED":
        return pages.page(403)
    return pages.page(500, detail=_described(error))


def _described(error: XapiError) -> str:
    return f"{error.code}: [ {'; '.join(error.params)} ]"


def _fail_clients_task(pool: Pool, params: Mapping[str, str], error: XapiError) -> None:
    task = params.get("task_id")
    if task is not None and pool.db.exists("task", task):
        pool.tasks.fail(task, error)
