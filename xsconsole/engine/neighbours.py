"""Other pools that this console is connected to: what a plan sees of one, and what a run that goes there needs."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.poolstate import RunRecord
from xsconsole.engine.commands import Settle
from xsconsole.engine.plans.lands import Land
from xsconsole.engine.ports import PoolPort
from xsconsole.engine.runs.gatekeeper import Gatekeeper, World
from xsconsole.engine.runs.lease import Keeping, Leases
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The engine of another pool, as this one's runs use it. `catch_up` waits until it has heard of a lease of ours."""

    pool: PoolPort
    world: World
    gatekeeper: Gatekeeper
    leases: Callable[[], Leases]
    catch_up: Callable[[str], Awaitable[None]]
    settle: Callable[[Settle], Awaitable[Run]]
    demand_going_on: Callable[[RunRecord], Awaitable[None]]  # refuses what is closed there by now


class Abroad(Protocol):
    """The other pools of one home."""

    def land(self, pool: Uuid) -> Land | None:
        """Return what is to be seen of a pool; None where there is no connection to it."""

    def neighbour(self, pool: Uuid) -> Neighbour | None:
        """Return the engine of a pool; None where there is no connection to it.

        Raises:
            NotPermitted: the log-in there may not take part in a run.
        """

    async def answered(self) -> None:
        """Wait until both pools have answered what was asked of machines that would move between them."""


class Nowhere:
    """There is no other pool."""

    def land(self, pool: Uuid) -> Land | None:
        del pool
        return None

    def neighbour(self, pool: Uuid) -> Neighbour | None:
        del pool
        return None

    async def answered(self) -> None:
        """Nothing is asked."""


NOWHERE = Nowhere()


def neighbour_of(intent: Intent, abroad: Abroad) -> Neighbour | None:
    """Return the other pool of a run, None where it stays in its own.

    Raises:
        Refused: there is no connection to it, or the log-in there may not do that.
    """
    return None if intent.abroad is None else demand_neighbour(intent.abroad, intent, abroad)


def demand_neighbour(pool: Uuid, intent: Intent, abroad: Abroad) -> Neighbour:
    found = abroad.neighbour(pool)
    if found is None:
        name = shortened(dict(zip(intent.pools, intent.pool_names, strict=False)).get(pool) or pool, 60)
        raise Refused(
            reason=f"This is also about pool “{name}”, to which this console has no connection.",
            mend="Connect to that pool beside this one, then ask again.",
        )
    return found


async def demand_going_on(record: RunRecord, abroad: Abroad) -> None:
    """Refuse to go on with a run where the other pool that it is about says by now that it is closed.

    Raises:
        Barred: naming what stands against it. Refused: there is no connection to that pool.
    """
    other = neighbour_of(record.plan.intent, abroad)
    if other is not None:
        await other.demand_going_on(record)


class JointLeases:
    """The leases of a run in two pools, taken pool by pool in the order of their uuids."""

    def __init__(self, home: Leases, away: Leases, away_things: Sequence[str], *, is_home_first: bool) -> None:
        self._home = home
        self._away = away
        self._away_things = tuple(away_things)
        self._is_home_first = is_home_first

    async def take(self, things: Iterable[str]) -> None:
        """Take all of them, or none; `things` are those of the run's own pool. Raises as `Leases.take` does."""
        both = [(self._home, tuple(things)), (self._away, self._away_things)]
        try:
            for leases, wanted in both if self._is_home_first else reversed(both):
                await leases.take(wanted)
        except BaseException:
            await self.free()
            raise

    async def confirm(self) -> None:
        """Ask both pools. Raises as `Leases.confirm` does."""
        await self._home.confirm()
        await self._away.confirm()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew in both while the block runs, and free at its end."""
        async with self._home.kept(), self._away.kept():
            yield

    async def free(self) -> None:
        await self._away.free()
        await self._home.free()


def leases_of(plan: Plan, home: Leases, other: Neighbour | None) -> Keeping:
    """Return what holds the leases of a plan's run, in the pools that it is about."""
    if other is None:
        return home
    is_first = plan.intent.pools[0] < plan.intent.pools[1]
    return JointLeases(home, other.leases(), plan.leases_abroad, is_home_first=is_first)
