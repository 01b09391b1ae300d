"""Who has the place that a transition leads into, and gives way: along which way back, and what that demands."""

from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent
from xsconsole.domain.workflow.values import Kind, Method, Stage, Transition, Workflow


def gives_way(way: Transition) -> bool:
    """Whether who has the place does not stay there."""
    return any(isinstance(action, (DemoteIncumbent, ArchiveIncumbent)) for action in way.afterwards)


def leads_back(way: Transition) -> bool:
    """Whether who has the place goes back along its way."""
    return any(isinstance(action, DemoteIncumbent) for action in way.afterwards)


def has_slot(stage: Stage) -> bool:
    """Whether a stage has one place for each service: only there it is clear who gives way."""
    return stage.limits.per_service == 1


def way_back_from(workflow: Workflow, way: Transition) -> Transition | None:
    """Return the way that who has the place goes: the only one, or the one to where the newcomer is from; else None."""
    ways = workflow.transitions_from(way.target, Kind.DEMOTE)
    if len(ways) > 1:
        ways = tuple(each for each in ways if each.target == way.source)
    return ways[0] if len(ways) == 1 else None


def has_demands(back: Transition) -> bool:
    """Whether a way back wants something of its own, so that nobody goes it within the run of another."""
    return bool(back.gates or back.approvals) or back.method is not Method.MOVE
