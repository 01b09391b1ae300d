"""Promotions that wait for a place in a full stage: in their order, and as long as this process is there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xsconsole.domain.board import Board
from xsconsole.domain.events import BoardChanged, QueueChanged, RunChanged
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan
from xsconsole.domain.words import refusal
from xsconsole.engine.batch import demand_alone_no_more
from xsconsole.engine.commands import Confirmed, Demote, Promote
from xsconsole.engine.planner import plan
from xsconsole.errors import ConsoleError, NotPromotable, PlanIsStale, Refused, StageFull

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate import Estate

LOOK_AGAIN_S = 10.0  # for what changes without being told: the ends of freezes and of soak times


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One that waits. `why` is what stood in its way when it was looked at last."""

    order: Confirmed
    configuration: ConfigurationId
    name: str
    target: StageId
    service: str
    why: str


def plan_when_free(console: "Console", command: Promote | Demote) -> Plan:
    """Return what the command would do if nobody else stood in its target: what somebody confirms who queues it.

    Raises:
        Refused: something else stands against it, or it has to be decided on by itself.
    """
    actor = console.identity.actor if console.identity is not None else ""
    board = _without_others(console.board, command)
    made = plan(command, board, console.inventory, actor, console.home.clock.now())
    demand_alone_no_more(made)
    return made


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

    Of each place, that is the first one that waits for it.
    """

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate
        self._entries: list[Queued] = []
        self._beginning: asyncio.Task[None] | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._ends: list[Callable[[], None]] = []

    @property
    def entries(self) -> tuple[Queued, ...]:
        """Those that wait, in the order in which they were asked for."""
        return tuple(self._entries)

    def of_stage(self, stage: StageId) -> tuple[Queued, ...]:
        return tuple(entry for entry in self._entries if entry.target == stage)

    def add(self, order: Confirmed) -> None:
        """Let what was confirmed wait for a place.

        Raises:
            Refused: it waits already, or what would be done is another plan by now.
        """
        command = order.command
        assert isinstance(command, Promote | Demote)
        card = self._estate.board.cards.get(command.configuration)
        if any(entry.configuration == command.configuration for entry in self._entries):
            raise NotPromotable(
                reason=f"“{shortened(card.name if card else command.configuration)}” waits for a place already.",
                mend="Take it out of that queue first.",
            )
        made = plan_when_free(self._estate.of_command(command), command)
        if made.digest != order.digest:
            raise PlanIsStale(reason="What would be done is not what you saw.", mend="Look at it again.")
        self._entries.append(
            Queued(
                order=order,
                configuration=command.configuration,
                name=made.intent.name,
                target=command.target,
                service=made.intent.service,
                why="",
            )
        )
        if not self._ends:
            subscribe = self._estate.subscribe
            self._ends = [subscribe(BoardChanged, self._hear), subscribe(RunChanged, self._hear)]
        self._changed(command.target)
        self._look()

    def cancel(self, configuration: ConfigurationId) -> None:
        """Take one out of its queue. Nothing was changed for it."""
        for entry in self._entries:
            if entry.configuration == configuration:
                self._drop(entry, "")
                return

    async def close(self) -> None:
        """Begin nothing more; what waits is forgotten."""
        for end in self._ends:
            end()
        self._ends = []
        self._entries.clear()
        if self._next_look is not None:
            self._next_look.cancel()
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])

    def _hear(self, event: BoardChanged | RunChanged) -> None:
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
        blocked: set[tuple[StageId, str]] = set()
        for entry in self.entries:
            place = self._place_of(entry)
            if place in blocked or entry not in self._entries:
                continue
            blocked.add(place)  # whoever is behind it in the same queue waits for it
            await self._try(entry)

    def _place_of(self, entry: Queued) -> tuple[StageId, str]:
        """Return the queue it stands in: a stage's, or its service's where the stage only limits those."""
        workflow = self._estate.board.workflow
        stage = workflow.stage(entry.target) if workflow is not None else None
        counts_all = stage is None or stage.limits.configurations is not None or stage.limits.running is not None
        return entry.target, "" if counts_all else entry.service

    async def _try(self, entry: Queued) -> None:
        try:
            made = self._estate.plan(entry.order.command)
            if made.digest != entry.order.digest:
                raise PlanIsStale(reason="What would be done is not what was queued.", mend="Look at it again.")
            await self._estate.do(entry.order)
        except StageFull as full:
            self._tell_why(entry, full.reason)
        except (PlanIsStale, NotPromotable) as refused:
            if isinstance(refused, PlanIsStale) or not self._is_there(entry):
                self._drop(entry, refusal(refused))
            else:
                self._tell_why(entry, refused.reason)
        except ConsoleError as error:
            self._tell_why(entry, refusal(error) if isinstance(error, Refused) else str(error))
        else:
            self._drop(entry, "")

    def _is_there(self, entry: Queued) -> bool:
        card = self._estate.board.cards.get(entry.configuration)
        return card is not None and card.stage != entry.target

    def _tell_why(self, entry: Queued, why: str) -> None:
        if entry in self._entries and entry.why != why:
            self._entries[self._entries.index(entry)] = replace(entry, why=why)
            self._changed(entry.target)

    def _drop(self, entry: Queued, why: str) -> None:
        if entry in self._entries:
            self._entries.remove(entry)
            self._changed(entry.target, f"{entry.name}: {why}" if why else "")

    def _changed(self, stage: StageId, dropped: str = "") -> None:
        self._estate.pools.first.bus.publish(QueueChanged(stage=stage, dropped=dropped))
