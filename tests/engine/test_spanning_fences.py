"""Fences over several hosts: a tag of the range for each network, had by one fence alone, and given back with it."""

from typing import Any

import msgspec

from tests.engine.desks import virtually
from tests.engine.fence_scene import Scene as Ground
from tests.engine.fence_scene import left
from tests.engine.memory_pool import GIB
from xsconsole.domain.actions.fences import ClaimShare, MakeVlan
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.fence.ground import Ground as GroundValue
from xsconsole.domain.fence.ground_findings import ground_findings
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.spanning import findings_beside
from xsconsole.domain.fence.standing import claim_key, claim_text, fences_on, ground_on
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import PIF, Network, SdnController
from xsconsole.domain.plan import Start
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Binding, PoolObject, Workflow, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.values import VlanRange
from xsconsole.engine.commands import Confirmed, Deploy, Redeploy, Relocate, Undeploy
from xsconsole.engine.ports import Field


class Scene(Ground):
    """Two hosts with a card on the trunk each, of which neither alone has room for a fence."""

    def __init__(self) -> None:
        super().__init__()
        self.second = self.pool.add_host("xen-2", 7 * GIB)
        self.trunk = self.pool.add_network("trunk")
        for host in (self.pool.host, self.second):
            self.wire(self.trunk, "eth3", host)
        self.wire(self.outside, "eth1", self.second)
        metrics = self.pool.records[self.pool.host.metrics]
        self.pool.put(msgspec.structs.replace(metrics, memory_free=5 * GIB))

    def ground(self, **more: Any) -> GroundValue:
        return super().ground(**{"vlans": (3000, 3003), "trunk": self.trunk.uuid, "trunk_name": "trunk", **more})

    def wire(self, network: Network, device: str, host: Any) -> None:
        card = self.pool.put_anew(
            PIF(ref=network.ref, uuid=Uuid(""), device=device, VLAN=-1, host=host.ref, network=network.ref)
        )
        found = self.pool.records[network.ref]
        self.pool.put(msgspec.structs.replace(found, PIFs=(*found.PIFs, card.ref)))

    def tags(self) -> set[int]:
        return {one.VLAN for one in self.pool.records.values() if isinstance(one, PIF)} - {-1}


def test_a_fence_that_no_host_has_room_for_stands_on_several_by_a_vlan_which_is_given_back_with_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool, before = scene.desk, scene.pool, left(scene)
        assert "All of a fence starts on one host" in scene.refusal(scene.deploy(is_on_one_host=True))
        plan = desk.engine.plan(scene.deploy())
        assert any("Its 1 network is VLAN 3000 over “trunk”, on 2 hosts" in one for one in plan.warnings)
        claims = [step for step in plan.steps if isinstance(step.action, ClaimShare)]
        assert [step.after for step in claims] == [(), *((step.key,) for step in claims[:-1])]

        status = await scene.do(scene.deploy())
        assert status.error is None, explain(status.error)
        fence = scene.fence()
        machines = [pool.vm(vm) for vm in (*fence.site.members.values(), fence.site.router or Uuid(""))]
        assert {vm.power_state for vm in machines} == {"Running"}
        assert {vm.resident_on for vm in machines} == {pool.host.ref, scene.second.ref}
        assert (fence.site.vlans, scene.tags()) == ({"prod-front": 3000}, {3000})
        assert "vlan-3000" in fence.shares
        assert prove(fence.fence, fence.site, desk.inventory).holds
        both = (desk.card(scene.shop), desk.card(fence.configuration))
        assert compare(*(version_now(one, desk.inventory, desk.board.workflow) for one in both)).drift == ()
        ground = ground_on(pool.keys)
        assert ground is not None
        assert ground_findings(ground.ground, desk.inventory) == ()

        # What is on a VLAN can be moved while it runs.
        (member, *_) = desk.card(fence.configuration).members
        there = scene.second if pool.vm(member.uuid).resident_on == pool.host.ref else pool.host
        move = Relocate(
            configuration=fence.configuration,
            revision=desk.card(fence.configuration).revision,
            host=there.uuid,
            members=(member.uuid,),
        )
        metrics = pool.records[there.metrics]
        pool.put(msgspec.structs.replace(metrics, memory_free=9 * GIB))
        assert (await desk.do(move)).error is None
        assert pool.vm(member.uuid).resident_on == there.ref
        assert prove(fence.fence, fence.site, desk.inventory).holds

        # Somebody else carries the tag too: nothing of it is started again until that has ended.
        refused = scene.refusal(Redeploy(configuration=fence.configuration))
        assert "are not off, and a fence starts as a whole." in refused
        assert (await scene.do(Undeploy(configuration=fence.configuration, keeps=True))).error is None
        scene.wire(pool.add_network("lab"), "eth0", pool.host)
        lab = next(one for one in pool.records.values() if isinstance(one, Network) and one.name_label == "lab")
        card = pool.records[lab.PIFs[0]]
        pool.put(msgspec.structs.replace(card, VLAN=3000))
        stopped = await scene.do(Redeploy(configuration=fence.configuration))
        assert stopped.state is RunState.UNDONE
        assert "VLAN 3000 of “Fence" in str(explain(stopped.error))
        assert "is that of “lab” too" in str(explain(stopped.error))
        pool.drop_record(card)
        pool.drop_record(pool.records[lab.ref])
        assert (await scene.do(Redeploy(configuration=fence.configuration))).error is None

        assert (await scene.do(Undeploy(configuration=fence.configuration))).error is None
        assert (left(scene), scene.tags()) == (before, set())

    virtually(story)


