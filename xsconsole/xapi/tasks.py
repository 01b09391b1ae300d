"""Long calls: started behind a XAPI task, followed on the feed, read, and tidied away."""

import asyncio
import contextlib
import functools
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any, Protocol

from xsconsole.domain.ids import Ref, RunId
from xsconsole.domain.inventory import ChangeBatch, Task
from xsconsole.engine.ports import Progress
from xsconsole.errors import ConnectionLost, ConsoleError, NotPermitted, PoolFailed, PoolUnavailable
from xsconsole.xapi.backoff import Backoff
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.failures import refusal
from xsconsole.xapi.fullness import note_storages
from xsconsole.xapi.records import record_of
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.wire import value_of_xml

RUN_KEY = "xsconsole.run"
PENDING = frozenset({"pending", "cancelling"})
FIRST_SILENCE_S = 1.0  # then the task is asked for: one that was too short is never told
LONGEST_SILENCE_S = 15.0
CANCEL_TIMEOUT_S = 5.0
QUIESCE_PAUSE_S = 0.5
PATIENCE_S = 90.0  # for a road that broke: the task goes on meanwhile, and can be asked for afterwards
GONE = frozenset({"HANDLE_INVALID"})
# The pool has more waiting calls than it takes. Such a call had no effect.
TOO_BUSY = "TOO_MANY_PENDING_TASKS"
BUSY_TRIES = 6
FIRST_BUSY_WAIT_S = 0.5
LONGEST_BUSY_WAIT_S = 10.0
OWN_KEPT = 1000  # references of our own tasks: they are told of for a while after they are gone

log = logging.getLogger(__name__)


class Waiting(Protocol):
    """Waits for the road to the pool to be open."""

    async def __call__(self, timeout_s: float) -> None: ...


