from datetime import UTC, datetime

import pytest

from xsconsole.console.moves import OwnMoves
from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid
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
            workflow="release",
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


def test_a_run_between_two_pools_is_ones_own_in_both() -> None:
    moves = OwnMoves()
    intent = Intent(
        kind=RunKind.PROMOTE,
        configuration=SHOP,
        name="shop 1",
        service="shop",
        workflow="release",
        workflow_version=1,
        source=TEST,
        target=StageId("production"),
        pools=(HERE, THERE),
        pool_names=("acme", "acme production"),
    )
    moves.expect(HERE, intent)

    assert [moves.take(THERE, moved(target)) for target in (TEST, None, TEST)] == [True] * 3

    plan = Plan(intent=intent, steps=(), leases=())
    moves.hear(HERE, RunStatus(run=RunId("run"), plan=plan, state=RunState.DONE, started_at=NOW, ended_at=NOW))

    assert moves.take(HERE, moved(None))
    assert moves.take(THERE, moved(StageId("production")))
    assert not moves.take(THERE, moved(None)), "that is somebody else"
    assert not moves.take(HERE, moved(TEST))
