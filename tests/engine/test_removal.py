"""Restore points go when their time has come or somebody says so, whole, once, and never while they are needed."""

import contextlib
from datetime import timedelta

import msgspec
import pytest

from tests.engine.deaths import bury
from tests.engine.desks import Desk, Killed, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import RESTORE_POINT_KEY
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import RestorePointRule, Workflow, default_workflow
from xsconsole.engine.commands import Direction, RemovePoints
from xsconsole.errors import NotFound, NotPromotable

DAY_S = 86_400


def keeping(**rule: int) -> Workflow:
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(way, restore_point=RestorePointRule(**rule)) if way.id.startswith("staging-to") else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, transitions=ways)


class Scene:
    """shop went from staging to production, which left a restore point, and came back with its disks."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()
        self.shop = ConfigurationId("")

    async def begin(self, **rule: int) -> "Scene":
        self.shop = await self.office.shop(self.desk)
        await self.desk.publish(keeping(**rule))
        self.before = census(self.office)
        await self.go()
        return self

    async def go(self) -> None:
        for command in (
            lambda: self.desk.promotion(self.shop, "production"),
            lambda: self.desk.demotion(self.shop, "staging"),
        ):
            assert (await self.desk.do(command())).error is None

    def points(self) -> list[RunId]:
        return [point.run for point in self.desk.card(self.shop).restore_points]

    def marked(self) -> list[VM]:
        return [vm for vm in self.office.pool.vms() if vm.is_a_snapshot and RESTORE_POINT_KEY in vm.other_config]

    def removal(self, *points: RunId, is_expiry: bool = False) -> RemovePoints:
        return RemovePoints(configuration=self.shop, points=points or tuple(self.points()), is_expiry=is_expiry)


async def passed(desk: Desk, seconds: float) -> None:
    await desk.clock.sleep(seconds)


def test_one_is_removed_whole_when_its_time_has_come_and_not_before() -> None:
    async def story() -> None:
        scene = await Scene().begin(kept_s=DAY_S)
        desk = scene.desk
        (point,) = desk.card(scene.shop).restore_points
        assert point.way == "staging-to-production"

        early = desk.refusal(scene.removal(is_expiry=True))
        assert isinstance(early, NotPromotable)
        assert "has not expired: kept until 2026-11-2" in early.reason
        await passed(desk, DAY_S)
        plan = desk.engine.plan(scene.removal(is_expiry=True))
        assert "cannot be brought back" in plan.warnings[0]
        assert plan.asks
        status = await desk.do(scene.removal(is_expiry=True))
        await desk.engine.close()

        assert status.state is RunState.DONE
        assert scene.marked() == []
        assert census(scene.office) == scene.before
        assert desk.card(scene.shop).standing is Standing.WHOLE
        assert isinstance(desk.refusal(RemovePoints(configuration=scene.shop, points=(point.run,))), NotFound)
        assert isinstance(desk.refusal(RemovePoints(configuration=scene.shop, points=())), NotFound)

    virtually(story)


def test_of_the_newest_that_are_kept_each_new_one_displaces_one_and_by_hand_any_goes() -> None:
    async def story() -> None:
        scene = await Scene().begin(most=1)
        plan = scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production"))
        told = "The restore point takes 30 GiB in “SAN-gold” at once; it is kept as the newest of a configuration."
        assert plan.notes == (told,)
        await passed(scene.desk, 60)
        await scene.go()
        new, old = scene.points()

        assert isinstance(scene.desk.refusal(scene.removal(new, is_expiry=True)), NotPromotable)
        assert (await scene.desk.do(scene.removal(old, is_expiry=True))).error is None
        assert scene.points() == [new]
        assert (await scene.desk.do(scene.removal(new))).error is None
        assert scene.points() == []

    virtually(story)


def test_what_a_return_set_aside_is_listed_and_can_go_too() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.desk.do(scene.desk.promotion(scene.shop, "production"))
        await scene.desk.do(scene.desk.demotion(scene.shop, "staging", Disks.RESTORE))
        card = scene.desk.card(scene.shop)
        (aside,) = card.asides

        plan = scene.desk.engine.plan(scene.removal(aside.run))
        assert any("set aside on 2026-11-23 " in warning for warning in plan.warnings)
        assert (await scene.desk.do(scene.removal(aside.run))).error is None

        assert scene.desk.card(scene.shop).asides == ()
        assert len(scene.points()) == 2

    virtually(story)


@pytest.mark.parametrize("at", range(8, 60, 14))
def test_where_the_console_dies_another_finishes_it_and_nothing_else_goes(at: int) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, other = scene.desk, scene.office.desk()
        snapshot = scene.office.pool.vms()
        kept = {vm.uuid for vm in snapshot if vm.is_ordinary}
        await other.until(lambda: other.board.cards)
        desk.cut_at = at
        with contextlib.suppress(Killed):
            await (await desk.open(scene.removal())).wait()
        await bury()
        if not desk.is_dead:
            return
        await other.clock.sleep(200)
        card = other.card(scene.shop)
        if card.run is not None:
            assert (await other.settle(scene.shop, Direction.RESUME)).state is RunState.DONE
        left = other.card(scene.shop)
        assert left.standing is Standing.WHOLE
        assert left.restore_points == () or len(scene.marked()) == 3
        assert {vm.uuid for vm in scene.office.pool.vms() if vm.is_ordinary} == kept

    virtually(story)


def test_a_storage_that_will_not_delete_leaves_it_listed_and_says_what_is_gone() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        scene.desk.port.faults.append(Fault(method="destroy_snapshot", nth=2))

        status = await scene.desk.do(scene.removal())
        await scene.desk.engine.close()

        assert status.state is RunState.UNDONE
        assert 0 < len(scene.marked()) < 3
        (point,) = scene.desk.card(scene.shop).restore_points
        assert not point.is_whole
        assert (await scene.desk.do(scene.removal())).error is None
        assert scene.marked() == []

    virtually(story)


def test_a_clock_that_runs_ahead_takes_nothing_before_the_pool_says_so() -> None:
    async def story() -> None:
        scene = await Scene().begin(kept_s=DAY_S)
        own = scene.desk.clock.now
        scene.desk.clock.now = lambda: own() + timedelta(days=1)  # type: ignore[method-assign]
        command = scene.removal(is_expiry=True)
        digest = scene.desk.engine.plan(command).digest

        with pytest.raises(NotPromotable, match="has not expired"):
            await scene.desk.open(command, digest)

        assert len(scene.marked()) == 3

    virtually(story)
