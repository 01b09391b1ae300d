"""What a pool does by itself, with no client waiting for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING

from xsconsole.simpool.calls import Call
from xsconsole.simpool.model import NULL
from xsconsole.simpool.sessions import NOBODY

if TYPE_CHECKING:
    from xsconsole.simpool.pool import Pool


class Errands:
    """The errands of one pool that have not ended."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, errand: Coroutine[None, None, None], name: str) -> None:
        """Let an errand go on until it ends or `stop` is called; a failure of it is a fault of this program."""
        task = asyncio.get_running_loop().create_task(errand, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """End them all where they are."""
        ending = tuple(self._under_way)
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)


async def perform(pool: "Pool", method: str, act: Callable[[Call], Awaitable[object]]) -> None:
    """Make a call of the pool's own; clients see its task as long as it lasts.

    Raises:
        XapiError: the call failed.
    """
    own = Call(pool=pool, host=pool.coordinator, session=NOBODY, task=NULL, method="")

    async def part(call: Call) -> None:
        await act(call)

    await own.part(method, part)
