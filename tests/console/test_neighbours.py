"""What stands in the other pools of a home counts where a stage takes only so much."""

from dataclasses import replace

import msgspec
import pytest

from tests.domain.test_estate import board, card, version
from xsconsole.console.neighbours import Neighbours
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.engine.plans import rules
from xsconsole.errors import NotPromotable

SLOT = next(stage for stage in version(1).stages if stage.id == "production")


def demand(seen, stage=SLOT, **asked):
    rules.demand_place(seen, stage, "shop", ConfigurationId("new"), will_run=True, **asked)


def looking_at(*others):
    made = Neighbours()
    made.look_at(lambda: others, lambda: True)
    return made


def test_a_slot_that_is_taken_in_another_pool_is_taken() -> None:
    own, there = board(), board(card(ConfigurationId("old"), "production"))
    there = replace(there, cards={"old": replace(there.cards["old"], service="shop")})

    demand(own)
    with pytest.raises(NotPromotable, match="already has old 1 in pool “there”; it takes 1 configuration of shop"):
        demand(looking_at(("there", there)).counted(own))


def test_all_and_running_ones_are_counted_over_pools_too() -> None:
    seen = looking_at(("there", board(card(ConfigurationId("old"), "production")))).counted(board())

    for limits, told in (({"configurations": 1}, "1 configuration."), ({"running": 1}, "with running machines")):
        stage = msgspec.structs.replace(SLOT, limits=type(SLOT.limits)(**limits))
        with pytest.raises(NotPromotable, match=told):
            demand(seen, stage)


def test_what_follows_another_workflow_or_is_the_same_configuration_does_not_count() -> None:
    own = board(card(ConfigurationId("old"), "staging"))
    same, other = board(card(ConfigurationId("old"), "production")), version(1, id="another")
    elsewhere = board(card(ConfigurationId("shop"), "production"), workflow=other)
    proposed = board(card(ConfigurationId("shop"), "production"), is_published=False)

    seen = looking_at(("a", same), ("b", elsewhere), ("c", proposed)).counted(own)

    assert seen is own
    assert looking_at().counted(own) is own


def test_the_answer_stays_the_same_value_until_a_board_is_another_one() -> None:
    boards = [("there", board(card(ConfigurationId("old"), StageId("production"))))]
    neighbours, own = Neighbours(), board()
    neighbours.look_at(lambda: tuple(boards), lambda: True)

    first, again = neighbours.counted(own), neighbours.counted(own)
    boards[0] = ("there", board())

    assert first is again
    assert first is not own
    assert neighbours.counted(own) is own


def test_where_no_workflow_stands_beside_others_nothing_is_planned() -> None:
    assumed, neighbours = board(is_published=False), Neighbours()
    neighbours.look_at(lambda: (("there", board()),), lambda: False)
    proposed = neighbours.counted(assumed)

    with pytest.raises(NotPromotable, match="no workflow yet"):
        rules.workflow_of(proposed)
    assert rules.workflow_of(looking_at(("there", board())).counted(assumed))
