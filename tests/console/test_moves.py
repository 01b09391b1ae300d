from datetime import UTC, datetime

import msgspec
import pytest

from xsconsole.console.moves import OwnMoves
from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid, WorkflowId
from xsconsole.domain.plan import Intent, Plan, RunKind
from xsconsole.domain.runs import RunState, RunStatus

SHOP = ConfigurationId("shop")
TEST = StageId("testing")
NOW = datetime(2026, 11, 28, tzinfo=UTC)
HERE, THERE = Uuid("here"), Uuid("there")


def moved(target: StageId | None) -> ConfigurationMoved:
    return ConfigurationMoved(configuration=SHOP, source=None, target=target)


@pytest.fixture
def creating() -> OwnMoves:
    moves = OwnMoves()
    moves.expect(
        HERE,
        Intent(
            kind=RunKind.CREATE,
            configuration=SHOP,
            name="shop 1",
            service="shop",
            workflow=WorkflowId("release"),
            workflow_version=1,
            source=None,
            target=TEST,
        ),
    )
    return moves


def test_a_run_may_come_and_go_while_it_lasts(creating: OwnMoves) -> None:
    assert [creating.take(HERE, moved(target)) for target in (TEST, None, TEST, None)] == [True] * 4


def test_a_move_elsewhere_is_somebody_elses(creating: OwnMoves) -> None:
    assert not creating.take(HERE, moved(StageId("production")))


def test_after_a_disconnection_nothing_is_ones_own(creating: OwnMoves) -> None:
    creating.forget(HERE)

    assert not creating.take(HERE, moved(TEST))


COPY = ConfigurationId("copy")
BETWEEN = Intent(
    kind=RunKind.PROMOTE,
    configuration=SHOP,
    name="shop 1",
    service="shop",
    workflow=WorkflowId("release"),
    workflow_version=1,
    source=TEST,
    target=StageId("production"),
    pools=(HERE, THERE),
    pool_names=("acme", "acme production"),
)


def ended(intent: Intent, state: RunState) -> RunStatus:
    plan = Plan(intent=intent, steps=(), leases=())
    return RunStatus(run=RunId("run"), plan=plan, digest=plan.digest, state=state, started_at=NOW, ended_at=NOW)


def test_a_run_between_two_pools_is_ones_own_in_both() -> None:
    moves = OwnMoves()
    moves.expect(HERE, BETWEEN)

    assert [moves.take(THERE, moved(target)) for target in (TEST, None, TEST)] == [True] * 3

    moves.hear(HERE, ended(BETWEEN, RunState.DONE))

    assert moves.take(HERE, moved(None))
    assert moves.take(THERE, moved(StageId("production")))
    assert not moves.take(THERE, moved(None)), "that is somebody else"
    assert not moves.take(HERE, moved(TEST))


def test_copies_that_a_run_makes_are_ones_own_also_where_they_vanish_again() -> None:
    moves, copying = OwnMoves(), msgspec.structs.replace(BETWEEN, makes=COPY)
    appeared, vanished = (
        ConfigurationMoved(configuration=COPY, source=None, target=target) for target in (BETWEEN.target, None)
    )
    moves.expect(HERE, copying)

    assert moves.take(THERE, appeared)

    moves.hear(HERE, ended(copying, RunState.UNDONE))

    assert moves.take(THERE, vanished)
    assert moves.take(THERE, moved(None)), "it was shown there as long as the run lasted"
    assert not moves.take(THERE, appeared)
