"""The restore points of one pool: how they stand, what they cost, and removing those whose time has come."""

import asyncio
import logging

from xsconsole.console.desks import Desk, Keeper
from xsconsole.console.requests.desk import Requests
from xsconsole.console.values import Verb
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.events import BoardChanged, InventoryChanged
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.plan import RunKind
from xsconsole.domain.points.retention import Keeping, keepings, limited_ways
from xsconsole.domain.points.sizes import Scales
from xsconsole.domain.runs import RunStatus
from xsconsole.engine.commands import Confirmed, Direction, RemovePoints, Settle
from xsconsole.engine.verbs.removal import REMOVABLE
from xsconsole.errors import ConsoleError, HeldElsewhere, PlanIsStale

log = logging.getLogger(__name__)

GATHER_S = 2.0
SPREAD_S = 15.0  # so that not all consoles of a pool begin at one moment
LOOK_AGAIN_S = 60.0  # for what expires without being told
REST_S = 600.0  # before what could not be removed is tried again
WEIGHED = frozenset({"sr", "vdi"})
EXPIRED = "It expired, as the workflow says."


class Points:
    """Lives on the loop's thread. An open window removes what has expired; one command does so only when asked."""

    def __init__(self, desk: Desk, home: Keeper, requests: Requests) -> None:
        self._desk = desk
        self._home = home
        self._requests = requests
        self._next: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._resting: dict[ConfigurationId, float] = {}
        self._is_following = False
        self._is_soon = False  # whether the next look is near
        self._scales: Scales | None = None  # while no disk changes
        desk.subscribe(BoardChanged, self._hear)
        desk.subscribe(InventoryChanged, self._hear_inventory)

    def keepings(self, card: Card) -> tuple[Keeping, ...]:
        """Return how each restore point of a configuration stands, and what was set aside."""
        requests = (view.request for view in self._requests.of(card.id))
        return keepings(card, self._desk.board, requests, min(self._requests.clocks()))

    def scales(self) -> Scales:
        """Return what weighs snapshots as the pool is now."""
        if self._scales is None:
            self._scales = Scales(self._desk.inventory)
        return self._scales

    def due(self) -> dict[ConfigurationId, tuple[RunId, ...]]:
        """Return what has expired and nothing needs any more, by configuration."""
        found = {card.id: self._due_of(card) for card in self._limited()}
        return {id_: runs for id_, runs in found.items() if runs}

    def _limited(self) -> tuple[Card, ...]:
        """Return the configurations with restore points of ways that do not keep them for ever."""
        board = self._desk.board
        ways = limited_ways(board.workflow)
        return tuple(
            card
            for card in (board.cards.values() if ways else ())
            if card.standing in REMOVABLE and any(point.way in ways for point in (*card.restore_points, *card.asides))
        )

    def _due_of(self, card: Card) -> tuple[RunId, ...]:
        return tuple(keeping.point.run for keeping in self.keepings(card) if keeping.is_due)

    def begin(self) -> None:
        """Follow the connection that was made."""
        self._is_following = not any(self._desk.denial(verb) for verb in Verb)
        self._look_soon()

    async def end(self) -> None:
        """Begin nothing any more, and wait for what goes on; what is half done any console can finish."""
        self._is_following = False
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    async def remove_expired(self) -> tuple[RunStatus, ...]:
        """Remove what is due now, one configuration after the other; return how each ended.

        Raises:
            ConsoleError: one could not be begun; see `Console.do`.
        """
        return tuple([await self._remove(id_, points) for id_, points in self.due().items()])

    # --- inside ---------------------------------------------------------------------------------------------------

    def _hear(self, event: BoardChanged) -> None:
        """A new restore point may displace an older one."""
        del event
        if self._next is not None and not self._is_soon:
            self._look_soon()

    def _hear_inventory(self, event: InventoryChanged) -> None:
        if event.batch.is_whole or any(change.class_name in WEIGHED for change in event.batch.changes):
            self._scales = None

    def _look_soon(self) -> None:
        share = int(self._home.key_fingerprint[:4] or "0", 16) / 0x10000
        self._look_in(GATHER_S + share * SPREAD_S)
        self._is_soon = True

    def _look_in(self, seconds: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_later(seconds, self._look) if self._is_following else None

    def _look(self) -> None:
        self._look_in(LOOK_AGAIN_S)
        self._is_soon = False
        if self._requests.carries_out and (self._work is None or self._work.done()):
            self._work = asyncio.get_running_loop().create_task(self._tidy(), name="restore points")

    async def _tidy(self) -> None:
        now = self._home.clock.monotonic_s()
        for id_ in (*self._left_behind(), *(card.id for card in self._limited())):
            await self._home.clock.sleep(0)  # the window has its turns: there may be a thousand of them
            card = self._desk.board.cards.get(id_)
            if card is None or self._resting.get(id_, now) > now or not (card.run or self._due_of(card)):
                continue
            self._resting[id_] = now + REST_S
            try:
                ended = await self._one(id_)
            except (HeldElsewhere, PlanIsStale) as refusal:
                log.info("restore points of %s are left to somebody else: %s", id_, refusal)
            except ConsoleError as failure:
                log.warning("restore points of %s were not removed: %s", id_, failure)
            else:
                if ended is None or ended.error is None:
                    del self._resting[id_]

    def _left_behind(self) -> set[ConfigurationId]:
        """Return the configurations of which a removal was left half done, and nobody works on it."""
        stood = ((card.id, card.run.record) for card in self._desk.board.cards.values() if card.run is not None)
        interrupted = {id_ for id_, card in self._desk.board.cards.items() if card.standing is Standing.INTERRUPTED}
        return {id_ for id_, record in stood if record.plan.intent.kind is RunKind.PRUNE} & interrupted

    async def _one(self, configuration: ConfigurationId) -> RunStatus | None:
        if configuration in self._left_behind():
            settle = Settle(configuration=configuration, direction=Direction.RESUME, reason=EXPIRED)
            return await self._desk.finished(await self._desk.do(settle))
        card = self._desk.board.cards.get(configuration)
        points = self._due_of(card) if card is not None and card.standing in REMOVABLE else ()
        return await self._remove(configuration, points) if points else None

    async def _remove(self, configuration: ConfigurationId, points: tuple[RunId, ...]) -> RunStatus:
        command = RemovePoints(configuration=configuration, points=points, is_expiry=True, reason=EXPIRED)
        digest = self._desk.plan(command).digest
        return await self._desk.finished(await self._desk.do(Confirmed(command=command, digest=digest)))
