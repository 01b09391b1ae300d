"""What no plan is made for, and the sentence that says why."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_pool import GIB
from tests.engine.test_planning import changed, in_production, reason
from tests.inventories import inventory_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, StageId, TransitionId
from xsconsole.domain.inventory import SR, GuestMetrics, HostMetrics
from xsconsole.domain.plan import Start
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import EntryAction, Kind, Transition, default_workflow
from xsconsole.engine.commands import Direction, Promote
from xsconsole.engine.plans.planner import plan as planned
from xsconsole.errors import NotFound, NotPromotable, PlanIsStale

UNKNOWN = ConfigurationId("00000000-0000-0000-0000-000000000000")


def test_only_whole_configurations_at_the_revision_seen_move_along_ways_that_exist() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        assert "no workflow" in desk.refusal(Promote(configuration=UNKNOWN, revision=1, target=StageId("x"))).reason
        shop = await office.shop(desk)
        known = desk.promotion(shop, "production")

        assert isinstance(desk.refusal(Promote(configuration=UNKNOWN, revision=1, target=StageId("x"))), NotFound)
        assert isinstance(desk.refusal(replace(known, revision=7)), PlanIsStale)
        assert isinstance(desk.refusal(desk.promotion(shop, "nowhere")), NotFound)
        assert "stands in Staging already" in desk.refusal(desk.promotion(shop, "staging")).reason
        assert "That way is a demotion" in desk.refusal(desk.promotion(shop, "patch-testing")).mend
        assert "That way is a promotion" in desk.refusal(desk.demotion(shop, "production")).mend
        other = await office.configuration(desk, "crm", "1", "integration", [office.pool.add_vm("crm").uuid])
        assert "it can be promoted to Patch testing" in desk.refusal(desk.promotion(other, "production")).mend
        assert desk.refusal(desk.demotion(other, "production")).mend == "Change the workflow."

    virtually(story)


def test_a_way_of_a_kind_this_console_does_not_know_is_refused() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        workflow = desk.board.workflow
        assert workflow is not None
        strange = Transition(
            id=TransitionId("strange"),
            source=StageId("staging"),
            target=StageId("production"),
            kind=Kind.PROMOTE,
            method="teleport",  # type: ignore[arg-type]
        )
        board = replace(desk.board, workflow=msgspec.structs.replace(workflow, transitions=(strange,)))

        with pytest.raises(NotPromotable, match="teleport"):
            planned(desk.promotion(shop, "production"), board, desk.inventory, "root", desk.clock.now())

    virtually(story)


def test_a_machine_that_went_since_the_board_was_read_is_named() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        board, member = desk.board, desk.board.cards[shop].members[0]
        left = inventory_of(*(one for one in office.pool.records.values() if one.ref != member.ref))

        for command in (desk.promotion(shop, "production"), desk.demotion(shop, "integration")):
            with pytest.raises(NotPromotable, match=f"{member.name} is gone from the pool"):
                planned(command, board, left, "root", desk.clock.now())

    virtually(story)


def test_a_configuration_in_a_stage_that_the_workflow_dropped_must_be_made_whole_first() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        workflow = default_workflow()
        kept = tuple(stage for stage in workflow.stages if stage.id != "staging")
        ways = tuple(way for way in workflow.transitions if "staging" not in (way.source, way.target))
        await desk.publish(msgspec.structs.replace(workflow, version=2, stages=kept, transitions=ways))

        assert "a stage that the workflow does not have" in desk.refusal(desk.promotion(shop, "production")).reason

    virtually(story)


def test_the_one_place_in_production_is_taken_by_whoever_stands_there_or_is_on_the_way() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await in_production(office, desk)
        vms = [office.pool.add_vm("shop-next")]
        rival = await office.configuration(desk, "shop", "1.4.0", "staging", [vm.uuid for vm in vms])

        refused = desk.refusal(desk.promotion(rival, "production"))
        assert "Production already has shop 1.3.0" in refused.reason
        assert refused.mend == "Demote shop 1.3.0 first."

        run = await desk.open(desk.demotion(shop, "staging"))
        assert "Production already has shop 1.3.0" in desk.refusal(desk.promotion(rival, "production")).reason
        assert (await run.wait()).error is None
        assert desk.engine.plan(desk.promotion(rival, "production")).leases

    virtually(story)


def test_the_state_of_a_card_that_is_not_whole_says_the_mend() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = desk.promotion(shop, "production")
        run = await desk.open(command)
        await desk.until(lambda: desk.card(shop).run)
        assert "is being changed by user-1 at desk-1" in desk.refusal(command).reason
        run.stop()
        await run.wait()
        assert "was interrupted" in desk.refusal(command).reason
        await desk.settle(shop, Direction.UNDO)

        db = desk.member(shop, "shop-db")
        keys = dict(office.pool.vm(db).other_config)
        office.pool.change(db, other_config={})
        assert "is incomplete: 1 member gone" in desk.refusal(command).reason
        text = keys["xsconsole.member.1"].replace('"stage":"staging"', '"stage":"production"')
        office.pool.change(db, other_config={"xsconsole.member.9": text})
        assert "is inconsistent: Its members stand in different stages." in desk.refusal(command).reason

    virtually(story)


@pytest.mark.parametrize("power_state", ["Paused", "Suspended"])
def test_members_that_neither_run_nor_rest_are_refused(power_state: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        office.pool.change(desk.member(shop, "shop-db"), power_state=power_state)

        refused = desk.refusal(desk.promotion(shop, "production"))

        assert refused.reason == f"“shop-db” is {power_state.lower()}."

    virtually(story)


def test_what_the_pool_would_refuse_is_refused_beforehand_with_its_reason() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        db, lb = desk.member(shop, "shop-db"), desk.member(shop, "shop-lb")
        command = desk.promotion(shop, "production")
        pool = office.pool

        def refused_with(uuid: str, **fields: object) -> str:
            before = pool.vm(uuid)  # type: ignore[arg-type]
            pool.put_raw(msgspec.structs.replace(before, **fields))
            found = reason(desk.refusal(command))
            pool.put_raw(before)
            return found

        assert "Snapshot is blocked at “shop-db”: backup runs." in refused_with(
            db, blocked_operations={"snapshot": "backup runs"}
        )
        assert "“shop-db” is busy (migrate_send)" in refused_with(
            db, allowed_operations=(), current_operations={"task": "migrate_send"}
        )
        assert "does not allow start at “shop-lb”" in refused_with(lb, allowed_operations=("snapshot",))
        await desk.publish(changed("production", entry=EntryAction.STOP, protection=()))
        assert "shows no guest tools" in refused_with(db, allowed_operations=("snapshot",), guest_metrics=NULL_REF)
        assert "Start is blocked" in refused_with(db, blocked_operations={"start": "no way back"})
        pool.change_record(GuestMetrics, PV_drivers_detected=True)
        assert "does not allow clean shutdown" in refused_with(db, allowed_operations=("snapshot",))

    virtually(story)


def test_storage_is_counted_by_its_type() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = desk.promotion(shop, "production")
        pool = office.pool

        pool.change_record(SR, physical_size=100 * GIB, physical_utilisation=75 * GIB)
        assert "may take 30 GiB in “SAN-gold”, which has 25 GiB free" in desk.refusal(command).reason
        pool.change_record(SR, physical_utilisation=68 * GIB)
        assert "nearly full: 2 GiB stay free" in " ".join(desk.engine.plan(command).warnings)
        pool.change_record(SR, type="nfs", physical_utilisation=75 * GIB)
        assert not any("full" in warning for warning in desk.engine.plan(command).warnings)
        pool.change_record(SR, type="nfs", physical_utilisation=100 * GIB)
        assert "may take 48 MiB" in desk.refusal(command).reason
        pool.change_record(SR, type="udev")
        assert desk.engine.plan(command)
        pool.remove_record(SR)
        assert desk.engine.plan(command)

    virtually(story)


def test_memory_is_counted_for_what_is_to_be_started() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        vms = [office.pool.add_vm(f"crm-{number}", memory_static_max=40 * GIB) for number in range(2)]
        crm = await office.configuration(desk, "crm", "1", "staging", [vm.uuid for vm in vms])
        command = desk.promotion(crm, "production")

        assert desk.refusal(command).reason == (
            "“crm-1” needs 40 GiB of memory beside the others (2 machines, 80 GiB); xen-1 has 64 GiB free."
        )
        second = office.pool.add_host("xen-2", 41 * GIB)
        hosts = {step.host for step in desk.engine.plan(command).steps if isinstance(step.action, Start)}
        assert hosts == {office.pool.host.uuid, second.uuid}
        office.pool.change_record(HostMetrics, memory_free=8 * GIB)
        assert "xen-1 has 8 GiB and xen-2 has 8 GiB free" in desk.refusal(command).reason
        office.pool.change_record(HostMetrics, live=False)
        assert desk.engine.plan(command)

    virtually(story)


def test_every_stage_answers_a_drag() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        assert desk.engine.targets(UNKNOWN) == ()
        shop = await office.shop(desk)

        targets: dict[str, Target] = {target.stage: target for target in desk.engine.targets(shop)}

        assert {stage: target.kind for stage, target in targets.items()} == {
            "integration": Kind.DEMOTE,
            "patch-testing": Kind.DEMOTE,
            "staging": None,
            "production": Kind.PROMOTE,
        }
        assert [stage for stage, target in targets.items() if target.plan is None] == ["staging"]
        assert targets["staging"].refusal is not None

    virtually(story)


def test_hostile_names_stay_on_one_short_line() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        name = "rm -rf /\n" + "<b>" + "ü" * 10_000
        vm = office.pool.add_vm(name, "Running")
        shop = await office.configuration(desk, "shop", "'; DROP TABLE", "staging", [vm.uuid])

        plan = desk.engine.plan(desk.promotion(shop, "production"))
        status = await desk.do(desk.promotion(shop, "production"))

        assert all(len(step.subject) <= 80 and "\n" not in step.subject for step in plan.steps)
        assert status.error is None
        snapshot = next(vm for vm in office.pool.vms() if vm.is_a_snapshot)
        assert len(snapshot.name_label) < 200

    virtually(story)
