"""What is closed on one pool, and closing and lifting by hand as a person does it at this console."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from xsconsole.console.facts import fact_of
from xsconsole.console.refusals import record_refusal
from xsconsole.console.rights import verb_of
from xsconsole.console.values import Verb
from xsconsole.domain.barriers import Barrier, barriers_on, freeze_of, freezes_of, stop_of
from xsconsole.domain.board import Board, Card
from xsconsole.domain.closures import OPEN, AnyClosure, Extension, Hold
from xsconsole.domain.events import BoardChanged
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.wording.closures import closed_words
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.calendars import Span
from xsconsole.engine.commands import Closing, Lift
from xsconsole.engine.engine import Engine
from xsconsole.engine.ports import Identity
from xsconsole.errors import NotPermitted, Refused

SHOWN_S = 15.0

Until = Callable[[Callable[[Board], bool], float], Awaitable[None]]


class ClosingDesk(Protocol):
    """What is needed of the console of one pool."""

    @property
    def board(self) -> Board: ...

    @property
    def identity(self) -> Identity | None: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def runs(self) -> tuple[RunStatus, ...]: ...

    def denial(self, verb: Verb) -> NotPermitted | None: ...

    async def record(self, *facts: Fact) -> None: ...


class Closings:
    """What is closed on one pool. Lives on the loop's thread."""

    def __init__(
        self,
        desk: ClosingDesk,
        until: Until,
        clocks: Callable[[], Iterable[datetime]],
        note: Callable[[Fact], None],
    ) -> None:
        self._desk = desk
        self._until = until
        self._clocks = clocks
        self._note = note
        self._seen = OPEN
        self._own: set[AnyClosure] = set()
        self._busy = 0

    @property
    def all(self) -> tuple[AnyClosure, ...]:
        """Everything that somebody closed: the line first, then versions, configurations and stages."""
        return self._desk.board.closures.all

    @property
    def stop(self) -> Barrier | None:
        """Why the line is stopped; None where it is not."""
        return stop_of(self._desk.board)

    def freeze_of(self, stage: Stage) -> Span | None:
        """Return the freeze of a stage that holds now, or else the next one."""
        return freeze_of(stage, self._desk.board, self._clocks())

    def why_frozen(self, stage: Stage) -> tuple[str, ...]:
        """Return a sentence for each freeze of a stage: those that hold, and those that come."""
        return freezes_of(stage, self._desk.board, tuple(self._clocks()))

    def is_frozen(self, span: Span) -> bool:
        """Whether a freeze holds now, by this computer's clock or the pool's."""
        return any(span.holds(at) for at in self._clocks())

    def on(self, card: Card) -> tuple[Barrier, ...]:
        """Return what stands against any promotion of a configuration, wherever to."""
        return barriers_on(card)

    async def do(self, command: Closing | Lift) -> AnyClosure:
        """Close or lift something, and return it once the board shows that it is so.

        Raises:
            Refused: `NotPermitted`, `PlanIsStale` ..., on record; nothing was changed.
            PoolUnavailable, StoreFailed: whether it stands there is not known; the same again finds out.
        """
        engine = self._desk.engine.closings
        self._busy += 1
        try:
            denial = self._desk.denial(verb_of(command))
            if denial is not None:
                raise denial
            done = await (engine.lift(command) if isinstance(command, Lift) else engine.close(command))
        except Refused as refusal:
            await record_refusal(self._desk, command, refusal)
            raise
        else:
            self._own.add(done)
        finally:
            self._busy -= 1
            self._look()
        try:
            await self._until(lambda board: _stands(board, done) is not isinstance(command, Lift), SHOWN_S)
        except TimeoutError:
            return done  # it stands on the pool; the board shows it once the feed has told
        return done

    def hear(self, event: BoardChanged) -> None:
        """Record what others closed and lifted, as the board shows it; what stands at the first look is not new."""
        if event.is_closed_otherwise:
            self._look()

    def _look(self) -> None:
        if self._busy:  # what is our own is known only once it is done
            return
        before, self._seen = self._seen, self._desk.board.closures
        if self._desk.identity is None:
            self._own.clear()
            return
        was, now = frozenset(before.all), frozenset(self._seen.all)
        runs = {status.run for status in self._desk.runs}
        for closure in (was ^ now) - self._own:
            if not (isinstance(closure, Hold) and closure.run in runs):
                self._note(self._observed(closure, is_lifted=closure in was))
        self._own -= was ^ now

    def _observed(self, closure: AnyClosure, *, is_lifted: bool) -> Fact:
        made = AuditEvent.STAY_EXTENDED if isinstance(closure, Extension) else AuditEvent.CLOSED
        event = AuditEvent.LIFTED if is_lifted else made
        fact = fact_of(event, self._desk.identity, {"what": closed_words(closure, self._desk.board)})
        return replace(fact, outcome=Outcome.OBSERVED, reason=closure.reason)


def _stands(board: Board, closure: AnyClosure) -> bool:
    return closure in board.closures.all
