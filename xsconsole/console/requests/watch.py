"""Requests judged as soon as what they are about has changed, one a turn of the loop, and told when they differ."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from xsconsole.domain.board import Board
from xsconsole.domain.events import BoardChanged, Event, InventoryChanged, RequestsChanged
from xsconsole.domain.ids import RequestId
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Inventory, Record
from xsconsole.domain.requests.values import REQUEST_PREFIX, Paper, Request, decisions_of, papers_on
from xsconsole.domain.requests.views import RequestState, RequestView, changes_in
from xsconsole.engine.plans.lands import Lands
from xsconsole.engine.requests.asking import Around
from xsconsole.engine.requests.standing import judge
from xsconsole.store.keys import is_signature

GATHER_S = 0.2
LOOK_AGAIN_S = 30.0  # for what changes without being told, such as what stands against it elsewhere
LATE_S = 0.05  # after a moment that is known, so that by no clock it is still to come
SHOWN_S = 15.0
CONCERNED = frozenset({"pool", "vm", "vbd", "vdi", "vif"})

E = TypeVar("E", bound=Event)
Stamp = tuple[object, ...]


class RequestWatch:
    """Keeps the views of one pool's requests. Lives on the loop's thread."""

    def __init__(
        self,
        world: Callable[[], tuple[Inventory, Board]],
        clocks: Callable[[], tuple[datetime, ...]],
        subscribe: Callable[[type[E], Callable[[E], None]], Callable[[], None]],
        publish: Callable[[Event], None],
        hear: Callable[[tuple[RequestView, ...]], None],
        around: Around,
    ) -> None:
        self._world = world
        self._around = around
        self._clocks = clocks
        self._publish = publish
        self._tell = hear
        self._subscribe = subscribe
        self._ends: tuple[Callable[[], None], ...] = ()
        self._pending: asyncio.TimerHandle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._next_moment: asyncio.TimerHandle | None = None
        self._stamps: dict[RequestId, Stamp] = {}
        self._judged: dict[RequestId, RequestView] = {}
        self._carried_at: dict[RequestId, float] = {}  # since when, by the loop's time, it is void as its run has ended
        self._papers: tuple[Paper, ...] = ()
        self._keys: object = None
        self._is_changed = asyncio.Event()
        self.views: tuple[RequestView, ...] = ()
        self.has_looked = False  # whether the views are those of a board that has come

    def begin(self) -> None:
        self._ends = (
            self._subscribe(InventoryChanged, self._hear_inventory),  # type: ignore[arg-type]
            self._subscribe(BoardChanged, self._hear_board),  # type: ignore[arg-type]
        )
        self.refresh()
        self._look_later()

    def end(self) -> None:
        for end in self._ends:
            end()
        self._ends = ()
        for handle in (self._pending, self._next_look, self._next_moment):
            if handle is not None:
                handle.cancel()
        self._pending = self._next_look = self._next_moment = None

    def refresh(self) -> tuple[RequestView, ...]:
        """Judge everything anew."""
        self._stamps.clear()
        while not self._advance():
            pass
        return self.views

    async def until(self, is_so: Callable[[tuple[RequestView, ...]], bool]) -> None:
        """Wait until the feed has told of what was just written; what it does not tell in time is shown later."""
        try:
            async with asyncio.timeout(SHOWN_S):
                while not is_so(self.views):
                    self._is_changed.clear()
                    await self._is_changed.wait()
        except TimeoutError:
            return

    # --- inside ---------------------------------------------------------------------------------------------------

    def _hear_inventory(self, event: InventoryChanged) -> None:
        if any(change.class_name in CONCERNED for change in event.batch.changes):
            self._judge_soon()

    def _hear_board(self, event: BoardChanged) -> None:
        del event
        self._judge_soon()

    def _judge_soon(self) -> None:
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(GATHER_S, self._turn)

    def _turn(self) -> None:
        self._pending = None
        if not self._advance():
            self._pending = asyncio.get_running_loop().call_later(0, self._turn)

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look)

    def _look(self) -> None:
        self._judge_by_time()
        self._look_later()

    def _judge_by_time(self) -> None:
        if self._papers:
            self._stamps.clear()
            self._judge_soon()

    def _wait_for_moment(self) -> None:
        """Judge again when the first request ends or begins by time alone."""
        if self._next_moment is not None:
            self._next_moment.cancel()
            self._next_moment = None
        clocks = self._clocks()
        moments = [left for left in (changes_in(view, clocks) for view in self.views) if left is not None]
        if moments and self._ends:
            wait_s = min(LOOK_AGAIN_S, min(moments).total_seconds() + LATE_S)
            self._next_moment = asyncio.get_running_loop().call_later(wait_s, self._judge_by_time)

    def _advance(self) -> bool:
        """Judge one request that is due; return whether none is left, and then tell what differs."""
        inventory, board = self._world()
        keys = inventory.pool.other_config if inventory.pool is not None else {}
        if keys is not self._keys:
            self._keys = keys
            is_any = any(key.startswith(REQUEST_PREFIX) for key in keys)
            self._papers = papers_on(keys) if is_any else ()
        for paper in self._papers:
            request = paper.request
            lands = self._around.abroad.land
            stamp = (
                *decisions_of(keys, request),
                paper,
                board.workflow,
                board.closures,
                *_concerned(request, board, inventory),
                *_concerned_there(request, lands),
            )
            if not _is_same(stamp, self._stamps.get(request.id)):
                clocks = self._clocks()
                at = max(clocks)
                found = judge(paper, keys, board, inventory, at, is_signature, clocks, lands)
                self._judged[request.id] = self._or_carried(found, board)
                self._stamps[request.id] = stamp
                return False
        standing = {paper.request.id for paper in self._papers}
        for gone in [request for request in self._judged if request not in standing]:
            del self._judged[gone]
            self._stamps.pop(gone, None)
            self._carried_at.pop(gone, None)
        before, self.views = self.views, tuple(self._judged[paper.request.id] for paper in self._papers)
        was = {view.request.id: view for view in before}
        now = {view.request.id: view for view in self.views}
        changed = tuple(request for request in {**was, **now} if was.get(request) != now.get(request))
        self._is_changed.set()
        is_first = not self.has_looked and inventory.pool is not None and board.workflow is not None
        self.has_looked = self.has_looked or is_first
        if changed or is_first:
            seen = {**was, **now}
            about = tuple(dict.fromkeys(seen[request].request.intent.configuration for request in changed))
            self._publish(RequestsChanged(requests=changed, configurations=about))
        self._tell(self.views)
        self._wait_for_moment()
        return True

    def _or_carried(self, view: RequestView, board: Board) -> RequestView:
        """Return how it stood while it was carried out, for the moment until it is off the pool: its run ends before.

        It is not void then. One that stays, because nobody could take it off the pool, is told as void a little later.
        """
        before = self._judged.get(view.request.id)
        if view.state is not RequestState.VOID or before is None or before.state is not RequestState.APPROVED:
            self._carried_at.pop(view.request.id, None)
            return view
        intent = view.request.intent
        card = board.cards.get(intent.configuration)
        if not before.is_running and (card is None or card.stage != intent.target):
            return view
        now = asyncio.get_running_loop().time()
        return before if now < self._carried_at.setdefault(view.request.id, now) + SHOWN_S else view


def _concerned(request: Request, board: Board, inventory: Inventory) -> Iterator[object]:
    """Yield the records that decide on what a request's configuration is."""
    card = board.cards.get(request.intent.configuration)
    if card is None:
        return
    yield (card.stage, card.revision, card.standing)
    frozen = [inventory.by_uuid(VM, uuid) for one in card.candidates for uuid in one.snapshots.values()]
    for vm in (*(inventory.get(VM, member.ref) for member in card.members), *frozen):
        if vm is None:
            continue
        yield vm
        for ref in vm.VBDs:
            drive = inventory.get(VBD, ref)
            yield drive
            yield inventory.get(VDI, drive.VDI) if drive is not None else None
        for ref in vm.VIFs:
            yield inventory.get(VIF, ref)


def _concerned_there(request: Request, lands: Lands) -> Iterator[object]:
    """Yield what decides of the other pool that it leads to; the rest is found when times are looked at again."""
    land = lands(request.intent.abroad) if request.intent.abroad is not None else None
    if land is not None:
        yield land.board.workflow
        yield land.board.closures


def _is_same(one: Stamp, other: Stamp | None) -> bool:
    """Whether nothing that counts has changed: records are values that are replaced when they change."""
    if other is None or len(one) != len(other):
        return False
    return all(
        mine is theirs or (not isinstance(mine, Record) and mine == theirs)
        for mine, theirs in zip(one, other, strict=True)
    )
