"""From a request to its answer: finds the message, checks who asks, converts the arguments, runs the handler."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.faults import ConnectionDropped, Served, When
from xsconsole.simpool.generated import generated
from xsconsole.simpool.model import NULL, Class, Message
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import require
from xsconsole.simpool.sessions import NOBODY, Session
from xsconsole.simpool.wire_values import Request
from xsconsole.simpool.wire_xml import value_text

LIST_METHODS = "system.listMethods"

LOCAL_CALLS = frozenset(
    (
        *("session.slave_local_login_with_password", "session.local_logout"),
        *("pool.emergency_transition_to_master", "pool.emergency_reset_master"),
    )
)
"""What a host answers by itself, also where it is not the coordinator, to a session of its own."""

_ASYNC = "Async."
_CLASSES_WITHOUT_TASKS = frozenset({"task", "event", "session"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A message that exists, with what answers it (None: nobody has written that yet)."""

    cls: Class
    message: Message
    handler: Handler | None

    @property
    def name(self) -> str:
        return f"{self.cls.name}.{self.message.name}"


class Dispatcher:
    """Answers the calls to one pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._converter = Converter(pool.model)
        self._targets: dict[str, Target] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._asked: dict[asyncio.Future[None], asyncio.Task[Any]] = {}
        self._is_booting = False

    def handle(self, handlers: Mapping[str, Handler]) -> None:
        """Let these answer the calls, and for the others what follows from the model."""
        self._targets = dict(_targets(self._pool, handlers))

    async def answer(self, request: Request, host: str) -> object:
        """Return the result of a call to a host; None is void.

        Raises:
            XapiError: the call failed.
            ConnectionDropped: the connection is to be closed without an answer.
        """
        asker = asyncio.current_task()
        assert asker is not None
        over = asyncio.get_running_loop().create_future()
        self._asked[over] = asker
        try:
            return await self._recorded(request, host)
        finally:
            del self._asked[over]
            over.set_result(None)

    async def abandon(self) -> None:
        """Stop all calls and operations where they are; others are refused until `resume`."""
        self._is_booting = True
        # Those who asked live on as connections: only what they do for a call has to be over.
        ends = [*self._background, *self._asked]
        for task in (*self._background, *self._asked.values()):
            task.cancel()
        if ends:
            await asyncio.wait(ends)

    def resume(self) -> None:
        """Take calls again."""
        self._is_booting = False

    async def _recorded(self, request: Request, host: str) -> object:
        await self._pool.faults.until_allowed()
        outcome, user = "ok", self._pool.sessions.name_of(request.params[0]) if request.params else ""
        try:
            return await self._answer(request, host)
        except XapiError as error:
            outcome = error.code
            raise
        except ConnectionDropped:
            outcome = "dropped"
            raise
        finally:
            self._record(request, user, outcome)

    async def close(self) -> None:
        """Stop the operations that go on behind tasks."""
        await self.abandon()

    async def _answer(self, request: Request, host: str) -> object:
        if request.method == LIST_METHODS:
            return sorted(target.name for name, target in self._targets.items() if name == target.name)
        if self._is_booting:
            raise XapiError("HOST_STILL_BOOTING")
        if host != self._pool.coordinator and request.method.removeprefix(_ASYNC) not in LOCAL_CALLS:
            raise XapiError("HOST_IS_SLAVE", self._pool.db.get("host", self._pool.coordinator, "address"))
        is_async = request.method.startswith(_ASYNC)
        target = self._targets.get(request.method.removeprefix(_ASYNC))
        if target is None or (is_async and target.name != request.method.removeprefix(_ASYNC)):
            self._pool.sessions.check(request.params[0] if request.params else "")
            raise XapiError("MESSAGE_METHOD_UNKNOWN", request.method)
        if is_async and not target.message.is_async:
            raise XapiError("Fault", f"No async mode for this operation (rpc: {target.name})")
        arguments = self._arguments(target, request)
        session = self._pool.sessions.check(request.params[0]) if target.message.takes_session else NOBODY
        if session.is_local and target.name not in LOCAL_CALLS:
            raise XapiError("SESSION_INVALID", session.ref)
        drop = self._pool.faults.next_drop(target.name)
        if drop is When.BEFORE:
            raise ConnectionDropped
        if is_async:
            result: object = self._start(target, session, host, arguments)
        else:
            result = await self._wait_for(target, session, host, arguments)
        if drop is When.AFTER:
            raise ConnectionDropped
        return result

    async def _wait_for(self, target: Target, session: Session, host: str, arguments: tuple[object, ...]) -> object:
        """Run a call that the client waits for; where it could have been asynchronous, it has a task meanwhile."""
        if not target.message.is_async or target.cls.name in _CLASSES_WITHOUT_TASKS:
            return await self._run(target, session, host, NULL, arguments)
        task = self._pool.tasks.begin(target.name, user=session.user.name)
        try:
            return await self._run(target, session, host, task, arguments)
        finally:
            self._pool.tasks.drop(task)

    def _arguments(self, target: Target, request: Request) -> tuple[object, ...]:
        message = target.message
        given = request.params[1:] if message.takes_session else request.params
        least, most = message.mandatory_count, len(message.params)
        is_without_session = message.takes_session and not request.params
        if is_without_session or len(given) < least or (len(given) > most and least == most):
            raise XapiError("MESSAGE_PARAMETER_COUNT_MISMATCH", target.name, least, len(given))
        return tuple(
            self._converter.convert(param.type, value) for param, value in zip(message.params, given, strict=False)
        )

    def _start(self, target: Target, session: Session, host: str, arguments: tuple[object, ...]) -> str:
        """Run a call behind a task and return the task's reference at once."""
        ref = self._pool.tasks.begin(_ASYNC + target.name, user=session.user.name)
        work = asyncio.create_task(self._finish(target, session, host, ref, arguments), name=f"{target.name} {ref}")
        self._background.add(work)
        work.add_done_callback(self._background.discard)
        return ref

    async def _finish(
        self, target: Target, session: Session, host: str, ref: str, arguments: tuple[object, ...]
    ) -> None:
        try:
            result = await self._run(target, session, host, ref, arguments)
        except XapiError as error:
            self._pool.tasks.fail(ref, error)
        else:
            self._pool.tasks.complete(ref, value_text(result))

    async def _run(
        self, target: Target, session: Session, host: str, task: str, arguments: tuple[object, ...]
    ) -> object:
        """Make a call for a session, and note it in the audit log."""
        call = Call(pool=self._pool, host=host, session=session, task=task, method=target.name)
        if not target.message.takes_session:
            return await self._call(target, call, arguments)
        audit = self._pool.audit
        shown = audit.arguments(target.name, target.message.params, arguments)
        try:
            require(session.user.role, target.cls.name, target.message, arguments)
        except XapiError:
            audit.refused(session, target.name, shown)
            raise
        try:
            result = await self._call(target, call, arguments)
        except XapiError as error:
            audit.called(session, target.name, shown, task=task, error=error)
            raise
        audit.called(session, target.name, shown, task=task)
        return result

    async def _call(self, target: Target, call: Call, arguments: tuple[object, ...]) -> object:
        if target.message.is_removed:
            raise XapiError("MESSAGE_REMOVED")
        await self._pool.faults.strike(target.name)
        if target.handler is None:
            raise XapiError("NOT_IMPLEMENTED", target.name)
        try:
            return await target.handler(call, *arguments)
        except XapiError:
            raise
        except Exception as failure:
            # As a real pool does: what a handler did not foresee becomes the client's INTERNAL_ERROR, and is logged.
            _log.exception("%s failed", target.name)
            raise XapiError("INTERNAL_ERROR", repr(failure)) from failure

    def _record(self, request: Request, user: str, outcome: str) -> None:
        target = self._targets.get(request.method.removeprefix(_ASYNC))
        is_with_session = target is None or target.message.takes_session
        params: Sequence[object] = request.params[1:] if is_with_session else request.params[:1]
        self._pool.faults.record(Served(method=request.method, params=params, user=user, outcome=outcome))


def _targets(pool: Pool, handlers: Mapping[str, Handler]) -> list[tuple[str, Target]]:
    """Return all messages, under their name and under the older one with an underscore for the dot."""
    found = []
    for cls in pool.model.classes.values():
        for message in cls.messages.values():
            handler = handlers.get(f"{cls.name}.{message.name}") or generated(cls, message)
            target = Target(cls=cls, message=message, handler=handler)
            found += [(f"{cls.name}_{message.name}", target), (target.name, target)]
    return found
