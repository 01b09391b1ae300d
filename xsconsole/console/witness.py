"""Writes down, one after another, what this console sees and did not do itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from xsconsole.domain.record import Fact
from xsconsole.errors import ConsoleError

CLOSE_TIMEOUT_S = 10.0

log = logging.getLogger(__name__)


class Witness:
    """A queue of facts and the one task that records them, in the order in which they were seen."""

    def __init__(self, record: Callable[..., Awaitable[None]]) -> None:
        self._record = record
        self._seen: asyncio.Queue[Fact] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    def note(self, fact: Fact) -> None:
        self._seen.put_nowait(fact)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write(), name="witness")

    async def close(self) -> None:
        """Write what is left, then end."""
        if self._writer is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._seen.join()
        except TimeoutError:
            log.warning("%d rows of what was seen were not written", self._seen.qsize())
        self._writer.cancel()
        await asyncio.wait([self._writer])
        self._writer = None

    async def _write(self) -> None:
        while True:
            facts = [await self._seen.get()]
            while not self._seen.empty():
                facts.append(self._seen.get_nowait())
            try:
                await self._record(*facts)
            except ConsoleError as failure:
                # Looking goes on, and the ledger has told the user; doing is refused by the ledger itself.
                log.warning("%d rows of what was seen were not written: %s", len(facts), failure)
            finally:
                for _ in facts:
                    self._seen.task_done()
