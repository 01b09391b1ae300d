"""What runs side by side share: how many of their steps use each storage and each host now."""

import asyncio
from collections import Counter

from xsconsole.domain.side_by_side import Lane


class Traffic:
    """How many steps use each lane now, of all the runs of an engine."""

    def __init__(self) -> None:
        self._taken: Counter[Lane] = Counter()
        self._waiting: list[asyncio.Future[None]] = []

    def enter(self, lane: Lane) -> bool:
        """Take a place on a lane; False where there is none."""
        if self._taken[lane] >= lane.room:
            return False
        self._taken[lane] += 1
        return True

    def leave(self, lane: Lane) -> None:
        self._taken[lane] -= 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def change(self) -> asyncio.Future[None]:
        """Return what is done once somebody has left a lane."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future
