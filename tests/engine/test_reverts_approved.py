"""A revert brings other contents into a stage: where that takes approvals, a revert there needs them, too."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.requesting import Scene, approve, refused, run, view
from tests.engine.urgent import declaration, urgent
from xsconsole.domain.ids import RequestId, StageId
from xsconsole.domain.plan import RunKind
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestState, about
from xsconsole.domain.requests.ways import way_in
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import ApprovalRule, Kind, default_workflow
from xsconsole.engine.commands import Ask, Confirmed, Emergency, RevertTo, TakePoint
from xsconsole.engine.requests.asked import asks_for, command_of
from xsconsole.errors import ApprovalMissing, NotPromotable, Refused


def reverting(scene: Scene) -> RevertTo:
    card = scene.alice.card(scene.shop)
    point = card.restore_points[0].run
    return RevertTo(configuration=scene.shop, revision=card.revision, point=point, reason="it lost orders")


async def with_point(stage: str) -> Scene:
    """Let shop stand in a stage with a restore point taken there; two approve the way to production."""
    scene = Scene()
    scene.shop = await scene.office.shop(scene.alice, stage)
    await scene.alice.publish(urgent(scene))
    await scene.alice.do(TakePoint(configuration=scene.shop, revision=scene.alice.card(scene.shop).revision))
    return scene


async def ask(scene: Scene, command: RevertTo) -> Request:
    asking = Ask(command=command, digest=scene.alice.engine.plan(command).digest)
    return await scene.alice.engine.requests.ask(asking, scene.alice.signer, RequestId("to-revert"))


def test_a_revert_in_a_stage_that_is_entered_with_approval_asks_for_the_same() -> None:
    async def story() -> None:
        scene = await with_point("production")
        command = reverting(scene)
        plan = scene.alice.engine.plan(command)
        assert plan.demand is not None
        assert [rule.count for rule in plan.demand.rules] == [2]
        assert plan.notes[-1].startswith("Nothing comes into Production without approval")
        with pytest.raises(ApprovalMissing, match="demands approval"):
            await scene.alice.open(command)

        request = await ask(scene, command)
        assert about(request, scene.alice.board.workflow) == "revert shop 1.3.0 in Production"
        assert command_of(request) == command
        assert asks_for(request, replace(command, reason="another"))
        assert not asks_for(request, scene.alice.demotion(scene.shop, "staging"))
        await approve(scene.bob, request)
        assert "1 of 2 approvals" in await refused(scene.alice, request)
        await approve(scene.carol, request)
        status = await (await run(scene.alice, request)).wait()

        assert (status.state, status.plan.intent.kind) == (RunState.DONE, RunKind.REVERT)
        await scene.alice.until(lambda: not scene.left())

        # What was approved is the configuration as it stood: it is another revision now.
        again = await ask(scene, reverting(scene))
        scene.office.pool.change(scene.machine(), memory_static_max=1)
        assert view(scene.bob, again).state is RequestState.VOID

    virtually(story)


def test_an_emergency_goes_past_it_and_elsewhere_there_is_nothing_to_go_past() -> None:
    async def story() -> None:
        scene = await with_point("production")
        urgent_one = replace(reverting(scene), emergency=Emergency(reason="the shop is down"))
        signed = declaration(scene.alice, urgent_one)
        urgent_plan = scene.alice.engine.plan(urgent_one)
        assert any("the emergency goes past that" in note for note in urgent_plan.notes)
        assert not any("approved, too" in note for note in urgent_plan.notes)
        digest = urgent_plan.digest
        begun = await scene.alice.engine.open(Confirmed(command=urgent_one, digest=digest, declaration=signed))
        assert (await begun.wait()).state is RunState.DONE

        elsewhere = await with_point("staging")
        command = reverting(elsewhere)
        assert elsewhere.alice.engine.plan(command).demand is None
        with pytest.raises(NotPromotable, match="Nothing stands against it"):
            elsewhere.alice.engine.plan(replace(command, emergency=Emergency(reason="now")))
        with pytest.raises(Refused, match="Nobody has to approve this"):
            await ask(elsewhere, command)
        assert (await elsewhere.alice.do(command)).error is None

    virtually(story)


def test_of_several_ways_in_the_least_demanding_one_counts() -> None:
    workflow, production = default_workflow(), StageId("production")
    (way,) = (one for one in workflow.transitions if one.target == production and one.kind is Kind.PROMOTE)
    two = msgspec.structs.replace(way, approvals=(ApprovalRule(count=2),))
    one = msgspec.structs.replace(way, id="hotfix", approvals=(ApprovalRule(count=1),))

    def with_ways(*ways: object) -> object:
        return way_in(production, msgspec.structs.replace(workflow, transitions=ways))

    assert with_ways(two, one) == one
    assert with_ways(two, way) is None
    assert with_ways() is None
