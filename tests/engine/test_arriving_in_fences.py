"""What is made of a blueprint or comes back from an archive gets the fence that its stage demands, in the one plan."""

from collections import defaultdict
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import msgspec

from tests.engine.blueprints import blueprint, provision
from tests.engine.desks import virtually
from tests.engine.fence_scene import Scene, left
from tests.engine.memory_port import Fault
from tests.engine.test_archives import Scene as Archives
from tests.engine.test_copying import census
from tests.engine.test_pool_archives import Scene as PoolArchives
from xsconsole.domain.actions.fences import WriteFence
from xsconsole.domain.blueprint import Source, to_stored
from xsconsole.domain.blueprint.standing import blueprint_key
from xsconsole.domain.board import Standing
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import fences_on, ground_on, read_standing
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import VIF, VM, GuestMetrics, Network
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Workflow, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.engine.commands import Create, Dissolve, NewMember, Undeploy
from xsconsole.engine.fences.arriving import addresses_told
from xsconsole.engine.ports import Field

CONFIGURED = "network:\n  ethernets:\n    eth0:\n      addresses: [{{ address }}]\n      gateway4: 10.2.0.1\n"
ACME, BOLT = {"customer": "acme", "address": "10.2.0.7/24"}, {"customer": "bolt", "address": "10.2.0.7/24"}


def demanding(stage: str, mode: FenceMode) -> Workflow:
    return msgspec.structs.replace(change_stage(default_workflow(), StageId(stage), fence=mode), version=2)


def original(network: Network, number: int) -> Original:
    subnet = IPv4Network(f"10.{number}.0.0/24")
    return Original(network=network.uuid, name=network.name_label, subnet=subnet, gateway=subnet[1])


def test_what_is_made_of_a_blueprint_stands_in_fences_with_the_addresses_that_it_is_told_or_gets() -> None:
    async def story() -> None:
        scene = Scene()
        desk, pool = scene.desk, scene.pool
        await desk.engine.publish_default()
        await desk.publish(demanding("integration", FenceMode.IN_AND_OUT))
        plain = blueprint(pool)
        db, web = plain.members
        made_of = msgspec.structs.replace(plain, members=(db, msgspec.structs.replace(web, network_config=CONFIGURED)))
        command = provision(desk, made_of, ACME, BOLT)
        assert "Nobody has said what fences of this pool are built on" in desk.refusal(command).reason
        front, back = (
            next(one for one in pool.records.values() if isinstance(one, Network) and one.name_label == name)
            for name in ("front", "back")
        )
        await desk.engine.grounds.write(scene.ground(originals=(original(front, 1),)), None)
        assert "which subnet “back” has" in desk.refusal(command).reason
        ground = scene.ground(originals=(original(front, 1), original(back, 2)))
        await desk.engine.grounds.write(ground, ground_on(pool.keys))
        before = left(scene)

        plan = desk.engine.plan(command)
        assert any(
            "a fence of its own, “webshop 3.1”, in and out, as Integration demands" in one for one in plan.warnings
        )
        assert any("Nobody knows which address db and web have: the fence gives one" in one for one in plan.warnings)
        assert len([one for one in plan.warnings if "starts on" in one]) == 2
        typed = replace(
            command, addresses={("DB", "0"): IPv4Address("10.2.0.44"), ("web", "1"): IPv4Address("10.1.0.9")}
        )
        assert planned(desk.engine.plan(typed)) == [{"db": ["10.2.0.44"], "web": ["10.2.0.7", "10.1.0.9"]}] * 2
        assert not any("Nobody knows" in one for one in desk.engine.plan(typed).warnings)
        for member, device, address, why in (
            ("cache", "0", "10.2.0.44", "There is no member “cache”, of which an address is typed."),
            ("db", "7", "10.2.0.44", "“db” has no card 7, of which an address is typed."),
            ("db", "0", "10.9.0.44", "“db” has 10.9.0.44, which is no address of a machine in 10.2.0.0/24."),
            ("db", "0", "10.2.0.7", "The address 10.2.0.7 is there 2 times on “back”."),
        ):
            wrong = replace(command, addresses={(member, device): IPv4Address(address)})
            assert desk.refusal(wrong).reason == why
        elsewhere = replace(typed, target=StageId("patch-testing"))
        assert "for a fence, and Patch testing demands none" in desk.refusal(elsewhere).reason
        desk.port.faults.append(Fault(method="start", nth=3))
        assert (await desk.do(command)).state is RunState.UNDONE
        assert left(scene) == before
        desk.port.faults.clear()

        status = await desk.do(command)
        assert status.error is None, explain(status.error)
        fences = fences_on(pool.keys)
        assert [one.fence.name for one in fences] == ["webshop 3.1", "webshop 3.2"]
        shares = [share for one in fences for share in one.shares]
        assert len(shares) == len(set(shares)) == 6
        for one in fences:
            assert prove(one.fence, one.site, desk.inventory).holds
            assert one.fence.services.has_dhcp
            inside = {(held.member, held.logical): held.address for held in one.fence.footholds}
            assert inside == {
                ("db", "back"): IPv4Address("10.2.0.2"),
                ("web", "back"): IPv4Address("10.2.0.7"),
                ("web", "front"): IPv4Address("10.1.0.2"),
            }
            machines = [pool.vm(vm) for vm in (*one.site.members.values(), one.site.router or Uuid(""))]
            assert {vm.power_state for vm in machines} == {"Running"}
            card = desk.card(one.configuration)
            assert (card.stage, card.standing, card.name) == ("integration", Standing.WHOLE, one.fence.name)
            asked = Dissolve(configuration=one.configuration, revision=card.revision)
            assert scene.refusal(asked).startswith(f"“{one.fence.name}” stands in its fence, ")
        macs = [held.mac for one in fences for held in one.fence.footholds]
        assert len(macs) == len(set(macs))

        for one in fences:
            assert (await scene.do(Undeploy(configuration=one.configuration))).error is None
        assert left(scene) == before

    virtually(story)


