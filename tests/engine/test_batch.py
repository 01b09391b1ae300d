"""Several promotions are planned together: what earlier ones take is taken for later ones."""

from dataclasses import replace

import msgspec

from tests.engine.crossings import MOVE
from tests.engine.desks import Office, virtually
from tests.engine.memory_pool import GIB
from tests.engine.requesting import Scene
from tests.engine.test_gates import shop_before
from tests.engine.two_pools import Company
from xsconsole.domain.batch import BatchPlan, Part, PartState
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.inventory import HostMetrics
from xsconsole.domain.run_kinds import RunKind
from xsconsole.domain.workflow.gates import Checklist
from xsconsole.domain.workflow.values import Limits
from xsconsole.engine.commands import ChangePower, Delete, Demote, OfService, Promote, Together
from xsconsole.engine.plans.batch import moves_to, plan_together

PRODUCTION = StageId("production")


def test_the_second_of_a_service_has_no_place_where_the_first_takes_the_last_one() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        first = await office.shop(desk)
        second = await office.configuration(
            desk, "shop", "1.4.0", "staging", [office.pool.add_vm("shop-new", "Halted").uuid]
        )
        other = await office.configuration(desk, "crm", "7", "staging", [office.pool.add_vm("crm", "Halted").uuid])
        workflow = desk.board.workflow
        assert workflow is not None

        together = moves_to([desk.card(one) for one in (first, second, other)], PRODUCTION, workflow, "release")
        planned = plan_together(together, desk.board, desk.inventory, "alice", desk.clock.now())

        assert [type(command) for command in together.commands] == [Promote] * 3
        assert [part.configuration for part in planned.ready] == [first, other]
        (refused,) = planned.refused
        assert refused.state is PartState.REFUSED
        assert refused.refusal is not None
        assert "shop 1.3.0" in refused.refusal.reason
        assert planned.asks
        assert [part.after for part in planned.ready] == [(), ()]
        assert planned.size_bytes == sum(part.plan.size_bytes for part in planned.ready if part.plan)
        longest = max(part.plan.duration_s for part in planned.ready if part.plan)
        assert planned.duration_s == longest > 0
        assert planned.downtime_s >= 0
        shop_part = next(part for part in planned.ready if part.configuration == first)
        assert shop_part.plan is not None
        assert planned.warnings == tuple(f"{shop_part.name}: {told}" for told in shop_part.plan.warnings) != ()
        twice = replace(planned, parts=(shop_part, replace(shop_part, name="crm 7")))
        assert twice.warnings == tuple(f"Each of the 2: {told}" for told in shop_part.plan.warnings)
        alone = plan_together(
            moves_to([desk.card(first)], PRODUCTION, workflow), desk.board, desk.inventory, "", desk.clock.now()
        )
        assert alone.digest != planned.digest
        assert [plan.warnings for part in alone.ready if (plan := part.plan)] == [alone.warnings]

    virtually(story)


def test_one_that_is_gone_is_named_and_each_goes_by_the_way_there_is() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk, "production")
        workflow = desk.board.workflow
        assert workflow is not None

        together = moves_to([desk.card(shop), desk.card(shop)], StageId("staging"), workflow)
        gone = type(together)(
            commands=(
                *together.commands,
                Promote(configuration=ConfigurationId("gone"), revision=1, target=PRODUCTION),
            ),
            target=PRODUCTION,
        )
        planned = plan_together(gone, desk.board, desk.inventory, "alice", desk.clock.now())

        assert isinstance(together.commands[0], Demote)
        assert [part.refusal is None for part in planned.parts] == [True, False, False]
        assert planned.parts[2].name == "gone"
        assert not planned.is_over

    virtually(story)


def test_what_needs_a_decision_of_its_own_does_not_go_with_others() -> None:
    async def story() -> None:
        desk, shop = await shop_before(Office(), Checklist(items=("Told the users",)))
        workflow = desk.board.workflow
        assert workflow is not None

        together = moves_to([desk.card(shop)], PRODUCTION, workflow)
        planned = plan_together(together, desk.board, desk.inventory, "alice", desk.clock.now())

        assert [part.refusal is not None and "checklist" in part.refusal.reason for part in planned.parts] == [True]
        assert planned.ready == ()
        assert planned.is_over

    virtually(story)