class Tasks:
    """The tasks of one pool that calls of ours wait for."""

    def __init__(self, session: PoolSession, *, until_available: Waiting | None = None) -> None:
        self._session = session
        self._until_available = until_available
        self._heard: dict[Ref, Task] = {}
        self._listeners: list[tuple[Ref, asyncio.Event]] = []
        self._own: dict[Ref, None] = {}  # the oldest first
        self._unanswered: Counter[str] = Counter()  # labels of tasks that were asked for and are not known yet

    def is_own(self, ref: Ref) -> bool:
        """Whether a task is one of ours, also where the feed does not tell its mark: it is set a moment too late."""
        return ref in self._own

    def may_be_own(self, label: str) -> bool:
        """Whether a task of this label may turn out to be ours: the pool has not answered the call that began it."""
        return self._unanswered[label] > 0

    def heard(self, batch: ChangeBatch) -> None:
        """Take in what the feed tells of tasks."""
        if batch.is_whole:
            self._heard.clear()
        tasks = tuple(batch.of("task"))
        for change in tasks:
            if isinstance(change.record, Task):
                self._heard[change.ref] = change.record
            else:
                self._heard.pop(change.ref, None)
        if self._listeners:
            told = {change.ref for change in tasks}
            for ref, news in self._listeners:
                if batch.is_whole or ref in told:
                    news.set()

    async def run(
        self,
        method: str,
        *params: object,
        run: RunId,
        on_progress: Progress | None = None,
        is_left_alone: bool = False,
    ) -> Any:
        """Call `method` behind a task and return its result once it is done.

        Whoever stops waiting asks the pool to cancel, unless it `is_left_alone`; it may go on all the same.

        Raises:
            ConnectionLost: the outcome is unknown.
            NotPermitted, PoolFailed: it failed; `TASK_CANCELLED` where somebody cancelled it.
        """
        once = functools.partial(self._run, method, params, run, on_progress, is_left_alone=is_left_alone)
        backoff = Backoff(first_s=FIRST_BUSY_WAIT_S, longest_s=LONGEST_BUSY_WAIT_S)
        for _ in range(BUSY_TRIES - 1):
            try:
                return await once()
            except PoolFailed as failure:
                if failure.code != TOO_BUSY:
                    await note_storages(self._session, failure, method, params)
                    raise
            await asyncio.sleep(backoff.next_s())
        return await once()

    async def _run(
        self,
        method: str,
        params: tuple[object, ...],
        run: RunId,
        on_progress: Progress | None,
        *,
        is_left_alone: bool,
    ) -> Any:
        start = asyncio.create_task(self._started(f"Async.{method}", params), name=method)
        try:
            ref = await asyncio.shield(start)
            with self._listening(ref) as news:
                await self.mark(ref, run)
                task = await self._finished(ref, news, method, on_progress)
        except asyncio.CancelledError:
            if not is_left_alone:
                await asyncio.shield(self._cancelled(start))
            raise
        await self.tidy(ref)
        return self.result_of(task, method)

    async def _started(self, label: str, params: tuple[object, ...]) -> Ref:
        """Begin a task, and know it for ours before the feed is listened to again."""
        self._unanswered[label] += 1
        try:
            ref = Ref(await self._session.call(label, *params))
            self._keep_own(ref)
        finally:
            self._unanswered[label] -= 1
        return ref

    def _keep_own(self, ref: Ref) -> None:
        self._own[ref] = None
        if len(self._own) > OWN_KEPT:
            del self._own[next(iter(self._own))]

    async def follow(self, run: RunId, on_progress: Progress) -> bool:
        """Wait for the end of a task that carries `run`; False where the pool has none. Raises as `run` does."""
        ref = next(iter(await self._marked(run)), None)
        if ref is None:
            return False
        task = await self.ended(ref, "the task", on_progress)
        await self.tidy(ref)
        self.result_of(task, task.name_label.removeprefix("Async."))
        return True

    async def ended(self, ref: Ref, what: str, on_progress: Progress | None = None) -> Task:
        """Wait for the end of a task and return it as it ended, however it did.

        Raises:
            ConnectionLost: nobody knows what became of it.
        """
        with self._listening(ref) as news:
            return await self._finished(ref, news, what, on_progress)

    async def cancel(self, run: RunId) -> None:
        """Ask the pool to cancel what carries `run`; whoever waits for it is told how it ended."""
        for ref in await self._pending(run):
            with contextlib.suppress(PoolFailed, NotPermitted):
                await self._session.cancel(ref)

    @contextlib.contextmanager
    def _listening(self, ref: Ref) -> Iterator[asyncio.Event]:
        listener = (ref, asyncio.Event())
        self._listeners.append(listener)
        try:
            yield listener[1]
        finally:
            self._listeners.remove(listener)

    async def quiesce(self, run: RunId, timeout_s: float) -> None:
        """Wait until no task that carries the run is pending; cancel those that outlast the time, wait once more.

        What has ended, and nobody here waits for, is destroyed: a console that died left it unread.

        Raises:
            PoolUnavailable: also where a task goes on in spite of all.
        """
        for has_to_end in (False, True):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._until_none_is_pending(run)
                return await self._tidy_ended(run)
            if not has_to_end:
                for ref in await self._pending(run):
                    with contextlib.suppress(PoolFailed, NotPermitted):
                        await self._session.cancel(ref)
        raise ConnectionLost(pool=self._session.pool_name, cause="a task of the run does not end", was_sent=True)

    async def _until_none_is_pending(self, run: RunId) -> None:
        while await self._pending(run):  # noqa: ASYNC110 - they are another console's tasks, and perhaps not on the feed
            await asyncio.sleep(QUIESCE_PAUSE_S)

    async def _tidy_ended(self, run: RunId) -> None:
        ended = [ref for ref, status in (await self._marked(run)).items() if status not in PENDING]
        for ref in ended:
            if all(ref != awaited for awaited, _ in self._listeners):
                await self.tidy(ref)

    async def _pending(self, run: RunId) -> list[Ref]:
        return [ref for ref, status in (await self._marked(run)).items() if status in PENDING]

    async def _marked(self, run: RunId) -> dict[Ref, str]:
        """Return the tasks that carry `run`, with their status."""
        records = await self._session.call("task.get_all_records")
        return {
            Ref(ref): record["status"] for ref, record in records.items() if record["other_config"].get(RUN_KEY) == run
        }

    async def mark(self, ref: Ref, run: RunId) -> None:
        """Leave the run's name at the task: a hint for who has to wait for it later, so its loss is no failure."""
        self._keep_own(ref)
        with contextlib.suppress(PoolFailed, NotPermitted, PoolUnavailable):
            await self._session.call("task.add_to_other_config", ref, RUN_KEY, run)

    async def _finished(self, ref: Ref, news: asyncio.Event, method: str, on_progress: Progress | None) -> Task:
        silence_s, told = FIRST_SILENCE_S, -1.0
        while True:
            task = self._heard.get(ref)
            if task is not None:
                if task.status not in PENDING:
                    return task
                if on_progress is not None and task.progress > told:
                    told = task.progress
                    on_progress(told)
            news.clear()
            try:
                async with asyncio.timeout(silence_s):
                    await news.wait()
            except TimeoutError:
                silence_s = min(2 * silence_s, LONGEST_SILENCE_S)
            else:
                silence_s = FIRST_SILENCE_S
                if ref in self._heard:
                    continue
            self._heard[ref] = await self._asked(ref, method)

    async def _asked(self, ref: Ref, method: str) -> Task:
        """Return the task as the pool has it now; a road that broke is waited for, since the task goes on without it.

        Raises:
            ConnectionLost: nobody knows what became of it.
        """
        for is_last in (False, True):
            try:
                return record_of(Task, ref, await self._session.call("task.get_record", ref))
            except PoolUnavailable as failure:
                if is_last or not await self._is_back():
                    raise self._unknown(f"the road broke while {method} was running") from failure
            except PoolFailed as failure:
                if failure.code in GONE:
                    raise self._unknown(f"the task of {method} was destroyed before its completion") from failure
                raise
        raise AssertionError("the second time is the last")

    async def _is_back(self) -> bool:
        if self._until_available is None:
            return False
        try:
            await self._until_available(PATIENCE_S)
        except PoolUnavailable:
            return False
        return True

    def _unknown(self, cause: str) -> ConnectionLost:
        return ConnectionLost(pool=self._session.pool_name, cause=cause, was_sent=True)

    async def _cancelled(self, start: asyncio.Task[Any]) -> None:
        """Cancel on the pool what was started there, also where the start itself is not answered yet."""
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                await self._session.cancel(await start)
        except (ConsoleError, TimeoutError) as failure:
            log.warning("a task could not be cancelled: %s", failure)

    async def tidy(self, ref: Ref) -> None:
        """Destroy a task that was read: XAPI keeps it for an hour otherwise."""
        self._heard.pop(ref, None)
        with contextlib.suppress(PoolFailed, NotPermitted, PoolUnavailable):
            await self._session.call("task.destroy", ref)

    def result_of(self, task: Task, method: str) -> Any:
        """Return the value that a task gave which has ended.

        Raises:
            NotPermitted, NotSupported, PoolFailed: it failed.
            ConnectionLost: what it gave cannot be read.
        """
        if task.status == "success":
            try:
                return value_of_xml(task.result)
            except BadAnswer as failure:
                raise self._unknown(str(failure)) from failure
        code, *parameters = task.error_info or ("TASK_CANCELLED",)
        raise refusal(code, tuple(parameters), method=method, task=task.uuid)
