"""The engine with the real gateway and the real store on the embedded pool: scenario acme, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.engine.seats import Seat, seated
from xsconsole.domain.board import Standing
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import Disks
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.engine.commands import Confirmed, Direction, Settle
from xsconsole.errors import HeldElsewhere, PoolFailed, Refused, RunFailed


@pytest.fixture
async def seats(tmp_path: Path) -> AsyncIterator[tuple[EmbeddedPool, Seat, Seat]]:
    """Two people with the role pool-operator or more, at one pool."""
    with embedded_pool("--speed", "100") as pool:
        async with seated(pool, tmp_path, "alice", "adam") as (alice, adam):
            yield pool, alice, adam


async def test_shop_goes_to_production_and_the_other_console_sees_it(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert status.error is None
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "production" and not adam.card("shop 1.3.0").run)
    card = adam.card("shop 1.3.0")
    assert card.standing is Standing.WHOLE
    assert card.restore_points[0].is_whole
    assert (await alice.ledger.open_runs()) == ()
    assert (await alice.events())[-1] is AuditEvent.RUN_CLOSED


async def test_the_way_back_returns_to_the_restore_point(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats
    await alice.do(alice.promotion("shop 1.3.0", "production"))
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "production" and not adam.card("shop 1.3.0").run)
    before = adam.disks("shop 1.3.0")

    status = await adam.do(adam.demotion("shop 1.3.0", "staging", Disks.RESTORE))

    assert status.error is None
    await adam.until(lambda: adam.card("shop 1.3.0").stage == "staging" and not adam.card("shop 1.3.0").run)
    card = adam.card("shop 1.3.0")
    assert card.standing is Standing.WHOLE
    assert {member.power_state for member in card.members} == {"Running"}
    assert not before & adam.disks("shop 1.3.0")


async def test_a_failed_return_puts_the_present_back(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    pool, alice, _ = seats
    await alice.do(alice.promotion("shop 1.3.0", "production"))
    await alice.until(lambda: alice.card("shop 1.3.0").stage == "production" and not alice.card("shop 1.3.0").run)
    snapshots = sum(vm.is_a_snapshot for vm in alice.inventory.all(VM))
    pool.control("fail", method="VM.revert", nth=3, code="VM_REVERT_FAILED", params=["a", "b"])

    status = await alice.do(alice.demotion("shop 1.3.0", "staging", Disks.RESTORE))

    assert status.state is RunState.UNDONE
    await alice.until(lambda: not alice.card("shop 1.3.0").run)
    await alice.until(lambda: sum(vm.is_a_snapshot for vm in alice.inventory.all(VM)) == snapshots)
    card = alice.card("shop 1.3.0")
    assert (card.stage, card.standing) == ("production", Standing.WHOLE)
    assert {member.power_state for member in card.members} == {"Running"}
    assert all("destroy" in _vm(alice, member.uuid).blocked_operations for member in card.members)


async def test_a_full_storage_leaves_the_card_where_it_was(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    pool, alice, _ = seats
    snapshots = sum(vm.is_a_snapshot for vm in alice.inventory.all(VM))
    pool.control("fail", method="VM.snapshot", nth=3, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert isinstance(status.error, RunFailed)
    assert isinstance(status.error.cause, PoolFailed)
    assert status.error.cause.code == "SR_BACKEND_FAILURE_44"
    await alice.until(lambda: not alice.card("shop 1.3.0").run)
    assert alice.card("shop 1.3.0").stage == "staging"
    await alice.until(lambda: sum(vm.is_a_snapshot for vm in alice.inventory.all(VM)) == snapshots)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["VM.snapshot", "VM.add_to_other_config", "pool.add_to_other_config"])
async def test_a_broken_road_does_nothing_twice(seats: tuple[EmbeddedPool, Seat, Seat], method: str, when: str) -> None:
    pool, alice, _ = seats
    pool.control("drop", method=method, nth=3, when=when)

    status = await alice.do(alice.promotion("shop 1.3.0", "production"))

    assert status.error is None
    await alice.until(lambda: alice.card("shop 1.3.0").stage == "production" and not alice.card("shop 1.3.0").run)
    taken = [vm for vm in alice.inventory.all(VM) if vm.is_a_snapshot and vm.name_label.startswith("shop 1.3.0 before")]
    assert len(taken) == 4


async def test_of_two_consoles_at_the_same_moment_one_wins(seats: tuple[EmbeddedPool, Seat, Seat]) -> None:
    _, alice, adam = seats

    async def attempt(seat: Seat) -> RunStatus | Refused:
        try:
            return await seat.do(seat.promotion("shop 1.3.0", "production"))
        except Refused as refusal:
            return refusal

    ended = await asyncio.gather(attempt(alice), attempt(adam))

    won = [status for status in ended if isinstance(status, RunStatus)]
    lost = [refusal for refusal in ended if isinstance(refusal, Refused)]
    assert [status.state for status in won] == [RunState.DONE]
    assert isinstance(lost[0], HeldElsewhere)
    assert lost[0].console in ("desk of alice", "desk of adam")


@pytest.mark.parametrize("direction", list(Direction))
async def test_another_console_settles_what_the_first_left(
    seats: tuple[EmbeddedPool, Seat, Seat], direction: Direction
) -> None:
    _, alice, adam = seats
    command = alice.promotion("shop 1.3.0", "production")
    run = await alice.doing.open(Confirmed(command=command, digest=alice.doing.plan(command).digest))
    run.stop()
    assert (await run.wait()).state is RunState.INTERRUPTED
    await adam.until(lambda: adam.card("shop 1.3.0").standing is Standing.INTERRUPTED)

    settled = await adam.doing.settle(Settle(configuration=command.configuration, direction=direction))
    status = await settled.wait()

    assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
    await adam.until(lambda: adam.card("shop 1.3.0").standing is Standing.WHOLE)
    stage = "production" if direction is Direction.RESUME else "staging"
    assert adam.card("shop 1.3.0").stage == stage
    await alice.doing.reconcile()
    assert (await alice.ledger.open_runs()) == ()
    assert (await adam.ledger.open_runs()) == ()


def _vm(seat: Seat, uuid: str) -> VM:
    return next(vm for vm in seat.inventory.all(VM) if vm.uuid == uuid)
