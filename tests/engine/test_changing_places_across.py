"""A place whose next machines come from another pool: who had it goes there, and they change places again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from tests.engine.crossings import MOVE, is_clear, machines, rosters
from tests.engine.desks import Desk, virtually
from tests.engine.memory_pool import GIB, MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_succession import STAYS
from tests.engine.two_pools import Company
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import SR, VBD, VDI, Host
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, explain
from xsconsole.domain.workflow import Binding, Kind, PoolObject, Workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent, Hold
from xsconsole.domain.workflow.edits import change_transition
from xsconsole.engine.commands import Create, Demote, NewMember

CHANGING: Mapping[str, Any] = {**MOVE, "afterwards": (DemoteIncumbent(),), "disks": STAYS}


class Scene(Company):
    """shop 1 runs in production, in the one pool, with its data; shop 2 in staging, in the other, with test data."""

    async def begin(self, back: Mapping[str, Any] = MappingProxyType({}), **way: Any) -> "Scene":
        """`back` changes the way back from production."""
        workflow = self.workflow(**{**CHANGING, **way})
        (down,) = workflow.transitions_from(StageId("production"), Kind.DEMOTE)
        workflow = change_transition(workflow, down.id, **back)
        here, there = self.pair.here, self.pair.there
        for desk in (here, there):
            await desk.engine.publish_default()
            await desk.publish(workflow)
        self.old = await self._made(there, self.production.pool, "1", "production", self.there)
        self.new = await self._made(here, self.test.pool, "2", "staging", self.front)
        self.shop = self.new
        for desk in (here, there):
            await desk.caught_up()
        return self

    async def _made(self, desk: Desk, pool: MemoryPool, version: str, stage: str, network: Any) -> Any:
        vm = pool.add_vm(f"shop-{version}", "Running")
        pool.add_disk(vm.uuid, f"data of {version}", "1")
        pool.plug(vm.uuid, network)
        member = NewMember(vm=vm.uuid, role="db")
        command = Create(service="shop", version=version, stage=StageId(stage), members=(member,))
        status = await desk.do(command)
        assert status.error is None, explain(status.error)
        return status.plan.intent.configuration

    def promotion_plan(self) -> Plan:
        return self.pair.here.engine.plan(self.pair.here.promotion(self.new, "production"))

    def swap(self) -> Demote:
        return self.pair.there.demotion(self.new, "staging", Disks.SWAP)

    async def promoted(self) -> "Scene":
        status = await self.pair.here.do(self.pair.here.promotion(self.new, "production"))
        assert status.error is None, explain(status.error)
        await self.pair.here.engine.close()
        await self.pair.there.caught_up()
        return self


class Ends:
    """How the two may stand: as they stood, or each where the other was, the one in the place running."""

    def __init__(self, scene: Scene, *, is_exchanged: bool = True) -> None:
        self.is_exchanged = is_exchanged
        self.was = self._state(scene)

    def look(self, scene: Scene) -> bool:
        """Return whether they have changed places; each of them is somewhere, once and whole."""
        assert is_clear(scene)
        state = self._state(scene)
        assert (rosters(scene.test.pool), rosters(scene.production.pool)) == (1, 1)
        if state[0] == self.was[0]:
            assert state == self.was
            return False
        (served,), (stands_by,) = state[0]
        assert (served, stands_by) == self.was[0][1] + self.was[0][0]
        assert state[1][served] == "Running"
        assert state[1][stands_by] == "Halted"
        if self.is_exchanged:
            assert state[2] == {name: {"1": "2", "2": "1"}[of] for name, of in self.was[2].items()}
        return True

    def _state(self, scene: Scene) -> tuple[Any, ...]:
        test, production = machines(scene.test.pool), machines(scene.production.pool)
        powers = {name: state[1] for name, state in {**test, **production}.items()}
        return (tuple(production), tuple(test)), powers, _data(scene)


def _data(scene: Scene) -> dict[str, str]:
    found = {}
    for pool in (scene.test.pool, scene.production.pool):
        for vm in (vm for vm in pool.vms() if not vm.is_a_snapshot):
            found[vm.name_label] = pool._disks(vm)[-1].name_label[-1]
    return found


def test_the_newcomer_takes_the_place_with_its_data_and_the_old_one_goes_to_the_pool_it_came_from() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        here, there, ends = scene.pair.here, scene.pair.there, Ends(scene)
        plan = scene.promotion_plan()

        assert plan.warnings[0] == (
            "“shop 1” has the place: it is shut down, its restore point is taken, and once all has passed it goes to "
            "Staging and stays off."
        )
        assert any("1 disk of shop 1 stays with the place" in said for said in plan.warnings)
        assert "For that shop 1 moves from pool “production pool” to pool “acme”." in plan.warnings
        does = [describe(step) for step in plan.steps]
        order = ["Move shop-2", "Shut shop-1", "Give shop-2 the disk", "Start shop-2", "Move shop-1"]
        found = [next(at for at, one in enumerate(does) if one.startswith(begin)) for begin in order]
        assert found == sorted(found)
        assert len(plan.leases) == len(plan.leases_abroad) - 1  # the place itself is in the other pool
        (note,) = (said for said in plan.notes if said.startswith("The restore point"))
        assert note.count("in “SAN-gold”") == 2  # one of each pool, by its name

        await scene.promoted()

        assert ends.look(scene)
        card, old = there.card(scene.new), here.card(scene.old)
        assert (card.stage, card.standing, old.stage, old.standing) == ("production", "whole", "staging", "whole")
        assert old.restore_points[0].stage == "production"
        assert machines(scene.test.pool)["shop-1"][2] == (scene.front.uuid,)
        assert not machines(scene.test.pool)["shop-1"][5]

        kept = there.engine.plan(there.demotion(scene.new, "staging")).warnings
        assert any("belongs to the place in Production and comes along to Staging" in said for said in kept)
        plan = there.engine.plan(scene.swap())
        assert "takes its place in Production again" in plan.warnings[0]
        assert any(" of the place goes back to shop 1" in said for said in plan.warnings)
        assert "shop 1 comes first, while shop 2 still serves." in plan.warnings
        does = [describe(step) for step in plan.steps]
        order = ["Move shop-1", "Shut shop-2", "Give shop-1 the disk", "Start shop-1", "Move shop-2"]
        found = [next(at for at, one in enumerate(does) if one.startswith(begin)) for begin in order]
        assert found == sorted(found)
        status = await there.do(scene.swap())

        assert status.error is None, explain(status.error)
        assert _data(scene) == {"shop-1": "1", "shop-2": "2"}
        assert {name: state[1] for name, state in machines(scene.production.pool).items()} == {"shop-1": "Running"}
        assert (here.card(scene.new).stage, there.card(scene.old).stage) == ("staging", "production")
        assert is_clear(scene)

    virtually(story)


@pytest.mark.parametrize(
    ("method", "is_here", "nth"),
    [("attach", False, 1), ("start", False, 1), ("migrate_send", False, 1), ("add_key", False, 9)],
)
def test_whatever_fails_each_is_where_it_was_with_its_own_disks(method: str, nth: int, *, is_here: bool) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        for is_swap in (False, True):
            ends = Ends(scene)
            desk = scene.pair.there if is_swap else scene.pair.here
            command = scene.swap() if is_swap else desk.promotion(scene.new, "production")
            port = (scene.pair.here if is_here else scene.pair.there).port
            port.faults.append(Fault(method=method, nth=nth, how="fail"))
            status = await desk.do(command)
            assert status.state is RunState.UNDONE or (method == "add_key" and status.error is None)
            is_changed = ends.look(scene)
            assert is_changed is (status.error is None)
            port.faults.clear()
            if not is_swap and not is_changed:
                await scene.promoted()

    virtually(story)


def test_where_the_place_has_no_room_for_both_who_leaves_goes_first() -> None:
    async def story() -> None:
        scene = await (await Scene().begin(disks=(), replaces_data=True)).promoted()
        there, ends = scene.pair.there, Ends(scene, is_exchanged=False)
        fill(scene.production.pool, free=5 * GIB)

        refusal = there.refusal(scene.swap())
        assert refusal.reason.startswith("They cannot change places in either order. The machines that come back may")
        assert "The other way round: the machines that come back may take" in refusal.reason

        scene.production.pool.change_record(VDI, physical_utilisation=10 * GIB)
        await there.caught_up()
        plan = there.engine.plan(scene.swap())
        assert any("has no room for both at once: shop 2 leaves first" in said for said in plan.warnings)
        status = await there.do(scene.swap())
        assert status.error is None, explain(status.error)
        assert ends.look(scene)

    virtually(story)


def stage_in(scene: Scene, stage: str, found: Binding) -> Workflow:
    """Return the workflow with a stage bound elsewhere, to which the way back from production leads."""
    workflow = scene.pair.here.board.workflow
    assert workflow is not None
    (down,) = workflow.transitions_from(StageId("production"), Kind.DEMOTE)
    workflow = change_transition(workflow, down.id, target=StageId(stage))
    stages = tuple(
        msgspec.structs.replace(each, binding=found) if each.id == stage else each for each in workflow.stages
    )
    return msgspec.structs.replace(workflow, version=3, stages=stages)


def test_who_gives_way_stays_in_its_pool_where_its_way_back_does_and_a_third_pool_is_refused() -> None:
    async def story() -> None:
        scene = await Scene().begin(restore_point=None, disks=(), replaces_data=True)
        here, there = scene.pair.here, scene.pair.there
        third = Binding(pool=PoolObject(uuid=Uuid("a-third-one"), name="the third"))
        for desk in (here, there):
            await desk.publish(stage_in(scene, "patch-testing", third))
        assert "leads into a third pool, “the third”" in here.refusal(here.promotion(scene.new, "production")).reason
        staying = Binding(
            pool=PoolObject(uuid=scene.production.pool.pool.uuid, name="production pool"),
            networks=scene.workflow().stage(StageId("production")).binding.networks,
        )
        for desk in (here, there):
            await desk.publish(msgspec.structs.replace(stage_in(scene, "patch-testing", staying), version=4))

        await scene.promoted()

        assert machines(scene.test.pool) == {}
        assert (there.card(scene.old).stage, there.card(scene.new).stage) == ("patch-testing", "production")
        assert {name: state[1] for name, state in machines(scene.production.pool).items()} == {
            "shop-1": "Halted",
            "shop-2": "Running",
        }

    virtually(story)


def test_a_hold_of_the_stand_by_and_one_that_the_way_back_leaves_are_where_it_is() -> None:
    async def story() -> None:
        scene = await Scene().begin({"afterwards": (Hold(),)})
        here, there = scene.pair.here, scene.pair.there
        await scene.promoted()
        held = here.card(scene.old).hold
        assert held is not None
        assert held.reason == "Gave way in Production"
        assert not any(".hold." in key for key in scene.production.pool.keys)

        status = await there.do(scene.swap())

        assert status.error is None, explain(status.error)
        assert there.card(scene.old).hold is not None
        assert here.card(scene.new).hold is not None  # that way leaves one behind

    virtually(story)


def start_stand_by(scene: Scene) -> None:
    vm = next(vm for vm in scene.test.pool.vms() if vm.name_label == "shop-1")
    scene.test.pool.change(vm.uuid, power_state="Running")


def take_disk(scene: Scene) -> None:
    vm = next(vm for vm in scene.test.pool.vms() if vm.name_label == "shop-1")
    drive = scene.test.pool.records[vm.VBDs[-1]]
    assert isinstance(drive, VBD)
    scene.test.pool.detach(drive)


def raise_version(scene: Scene) -> None:
    scene.production.pool.change_record(Host, software_version={"xapi": "26.1"})
    scene.test.pool.change_record(Host, software_version={"xapi": "1.20"})


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (start_stand_by, "“shop-1” of the stand-by runs, and would be in the place before that is free."),
        (take_disk, "or the stand-by has none to give for it at device 1."),
        (raise_version, "a pool takes nothing from one of a higher version"),
    ],
)
def test_what_cannot_change_places_says_why(arrange: Any, reason: str) -> None:
    async def story() -> None:
        scene = await (await Scene().begin()).promoted()
        arrange(scene)
        await scene.pair.here.caught_up()
        await scene.pair.there.caught_up()

        refusal = scene.pair.there.refusal(scene.swap())

        assert reason in refusal.reason
        assert refusal.mend

    virtually(story)


def fill(pool: MemoryPool, free: int) -> None:
    pool.change_record(SR, physical_size=4096 * GIB, physical_utilisation=4096 * GIB - free)
