"""Each kind of run with all the deaths in it: `SWEEPS` says by name what a console does until it dies.

A sweep is made once, and then tells for every death and both directions whether all is whole afterwards.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import pytest

from tests.engine import (
    sweeps_between_pools,
    sweeps_of_fences,
    test_archiving_incumbents,
    test_candidates,
    test_copying_failing,
    test_pool_archives,
    test_relocation,
    test_succession,
    test_taking_over,
)
from tests.engine.deaths import STALE_S, Death, Fate, Scene, Sweep, after, deaths, settled
from tests.engine.desks import Desk, Office
from tests.engine.memory_port import Fault
from tests.engine.requesting import ask, run
from tests.engine.sweeps_between_pools import quietly
from tests.engine.sweeps_of_verbs import deletion, migration
from tests.engine.test_candidates import frozen_in
from tests.engine.test_copying import census
from xsconsole.domain.archive import Form
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import Uuid
from xsconsole.domain.plan import Disks, RunKind
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.requests.views import RequestState
from xsconsole.engine.commands import Direction, Plannable
from xsconsole.errors import Refused

ASKING = "asking for copies"  # only who was about to make the request could go on


class House:
    """A shop in staging of which some machines run, and who looks after it."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()

    async def begin(self) -> "House":
        self.shop = await self.office.shop(self.desk)
        return self

    def machines(self) -> dict[Uuid, tuple[str, str, frozenset[tuple[str, str]]]]:
        return {
            vm.uuid: (vm.power_state, self.office.pool.contents[vm.uuid], frozenset(vm.blocked_operations.items()))
            for vm in self.office.pool.vms()
            if not vm.is_a_snapshot
        }

    def look(self, stage: str) -> None:
        card = self.desk.card(self.shop)
        assert (card.standing, card.stage) == (Standing.WHOLE, stage)


async def promotion() -> Sweep:
    """A move with its restore point."""
    house = await House().begin()
    before = house.machines()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, house)
        fate = await settled(left.desk, house.shop, direction)
        is_there = left.desk.card(house.shop).stage == "production"
        left.look("production" if is_there else "staging")
        assert fate is Fate.CLOSED or is_there is (fate is Fate.RESUMED)
        if is_there:
            assert left.desk.card(house.shop).restore_points[0].is_whole
            assert {state[0] for state in left.machines().values()} == {"Running"}
        else:
            assert left.machines() == before
            assert not any(vm.is_a_snapshot for vm in left.office.pool.vms())
        return fate

    return Sweep(deaths=await _of(house, house.desk.promotion(house.shop, "production")), inherit=inherit)


async def return_to_the_restore_point() -> Sweep:
    """A demotion that brings the disks back and sets the present aside."""
    house = await House().begin()
    was = {uuid: state[1] for uuid, state in house.machines().items()}
    await house.desk.do(house.desk.promotion(house.shop, "production"))
    for uuid in was:
        house.office.pool.contents[uuid] = "written in production"
    before = house.machines()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, house)
        fate = await settled(left.desk, house.shop, direction)
        is_back = left.desk.card(house.shop).stage == "staging"
        left.look("staging" if is_back else "production")
        if is_back:
            assert {uuid: state[1] for uuid, state in left.machines().items()} == was
        else:
            assert left.machines() == before
        return fate

    command = house.desk.demotion(house.shop, "staging", Disks.RESTORE)
    return Sweep(deaths=await _of(house, command), inherit=inherit)


async def undoing() -> Sweep:
    """The same that fails at its second start, cut off only while it is being put back: it can still go forward."""
    house = await House().begin()
    await house.desk.do(house.desk.promotion(house.shop, "production"))
    house.desk.port.faults.append(Fault(method="start", nth=2, code="NO_HOSTS_AVAILABLE"))
    found = await _of(house, house.desk.demotion(house.shop, "staging", Disks.RESTORE))

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, house)
        fate = await settled(left.desk, house.shop, direction)
        left.look("staging" if fate is Fate.RESUMED else "production")
        assert {state[0] for state in left.machines().values()} == {"Running"}
        return fate

    back = [death for death in found if AuditEvent.RUN_UNDOING in death.ledger.events()]
    return Sweep(deaths=back, inherit=inherit)


