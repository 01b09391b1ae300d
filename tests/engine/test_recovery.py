"""Runs that stopped half-way: by death, by a lost road, lease or ledger; and how they are settled."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from tests.engine.desks import CountingIds, Desk, MemoryLedger, Office, virtually
from tests.engine.memory_pool import Fault
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.plan import Disks
from xsconsole.domain.poolstate import encode_run, numbers, run_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.commands import Confirmed, Direction, Settle
from xsconsole.engine.lease import Leases, LeaseTiming
from xsconsole.engine.ports import Field
from xsconsole.engine.run_record import standing_run
from xsconsole.errors import (
    HeldElsewhere,
    Interrupted,
    PlanIsStale,
    PoolFailed,
    Refused,
    RunFailed,
    StoreFailed,
    VerificationFailed,
)


def reason_of(status: RunStatus) -> str:
    assert isinstance(status.error, Interrupted), status.error
    return status.error.reason


async def left_half_way(office: Office, desk: Desk, calls: int) -> ConfigurationId:
    """Leave a promotion of shop after so many calls of the pool that change something."""
    shop = await office.shop(desk)
    run = await desk.open(desk.promotion(shop, "production"))
    seen = 0

    def count(method: str) -> None:
        nonlocal seen
        seen += method in ("snapshot", "start")
        if seen == calls:
            run.stop()

    desk.port.on_call = count
    assert (await run.wait()).state is RunState.INTERRUPTED
    desk.port.on_call = lambda _: None
    return shop


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("calls", [1, 3, 4])
def test_what_one_console_left_another_with_an_empty_home_settles(calls: int, direction: Direction) -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await left_half_way(office, one, calls)
        assert two.card(shop).standing is Standing.INTERRUPTED

        status = await two.settle(shop, direction)

        assert status.error is None
        assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
        card = two.card(shop)
        assert card.standing is Standing.WHOLE
        assert card.stage == ("production" if direction is Direction.RESUME else "staging")
        await one.engine.reconcile()
        for desk in (one, two):
            assert await desk.ledger.open_runs() == ()
        assert one.ledger.facts[-1].outcome is Outcome.OBSERVED

    virtually(story)


def test_there_must_be_something_to_settle_and_nobody_working_on_it() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        with pytest.raises(Refused, match="Nothing is left"):
            await one.settle(shop, Direction.UNDO)
        run = await one.open(one.promotion(shop, "production"))
        await one.until(lambda: one.card(shop).run)

        with pytest.raises(HeldElsewhere):
            await two.settle(shop, Direction.UNDO)
        with pytest.raises(HeldElsewhere, match="This console"):
            await one.settle(shop, Direction.UNDO)

        assert (await run.wait()).state is RunState.DONE
        assert two.ledger.events()[-1] is AuditEvent.COMMAND_REFUSED

    virtually(story)


def test_a_run_that_was_settled_while_its_lease_was_waited_for_is_not_settled_twice() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await left_half_way(office, one, 2)
        stem = run_stem(shop)

        def settle_first(method: str) -> None:
            if method == "add_key":
                keys = {key: text for key, text in office.pool.keys.items() if not key.startswith(stem)}
                office.pool.set_map(Field.POOL, None, keys)

        two.port.on_call = settle_first

        with pytest.raises(Refused, match="Nothing is left"):
            await two.settle(shop, Direction.RESUME)
        assert two.engine.watch.holder_of(f"configuration.{shop}") is None

    virtually(story)


def test_a_run_record_of_a_newer_console_is_left_alone() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await left_half_way(office, desk, 2)
        stem = run_stem(shop)
        record = standing_run(office.pool.keys, shop)
        assert record is not None
        newer = encode_run(msgspec.structs.replace(record, schema=2))
        keys = {key: text for key, text in office.pool.keys.items() if not key.startswith(stem)}
        office.pool.set_map(Field.POOL, None, {**keys, f"{stem}.9": newer})

        with pytest.raises(Refused, match="does not understand"):
            await desk.settle(shop, Direction.UNDO)

    virtually(story)


def test_a_pool_that_stays_away_interrupts_the_run_and_the_way_back_is_found_later() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)

        def leave(method: str) -> None:
            office.pool.is_away = office.pool.is_away or method == "start"

        desk.port.on_call = leave
        status = await desk.do(desk.promotion(shop, "production"))

        assert "No coordinator" in reason_of(status)
        assert isinstance(status.error, Interrupted)
        assert "Start shop-lb" in status.error.left_behind
        desk.port.on_call = lambda _: None
        office.pool.is_away = False
        assert desk.card(shop).standing is Standing.INTERRUPTED
        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE
        assert desk.card(shop).standing is Standing.WHOLE
        assert not any(vm.is_a_snapshot for vm in office.pool.vms())

    virtually(story)


def test_a_holder_that_was_asleep_stops_when_another_console_took_over() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        run = await one.open(one.promotion(shop, "production"))
        thing = f"configuration.{shop}"
        is_taken = False

        def take_over(method: str) -> None:
            nonlocal is_taken
            if method == "start" and not is_taken:
                is_taken = True
                number = numbers(office.pool.keys, f"xsconsole.lease.{thing}")[0]
                text = office.pool.keys[f"xsconsole.lease.{thing}.{number}"].replace("process-1", "process-2")
                text = text.replace("desk-1", "desk-2")
                key = f"xsconsole.lease.{thing}.{number + 1}"
                office.pool.set_map(Field.POOL, None, {**office.pool.keys, key: text})

        one.port.on_call = take_over
        status = await run.wait()

        assert "desk-2 took it over" in reason_of(status)
        await asyncio.sleep(61)
        assert (await two.settle(shop, Direction.RESUME)).state is RunState.DONE

    virtually(story)


def test_without_its_row_no_step_is_taken() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = desk.promotion(shop, "production")
        digest = desk.engine.plan(command).digest
        desk.ledger.is_full = True

        with pytest.raises(StoreFailed):
            await desk.engine.open(Confirmed(command=command, digest=digest))

        assert not any(vm.is_a_snapshot for vm in office.pool.vms())
        assert desk.engine.watch.holder_of(f"configuration.{shop}") is None

    virtually(story)


@pytest.mark.parametrize("method", ["snapshot", "start"])
def test_a_ledger_that_fails_half_way_interrupts_and_begins_nothing_more(method: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)

        def fill(called: str) -> None:
            desk.ledger.is_full = desk.ledger.is_full or called == method

        desk.port.on_call = fill
        status = await desk.do(desk.promotion(shop, "production"))

        assert reason_of(status) == "The disk is full."
        assert desk.port.calls.count("start") <= 1
        desk.port.on_call = lambda _: None
        desk.ledger.is_full = False
        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE
        assert desk.card(shop).standing is Standing.WHOLE

    virtually(story)


def test_a_step_that_cannot_be_undone_leaves_the_run_to_be_settled() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        desk.port.faults += [
            Fault(method="start", code="NO_HOSTS_AVAILABLE"),
            Fault(method="destroy_snapshot", nth=2, code="SR_BACKEND_FAILURE_80"),
        ]

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.INTERRUPTED
        assert AuditEvent.UNDO_FAILED in desk.ledger.events()
        assert isinstance(status.error, Interrupted)
        assert status.error.undone
        assert (await desk.settle(shop, Direction.RESUME)).state is RunState.DONE
        assert desk.card(shop).stage == "production"
        assert desk.card(shop).restore_points[0].is_whole

    virtually(story)


def test_a_run_that_is_aborted_is_put_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.on_call = lambda method: run.abort() if method == "snapshot" else None

        status = await run.wait()

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert desk.card(shop).stage == "staging"
        assert run.id in {known.run for known in desk.engine.runs}
        assert desk.engine.run(run.id) is run

    virtually(story)


def test_closing_stops_at_the_next_step_even_while_putting_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        desk.port.faults.append(Fault(method="start", code="NO_HOSTS_AVAILABLE"))
        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.on_call = lambda method: run.stop() if method == "destroy_snapshot" else None

        await desk.engine.close()

        assert reason_of(run.status) == "The console was closed."
        assert desk.card(shop).standing is Standing.INTERRUPTED
        await office.desk().engine.close()

    virtually(story)


def test_a_record_that_the_pool_refuses_ends_the_run_before_anything_happened() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.faults.append(Fault(method="add_key", code="RBAC_PERMISSION_DENIED"))

        status = await run.wait()

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert status.error.undone == ()
        assert desk.card(shop).standing is Standing.WHOLE
        assert await desk.ledger.open_runs() == ()

    virtually(story)


def test_a_record_that_can_no_longer_be_written_interrupts() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))

        def refuse(method: str) -> None:
            if method == "start":
                desk.port.faults += [Fault(method="add_key", code="RBAC_PERMISSION_DENIED") for _ in range(3)]

        desk.port.on_call = refuse
        status = await run.wait()

        assert "does not permit" in reason_of(status)
        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE

    virtually(story)


def test_what_only_other_programs_see_may_fail() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        desk.port.faults += [Fault(method="define_stage_field"), Fault(method="announce")]

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.DONE

    virtually(story)


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


@pytest.mark.parametrize("cut_at", range(1, 120, 5))
def test_a_run_whose_undoing_was_cut_off_can_still_go_forward(cut_at: int) -> None:
    async def story() -> None:
        office = Office()
        desk, other = office.desk(), office.desk()
        vms = [office.pool.add_vm("db", "Running"), office.pool.add_vm("web", "Running", order=1)]
        shop = await office.configuration(desk, "shop", "1", "staging", [vm.uuid for vm in vms])
        await desk.do(desk.promotion(shop, "production"))
        desk.port.faults.append(Fault(method="start", nth=2, code="NO_HOSTS_AVAILABLE"))
        await desk.open(desk.demotion(shop, "staging", Disks.RESTORE))
        desk.port.on_call = _cut_while_undoing(desk, cut_at)
        await asyncio.sleep(90)
        assert desk.is_dead

        status = await other.settle(shop, Direction.RESUME)

        assert status.state is RunState.DONE, status.error
        assert other.card(shop).stage == "staging"
        assert {member.power_state for member in other.card(shop).members} == {"Running"}

    virtually(story)


def _cut_while_undoing(desk: Desk, cut_at: int) -> Callable[[str], None]:
    def count(method: str) -> None:
        if AuditEvent.RUN_UNDOING in desk.ledger.events() and desk.cut_at is None:
            desk.cut_at = cut_at

    return count


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

    virtually(story)


def test_a_run_that_died_before_its_record_stood_is_closed_at_the_next_start() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.open(desk.promotion(shop, "production"))
        desk.kill()
        await asyncio.sleep(1)

        again = office.desk(desk.ledger)
        await again.engine.begin()

        assert await again.ledger.open_runs() == ()
        assert again.ledger.facts[-1].outcome is Outcome.OBSERVED
        assert again.card(shop).standing is Standing.WHOLE

    virtually(story)


def test_runs_of_another_pool_or_of_a_living_console_are_not_closed() -> None:
    async def story() -> None:
        office = Office()
        window = office.desk()
        shop = await office.shop(window)
        run = await window.open(window.promotion(shop, "production"))
        await window.engine.reconcile()
        command_line = office.desk(MemoryLedger(facts=list(window.ledger.facts)))

        await command_line.engine.begin()

        assert len(await command_line.ledger.open_runs()) == 1
        assert (await run.wait()).state is RunState.DONE
        command_line.port.identity = type(command_line.port.identity)(
            pool=Uuid("another"), pool_name="b", actor="c", role="d", session="e"
        )
        await command_line.engine.reconcile()
        assert len(await command_line.ledger.open_runs()) == 1

    virtually(story)


def test_a_bug_ends_the_run_as_interrupted_and_is_reported() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        bugs: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: bugs.append(context["message"]))

        def fail(method: str) -> None:
            if method == "snapshot":
                raise ZeroDivisionError

        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.on_call = fail
        status = await run.wait()
        await desk.engine.close()

        assert status.state is RunState.INTERRUPTED
        assert bugs == [f"run {run.id} ended by a bug"]
        desk.port.on_call = lambda _: None
        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE

    virtually(story)


def test_a_bug_of_the_renewal_is_not_hidden() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        held = Leases(
            pool=desk.port,
            ledger=desk.ledger,
            clock=desk.clock,
            ids=CountingIds(1),
            watch=desk.engine.watch,
            me=desk.me,
            timing=LeaseTiming(),
        )
        await held.take(["thing"])

        def fail(method: str) -> None:
            desk.port.on_call = lambda _: None
            raise ZeroDivisionError

        async def work() -> None:
            async with held.kept():
                desk.port.on_call = fail
                await asyncio.sleep(20)

        with pytest.raises(ZeroDivisionError):
            await work()

    virtually(story)


def test_settling_is_a_command_with_a_reason() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await left_half_way(office, desk, 2)

        run = await desk.engine.settle(
            Settle(configuration=shop, direction=Direction.UNDO, reason="the release is off")
        )
        await run.wait()

        opening = next(fact for fact in desk.ledger.facts if fact.event is AuditEvent.RUN_UNDOING)
        assert opening.reason == "the release is off"

    virtually(story)
