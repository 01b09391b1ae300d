"""The fences of all that an estate shows, proved anew as their pools change: a leak is told at once, and recorded."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import thread_time
from typing import TYPE_CHECKING

from xsconsole.console.facts import fact_of
from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.events import BoardChanged, FencesChanged, InventoryChanged, PoolsChanged
from xsconsole.domain.fence.live import FenceWatch, WatchedFence
from xsconsole.domain.fence.proof import Breach
from xsconsole.domain.fence.state import State, Work, breaches_of, state_of, work_on
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import VIF, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.domain.words import count
from xsconsole.errors import ConsoleError

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate

log = logging.getLogger(__name__)

GATHER_S = 0.05  # changes that arrive within this time are looked at together
READING_S = 0.004  # processor time in one turn of the loop
PIECE = 1  # fences between two looks at the clock
ASKING_S = 5.0  # for how long xapi's own log is waited for before a breach is recorded without a name
LOOKED_BACK = timedelta(minutes=10)
OF_CARDS = ("vif.", "network.", "pif.", "vlan.")


class Fencing:
    """Follows the fences of an estate from its first look until it is closed. Lives on the loop's thread."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate
        self._watches: dict[int, tuple[Inventory, FenceWatch]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._noted: dict[ConfigurationId, tuple[Breach, ...]] = {}
        self._turns: dict[ConfigurationId, asyncio.Lock] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._ends: list[Callable[[], None]] = [
            estate.subscribe(InventoryChanged, self._hear_inventory),
            estate.subscribe(BoardChanged, self._hear_board),
            estate.subscribe(PoolsChanged, self._hear_pools),
        ]
        self._show()

    @property
    def all(self) -> Mapping[ConfigurationId, WatchedFence]:
        return {id_: one for _, watch in self._watches.values() for id_, one in watch.found.items()}

    def of(self, configuration: ConfigurationId) -> WatchedFence | None:
        """Return the fence that surrounds a configuration; None where none does, or it was not looked at yet."""
        found = (watch.found.get(configuration) for _, watch in self._watches.values())
        return next((one for one in found if one is not None), None)

    def state(self, watched: WatchedFence) -> State:
        """Return how it stands. While a run works on it, what is half built or half gone is no leak."""
        return state_of(watched, self.work_on(watched))

    def work_on(self, watched: WatchedFence) -> Work | None:
        """Return what goes on with it, or was cut off."""
        return work_on(self._estate.board.cards.get(watched.standing.configuration))

    def inventory_of(self, watched: WatchedFence) -> Inventory | None:
        """Return the pool that a fence stands on."""
        return self._owner(watched.standing.configuration)

    async def settled(self) -> None:
        """Wait until what was seen so far is recorded."""
        if self._writing:
            await asyncio.wait(self._writing)

    def close(self) -> None:
        """Follow no more. Rows that still wait for a name are written without one."""
        for end in self._ends:
            end()
        if self._due is not None:
            self._due.cancel()
        for task in self._writing:
            task.cancel()

    # Hearing

    def _hear_inventory(self, event: InventoryChanged) -> None:
        found = self._watches.get(id(event.inventory))
        if found is not None:
            found[1].hear(event.batch)
            self._soon()

    def _hear_board(self, event: BoardChanged) -> None:
        ours = tuple(id_ for id_ in event.configurations if self.of(id_) is not None)
        if ours:
            self._tell(ours)

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self._show()

    def _show(self) -> None:
        """Watch the pools that there are."""
        shown = {id(console.inventory): console.inventory for console in self._estate.pools.all}
        gone = {id_ for key in self._watches.keys() - shown.keys() for id_ in self._watches[key][1].found}
        kept = {key: self._watches[key] for key in self._watches.keys() & shown.keys()}
        self._watches = kept | {
            key: (inventory, FenceWatch(inventory)) for key, inventory in shown.items() if key not in kept
        }
        if gone:
            self._tell(tuple(sorted(gone)))
        self._soon()

    def _soon(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_S, self._work)

    def _work(self) -> None:
        self._due = None
        end_s = thread_time() + READING_S
        for _, watch in self._watches.values():
            while not watch.advance(PIECE):
                if thread_time() >= end_s:
                    self._due = asyncio.get_running_loop().call_later(0, self._work)
                    break
        changed = tuple(id_ for _, watch in self._watches.values() for id_ in watch.taken())
        if changed:
            self._tell(changed)

    def _tell(self, configurations: tuple[ConfigurationId, ...]) -> None:
        for configuration in configurations:
            self._note(configuration)
        self._estate.pools.publish(FencesChanged(configurations=configurations))

    # Recording

    def _note(self, configuration: ConfigurationId) -> None:
        """Let what the proof finds otherwise than was recorded be recorded. Tight where nothing was is no news."""
        watched, card = self.of(configuration), self._estate.board.cards.get(configuration)
        if watched is None:
            self._noted.pop(configuration, None)
            return
        if card is None:
            return
        seen = breaches_of(watched, work_on(card))
        if card.run is not None and not seen:  # what it does has rows of its own, and it is not over
            return
        if self._noted.get(configuration) != seen:
            self._noted[configuration] = seen
            now = self._estate.home.clock.now()
            work = self._recorded(self._estate.of_card(configuration), card, watched, seen, now)
            task = asyncio.get_running_loop().create_task(work, name="record a fence")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _recorded(
        self, console: "Console", card: Card, watched: WatchedFence, seen: tuple[Breach, ...], at: datetime
    ) -> None:
        """Write a row of what came and went since the last one, with who did it where xapi's own log tells soon enough.

        The last one may be of an earlier window of this home, or of another one beside: a breach is recorded once.
        """
        fact = replace(
            fact_of(AuditEvent.FENCE_OBSERVED, console.identity),
            configuration=card.id,
            configuration_name=card.name,
            source=card.stage,
            outcome=Outcome.OBSERVED,
        )
        who: str | None = None
        name = watched.standing.fence.name
        proof, is_over = watched.proof.facts, card.run is None
        async with self._turns.setdefault(card.id, asyncio.Lock()):
            try:
                while True:
                    newest, before = await self._last(card.id)
                    news = _News.between(before, seen, is_over=is_over)
                    if not news.is_any:
                        return
                    try:
                        who = await _asked_who(console, news, at) if who is None else who
                    except asyncio.CancelledError:  # the window closes
                        console.note(replace(fact, details=_details(name, news, at, proof)))
                        raise
                    told = replace(fact, details=_details(name, news, at, proof, who))
                    if self._estate.home.is_reading or await self._estate.home.record_next(told, newest) is not None:
                        return
            except ConsoleError as failure:
                log.warning("what was seen of the fence of %s was not written: %s", card.id, failure)

    async def _last(self, configuration: ConfigurationId) -> tuple[int, Mapping[str, str]]:
        """Return the newest row's number, 0 for none, and what stands by it: the card of each breach, by sentence."""
        query = AuditQuery(event=AuditEvent.FENCE_OBSERVED, configuration=configuration)
        rows = await self._estate.home.audit_page(query, None, 1)
        stands = (rows[0].fact.details or {}).get("stands") if rows else None
        known = {str(one): str(vif) for one, vif in stands.items()} if isinstance(stands, Mapping) else {}
        return (rows[0].seq if rows else 0), known

    def _owner(self, configuration: ConfigurationId) -> Inventory | None:
        found = (inventory for inventory, watch in self._watches.values() if configuration in watch.found)
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What the proof finds that no row says yet, and the sentences of what is no more, with their cards."""

    came: tuple[Breach, ...]
    went: Mapping[str, str]
    stands: Mapping[str, str]

    @classmethod
    def between(cls, before: Mapping[str, str], now: tuple[Breach, ...], *, is_over: bool) -> "_News":
        """Compare them. While a run is at work nothing is known to have gone: its proof looks at the half of it."""
        seen = {one.sentence: one.vif or "" for one in now}
        went = {sentence: vif for sentence, vif in before.items() if is_over and sentence not in seen}
        return cls(
            came=tuple(one for one in now if one.sentence not in before),
            went=went,
            stands=seen if is_over else {**before, **seen},
        )

    @property
    def is_any(self) -> bool:
        return bool(self.came or self.went)

    @property
    def vifs(self) -> tuple[str, ...]:
        """The cards that it is about: of what came, else of what went."""
        return tuple(filter(None, (one.vif for one in self.came) if self.came else self.went.values()))


def _details(name: str, news: _News, at: datetime, proof: str, who: str = "") -> dict[str, Json]:
    told = [one.sentence for one in news.came] + [f"no more: {sentence}" for sentence in news.went]
    stands = f"not tight, {count(len(news.stands), 'breach', 'breaches')}" if news.stands else "tight again"
    return {
        "what": " ".join((f"{shortened(name, 80)} is {stands}.", *told, *([f"By {who}."] if who else []))),
        "seen": at.isoformat(),
        "came": [_plain(one) for one in news.came],
        "went": [{"sentence": sentence} for sentence in news.went],
        "stands": {**news.stands},
        "proof": proof,
        **({"who": who} if who else {}),
    }


def _plain(breach: Breach) -> Json:
    return {"fault": breach.fault.value, "sentence": breach.sentence, "way": [*breach.way]}


async def _asked_who(console: "Console", news: _News, at: datetime) -> str:
    """Return who did it, where xapi's own log tells that soon enough: by a call about a card, or about its machine."""
    cards = (console.inventory.by_uuid(VIF, Uuid(vif)) for vif in news.vifs)
    objects = frozenset(ref for vif in cards if vif is not None for ref in (vif.ref, vif.VM))
    try:
        async with asyncio.timeout(ASKING_S):
            return _who(await console.acts.calls_since(at - LOOKED_BACK), objects)
    except (TimeoutError, ConsoleError) as failure:
        log.info("who opened a fence is not known: %s", failure)
        return ""


def _who(calls: Iterable[Call], objects: frozenset[Ref]) -> str:
    done = (call for call in calls if call.is_done and call.objects & objects)
    fitting = (call for call in done if call.name.casefold().startswith(OF_CARDS))
    newest = max(fitting, key=lambda call: call.at, default=None)
    return newest.who if newest is not None else ""
