"""What is said of a way that leads into a place that somebody has."""

import pytest

from tests.domain.workflow.flows import PRODUCTION
from tests.domain.workflow.test_findings import BACK, BASE, INTEGRATION, LIVE, ONE, PATCHES, STAYING, on, way
from xsconsole.domain.workflow import DiskRule, DiskTreatment, Kind, Limits, Method, Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent
from xsconsole.domain.workflow.edits import change_stage, change_transition, connect, remove
from xsconsole.domain.workflow.findings import findings

EMPTY = DiskRule(role="data", treatment=DiskTreatment.EMPTY)
LED_BACK = (DemoteIncumbent(),)


def two_ways_back() -> Workflow:
    """Two lead back from production, and neither to staging."""
    first, _ = connect(remove(BASE, (), [BACK]), PRODUCTION, PATCHES, Kind.DEMOTE)
    return connect(first, PRODUCTION, INTEGRATION, Kind.DEMOTE)[0]


def demanding(**fields: object) -> Workflow:
    return on(change_transition(BASE, BACK, **fields), afterwards=LED_BACK)


@pytest.mark.parametrize(
    ("workflow", "rule", "mends"),
    [
        (way(disks=(EMPTY,)), "moves-without-disks", ["Let all disks travel", "Make full copies"]),
        (way(disks=(STAYING,)), "moves-without-disks", ["Let all disks travel", "Lead who has the place back"]),
        (way(disks=(STAYING,), afterwards=(ArchiveIncumbent(),)), "moves-without-disks", ["Let all disks travel"]),
        (change_transition(BASE, BACK, disks=(EMPTY,)), "moves-without-disks", ["Let all disks travel"]),
        (
            on(change_stage(BASE, PRODUCTION, limits=Limits()), afterwards=LED_BACK),
            "incumbent-without-slot",
            ["Let it take one per service"],
        ),
        (on(two_ways_back(), afterwards=LED_BACK), "incumbent-way-back", ["Add the way back"]),
        (demanding(approvals=(ONE,)), "incumbent-way-back", ["Let the way back ask for nothing"]),
        (demanding(method=Method.FULL_COPY), "incumbent-way-back", []),
    ],
)
def test_what_would_keep_somebody_in_the_place_is_said_with_its_mend(
    workflow: Workflow, rule: str, mends: list[str]
) -> None:
    (found,) = [each for each in findings(workflow, LIVE) if each.rule == rule]

    assert [mend.label for mend in found.mends] == mends
    for mend in found.mends:
        assert rule not in {each.rule for each in findings(mend.apply(workflow), LIVE)}


def test_a_move_whose_disks_stay_is_as_it_should_be_where_somebody_gives_way() -> None:
    said = {each.sentence for each in findings(BASE, LIVE)}

    more = [each for each in findings(way(disks=(STAYING,), afterwards=LED_BACK), LIVE) if each.sentence not in said]

    assert more == []
