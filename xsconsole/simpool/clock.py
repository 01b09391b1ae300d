"""The pool's own time: it runs `speed` times as fast as ours."""

import asyncio
import contextlib
import math
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall time and durations of one pool. Each pool has its own, so that several can differ in speed."""

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self._origin_s = time.monotonic()
        self._passed_s = 0.0
        self.speed = 1.0
        self._changed = asyncio.Event()
        self.run(speed)

    def run(self, speed: float) -> None:
        """Run so many times as fast as our time from now on; what waits already notices within a moment.

        Raises:
            ValueError: not forward.
        """
        if not 0 < speed < math.inf:
            raise ValueError("a clock runs forward")
        self._passed_s = self.monotonic()
        self._origin_s = time.monotonic()
        self.speed = speed
        self._changed.set()
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Return the pool's present instant, aware and in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds of pool time since the clock was made."""
        return self._passed_s + (time.monotonic() - self._origin_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of pool time; the other calls go on meanwhile."""
        end_s = self.monotonic() + seconds
        while (left_s := end_s - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s / self.speed):
                    await self._changed.wait()
