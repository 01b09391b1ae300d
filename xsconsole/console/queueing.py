"""Promotions that wait for a place in a full stage of this console: in their order, also after a restart of it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from xsconsole.console.queue_orders import entry_of, give_up_dead, in_turn, order_of, queue_fact
from xsconsole.domain.board import Board
from xsconsole.domain.events import BoardChanged, LinkChanged, LinkState, QueueChanged, RunChanged
from xsconsole.domain.ids import ConfigurationId, QueueId, RunId, StageId
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import Target
from xsconsole.domain.words import explain, refusal
from xsconsole.engine.commands import Confirmed, Demote, Plannable, Promote
from xsconsole.engine.facts import cause_of
from xsconsole.engine.plans.batch import demand_alone_no_more
from xsconsole.engine.plans.planner import plan
from xsconsole.errors import ConsoleError, HeldElsewhere, NotPromotable, PlanIsStale, Refused, StageFull

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate

PASSED_OVER = "Until then others go before it; it keeps its turn."
LOOK_AGAIN_S = 10.0  # for what changes without being told: the ends of freezes and of soak times

log = logging.getLogger(__name__)


def plan_when_free(console: "Console", command: Promote | Demote) -> Plan:
    """Return what the command would do if nobody else stood in its target: what somebody confirms who queues it.

    Raises:
        Refused: something else stands against it, or it has to be decided on by itself.
    """
    made = plan_as_if_free(console, command)
    demand_alone_no_more(made)
    return made


def plan_as_if_free(console: "Console", command: Promote | Demote) -> Plan:
    """Return the same, also of what has to be decided on by itself.

    Raises:
        Refused: something else than those who stand there is against it.
    """
    actor = console.identity.actor if console.identity is not None else ""
    at, also_at = console.requests.moment()
    board = _without_others(console.board, command)
    return plan(command, board, console.inventory, actor, at, also_at, console.abroad.land)


def _without_others(board: Board, command: Promote | Demote) -> Board:
    cards = {
        id_: card
        for id_, card in board.cards.items()
        if id_ == command.configuration
        or (card.stage != command.target and (card.run is None or card.run.record.plan.intent.target != command.target))
    }
    return replace(board, cards=cards)


class Queue:
    """Looks at those that wait whenever the board changes and from time to time, and begins what can begin.

    Of each place, that is the first one that waits for it and lacks nothing else. They stand in the home's store, with
    a row of the audit for each that joins and for what becomes of it.
    """

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate
        self._entries: list[Queued] = []
        self._turn = asyncio.Lock()  # nobody joins, leaves or begins while another one does
        self._beginning: asyncio.Task[None] | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._ends: list[Callable[[], None]] = []
        self._began: set[RunId] = set()
        self._refused: dict[QueueId, str] = {}  # why each could not begin when it was last tried

    @property
    def entries(self) -> tuple[Queued, ...]:
        """Those that wait, in the order in which they were asked for."""
        return tuple(self._entries)

    def of_stage(self, stage: StageId) -> tuple[Queued, ...]:
        return tuple(entry for entry in self._entries if entry.target == stage)

    def of_card(self, configuration: ConfigurationId) -> tuple[int, Queued] | None:
        """Return at which place a configuration waits, from 1; None where it does not."""
        entry = next((one for one in self._entries if one.configuration == configuration), None)
        return None if entry is None else (self.of_stage(entry.target).index(entry) + 1, entry)

    def told(self, configuration: ConfigurationId, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Return the answers of columns; that of a full one for which a configuration waits already tells its turn."""
        turn = self.of_card(configuration)
        if turn is None:
            return targets
        place, entry = turn
        return tuple(
            replace(target, refusal=in_turn(target.refusal, place))
            if target.stage == entry.target and isinstance(target.refusal, StageFull)
            else target
            for target in targets
        )

    def has_begun(self, run: RunId) -> bool:
        """Whether it was this queue, since the console was opened, that began a run."""
        return run in self._began

    async def begin(self) -> None:
        """Go on with what an earlier start of this console left waiting, once its pools are there."""
        async with self._turn:
            await self._read()
        self._follow()
        self._look()

    async def add(self, order: Confirmed) -> None:
        """Let what was confirmed wait for a place.

        Raises:
            Refused: it waits already, or what would be done is another plan by now.
            StoreFailed: it cannot be kept and recorded, so it does not wait.
        """
        command = order.command
        assert isinstance(command, Promote | Demote)
        async with self._turn:
            entry = await self._joined(command, order)
        self._follow()
        self._changed((entry,))
        self._look()

    async def _joined(self, command: Promote | Demote, order: Confirmed) -> Queued:
        card = self._estate.board.cards.get(command.configuration)
        if any(entry.configuration == command.configuration for entry in self._entries):
            raise NotPromotable(
                reason=f"“{shortened(card.name if card else command.configuration)}” waits for a place already.",
                mend="Take it out of that queue first.",
            )
        console = self._estate.of_command(command)
        await console.demand_rights(command)
        made = plan_when_free(console, command)
        if made.digest != order.digest:
            raise PlanIsStale(reason="What would be done is not what you saw.", mend="Look at it again.")
        identity, home = console.identity, self._estate.home
        assert identity is not None
        stage = console.board.stage_name(command.target)
        entry = entry_of(command, made, identity, QueueId(home.ids.new()), home.clock.now(), stage=stage)
        await console.record(queue_fact(AuditEvent.QUEUED, entry, identity))
        self._entries.append(entry)
        return entry

    async def cancel(self, configuration: ConfigurationId, reason: str = "") -> None:
        """Take one out of its queue. Nothing was changed for it.

        Raises:
            NotPromotable: it does not wait any more: it has begun, or somebody else took it out.
            StoreFailed: it cannot be recorded, so it waits on.
        """
        async with self._turn:
            entry = next((one for one in self._entries if one.configuration == configuration), None)
            if entry is None:
                raise NotPromotable(reason="It does not wait for a place any more.", mend="Look at the board.")
            await self._leave(AuditEvent.QUEUE_CANCELLED, entry, reason)

    async def close(self) -> None:
        """Begin nothing more. What waits stays in the store, for the next start."""
        for end in self._ends:
            end()
        self._ends = []
        if self._next_look is not None:
            self._next_look.cancel()
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])
        self._entries.clear()

    # --- looking --------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if not self._ends:
            subscribe = self._estate.subscribe
            self._ends = [
                subscribe(BoardChanged, self._hear),
                subscribe(RunChanged, self._hear),
                subscribe(LinkChanged, self._hear),
            ]

    def _hear(self, event: BoardChanged | RunChanged | LinkChanged) -> None:
        del event
        self._look()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if self._next_look is not None:
            self._next_look.cancel()
        self._next_look = loop.call_later(LOOK_AGAIN_S, self._look) if self._entries else None
        if self._entries and (self._beginning is None or self._beginning.done()):
            self._beginning = loop.create_task(self._begin_those_that_can(), name="queue")

    async def _begin_those_that_can(self) -> None:
        try:
            async with self._turn:
                await self._read()
            full: dict[tuple[StageId, str], str] = {}  # places for which somebody waits that could go, and who
            for entry in self.entries:
                console, places = self._console_of(entry), ((entry.target, ""), (entry.target, entry.service))
                before = next((full[place] for place in places if place in full), None)
                why = _why_not_by(console, entry)
                if console is None or why:
                    self._tell_why(entry, why)
                elif before is not None:
                    self._tell_why(entry, f"“{shortened(before, 60)}” comes first.")
                else:
                    async with self._turn:
                        place = await self._try(entry, console) if entry in self._entries else None
                    if place is not None:
                        full[place] = entry.name
        except ConsoleError as failure:  # the store: the next look tries again, and until then nothing begins
            log.warning("the queue cannot be looked at: %s", failure)

    async def _read(self) -> None:
        """Take in what stands in the store: a command of the same home may have taken something out of it."""
        home = self._estate.home
        await give_up_dead(home, self._estate.pools.first.record)
        kept = [entry for entry in await home.waiting() if entry.is_kept]
        known = {entry.id: entry for entry in self._entries}
        before, self._entries = self._entries, [known.get(entry.id, entry) for entry in kept]
        changed = tuple(entry for entry in (*before, *self._entries) if (entry in before) != (entry in self._entries))
        if changed:
            self._changed(changed)

    # --- beginning ------------------------------------------------------------------------------------------------

    async def _try(self, entry: Queued, console: "Console") -> tuple[StageId, str] | None:
        """Begin one; return the place for which those behind it wait, None where it holds up nobody.

        Who lacks nothing but a place comes before all that want the same one. Who cannot go for a reason of its own
        would not use it, and keeps its turn.
        """
        order = replace(order_of(entry), refused_before=self._refused.get(entry.id, ""))
        try:
            made = await _planned(console, order.command)
            if made.digest != entry.digest:
                raise PlanIsStale(
                    reason="What would be done now is not the plan that was queued.", mend="Look at it again."
                )
            run = await self._begun(order, console, entry)
        except StageFull as full:
            self._tell_why(entry, full.reason)
            return entry.target, full.service
        except HeldElsewhere as held:  # perhaps its place is being taken; the next look knows
            self._tell_why(entry, held.reason)
            return entry.target, ""
        except (PlanIsStale, NotPromotable) as refused:
            if isinstance(refused, PlanIsStale) or not self._is_there(entry):
                await self._leave(AuditEvent.QUEUE_GIVEN_UP, entry, refusal(refused))
            else:
                self._tell_why(entry, f"{refused.reason} {PASSED_OVER}")
        except ConsoleError as error:
            why = refusal(error) if isinstance(error, Refused) else explain(error).failed
            self._tell_why(entry, f"{why} {PASSED_OVER}")
        else:
            await self._leave(AuditEvent.QUEUE_BEGAN, entry, run=run)
            return entry.target, ""  # until the board shows that it is there
        return None

    async def _begun(self, order: Confirmed, console: "Console", entry: Queued) -> RunId:
        """Begin one; a refusal is on record once, until it is another one."""
        try:
            run = await console.do(order)
        except Refused as refused:
            if refused.is_recorded:
                self._refused[entry.id] = cause_of(refused)
            raise
        self._began.add(run)
        return run

    def _console_of(self, entry: Queued) -> "Console | None":
        """Return the console of its pool, once that has heard all of the pool; None before."""
        for console in self._estate.pools:
            identity = console.identity
            is_here = identity is not None and identity.pool == entry.pool and console.link.state is LinkState.LIVE
            if is_here and console.acts.are_checked:
                return console
        return None

    def _is_there(self, entry: Queued) -> bool:
        card = self._estate.board.cards.get(entry.configuration)
        return card is not None and card.stage != entry.target

    def _tell_why(self, entry: Queued, why: str) -> None:
        if entry in self._entries and entry.why != why:
            self._entries[self._entries.index(entry)] = replace(entry, why=why)
            self._changed((entry,))

    async def _leave(self, event: AuditEvent, entry: Queued, reason: str = "", run: RunId | None = None) -> None:
        """Let one wait no more. Its row and its place in the store are one; without them it waits on."""
        consoles = (console for console in self._estate.pools if console.identity is not None)
        console = next((one for one in consoles if one.identity and one.identity.pool == entry.pool), None)
        desk = console or self._estate.pools.first
        await desk.record(queue_fact(event, entry, console.identity if console else None, reason, run))
        self._entries = [one for one in self._entries if one.id != entry.id]
        self._refused.pop(entry.id, None)
        dropped = f"{entry.name}: {reason}" if event is AuditEvent.QUEUE_GIVEN_UP else ""
        self._changed((entry,), dropped)

    def _changed(self, entries: tuple[Queued, ...], dropped: str = "") -> None:
        for stage in dict.fromkeys(entry.target for entry in entries):
            behind = tuple(one.configuration for one in self.of_stage(stage))
            own = tuple(one.configuration for one in entries if one.target == stage)
            event = QueueChanged(stage=stage, configurations=tuple(dict.fromkeys((*own, *behind))), dropped=dropped)
            self._estate.pools.first.bus.publish(event)


async def _planned(console: "Console", command: Plannable) -> Plan:
    """Return the plan, once XAPI has answered about it: a stream that was queued is one only by that answer."""
    made = console.plan(command)
    if made.intent.abroad is None:
        return made
    await console.abroad.answered()
    return console.plan(command)


def _why_not_by(console: "Console | None", entry: Queued) -> str:
    """Return why a console cannot go on with one that waits; empty where it can."""
    if console is None or console.identity is None:
        return "Its pool is not connected. It goes on when it is."
    if console.identity.actor != entry.actor:
        queued, here = shortened(entry.actor, 60), shortened(console.identity.actor, 60)
        return f"“{queued}” queued it, and “{here}” is logged in: it goes on once “{queued}” is, or take it out."
    return ""
