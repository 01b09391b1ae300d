"""Moves into a stage that is bound to other networks, storage or hosts: there, back, and what is in the way."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_pool import GIB, MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.actions.placing import Migrate, MoveDisk, PreferHost, PutOnNetworks
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import PBD, VDI, HostMetrics
from xsconsole.domain.plan import Disks
from xsconsole.domain.workflow import Binding, EntryAction, PoolObject, Stage, Workflow, default_workflow
from xsconsole.domain.workflow.gates import AddressesAnswer
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import Relocate
from xsconsole.errors import RunFailed, VerificationFailed


def bound(record: Any) -> PoolObject:
    return PoolObject(uuid=record.uuid, name=record.name_label)


class Scene:
    """A shop in staging on one network, storage and host; production has others."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()
        self.here, self.there = self.pool.add_network("stage-net"), self.pool.add_network("prod-net")
        self.fast = self.pool.add_storage("SAN-fast")
        self.second = self.pool.add_host("xen-2", 64 * GIB)

    @property
    def pool(self) -> MemoryPool:
        return self.office.pool

    async def begin(
        self, *, entry: EntryAction = EntryAction.START, storage: bool = True, hosts: bool = True, **way: Any
    ) -> "Scene":
        for network in (self.here, self.there):
            self.pool.put(msgspec.structs.replace(network, other_config={"assume_network_is_shared": "true"}))
        self.shop = await self.office.shop(self.desk)
        for member in self.desk.card(self.shop).members:
            self.pool.plug(member.uuid, self.here)
            if member.power_state == "Running":
                self.pool.change(member.uuid, resident_on=self.pool.host.ref)
        away = Binding(
            networks=(NetworkEntry(logical="front", network=bound(self.there)),),
            sr=bound(self.fast) if storage else None,
            hosts=(bound(self.second),) if hosts else (),
        )
        home = Binding(
            networks=(NetworkEntry(logical="front", network=bound(self.here)),),
            sr=bound(self.pool.storage) if storage else None,
        )
        await self.desk.publish(workflow(home, away, entry, **way))
        self.before = self.state()
        return self

    def state(self) -> dict[str, tuple[object, ...]]:
        """Say of each machine where it is and whether it runs."""
        return {vm.name_label: self.state_of(vm.uuid) for vm in self.pool.vms() if not vm.is_a_snapshot}

    def state_of(self, uuid: Uuid) -> tuple[object, ...]:
        vm = self.pool.vm(uuid)
        disks = [self.pool.records[disk.SR].uuid for disk in disks_of(self.desk.inventory, vm)]
        macs = [vif.MAC for vif in self.pool.interfaces(uuid)]
        host = vm.resident_on if vm.power_state == "Running" else NULL_REF
        return vm.power_state, tuple(self.pool.networks_of(uuid).values()), tuple(disks), tuple(macs), vm.affinity, host

    def moved(self, power: str = "Running") -> dict[str, tuple[object, ...]]:
        """Say the same of what has come to production whole."""
        there = self.second.ref
        return {
            name: (
                power,
                (self.there.uuid,),
                (self.fast.uuid,),
                old[3],
                there,
                there if power == "Running" else NULL_REF,
            )
            for name, old in self.before.items()
        }

    def nothing_is_open(self) -> None:
        assert not any(".run." in key for key in self.pool.keys)


def workflow(staging: Binding, production: Binding, entry: EntryAction = EntryAction.START, **way: Any) -> Workflow:
    """The default workflow with these bindings; every way between the two as `way` says."""
    base = default_workflow()

    def stage_of(stage: Stage) -> Stage:
        if stage.id == "staging":
            return msgspec.structs.replace(stage, binding=staging, entry=EntryAction.LEAVE)
        if stage.id == "production":
            return msgspec.structs.replace(stage, binding=production, entry=entry)
        return stage

    return msgspec.structs.replace(
        base,
        version=2,
        networks=("front",),
        stages=tuple(map(stage_of, base.stages)),
        transitions=tuple(
            msgspec.structs.replace(it, **way) if it.target == "production" else it for it in base.transitions
        ),
    )


def test_what_is_moved_is_on_the_networks_storage_and_hosts_of_its_stage_and_comes_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()

        status = await scene.desk.do(scene.desk.promotion(scene.shop, "production"))

        assert status.error is None
        assert scene.state() == scene.moved()
        assert (await scene.desk.do(scene.desk.demotion(scene.shop, "staging"))).error is None
        back = scene.state()
        for name, (_, networks, disks, macs, home, _) in scene.before.items():
            assert back[name][1:5] == (networks, disks, macs, home)

    virtually(story)


