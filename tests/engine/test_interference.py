"""What others do to the pool while a run goes on, and what the engine finds out."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_recovery import reason_of
from tests.engine.test_relocation import Scene
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import RunId
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import Notice, explain
from xsconsole.engine.commands import Confirmed, Direction
from xsconsole.engine.facts import cause_of
from xsconsole.errors import (
    HeldElsewhere,
    PlanIsStale,
    PoolFailed,
    Refused,
    RunFailed,
    VerificationFailed,
)


def test_what_somebody_changes_behind_the_run_is_found_by_the_verification() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        db, web, lb = (desk.member(shop, role) for role in ("shop-db", "shop-web", "shop-lb"))
        run = await desk.open(desk.promotion(shop, "production"))

        def meddle(method: str) -> None:
            if AuditEvent.STEP_SETTLED in desk.ledger.events()[-2:] and run.status.current == ("08-verify",):
                office.pool.change(db, other_config={})
                office.pool.change(web, power_state="Halted")
                desk.port.on_call = lambda _: None

        desk.port.on_call = meddle
        status = await run.wait()

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, VerificationFailed)
        assert status.error.cause.differences == ("shop-db carries another value", "shop-web does not run")
        assert office.pool.vm(lb).power_state == "Halted"

    virtually(story)


def test_a_restore_point_that_somebody_removes_under_way_is_told_and_nothing_is_put_back_for_it() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))

        def tidy(method: str) -> None:
            for snapshot in office.pool.snapshots_of(desk.member(shop, "shop-db")) if method == "start" else ():
                office.pool.destroy_snapshot(snapshot.uuid)

        desk.port.on_call = tidy
        status = await run.wait()

        assert status.state is RunState.DONE
        assert list(status.remarks.values()) == [
            "Somebody removed the restore point of shop-db meanwhile: nothing leads back to those disks."
        ]

    virtually(story)


def test_a_member_that_goes_during_the_run_fails_it_and_does_not_hinder_the_way_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        lb = desk.member(shop, "shop-lb")
        run = await desk.open(desk.promotion(shop, "production"))

        def forget(method: str) -> None:
            if method == "start" and office.pool.find(lb):
                office.pool.forget(lb)

        desk.port.on_call = forget
        status = await run.wait()

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, PoolFailed)
        assert desk.card(shop).standing is Standing.INCOMPLETE

    virtually(story)


def test_a_member_that_goes_while_its_disk_moves_is_named_and_its_restore_point_is_kept_and_said_to_be() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, lb = scene.desk, scene.desk.member(scene.shop, "shop-lb")
        for other in (desk.member(scene.shop, "shop-db"), desk.member(scene.shop, "shop-web")):
            await desk.port.placing.move_disk(other, "0", scene.fast.uuid, RunId("by hand"), lambda _: None)
        desk.port.faults.append(Fault(method="move_disk", code="VDI_NEEDS_VM_FOR_MIGRATE", parameters=("OpaqueRef:1",)))

        def forget(method: str) -> None:
            if method == "move_disk" and scene.pool.find(lb):
                scene.pool.forget(lb)

        desk.port.on_call = forget
        status = await desk.do(desk.promotion(scene.shop, "production"))

        told = explain(status.error) if status.error else Notice(failed="nothing")
        assert told.failed.endswith("failed: The machine “shop-lb” is gone from the pool.")
        assert isinstance(status.error, RunFailed)
        assert "Keep the snapshot of shop-lb, whose machine is gone" in status.error.undone
        assert [said for said in status.error.undone if "shop-lb" in said] == [
            "Keep the snapshot of shop-lb, whose machine is gone"
        ]
        rows = [fact.details for fact in desk.ledger.facts if fact.event is AuditEvent.UNDO_SETTLED and fact.details]
        assert "Keep the snapshot of shop-lb, whose machine is gone" in [row["what"] for row in rows]

    virtually(story)


def test_a_machine_on_a_host_that_does_not_answer_is_not_taken_for_running() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))

        def die(method: str) -> None:
            if method == "start":
                metrics = office.pool.records[office.pool.host.metrics]
                office.pool.put(msgspec.structs.replace(metrics, live=False))

        desk.port.on_call = die
        status = await run.wait()

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, VerificationFailed)
        assert (
            "the host of shop-db does not answer, so that nobody knows whether it runs"
            in status.error.cause.differences
        )

    virtually(story)


def test_every_member_can_go_and_the_way_back_still_ends() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        members = [member.uuid for member in desk.card(shop).members]
        await desk.do(desk.promotion(shop, "production"))
        run = await desk.open(desk.demotion(shop, "staging", Disks.RESTORE))

        def forget(method: str) -> None:
            if method == "start":
                for uuid in members:
                    if office.pool.find(uuid):
                        office.pool.forget(uuid)

        desk.port.on_call = forget
        status = await run.wait()

        assert status.state is RunState.UNDONE
        await desk.engine.close()

    virtually(story)


def test_a_machine_started_by_somebody_is_not_reverted_under_its_feet() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        db = desk.member(shop, "shop-db")
        run = await desk.open(desk.demotion(shop, "staging", Disks.RESTORE))

        taken = 0

        def after_snapshots(method: str) -> None:
            nonlocal taken
            taken += method == "snapshot"
            if taken == 3 and run.status.current and any("revert" in key for key in run.status.current):
                office.pool.change(db, power_state="Running")
                desk.port.on_call = lambda _: None

        desk.port.on_call = after_snapshots
        status = await run.wait()

        assert isinstance(status.error, RunFailed)
        assert "runs, and a return to a snapshot would stop it" in str(status.error.cause)

    virtually(story)


def test_where_the_snapshot_set_aside_is_gone_it_is_said_and_the_run_can_go_forward() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        run = await desk.open(desk.demotion(shop, "staging", Disks.RESTORE))
        desk.port.on_call = lambda method: run.stop() if method == "start" else None
        await run.wait()
        for vm in office.pool.vms():
            if vm.is_a_snapshot and "set aside" in vm.name_label:
                office.pool.destroy_snapshot(vm.uuid)
        desk.port.on_call = lambda _: None

        status = await desk.settle(shop, Direction.UNDO)
        assert "snapshot that was set aside is gone" in reason_of(status)

        status = await desk.settle(shop, Direction.RESUME)
        assert status.state is RunState.DONE

    virtually(story)


def test_a_view_that_lags_behind_refuses_instead_of_deciding_on_old_news() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        old = two.promotion(shop, "production")
        digest = two.engine.plan(old).digest
        two.is_deaf = True
        await one.do(one.promotion(shop, "production"))

        with pytest.raises(Refused, match="has not caught up"):
            await two.engine.open(Confirmed(command=old, digest=digest))

        two.is_deaf = False
        assert two.engine.watch.holder_of(f"configuration.{shop}") is None

    virtually(story)


def test_what_the_pool_says_under_the_lease_counts_and_not_the_mirror() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = desk.promotion(shop, "production")
        digest = desk.engine.plan(command).digest
        desk.is_deaf_to_machines = True
        office.pool.change(desk.member(shop, "shop-lb"), power_state="Running")

        with pytest.raises(PlanIsStale):
            await desk.engine.open(Confirmed(command=command, digest=digest))
        with pytest.raises(PlanIsStale):
            await desk.engine.open(Confirmed(command=command, digest="something else"))  # type: ignore[arg-type]

        assert desk.ledger.events()[-1] is AuditEvent.COMMAND_REFUSED

        # What tries again by itself leaves a row of it until the reason is another one.
        wrong = Confirmed(command=command, digest="something else")  # type: ignore[arg-type]
        causes = []
        for refused_before in ("", "another reason"):
            with pytest.raises(PlanIsStale) as refused:
                await desk.engine.open(replace(wrong, refused_before=refused_before))
            causes.append(cause_of(refused.value))
        on_record = len(desk.ledger.facts)
        with pytest.raises(PlanIsStale) as again:
            await desk.engine.open(replace(wrong, refused_before=causes[0]))
        assert again.value.is_recorded
        assert len(desk.ledger.facts) == on_record
        assert desk.ledger.events()[-2:] == [AuditEvent.COMMAND_REFUSED] * 2
        held = HeldElsewhere(reason="quiet for 3 s", mend="", holder="ann", console="laptop", quiet_s=3)
        assert cause_of(held) == cause_of(replace(held, reason="quiet for 9 s", quiet_s=9))

    virtually(story)
