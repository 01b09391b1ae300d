"""A console's process is killed from outside, at known points of a promotion; then somebody settles what it left."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk, seated
from tests.console.pool_state import footprint, restore_points, runs_and_held_leases
from xsconsole.console import RunState
from xsconsole.domain.board import Standing
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.engine.commands import Direction
from xsconsole.errors import HeldElsewhere

PROGRAM = Path(__file__).with_name("promoting_program.py")
LEASE_S = 2
LONG_LEASE_S = 300
DEADLINE_S = 60.0

# shop: a restore point of four members at once, then four records, then a look at all of it.
# Row 1 opens the run; each step has a row before and one after its effect; the last one closes the run.
INTENDED, SNAPSHOT_TAKEN, ALL_SNAPSHOTS, FIRST_WRITTEN, VERIFIED, CLOSED = 5, 6, 9, 12, 19, 20


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


def killed(pool: EmbeddedPool, home: Path, after_row: int, lease_s: int) -> None:
    """Let a console promote shop, and kill it (SIGKILL) where it has just committed a row."""
    command = [sys.executable, str(PROGRAM), str(home), pool.url, "root", pool.password, str(lease_s), str(after_row)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as console:
        assert console.stdout is not None
        said = [line.strip() for line in itertools.takewhile(lambda line: line != "here\n", console.stdout)]
        console.kill()
        assert said in ([], ["opened"]), said


async def settle_and_look(pool: EmbeddedPool, desk: Desk, direction: Direction) -> None:
    """Settle shop's run and see that what is left is whole, and nothing is left open."""
    status = await desk.settle(desk.card().id, direction)

    assert status.error is None
    assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
    await desk.until(lambda: desk.stands(SHOP, "production" if direction is Direction.RESUME else "staging"))
    assert runs_and_held_leases(pool) == []
    if direction is Direction.RESUME:
        assert restore_points(pool, SHOP) == sorted(member.name for member in desk.card().members)
        assert desk.card().restore_points[0].is_whole
        assert {member.value.revision for member in desk.card().members} == {desk.card().revision}
    else:
        assert restore_points(pool, SHOP) == []


@pytest.mark.parametrize(
    ("after_row", "direction"),
    [
        (INTENDED, Direction.RESUME),
        (SNAPSHOT_TAKEN, Direction.UNDO),
        (FIRST_WRITTEN, Direction.UNDO),
        (VERIFIED, Direction.UNDO),
    ],
)
async def test_at_the_next_start_here_the_run_is_interrupted_and_is_settled_at_once(
    pool: EmbeddedPool, tmp_path: Path, after_row: int, direction: Direction
) -> None:
    before = footprint(pool)
    killed(pool, tmp_path, after_row, LONG_LEASE_S)

    async with seated(pool, tmp_path) as desk:
        # The aftercare of earlier runs may hold the lease for a moment.
        await desk.until(lambda: desk.stands(SHOP, "staging", Standing.INTERRUPTED))
        view = desk.card().run
        assert view is not None
        await settle_and_look(pool, desk, direction)

        events = await desk.events(AuditQuery(run=view.record.run))
        recovery = AuditEvent.RUN_RESUMED if direction is Direction.RESUME else AuditEvent.RUN_UNDOING
        assert events[0] is AuditEvent.RUN_OPENED
        assert events.index(AuditEvent.RUN_OPENED) < events.index(recovery) < events.index(AuditEvent.RUN_CLOSED)
        closed = (await desk.rows(AuditQuery(run=view.record.run)))[-1].fact
        assert closed.event is AuditEvent.RUN_CLOSED
        assert closed.outcome is (Outcome.DONE if direction is Direction.RESUME else Outcome.UNDONE)
        assert all(verdict.is_good for verdict in await desk.console.verify_audit())
    if direction is Direction.UNDO:
        assert footprint(pool) == before


@pytest.mark.parametrize(
    ("after_row", "direction"), [(SNAPSHOT_TAKEN, Direction.RESUME), (ALL_SNAPSHOTS, Direction.UNDO)]
)
async def test_another_console_with_an_empty_home_waits_for_the_lease_and_settles(
    pool: EmbeddedPool, tmp_path: Path, after_row: int, direction: Direction
) -> None:
    before = footprint(pool)
    async with seated(pool, tmp_path / "other", "alice") as other:
        killed(pool, tmp_path / "killed", after_row, LEASE_S)
        with pytest.raises(HeldElsewhere):
            await other.settle(other.card().id, direction)

        await other.until(lambda: other.stands(SHOP, "staging", Standing.INTERRUPTED))
        view = other.card().run
        assert view is not None
        await settle_and_look(pool, other, direction)

        events = await other.events(AuditQuery(run=view.record.run))
        assert events[0] is (AuditEvent.RUN_RESUMED if direction is Direction.RESUME else AuditEvent.RUN_UNDOING)
        assert events[-1] is AuditEvent.RUN_CLOSED
    if direction is Direction.UNDO:
        assert footprint(pool) == before
    async with seated(pool, tmp_path / "killed") as again:
        closed = (await again.rows(AuditQuery(run=view.record.run)))[-1].fact
        assert (closed.event, closed.outcome) == (AuditEvent.RUN_CLOSED, Outcome.OBSERVED)


@pytest.mark.parametrize(("after_row", "stage"), [(1, "staging"), (CLOSED, "production")])
async def test_killed_before_the_first_or_after_the_last_effect_nothing_is_left_to_settle(
    pool: EmbeddedPool, tmp_path: Path, after_row: int, stage: str
) -> None:
    killed(pool, tmp_path, after_row, LONG_LEASE_S)

    async with seated(pool, tmp_path) as desk:
        assert desk.stands(SHOP, stage)
        assert runs_and_held_leases(pool) == []
        rows = await desk.rows()
        opened = [row.fact.run for row in rows if row.fact.event is AuditEvent.RUN_OPENED]
        closed = [row.fact.run for row in rows if row.fact.event is AuditEvent.RUN_CLOSED]
        assert opened == closed
