"""What no workflow may be, whatever its designer thinks of it: it could be neither shown nor followed."""

import networkx

from xsconsole.domain.workflow.values import Workflow
from xsconsole.errors import Refused


def check(workflow: Workflow) -> None:
    """Refuse a workflow that this version cannot show or follow.

    Raises:
        Refused: a doubled id or name, an edge to nowhere, or a cycle among promotions.
    """
    ids = [stage.id for stage in workflow.stages]
    names = [stage.name.casefold() for stage in workflow.stages]
    if not ids:
        raise Refused(reason="The workflow has no stage.", mend="Give it at least one stage.")
    if len(set(ids)) < len(ids) or len(set(names)) < len(names):
        raise Refused(reason="Two stages have the same id or name.", mend="Give each stage its own.")
    for edge in workflow.transitions:
        if not {edge.source, edge.target} <= set(ids) or edge.source == edge.target:
            raise Refused(
                reason=f"Transition {edge.id} from {edge.source} to {edge.target} is no way between two stages.",
                mend="Let it start and end at two different stages of the workflow.",
            )
    ways = [(edge.source, edge.target) for edge in workflow.transitions]
    if len(set(ways)) < len(ways):
        raise Refused(reason="Two transitions lead from the same stage to the same stage.", mend="Remove one of them.")
    try:
        workflow.columns()
    except networkx.NetworkXUnfeasible:
        raise Refused(
            reason="The promotions go round in a circle.", mend="Make one of them a way back (kind demote)."
        ) from None
