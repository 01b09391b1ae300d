"""Carries several promotions out side by side, each as a run or a request of its own, with one row for all of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from xsconsole.console.facts import fact_of
from xsconsole.console.own_scripts import demand_planned_here
from xsconsole.domain.batch import AT_ONCE, BatchPlan, Part, PartState
from xsconsole.domain.board import Board, Standing
from xsconsole.domain.canonical import Json
from xsconsole.domain.events import BoardChanged, Event
from xsconsole.domain.ids import BatchId, ConfigurationId, RunId
from xsconsole.domain.plan import Plan
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.requests.values import Request
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain, refusal, state_name
from xsconsole.engine.commands import Ask, Confirmed, Demote, Plannable, Promote, Settle, Together
from xsconsole.engine.plans.batch import plan_together
from xsconsole.engine.ports import Identity
from xsconsole.errors import ConsoleError, PlanIsStale, Refused

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.home import Home

TOLD_TIMEOUT_S = 5.0
GOOD = (PartState.DONE, PartState.ASKED)

E = TypeVar("E", bound=Event)


def planned_together(console: "Console", together: Together) -> BatchPlan:
    """Return one plan of several promotions or verbs on one pool. Nothing is changed."""
    actor = console.identity.actor if console.identity is not None else ""
    at, also_at = console.requests.moment()
    lands, home = console.abroad.land, console.home.settings.home
    return plan_together(
        together,
        console.board,
        console.inventory,
        actor,
        at,
        also_at,
        lands,
        lambda made: demand_planned_here(made, home),
    )


class Asker(Protocol):
    """What asks those who have to approve."""

    async def ask(self, ask: Ask) -> Request: ...


class Doer(Protocol):
    """What carries a command out: a console, or an estate of several."""

    @property
    def home(self) -> "Home": ...

    @property
    def identity(self) -> Identity | None: ...

    @property
    def board(self) -> Board: ...

    def plan(self, command: Plannable) -> Plan: ...

    async def do(self, command: Confirmed | Settle) -> RunId: ...

    async def finished(self, run: RunId) -> RunStatus: ...

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]: ...

    async def record(self, *facts: Fact) -> None: ...


class Batch:
    """One batch on its way. `tell` is called with each change; after `stop` nothing more is begun."""

    def __init__(
        self,
        doer: Doer,
        asker: Asker,
        together: Together,
        planned: BatchPlan,
        tell: Callable[[BatchPlan], None],
        *,
        goes_on: bool,
    ) -> None:
        """`goes_on` begins the next one also where one failed or was refused meanwhile."""
        self._doer, self._asker, self._tell, self._goes_on = doer, asker, tell, goes_on
        self._together = together
        self._commands = {command.configuration: command for command in together.commands}
        self._is_stopped = False
        self.id = BatchId(doer.home.ids.new())
        self.plan = planned

    def stop(self) -> None:
        """Let the runs that go on end, and begin no other."""
        self._is_stopped = True
        self._skip_the_rest()

    async def carry_out(self) -> BatchPlan:
        """Carry out what was ready when it was planned; what became of each stands in the result.

        Raises:
            StoreFailed: it cannot be recorded; nothing was begun, or all that was has ended.
        """
        await self._doer.record(self._fact(AuditEvent.BATCH_OPENED, None))
        try:
            await self._side_by_side()
        except asyncio.CancelledError:
            await asyncio.shield(self._doer.record(self._fact(AuditEvent.BATCH_CLOSED, Outcome.UNKNOWN)))
            raise
        self._skip_the_rest()
        await self._doer.record(self._fact(AuditEvent.BATCH_CLOSED, self._outcome()))
        return self.plan

    async def _side_by_side(self) -> None:
        waiting = {part.configuration: part for part in self.plan.ready}
        running: dict[asyncio.Task[bool], ConfigurationId] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                unsettled = waiting.keys() | set(running.values())
                for id_, part in tuple(waiting.items()):
                    if self._is_stopped or len(running) == AT_ONCE:
                        break
                    if not unsettled & set(part.after):
                        del waiting[id_]
                        self._change(part, state=PartState.RUNNING)
                        running[group.create_task(self._carry_out_one(part), name=f"of batch {self.id}")] = id_
                if not running:
                    return
                ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    del running[task]
                    if not (task.result() or self._goes_on):
                        self.stop()

    def _skip_the_rest(self) -> None:
        for part in self.plan.ready:
            if part.state is PartState.WAITING:
                self._change(part, state=PartState.SKIPPED)

    async def _carry_out_one(self, part: Part) -> bool:
        try:
            return await (self._ask(part) if part.is_asked else self._run(part))
        except PlanIsStale as stale:
            self._change(part, state=PartState.REFUSED, sentence=self._why(part) or refusal(stale))
        except Refused as refused:
            self._change(part, state=PartState.REFUSED, sentence=refusal(refused))
        except ConsoleError as error:
            self._change(part, state=PartState.FAILED, sentence=explain(error).failed)
        return False

    async def _ask(self, part: Part) -> bool:
        command = self._commands[part.configuration]
        assert part.plan is not None
        assert isinstance(command, Promote | Demote), "nothing else is asked for"
        request = await self._asker.ask(
            Ask(
                command=command,
                digest=part.plan.digest,
                ticket=self._together.ticket,
                runs_itself=self._together.runs_itself,
                batch=self.id,
            )
        )
        told = f"Request {request.id[:8]} waits for approval."
        self.plan = self.plan.changed(part.configuration, lambda one: replace(one, request=request.id))
        self._change(part, state=PartState.ASKED, sentence=told)
        return True

    async def _run(self, part: Part) -> bool:
        assert part.plan is not None
        command = self._commands[part.configuration]
        answers = self._together.answers
        order = Confirmed(command=command, digest=part.plan.digest, answers=answers, batch=self.id)
        run = await self._doer.do(order)
        self._change(part, state=PartState.RUNNING, run=run)
        ended = await self._doer.finished(run)
        is_done, id_ = ended.state is RunState.DONE, ended.plan.intent.configuration
        made = id_ if id_ != part.configuration else None
        self.plan = self.plan.changed(part.configuration, lambda one: replace(one, made=made))
        said = "" if ended.error is None else explain(ended.error).failed
        if not is_done:
            said = f"{state_name(ended.state).capitalize()}. {said}".strip()
        self._change(part, state=PartState.DONE if is_done else PartState.FAILED, sentence=said)
        await self._until_told(id_)
        return is_done

    def _why(self, part: Part) -> str:
        """Return why it cannot go now, where more is known than that something has changed."""
        try:
            self._doer.plan(self._commands[part.configuration])
        except Refused as refused:
            return refusal(refused)
        return ""

    def _change(self, part: Part, *, state: PartState, run: RunId | None = None, sentence: str = "") -> None:
        self.plan = self.plan.changed(
            part.configuration, lambda one: replace(one, state=state, run=run or one.run, sentence=sentence)
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

    # --- the record -----------------------------------------------------------------------------------------------

    def _outcome(self) -> Outcome:
        states = {part.state for part in self.plan.ready}
        if states <= set(GOOD):
            return Outcome.DONE
        return Outcome.FAILED if states & {PartState.FAILED, PartState.REFUSED} else Outcome.CANCELLED

    def _title(self) -> str:
        target = self.plan.target
        return self.plan.title(self._doer.board.stage_name(target) if target is not None else "")

    def _fact(self, event: AuditEvent, outcome: Outcome | None) -> Fact:
        """Return the row that holds all of them together; the rows of each name this batch."""
        is_end = event is AuditEvent.BATCH_CLOSED
        parts: list[Json] = [_told(part, self.plan, is_end=is_end) for part in self.plan.parts]
        details: dict[str, Json] = {
            "batch": self.id,
            "what": self._title(),
            "plan": self.plan.digest,
            "goes_on_after_failure": self._goes_on,
            "process": self._doer.home.me.process,
            "parts": parts,
        }
        made = fact_of(event, self._doer.identity, details)
        reason = next((command.reason for command in self._together.commands if command.reason), "")
        return replace(made, target=self.plan.target, outcome=outcome, reason="" if is_end else reason)


def _told(part: Part, planned: BatchPlan, *, is_end: bool) -> dict[str, Json]:
    why = refusal(part.refusal) if part.refusal is not None else part.sentence
    return {
        "configuration": part.id,
        "name": part.name,
        "plan": part.plan.digest if part.plan is not None else None,
        "is_asked_for": part.is_asked,
        "after": list[Json](planned.waits_for(part)),
        **({"state": part.state.value, "run": part.run, "request": part.request} if is_end else {}),
        **({"why": why} if why else {}),
    }