def test_the_plan_says_what_goes_where_and_what_does_not_change() -> None:
    async def story() -> None:
        scene = await Scene().begin()

        plan = scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production"))

        said = " ".join(plan.warnings)
        assert "shop-db, shop-web and shop-lb go to the networks of Production and keep MAC addresses" in said
        assert "a fixed address of a guest does not change with it: change it in the guest, or let a gate look." in said
        assert "3 disks (30 GiB) move to storage “SAN-fast”; snapshots taken before stay where they are." in said
        assert "shop-db and shop-web are brought to another host while they run." in said
        assert plan.asks
        chain = [step for step in plan.steps if step.subject == "shop-db"]
        assert [type(step.action) for step in chain[1:5]] == [Migrate, PutOnNetworks, MoveDisk, PreferHost]
        start = next(step for step in plan.steps if step.key.endswith("start"))
        assert {plan.step(key).action.__struct_config__.tag for key in start.after} == {"home"}
        assert start.host == scene.second.uuid

    virtually(story)


def test_a_gate_on_addresses_is_what_looks_after_fixed_ones() -> None:
    async def story() -> None:
        scene = await Scene().begin(gates=(AddressesAnswer(),), storage=False, hosts=False)

        said = " ".join(scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production")).warnings)

        assert "does not change with it: a gate looks whether they answer." in said

    virtually(story)


def test_a_stage_that_stops_what_enters_it_moves_what_is_off() -> None:
    async def story() -> None:
        scene = await Scene().begin(entry=EntryAction.STOP)

        plan = scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production"))
        assert (await scene.desk.do(scene.desk.promotion(scene.shop, "production"))).error is None

        assert "migrate" not in kinds(plan)
        assert kinds(plan).index("networks") > kinds(plan).index("shut-down")
        assert scene.state() == scene.moved("Halted")

    virtually(story)


def test_a_return_to_the_restore_point_brings_networks_storage_and_home_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        assert (await scene.desk.do(scene.desk.promotion(scene.shop, "production"))).error is None

        status = await scene.desk.do(scene.desk.demotion(scene.shop, "staging", Disks.RESTORE))

        assert status.error is None
        back = scene.state()
        for name, (_, networks, disks, macs, home, _) in scene.before.items():
            assert back[name][1:5] == (networks, disks, macs, home)

    virtually(story)


def test_a_return_whose_snapshots_are_elsewhere_moves_the_disks_and_says_strange_networks() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        assert (await scene.desk.do(scene.desk.promotion(scene.shop, "production"))).error is None
        other = scene.pool.add_network("new-stage-net")
        third = scene.pool.add_storage("SAN-third")
        home = Binding(networks=(NetworkEntry(logical="front", network=bound(other)),), sr=bound(third))
        away = Binding(networks=(NetworkEntry(logical="front", network=bound(scene.there)),))
        await scene.desk.publish(msgspec.structs.replace(workflow(home, away), version=3))
        command = scene.desk.demotion(scene.shop, "staging", Disks.RESTORE)

        plan = scene.desk.engine.plan(command)
        assert (await scene.desk.do(command)).error is None

        assert any("return to networks that Staging does not map any more" in said for said in plan.warnings)
        assert {state[2] for state in scene.state().values()} == {(third.uuid,)}

    virtually(story)


def test_what_the_pool_does_not_show_afterwards_is_put_back() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        lb = scene.desk.member(scene.shop, "shop-lb")

        def meddle(method: str) -> None:
            if method == "start":
                scene.pool.move_interfaces(lb, {"0": scene.here.uuid})
                scene.pool.change(lb, affinity=scene.pool.host.ref)

        scene.desk.port.on_call = meddle
        status = await scene.desk.do(scene.desk.promotion(scene.shop, "production"))

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, VerificationFailed)
        assert status.error.cause.differences == ("shop-lb is on another network", "shop-lb prefers another host")
        assert scene.state() == scene.before

    virtually(story)


def test_a_pool_that_carries_as_many_disks_as_it_can_is_waited_for() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        fault = Fault(method="move_disk", code="TOO_MANY_STORAGE_MIGRATES", parameters=("3",))
        scene.desk.port.faults.append(fault)

        assert (await scene.desk.do(scene.desk.promotion(scene.shop, "production"))).error is None
        assert scene.state() == scene.moved()

    virtually(story)


# Refusals and preferences