def test_what_was_on_a_host_that_died_starts_elsewhere_and_the_rest_of_the_fence_runs_on() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        assert (await scene.do(scene.deploy())).error is None
        fence = scene.fence()
        redeploy = Redeploy(configuration=fence.configuration)
        everyone = (*fence.site.members.values(), fence.site.router or Uuid(""))
        before = {uuid: pool.vm(uuid) for uuid in everyone}
        lost = {uuid for uuid, vm in before.items() if vm.resident_on == scene.second.ref}
        assert 0 < len(lost) < len(everyone)
        metrics = {host.ref: pool.records[host.metrics] for host in (pool.host, scene.second)}
        pool.put(msgspec.structs.replace(metrics[scene.second.ref], live=False))
        pool.put(msgspec.structs.replace(metrics[pool.host.ref], memory_free=1))
        assert "xen-1" in scene.refusal(redeploy)  # it has no room for them
        pool.put(msgspec.structs.replace(metrics[pool.host.ref], memory_free=64 * GIB))

        plan = desk.engine.plan(redeploy)
        assert f"no more run{'s' if len(lost) == 1 else ''}, since the power is off? Otherwise" in plan.questions[0]
        assert {step.action.vm for step in plan.steps if isinstance(step.action, Start)} == lost
        assert any(f"{len(everyone) - len(lost)} machine" in one and "as now." in one for one in plan.warnings)
        status = await scene.do(redeploy)
        assert status.error is None, explain(status.error)
        after = {uuid: pool.vm(uuid) for uuid in everyone}
        assert {vm.power_state for vm in after.values()} == {"Running"}
        assert {vm.resident_on for vm in after.values()} == {pool.host.ref}
        assert all(after[uuid] == before[uuid] for uuid in everyone if uuid not in lost)
        assert prove(fence.fence, fence.site, desk.inventory).holds
        assert scene.fence() == fence
        assert "as a whole." in scene.refusal(redeploy)

        # One that is off is what is left of a redeployment that was cut off: it starts, and nothing else.
        one = fence.site.members[min(fence.site.members)]
        pool.change(one, power_state="Halted")
        started = [step.action for step in desk.engine.plan(redeploy).steps if isinstance(step.action, Start)]
        assert [action.vm for action in started] == [one]

    virtually(story)


def test_no_tag_is_had_twice_and_a_range_that_is_used_up_is_said() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        seen = ground_on(pool.keys)
        await desk.engine.grounds.write(scene.ground(vlans=(3000, 3001)), seen)
        deploy = scene.deploy()
        plan = desk.engine.plan(deploy)

        def snatch(method: str) -> None:
            if claim_key("vlan-3000") not in pool.keys and ".run." in "".join(pool.keys):
                text = claim_text(ConfigurationId("y"), "r")
                pool.set_map(Field.POOL, None, {**pool.keys, claim_key("vlan-3000"): text})

        desk.port.on_call = snatch
        status = await (await desk.engine.open(Confirmed(command=deploy, digest=plan.digest))).wait()
        desk.port.on_call = lambda _: None
        assert status.state is RunState.UNDONE
        assert "Somebody else has taken VLAN 3000" in str(explain(status.error))
        assert scene.tags() == set()

        assert (await scene.do(deploy)).error is None
        (fence,) = fences_on(pool.keys)
        assert fence.site.vlans == {"prod-front": 3001}
        assert scene.refusal(scene.deploy()) == "The VLAN tags 3000 to 3001 are 1 too few for this fence."
        assert "starts on one host" in scene.refusal(scene.deploy(is_on_one_host=True))

    virtually(story)


