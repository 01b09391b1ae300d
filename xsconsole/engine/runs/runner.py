"""A run: a plan carried out step by step under a lease, journaled before and after each effect, forward or back.

The order of commits is what makes a cut at any point recoverable. Forward, for each step: the intent is committed
here, the lease is confirmed, the effect happens, its outcome is committed here, the run record on the pool names it,
and only then what comes after it begins. So the effects that may stand without the record naming them are those of
steps whose predecessors it names: the *frontier*. Back, it is the same with `undone`.
"""

import asyncio
import contextlib
from dataclasses import replace

import msgspec

from xsconsole.domain.emergency import from_text
from xsconsole.domain.events import StepProgressed
from xsconsole.domain.ids import RunId, StepKey
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Step
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.runs import RunState, RunStatus, share_of, works_back
from xsconsole.domain.side_by_side import STEPS_AT_ONCE, most_urgent_first
from xsconsole.domain.words import explain, title
from xsconsole.engine.commands import Direction
from xsconsole.engine.facts import nothing_fact, run_fact, step_fact, stop_reason, timed
from xsconsole.engine.ports import LEAST_PRIORITY, PoolPort
from xsconsole.engine.requests.emergency import PRIORITY
from xsconsole.engine.runs.aborting import Aborting
from xsconsole.engine.runs.crew import Crew
from xsconsole.engine.runs.gatekeeper import Gatekeeper
from xsconsole.engine.runs.lease import Keeping
from xsconsole.engine.runs.run_record import StandingRecord, has_effect, interruption, put_back, settled, undone
from xsconsole.engine.runs.surroundings import Surroundings
from xsconsole.engine.runs.walk import walk
from xsconsole.engine.values import insist
from xsconsole.errors import (
    ConsoleError,
    GivenUp,
    Interrupted,
    LeaseLost,
    PoolFailed,
    PoolUnavailable,
    Refused,
    RunFailed,
    StoreFailed,
)

STOPPING = (LeaseLost, StoreFailed, PoolUnavailable)
"""After these nothing may be done, not even undone: the run is left to whoever settles it."""


