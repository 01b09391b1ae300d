"""What the clock of a pool says: asked where it decides, and reckoned from this computer's in between."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from xsconsole.errors import ConsoleError

log = logging.getLogger(__name__)


class PoolClock:
    """How much later the pool's clock is than this computer's, as it was last asked."""

    def __init__(self, own: Callable[[], datetime]) -> None:
        self._own = own
        self._ask: Callable[[], Awaitable[datetime]] | None = None
        self.offset = timedelta()

    def follow(self, ask: Callable[[], Awaitable[datetime]] | None) -> None:
        """Ask there from now on; None: nowhere."""
        self._ask = ask

    async def time(self) -> datetime:
        """Return what the pool's clock says; where the pool is away, what it should say by now."""
        try:
            if self._ask is not None:
                self.offset = await self._ask() - self._own()
        except ConsoleError as failure:
            log.warning("the pool's clock is not known: %s", failure)
        return self._own() + self.offset
