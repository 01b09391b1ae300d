"""What is said of stages that demand a fence."""

from datetime import UTC, datetime

import pytest

from tests.domain.workflow.flows import PRODUCTION, TO_PRODUCTION
from tests.domain.workflow.test_findings import BASE, on, only, stage
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import StageId, TransitionId, Uuid
from xsconsole.domain.workflow import Binding, EntryAction, Method, PoolObject, Workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.domain.workflow.edits import change_stage, change_transition
from xsconsole.domain.workflow.findings import findings
from xsconsole.domain.workflow.walk import Traveller, walk

ISOLATED = FenceMode.ISOLATED


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [
        (stage(fence=ISOLATED), ("fence-lacking", "warning", "patch-testing-to-staging", "method")),
        (
            stage(fence=ISOLATED, binding=Binding(pool=PoolObject(uuid=Uuid("other")))),
            ("fence-abroad", "error", "patch-testing-to-staging", "target"),
        ),
        (stage(fence=ISOLATED, entry=EntryAction.STOP), ("fenced-stop", "warning", "staging", "entry")),
        (stage(PRODUCTION, fence=ISOLATED), ("fenced-production", "warning", "production", "fence")),
        (
            change_stage(on(BASE, afterwards=(DemoteIncumbent(),)), PRODUCTION, fence=FenceMode.IN_AND_OUT),
            ("fence-incumbent", "error", TO_PRODUCTION, "afterwards"),
        ),
        (
            change_transition(stage(fence=ISOLATED), TO_PRODUCTION, method=Method.FULL_COPY),
            ("fence-copied", "warning", TO_PRODUCTION, "method"),
        ),
    ],
)
def test_what_contradicts_a_demanded_fence_is_said_and_each_mend_ends_it(
    workflow: Workflow, expected: tuple[str, str, str, str]
) -> None:
    assert expected in only(workflow)
    finding = next(one for one in findings(workflow) if one.rule == expected[0])
    assert finding.mends
    for mend in finding.mends:
        assert finding.sentence not in {one.sentence for one in findings(mend.apply(workflow))}


def test_a_walk_says_what_a_demanded_fence_means_for_what_is_moved_and_for_copies() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    traveller = Traveller(name="shop", service="shop", stage=StageId("patch-testing"), since=at)
    moving = stage(fence=ISOLATED)
    copying = change_transition(moving, TransitionId("patch-testing-to-staging"), method=Method.FULL_COPY)

    told = [
        view.gates
        for workflow in (moving, copying)
        for found in walk(workflow, traveller, None, at)
        for view in found.ways
        if view.transition.id == "patch-testing-to-staging"
    ]
    assert told == [("stands in a fence: isolated",), ("the copies get a fence: isolated",)]