def test_what_others_have_to_approve_is_asked_for_and_what_needs_the_same_place_comes_after_it() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        desk, workflow = scene.alice, scene.alice.board.workflow
        assert workflow is not None
        crm = await scene.office.configuration(
            desk, "crm", "7", "staging", [scene.office.pool.add_vm("crm", "Halted").uuid]
        )
        cards = [desk.card(scene.shop), desk.card(crm)]

        asked = plan_together(
            moves_to(cards, PRODUCTION, workflow), desk.board, desk.inventory, "alice", desk.clock.now()
        )

        assert asked.asked == asked.ready == asked.parts
        assert asked.running == ()
        assert (asked.duration_s, asked.size_bytes) == (0.0, 0)

        limits = Limits(configurations=5)
        stages = tuple(msgspec.structs.replace(stage, limits=limits) for stage in workflow.stages)
        ways = tuple(msgspec.structs.replace(way, approvals=()) for way in workflow.transitions)
        await desk.publish(msgspec.structs.replace(workflow, version=3, stages=stages, transitions=ways))
        one_place = plan_together(
            moves_to(cards, PRODUCTION, workflow), desk.board, desk.inventory, "alice", desk.clock.now()
        )

        assert [part.after for part in one_place.running] == [(), (scene.shop,)]
        assert one_place.duration_s == sum(part.plan.duration_s for part in one_place.running if part.plan)

    virtually(story)


def test_what_goes_into_another_pool_finds_what_the_earlier_ones_leave_there() -> None:
    async def story() -> None:
        company = await Company().begin(production={"limits": Limits()}, **MOVE)
        here, pool = company.pair.here, company.production.pool
        vm = company.test.pool.add_vm("crm-db")
        company.test.pool.plug(vm.uuid, company.front)
        crm = await company.test.configuration(here, "crm", "7.1", "staging", [vm.uuid])
        together = Together(
            commands=(here.promotion(company.shop, "production"), here.promotion(crm, "production")),
            target=StageId("production"),
        )

        def planned() -> tuple[Part, ...]:
            land = company.pair.land
            return plan_together(together, here.board, here.inventory, "user-1", here.clock.now(), (), land).parts

        assert all(part.refusal is None for part in planned())
        pool.change_record(HostMetrics, memory_free=6 * GIB)
        first, second = planned()
        assert first.refusal is None
        assert second.refusal is not None
        assert "“crm-db” needs 2 GiB of memory; xen-1 has 0 B free." in second.refusal.reason

    virtually(story)


def test_verbs_to_several_are_one_plan_that_says_what_is_touched_and_asks_for_each_deletion() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        first = await office.shop(desk)
        second = await office.configuration(desk, "crm", "7", "staging", [office.pool.add_vm("crm", "Halted").uuid])
        ids = (first, second)
        revisions = {one: desk.card(one).revision for one in ids}

        def planned(*commands: OfService) -> BatchPlan:
            together = Together(commands=commands)
            return plan_together(together, desk.board, desk.inventory, "alice", desk.clock.now())

        down = planned(
            *(ChangePower(configuration=one, revision=revisions[one], kind=RunKind.SHUT_DOWN) for one in ids)
        )
        assert (down.target, down.kind, down.title("")) == (None, RunKind.SHUT_DOWN, "Shut down 1 configuration")
        assert (down.machines, down.questions, len(down.refused)) == (2, (), 1)
        gone = planned(*(Delete(configuration=one, revision=revisions[one]) for one in ids))
        assert (gone.machines, gone.title("")) == (4, "Delete 2 configurations")
        assert gone.questions == (
            "Delete “shop 1.3.0” for good: 3 machines with 3 disks",
            "Delete “crm 7” for good: 1 machine with 1 disk",
        )
        workflow = desk.board.workflow
        assert workflow is not None
        moves = moves_to([desk.card(first)], PRODUCTION, workflow)
        there = plan_together(moves, desk.board, desk.inventory, "alice", desk.clock.now())
        assert (there.kind, there.title("Production")) == (None, "1 configuration to Production")

    virtually(story)