async def relocation() -> Sweep:
    """A move to other networks, storage and hosts."""
    scene = await test_relocation.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.shop, direction)
        card = left.desk.card(scene.shop)
        assert card.standing is Standing.WHOLE
        assert left.state() == (left.moved() if card.stage == "production" else scene.before)
        return fate

    return Sweep(deaths=await _of(scene, scene.desk.promotion(scene.shop, "production")), inherit=inherit)


async def linked_clones() -> Sweep:
    """A promotion by linked clone."""
    scene = await test_copying_failing.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.shop, direction)
        is_there = len(left.desk.board.cards) == 2
        assert fate is Fate.CLOSED or is_there is (fate is Fate.RESUMED)
        if is_there:
            left.all_is_there(left.desk)
        else:
            left.nothing_is_left()
        return fate

    return Sweep(deaths=await _of(scene, scene.desk.promotion(scene.shop, "production")), inherit=inherit)


async def succession() -> Sweep:
    """Copies into a place that is taken, whose data stay with it."""
    scene = await test_succession.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.new, direction)
        if len(left.desk.board.cards) == 2:
            left.everything_is_as_before()
        else:
            left.everything_has_come()
        return fate

    return Sweep(deaths=await _of(scene, scene.desk.promotion(scene.new, "production")), inherit=inherit)


async def taking_over() -> Sweep:
    """A move into a place that is taken, whose data stay with it."""
    scene = await test_taking_over.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.new, direction)
        is_there = left.stages()[1] == "production"
        assert fate is Fate.CLOSED or is_there is (fate is Fate.RESUMED)
        if is_there:
            left.everything_has_come()
        else:
            left.everything_is_as_before()
        return fate

    return Sweep(deaths=await _of(scene, scene.desk.promotion(scene.new, "production")), inherit=inherit)


async def archived_incumbent() -> Sweep:
    """Copies into a place that is taken, whose holder goes into the archive."""
    scene = await test_succession.Scene().begin(test_archiving_incumbents.archiving_copies())

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.new, direction)
        if scene.old in left.desk.board.cards:
            test_archiving_incumbents.nothing_is_archived(left)
        else:
            assert test_archiving_incumbents.archived(left).configuration == scene.old
            assert left.made().stage == "production"
        return fate

    return Sweep(deaths=await _of(scene, scene.desk.promotion(scene.new, "production")), inherit=inherit)


async def archive_in_the_pool() -> Sweep:
    """Templates of copies of what runs."""
    return await _archived(Form.COPY)


async def retirement() -> Sweep:
    """The machines themselves as templates."""
    return await _archived(Form.RETIRED)


async def _archived(form: Form) -> Sweep:
    scene = await test_pool_archives.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        left = after(death, scene)
        fate = await settled(left.desk, scene.shop, direction)
        if left.listed:
            assert left.listed[0].is_whole
            assert (scene.shop in left.desk.board.cards) is (form is Form.COPY)
        else:
            left.nothing_is_left()
            assert left.desk.card(scene.shop).standing is Standing.WHOLE
        assert fate is Fate.CLOSED or bool(left.listed) is (fate is Fate.RESUMED)
        return fate

    return Sweep(deaths=await _of(scene, scene.archiving(form=form)), inherit=inherit)


