"""What is left at every place at which a console can die, and what another one makes of it.

What the console does goes through once. At each crossing, what stands at the pools and in its home is kept: to the
last key, that is what a SIGKILL there leaves, because nothing that is under way in a dead process goes on. Places
between which nothing changed leave the same, and are one death.
"""

import asyncio
import copy
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeVar

from tests.engine.desks import Desk, MemoryLedger, Office
from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Direction

STALE_S = 61.0
FIRST_HEIR = 1001


class Fate(StrEnum):
    """What became of what a dead console left."""

    RESUMED = "finished"
    UNDONE = "put back"
    CLOSED = "nothing was left open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """What stands when a console dies at one of so many `places`."""

    number: int
    places: int
    pools: tuple[MemoryPool, ...]
    ledger: MemoryLedger

    def offices(self) -> tuple[Office, ...]:
        """Return the pools with nobody there any more; those who come now have other names than those who were."""
        offices = tuple(Office(pool.copied(), FIRST_HEIR) for pool in self.pools)
        for office in offices:
            office.alive = offices[0].alive
        return offices

    def home(self) -> MemoryLedger:
        """Return the dead console's home, or at every other death an empty one."""
        return MemoryLedger() if self.number % 2 else _kept(self.ledger)


def _kept(ledger: MemoryLedger) -> MemoryLedger:
    return replace(ledger, facts=list(ledger.facts), known_nonces=set(ledger.known_nonces), cross=lambda _: None)


async def deaths(victim: Desk, work: Awaitable[object], *pools: MemoryPool) -> list[Death]:
    """Do the work, and return what each place of it would leave, in order."""
    found: list[Death] = []
    last: tuple[int, ...] = ()

    def look() -> None:
        nonlocal last
        now = (*(pool.changes for pool in pools), len(victim.ledger.facts), len(victim.ledger.known_nonces))
        if now == last:
            found[-1] = replace(found[-1], places=found[-1].places + 1)
            return
        last = now
        here = tuple(pool.copied() for pool in pools)
        found.append(Death(number=len(found), places=1, pools=here, ledger=_kept(victim.ledger)))

    victim.on_cross = look
    await work
    victim.on_cross = lambda: None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The deaths in one run, and how each is inherited: that fails where not all is whole afterwards."""

    deaths: Sequence[Death]
    inherit: Callable[[Death, Direction], Awaitable[Fate]]

    async def fates(self, direction: Direction, every: int = 1, first: int = 0) -> Counter[Fate]:
        """Let somebody inherit what `every` so many deaths leave; count the places by what became of it."""
        counted: Counter[Fate] = Counter()
        for death in self.deaths[first::every]:
            counted[await self.inherit(death, direction)] += death.places
        return counted


async def settled(
    desk: Desk, configuration: ConfigurationId, direction: Direction, beside: Sequence[Desk] = ()
) -> Fate:
    """Let a console that came later settle what it finds; afterwards nothing is open.

    `configuration` is the id of one that was there before, or that of one as planned.
    """
    await asyncio.sleep(STALE_S)
    for each in (desk, *beside):
        await each.engine.begin()
    fate = Fate.CLOSED
    views = [card.run for card in desk.board.cards.values() if card.run is not None]
    given = next((view.record.given[configuration] for view in views if configuration in view.record.given), None)
    card = desk.board.cards.get(given or configuration)  # what has moved into another pool is none any more
    if card is not None and card.standing is Standing.INTERRUPTED:
        status = await desk.settle(card.id, direction)
        assert status.error is None, explain(status.error)
        assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
        fate = Fate.RESUMED if direction is Direction.RESUME else Fate.UNDONE
    await desk.engine.close()
    for each in (desk, *beside):
        assert not any(".run." in key for key in each.pool.keys)
        assert await each.ledger.open_runs() == ()
    return fate


class Scene(Protocol):
    """One office, and a desk in it."""

    office: Office
    desk: Desk


S = TypeVar("S", bound=Scene)


def after(death: Death, scene: S) -> S:
    """Return the scene as a death leaves it, with somebody else at the desk."""
    left = copy.copy(scene)
    (left.office,) = death.offices()
    left.desk = left.office.desk(death.home())
    return left


async def bury() -> None:
    """End what a killed console would still be doing in this process."""
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
