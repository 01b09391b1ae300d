import pytest

from xsconsole.console.moves import OwnMoves
from xsconsole.domain.events import ConfigurationMoved
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.plan import Intent, RunKind

SHOP = ConfigurationId("shop")
TEST = StageId("testing")


def moved(target: StageId | None) -> ConfigurationMoved:
    return ConfigurationMoved(configuration=SHOP, source=None, target=target)


@pytest.fixture
def creating() -> OwnMoves:
    moves = OwnMoves()
    moves.expect(
        Intent(
            kind=RunKind.CREATE,
            configuration=SHOP,
            name="shop 1",
            service="shop",
            workflow="release",
            workflow_version=1,
            source=None,
            target=TEST,
        )
    )
    return moves


def test_a_run_may_come_and_go_while_it_lasts(creating: OwnMoves) -> None:
    assert [creating.take(moved(target)) for target in (TEST, None, TEST, None)] == [True] * 4


def test_a_move_elsewhere_is_somebody_elses(creating: OwnMoves) -> None:
    assert not creating.take(moved(StageId("production")))


def test_after_a_disconnection_nothing_is_ones_own(creating: OwnMoves) -> None:
    creating.forget()

    assert not creating.take(moved(TEST))
