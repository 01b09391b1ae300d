"""A configuration goes into another pool as one thing and stays in its stage; what would be a promotion is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from tests.engine.crossings import Ends, is_clear, machines, rosters
from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.test_streaming_across import do, part
from tests.engine.two_pools import Company
from xsconsole.domain.actions.travel import RetireSource
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import Appliance
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, explain, title
from xsconsole.domain.workflow import Binding, PoolObject, Stage
from xsconsole.domain.workflow.values import NetworkEntry, StageLease
from xsconsole.engine.commands import (
    Describe,
    Direction,
    ExtendStay,
    HoldBack,
    QuarantineVersion,
    Relocate,
    TakePoint,
)


class Scene(Company):
    """Staging lives in no pool of its own, so that what stands in it can be in either."""

    def __init__(self) -> None:
        super().__init__()
        self.lan = self.production.pool.add_network("lan")

    async def begin(self, **staging: Any) -> "Scene":
        await super().begin()
        await self.rebind(**{"binding": Binding(), **staging})
        return self

    async def rebind(self, which: str = "staging", **fields: Any) -> None:
        """Let both pools follow a version in which a stage is otherwise."""
        desks = (self.pair.here, self.pair.there)
        workflow = desks[0].board.workflow
        assert workflow is not None

        def changed(stage: Stage) -> Stage:
            return msgspec.structs.replace(stage, **fields) if stage.id == which else stage

        stages = tuple(map(changed, workflow.stages))
        for desk in desks:
            await desk.publish(msgspec.structs.replace(workflow, stages=stages, version=workflow.version + 1))

    def go(self, **fields: Any) -> Relocate:
        return Relocate(
            configuration=self.shop,
            revision=self.pair.here.card(self.shop).revision,
            reason="the pool is old",
            **{
                "pool": self.production.pool.pool.uuid,
                "sr": self.production.pool.storage.uuid,
                "networks": {self.front.uuid: self.lan.uuid},
                **fields,
            },
        )

    def refusal(self, **fields: Any) -> str:
        found = self.pair.here.refusal(self.go(**fields))
        assert found.mend
        return f"{found.reason} {found.mend}"


def test_it_is_the_same_in_the_other_pool_in_its_stage_and_all_that_is_known_of_it_goes_along() -> None:
    async def story() -> None:
        scene = await Scene().begin(lease=StageLease(duration_s=3600), protection=("destroy",))
        here, there, test = scene.pair.here, scene.pair.there, scene.test.pool
        card = here.card(scene.shop)
        since, revision = card.since, card.revision
        assert since is not None
        await here.engine.closings.close(HoldBack(configuration=scene.shop, reason="the audit is coming"))
        await here.clock.sleep(600)
        longer = ExtendStay(configuration=scene.shop, until=here.clock.now() + timedelta(minutes=59), reason="a trial")
        await here.engine.closings.close(longer)
        told = Describe(configuration=scene.shop, revision=revision, notes="mind the cache", reason="")
        assert (await here.do(told)).error is None
        vapp = test.put_anew(Appliance(ref=NULL_REF, uuid=Uuid(""), name_label="shop"))
        test.change(here.member(scene.shop, "shop-web"), appliance=vapp.ref)
        before = machines(test)

        plan = here.engine.plan(scene.go())
        assert title(plan) == "Migrate shop 1.3.0 to pool “production pool”"
        said = " ".join(plan.warnings)
        assert "Its interfaces go from “stage-net” to “lan”." in said
        assert "It stays in Staging, and is a new revision there" in said
        assert "change it in the guest." in said
        assert "Who belongs to vApp “shop” does so there too" in said
        assert "Let shop 1.3.0 in pool “production pool” stay as long there" in [describe(step) for step in plan.steps]
        assert plan.asks
        assert len({*plan.leases, *plan.leases_abroad}) == 1
        assert plan.leases == plan.leases_abroad

        desks = ((here, "migrate_send", 3), (there, "networks_of", 1))  # on the way, and when all is compared
        for desk, method, nth in desks:
            desk.port.faults.append(Fault(method=method, nth=nth, code="VM_MIGRATE_FAILED"))
            assert (await here.do(scene.go())).state is RunState.UNDONE
            assert (machines(test), machines(scene.production.pool)) == (before, {})
            card = here.card(scene.shop)
            assert (card.notes, card.standing, card.since) == ("mind the cache", Standing.WHOLE, since)
            assert card.extension is not None
            assert card.hold is not None
            assert not any(".hold." in key or ".stay." in key for key in scene.production.pool.keys)
            assert is_clear(scene)

        status = await here.do(scene.go())
        assert status.error is None, explain(status.error)
        assert scene.shop not in here.board.cards
        card = there.card(scene.shop)
        assert (card.stage, card.standing, card.since, card.revision) == (
            "staging",
            Standing.WHOLE,
            since,
            revision + 1,
        )
        assert card.notes == "mind the cache"
        assert card.hold is not None
        assert card.hold.reason == "the audit is coming"
        assert card.extension is not None
        assert card.extension.reason == "a trial"
        after = machines(scene.production.pool)
        for name, (uuid, power, _, _, macs, _, contents) in before.items():
            wanted = (uuid, power, (scene.lan.uuid,), (scene.production.pool.storage.uuid,), macs)
            assert after[name][:5] == wanted
            assert after[name][5:] == ({"destroy": "xsconsole: protected in Staging"}, contents)
        assert (rosters(test), rosters(scene.production.pool)) == (0, 1)
        assert not any(".hold." in key or ".stay." in key for key in test.keys)
        assert is_clear(scene)

        back = replace(
            scene_back(scene),
            networks={scene.lan.uuid: scene.front.uuid},
            pool=test.pool.uuid,
            sr=test.storage.uuid,
            host=test.host.uuid,
        )
        status = await there.do(back)
        assert status.error is None, explain(status.error)
        assert [each[:5] for each in machines(test).values()] == [each[:5] for each in before.values()]
        assert (here.card(scene.shop).since, here.card(scene.shop).notes) == (since, "mind the cache")

    virtually(story)


def scene_back(scene: Scene) -> Relocate:
    there = scene.pair.there
    return Relocate(configuration=scene.shop, revision=there.card(scene.shop).revision)


def test_what_would_leave_its_stage_or_has_no_network_no_room_or_no_right_there_is_refused_with_the_mend() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        here, test, production = scene.pair.here, scene.test.pool, scene.production.pool
        assert "is in that pool already. Name a host or a storage of it" in scene.refusal(pool=test.pool.uuid)
        assert "has no connection to the pool to which “shop 1.3.0” is to go." in scene.refusal(pool=Uuid("gone"))
        one = (here.member(scene.shop, "shop-db"),)
        assert "shop-web and shop-lb would stay behind" in scene.refusal(members=one)
        lacking = "It is not said which network of pool “production pool” takes the place of “stage-net”."
        assert lacking in scene.refusal(networks={})
        assert "that pool has lan and prod-net." in scene.refusal(networks={})
        stranger = test.add_network("lab")
        assert "No machine of “shop 1.3.0” is on “lab”. Its networks are “stage-net”" in scene.refusal(
            networks={stranger.uuid: scene.lan.uuid}
        )
        assert "chosen for “stage-net” is none of pool “production pool”" in scene.refusal(
            networks={scene.front.uuid: stranger.uuid}
        )
        assert "The pool has no such host." in scene.refusal(host=Uuid("gone"))
        assert "The pool has no usual storage. Name the storage" in scene.refusal(sr=None)
        assert "That is no storage of the pool for disks." in scene.refusal(sr=Uuid("gone"))
        small = production.add_host("xen-p2", 1)
        assert "of memory beside the others" in scene.refusal(host=small.uuid)
        assert "xen-p2 has 1 B free" in scene.refusal(host=small.uuid)
        production.put(msgspec.structs.replace(small, enabled=False))
        assert "xen-p2 takes no machines now." in scene.refusal(host=small.uuid)
        part(scene)
        await scene.rebind(protection=("clean_shutdown",))
        forbids = "The protection of Staging forbids to change the power, which a transfer through this console needs."
        assert forbids in scene.refusal()
        await scene.rebind(protection=())
        scene.pair.told = lambda _: None

        by_name = production.add_network("stage-net")
        assert "to “stage-net”" in " ".join(here.engine.plan(scene.go(networks={})).warnings)
        production.remove_network(by_name.uuid)
        taken = {scene.front.uuid: scene.there.uuid}
        assert scene.refusal(networks=taken) == (
            "“prod-net” is a network of Production, and this stays in Staging. "
            "Choose another network; into Production it is promoted."
        )
        mapped = Binding(networks=(NetworkEntry(logical="front", network=_object(scene.lan)),))
        await scene.rebind(binding=mapped)
        assert lacking in scene.refusal(networks={})  # no stage calls the network here “front”
        here_it_is = Binding(networks=(NetworkEntry(logical="front", network=_object(scene.front)),))
        await scene.rebind("integration", binding=here_it_is)
        assert "from “stage-net” to “lan”" in " ".join(here.engine.plan(scene.go(networks={})).warnings)
        other = Binding(hosts=(_object(test.host),), sr=_object(test.storage))
        await scene.rebind(binding=other)
        told = " ".join(here.engine.plan(scene.go()).warnings)
        assert "Staging is bound to storage “SAN-gold”, which this leaves." in told
        assert "Staging prefers xen-1, which pool “production pool” does not have." in told
        await scene.rebind(binding=Binding(), protection=("migrate_send",))
        assert "The protection of Staging forbids to migrate machines." in scene.refusal()

        await scene.rebind(protection=(), binding=Binding(pool=_object(test.pool)))
        assert (
            "Staging lives in pool “acme”: in pool “production pool” it would not stand in that stage"
            in scene.refusal()
        )
        assert scene.refusal().endswith("Promote it to Production, which lives there.")
        await scene.rebind("production", binding=Binding(pool=_object(test.pool)))
        assert scene.refusal().endswith("lead from Staging to a stage in that pool, then go that way.")

        await scene.rebind(binding=Binding())
        quarantine = QuarantineVersion(service="shop", version="1.3.0", reason="it leaks")
        await here.engine.closings.close(quarantine)
        assert "is quarantined, and pool “production pool” does not know of it." in scene.refusal()
        await scene.pair.there.engine.closings.close(quarantine)
        assert here.engine.plan(scene.go()).intent.pools == (test.pool.uuid, production.pool.uuid)
        workflow = here.board.workflow
        assert workflow is not None
        await here.publish(msgspec.structs.replace(workflow, version=workflow.version + 1))
        assert "“shop 1.3.0” would go to pool “production pool”, which has version" in scene.refusal()

    virtually(story)


def test_where_the_pools_do_not_reach_each_other_it_goes_through_the_console_and_runs_on_there() -> None:
    async def story() -> None:
        scene = await Scene().begin(lease=StageLease(duration_s=3600), protection=("destroy",))
        part(scene)
        here, there, test = scene.pair.here, scene.pair.there, scene.test.pool
        production = scene.production.pool
        second = production.add_host("xen-p2", 64 * 2**30)
        card = here.card(scene.shop)
        since, revision = card.since, card.revision
        assert since is not None
        await here.clock.sleep(600)
        longer = ExtendStay(configuration=scene.shop, until=here.clock.now() + timedelta(minutes=59), reason="a trial")
        await here.engine.closings.close(longer)
        assert (await do(here, TakePoint(configuration=scene.shop, revision=revision, reason=""))).error is None
        before, ends = machines(test), Ends(scene)
        assert {one[1] for one in before.values()} == {"Running", "Halted"}

        plan = here.engine.plan(scene.go(host=second.uuid))
        said = " ".join(plan.warnings)
        assert "as a stream through this console" in said
        assert "It stays in Staging, and is a new revision there" in said
        assert plan.questions == ("Destroy 3 snapshots in pool “acme”, which no stream takes along",)
        assert isinstance(plan.steps[-1].action, RetireSource)
        assert plan.steps[-1].after == (plan.steps[-2].key,)
        assert plan.leases == plan.leases_abroad

        for port, method, nth in ((here.port, "stream", 2), (there.port, "start", 1), (there.port, "networks_of", 3)):
            port.faults.append(Fault(method=method, nth=nth, code="SR_FULL"))
            assert (await do(here, scene.go())).state is RunState.UNDONE
            assert not port.faults
            assert not ends.look(scene)
            assert machines(test) == before
            assert here.card(scene.shop).extension is not None
        here.port.faults.append(Fault(method="destroy", nth=2))
        await do(here, scene.go(host=second.uuid))
        assert (await here.settle(scene.shop, Direction.RESUME)).state is RunState.DONE

        assert ends.look(scene)
        card = there.card(scene.shop)
        told = (card.stage, card.standing, card.since, card.revision)
        assert told == ("staging", Standing.WHOLE, since, revision + 1)
        assert card.extension is not None
        assert card.restore_points == ()
        for name, state in machines(production).items():
            wanted = (before[name][1], (scene.lan.uuid,), (production.storage.uuid,))
            assert state[1:4] == wanted
            assert state[5] == {"destroy": "xsconsole: protected in Staging"}
            runs_on = production.vm(state[0]).resident_on
            assert runs_on == (second.ref if state[1] == "Running" else NULL_REF)
        assert (rosters(test), rosters(production)) == (0, 1)

    virtually(story)


def _object(record: Any) -> PoolObject:
    return PoolObject(uuid=record.uuid, name=record.name_label)
