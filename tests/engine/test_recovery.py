"""Runs that stopped half-way: by death, by a lost road, lease or ledger; and how they are settled."""

import asyncio

import msgspec
import pytest

from tests.engine.desks import CountingIds, Desk, MemoryLedger, Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.poolstate import encode_run, run_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.commands import Direction, Settle
from xsconsole.engine.ports import Field
from xsconsole.engine.runs.lease import Leases, LeaseTiming
from xsconsole.engine.runs.run_record import standing_run
from xsconsole.errors import (
    HeldElsewhere,
    Interrupted,
    Refused,
    RunFailed,
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


def test_a_run_that_ends_before_the_feed_tells_is_not_taken_for_an_interrupted_one() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        run = await one.open(one.promotion(shop, "production"))
        await two.until(lambda: two.card(shop).run)
        two.is_deaf = True
        assert (await run.wait()).state is RunState.DONE

        await two.engine.begin()
        with pytest.raises(Refused):
            await two.settle(shop, Direction.UNDO)

        assert two.card(shop).standing is Standing.RUNNING
        assert two.engine.watch.holder_of(f"configuration.{shop}") is None

    virtually(story)


def test_a_run_that_ended_here_is_never_shown_as_an_interrupted_one() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        await desk.until(lambda: desk.card(shop).run)
        desk.is_deaf = True

        assert (await run.wait()).state is RunState.DONE

        assert desk.card(shop).standing is Standing.RUNNING

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
