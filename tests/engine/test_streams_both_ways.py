"""Pools whose hosts do not reach each other: plans with streams in both directions, and returns that go as one."""

from contextlib import suppress
from typing import Any

import pytest

from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.test_changing_places_across import Ends, Scene
from tests.engine.test_copies_changing_places import AFTER, BEFORE, COPIES, Copied
from tests.engine.test_moving_across import MOVE
from tests.engine.test_restoring_across import WRITTEN, going_back
from tests.engine.test_restoring_across import Ends as Returns
from tests.engine.test_streaming_across import do, part
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, explain
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError


async def parted(scene: Scene, **way: Any) -> Any:
    part(await scene.begin(**way))
    return scene


def in_order(plan: Plan, *begins: str) -> None:
    does = [describe(step) for step in plan.steps]
    found = [next((at for at, one in enumerate(does) if one.startswith(begin)), -1) for begin in begins]
    assert found == sorted(found), does
    assert found[0] >= 0, does


def test_the_place_is_taken_and_given_back_by_streams_both_ways_with_its_data() -> None:
    async def story() -> None:
        scene = await parted(Scene())
        here, there, ends = scene.pair.here, scene.pair.there, Ends(scene)
        plan = scene.promotion_plan()
        said = " ".join(plan.warnings)
        assert "as a stream through this console, because hosts of the two pools do not reach each other" in said
        assert (
            "For that shop 1 goes from pool “production pool” to pool “acme” as a stream through this console" in said
        )
        assert "Its restore point is taken once more in pool “acme”, where it is kept" in said
        in_order(
            plan,
            "Mark shop-2 as a stand-by",
            "Send shop-2",
            "Shut shop-1",
            "Give shop-2 the disk",
            "Start shop-2",
            "Mark shop-1 as a stand-by",
            "Send shop-1",
            "Destroy the stand-by",
        )
        first, last = plan.steps[-2:]
        assert (first.pool, last.pool) == (None, scene.production.pool.pool.uuid)
        assert last.after == (first.key,)

        status = await do(here, here.promotion(scene.new, "production"))

        assert status.error is None, explain(status.error)
        assert ends.look(scene)
        old = here.card(scene.old)
        assert (old.stage, old.standing, there.card(scene.new).stage) == ("staging", Standing.WHOLE, "production")
        ends = Ends(scene)
        (point,) = old.restore_points
        assert (point.stage, point.is_whole) == ("production", True)
        plan = there.engine.plan(scene.swap())
        said = " ".join(plan.warnings)
        assert "Both go as streams through this console" in said
        assert "shop 1 comes first, while shop 2 still serves." in said
        assert plan.questions == (
            "Destroy 1 snapshot in pool “production pool”, which no stream takes along",
            "Destroy 1 snapshot in pool “acme”, which no stream takes along",
        )

        status = await do(there, scene.swap())

        assert status.error is None, explain(status.error)
        assert ends.look(scene)

    virtually(story)


def test_what_one_of_the_two_ways_demands_is_a_stream_both_ways() -> None:
    async def story() -> None:
        scene = await Scene().begin({"as_stream": True})
        plan = scene.promotion_plan()
        in_order(plan, "Send shop-2", "Start shop-2", "Send shop-1", "Destroy the stand-by of shop 2")
        said = " ".join(plan.warnings)
        assert "in pool “production pool” as a stream through this console, as the way of the other demands." in said
        assert "to pool “acme” as a stream through this console, as the way to Staging demands." in said
        swap = " ".join(scene.pair.there.engine.plan((await scene.promoted()).swap()).warnings)
        assert "Both go as streams through this console, as the way to Staging demands." in swap

    virtually(story)


def test_copies_take_the_place_and_who_had_it_goes_as_a_stream_and_comes_back_as_one() -> None:
    async def story() -> None:
        scene = await parted(Copied(), **COPIES)
        here, there = scene.pair.here, scene.pair.there
        plan = scene.promotion_plan()
        assert "For that shop 1 goes from pool “production pool” to pool “acme” as a stream" in " ".join(plan.warnings)
        in_order(plan, "Freeze shop-2", "Copy shop-2", "Shut shop-1", "Hand the disk", "Start shop-2", "Send shop-1")
        assert [step.pool for step in plan.steps if describe(step).startswith("Destroy the stand-by")] == [
            scene.production.pool.pool.uuid
        ]

        status = await do(here, here.promotion(scene.new, "production"))
        assert status.error is None, explain(status.error)
        await there.caught_up()

        assert scene.look() == AFTER
        old = here.card(scene.old)
        assert (old.stage, old.standing, old.restore_points[0].stage) == ("staging", Standing.WHOLE, "production")
        there.port.faults.append(Fault(method="start", nth=1))
        assert (await do(there, scene.swap())).state is RunState.UNDONE
        assert scene.look() == AFTER
        status = await do(there, scene.swap())
        assert status.error is None, explain(status.error)
        assert scene.look() == {**BEFORE, "shop-2 (Production)": ("Halted", False, "")}
        assert there.card(scene.old).stage == "production"

    virtually(story)


def test_who_returns_to_the_restore_point_does_so_where_it_is_and_goes_as_a_stream_then() -> None:
    async def story() -> None:
        company = part(await Company().begin(**MOVE))
        here, there = company.pair.here, company.pair.there
        status = await do(here, here.promotion(company.shop, "production"))
        assert status.error is None, explain(status.error)
        for vm in company.production.pool.vms():
            if not vm.is_a_snapshot:
                company.production.pool.contents[vm.uuid] = WRITTEN
        await there.caught_up()
        ends, command = Returns(company), going_back(there, company)
        plan = there.engine.plan(command)
        (loss,) = (said for said in plan.warnings if "Everything written since" in said)
        assert "it is lost for good with the last step" in loss
        in_order(plan, "Shut", "Set the present", "Return", "Mark", "Send", "Start", "Destroy the stand-by")
        for fault in (Fault(method="revert", nth=2, how="fail"), Fault(method="start", nth=2, how="fail")):
            port = there.port if fault.method == "revert" else here.port
            port.faults.append(fault)
            assert (await do(there, command)).state is RunState.UNDONE
            assert not ends.look(company), fault

        status = await do(there, command)

        assert status.error is None, explain(status.error)
        assert ends.look(company)
        assert (here.card(company.shop).stage, here.card(company.shop).standing) == ("staging", Standing.WHOLE)

    virtually(story)


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
def test_whatever_fails_on_the_way_each_is_somewhere_once_with_the_data_that_is_its_own(how: str) -> None:
    async def story() -> None:
        for method, is_here, nth in (
            ("stream", True, 1),
            ("attach", False, 1),
            ("start", False, 1),
            ("stream", False, 1),
            ("land", True, 1),
            ("destroy", True, 1),
            ("destroy", False, 1),
        ):
            scene = await parted(Scene())
            ends, here, there = Ends(scene), scene.pair.here, scene.pair.there
            port = (here if is_here else there).port
            port.faults.append(Fault(method=method, nth=nth, how=how))
            with suppress(ConsoleError):
                await do(here, here.promotion(scene.new, "production"))
            assert not port.faults, method
            card = here.board.cards.get(scene.new) or there.board.cards[scene.new]
            if card.standing is Standing.INTERRUPTED:
                direction = Direction.RESUME if method == "destroy" else Direction.UNDO
                await here.settle(scene.new, direction)
            await there.caught_up()
            is_past = method == "destroy" and not is_here  # the newcomer is destroyed by then where it was
            assert ends.look(scene) is (how != "fail" or is_past), (method, is_here)

    virtually(story)
