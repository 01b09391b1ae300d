"""Who gives way to machines that move in: where it goes, what it leaves free, and how its end is chosen."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.memory_pool import GIB
from tests.engine.requesting import approve, ask, ruled, run, view
from tests.engine.test_succession import STAYS
from tests.engine.test_taking_over import TRAVELS, Scene, taking_over
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import GroupId, PersonId, StageId
from xsconsole.domain.inventory import SR, VM, HostMetrics
from xsconsole.domain.plan import Start
from xsconsole.domain.publication.effects import EffectKind
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.workflow import DiskRule, DiskTreatment, Group, Kind, Person, Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Hold
from xsconsole.domain.workflow.gates import NoDuplicateAddresses, When
from xsconsole.domain.workflow.values import LeaseEnd, Limits, StageLease
from xsconsole.engine.plans import enforcement
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.publication.flight import Flight, effects_of, stages_to_map
from xsconsole.errors import ApprovalMissing, NotPermitted, RunFailed, StageFull, VerificationFailed

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def test_where_it_goes_back_to_there_must_be_room() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        workflow = taking_over()

        def limited(**limits: Any) -> Workflow:
            stages = tuple(
                msgspec.structs.replace(stage, limits=Limits(**limits)) if stage.id == "staging" else stage
                for stage in workflow.stages
            )
            return msgspec.structs.replace(workflow, version=scene.desk.board.workflow.version + 1, stages=stages)  # type: ignore[union-attr]

        await scene.desk.publish(limited(per_service=1))
        assert len(scene.plan.leases) == 4  # the newcomer leaves a place there, which is leased as well
        vm = scene.office.pool.add_vm("other", "Halted")
        await scene.office.configuration(scene.desk, "other", "1", "staging", [vm.uuid])
        await scene.desk.publish(limited(configurations=1))
        refused = scene.desk.refusal(scene.desk.promotion(scene.new, "production"))
        assert isinstance(refused, StageFull)
        assert refused.reason.startswith("“shop 1” has the place in Production and finds none where it goes back to.")
        assert "Staging already has other 1" in refused.reason

    virtually(story)


def test_whoever_promotes_may_act_where_it_goes_back_to() -> None:
    async def story() -> None:
        workflow = taking_over()
        ann = Person(id=PersonId("ann"), name="Ann", subject="ann@acme")
        leads = Group(id=GroupId("leads"), name="Leads", people=(ann.id,))
        stages = tuple(
            msgspec.structs.replace(stage, actors=(leads.id,)) if stage.id == "integration" else stage
            for stage in workflow.stages
        )
        ways = tuple(
            msgspec.structs.replace(way, target=StageId("integration")) if way.id == "production-to-staging" else way
            for way in workflow.transitions
        )
        scene = await Scene().begin(
            msgspec.structs.replace(workflow, stages=stages, transitions=ways, people=(ann,), groups=(leads,))
        )

        refused = scene.desk.refusal(scene.desk.promotion(scene.new, "production"))

        assert isinstance(refused, NotPermitted)
        assert "may not move configurations into or out of Integration" in refused.reason

    virtually(story)


def test_a_publication_knows_where_who_gives_way_is_on_its_way_to() -> None:
    async def story() -> None:
        workflow = taking_over()
        elsewhere = StageId("patch-testing")
        ways = tuple(
            msgspec.structs.replace(way, target=elsewhere) if way.id == "production-to-staging" else way
            for way in workflow.transitions
        )
        scene = await Scene().begin(msgspec.structs.replace(workflow, transitions=ways))
        desk, pool = scene.desk, scene.desk.port.identity.pool
        run = await desk.open(scene.desk.promotion(scene.new, "production"))
        await desk.until(lambda: desk.card(scene.old).run is not None)
        flight = Flight(pool=pool, board=desk.board, inventory=desk.inventory)

        def lost(*stages: str) -> set[StageId]:
            left = tuple(stage for stage in workflow.stages if stage.id not in stages)
            return set(stages_to_map([flight], msgspec.structs.replace(workflow, stages=left), pool))

        assert lost("patch-testing") == {elsewhere}
        assert lost("integration") == set()
        assert lost("staging", "production") == {StageId("staging"), StageId("production")}
        assert (await run.wait()).error is None
        opened = next(
            fact for fact in desk.ledger.facts if fact.run == run.status.run and "in_place" in (fact.details or {})
        )
        place = (opened.details or {})["in_place"]
        assert isinstance(place, dict)
        assert (place["configuration"], place["name"]) == (scene.old, desk.card(scene.old).name)
        there = Flight(pool=pool, board=desk.board, inventory=desk.inventory)
        assert set(stages_to_map([there], msgspec.structs.replace(workflow, stages=()), pool)) == {
            elsewhere,
            StageId("production"),
        }

    virtually(story)


def test_a_stage_that_a_run_leads_to_has_no_more_room_for_who_is_mapped_there() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.desk.port.identity.pool
        vm = scene.office.pool.add_vm("other", "Halted")
        await scene.office.configuration(desk, "other", "1", "integration", [vm.uuid])
        run = await desk.open(scene.desk.promotion(scene.new, "production"))
        await desk.until(lambda: desk.card(scene.new).run is not None)
        flight = Flight(pool=pool, board=desk.board, inventory=desk.inventory)
        workflow = desk.board.workflow
        assert workflow is not None
        left = tuple(
            msgspec.structs.replace(stage, limits=Limits(configurations=1)) if stage.id == "staging" else stage
            for stage in workflow.stages
            if stage.id != "integration"
        )
        then, mapping = msgspec.structs.replace(workflow, stages=left), {StageId("integration"): StageId("staging")}
        choices = {StageId("integration"): (StageId("staging"),)}

        effects = effects_of([flight], then, pool, mapping, choices, (), StageNames(workflow, then), LATER)

        assert [effect.kind for effect in effects if effect.name == "other 1"] == [EffectKind.BLOCKED]

        # A time in a stage that is over as soon as the version stands is said of who stays.
        lease = StageLease(duration_s=60, at_end=LeaseEnd.ARCHIVE)
        leased = msgspec.structs.replace(
            workflow,
            stages=tuple(
                msgspec.structs.replace(stage, lease=lease) if stage.id == "integration" else stage
                for stage in workflow.stages
            ),
        )
        told = effects_of([flight], leased, pool, {}, {}, (), StageNames(workflow, leased), LATER)
        (other,) = [effect for effect in told if effect.name == "other 1"]
        assert (other.kind, other.is_over) == (EffectKind.STAYS, True)
        assert "it is shut down and archived, unless somebody extends it" in other.sentence
        assert (await run.wait()).error is None

    virtually(story)


def test_memory_of_who_gives_way_counts_as_free_and_its_storage_does_not() -> None:
    async def story() -> None:
        scene = await Scene().begin(taking_over(TRAVELS, replaces_data=True))
        pool, desk = scene.office.pool, scene.desk
        old, new = scene.machine(scene.old), scene.machine(scene.new)
        pool.change(new, power_state="Halted")
        pool.change(old, resident_on=pool.host.ref)
        pool.change_record(HostMetrics, memory_free=GIB)  # a machine takes two

        start = next(step for step in scene.plan.steps if step.action == Start(vm=new))
        assert start.host == pool.host.uuid
        pool.change(old, power_state="Halted")
        assert "needs 2 GiB of memory" in desk.refusal(desk.promotion(scene.new, "production")).reason

        pool.change_record(HostMetrics, memory_free=64 * GIB)
        each = sum(disk.virtual_size for disk in disks_of(desk.inventory, pool.vm(new)))
        pool.change_record(SR, physical_size=2 * each, physical_utilisation=0)
        assert scene.plan.size_bytes == 2 * each  # both restore points, beside each other
        pool.change_record(SR, physical_size=2 * each - 1)
        assert desk.refusal(desk.promotion(scene.new, "production")).reason.startswith("The snapshots may take")

    virtually(story)


def test_who_gives_way_may_have_the_address_of_who_comes() -> None:
    async def story() -> None:
        gates = (NoDuplicateAddresses(), NoDuplicateAddresses(when=When.AFTER, leads_back=True, timeout_s=1))
        scene = await Scene().begin(taking_over(gates=gates))
        pool = scene.office.pool
        net = pool.add_network("front")
        pool.put(msgspec.structs.replace(net, other_config={"assume_network_is_shared": "true"}))

        def put_there(vm: VM) -> None:
            pool.plug(vm.uuid, net)
            metrics = pool.records[vm.guest_metrics]
            pool.put(msgspec.structs.replace(metrics, networks={"0/ip": "10.0.0.5"}))

        for configuration in (scene.old, scene.new):
            put_there(pool.vm(scene.machine(configuration)))
        stranger = pool.add_vm("stranger", "Running")
        put_there(stranger)
        refused = scene.desk.refusal(scene.desk.promotion(scene.new, "production"))
        assert "On the network already: 10.0.0.5 of stranger." in refused.reason
        pool.put(msgspec.structs.replace(pool.records[stranger.guest_metrics], networks={}))
        await scene.promote()

        scene.everything_has_come()

    virtually(story)


def test_a_disk_that_somebody_attached_elsewhere_meanwhile_is_noticed_at_the_end() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool = scene.office.pool
        (disk,) = (found for found in pool.records.values() if found.uuid == scene.data["1"])
        third = pool.add_vm("third", "Halted")
        scene.desk.port.on_call = lambda method: (
            pool.attach(pool.vm(third.uuid), disk, "5", "RW", {})
            if method == "start" and "5" not in scene.disks_of(third.uuid)
            else None
        )

        status = await scene.desk.do(scene.desk.promotion(scene.new, "production"))

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, VerificationFailed)
        assert status.error.cause.differences == ("shop-2 does not have the disk of the place for itself",)
        assert scene.stages() == ("production", "staging")
        assert scene.placed() == {"shop-1": "1", "shop-2": "2"}

    virtually(story)


def test_who_gave_way_and_is_started_by_somebody_else_is_noticed_and_all_is_put_back() -> None:
    async def story() -> None:
        scene = await Scene().begin(taking_over(TRAVELS, replaces_data=True, restore_point=None))
        pool, old = scene.office.pool, scene.machine(scene.old)
        scene.desk.port.on_call = lambda _: (
            pool.change(old, power_state="Running") if pool.vm(old).power_state == "Halted" else None
        )

        status = await scene.desk.do(scene.desk.promotion(scene.new, "production"))

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, VerificationFailed)
        assert status.error.cause.differences == ("shop-1 was shut down and runs again",)
        scene.everything_is_as_before()

    virtually(story)


def test_an_approval_is_of_who_gives_way_too() -> None:
    async def story() -> None:
        scene = Scene()
        alice, bob = scene.desk, scene.office.desk()
        rules = ruled(alice, bob)
        rule = next(way.approvals for way in rules.transitions if way.approvals)
        workflow = taking_over(approvals=rule)
        await scene.begin(msgspec.structs.replace(workflow, people=rules.people, groups=rules.groups))
        asked = await ask(alice, scene.new)
        await approve(bob, asked)
        assert view(bob, asked).state is RequestState.APPROVED
        assert asked.intent.incumbent == scene.old

        scene.office.pool.change(scene.machine(scene.old), power_state="Halted")
        assert view(bob, asked).state is RequestState.VOID
        with pytest.raises(ApprovalMissing):
            await run(bob, asked)
        scene.office.pool.change(scene.machine(scene.old), power_state="Running")
        assert (await (await run(bob, asked)).wait()).error is None

        scene.everything_has_come()

    virtually(story)


def test_a_hold_of_the_way_back_is_left_at_who_went_it() -> None:
    async def story() -> None:
        workflow = taking_over()
        ways = tuple(
            msgspec.structs.replace(way, afterwards=(Hold(),)) if way.kind is Kind.DEMOTE else way
            for way in workflow.transitions
        )
        scene = await Scene().begin(msgspec.structs.replace(workflow, transitions=ways))
        assert "It is held there until somebody lifts that." in scene.plan.warnings[0]

        await scene.promote()

        assert scene.desk.card(scene.old).hold is not None
        assert scene.desk.card(scene.new).hold is None

        # What that way demands is named: nobody could meet it within the run.
        demanding = tuple(
            msgspec.structs.replace(way, gates=(NoDuplicateAddresses(),), afterwards=())
            if way.kind is Kind.DEMOTE
            else way
            for way in workflow.transitions
        )
        other = await Scene().begin(taking_over())
        version = other.desk.board.workflow.version + 1  # type: ignore[union-attr]
        await other.desk.publish(msgspec.structs.replace(workflow, version=version, transitions=demanding))
        refused = other.desk.refusal(other.desk.promotion(other.new, "production"))
        assert "its way back from there demands the gate “no duplicate" in refused.reason

    virtually(story)


def test_the_end_of_who_gives_way_is_one_choice() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        workflow = scene.desk.board.workflow
        assert workflow is not None
        way = workflow.transition_of("staging-to-production")  # type: ignore[arg-type]
        back = workflow.transition_of("production-to-staging")  # type: ignore[arg-type]
        place, staging = workflow.stage("production"), workflow.stage("staging")  # type: ignore[arg-type]
        assert way and back and place and staging  # noqa: PT018
        assert enforcement.gaps_of(workflow, way, None) == ()
        archiving = msgspec.structs.replace(way, afterwards=(ArchiveIncumbent(),), disks=())
        assert enforcement.gaps_of(workflow, archiving, None) == ()
        on_the_way_back = msgspec.structs.replace(back, afterwards=(DemoteIncumbent(),), disks=STAYS)
        assert [gap.field for gap in enforcement.gaps_of(workflow, on_the_way_back, None)] == ["disks", "afterwards"]
        empty = msgspec.structs.replace(way, disks=(DiskRule(role="data", treatment=DiskTreatment.EMPTY),))
        assert [gap.is_senseless for gap in enforcement.gaps_of(workflow, empty, None)] == [True]

    virtually(story)
