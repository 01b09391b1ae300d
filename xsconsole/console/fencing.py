"""The fences of all that an estate shows, proved anew as their pools change: a leak is told at once, and recorded."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import thread_time
from typing import TYPE_CHECKING

from xsconsole.console.facts import fact_of
from xsconsole.domain.canonical import Json
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.events import BoardChanged, FencesChanged, InventoryChanged, PoolsChanged
from xsconsole.domain.fence.live import FenceWatch, WatchedFence
from xsconsole.domain.fence.picture import State, state_of
from xsconsole.domain.fence.proof import Breach
from xsconsole.domain.ids import ConfigurationId, Ref
from xsconsole.domain.inventory import VIF, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Fact, Outcome
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
        return state_of(watched, is_in_work=self.is_in_work(watched))

    def is_in_work(self, watched: WatchedFence) -> bool:
        card = self._estate.board.cards.get(watched.standing.configuration)
        return card is not None and card.run is not None

    def inventory_of(self, watched: WatchedFence) -> Inventory | None:
        """Return the pool that a fence stands on."""
        return self._owner(watched.standing.configuration)

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
        """Record what the proof finds otherwise than before. What is so at the first look is no news if it is tight."""
        watched, card = self.of(configuration), self._estate.board.cards.get(configuration)
        if watched is None:
            self._noted.pop(configuration, None)
            return
        if card is None or card.run is not None:  # what a run does has rows of its own, and it is not over
            return
        before, now = self._noted.get(configuration, ()), watched.proof.breaches
        self._noted[configuration] = now
        came, went = [one for one in now if one not in before], [one for one in before if one not in now]
        if came or went:
            console, at = self._estate.of_card(configuration), self._estate.home.clock.now()
            fact = replace(
                fact_of(AuditEvent.FENCE_OBSERVED, console.identity, _details(watched, came, went, at)),
                configuration=card.id,
                configuration_name=card.name,
                source=card.stage,
                outcome=Outcome.OBSERVED,
            )
            objects = _objects(console.inventory, came or went)
            task = asyncio.get_running_loop().create_task(_recorded(console, fact, objects, at), name="record a fence")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    def _owner(self, configuration: ConfigurationId) -> Inventory | None:
        found = (inventory for inventory, watch in self._watches.values() if configuration in watch.found)
        return next(found, None)


def _details(watched: WatchedFence, came: Iterable[Breach], went: Iterable[Breach], at: datetime) -> dict[str, Json]:
    name, left = shortened(watched.standing.fence.name, 80), len(watched.proof.breaches)
    told = [one.sentence for one in came] + [f"no more: {one.sentence}" for one in went]
    stands = f"not tight, {count(left, 'breach', 'breaches')}" if left else "tight again"
    return {
        "what": f"{name} is {stands}. {' '.join(told)}",
        "seen": at.isoformat(),
        "came": [_plain(one) for one in came],
        "went": [_plain(one) for one in went],
        "proof": watched.proof.facts,
    }


def _plain(breach: Breach) -> Json:
    return {"fault": breach.fault.value, "sentence": breach.sentence, "way": [*breach.way]}


def _objects(inventory: Inventory, breaches: Iterable[Breach]) -> frozenset[Ref]:
    """Return the cards that breaches name, and their machines: what a call must have been about to have made them."""
    cards = (inventory.by_uuid(VIF, one.vif) for one in breaches if one.vif is not None)
    return frozenset(ref for vif in cards if vif is not None for ref in (vif.ref, vif.VM))


async def _recorded(console: "Console", fact: Fact, objects: frozenset[Ref], at: datetime) -> None:
    """Write the row, with who did it where xapi's own log tells that soon enough; without, where it does not."""
    who = ""
    try:
        async with asyncio.timeout(ASKING_S):
            who = _who(await console.acts.calls_since(at - LOOKED_BACK), objects)
    except (TimeoutError, ConsoleError) as failure:
        log.info("who opened the fence of %s is not known: %s", fact.configuration, failure)
    finally:
        named = {**(fact.details or {}), **({"who": who, "what": f"{_what(fact)} By {who}."} if who else {})}
        console.note(replace(fact, details=named))


def _what(fact: Fact) -> str:
    return str((fact.details or {})["what"])


def _who(calls: Iterable[Call], objects: frozenset[Ref]) -> str:
    done = (call for call in calls if call.is_done and call.objects & objects)
    fitting = (call for call in done if call.name.casefold().startswith(OF_CARDS))
    newest = max(fitting, key=lambda call: call.at, default=None)
    return newest.who if newest is not None else ""
