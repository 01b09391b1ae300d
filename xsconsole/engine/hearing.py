"""What the feed told of the pool's own record, and waiting until it has told of something that we know stands there."""

import asyncio
from collections.abc import Mapping

from xsconsole.domain.poolstate import lease_stem, numbers
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.values import insist
from xsconsole.errors import Refused

CATCH_UP_S = 10.0


class Hearing:
    """The pool's `other_config` as last heard of."""

    def __init__(self, pool: PoolPort) -> None:
        self._pool = pool
        self._heard: Mapping[str, str] = {}
        self._is_heard = asyncio.Event()

    def hear(self, pool_keys: Mapping[str, str]) -> None:
        self._heard = pool_keys
        self._is_heard.set()

    async def catch_up(self, thing: str) -> None:
        """Wait until the feed has told of our own lease, and so of everything that happened before.

        Raises:
            Refused: it takes too long.
        """
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        wanted = next(iter(numbers(keys, lease_stem(thing))), 0)
        try:
            async with asyncio.timeout(CATCH_UP_S):
                while next(iter(numbers(self._heard, lease_stem(thing))), 0) < wanted:
                    self._is_heard.clear()
                    await self._is_heard.wait()
        except TimeoutError:
            raise Refused(
                reason="The console has not caught up with what happens on the pool.",
                mend="Wait until the view is live again, or connect anew: then all of it is read afresh.",
            ) from None
