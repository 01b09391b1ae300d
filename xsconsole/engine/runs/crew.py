"""Who performs the steps of a run: one performer for its own pool and, where it goes there, one for the other."""

import contextlib
from collections.abc import Iterator

from xsconsole.domain.actions.fences import FenceAction
from xsconsole.domain.actions.proofs import ProofAction
from xsconsole.domain.actions.travel import StreamAction
from xsconsole.domain.ids import ConsoleId, StepKey
from xsconsole.domain.plan import Step
from xsconsole.domain.poolstate import RunRecord
from xsconsole.engine.ports import PoolPort, Progress
from xsconsole.engine.runs.gatekeeper import Gatekeeper, remarks_of
from xsconsole.engine.runs.left_elsewhere import left_elsewhere
from xsconsole.engine.runs.missing import note_missing
from xsconsole.engine.runs.performer import Performer
from xsconsole.engine.runs.presence import Results
from xsconsole.engine.runs.surroundings import Surroundings
from xsconsole.errors import PoolFailed


class Crew:
    """Does for each step what `Performer` does, at the pool where it happens."""

    def __init__(
        self,
        surroundings: Surroundings,
        record: RunRecord,
        results: Results,
        other: tuple[PoolPort, Gatekeeper] | None,
    ) -> None:
        self._plan = record.plan
        self._console = surroundings.archives.console if surroundings.archives is not None else ConsoleId("")
        home, clock, key, archives = surroundings.pool, surroundings.clock, surroundings.key, surroundings.archives
        if other is None:
            gatekeeper = surroundings.gatekeeper
            self._home = Performer(home, clock, gatekeeper, record, key, results, archives=archives)
            self._other = self._home
            return
        pool, there = other
        here = surroundings.gatekeeper
        self._home = Performer(home, clock, here.beside(there), record, key, results, pool)
        beside = there.beside(here)
        self._other = Performer(pool, clock, beside, record, key, results, home, archives, is_abroad=True)

    async def is_there(self, step: Step) -> bool:
        if isinstance(step.action, FenceAction):
            return await self._of(step).fencer.is_there(step.action)
        if isinstance(step.action, ProofAction):
            return await self._of(step).prover.is_there(step, step.action)
        if isinstance(step.action, StreamAction):
            return await self._of(step).streamer.is_there(step.action)
        return await self._of(step).is_there(step)

    async def left_nothing(self, step: Step) -> bool:
        if isinstance(step.action, StreamAction):
            return await self._of(step).streamer.left_nothing(step.action)
        return await self._of(step).left_nothing(step)

    async def perform(self, step: Step, on_progress: Progress) -> str:
        with self._telling_what_is_gone(step):
            if isinstance(step.action, FenceAction):
                return await self._of(step).fencer.perform(step.action, on_progress)
            if isinstance(step.action, ProofAction):
                return await self._of(step).prover.perform(step, step.action, on_progress)
            if isinstance(step.action, StreamAction):
                return await self._of(step).streamer.perform(step, step.action, on_progress)
            await self._of(step).streamer.demand_alone(step)
            return await self._of(step).perform(step, on_progress)

    async def undo(self, step: Step, on_progress: Progress) -> str:
        with self._telling_what_is_gone(step):
            if isinstance(step.action, FenceAction):
                await self._of(step).fencer.undo(step.action, on_progress)
                return ""
            if isinstance(step.action, ProofAction):
                await self._of(step).prover.undo(step, step.action)
                return ""
            if isinstance(step.action, StreamAction):
                return await self._of(step).streamer.undo(step.action, on_progress)
            await self._of(step).streamer.demand_alone(step, is_undone=True)
            return await self._of(step).undo(step, on_progress)

    async def settle_down(self) -> None:
        """Wait until nothing of the run goes on at either pool, or time is up."""
        await self._home.settle_down()
        if self._other is not self._home:
            await self._other.settle_down()

    def remarks(self, record: RunRecord) -> dict[StepKey, str]:
        """Return what has to be known at the end of a run though nothing failed, in the order of its steps."""
        return {**remarks_of(record), **left_elsewhere(record, self._console)}

    @contextlib.contextmanager
    def _telling_what_is_gone(self, step: Step) -> Iterator[None]:
        try:
            yield
        except PoolFailed as failure:
            note_missing(failure, step, self._plan)
            raise

    def _of(self, step: Step) -> Performer:
        return self._home if step.pool is None else self._other
