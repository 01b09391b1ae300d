"""Carries several promotions out one after another, each as a run of its own under its own lease."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from xsconsole.domain.batch import BatchPlan, Part, PartState
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.events import BoardChanged, Event
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain, refusal, state_name
from xsconsole.engine.batch import plan_together
from xsconsole.engine.commands import Confirmed, Plannable, Settle, Together
from xsconsole.errors import ConsoleError, PlanIsStale, Refused

if TYPE_CHECKING:
    from xsconsole.console.door import Console

TOLD_TIMEOUT_S = 5.0

E = TypeVar("E", bound=Event)


def planned_together(console: "Console", together: Together) -> BatchPlan:
    """Return one plan of several promotions on one pool. Nothing is changed."""
    actor = console.identity.actor if console.identity is not None else ""
    return plan_together(together, console.board, console.inventory, actor, console.home.clock.now())


class Doer(Protocol):
    """What carries a command out: a console, or an estate of several."""

    @property
    def board(self) -> Board: ...

    def plan(self, command: Plannable) -> Plan: ...

    async def do(self, command: Confirmed | Settle) -> RunId: ...

    async def finished(self, run: RunId) -> RunStatus: ...

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]: ...


class Batch:
    """One batch on its way. `tell` is called with each change; after `stop` nothing more is begun."""

    def __init__(
        self, doer: Doer, together: Together, planned: BatchPlan, tell: Callable[[BatchPlan], None], *, goes_on: bool
    ) -> None:
        """`goes_on` begins the next one also where one failed or was refused meanwhile."""
        self._doer, self._tell, self._goes_on = doer, tell, goes_on
        self._commands = {command.configuration: command for command in together.commands}
        self._is_stopped = False
        self.plan = planned

    def stop(self) -> None:
        """Let the run that goes on end, and begin no other."""
        self._is_stopped = True

    async def carry_out(self) -> BatchPlan:
        """Carry out what was ready when it was planned; what became of each stands in the result."""
        for part in self.plan.ready:
            if self._is_stopped:
                self._change(part.configuration, state=PartState.SKIPPED)
                continue
            is_done = await self._carry_out_one(part)
            self._is_stopped = self._is_stopped or not (is_done or self._goes_on)
        return self.plan

    async def _carry_out_one(self, part: Part) -> bool:
        configuration = part.configuration
        assert part.plan is not None
        try:
            run = await self._doer.do(Confirmed(command=self._commands[configuration], digest=part.plan.digest))
        except PlanIsStale as stale:
            self._change(configuration, state=PartState.REFUSED, sentence=self._why(configuration) or refusal(stale))
            return False
        except Refused as refused:
            self._change(configuration, state=PartState.REFUSED, sentence=refusal(refused))
            return False
        except ConsoleError as error:
            self._change(configuration, state=PartState.FAILED, sentence=explain(error).failed)
            return False
        self._change(configuration, state=PartState.RUNNING, run=run)
        ended = await self._doer.finished(run)
        is_done = ended.state is RunState.DONE
        said = "" if ended.error is None else explain(ended.error).failed
        if not is_done:
            said = f"{state_name(ended.state).capitalize()}. {said}".strip()
        self._change(configuration, state=PartState.DONE if is_done else PartState.FAILED, sentence=said)
        await self._until_told(configuration)
        return is_done

    def _why(self, configuration: ConfigurationId) -> str:
        """Return why it cannot go now, where more is known than that something has changed."""
        try:
            self._doer.plan(self._commands[configuration])
        except Refused as refused:
            return refusal(refused)
        return ""

    def _change(
        self, configuration: ConfigurationId, *, state: PartState, run: RunId | None = None, sentence: str = ""
    ) -> None:
        self.plan = self.plan.changed(
            configuration, lambda part: replace(part, state=state, run=run or part.run, sentence=sentence)
        )
        self._tell(self.plan)

    async def _until_told(self, configuration: ConfigurationId) -> None:
        """Wait until the board shows the end: the next one is planned on it. Too late is no harm: the lease tells."""
        is_changed = asyncio.Event()
        end = self._doer.subscribe(BoardChanged, lambda _: is_changed.set())
        try:
            async with asyncio.timeout(TOLD_TIMEOUT_S):
                while self._is_running(configuration):
                    is_changed.clear()
                    await is_changed.wait()
        except TimeoutError:
            pass
        finally:
            end()

    def _is_running(self, configuration: ConfigurationId) -> bool:
        card = self._doer.board.cards.get(configuration)
        return card is not None and card.standing is Standing.RUNNING
