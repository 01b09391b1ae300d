"""The pool's own time: it runs `speed` times as fast as ours."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall time and durations of one pool. Each pool has its own, so that several can differ in speed."""

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed <= 0:
            raise ValueError("a clock runs forward")
        self.speed = speed
        self._start = start or datetime.now(UTC)
        self._origin_s = time.monotonic()

    def now(self) -> datetime:
        """Return the pool's present instant, aware and in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds of pool time since the clock was made."""
        return (time.monotonic() - self._origin_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of pool time; the other calls go on meanwhile."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)
