"""Stages that demand a fence: copies get one in the same plan, a fence goes along, and nothing comes without one."""

from typing import Any

import msgspec

from tests.engine.desks import virtually
from tests.engine.fence_scene import FRONT
from tests.engine.fence_scene import Scene as Ground
from tests.engine.memory_port import Fault
from tests.engine.requesting import approve, ask, ruled, run
from xsconsole.domain.board import Standing
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import fence_on, fences_on
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import GuestMetrics
from xsconsole.domain.plan import Purpose, RunKind, TakeSnapshot
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method, default_workflow
from xsconsole.engine.commands import Create, NewMember, Replicate


class Scene(Ground):
    """A shop in integration whose guests tell their addresses; patch testing and staging demand fences."""

    async def begin(self, *, method: Method = Method.MOVE) -> "Scene":
        self.shop = await self.office.shop(self.desk, "integration")
        for number, member in enumerate(self.desk.card(self.shop).members, start=10):
            self.pool.plug(member.uuid, self.front)
            guest = self.pool.put_anew(
                GuestMetrics(ref=self.front.ref, uuid=Uuid(""), networks={"0/ip": str(FRONT[number])})
            )
            self.pool.change(
                member.uuid, guest_metrics=guest.ref, power_state="Running", resident_on=self.pool.host.ref
            )
        await self.desk.engine.grounds.write(self.ground(), None)
        demanded = {"patch-testing": FenceMode.OUT_ONLY, "staging": FenceMode.ISOLATED}
        workflow = default_workflow()
        stages = [msgspec.structs.replace(one, fence=demanded.get(one.id)) for one in workflow.stages]
        ways = [
            msgspec.structs.replace(way, method=method) if way.target == "patch-testing" else way
            for way in workflow.transitions
        ]
        changed = msgspec.structs.replace(workflow, stages=tuple(stages), transitions=tuple(ways), version=2)
        await self.desk.publish(changed)
        return self

    def replica(self, target: str = "patch-testing", **more: Any) -> Replicate:
        return Replicate(
            configuration=self.shop, revision=self.desk.card(self.shop).revision, target=StageId(target), **more
        )


def test_a_replica_gets_the_fence_that_its_stage_demands_and_goes_on_with_it_where_that_suffices() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        plan = desk.engine.plan(scene.replica())
        assert plan.intent.kind is RunKind.REPLICATE
        assert any("into the fence “shop 1.3.0 fence 1”, out only" in one for one in plan.warnings)
        status = await desk.do(scene.replica())
        assert status.error is None, explain(status.error)
        fence = scene.fence()
        assert (fence.fence.mode, fence.stage) == (FenceMode.OUT_ONLY, "patch-testing")
        assert fence.fence.services.has_dhcp  # who asks for an address gets that of its original
        assert prove(fence.fence, fence.site, desk.inventory).holds
        card = desk.card(fence.configuration)
        assert (card.stage, card.standing, card.origin is not None) == ("patch-testing", Standing.WHOLE, True)

        # Isolated is demanded further on: less has to pass than passes here.
        refusal = desk.refusal(desk.promotion(card.id, "staging"))
        assert refusal.reason == (
            "Staging takes only what stands in a fence that is isolated or lets less pass, and that of "
            "“shop 1.3.0 fence 1” is out only."
        )
        assert "--stage staging --mode isolated" in refusal.mend
        isolated = scene.deploy(target=StageId("patch-testing"), mode=FenceMode.ISOLATED, name="shut")
        assert (await scene.do(isolated)).error is None
        shut = next(one for one in fences_on(pool.keys) if one.fence.name == "shut")
        onward = desk.promotion(shut.configuration, "staging")
        plan = desk.engine.plan(onward)
        assert any("“shut” stays in its fence, as Staging demands" in one for one in plan.warnings)
        assert not any(step.key.endswith(("shut-down", "start", "rewire", "networks")) for step in plan.steps)

        desk.port.faults.append(Fault(method="snapshot"))
        assert (await desk.do(onward)).state is RunState.UNDONE
        assert fence_on(pool.keys, shut.configuration) == shut
        assert (await desk.do(onward)).error is None
        moved = fence_on(pool.keys, shut.configuration)
        assert moved is not None
        assert (moved.stage, desk.card(shut.configuration).stage) == ("staging", "staging")
        assert moved.fence == shut.fence

    virtually(story)


def test_nothing_comes_into_a_stage_without_the_fence_that_it_demands() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        refusal = desk.refusal(desk.promotion(scene.shop, "patch-testing"))
        assert refusal.reason == (
            "Patch testing takes only what stands in a fence (out only), and “shop 1.3.0” would stand there without "
            "one."
        )
        assert (
            "a replica gets its fence by itself, or `xsconsole fence deploy … --stage patch-testing --mode out-only`"
            in refusal.mend
        )
        lone = pool.add_vm("lone")
        creation = Create(service="x", version="1", stage=StageId("patch-testing"), members=(NewMember(vm=lone.uuid),))
        assert "what is put together of machines stands in none" in desk.refusal(creation).reason
        open_one = scene.deploy(target=StageId("patch-testing"))
        assert "that of “shop 1.3.0 fence 1” is in and out" in desk.refusal(open_one).reason

        pool.change(desk.card(scene.shop).members[0].uuid, power_state="Halted")
        assert "No address is known of card 0" in desk.refusal(scene.replica()).reason

    virtually(story)


def test_a_promotion_by_copies_into_such_a_stage_makes_the_fence_with_its_gates_and_restore_point() -> None:
    async def story() -> None:
        scene = await Scene().begin(method=Method.LINKED_CLONE)
        desk = scene.desk
        promotion = desk.promotion(scene.shop, "patch-testing")
        plan = desk.engine.plan(promotion)
        taken = [step.action.purpose for step in plan.steps if isinstance(step.action, TakeSnapshot)]
        assert set(taken) == {Purpose.RESTORE_POINT}
        status = await desk.do(promotion)
        assert status.error is None, explain(status.error)
        fence = scene.fence()
        assert (status.plan.intent.kind, fence.fence.mode) == (RunKind.PROMOTE, FenceMode.OUT_ONLY)
        assert fence.configuration == status.plan.intent.makes
        assert {desk.card(one).stage for one in (scene.shop, fence.configuration)} == {"integration", "patch-testing"}

    virtually(story)


def test_what_was_frozen_and_approved_is_what_comes_into_the_fence() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice, bob = scene.desk, scene.office.desk()
        found = alice.card(scene.shop)
        workflow = ruled(alice, bob, version=3, method=Method.LINKED_CLONE)
        stages = [
            msgspec.structs.replace(one, fence=FenceMode.OUT_ONLY) if one.is_production else one
            for one in workflow.stages
        ]
        await alice.publish(msgspec.structs.replace(workflow, stages=tuple(stages)))
        for target in ("patch-testing", "staging"):
            assert (await alice.do(alice.promotion(found.id, target))).error is None

        request = await ask(alice, found.id)
        await approve(bob, request)
        status = await (await run(alice, request)).wait()
        assert status.error is None, explain(status.error)
        fence = scene.fence()
        assert (fence.stage, fence.fence.mode) == ("production", FenceMode.OUT_ONLY)
        assert prove(fence.fence, fence.site, alice.inventory).holds
        assert alice.card(found.id).candidates == ()

    virtually(story)
