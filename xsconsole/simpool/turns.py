"""Long work in the loop's own thread, done so that nobody else waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

TURN_S = 0.005
"""How long the work may keep the others waiting."""

Part = TypeVar("Part")


async def unhurried(parts: Iterable[Part]) -> AsyncIterator[Part]:
    """Yield the parts of work that is done as they are asked for, giving way to everybody else now and then."""
    until = time.monotonic() + TURN_S
    for part in parts:
        yield part
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + TURN_S
