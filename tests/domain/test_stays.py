"""A stage's lease counts from when a configuration came, and its end is told with what can be done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.ui.board_values import make_card
from xsconsole.domain.acts import Act
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.health import Severity
from xsconsole.domain.stays import examined_stays, stay_of
from xsconsole.domain.workflow import StageLease, Workflow, default_workflow
from xsconsole.domain.workflow.values import LeaseEnd

CAME = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def leased(at_end: LeaseEnd = LeaseEnd.TELL, days: int = 10, version: int = 1) -> Workflow:
    """The default workflow, with a time in staging."""
    workflow = default_workflow()
    lease = StageLease(duration_s=days * 86_400, at_end=at_end)
    stages = tuple(
        msgspec.structs.replace(stage, lease=lease) if stage.id == "staging" else stage for stage in workflow.stages
    )
    return msgspec.structs.replace(workflow, stages=stages, version=version)


def came(at: datetime | None) -> Card:
    card = make_card()
    members = tuple(
        replace(member, value=msgspec.structs.replace(member.value, entered_at=at)) for member in card.members
    )
    return replace(card, members=members)


@pytest.mark.parametrize(
    ("after", "words", "is_soon", "is_over"),
    [
        (DAY, "9 days left", False, False),
        (8.5 * DAY, "36 h left", True, False),
        (10 * DAY - timedelta(minutes=3), "3 min left", True, False),
        (10 * DAY, "over for 0 s", True, True),
        (12 * DAY + timedelta(hours=5), "over for 2 days", True, True),
    ],
)
def test_what_is_left_is_said_in_days_and_near_the_end_in_hours(
    after: timedelta, words: str, is_soon: bool, is_over: bool
) -> None:
    stay = stay_of(came(CAME), leased())

    assert stay is not None
    assert stay.words(CAME + after) == words
    assert (stay.is_soon_over(CAME + after), stay.is_over(CAME + after)) == (is_soon, is_over)
    assert words in stay.sentence(CAME + after)


def test_a_stage_without_a_time_and_a_past_that_nobody_knows_are_never_over() -> None:
    unknown = stay_of(came(None), leased())

    assert stay_of(came(CAME), default_workflow()) is None
    assert stay_of(came(CAME), None) is None
    assert unknown is not None
    assert not unknown.is_over(CAME + 1000 * DAY)
    assert "not known" in unknown.sentence(CAME)


def test_the_end_is_found_with_the_ways_out_and_what_the_workflow_wants() -> None:
    card = came(CAME)
    board = Board(workflow=leased(LeaseEnd.STOP), cards={card.id: card})

    (over,) = examined_stays(board, None, CAME + 11 * DAY)
    (soon,) = examined_stays(board, None, CAME + 9 * DAY)
    (early,) = examined_stays(board, None, CAME + DAY)
    running = replace(board, cards={card.id: replace(card, standing=Standing.RUNNING)})

    assert early is None
    assert list(examined_stays(running, None, CAME + 11 * DAY)) == [None]
    assert over is not None
    assert (over.severity, over.name, over.act) == (Severity.WARNING, "shop 1.3.0", Act.SHUT_DOWN)
    assert [target.uuid for target in over.targets] == [card.members[0].uuid]
    assert over.mend == (
        "Promote it to Production, demote it to Patch testing or Integration, or dissolve it. "
        "At its end the machines are shut down, unless somebody extends it."
    )
    assert soon is not None
    assert (soon.severity, soon.act) == (Severity.HINT, None)