def test_what_comes_back_from_an_archive_has_its_old_mac_addresses_inside_a_fence_of_its_own() -> None:
    async def story() -> None:
        scene = await PoolArchives().begin()
        desk, pool = scene.desk, scene.office.pool
        await scene.done(scene.archiving())
        lan, template = pool.add_network("LAN"), pool.add_vm("debian router", is_a_template=True)
        await desk.engine.grounds.write(ground_over(lan, template, original(scene.front, 1)), None)
        await desk.publish(demanding("integration", FenceMode.ISOLATED))
        telling = desk.card(scene.shop).members[0].uuid
        guest = pool.put_anew(GuestMetrics(ref=scene.front.ref, uuid=Uuid(""), networks={"0/ip": "10.1.0.40"}))
        pool.change(telling, guest_metrics=guest.ref, power_state="Running", resident_on=pool.host.ref)
        wanted = scene.returning()
        plan = desk.engine.plan(wanted)
        assert any("The machines keep their MAC addresses." in one for one in plan.warnings)
        typed = replace(wanted, addresses={("shop-web", "0"): IPv4Address("10.1.0.80")})
        (addresses,) = planned(desk.engine.plan(typed))
        assert addresses == {"shop-db": ["10.1.0.40"], "shop-web": ["10.1.0.80"], "shop-lb": ["10.1.0.2"]}
        assert "no stage is named" in desk.refusal(replace(typed, target=StageId(""))).reason
        desk.port.faults.append(Fault(method="give_macs", nth=2))
        before = census(scene.office)
        assert (await desk.do(wanted)).state is RunState.UNDONE
        assert (census(scene.office), fences_on(pool.keys)) == (before, ())
        desk.port.faults.clear()

        status = await scene.done(wanted)
        (fence,) = fences_on(pool.keys)
        assert prove(fence.fence, fence.site, desk.inventory).holds
        assert fence.fence.services.has_dhcp
        assert (fence.fence.name, fence.stage, fence.origin) == ("shop 1.3.0 fence 1", "integration", scene.shop)
        worn = {nic.mac.lower() for member in wanted.archive.members for nic in member.interfaces}
        assert {held.mac for held in fence.fence.footholds} == worn
        given = {held.member: str(held.address) for held in fence.fence.footholds}
        assert given == {"shop-db": "10.1.0.40", "shop-web": "10.1.0.2", "shop-lb": "10.1.0.3"}
        assert any(one.startswith("Nobody knows which address shop-web and shop-lb have") for one in plan.warnings)
        card = desk.card(status.plan.intent.configuration)
        assert (card.name, card.standing, card.id) == (fence.fence.name, Standing.WHOLE, fence.configuration)
        assert card.origin is not None
        assert card.origin.archive == wanted.archive.id
        assert any("“shop 1.3.0 fence 2”" in one for one in desk.engine.plan(scene.returning()).warnings)
        assert (await desk.do(Undeploy(configuration=fence.configuration))).error is None
        assert census(scene.office) == before

    virtually(story)


