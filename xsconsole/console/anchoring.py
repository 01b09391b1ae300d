"""Leaves heads of the record in a pool: one rolling key, and a message each day and after each promotion."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from xsconsole.console.evidence import Evidence, anchors_in
from xsconsole.domain import anchors
from xsconsole.domain.heads import to_text
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.run_kinds import RunKind
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.ports import Clock, Field, PoolPort
from xsconsole.engine.values import write_value
from xsconsole.errors import ConsoleError

EVERY = timedelta(days=1)
LEAST_S = 30.0  # a command line that only does one thing leaves none, unless it promotes
CLOSE_TIMEOUT_S = 10.0
WORTH = frozenset({RunKind.PROMOTE, RunKind.DEMOTE})

log = logging.getLogger(__name__)


class Anchoring:
    """Follows one connection whose log-in may write. Lives on the loop's thread."""

    def __init__(self, evidence: Evidence, pool: PoolPort, clock: Clock, inventory: Callable[[], Inventory]) -> None:
        self._evidence, self._pool, self._clock = evidence, pool, clock
        self._inventory = inventory
        self._asked, self._leaving = asyncio.Event(), asyncio.Lock()
        self._work: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._keep(), name="anchors")

    def hear_run(self, status: RunStatus) -> None:
        """Leave an anchor once a promotion is over: its rows are worth most."""
        is_over = status.state in (RunState.DONE, RunState.UNDONE) and status.ended_at is not None
        if is_over and status.plan.intent.kind in WORTH:
            self._asked.set()

    async def close(self) -> None:
        """Leave what is due still, and end."""
        work, self._work = self._work, None
        if work is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S), self._leaving:
                if self._asked.is_set():
                    await self._leave()
        except TimeoutError:
            log.warning("the pool did not take the anchor of a promotion in time")
        work.cancel()
        await asyncio.wait([work])

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(await self.due_in_s()):
                    await self._asked.wait()
            except TimeoutError:
                self._asked.set()  # a day has passed
            async with self._leaving:
                if self._asked.is_set():
                    await self._leave()

    async def due_in_s(self) -> float:
        """Return in how many seconds the next anchor is due: a day after the newest message of this record there."""
        identity = self._pool.identity
        found = anchors_in(self._inventory(), identity.pool, identity.pool_name)
        messages = [one for one in found if one.kind is anchors.AnchorKind.MESSAGE]
        try:
            own = await self._evidence.own(messages)
        except ConsoleError as failure:
            log.warning("the record cannot be compared with its anchors: %s", failure)
            return EVERY.total_seconds()
        newest = max((one.head.instant for one in own), default=None)  # by this console's own clock
        due_s = (newest + EVERY - self._clock.now()).total_seconds() if newest is not None else 0.0
        return max(LEAST_S, due_s)

    async def _leave(self) -> None:
        self._asked.clear()
        identity = self._pool.identity
        try:
            head = await self._evidence.head()
            if head is None:
                return
            text = to_text(head)
            await write_value(self._pool, Field.POOL, anchors.stem_of(head.chain_id), text)
            await self._pool.announce(anchors.MESSAGE_NAME, text)
            await self._evidence.keep(anchors.left_in_pool(head, identity.pool, identity.pool_name))
        except ConsoleError as failure:  # the verdict on anchors names the newest one that there is
            log.warning("no anchor of the record was left in the pool: %s", failure)
