"""What a promotion or a demotion is planned to do, and what it is refused for."""

import asyncio

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_pool import GIB
from xsconsole.domain.ids import ConfigurationId, Ref
from xsconsole.domain.inventory import SR
from xsconsole.domain.plan import Disks, Plan, ShutDown, Start, Step, TakeSnapshot, Verify, WriteMember
from xsconsole.domain.poolstate import RESTORE_POINT_KEY
from xsconsole.domain.workflow import EntryAction, Workflow, default_workflow
from xsconsole.errors import Refused


def changed(stage: str, **fields: object) -> Workflow:
    """The default workflow in its second version, with one stage changed."""
    workflow = default_workflow()
    stages = tuple(msgspec.structs.replace(it, **fields) if it.id == stage else it for it in workflow.stages)
    return msgspec.structs.replace(workflow, version=2, stages=stages)


def kinds(plan: Plan) -> list[str]:
    return [str(step.action.__struct_config__.tag) for step in plan.steps]


def step_of(plan: Plan, kind: type, subject: str) -> Step:
    return next(step for step in plan.steps if isinstance(step.action, kind) and step.subject == subject)


def reason(refused: Refused) -> str:
    return f"{refused.reason} {refused.mend}"


def test_a_promotion_takes_snapshots_then_starts_then_writes_then_verifies() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)

        plan = desk.engine.plan(desk.promotion(shop, "production"))

        assert kinds(plan) == ["snapshot"] * 3 + ["start"] + ["member"] * 3 + ["verify"]
        start = step_of(plan, Start, "shop-lb")
        assert set(start.after) == {step.key for step in plan.steps if isinstance(step.action, TakeSnapshot)}
        assert step_of(plan, WriteMember, "shop-db").after == (start.key,)
        assert len(plan.steps[-1].after) == 3
        assert plan.asks
        assert sum(step.estimate.bytes for step in plan.steps) == 30 * GIB
        assert any("power cut" in warning for warning in plan.warnings)

    virtually(story)


def test_equal_states_give_equal_digests_and_what_is_volatile_does_not_matter() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = desk.promotion(shop, "production")
        before = desk.engine.plan(command)

        office.pool.change_record(SR, physical_utilisation=100 * GIB)

        assert desk.engine.plan(command).digest == before.digest

    virtually(story)


def test_members_start_in_ascending_and_stop_in_descending_order() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(changed("production", entry=EntryAction.STOP, protection=()))

        plan = desk.engine.plan(desk.promotion(shop, "production"))

        web, db = step_of(plan, ShutDown, "shop-web"), step_of(plan, ShutDown, "shop-db")
        assert db.after == (web.key,)
        assert plan.asks
        assert plan.downtime_s == 60.0
        assert "2 running machines will be shut down and stay so." in plan.warnings
        assert isinstance(plan.steps[-1].action, Verify)
        assert plan.steps[-1].action.running == ()

    virtually(story)


def test_a_plan_that_starts_a_machine_asks_also_where_nothing_is_protected() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(changed("production", entry=EntryAction.START, protection=()))

        plan = desk.engine.plan(desk.promotion(shop, "production"))

        assert "start" in kinds(plan)
        assert plan.downtime_s == 0
        assert plan.asks

    virtually(story)


def test_a_demotion_that_keeps_the_disks_takes_no_snapshot() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)

        plan = desk.engine.plan(desk.demotion(shop, "patch-testing"))

        assert kinds(plan) == ["member"] * 3 + ["verify"]
        assert not plan.asks
        assert "The disks stay as they are now." in plan.warnings

    virtually(story)


@pytest.mark.parametrize(
    ("source_blocks", "target_blocks", "expected"),
    [
        (("start",), (), ["member", "member", "member", "start", "verify"]),
        ((), ("start",), ["start", "member", "member", "member", "verify"]),
        (("clean_shutdown",), ("start",), None),
    ],
)
def test_power_comes_before_the_stage_unless_the_protection_left_behind_forbids_it(
    source_blocks: tuple[str, ...], target_blocks: tuple[str, ...], expected: list[str] | None
) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.engine.publish_default()
        await desk.publish(
            Workflow(
                **{
                    **{name: getattr(default_workflow(), name) for name in ("id", "name", "transitions")},
                    "version": 2,
                    "stages": tuple(
                        msgspec.structs.replace(
                            stage,
                            protection={"staging": source_blocks, "patch-testing": target_blocks}.get(stage.id, ()),
                            entry=EntryAction.START,
                        )
                        for stage in default_workflow().stages
                    ),
                }
            )
        )
        shop = await office.shop(desk)

        if expected is None:
            refused = desk.refusal(desk.demotion(shop, "patch-testing"))
            assert "both forbid to change the power" in refused.reason
        else:
            plan = desk.engine.plan(desk.demotion(shop, "patch-testing"))
            assert kinds(plan) == expected
            assert (await desk.do(desk.demotion(shop, "patch-testing"))).error is None

    virtually(story)


