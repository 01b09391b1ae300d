"""Findings about the shape of the graph, and what their mends leave."""

from tests.domain.workflow.flows import PRODUCTION
from tests.domain.workflow.pools import ground_of, occupant, pool_of
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Kind, Workflow, default_workflow
from xsconsole.domain.workflow.edits import add_stage, connect
from xsconsole.domain.workflow.findings import findings


def test_a_stage_whose_way_back_alone_leads_to_another_is_not_offered_to_be_removed() -> None:
    workflow = add_stage(add_stage(default_workflow(), "Lab")[0], "Shelf")[0]
    bound = connect(workflow, StageId("lab"), StageId("shelf"), Kind.DEMOTE)[0]
    reached = connect(bound, PRODUCTION, StageId("shelf"), Kind.DEMOTE)[0]

    def mends(workflow: Workflow) -> list[str]:
        found = findings(workflow, ground_of(pool_of(), occupants=(occupant("shelf"),)))
        return [
            mend.label for each in found if (each.rule, each.stage) == ("unreachable", "lab") for mend in each.mends
        ]

    assert mends(workflow) == ["Remove this stage"]
    assert mends(bound) == []  # what stands in Shelf would be left where nothing leads
    assert mends(reached) == ["Remove this stage"]
