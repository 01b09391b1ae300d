"""Work through a directed graph without cycles: whatever waits for nothing runs, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from xsconsole.domain.ids import StepKey
from xsconsole.errors import ConsoleError


async def walk(
    after: Mapping[StepKey, Collection[StepKey]],
    work: Callable[[StepKey], Awaitable[None]],
    *,
    limit: int,
    may_go_on: Callable[[], bool],
) -> dict[StepKey, ConsoleError]:
    """Do `work` for every key, each once all it comes `after` is done, at most `limit` at a time.

    After the first failure, or once `may_go_on` says no, nothing more is begun; what runs is awaited. The answer has
    the failures, in no order. What is no `ConsoleError` is a bug: it ends everything at once and is passed on.
    """
    waiting = {key: set(before) & set(after) for key, before in after.items()}
    done: set[StepKey] = set()
    failures: dict[StepKey, ConsoleError] = {}
    running: dict[asyncio.Task[ConsoleError | None], StepKey] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            if not failures and may_go_on():
                ready = [key for key, before in waiting.items() if before <= done][: limit - len(running)]
                for key in ready:
                    del waiting[key]
                    running[group.create_task(_attempt(work, key), name=key)] = key
            if not running:
                return failures
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                key = running.pop(task)
                failure = task.result()
                if failure is None:
                    done.add(key)
                else:
                    failures[key] = failure


async def _attempt(work: Callable[[StepKey], Awaitable[None]], key: StepKey) -> ConsoleError | None:
    try:
        await work(key)
    except ConsoleError as failure:
        return failure
    return None