def test_a_return_to_the_restore_point_sets_the_present_aside_first() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))

        plan = desk.engine.plan(desk.demotion(shop, "staging", Disks.RESTORE))

        assert kinds(plan) == (
            ["shut-down"] * 3 + ["snapshot"] * 3 + ["revert", "member"] * 3 + ["start"] * 3 + ["verify"]
        )
        asides = {step.key for step in plan.steps if isinstance(step.action, TakeSnapshot)}
        assert all(set(step.after) == asides for step in plan.steps if str(step.key).endswith("revert"))
        assert plan.asks
        assert "on 3 disks (30 GiB) of shop-db, shop-web and shop-lb leaves the machines" in plan.warnings[0]
        assert plan.downtime_s == pytest.approx(3 * 30 + 4 + 8 + 0.5 + 3 * 20)

    virtually(story)


@pytest.mark.parametrize(("entry", "starts"), [(EntryAction.LEAVE, 2), (EntryAction.STOP, 0), (EntryAction.START, 3)])
def test_after_a_return_runs_what_the_stage_or_the_restore_point_says(entry: EntryAction, starts: int) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        await desk.publish(changed("staging", entry=entry))

        plan = desk.engine.plan(desk.demotion(shop, "staging", Disks.RESTORE))

        assert kinds(plan).count("start") == starts
        assert any("stay so" in warning for warning in plan.warnings) is (starts < 3)

    virtually(story)


def test_a_restore_point_of_another_console_that_does_not_say_what_ran_leaves_running_what_runs() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        await desk.publish(changed("staging", entry=EntryAction.LEAVE))
        for snapshot in [vm for vm in office.pool.vms() if vm.is_a_snapshot]:
            mark = msgspec.json.decode(snapshot.other_config[RESTORE_POINT_KEY])
            del mark["was_running"]
            text = msgspec.json.encode(mark).decode()
            office.pool.change(snapshot.uuid, other_config={**snapshot.other_config, RESTORE_POINT_KEY: text})

        plan = desk.engine.plan(desk.demotion(shop, "staging", Disks.RESTORE))

        assert kinds(plan).count("start") == 3

    virtually(story)


def test_a_disk_added_since_the_restore_point_is_named() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        office.pool.add_disk(desk.member(shop, "shop-db"), "scratch")

        plan = desk.engine.plan(desk.demotion(shop, "staging", Disks.RESTORE))

        assert plan.warnings[1] == "Added since and not in the restore point: scratch; they are detached and kept."

    virtually(story)


def test_a_newer_restore_point_that_lacks_a_member_is_passed_over_and_said() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        await desk.do(desk.demotion(shop, "staging"))
        await asyncio.sleep(60)
        await desk.do(desk.promotion(shop, "production"))
        newest = desk.card(shop).restore_points[0]
        office.pool.destroy_snapshot(newest.snapshots[desk.member(shop, "shop-db")])

        plan = desk.engine.plan(desk.demotion(shop, "staging", Disks.RESTORE))

        assert "passed over" in plan.warnings[-1]

    virtually(story)


async def in_production(office: Office, desk: Desk) -> ConfigurationId:
    shop = await office.shop(desk)
    assert (await desk.do(desk.promotion(shop, "production"))).error is None
    return shop


def test_a_return_is_refused_where_it_would_destroy_or_cannot_work() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await in_production(office, desk)
        back = desk.demotion(shop, "staging", Disks.RESTORE)
        db = desk.member(shop, "shop-db")
        pool = office.pool

        def refused_while(uuid: str, **fields: object) -> str:
            before = pool.vm(uuid)  # type: ignore[arg-type]
            pool.change(before.uuid, **fields)
            found = reason(desk.refusal(back))
            pool.put_vm(before)
            return found

        assert "virtual TPM" in refused_while(db, VTPMs=(Ref("OpaqueRef:tpm"),))
        assert "Start is blocked" in refused_while(db, blocked_operations={"start": "mine"})
        assert "Snapshot is blocked" in refused_while(db, blocked_operations={"snapshot": "mine"})
        assert "Revert is blocked" in refused_while(
            desk.card(shop).restore_points[0].snapshots[db], blocked_operations={"revert": "mine"}
        )
        assert "Clean shutdown is blocked" in refused_while(db, blocked_operations={"clean_shutdown": "mine"})
        await desk.publish(changed("production", protection=("clean_shutdown",)))
        assert "forbids to change the power" in reason(desk.refusal(back))

    virtually(story)


def test_a_return_needs_a_whole_restore_point_of_just_these_members() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        assert "no restore point from Patch testing" in reason(
            desk.refusal(desk.demotion(shop, "patch-testing", Disks.RESTORE))
        )
        await desk.do(desk.promotion(shop, "production"))
        point = desk.card(shop).restore_points[0]
        extra = office.pool.add_vm("shop-extra")
        extra_mark = office.pool.vm(point.snapshots[desk.member(shop, "shop-db")])
        stray = office.pool.snapshot(extra.uuid, "copy")
        mark = msgspec.json.decode(extra_mark.other_config[RESTORE_POINT_KEY])
        mark["vm"] = extra.uuid
        office.pool.change(stray, other_config={RESTORE_POINT_KEY: msgspec.json.encode(mark).decode()})
        back = desk.demotion(shop, "staging", Disks.RESTORE)
        assert "no member any more" in reason(desk.refusal(back))
        office.pool.destroy_snapshot(stray)

        office.pool.destroy_snapshot(point.snapshots[desk.member(shop, "shop-db")])

        assert "no snapshot of shop-db" in reason(desk.refusal(back))

    virtually(story)
