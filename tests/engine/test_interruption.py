"""What ends a run before its time, and what it leaves."""

import asyncio

import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_recovery import reason_of
from xsconsole.domain.board import Standing
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.wording.record import event_sentence
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Confirmed, Direction
from xsconsole.engine.ports import Field
from xsconsole.errors import (
    Interrupted,
    PoolFailed,
    StoreFailed,
)


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


def test_what_had_not_happened_is_not_said_to_be_put_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        desk.port.on_call = lambda method: run.stop() if method == "snapshot" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        desk.port.on_call = lambda _: None
        began = {fact.step for fact in desk.ledger.facts if fact.event is AuditEvent.STEP_INTENDED}
        left = len(desk.ledger.facts)

        assert (await desk.settle(shop, Direction.UNDO)).state is RunState.UNDONE

        rows = [(fact.event, fact.step, event_sentence(fact)) for fact in desk.ledger.facts[left:] if fact.step]
        of_others = [(event, sentence) for event, step, sentence in rows if step not in began]
        assert of_others == [
            (AuditEvent.UNDO_SETTLED, "Put back: nothing, as “Start shop-lb” had not happened"),
        ]

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
        first, then = status.error.reason.split(" Then ")
        assert first.startswith("“Start shop-")
        assert first.endswith("” failed: " + explain(PoolFailed(code="NO_HOSTS_AVAILABLE")).failed)
        assert then.startswith("“Destroy the snapshot of shop-")
        assert "The storage failed" in then
        assert (await desk.settle(shop, Direction.RESUME)).state is RunState.DONE
        assert desk.card(shop).stage == "production"
        assert desk.card(shop).restore_points[0].is_whole

    virtually(story)