async def asking() -> Sweep:
    """A request for copies, which freezes them: what is left of it can be put back or withdrawn."""
    scene = await test_candidates.Scene().begin()

    async def inherit(death: Death, direction: Direction) -> Fate:
        (office,) = death.offices()
        bob = office.desk(death.home())
        if direction is Direction.RESUME and bob.card(scene.shop).run is not None:
            await asyncio.sleep(STALE_S)
            with pytest.raises(Refused, match="nobody but who was about to make it"):
                await bob.settle(scene.shop, Direction.RESUME)
        fate = await settled(bob, scene.shop, Direction.UNDO)
        for found in bob.engine.requests.views(bob.clock.now()):
            assert (found.state, len(frozen_in(office))) == (RequestState.WAITING, 3)
        await _clear(bob)
        assert bob.card(scene.shop).standing is Standing.WHOLE
        assert census(office) == scene.before
        return fate

    work = quietly(ask(scene.alice, scene.shop))
    return Sweep(deaths=await deaths(scene.alice, work, scene.office.pool), inherit=inherit)


async def carrying_out() -> Sweep:
    """Copies of what was frozen and approved, and what tidies up after them."""
    scene = await test_candidates.Scene().begin()
    request = await scene.approved()

    async def through() -> None:
        await (await run(scene.bob, request)).wait()
        await scene.bob.engine.close()

    async def inherit(death: Death, direction: Direction) -> Fate:
        (office,) = death.offices()
        alice = office.desk(death.home())
        standing = alice.card(scene.shop).run
        is_thawing = standing is not None and standing.record.plan.intent.kind is RunKind.THAW
        fate = await settled(alice, scene.shop, direction)
        if fate is not Fate.CLOSED:
            assert len(alice.board.cards) == 1 + (fate is Fate.RESUMED or is_thawing)
        await _clear(alice)
        assert frozen_in(office) == []
        assert {card.standing for card in alice.board.cards.values()} == {Standing.WHOLE}
        return fate

    return Sweep(deaths=await deaths(scene.bob, quietly(through()), scene.office.pool), inherit=inherit)


SWEEPS: Mapping[str, Callable[[], Awaitable[Sweep]]] = MappingProxyType(
    {
        "move": promotion,
        "return to the restore point": return_to_the_restore_point,
        "undoing": undoing,
        "move to other networks, storage and hosts": relocation,
        "linked clones": linked_clones,
        "copies into a place that is taken": succession,
        "move into a place that is taken": taking_over,
        "archive in the pool": archive_in_the_pool,
        "retirement into the archive": retirement,
        "archive of who had the place": archived_incumbent,
        "full copies into another pool": sweeps_between_pools.crossing,
        "move into another pool": sweeps_between_pools.moving_across,
        "move as a stream": sweeps_between_pools.streaming_across,
        "return to the restore point from another pool": sweeps_between_pools.return_from_another_pool,
        "move into a place of another pool": sweeps_between_pools.taking_over_across,
        "swap between pools": sweeps_between_pools.swap_across,
        "copies into a place of another pool": sweeps_between_pools.copies_into_a_place,
        "copies into a place of another pool, by a stream": sweeps_between_pools.copies_into_a_place_by_stream,
        "move into a place of another pool, streams both ways": sweeps_between_pools.streams_both_ways,
        "swap by streams": sweeps_between_pools.swap_by_streams,
        "return to the restore point as a stream": sweeps_between_pools.return_as_a_stream,
        "refresh from another pool": sweeps_between_pools.refresh,
        ASKING: asking,
        "copies that were approved": carrying_out,
        "migration": migration,
        "deletion": deletion,
        "a fence": sweeps_of_fences.deployment,
        "the end of a fence": sweeps_of_fences.undeployment,
        "the way out of a fence": sweeps_of_fences.way_out,
    }
)


async def _of(scene: Scene, command: Plannable) -> list[Death]:
    return await deaths(scene.desk, quietly(scene.desk.do(command)), scene.office.pool)


async def _clear(desk: Desk) -> None:
    """Withdraw what stands asked, and remove what is left over of it."""
    for found in desk.engine.requests.views(desk.clock.now()):
        assert await desk.engine.requests.forget(found.request, "") == ""
    for left in desk.engine.requests.left_over():
        assert await desk.engine.requests.clean(left, "left over") == ""
