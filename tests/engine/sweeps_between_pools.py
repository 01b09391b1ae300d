"""Runs between two pools with all the deaths in them: a console at both pools settles what is left."""

import copy
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from tests.engine import (
    crossings,
    test_changing_places_across,
    test_copies_changing_places,
    test_crossing,
    test_refreshing_across,
    test_restoring_across,
    test_streaming_across,
)
from tests.engine.crossings import MOVE, machines
from tests.engine.deaths import Death, Fate, Sweep, deaths, settled
from tests.engine.desks import Desk
from tests.engine.two_pools import Company
from xsconsole.domain.ids import ConfigurationId
from xsconsole.engine.commands import Direction, Plannable
from xsconsole.errors import ConsoleError

BOTH = 2  # who takes the place, and who had it


class Ends(Protocol):
    """How what goes from one pool into another may end."""

    def look(self, company: Company) -> bool:
        """Return whether it is there; fails where it is neither there nor as before."""


async def crossing() -> Sweep:
    """Full copies from one pool into another, which a console at both pools settles."""
    company = await Company().begin()
    return await _promotion_between_pools(company, test_crossing.Ends(company))


async def moving_across() -> Sweep:
    """A move from one pool into another, with its restore point."""
    company = await Company().begin(**MOVE)
    return await _promotion_between_pools(company, crossings.Ends(company))


async def streaming_across() -> Sweep:
    """A move as a stream, from when something of it stands in the other pool until the first that was sent goes."""
    company = await test_streaming_across.parted()
    sweep = await _promotion_between_pools(company, crossings.Ends(company))
    all_of_it = len(machines(company.production.pool))
    found = [(death, *map(machines, death.pools)) for death in sweep.deaths]
    return replace(sweep, deaths=[death for death, sent, came in found if came and len(sent) == all_of_it])


async def return_from_another_pool() -> Sweep:
    """A demotion into the other pool, and there to the restore point, from when all machines have come there."""
    company = await test_restoring_across.served_there(await Company().begin(**MOVE))
    there = company.pair.there
    command = test_restoring_across.going_back(there, company)
    sweep = await _between_pools(company, test_restoring_across.Ends(company), there, command)
    return replace(sweep, deaths=[death for death in sweep.deaths if not machines(death.pools[1])])


async def taking_over_across() -> Sweep:
    """A move into a place of another pool that is taken, whose data stay there, from when who has that is off."""
    scene = await test_changing_places_across.Scene().begin()
    sweep = await _promotion_between_pools(scene, test_changing_places_across.Ends(scene))
    return replace(sweep, deaths=[death for death in sweep.deaths if _stands_by(death)])


async def swap_across() -> Sweep:
    """A swap with a stand-by that is in another pool, from when that is back until the other has left."""
    scene = await (await test_changing_places_across.Scene().begin()).promoted()
    sweep = await _between_pools(scene, test_changing_places_across.Ends(scene), scene.pair.there, scene.swap())
    return replace(sweep, deaths=[death for death in sweep.deaths if not machines(death.pools[0])])


async def copies_into_a_place() -> Sweep:
    """Copies into a place of another pool that is taken, from when who has that is off."""
    scene = await test_copies_changing_places.Copied().begin(**test_copies_changing_places.COPIES)
    sweep = await _promotion_between_pools(scene, test_copies_changing_places.Ends())
    return replace(sweep, deaths=[death for death in sweep.deaths if _stands_by(death)])


async def copies_into_a_place_by_stream() -> Sweep:
    """The same where hosts do not reach each other, from when who had the place is sent until that is destroyed."""
    copied = await test_copies_changing_places.Copied().begin(**test_copies_changing_places.COPIES)
    scene = test_streaming_across.part(copied)
    sweep = await _promotion_between_pools(scene, test_copies_changing_places.Ends())
    return replace(sweep, deaths=[death for death in sweep.deaths if "shop-1" in _doubled(death)])


async def streams_both_ways() -> Sweep:
    """A move into a place that is taken, both as streams, from when who had it is sent until the first is destroyed."""
    scene = test_streaming_across.part(await test_changing_places_across.Scene().begin())
    sweep = await _promotion_between_pools(scene, test_changing_places_across.Ends(scene))
    return replace(sweep, deaths=[death for death in sweep.deaths if len(_doubled(death)) == BOTH])


async def swap_by_streams() -> Sweep:
    """A swap with a stand-by of another pool, both as streams, from when who leaves is sent until one is destroyed."""
    scene = test_streaming_across.part(await (await test_changing_places_across.Scene().begin()).promoted())
    ends = test_changing_places_across.Ends(scene)
    sweep = await _between_pools(scene, ends, scene.pair.there, scene.swap())
    return replace(sweep, deaths=[death for death in sweep.deaths if len(_doubled(death)) == BOTH])


async def return_as_a_stream() -> Sweep:
    """A return to a restore point that goes as a stream, from the first that came until one is destroyed."""
    begun = test_streaming_across.part(await Company().begin(**MOVE))
    company = await test_restoring_across.served_there(begun)
    command = test_restoring_across.going_back(company.pair.there, company)
    sweep = await _between_pools(company, test_restoring_across.Ends(company), company.pair.there, command)
    asides = max(_asides(death) for death in sweep.deaths)  # they are the first to go
    return replace(
        sweep, deaths=[death for death in sweep.deaths if machines(death.pools[0]) and _asides(death) == asides]
    )


def _asides(death: Death) -> int:
    """Return how many snapshots of an earlier present stand in the pool that is left."""
    return sum(
        1
        for vm in death.pools[1].vms()
        if vm.is_a_snapshot and death.pools[1].contents[vm.uuid] == test_restoring_across.WRITTEN
    )


def _stands_by(death: Death) -> bool:
    state = machines(death.pools[1]).get("shop-1")
    return state is None or state[1] == "Halted"


def _doubled(death: Death) -> set[str]:
    """Return what stands in both pools."""
    first, second = map(machines, death.pools)
    return set(first) & set(second)


async def _promotion_between_pools(company: Company, ends: Ends) -> Sweep:
    return await _between_pools(company, ends, (here := company.pair.here), here.promotion(company.shop, "production"))


async def _between_pools(
    company: Company, ends: Ends, desk: Desk, command: Plannable, configuration: ConfigurationId | None = None
) -> Sweep:
    work = quietly(test_streaming_across.do(desk, command))

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = copy.copy(company)
        left.test, left.production = death.offices()
        pair = left.sit_down(death.home())
        mine, other = (pair.here, pair.there) if desk is company.pair.here else (pair.there, pair.here)
        fate = await settled(mine, configuration or company.shop, direction, beside=(other,))
        assert fate is Fate.CLOSED or ends.look(left) is (fate is Fate.RESUMED)
        ends.look(left)
        return fate

    pools = company.test.pool, company.production.pool
    return Sweep(deaths=await deaths(company.pair.here, work, *pools), inherit=inherit)  # both desks cross there


async def refresh() -> Sweep:
    """A replica made anew of what stands in another pool, from when the old machines are off until they go."""
    replica = await test_refreshing_across.replicated()
    company, ends = replica.company, test_refreshing_across.Ends(replica)
    sweep = await _between_pools(company, ends, replica.there, replica.command(), replica.id)
    return replace(sweep, deaths=[death for death in sweep.deaths if ends.stands_back(death.pools[1])])


async def quietly(work: Awaitable[object]) -> None:
    with suppress(ConsoleError):
        await work