def test_what_comes_out_of_a_file_stands_in_a_fence_too() -> None:
    async def story() -> None:
        scene = await Archives().begin()
        await scene.archived()
        there, pool = scene.there, scene.other.pool
        lan, template = pool.add_network("LAN"), pool.add_vm("debian router", is_a_template=True)
        await there.engine.grounds.write(ground_over(lan, template, original(scene.prod, 1)), None)
        await there.publish(demanding("staging", FenceMode.OUT_ONLY))

        status = await there.do(scene.returning())
        assert status.error is None, explain(status.error)
        (fence,) = fences_on(pool.keys)
        assert prove(fence.fence, fence.site, there.inventory).holds
        assert {pool.vm(vm).power_state for vm in fence.site.members.values()} == {"Running"}
        assert len([one for one in pool.records.values() if isinstance(one, VIF)]) == 3 + 2

    virtually(story)


def planned(plan: Plan) -> list[dict[str, list[str]]]:
    """Return the addresses inside each fence of a plan, by member."""
    found = []
    for step in plan.steps:
        if isinstance(step.action, WriteFence):
            inside = defaultdict(list)
            for held in read_standing(step.action.document).fence.footholds:
                inside[held.member].append(str(held.address))
            found.append(dict(inside))
    return found


def ground_over(lan: Network, template: VM, *originals: Original) -> Ground:
    return Ground(
        outside=lan.uuid,
        outside_name=lan.name_label,
        subnet=IPv4Network("192.0.2.0/24"),
        pool=(IPv4Network("192.0.2.16/28"),),
        router=template.uuid,
        originals=originals,
    )


def test_an_address_is_read_of_what_cloud_init_is_told_the_one_with_a_prefix_first() -> None:
    told = "gateway4: 10.0.0.1\naddresses: [10.0.0.9/24, 300.1.1.1/8]\nnameservers: 10.0.0.5 v1.2.3.4.5"

    assert [str(one) for one in addresses_told(told)] == ["10.0.0.9", "10.0.0.1", "10.0.0.5"]
    assert addresses_told("dhcp4: true") == ()


def test_what_is_made_of_a_captured_blueprint_has_the_addresses_that_its_original_tells_as_long_as_it_stands() -> None:
    async def story() -> None:
        scene = Scene()
        desk, pool = scene.desk, scene.pool
        await desk.engine.publish_default()
        await desk.publish(demanding("integration", FenceMode.ISOLATED))
        plain = blueprint(pool)
        front, back = (
            next(one for one in pool.records.values() if isinstance(one, Network) and one.name_label == name)
            for name in ("front", "back")
        )
        ground = scene.ground(originals=(original(front, 1), original(back, 2)))
        await desk.engine.grounds.write(ground, None)
        machine = pool.add_vm("shop-db", "Running")
        create = Create(
            service="shop", version="1", stage=StageId("production"), members=(NewMember(vm=machine.uuid, role="db"),)
        )
        assert (await desk.do(create)).error is None
        pool.plug(machine.uuid, back)
        guest = pool.put_anew(GuestMetrics(ref=back.ref, uuid=Uuid(""), networks={"0/ip": "10.2.0.33"}))
        pool.change(machine.uuid, guest_metrics=guest.ref)
        shop = next(iter(desk.board.cards))
        captured = msgspec.structs.replace(plain, source=Source(configuration=shop, name="shop 1"))
        command = provision(desk, captured, ACME)
        assert planned(desk.engine.plan(command)) == [{"db": ["10.2.0.2"], "web": ["10.2.0.3", "10.1.0.2"]}]
        key = blueprint_key(captured.id, captured.version)
        pool.set_map(Field.POOL, None, {**pool.keys, key: to_stored(captured)})

        assert planned(desk.engine.plan(command)) == [{"db": ["10.2.0.33"], "web": ["10.2.0.2", "10.1.0.2"]}]
        typed = replace(command, addresses={("db", "0"): IPv4Address("10.2.0.44")})
        assert planned(desk.engine.plan(typed)) == [{"db": ["10.2.0.44"], "web": ["10.2.0.2", "10.1.0.2"]}]
        assert any("10.2.0.44 is typed for card 0 of “db”" in one for one in desk.engine.plan(typed).warnings)
        assert not any("is typed for" in one for one in desk.engine.plan(command).warnings)
        status = await desk.do(command)  # what is read anew under the lease tells the same
        assert status.error is None, explain(status.error)
        (fence,) = fences_on(pool.keys)
        assert IPv4Address("10.2.0.33") in {one.address for one in fence.fence.footholds}

    virtually(story)