class Run:
    """One run of this console. `status` is its present state; it never raises for what went wrong on the pool."""

    def __init__(
        self,
        surroundings: Surroundings,
        record: RunRecord,
        leases: Keeping,
        other: tuple[PoolPort, Gatekeeper] | None = None,
    ) -> None:
        self._pool = surroundings.pool
        self._ledger = surroundings.ledger
        self._clock = surroundings.clock
        self._observe = surroundings.observe
        self._traffic = surroundings.traffic
        self._workflow = surroundings.gatekeeper.world.board.workflow  # the one in force as it begins
        self._leases = leases
        self._pools = (self._pool,) if other is None else (self._pool, other[0])
        self._standing = StandingRecord(self._pools, record)
        self._performer = Crew(surroundings, record, lambda: self._standing.record.results, other)
        self._intended: set[StepKey] = set()
        self._progress: dict[StepKey, float] = {}
        self._took_s: dict[StepKey, float] = {}
        self._is_new = self._is_stopped = False
        self._aborting = Aborting(self._pools, record.run)
        self._ended = asyncio.Event()
        self.status = RunStatus(
            run=record.run,
            plan=record.plan,
            digest=record.plan_digest,
            state=RunState.UNDOING if record.is_undoing else RunState.RUNNING,
            started_at=surroundings.clock.now(),
            settled=record.settled,
            undone=record.undone,
        )

    @property
    def id(self) -> RunId:
        return self._standing.record.run

    @property
    def plan(self) -> Plan:
        return self._standing.record.plan

    def abort(self) -> None:
        """Begin nothing more, and put back what was done."""
        self._aborting.is_wanted = True
        self._tell(replace(self.status, is_aborted=True))

    async def break_off(self) -> None:
        """Do the same, and have cancelled what goes on."""
        self.abort()
        await self._aborting.cancel()

    def stop(self) -> None:
        """Begin nothing more, and leave the run as interrupted for a later console."""
        self._is_stopped = True

    def leave_to_others(self) -> None:
        """Take note that somebody else settled what this run left."""
        if self.status.state is RunState.INTERRUPTED:
            self._tell(replace(self.status, state=RunState.SETTLED_ELSEWHERE))

    async def wait(self) -> RunStatus:
        await self._ended.wait()
        return self.status

    # The two ways a run goes; the engine calls one of them, once.

    async def go(self, direction: Direction | None) -> None:
        """Carry the run out: None for a new one, else settle the one that stands. Owns the leases to the end."""
        try:
            async with self._leases.kept():
                ended = await self._carry_out(direction)
            self._tell(ended)
        finally:
            if self.status.ended_at is None:
                reason = "This console failed; see its log."
                self._tell(self._interrupted(Interrupted(run=self.id, reason=reason)))
            self._ended.set()

    async def _carry_out(self, direction: Direction | None) -> RunStatus:
        try:
            if direction is None:
                return await self._begin()
            await self._performer.settle_down()
            if direction is Direction.UNDO:
                return await self._undo(None, None)
            await self._look_again()
            return await self._forward()
        except STOPPING as failure:
            return await self._interrupt(failure)
        except ConsoleError as failure:
            return await self._undo(None, failure)

    # Forward

    async def _begin(self) -> RunStatus:
        self._is_new = True
        try:
            await self._standing.change(lambda record: record)
        except PoolFailed as failure:
            nothing = RunFailed(failed="Leave the run record on the pool", cause=failure)
            return await self._close(Outcome.FAILED, nothing)
        if self.plan.is_emergency:
            declaration = from_text(self._standing.record.emergency)
            why = declaration.reason if declaration is not None else ""
            await self._announce("XSCONSOLE_EMERGENCY", f" Goes past the rules of the workflow: {why}", PRIORITY)
        return await self._forward()

    async def _forward(self) -> RunStatus:
        await self._leases.confirm()
        await self._define_field()
        standing = set(self._standing.record.settled)
        works = [work for work in most_urgent_first(self.plan.works) if work.key not in standing]
        after, lanes = {work.key: work.after for work in works}, {work.key: work.lane for work in works}
        failures = await walk(
            after, self._do, limit=STEPS_AT_ONCE, may_go_on=self._may_go_on, lanes=lanes, traffic=self._traffic
        )
        for failure in failures.values():
            if isinstance(failure, STOPPING):
                return await self._interrupt(failure)
        failed = next((step for step in self.plan.steps if step.key in failures), None)
        if failed is not None and not self._aborting.is_why(failures[failed.key]):
            return await self._undo(failed, failures[failed.key])
        if set(self._standing.record.settled) == {step.key for step in self.plan.steps}:
            return await self._close(Outcome.DONE, None)
        if self._aborting.is_wanted:
            return await self._undo(None, GivenUp(reason="It was stopped on request."))
        return await self._interrupt(Refused(reason="The console was closed."))

    async def _do(self, key: StepKey) -> None:
        step = self.plan.step(key)
        await self._record(AuditEvent.STEP_INTENDED, step)
        self._intended.add(key)
        await self._leases.confirm()
        self._report(key, 0.0)
        began_s = self._clock.monotonic_s()
        try:
            result = await self._performer.perform(step, lambda progress: self._report(key, progress))
        except STOPPING:
            raise
        except ConsoleError as failure:
            await self._record(AuditEvent.STEP_FAILED, step, Outcome.FAILED, failure)
            raise
        finally:
            self._end(key, began_s)
        await self._record(AuditEvent.STEP_SETTLED, step, Outcome.DONE, result=result)
        await self._standing.change(lambda record: settled(record, key, result))
        self._show()

    async def _define_field(self) -> None:
        try:
            for pool in self._pools:
                await insist(pool, pool.define_stage_field)
        except PoolFailed:
            return  # only how other programs show the stage; a later run tries again

    def _may_go_on(self) -> bool:
        return not (self._aborting.is_wanted or self._is_stopped)

    # Back

    async def _undo(self, failed: Step | None, cause: ConsoleError | None) -> RunStatus:
        try:
            return await self._put_back(failed, cause)
        except ConsoleError as failure:
            return await self._interrupt(failure)

    async def _put_back(self, failed: Step | None, cause: ConsoleError | None) -> RunStatus:
        await self._aborting.over()
        reason = shortened(explain(cause).failed, 300) if cause else ""
        if cause is not None:
            await self._ledger.record(self._fact(AuditEvent.RUN_UNDOING, reason=reason))
        await self._leases.confirm()
        await self._standing.change(
            lambda record: msgspec.structs.replace(
                record, is_undoing=True, failed=failed.key if failed else record.failed, failure=reason
            )
        )
        self.status = replace(self.status, state=RunState.UNDOING)
        self._show()
        works = works_back(self.plan, self._to_undo())
        followers, lanes = {work.key: work.after for work in works}, {work.key: work.lane for work in works}
        failures = await walk(
            followers,
            self._undo_step,
            limit=STEPS_AT_ONCE,
            may_go_on=lambda: not self._is_stopped,
            lanes=lanes,
            traffic=self._traffic,
        )
        for key, failure in failures.items():
            return await self._interrupt(failure, self.plan.step(key))
        if set(self._standing.record.settled) != set(self._standing.record.undone):
            return await self._interrupt(Refused(reason="The console was closed."))
        if cause is None:
            return await self._close(Outcome.UNDONE, None)
        return await self._close(Outcome.UNDONE, put_back(self._standing.record, failed, cause, self._workflow))

    def _to_undo(self) -> list[StepKey]:
        """Return the steps whose effect stands or may stand: those that the record names, as they were done, and its
        frontier.

        A step of the frontier that was undone is not named as such; but what it came after is undone only then.
        """
        record = self._standing.record
        stands = set(record.settled) - set(record.undone)
        frontier = [
            step.key for step in self.plan.steps if step.key not in record.settled and set(step.after) <= stands
        ]
        if self._is_new:
            frontier = [key for key in frontier if key in self._intended]  # nobody else began anything
        return [*(key for key in record.settled if key in stands), *frontier]

    async def _undo_step(self, key: StepKey) -> None:
        step, note = self.plan.step(key), ""
        if key not in self._standing.record.settled and await self._performer.left_nothing(step):
            await self._ledger.record(nothing_fact(self._standing.record, self._pool.identity, self._workflow, step))
        elif has_effect(step):
            await self._record(AuditEvent.UNDO_INTENDED, step)
            await self._leases.confirm()
            self._report(key, 0.0)
            began_s = self._clock.monotonic_s()
            try:
                note = await self._performer.undo(step, lambda progress: self._report(key, progress))
            except STOPPING:
                raise
            except ConsoleError as failure:
                await self._record(AuditEvent.UNDO_FAILED, step, Outcome.FAILED, failure)
                raise
            finally:
                self._end(key, began_s)
            await self._record(AuditEvent.UNDO_SETTLED, step, Outcome.UNDONE, result=note)
        if note or key in self._standing.record.settled:
            await self._standing.change(lambda record: undone(record, key, note))
        self._show()

    async def _look_again(self) -> None:
        """Make the record say what stands, before going forward from a run that was left."""
        record = self._standing.record
        standing = set(record.settled) - set(record.undone)
        followed = {before for step in self.plan.steps if step.key in standing for before in step.after}
        if record.is_undoing:
            for key in sorted(standing - followed):
                # Its undoing may have happened without the record naming it.
                if not await self._performer.is_there(self.plan.step(key)):
                    standing.discard(key)
        await self._standing.change(
            lambda record: msgspec.structs.replace(
                record,
                is_undoing=False,
                settled=tuple(step.key for step in self.plan.steps if step.key in standing),
                undone=(),
                failed=None,
                failure="",
            )
        )
        self.status = replace(self.status, state=RunState.RUNNING)
        self._show()

    # Ends

    async def _close(self, outcome: Outcome, error: ConsoleError | None) -> RunStatus:
        try:
            await self._leases.confirm()
            if outcome is Outcome.DONE:
                await self._announce(f"XSCONSOLE_{self.plan.intent.kind.value.upper()}")
            await self._standing.remove()
            remarks = self._now().remarks.values() if outcome is Outcome.DONE else ()
            amiss = explain(error).failed if error else " ".join(remarks)
            await self._ledger.record(self._fact(AuditEvent.RUN_CLOSED, outcome=outcome, reason=shortened(amiss, 300)))
        except ConsoleError as failure:
            return await self._interrupt(failure)
        state = RunState.DONE if outcome is Outcome.DONE else RunState.UNDONE
        return replace(self._now(), state=state, ended_at=self._clock.now(), progress=1.0, error=error, current=())

    async def _announce(self, name: str, more: str = "", priority: int = LEAST_PRIORITY) -> None:
        body = f"{title(self.plan, self._workflow)}. By {self._pool.identity.actor}. Run {self.id}.{more}"
        try:
            await self._pool.announce(name, body, priority=priority)
        except (PoolFailed, PoolUnavailable):
            return  # a courtesy to other programs; the audit has it

    async def _interrupt(self, failure: ConsoleError, undoing: Step | None = None) -> RunStatus:
        reason = stop_reason(self._standing.record, failure, undoing)
        begun = set(self._standing.record.settled) | self._intended
        error = interruption(self._standing.record, reason, begun)
        with contextlib.suppress(StoreFailed):  # the run record says it too, and is what counts
            await self._ledger.record(self._fact(AuditEvent.RUN_INTERRUPTED, outcome=Outcome.FAILED, reason=reason))
        return self._interrupted(error)

    def _interrupted(self, error: Interrupted) -> RunStatus:
        return replace(self._now(), state=RunState.INTERRUPTED, ended_at=self._clock.now(), error=error, current=())

    # Telling

    def _report(self, key: StepKey, progress: float) -> None:
        self._progress[key] = progress
        self._observe(StepProgressed(run=self.id, step=key, progress=progress))
        self._show()

    def _end(self, key: StepKey, began_s: float) -> None:
        self._progress.pop(key, None)
        self._took_s[key] = self._clock.monotonic_s() - began_s

    def _show(self) -> None:
        self._tell(self._now())

    def _tell(self, status: RunStatus) -> None:
        self.status = status
        self._observe(status)

    def _now(self) -> RunStatus:
        record = self._standing.record
        going = self._progress if self.status.state is not RunState.UNDOING else {}
        return replace(
            self.status,
            settled=record.settled,
            undone=record.undone,
            failed=record.failed,
            current=tuple(sorted(self._progress)),
            going=dict(self._progress),
            progress=share_of(self.plan, set(record.settled) - set(record.undone), going),
            took_s=dict(self._took_s),
            remarks=self._performer.remarks(record),
        )

    async def _record(
        self,
        event: AuditEvent,
        step: Step,
        outcome: Outcome | None = None,
        failure: ConsoleError | None = None,
        result: str = "",
    ) -> None:
        record = self._standing.record
        identity, named = self._pool.identity, self._workflow
        fact = step_fact(event, record, identity, named, step, outcome=outcome, failure=failure, result=result)
        took_s = self._took_s.get(step.key) if outcome in (Outcome.DONE, Outcome.UNDONE) else None
        await self._ledger.record(timed(fact, took_s))

    def _fact(self, event: AuditEvent, *, outcome: Outcome | None = None, reason: str = "") -> Fact:
        identity = self._pool.identity
        return run_fact(event, self._standing.record, identity, self._workflow, outcome=outcome, reason=reason)
