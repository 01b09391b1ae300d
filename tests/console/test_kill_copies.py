"""A console's process is killed from outside while it copies; then another one settles what it left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk, seated
from tests.console.pool_state import footprint, runs_and_held_leases
from tests.console.test_kill import LONG_LEASE_S, killed
from tests.engine.test_copying import copying
from tests.workflows import put_on
from xsconsole.console import RunState
from xsconsole.domain.board import Standing
from xsconsole.engine.commands import Direction

SOURCE = "shop@staging"

# Row 1 opens the run; then each step has a row before and one after its effect, four at a time: four snapshots, when
# they were taken, four clones, four fittings, four starts in three groups, roster, four members, a look at all of it,
# four snapshots destroyed; the last row closes the run.
FREEZING, FIRST_CLONE, FITTING, STARTING, ENTERING, DROPPING = 5, 14, 24, 31, 42, 51


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        put_on(served, copying())
        yield served


def standing_in(desk: Desk) -> dict[str, Standing]:
    """Return how the source and its copy stand, by stage."""
    cards = desk.console.board.cards.values()
    return {card.stage: card.standing for card in cards if card.name == SHOP}


@pytest.mark.parametrize(
    ("after_row", "direction"),
    [
        (FREEZING, Direction.UNDO),
        (STARTING, Direction.RESUME),
        (ENTERING, Direction.UNDO),
        (DROPPING, Direction.RESUME),
    ],
)
async def test_what_a_killed_console_left_of_a_copying_is_settled(
    pool: EmbeddedPool, tmp_path: Path, after_row: int, direction: Direction
) -> None:
    before = footprint(pool)
    killed(pool, tmp_path, after_row, LONG_LEASE_S)

    async with seated(pool, tmp_path) as desk:
        await desk.until(lambda: standing_in(desk).get("staging") is Standing.INTERRUPTED)
        source = desk.card(SOURCE)

        status = await desk.settle(source.id, direction)

        assert status.error is None
        assert status.state is (RunState.DONE if direction is Direction.RESUME else RunState.UNDONE)
        wanted = {"staging": Standing.WHOLE}
        if direction is Direction.RESUME:
            wanted["production"] = Standing.WHOLE
        await desk.until(lambda: standing_in(desk) == wanted)
        assert runs_and_held_leases(pool) == []
        assert all(verdict.is_good for verdict in await desk.console.verify_audit())
        after = footprint(pool)
    if direction is Direction.UNDO:
        assert after == before
    else:
        assert len(after["machines"]) == len(before["machines"]) + 4
        assert {name for name, _, is_snapshot, *_ in after["machines"].values() if is_snapshot} == {
            name for name, _, is_snapshot, *_ in before["machines"].values() if is_snapshot
        }
