"""Owns the coroutines that the window starts, so that none is lost and none fails in silence."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from xsconsole.errors import ConsoleError
from xsconsole_ui.pieces import Notice

log = logging.getLogger(__name__)


class Jobs:
    """Independent jobs: one that fails is reported and stops no other."""

    def __init__(self, *, on_error: Callable[[ConsoleError], None], on_bug: Callable[[BaseException], None]) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None  # of the first job; timers of Qt know none
        self._on_error = on_error
        self._on_bug = on_bug

    def start(self, job: Coroutine[Any, Any, object], name: str) -> None:
        """Run `job` on the loop; once all is closed, nothing begins any more, such as by what is heard of last."""
        if self._is_closed:
            job.close()
            return
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = self._loop.create_task(job, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Ask all jobs to end, without waiting for it."""
        for task in tuple(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        self._is_closed = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if isinstance(failure, ConsoleError):
            self._on_error(failure)
        elif failure is not None:
            log.error("job %s failed", task.get_name(), exc_info=failure)
            self._on_bug(failure)


async def told_in(news: Notice, job: Coroutine[Any, Any, object]) -> None:
    """Do it; what stands against it is said where it was asked for."""
    try:
        await job
    except ConsoleError as error:
        news.show_error(error)
