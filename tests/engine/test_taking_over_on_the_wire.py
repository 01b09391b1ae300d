"""Machines move into a place that somebody has, on the embedded pool, over HTTP: there, back, and cut off between."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.pool_state import footprint
from tests.engine.seats import Seat, seated
from tests.engine.test_succession_on_the_wire import NEW, OLD, data_of, publish
from tests.engine.test_taking_over import taking_over
from xsconsole.domain.board import Standing
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Confirmed, Direction, Settle


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "100") as served:
        yield served


@pytest.fixture
async def desks(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[tuple[Seat, ...]]:
    async with seated(pool, tmp_path, "alice", "root") as seats:
        yield seats


def place(seat: Seat) -> tuple[str, str]:
    """Return who has the place, and who stands by."""
    stages = {seat.card(name).stage: name for name in (NEW, OLD)}
    return stages["production"], stages["staging"]


def is_settled(seat: Seat) -> bool:
    return {seat.card(name).standing for name in (NEW, OLD)} == {Standing.WHOLE}


async def test_they_change_places_with_their_data_and_whoever_comes_next_goes_on(
    pool: EmbeddedPool, desks: tuple[Seat, ...]
) -> None:
    alice, bob = desks
    await publish(pool, alice, taking_over())
    await bob.until(lambda: bob.board.workflow is not None and bob.board.workflow.version == 2)
    before = footprint(pool)
    new, old = data_of(alice, alice.card(NEW)), data_of(alice, alice.card(OLD))
    assert new.keys() == old.keys()

    # Where it fails, who had the place serves again, with its own disks.
    for call, nth in (("VM.start_on", 1), ("VBD.create", 2)):
        pool.control("fail", method=call, nth=nth, code="INTERNAL_ERROR", params=["it is meant"])
        await alice.until(lambda: is_settled(alice))
        status = await alice.do(alice.promotion(NEW, "production"))
        assert (status.state, footprint(pool)) == (RunState.UNDONE, before)

    # Where its console goes, another one finishes it.
    await alice.until(lambda: is_settled(alice))
    command = alice.promotion(NEW, "production")
    pool.control("delay", method="VM.start_on", seconds=3600)
    run = await alice.doing.open(Confirmed(command=command, digest=alice.doing.plan(command).digest))
    await alice.until(lambda: any("exchange" in key for key in run.status.settled))
    assert place(alice) == (OLD, NEW)
    run.stop()
    pool.control("clear")
    assert (await run.wait()).state is RunState.INTERRUPTED
    await bob.until(lambda: bob.card(OLD).standing is Standing.INTERRUPTED)
    settled = await bob.doing.settle(Settle(configuration=bob.card(NEW).id, direction=Direction.RESUME))
    assert (await settled.wait()).error is None
    await alice.until(lambda: is_settled(alice) and place(alice) == (NEW, OLD))
    await alice.until(lambda: (data_of(alice, alice.card(NEW)), data_of(alice, alice.card(OLD))) == (old, new))
    assert {member.power_state for member in alice.card(OLD).members} == {"Halted"}
    assert {member.power_state for member in alice.card(NEW).members} == {"Running"}
    assert alice.card(OLD).restore_points[0].is_whole

    # And they change places again.
    status = await alice.do(alice.demotion(NEW, "staging", Disks.SWAP))
    assert status.error is None
    await alice.until(lambda: is_settled(alice) and place(alice) == (OLD, NEW))
    await alice.until(lambda: (data_of(alice, alice.card(NEW)), data_of(alice, alice.card(OLD))) == (new, old))
    assert {member.power_state for member in alice.card(OLD).members} == {"Running"}
