"""Promotions out of a fence: rewired by plan, put back where they fail, refused where machines would collide."""

from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import msgspec

from tests.engine.desks import virtually
from tests.engine.fence_scene import Scene as Ground
from tests.engine.fence_scene import left, watched
from tests.engine.memory_port import Fault
from xsconsole.domain.board import Standing
from xsconsole.domain.fence.ground import Original
from xsconsole.domain.fence.standing import CLAIM_PREFIX, StandingFence, fences_on, ground_on
from xsconsole.domain.fence.state import breaches_of, state_words, work_on
from xsconsole.domain.fence.values import Services
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VIF, Network
from xsconsole.domain.plan import Disks, RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Binding, Method, PoolObject, default_workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import ChangePower, Promote


class Scene(Ground):
    """A shop in staging, a fenced clone of it beside, and production on a network of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.pool.add_network("live")
        self.wire(self.live, "eth2", self.pool.host)

    async def begin(self, **fence: Any) -> "Scene":
        await super().begin()
        await self.map(live=self.live)
        assert (await self.do(self.deploy(**fence))).error is None
        return self

    async def map(
        self, live: Network | None, method: Method = Method.MOVE, here: Network | None = None, **way: Any
    ) -> None:
        """Let production have its logical network `front` there, and staging `here`."""

        def entry(network: Network) -> NetworkEntry:
            bound = PoolObject(uuid=network.uuid, name=network.name_label)
            return NetworkEntry(logical="front", network=bound)

        bindings = {"staging": entry(here or self.front), "production": entry(live) if live is not None else None}
        workflow = default_workflow()
        stages = [
            msgspec.structs.replace(stage, binding=Binding(networks=(found,) if found is not None else ()))
            if (found := bindings.get(stage.id)) is not None
            else stage
            for stage in workflow.stages
        ]
        ways = [
            msgspec.structs.replace(one, method=method, **way) if one.target == "production" else one
            for one in workflow.transitions
        ]
        version = self.desk.board.workflow
        changed = msgspec.structs.replace(
            workflow,
            networks=("front",),
            stages=tuple(stages),
            transitions=tuple(ways),
            version=version.version + 1 if version else 1,
        )
        await self.desk.publish(changed)

    def promotion(self) -> Promote:
        return self.desk.promotion(self.fence().configuration, "production")

    def cards_of(self, fence: StandingFence) -> list[VIF]:
        return [vif for vm in fence.site.members.values() for vif in self.pool.interfaces(vm)]


def test_what_is_promoted_leaves_its_fence_which_goes_with_all_that_it_took() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool, fence = scene.desk, scene.pool, scene.fence()
        macs, claims = {card.MAC for card in scene.cards_of(fence)}, {key for key in pool.keys if CLAIM_PREFIX in key}
        spy, (network,) = pool.add_vm("spy"), fence.site.networks.values()
        inside = next(one for one in pool.records.values() if one.uuid == network)
        assert isinstance(inside, Network)
        assert claims

        # A machine does not start outside: all of it is back in the fence, running, and the fence is there.
        whole = left(scene)
        seen: set[tuple[bool, tuple[object, ...], bool]] = set()

        def look(_: str) -> None:
            work, found = work_on(desk.board.cards.get(fence.configuration)), watched(desk)
            if work is not None:
                told = breaches_of(found, work)
                seen.add((found.proof.holds, told, "put back" in state_words(found, work)))

        desk.port.faults.append(Fault(method="start"))
        desk.port.on_call = look
        failed = await desk.do(scene.promotion())
        desk.port.on_call = lambda _: None
        assert {(holds, told) for holds, told, _ in seen} == {(True, ()), (False, ())}
        assert {is_undone for *_, is_undone in seen} == {True, False}
        assert failed.state is RunState.UNDONE, explain(failed.error)
        assert {pool.vm(vm).power_state for vm in fence.site.members.values()} == {"Running"}
        assert {card.network for card in scene.cards_of(fence)} == {inside.ref}
        assert left(scene)["keys"] == whole["keys"]

        pool.plug(spy.uuid, inside)
        plan = desk.engine.plan(scene.promotion())
        told = " ".join(plan.warnings)
        assert "What stands in the fence “shop 1.3.0 fence 1” leaves it" in told
        assert "its machines are off while their cards are put on “live” of Production" in told
        assert "The cards keep their MAC addresses: nobody has them there." in told
        assert "stays, because “spy” has a card on it." in told
        assert "From there on there is no way back" in told
        kinds = [step.key.split("-", 1)[1] for step in plan.steps]
        assert kinds.index("rewire") < kinds.index("snapshot") < kinds.index("start") < kinds.index("verify")
        assert kinds.index("verify") < kinds.index("01-retire-router")

        status = await desk.do(scene.promotion())
        assert status.error is None, explain(status.error)
        card = desk.card(fence.configuration)
        assert (card.stage, card.standing, fences_on(pool.keys)) == ("production", Standing.WHOLE, ())
        assert {card.network for card in scene.cards_of(fence)} == {scene.live.ref}
        assert {card.MAC for card in scene.cards_of(fence)} == macs
        assert {member.power_state for member in card.members} == {"Running"}
        assert not any(CLAIM_PREFIX in key for key in pool.keys)
        assert pool.find(fence.site.router or Uuid("")) is None
        assert [vif.network for vif in pool.interfaces(spy.uuid)] == [inside.ref]

        # Its restore point was taken outside: a return puts it where the stage has it, not where it came from.
        back = desk.demotion(card.id, "staging", Disks.RESTORE)
        assert (await desk.do(back)).error is None
        assert {one.network for one in scene.cards_of(fence)} == {scene.front.ref}

    virtually(story)


def test_where_the_original_lives_on_the_network_a_machine_gets_another_mac_and_its_address_must_be_free() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool, fence = scene.desk, scene.pool, scene.fence()
        await scene.map(live=scene.front)
        refusal = desk.refusal(scene.promotion())
        assert (
            refusal.reason
            == "“shop-db (Staging)” has 10.1.0.10 inside, and so has “shop-db” on “prod-front”, where it would go."
        )
        assert refusal.mend.startswith("Change the address in the guest, while it runs in the fence")
        giving = await Scene().begin(services=Services(has_dhcp=True))  # a guest may keep its own all the same
        await giving.map(live=giving.front)
        assert giving.desk.refusal(giving.promotion()).reason == refusal.reason

        shop = desk.card(scene.shop)
        assert (
            await desk.do(ChangePower(configuration=shop.id, revision=shop.revision, kind=RunKind.SHUT_DOWN))
        ).error is None
        plan = desk.engine.plan(scene.promotion())
        told = " ".join(plan.warnings)
        assert "has 10.1.0.10 inside, and so has “shop-db” on “prod-front”, which is off." in told
        macs = {vif.MAC for member in shop.members for vif in pool.interfaces(member.uuid)}
        assert "3 cards get another MAC address: “shop-db”, “shop-lb” and “shop-web” have theirs there." in told
        assert all(any(f": {mac} becomes " in note for note in plan.notes) for mac in macs)
        assert "keep their MAC addresses" not in told

        desk.port.faults.append(Fault(method="put_on", nth=2))
        assert (await desk.do(scene.promotion())).state is RunState.UNDONE
        assert {vif.MAC for vif in scene.cards_of(fence)} == macs
        assert (await desk.do(scene.promotion())).error is None
        assert not macs & {vif.MAC for vif in scene.cards_of(fence)}

    virtually(story)


def test_a_way_out_of_a_fence_that_cannot_be_is_refused_with_the_one_that_can() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool, fence = scene.desk, scene.pool, scene.fence()
        ground = ground_on(pool.keys)
        assert ground is not None
        elsewhere = Original(network=scene.live.uuid, name="live", subnet=IPv4Network("10.4.0.0/24"))
        also = replace(ground.ground, originals=(*ground.ground.originals, elsewhere))
        await desk.engine.grounds.write(also, ground)
        told = " ".join(desk.engine.plan(scene.promotion()).warnings)
        assert "have addresses inside that are not of 10.4.0.0/24, which “live” has" in told

        await scene.map(live=None)
        assert desk.refusal(scene.promotion()).reason == (
            "Production has no network for “front”, for which “prod-front” stands."
        )
        await scene.map(live=msgspec.structs.replace(scene.live, uuid=Uuid("gone")))
        assert "which the pool does not have" in desk.refusal(scene.promotion()).reason
        await scene.map(live=scene.live, method=Method.LINKED_CLONE)
        refusal = desk.refusal(scene.promotion())
        assert refusal.reason.endswith("and the way to Production makes copies.")
        assert "what is moved leaves its fence" in refusal.mend
        await scene.map(live=scene.live)
        assert desk.engine.plan(scene.promotion()).intent.configuration == fence.configuration

    virtually(story)


def test_what_was_tried_in_a_fence_takes_the_place_of_its_original_with_its_addresses() -> None:
    async def story() -> None:
        scene = Scene()
        desk, pool = scene.desk, scene.pool
        scene.shop = await scene.office.shop(desk, "production")
        for member in desk.card(scene.shop).members:
            pool.plug(member.uuid, scene.front)
        await desk.engine.grounds.write(scene.ground(), None)
        await scene.map(live=scene.front, here=scene.live, afterwards=(DemoteIncumbent(),))
        assert (await scene.do(scene.deploy())).error is None
        fence = scene.fence()
        macs = {card.MAC for card in scene.cards_of(fence)}

        plan = desk.engine.plan(scene.promotion())
        told = " ".join(plan.warnings)
        assert "The cards keep their MAC addresses: nobody has them there." in told
        assert "so has" not in told
        desk.port.faults.append(Fault(method="start", nth=2))
        assert (await desk.do(scene.promotion())).state is RunState.UNDONE
        assert scene.fence() == fence
        assert {card.network for card in scene.cards_of(fence)} != {scene.front.ref}
        assert desk.card(scene.shop).stage == "production"

        status = await desk.do(scene.promotion())
        assert status.error is None, explain(status.error)
        stages = {desk.card(one).stage for one in (fence.configuration, scene.shop)}
        assert (stages, fences_on(pool.keys)) == ({"production", "staging"}, ())
        assert desk.card(fence.configuration).stage == "production"
        assert {card.network for card in scene.cards_of(fence)} == {scene.front.ref}
        assert {card.MAC for card in scene.cards_of(fence)} == macs
        olds = [vif for member in desk.card(scene.shop).members for vif in pool.interfaces(member.uuid)]
        assert {vif.network for vif in olds} == {scene.live.ref}

    virtually(story)
