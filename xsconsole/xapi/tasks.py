"""Long calls: started behind a XAPI task, followed on the feed, read, and tidied away."""

import asyncio
import contextlib
import logging
from typing import Any

from xsconsole.domain.ids import Ref, RunId
from xsconsole.domain.inventory import ChangeBatch, Task
from xsconsole.engine.ports import Progress
from xsconsole.errors import ConnectionLost, ConsoleError, NotPermitted, PoolFailed, PoolUnavailable
from xsconsole.xapi.errors import BadAnswer
from xsconsole.xapi.failures import not_permitted
from xsconsole.xapi.records import record_of
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.wire import value_of_xml

RUN_KEY = "xsconsole.run"
PENDING = frozenset({"pending", "cancelling"})
FIRST_SILENCE_S = 1.0  # then the task is asked for: one that was too short is never told
LONGEST_SILENCE_S = 15.0
CANCEL_TIMEOUT_S = 5.0
QUIESCE_PAUSE_S = 0.5
GONE = frozenset({"HANDLE_INVALID"})

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one pool that calls of ours wait for."""

    def __init__(self, session: PoolSession) -> None:
        self._session = session
        self._heard: dict[Ref, Task] = {}
        self._news: dict[Ref, asyncio.Event] = {}

    def heard(self, batch: ChangeBatch) -> None:
        """Take in what the feed tells of tasks."""
        if batch.is_whole:
            self._heard.clear()
        for change in batch.changes:
            if change.class_name == "task":
                if isinstance(change.record, Task):
                    self._heard[change.ref] = change.record
                else:
                    self._heard.pop(change.ref, None)
        for ref, news in self._news.items():
            if batch.is_whole or any(change.ref == ref for change in batch.changes):
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
        start = asyncio.create_task(self._session.call(f"Async.{method}", *params), name=method)
        try:
            ref = Ref(await asyncio.shield(start))
            self._news[ref] = asyncio.Event()
            try:
                await self._mark(ref, run)
                task = await self._finished(ref, method, on_progress)
            finally:
                del self._news[ref]
        except asyncio.CancelledError:
            if not is_left_alone:
                await asyncio.shield(self._cancelled(start))
            raise
        await self._tidy(ref)
        return self._result(task, method)

    async def follow(self, run: RunId, on_progress: Progress) -> bool:
        """Wait for the end of a task that carries `run`; False where the pool has none. Raises as `run` does."""
        ref = next(iter(await self._marked(run)), None)
        if ref is None:
            return False
        self._news[ref] = asyncio.Event()
        try:
            task = await self._finished(ref, "task", on_progress)
        finally:
            del self._news[ref]
        await self._tidy(ref)
        self._result(task, task.name_label.removeprefix("Async."))
        return True

    async def cancel(self, run: RunId) -> None:
        """Ask the pool to cancel what carries `run`; whoever waits for it is told how it ended."""
        for ref in await self._pending(run):
            with contextlib.suppress(PoolFailed, NotPermitted):
                await self._session.cancel(ref)

    async def quiesce(self, run: RunId, timeout_s: float) -> None:
        """Wait until no task that carries the run is pending; cancel those that outlast the time, wait once more.

        Raises:
            PoolUnavailable: also where a task goes on in spite of all.
        """
        for has_to_end in (False, True):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    return await self._until_none_is_pending(run)
            if not has_to_end:
                for ref in await self._pending(run):
                    with contextlib.suppress(PoolFailed, NotPermitted):
                        await self._session.cancel(ref)
        raise ConnectionLost(pool=self._session.pool_name, cause="a task of the run does not end", was_sent=True)

    async def _until_none_is_pending(self, run: RunId) -> None:
        while await self._pending(run):  # noqa: ASYNC110 - they are another console's tasks, and perhaps not on the feed
            await asyncio.sleep(QUIESCE_PAUSE_S)

    async def _pending(self, run: RunId) -> list[Ref]:
        return [ref for ref, status in (await self._marked(run)).items() if status in PENDING]

    async def _marked(self, run: RunId) -> dict[Ref, str]:
        """Return the tasks that carry `run`, with their status."""
        records = await self._session.call("task.get_all_records")
        return {
            Ref(ref): record["status"] for ref, record in records.items() if record["other_config"].get(RUN_KEY) == run
        }

    async def _mark(self, ref: Ref, run: RunId) -> None:
        """Leave the run's name at the task: a hint for who has to wait for it later, so its loss is no failure."""
        with contextlib.suppress(PoolFailed, NotPermitted, PoolUnavailable):
            await self._session.call("task.add_to_other_config", ref, RUN_KEY, run)

    async def _finished(self, ref: Ref, method: str, on_progress: Progress | None) -> Task:
        silence_s, told = FIRST_SILENCE_S, -1.0
        while True:
            task = self._heard.get(ref)
            if task is not None:
                if task.status not in PENDING:
                    return task
                if on_progress is not None and task.progress > told:
                    told = task.progress
                    on_progress(told)
            self._news[ref].clear()
            try:
                async with asyncio.timeout(silence_s):
                    await self._news[ref].wait()
            except TimeoutError:
                silence_s = min(2 * silence_s, LONGEST_SILENCE_S)
            else:
                silence_s = FIRST_SILENCE_S
                if ref in self._heard:
                    continue
            self._heard[ref] = await self._asked(ref, method)

    async def _asked(self, ref: Ref, method: str) -> Task:
        """Return the task as the pool has it now.

        Raises:
            ConnectionLost: nobody knows what became of it.
        """
        try:
            return record_of(Task, ref, await self._session.call("task.get_record", ref))
        except PoolUnavailable as failure:
            raise self._unknown(f"the road broke while {method} was running") from failure
        except PoolFailed as failure:
            if failure.code in GONE:
                raise self._unknown(f"the task of {method} was destroyed before its completion") from failure
            raise

    def _unknown(self, cause: str) -> ConnectionLost:
        return ConnectionLost(pool=self._session.pool_name, cause=cause, was_sent=True)

    async def _cancelled(self, start: asyncio.Task[Any]) -> None:
        """Cancel on the pool what was started there, also where the start itself is not answered yet."""
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                await self._session.cancel(Ref(await start))
        except (ConsoleError, TimeoutError) as failure:
            log.warning("a task could not be cancelled: %s", failure)

    async def _tidy(self, ref: Ref) -> None:
        """Destroy a task that was read: XAPI keeps it for an hour otherwise."""
        self._heard.pop(ref, None)
        with contextlib.suppress(PoolFailed, NotPermitted, PoolUnavailable):
            await self._session.call("task.destroy", ref)

    def _result(self, task: Task, method: str) -> Any:
        if task.status == "success":
            try:
                return value_of_xml(task.result)
            except BadAnswer as failure:
                raise self._unknown(str(failure)) from failure
        code, *parameters = task.error_info or ("TASK_CANCELLED",)
        if code == "RBAC_PERMISSION_DENIED":
            raise not_permitted(*parameters)
        raise PoolFailed(code=code, parameters=tuple(parameters), method=method, task=task.uuid)
