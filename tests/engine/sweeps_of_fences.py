"""The deaths of consoles that build a fence, or take one away."""

import asyncio

from tests.engine import fence_scene, test_leaving_fences, test_spanning_fences
from tests.engine.deaths import STALE_S, Death, Fate, Sweep, after, deaths, settled
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import CLAIM_PREFIX, fences_on
from xsconsole.domain.ids import Uuid
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction, Undeploy


async def deployment() -> Sweep:
    """A fence stands whole and tight, or nothing of it is there."""
    scene = await test_spanning_fences.Scene().begin()
    before, command = fence_scene.left(scene), scene.deploy()
    undisturbed = await test_spanning_fences.Scene().begin()
    await undisturbed.do(undisturbed.deploy())
    whole = fence_scene.numbers_of(fence_scene.left(undisturbed))

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.shop, direction)
        standing = fences_on(left.pool.keys)
        assert standing or (fence_scene.left(left), left.tags()) == (before, set())
        assert not standing or fence_scene.numbers_of(fence_scene.left(left)) == whole
        for one in standing:
            assert prove(one.fence, one.site, left.pool.inventory()).holds
            assert {left.pool.vm(vm).power_state for vm in one.site.members.values()} == {"Running"}
        assert fate is Fate.CLOSED or bool(standing) is (fate is Fate.RESUMED)
        return fate

    return Sweep(deaths=await deaths(scene.desk, scene.do(command), scene.pool), inherit=inherit)


async def undeployment() -> Sweep:
    """A fence goes with all that it took: once the first machine is gone it can only be finished."""
    scene = await test_spanning_fences.Scene().begin()
    before = fence_scene.left(scene)
    await scene.do(scene.deploy())
    whole, fence = fence_scene.left(scene), scene.fence()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        is_late = any(left.pool.find(vm) is None for vm in fence.site.members.values())
        if is_late and direction is Direction.UNDO:
            await asyncio.sleep(STALE_S)
            await left.desk.engine.begin()
            if left.desk.board.cards.get(fence.configuration) is not None:
                assert (await left.desk.settle(fence.configuration, direction)).state is RunState.INTERRUPTED
            direction = Direction.RESUME
        fate = await settled(left.desk, fence.configuration, direction)
        assert fence_scene.left(left) in (whole, before)
        assert not is_late or (fence_scene.left(left), left.tags()) == (before, set())
        return Fate.CLOSED if is_late else fate

    work = scene.do(Undeploy(configuration=fence.configuration))
    return Sweep(deaths=await deaths(scene.desk, work, scene.pool), inherit=inherit)


async def way_out() -> Sweep:
    """All of it is in its fence and runs, or outside without one: once the router is gone it can only be finished."""
    scene = await test_leaving_fences.Scene().begin()
    fence = scene.fence()
    whole = {vif.network for vif in scene.cards_of(fence)}

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        is_late = left.pool.find(fence.site.router or Uuid("")) is None
        fate = await settled(left.desk, fence.configuration, Direction.RESUME if is_late else direction)
        standing = fences_on(left.pool.keys)
        networks = {vif.network for vif in left.cards_of(fence)}
        assert networks == (whole if standing else {scene.live.ref})
        assert bool(standing) is (left.desk.card(fence.configuration).stage == "staging")
        assert standing or not any(CLAIM_PREFIX in key for key in left.pool.keys)
        assert {left.pool.vm(vm).power_state for vm in fence.site.members.values()} == {"Running"}
        return Fate.CLOSED if is_late else fate

    return Sweep(deaths=await deaths(scene.desk, scene.desk.do(scene.promotion()), scene.pool), inherit=inherit)