def change_disks(scene: Scene, **fields: object) -> None:
    scene.pool.change_record(VDI, **fields)


def out_of_sight(scene: Scene) -> None:
    """Let only the second host have the fast storage, and only the first the one that disks are on."""
    for sr, host in ((scene.fast, scene.second), (scene.pool.storage, scene.pool.host)):
        scene.pool.put_anew(PBD(ref=NULL_REF, uuid=Uuid(""), SR=sr.ref, host=host.ref, currently_attached=True))


def small(scene: Scene) -> None:
    scene.pool.put(msgspec.structs.replace(scene.fast, physical_size=20 * GIB))


def no_storage(scene: Scene) -> None:
    scene.pool.drop_record(scene.fast)


@pytest.mark.parametrize(
    ("befalls", "reason"),
    [
        (lambda scene: change_disks(scene, cbt_enabled=True), "has its changed blocks tracked"),
        (lambda scene: change_disks(scene, sharable=True), "is shared among machines"),
        (small, "The snapshots and the disks that move may take 30 GiB in “SAN-fast”, which has 20 GiB free"),
        (no_storage, "Production is bound to storage “SAN-fast”, which the pool does not have for disks."),
        (out_of_sight, "“shop-db” runs, and no enabled host sees both"),
        (lambda scene: scene.pool.plug(scene.desk.member(scene.shop, "shop-lb"), scene.there, "1"), "does not map"),
    ],
)
def test_what_cannot_go_there_is_refused_with_its_reason(befalls: Callable[[Scene], None], reason: str) -> None:
    async def story() -> None:
        scene = await Scene().begin()
        befalls(scene)

        assert reason in scene.desk.refusal(scene.desk.promotion(scene.shop, "production")).reason

    virtually(story)


def test_what_cannot_leave_its_host_stays_and_that_is_said() -> None:
    async def story() -> None:
        scene = await Scene().begin(storage=False)
        stuck = scene.desk.member(scene.shop, "shop-web")
        scene.pool.change(stuck, blocked_operations={"pool_migrate": "licence server"})

        plan = scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production"))
        assert (await scene.desk.do(scene.desk.promotion(scene.shop, "production"))).error is None

        assert any("shop-web does not run on a host that Production prefers" in said for said in plan.warnings)
        assert scene.pool.vm(stuck).resident_on == scene.pool.host.ref
        assert scene.pool.vm(stuck).affinity == scene.second.ref

    virtually(story)


def test_what_runs_on_a_host_that_is_not_heard_of_is_not_planned_to_migrate_off_it() -> None:
    async def story() -> None:
        scene = await Scene().begin(storage=False)
        (metrics,) = (one for one in scene.desk.inventory.all(HostMetrics) if one.ref == scene.pool.host.metrics)
        scene.pool.put(msgspec.structs.replace(metrics, live=False))

        command = scene.desk.promotion(scene.shop, "production")
        away = Relocate(configuration=scene.shop, revision=command.revision, host=scene.second.uuid)
        for asked in (command, away):
            assert "of which the pool hears nothing" in scene.desk.refusal(asked).reason

    virtually(story)


def test_hosts_that_are_gone_are_a_preference_that_is_said() -> None:
    async def story() -> None:
        scene = await Scene().begin(storage=False)
        scene.pool.drop_record(scene.second)

        plan = scene.desk.engine.plan(scene.desk.promotion(scene.shop, "production"))

        assert "Production prefers xen-2, which the pool does not have." in plan.warnings
        assert "home" not in kinds(plan)

    virtually(story)


def test_protection_of_both_stages_against_migration_leaves_no_way() -> None:
    async def story() -> None:
        scene = await Scene().begin(entry=EntryAction.LEAVE)
        workflow = scene.desk.board.workflow
        assert workflow is not None
        for protected, is_refused in ((("staging",), False), (("staging", "production"), True)):
            standing = scene.desk.board.workflow
            assert standing is not None
            stages = tuple(
                msgspec.structs.replace(stage, protection=("migrate_send",) if stage.id in protected else ())
                for stage in workflow.stages
            )
            await scene.desk.publish(msgspec.structs.replace(workflow, version=standing.version + 1, stages=stages))
            command = scene.desk.promotion(scene.shop, "production")
            if is_refused:
                assert "both forbid to bring machines elsewhere" in scene.desk.refusal(command).reason
            else:
                plan = scene.desk.engine.plan(command)
                assert kinds(plan).index("member") < kinds(plan).index("migrate")

    virtually(story)
