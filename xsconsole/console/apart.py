"""Work in a thread that nobody waits for longer than was said, and that does not keep the program from ending.

For what talks to strangers: who sends a byte now and then keeps each single read within its time-out, and is never
done.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def apart(work: Callable[[], T], timeout_s: float, name: str) -> T:
    """Return what `work` returns; it must not raise.

    Raises:
        TimeoutError: it takes longer; whatever it comes to is forgotten.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(found: T) -> None:
        if not answer.done():
            answer.set_result(found)

    def run() -> None:
        found = work()
        try:
            loop.call_soon_threadsafe(settle, found)
        except RuntimeError:  # the loop has ended meanwhile, and nobody waits for it
            return

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(timeout_s):
        return await answer
