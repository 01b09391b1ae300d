"""The ends of stays on one pool: what is over is shut down, or archived, once that was told for a while."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from xsconsole.console.closings import Closings
from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.requests.desk import Requests
from xsconsole.console.values import Verb
from xsconsole.domain.actions.archives import NoteArchived
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.closures import NEVER, ClosureKind, Extension
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.stays import Stay, extension_of, last_archive, stay_of
from xsconsole.domain.words import explain
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.engine.commands import Confirmed, Direction, EndStay, Lift, Settle
from xsconsole.engine.verbs.ending import ENDABLE
from xsconsole.errors import ConsoleError, HeldElsewhere, NotFound, PlanIsStale

log = logging.getLogger(__name__)

FIRST_LOOK_S = 5.0
SPREAD_S = 20.0  # so that not all consoles of a pool begin at one moment
LOOK_AGAIN_S = 30.0  # only the clock tells
REST_S = 3600.0  # before what could not be shut down is tried again; twice as long each time
MOST_REST_S = 24 * 3600.0
TOLD_MOST = timedelta(hours=1)  # for how long a console tells of an end that it did not see coming, before it acts
TOLD_PART = 20  # of the whole lease
OVER = "Its time in the stage is over, and the workflow says so."
GONE = "What it was given for is over."


class Stays:
    """Lives on the loop's thread. An open window ends what is over; one command does so only when asked."""

    def __init__(
        self,
        desk: Desk,
        home: Keeper,
        requests: Requests,
        closings: Closings,
        folder_for: Callable[[Card], Path],
    ) -> None:
        """`folder_for` gives a new folder for the archive of a configuration."""
        self._desk, self._home, self._requests, self._closings = desk, home, requests, closings
        self._folder_for = folder_for
        self._next: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._told_since: dict[tuple[ConfigurationId, datetime], float] = {}
        self._resting: dict[ConfigurationId, tuple[float, float]] = {}  # until when, and for how long
        self._failed: dict[ConfigurationId, str] = {}
        self._is_following = False

    def begin(self) -> None:
        """Follow the connection that was made."""
        self._is_following = not any(self._desk.denial(verb) for verb in Verb)
        share = int(self._home.key_fingerprint[:4] or "0", 16) / 0x10000
        self._look_in(FIRST_LOOK_S + share * SPREAD_S)

    async def end(self) -> None:
        """Begin nothing any more, and wait for what goes on; what is half done any console can settle."""
        self._is_following = False
        self._told_since.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    def over(self) -> tuple[Card, ...]:
        """Return what is over by every clock and still to be shut down, or archived, as its stage says."""
        board, at = self._desk.board, min(self._requests.clocks())
        if board.workflow is None or not any(stage.lease for stage in board.workflow.stages):
            return ()
        return tuple(card for card in board.cards.values() if _is_over(card, stay_of(card, board.workflow), at))

    def why_not(self, configuration: ConfigurationId) -> str:
        """Return why it could not be shut down, or archived, when that was tried last; empty where nothing failed."""
        return self._failed.get(configuration, "")

    async def end_all(self) -> tuple[RunStatus, ...]:
        """Shut down, or archive, what is over now, one configuration after the other; return how each ended.

        Raises:
            ConsoleError: one could not be begun; see `Console.do`.
        """
        return tuple([await self._end_one(card) for card in self.over()])

    # --- inside ---------------------------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_later(seconds, self._look) if self._is_following else None

    def _look(self) -> None:
        self._look_in(LOOK_AGAIN_S)
        if self._requests.carries_out and (self._work is None or self._work.done()):
            self._work = asyncio.get_running_loop().create_task(self.tend(), name="ends of stays")

    async def tend(self) -> None:
        """End what is over and was told for long enough, finish what was left half done, and tidy up."""
        over = self.over()
        self._failed = {id_: why for id_, why in self._failed.items() if any(card.id == id_ for card in over)}
        now = self._home.clock.monotonic_s()
        for card in (*self._left_behind(), *over):
            until, rest_s = self._resting.get(card.id, (now, REST_S / 2))
            if until > now or not (card.run or self._was_told(card, now)):
                continue
            rest_s = min(rest_s * 2, MOST_REST_S)
            self._resting[card.id] = (now + rest_s, rest_s)
            try:
                ended = await self._end_one(card)
            except (HeldElsewhere, PlanIsStale) as refusal:
                log.info("the end of the time of %s is left to somebody else: %s", card.id, refusal)
                del self._resting[card.id]
            except ConsoleError as failure:
                self._failed[card.id] = _why(failure)
                log.warning("the time of %s is over, and that could not be carried out: %s", card.id, failure)
            else:
                if ended.error is None:
                    del self._resting[card.id]
                else:
                    self._failed[card.id] = _why(ended.error)
        await self._tidy()

    def _was_told(self, card: Card, now: float) -> bool:
        """Whether this console told of an end for long enough, so that a new version surprises nobody."""
        stay = stay_of(card, self._desk.board.workflow)
        if stay is None or stay.ends is None:
            return False
        since = self._told_since.setdefault((card.id, stay.ends), now)
        return now - since >= min(TOLD_MOST, stay.whole / TOLD_PART).total_seconds()

    def _left_behind(self) -> tuple[Card, ...]:
        """Return what was being shut down when its console died; nobody works on it."""
        return tuple(
            card
            for card in self._desk.board.cards.values()
            if card.standing is Standing.INTERRUPTED and card.run is not None and _ends_a_stay(card.run.record.plan)
        )

    async def _end_one(self, card: Card) -> RunStatus:
        if card.run is not None:
            # Files of an archive are on the machine of whoever began: it is put back, and then made anew.
            is_halt = card.run.record.plan.intent.kind is RunKind.HALT
            direction = Direction.RESUME if is_halt else Direction.UNDO
            settle = Settle(configuration=card.id, direction=direction, reason=OVER)
            return await self._desk.finished(await self._desk.do(settle))
        folder = self._folder_for(card)
        command = EndStay(configuration=card.id, revision=card.revision, folder=folder, reason=OVER)
        digest = self._desk.plan(command).digest
        return await self._desk.finished(await self._desk.do(Confirmed(command=command, digest=digest)))

    async def _tidy(self) -> None:
        """Take away what was given to stays that are over: the configuration went on, or is none any more."""
        cards = self._desk.board.cards
        for id_, given in self._desk.board.closures.extensions.items():
            card = cards.get(id_)
            if given.until == NEVER or (card is not None and (card.run is not None or _counts(given, card))):
                continue
            try:
                lift = Lift(kind=ClosureKind.STAY, subject=id_, seen=given, reason=GONE)
                await self._closings.do(lift)
            except (NotFound, PlanIsStale):
                pass  # another console was faster
            except ConsoleError as failure:
                log.warning("what was given to the stay of %s is left: %s", id_, failure)


def _ends_a_stay(plan: Plan) -> bool:
    return plan.intent.kind is RunKind.HALT or any(isinstance(step.action, NoteArchived) for step in plan.steps)


def _why(failure: ConsoleError) -> str:
    told = explain(failure)
    return f"{told.failed} {told.mend}".strip()


def _is_over(card: Card, stay: Stay | None, at: datetime) -> bool:
    if stay is None or not stay.is_over(at) or card.standing not in ENDABLE:
        return False
    if stay.at_end is LeaseEnd.ARCHIVE:
        return last_archive(card) is None
    return stay.at_end is LeaseEnd.STOP and any(member.power_state == "Running" for member in card.members)


def _counts(given: Extension, card: Card) -> bool:
    return extension_of(card) == given
