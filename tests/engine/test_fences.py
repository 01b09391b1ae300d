"""Fences at a pool of values: refused where they cannot be, built and taken away whatever comes in between."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import msgspec
import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.fence_scene import FRONT, Scene, left, watched
from tests.engine.memory_pool import GIB
from tests.engine.memory_port import Fault
from xsconsole.domain.actions.fences import WriteFence
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.board import Standing
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.disks import drives_of, role_of_disk
from xsconsole.domain.fence.ground import Original
from xsconsole.domain.fence.ground_findings import ground_findings
from xsconsole.domain.fence.picture import picture
from xsconsole.domain.fence.proof import Fault as Fault_
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import (
    ROUTER_KEY,
    StandingFence,
    claim_key,
    claim_text,
    fence_on,
    fence_stem,
    fences_on,
    ground_on,
    standing_text,
    taken_addresses,
)
from xsconsole.domain.fence.state import State, breaches_of, state_of, state_words, work_on
from xsconsole.domain.fence.values import FenceMode, Transport
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import PIF, Network
from xsconsole.domain.plan import RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain, title
from xsconsole.engine.act_checks import cards_of, checks
from xsconsole.engine.commands import (
    ChangePower,
    Confirmed,
    Connect,
    Direction,
    Dissolve,
    Lift,
    Operate,
    Publish,
    Redeploy,
    StopTheLine,
    Undeploy,
)
from xsconsole.engine.fences.undeploying import demand_alone
from xsconsole.engine.ports import Field
from xsconsole.errors import NotFound, NotPromotable, PlanIsStale


def _against_starts(desk: Desk, *vms: Uuid) -> list[str]:
    """Return what stands against starting machines one by one, as the inventory asks for it."""
    command = Operate(act=Act.START, objects=tuple(ObjectId(kind=Kind.VM, uuid=vm) for vm in vms))
    found = checks(command, desk.inventory, cards_of(desk.board), "pool-admin")
    return [check.refusal.reason if check.refusal is not None else "" for check in found]


def _plug(scene: Scene, vm: Uuid, network: Network) -> None:
    if not scene.pool.interfaces(vm):
        scene.pool.plug(vm, network)


def test_a_fence_is_proved_before_it_starts_kept_started_again_and_discarded_without_a_trace() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        spy = scene.pool.add_vm("spy")
        desk, before = scene.desk, left(scene)
        plan = desk.engine.plan(scene.deploy(published={"shop-web": ((Transport.TCP, 443, 8443),)}))
        assert title(plan) == "Deploy a fence of shop 1.3.0 in Staging, by linked clone"
        assert "All gets out; 1 port of 192.0.2.19 leads in. Other fences are barred both ways." in plan.warnings
        order = [step.key.split("-", 1)[1] for step in plan.steps]
        assert order.index("check-fence") < order.index("start-copy")

        status = await scene.do(scene.deploy())
        assert status.error is None, explain(status.error)
        fence = scene.fence()
        card = desk.card(fence.configuration)
        assert (card.standing, card.stage, fence.fence.name) == (Standing.WHOLE, "staging", "shop 1.3.0 fence 1")
        assert (card.name, card.service, card.version) == ("shop 1.3.0 fence 1", "shop", "1.3.0")
        assert {member.power_state for member in card.members} == {"Running"}
        originals = {vif.MAC for member in desk.card(scene.shop).members for vif in scene.pool.interfaces(member.uuid)}
        assert {vif.MAC for member in card.members for vif in scene.pool.interfaces(member.uuid)} == originals
        assert prove(fence.fence, fence.site, desk.inventory).holds
        versions = [version_now(one, desk.inventory, desk.board.workflow) for one in (desk.card(scene.shop), card)]
        assert compare(*versions).drift == ()
        assert compare(versions[0], replace(versions[1], fenced=frozenset())).drift
        router = scene.pool.vm(fence.site.router or Uuid(""))
        assert router.other_config[ROUTER_KEY] == card.id
        assert set(map(str, taken_addresses(scene.pool.keys))) == set(fence.shares)

        refused = scene.refusal(Dissolve(configuration=card.id, revision=card.revision))
        assert refused == "“shop 1.3.0 fence 1” stands in its fence, and the addresses that it has hold only there."
        assert "is called “Shop 1.3.0 Fence 1” already" in scene.refusal(scene.deploy(name="Shop 1.3.0 Fence 1"))
        assert "are not off, and a fence starts as a whole, on one host" in scene.refusal(
            Redeploy(configuration=card.id)
        )

        kept = await scene.do(Undeploy(configuration=card.id, keeps=True))
        assert kept.error is None, explain(kept.error)
        assert "is off already" in scene.refusal(Undeploy(configuration=card.id, keeps=True))
        start = ChangePower(configuration=card.id, revision=card.revision, kind=RunKind.START)
        scene.pool.plug(card.members[0].uuid, scene.outside, "5")
        assert "is not tight: “LAN”" in scene.refusal(start)
        single = (card.members[-1].uuid, router.uuid)
        assert ["is not tight: “LAN”" in said for said in _against_starts(desk, *single)] == [True, True]
        leak = scene.pool.interfaces(card.members[0].uuid)[-1]
        scene.pool.change(card.members[0].uuid, VIFs=scene.pool.vm(card.members[0].uuid).VIFs[:-1])
        scene.pool.drop_record(leak)
        # Off as a whole it starts as a whole: one by one its machines could come on several hosts.
        assert "could start on another host than the rest of it" in scene.refusal(start)
        assert ["Nothing runs on the networks of" in said for said in _against_starts(desk, *single)] == [True, True]
        scene.pool.change(router.uuid, power_state="Running")
        assert desk.engine.plan(start).intent.kind is RunKind.START
        assert _against_starts(desk, single[0], spy.uuid) == ["", ""]
        scene.pool.change(router.uuid, power_state="Halted")
        assert (await scene.do(Redeploy(configuration=card.id))).error is None
        assert scene.fence() == fence

        (network,) = fence.site.networks.values()
        inside = next(one for one in scene.pool.records.values() if one.uuid == network)
        assert isinstance(inside, Network)
        undeploy = Undeploy(configuration=card.id)
        plan = desk.engine.plan(undeploy)
        meanwhile: list[str] = []

        def look(method: str) -> None:
            work = work_on(desk.board.cards.get(card.id))
            if work is not None and work.state is State.IN_WORK:
                meanwhile.append(work.words)
            if method == "around":
                _plug(scene, spy.uuid, inside)

        desk.port.on_call = look
        stopped = await (
            await desk.engine.open(Confirmed(command=undeploy, digest=plan.digest, answers=plan.questions))
        ).wait()
        desk.port.on_call = lambda _: None
        assert stopped.state is RunState.INTERRUPTED
        assert meanwhile[0].startswith("being undeployed by ")
        assert scene.pool.networks_of(spy.uuid) != {}
        cards = tuple(vif.ref for vif in scene.pool.interfaces(spy.uuid))
        scene.pool.put(msgspec.structs.replace(scene.pool.records[inside.ref], VIFs=cards))
        seen, work = watched(desk), work_on(desk.card(card.id))
        assert len(seen.proof.breaches) > 4  # what is gone is no leak, who is there and is not of it is one
        assert [one.fault for one in breaches_of(seen, work)] == [Fault_.STRANGER]
        assert state_of(seen, work) is State.BREACHED
        assert "not tight: 1 breach; cut off while it was put back as it was by" in state_words(seen, work)
        with pytest.raises(NotPromotable, match="“spy” has a card on"):
            demand_alone(fence, desk.inventory)
        for vif in scene.pool.interfaces(spy.uuid):
            scene.pool.drop_record(vif)
        scene.pool.change(spy.uuid, VIFs=())
        scene.pool.put(inside)
        assert state_of(watched(desk), work) is State.CUT_OFF
        assert picture(watched(desk), work=work).breaches == ()
        assert not any(place.is_bad for place in picture(watched(desk), work=work).places)
        assert state_of(watched(desk), work_on(None)) is State.LOST
        ended = await desk.settle(card.id, Direction.RESUME)
        assert ended.error is None, explain(ended.error)
        assert left(scene) == before
        with pytest.raises(NotFound):
            desk.engine.plan(Undeploy(configuration=card.id))

    virtually(story)


def test_a_fence_is_refused_where_it_could_not_work_or_nobody_has_room_for_the_sum() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        refusals = {
            "no member with an address": scene.deploy(published={"mail": ((Transport.TCP, 25, 25),)}),
            "no member.": scene.deploy(addresses={**scene.deploy().addresses, (Uuid("x"), "0"): FRONT[9]}),
            "No address is known of card 0": scene.deploy(addresses={}),
            "is production": scene.deploy(target=StageId("production")),
        }
        for reason, command in refusals.items():
            assert reason in scene.refusal(command)

        await desk.engine.closings.close(StopTheLine(reason="an audit"))
        assert "an audit" in scene.refusal(scene.deploy())
        await desk.engine.closings.lift(Lift(kind=ClosureKind.STOP, reason="done"))

        scene.wire(scene.outside, "eth1", pool.add_host("xen-2", 7 * GIB))
        metrics = pool.records[pool.host.metrics]
        pool.put(msgspec.structs.replace(metrics, memory_free=5 * GIB))
        assert scene.refusal(scene.deploy()) == (
            "“shop 1.3.0 fence 1” needs 8 GiB of memory; xen-2 has 7 GiB and xen-1 has 5 GiB free. All of a fence "
            "starts on one host, because its networks are inside one. The pool has 12 GiB free, but on several hosts."
        )
        pool.put(metrics)

        # Somebody takes the address between the plan and the run: planned again it gets another one.
        deploy = scene.deploy()
        plan = desk.engine.plan(deploy)
        pool.set_map(Field.POOL, None, {**pool.keys, claim_key("192.0.2.17"): claim_text(ConfigurationId("x"), "r")})
        with pytest.raises(PlanIsStale):
            await desk.engine.open(Confirmed(command=deploy, digest=plan.digest))
        before = left(scene)

        def snatch(method: str) -> None:
            if method == "clone" or claim_key("192.0.2.20") in pool.keys or ".run." not in "".join(pool.keys):
                return
            taken = claim_text(ConfigurationId("y"), "r")
            pool.set_map(Field.POOL, None, {**pool.keys, claim_key("192.0.2.20"): taken})

        desk.port.on_call = snatch
        status = await scene.do(deploy)
        desk.port.on_call = lambda _: None
        assert status.state is RunState.UNDONE
        assert "Somebody else has taken 192.0.2.20" in str(explain(status.error))
        found = left(scene)
        found["keys"].pop(claim_key("192.0.2.20"))
        assert found == before

    virtually(story)


def test_a_ground_is_versioned_checked_and_written_by_one_at_a_time() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        first = ground_on(scene.pool.keys)
        assert first is not None
        assert (first.ground, first.version) == (scene.ground(), 1)
        with pytest.raises(PlanIsStale):
            await scene.desk.engine.grounds.write(scene.ground(), None)
        second = await scene.desk.engine.grounds.write(scene.ground(barred=(FRONT,)), first, "another")
        assert (second.version, ground_on(scene.pool.keys)) == (2, second)
        assert [key for key in scene.pool.keys if "fence_ground" in key] == ["xsconsole.fence_ground.2"]

        inventory = scene.desk.inventory
        assert ground_findings(scene.ground(), inventory) == ()
        outside, template = Uuid("nowhere"), scene.pool.add_vm("no template").uuid
        other = Original(network=Uuid("gone"), name="dmz", subnet=IPv4Network("192.0.2.0/28"), gateway=FRONT[1])
        wrong = scene.ground(
            outside=outside,
            router=template,
            pool=(IPv4Network("10.9.0.0/24"),),
            gateway=FRONT[1],
            barred=(IPv4Network("10.0.0.0/8"), IPv4Network("192.0.0.0/8")),
            originals=(other, other),
            vlans=(5, 3),
        )
        assert {one.rule for one in ground_findings(wrong, inventory)} == {
            *("pool-outside-subnet", "pool-barred", "pool-empty", "gateway-outside-subnet", "all-barred"),
            *("original-gone", "gateway-elsewhere", "original-outside", "original-twice", "outside-gone"),
            *("router-gone", "tags-wrong"),
        }
        bare = scene.pool.add_vm("bare", is_a_template=True)
        scene.pool.change(bare.uuid, VBDs=())
        scene.pool.put(msgspec.structs.replace(scene.outside, PIFs=()))
        card = PIF(ref=scene.front.ref, uuid=Uuid(""), device="eth0", VLAN=3001, host=scene.pool.host.ref)
        scene.pool.put_anew(card)
        rules = {one.rule for one in ground_findings(scene.ground(router=bare.uuid, vlans=(3000, 3009)), inventory)}
        assert rules == {"router-bare", "outside-inside", "tags-taken", "no-trunk"}
        rules = {one.rule for one in ground_findings(scene.ground(router=None), inventory)}
        assert rules == {"no-router", "outside-inside"}
        assert "No template for routers" not in scene.refusal(scene.deploy(addresses={}))

    virtually(story)


def test_routers_get_other_rules_by_plan_and_two_fences_are_connected_only_where_each_finds_the_other() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        assert (await scene.do(scene.deploy())).error is None
        first = scene.fence()
        router, seed = pool.vm(first.site.router or Uuid("")), _seed(scene, first)
        assert b"dport" not in pool.written[seed]
        host = router.resident_on

        only = Publish(configuration=first.configuration, published={"shop-web": ((Transport.TCP, 443, 8443),)})
        desk.port.faults.append(Fault(method="start"))
        failed = await scene.do(only)
        assert failed.state is RunState.UNDONE
        assert scene.fence() == first
        assert b"8443" not in pool.written[seed]
        told = desk.engine.plan(only).warnings
        assert sum(one.startswith(f"{first.fence.name}: No more: From outside to 192.0.2.") for one in told) == 3
        assert "TCP 443 to 8443, to “shop-web”" in told[3]
        status = await scene.do(only)
        assert status.error is None, explain(status.error)
        second = scene.fence()
        (port,) = second.fence.ports
        assert (port.port, port.inside_port) == (443, 8443)
        assert b"8443" in pool.written[seed]
        assert (pool.vm(router.uuid).power_state, pool.vm(router.uuid).resident_on) == ("Running", host)
        assert "so already" in scene.refusal(only)
        assert "has no outside address" in scene.refusal(
            Publish(configuration=first.configuration, published={"x": ()})
        )

        assert (await scene.do(scene.deploy(name="twin", target=StageId("integration")))).error is None
        twin = next(one for one in fences_on(pool.keys) if one.fence.name == "twin")
        connect = Connect(configuration=first.configuration, other=twin.configuration)
        assert "have the same addresses inside (10.1.0.0/24)" in scene.refusal(connect)
        assert "are not connected" in scene.refusal(replace(connect, parts=True))

        # The twin's original stood on another subnet, say.
        segment = replace(twin.fence.segments[0], subnet=IPv4Network("10.7.0.0/24"), gateway=IPv4Address("10.7.0.1"))
        held = tuple(replace(one, address=IPv4Address(int(one.address) + (6 << 16))) for one in twin.fence.footholds)
        moved = replace(twin, fence=replace(twin.fence, segments=(segment,), footholds=held))
        pool.set_map(Field.POOL, None, {**pool.keys, f"{fence_stem(twin.configuration)}.2": standing_text(moved)})
        plan = desk.engine.plan(connect)
        assert title(plan) == "Connect “shop 1.3.0 fence 1” and “twin”"
        strange = WriteFence(configuration=twin.configuration, document="no document")
        assert not strange.gains_a_peer
        assert plan.downtime_s > 0
        stages = set()
        desk.port.on_call = lambda _: stages.add(desk.board.cards[twin.configuration].stage)
        status = await scene.do(connect)
        desk.port.on_call = lambda _: None
        assert status.error is None, explain(status.error)
        assert stages == {"integration"}
        here, there = (fence_on(pool.keys, one.configuration) for one in (first, twin))
        assert here is not None
        assert there is not None
        assert [peer.name for peer in here.fence.peers] == ["twin"]
        assert set(map(str, here.fence.peer_addresses)) == set(there.shares)
        assert set(map(str, there.fence.peer_addresses)) == set(here.shares)
        assert str(here.fence.peer_addresses[0]).encode() in pool.written[seed]
        assert "are connected already" in scene.refusal(connect)
        assert "is not connected to itself" in scene.refusal(replace(connect, other=first.configuration))
        assert "is connected to twin" in scene.refusal(Undeploy(configuration=first.configuration))

        parted = await scene.do(replace(connect, parts=True))
        assert parted.error is None
        assert title(parted.plan) == "Part “shop 1.3.0 fence 1” and “twin”"
        assert fence_on(pool.keys, twin.configuration) == moved
        assert fence_on(pool.keys, first.configuration) == second

    virtually(story)


def _seed(scene: Scene, fence: StandingFence) -> Uuid:
    """Return the disk from which the router is set up."""
    router = scene.pool.vm(fence.site.router or Uuid(""))
    pairs = drives_of(scene.desk.inventory, router)
    return next(disk.uuid for drive, disk in pairs if role_of_disk(drive) == "seed")


def test_a_fence_without_a_gateway_has_no_router_and_one_that_nobody_is_in_any_more_goes_by_its_document() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        closed = Original(network=scene.front.uuid, name="prod-front", subnet=FRONT)
        await desk.engine.grounds.write(scene.ground(originals=(closed,)), ground_on(pool.keys))
        before = left(scene)
        command = scene.deploy(mode=FenceMode.ISOLATED, is_stopped_first=True)
        assert any("will be shut down, frozen and started again" in one for one in desk.engine.plan(command).warnings)

        desk.port.faults += [Fault(method="start", nth=4), Fault(method="destroy", nth=1)]
        stuck = await scene.do(command)
        assert stuck.state is RunState.INTERRUPTED
        desk.port.faults.clear()
        ended = await desk.settle(scene.shop, Direction.RESUME)
        assert ended.error is None, explain(ended.error)
        fence = scene.fence()
        assert (fence.site.router, fence.site.outside, fence.shares) == (None, None, ())
        assert "are so already" in scene.refusal(Publish(configuration=fence.configuration))
        inwards = Publish(configuration=fence.configuration, published={"shop-web": ((Transport.TCP, 443, 443),)})
        assert "Nothing leads into “shop 1.3.0 fence 1”" in scene.refusal(inwards)
        assert (await scene.do(Undeploy(configuration=fence.configuration, keeps=True))).error is None
        assert (await scene.do(Redeploy(configuration=fence.configuration))).error is None
        assert (await scene.do(Undeploy(configuration=fence.configuration))).error is None
        assert left(scene) == before

        alone = replace(fence, configuration=ConfigurationId("nobody"), shares=("192.0.2.30",))
        network = pool.add_network("left behind")
        site = replace(fence.site, networks={"prod-front": network.uuid}, members={})
        text, key = standing_text(replace(alone, site=site)), claim_key("192.0.2.30")
        claim = claim_text(alone.configuration, "r")
        pool.set_map(Field.POOL, None, {**pool.keys, f"{fence_stem(alone.configuration)}.1": text, key: claim})
        assert "is gone" in scene.refusal(Redeploy(configuration=alone.configuration))
        gone = await scene.do(Undeploy(configuration=alone.configuration))
        assert gone.error is None, explain(gone.error)
        assert left(scene) == before
        pool.set_map(Field.POOL, None, {key: text for key, text in pool.keys.items() if "fence_ground" not in key})
        assert "Nobody has said" in scene.refusal(scene.deploy())

    virtually(story)
