"""Work through a directed graph without cycles: whatever waits for nothing runs, a few at a time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping

from xsconsole.domain.ids import StepKey
from xsconsole.engine.lanes import Lane, Lanes
from xsconsole.errors import ConsoleError


async def walk(
    after: Mapping[StepKey, Collection[StepKey]],
    work: Callable[[StepKey], Awaitable[None]],
    *,
    limit: int,
    may_go_on: Callable[[], bool],
    lanes: Lanes | None = None,
) -> dict[StepKey, ConsoleError]:
    """Do `work` for every key, each once all it comes `after` is done, at most `limit` at a time.

    What `after` names first goes first. Of what needs the same thing only so many run at once as `lanes` have room for.

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
                open_ = [key for key, before in waiting.items() if before <= done]
                for key in _with_room(open_, tuple(running.values()), lanes, limit):
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


def _with_room(
    ready: Collection[StepKey], running: Collection[StepKey], lanes: Lanes | None, limit: int
) -> list[StepKey]:
    """Return what can begin beside what runs."""
    taken: Counter[Lane | None] = Counter(lanes.of.get(key) for key in running) if lanes is not None else Counter()
    begun: list[StepKey] = []
    for key in ready:
        if len(running) + len(begun) == limit:
            break
        lane = lanes.of.get(key) if lanes is not None else None
        if lanes is None or lane is None or taken[lane] < lanes.room(lane):
            taken[lane] += 1
            begun.append(key)
    return begun


async def _attempt(work: Callable[[StepKey], Awaitable[None]], key: StepKey) -> ConsoleError | None:
    try:
        await work(key)
    except ConsoleError as failure:
        return failure
    return None
