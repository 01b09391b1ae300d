"""Closes runs of this console that somebody else settled, as soon as the pool shows it, and has anchors left there."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping

from xsconsole.console.anchoring import Anchoring
from xsconsole.console.claiming import Claiming
from xsconsole.console.dead_batches import close_dead
from xsconsole.console.home import Home
from xsconsole.console.own_runs import OwnRuns
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.poolstate import configuration_thing, numbers, run_stem
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.engine import Engine
from xsconsole.engine.ports import Ledger, PoolPort
from xsconsole.errors import ConsoleError

log = logging.getLogger(__name__)


class Aftercare:
    """Follows one connection. Lives on the loop's thread."""

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        pool: PoolPort,
        runs: OwnRuns,
        home: Home,
        inventory: Callable[[], Inventory],
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._pool = pool.identity.pool
        self._runs = runs
        self._home = home
        self._anchoring = Anchoring(home.evidence, pool, home.clock, inventory)
        self._claiming = Claiming(home, pool)
        self._left: dict[RunId, ConfigurationId] = {}
        self._work: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow the connection."""
        await self._claiming.claim()
        await self.begin()
        self._anchoring.begin()

    async def begin(self) -> None:
        """Remember what this home has left open, and tell its own runs which of them are not."""
        runs = await self._ledger.open_runs()
        self._left = {run.run: run.configuration for run in runs if run.pool == self._pool}
        self._runs.hear_journal(self._left.keys(), self._pool)
        await close_dead(self._home, [run.run for run in runs], self._ledger)

    def hear_run(self, status: RunStatus) -> None:
        self._anchoring.hear_run(status)
        if status.state is RunState.INTERRUPTED:
            self._left[status.run] = status.plan.intent.configuration
        elif status.state is not RunState.SETTLED_ELSEWHERE:
            self._left.pop(status.run, None)
            if status.ended_at is not None:  # what went together with it may be all over now, and its console dead
                self._start(self._close_batches)

    def hear_keys(self, keys: Mapping[str, str]) -> None:
        """Look at the pool's keys: whose record is gone and whose lease is free, that run was settled elsewhere."""
        self._claiming.look()
        is_due = any(
            not numbers(keys, run_stem(configuration))
            and self._engine.watch.holder_of(configuration_thing(configuration)) is None
            for configuration in self._left.values()
        )
        if is_due:
            self._start(self._reconcile)

    def _start(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(work(), name="aftercare")

    async def close(self) -> None:
        await self._anchoring.close()
        await self._claiming.close()
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    async def _reconcile(self) -> None:
        try:
            await self._engine.reconcile()
            await self.begin()
        except ConsoleError as failure:
            # The journal says it still; the next start closes it.
            log.warning("runs that were settled elsewhere are not closed in the journal: %s", failure)

    async def _close_batches(self) -> None:
        try:
            await close_dead(self._home, [run.run for run in await self._ledger.open_runs()], self._ledger)
        except ConsoleError as failure:  # the next start does it
            log.warning("what a dead console carried out together is not closed on record: %s", failure)
