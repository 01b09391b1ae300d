"""A run that is to be given up: nothing more is begun, and what goes on is cancelled where the pool lets it be."""

import asyncio
import contextlib
from collections.abc import Iterable

from xsconsole.domain.ids import RunId
from xsconsole.engine.ports import PoolPort
from xsconsole.errors import ConsoleError, PoolFailed

CANCELLED = "TASK_CANCELLED"


class Aborting:
    """Of one run. Only what it does forward is cancelled: putting back begins once nothing is cancelled any more."""

    def __init__(self, pools: Iterable[PoolPort], run: RunId) -> None:
        self._pools = tuple(pools)
        self._run = run
        self._asking = asyncio.Lock()
        self._is_over = False
        self.is_wanted = False

    async def cancel(self) -> None:
        """Ask each pool to cancel what carries the run. What it does not cancel, such as a revert, is waited for."""
        async with self._asking:
            for pool in self._pools if not self._is_over else ():
                with contextlib.suppress(ConsoleError):  # it is given up all the same, only later
                    await pool.cancel(self._run)

    async def over(self) -> None:
        """Let nothing be cancelled from here on."""
        async with self._asking:
            self._is_over = True

    def is_why(self, failure: ConsoleError) -> bool:
        """Return whether a step failed because it was cancelled for this."""
        return self.is_wanted and isinstance(failure, PoolFailed) and failure.code == CANCELLED
