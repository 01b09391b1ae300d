"""Whose approval something needs: by the way that it takes or, where it stays in its stage, by the way that led there.

A revert brings other contents into a stage. So it needs what anything needs that comes into that stage: the approvals
of a way in, of several that of the least demanding one, since what comes along that one is let in, too.
"""

from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Intent, RunKind
from xsconsole.domain.workflow import Kind, Transition, Workflow


def demanding_way(intent: Intent, workflow: Workflow | None) -> Transition | None:
    """Return the way whose rules say who has to approve it; None where there is none."""
    if workflow is None:
        return None
    if intent.kind is RunKind.REVERT:
        return way_in(intent.source, workflow) if intent.source is not None else None
    return workflow.transition_of(intent.transition) if intent.transition is not None else None


def way_in(stage: StageId, workflow: Workflow) -> Transition | None:
    """Return the promotion into a stage that demands the fewest approvals; None where one demands none."""
    ways = [way for way in workflow.transitions if way.target == stage and way.kind is Kind.PROMOTE]
    least = min(ways, key=lambda way: sum(rule.count for rule in way.approvals), default=None)
    return least if least is not None and least.approvals else None


def asked_words(intent: Intent, source: str, target: str) -> str:
    """Return what is asked for, such as `promote shop 1.3.0 from Staging to Production` or `revert shop in Production`.

    `source` and `target` are the names of the stages.
    """
    where = f"in {source}" if intent.source == intent.target else f"from {source} to {target}"
    return f"{intent.kind.value} {intent.name} {where}"
