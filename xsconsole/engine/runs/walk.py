"""Work through a directed graph without cycles: whatever waits for nothing runs, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from xsconsole.domain.ids import StepKey
from xsconsole.domain.side_by_side import Lane
from xsconsole.engine.runs.traffic import Traffic
from xsconsole.errors import ConsoleError

LOOK_AGAIN_S = 1.0
NO_LANES: Mapping[StepKey, Lane | None] = MappingProxyType({})


async def walk(
    after: Mapping[StepKey, Collection[StepKey]],
    work: Callable[[StepKey], Awaitable[None]],
    *,
    limit: int,
    may_go_on: Callable[[], bool],
    lanes: Mapping[StepKey, Lane | None] = NO_LANES,
    traffic: Traffic | None = None,
) -> dict[StepKey, ConsoleError]:
    """Do `work` for every key, each once all it comes `after` is done, at most `limit` at a time.

    What `after` names first goes first. Of what needs the same thing only so many run at once as its lane has room for;
    `traffic` counts what others do there too.

    After the first failure, or once `may_go_on` says no, nothing more is begun; what runs is awaited. The answer has
    the failures, in no order. What is no `ConsoleError` is a bug: it ends everything at once and is passed on.
    """
    traffic = Traffic() if traffic is None else traffic
    waiting = {key: set(before) & set(after) for key, before in after.items()}
    done: set[StepKey] = set()
    failures: dict[StepKey, ConsoleError] = {}
    running: dict[asyncio.Task[ConsoleError | None], StepKey] = {}
    async with asyncio.TaskGroup() as group:
        while True:
            is_held_up = False
            if not failures and may_go_on():
                ready = [key for key, before in waiting.items() if before <= done]
                for key in ready:
                    lane = lanes.get(key)
                    if len(running) == limit:
                        break
                    if lane is not None and not traffic.enter(lane):
                        is_held_up = True
                        continue
                    del waiting[key]
                    task = group.create_task(_attempt(work, key), name=key)
                    if lane is not None:
                        task.add_done_callback(partial(_leave, traffic, lane))
                    running[task] = key
            if not running and not is_held_up:
                return failures
            awaited: set[asyncio.Future[Any]] = {*running, *((traffic.change(),) if is_held_up else ())}
            # Whoever waits for others only looks from time to time whether it may still go on.
            look_s = LOOK_AGAIN_S if is_held_up else None
            ended, _ = await asyncio.wait(awaited, timeout=look_s, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in running if task in ended]:
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


def _leave(traffic: Traffic, lane: Lane, task: asyncio.Task[ConsoleError | None]) -> None:
    del task
    traffic.leave(lane)
