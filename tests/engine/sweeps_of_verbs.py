"""The deaths of consoles that bring a configuration elsewhere in its pool, or delete it."""

import asyncio

from tests.engine import test_deleting, test_migrating
from tests.engine.deaths import STALE_S, Death, Fate, Sweep, after, deaths, settled
from xsconsole.domain.board import Standing
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction, TakePoint


async def migration() -> Sweep:
    """Running machines go to another host, and all disks to another storage."""
    scene = await test_migrating.Scene().begin()
    before, wanted = scene.places(), {("xen-2", "SAN-fast"), ("", "SAN-fast")}

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.shop, direction)
        is_there = set(left.places().values()) == wanted
        assert is_there or left.places() == before
        assert fate is Fate.CLOSED or is_there is (fate is Fate.RESUMED)
        return fate

    work = scene.desk.do(scene.go(host=scene.second, sr=scene.fast.uuid))
    return Sweep(deaths=await deaths(scene.desk, work, scene.office.pool), inherit=inherit)


async def deletion() -> Sweep:
    """Machines, disks and a restore point go for good: once the first is gone it can only be finished."""
    scene = await test_migrating.Scene().begin()
    await scene.desk.do(TakePoint(configuration=scene.shop, revision=scene.desk.card(scene.shop).revision))
    before, counted = scene.powers(), test_deleting.census(scene.pool)

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        is_late = left.powers().keys() != before.keys()
        if is_late and direction is Direction.UNDO:
            await asyncio.sleep(STALE_S)
            await left.desk.engine.begin()
            if left.desk.board.cards.get(scene.shop) is not None:
                assert (await left.desk.settle(scene.shop, direction)).state is RunState.INTERRUPTED
            direction = Direction.RESUME
        fate = await settled(left.desk, scene.shop, direction)
        card = left.desk.board.cards.get(scene.shop)
        if card is not None:
            assert card.standing is Standing.WHOLE
            assert (left.powers(), test_deleting.census(left.pool)) == (before, counted)
        else:
            assert test_deleting.census(left.pool) == {"workflow": 1, "disk": 0}
        return Fate.CLOSED if is_late else fate

    work = scene.desk.do(test_deleting.delete(scene.desk, scene.shop))
    return Sweep(deaths=await deaths(scene.desk, work, scene.office.pool), inherit=inherit)