def test_a_stage_gives_its_fences_tags_of_its_own_range_and_nobody_else_any_of_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        metrics = pool.records[scene.second.metrics]
        pool.put(msgspec.structs.replace(metrics, memory_free=64 * GIB))
        await desk.publish(reserving(VlanRange(first=3000, last=3001), 2))

        def deploy(stage: str, name: str) -> Deploy:
            return scene.deploy(target=StageId(stage), name=name, mode=FenceMode.ISOLATED)

        plan = desk.engine.plan(deploy("staging", "one"))
        assert any("VLAN 3000 over “trunk”, of those that Staging reserves, on 2" in one for one in plan.warnings)
        for stage, name in (("staging", "one"), ("patch-testing", "beside"), ("staging", "two")):
            assert (await scene.do(deploy(stage, name))).error is None
        given = {one.fence.name: (one.site.vlans["prod-front"], one.site.reserved) for one in fences_on(pool.keys)}
        assert given == {"one": (3000, (3000, 3001)), "beside": (3002, (3000, 3003)), "two": (3001, (3000, 3001))}
        assert all(prove(one.fence, one.site, desk.inventory).holds for one in fences_on(pool.keys))

        assert scene.refusal(deploy("staging", "three")) == (
            "The VLAN tags 3000 to 3001 of Staging are 1 too few for this fence."
        )
        assert (await scene.do(deploy("patch-testing", "last"))).error is None
        assert "3000 to 3003, but for what stages reserve, are 1 too few" in scene.refusal(
            deploy("patch-testing", "more")
        )
        seen = ground_on(pool.keys)
        await desk.engine.grounds.write(scene.ground(trunk=None), seen)
        asked = desk.engine.plan(deploy("staging", "three"))
        assert any("the ground names no network that carries them" in one for one in asked.warnings)
        assert any("“LAN”, “prod-front” and “trunk” could: name one" in one for one in asked.warnings)

        # The stage names what carries its tags; else the only network that can is chosen, and that is said.
        named = VlanRange(first=3010, last=3011, trunk=PoolObject(uuid=scene.trunk.uuid, name="trunk"))
        await desk.publish(reserving(named, 3))
        carried = desk.engine.plan(deploy("staging", "three"))
        assert any("VLAN 3010 over “trunk”, of those that Staging reserves, on 2" in one for one in carried.warnings)
        (cards,) = {step.action.cards for step in carried.steps if isinstance(step.action, MakeVlan)}
        assert set(cards) == {pool.records[ref].uuid for ref in pool.records[scene.trunk.ref].PIFs}
        gone = msgspec.structs.replace(named, trunk=PoolObject(uuid=Uuid("gone"), name="old bond"))
        await desk.publish(reserving(gone, 4))
        assert "“old bond”, which is to carry the VLAN tags 3010 to 3011 of Staging, has no card" in scene.refusal(
            deploy("staging", "three")
        )
        await desk.publish(reserving(VlanRange(first=3010, last=3011), 5))
        others = {ref for network in (scene.front, scene.outside) for ref in pool.records[network.ref].PIFs}
        for ref in others:
            pool.put(msgspec.structs.replace(pool.records[ref], bond_slave_of=Ref("bond")))
        chosen = desk.engine.plan(deploy("staging", "three"))
        assert any("“trunk”, of those that Staging reserves, the only network" in one for one in chosen.warnings)
        for ref in others:
            pool.put(msgspec.structs.replace(pool.records[ref], bond_slave_of=NULL_REF))
        await desk.engine.grounds.write(scene.ground(trunk=None, vlans=None), ground_on(pool.keys))
        pool.put(msgspec.structs.replace(pool.records[scene.front.ref], other_config={"xo:sdn-controller:vni": "5"}))
        alone = desk.engine.plan(deploy("patch-testing", "more"))
        assert any("by tunnels, and this console could ask it for none" in one for one in alone.warnings)

    virtually(story)


def reserving(tags: VlanRange, version: int) -> Workflow:
    flow = change_stage(default_workflow(), StageId("staging"), binding=Binding(vlans=tags))
    return msgspec.structs.replace(flow, version=version)


def test_what_carries_the_tags_is_looked_at_before_a_ground_is_written() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        inventory = scene.desk.inventory

        def rules(**more: Any) -> set[str]:
            return {one.rule for one in ground_findings(scene.ground(**more), inventory)}

        assert rules() == set()
        assert rules(trunk=None) == {"no-trunk"}
        assert rules(trunk=Uuid("gone")) == {"trunk-gone"}
        assert rules(trunk=scene.front.uuid) == {"trunk-short"}
        assert rules(trunk=scene.pool.add_network("bare").uuid) == {"trunk-bare"}
        front = scene.pool.records[scene.front.ref]
        scene.pool.put(msgspec.structs.replace(front, other_config={"xo:sdn-controller:vni": "5"}))
        assert rules(vlans=None) == {"tunnels-of-others"}
        scene.pool.put(front)

        # A tunnel is no way between hosts by itself, and its card carries no tags.
        card = scene.pool.records[scene.pool.records[scene.front.ref].PIFs[0]]
        scene.pool.put(msgspec.structs.replace(card, tunnel_access_PIF_of=(Ref("tunnel"),)))
        assert rules(vlans=None) == {"tunnels-alone"}
        scene.pool.put_anew(SdnController(ref=Ref(""), uuid=Uuid(""), address="192.0.2.9"))
        (told,) = ground_findings(scene.ground(vlans=None), scene.desk.inventory)
        assert (told.rule, "controller at 192.0.2.9" in told.sentence) == ("tunnels-of-others", True)
        assert rules(trunk=scene.front.uuid) == {"trunk-bare"}
        (shared,) = findings_beside(
            scene.ground(), {"b": scene.ground(vlans=(3002, 3100)), "c": scene.ground(vlans=None)}
        )
        assert "“b” have the VLAN tags 3002 to 3003 too" in shared.sentence

    virtually(story)
