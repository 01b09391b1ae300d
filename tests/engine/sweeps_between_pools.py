"""Runs between two pools with all the deaths in them: a console at both pools settles what is left."""

import copy
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from tests.engine import (
    crossings,
    test_changing_places_across,
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
    found = [(death, machines(death.pools[1]).get("shop-1")) for death in sweep.deaths]
    return replace(sweep, deaths=[death for death, state in found if state is None or state[1] == "Halted"])


async def swap_across() -> Sweep:
    """A swap with a stand-by that is in another pool, from when that is back until the other has left."""
    scene = await (await test_changing_places_across.Scene().begin()).promoted()
    sweep = await _between_pools(scene, test_changing_places_across.Ends(scene), scene.pair.there, scene.swap())
    return replace(sweep, deaths=[death for death in sweep.deaths if not machines(death.pools[0])])


async def _promotion_between_pools(company: Company, ends: Ends) -> Sweep:
    return await _between_pools(company, ends, (here := company.pair.here), here.promotion(company.shop, "production"))


async def _between_pools(
    company: Company, ends: Ends, desk: Desk, command: Plannable, configuration: ConfigurationId | None = None
) -> Sweep:
    work = quietly(desk.do(command))

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
