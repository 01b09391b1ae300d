"""Where stages stand that nobody has placed: a draft may come from a file, or from a console without a designer."""

from collections.abc import Mapping

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.arrange import LAYER_STEPS, ROW_STEPS, arrange
from xsconsole.domain.workflow.edits import place_stages
from xsconsole.domain.workflow.values import Place

NODE_STEPS = 9  # of its width


def places(workflow: Workflow) -> Mapping[StageId, Place]:
    """Return a place for each stage: its own, or where the arrangement puts it."""
    own = {stage.id: stage.place for stage in workflow.stages if stage.place is not None}
    if len(own) == len(workflow.stages):
        return own
    anew = arrange(workflow)
    if not own:
        return anew
    # What has no place stands below all that has one, in its own arrangement.
    missing = {id_: place for id_, place in anew.items() if id_ not in own}
    below = max(place.y for place in own.values()) + ROW_STEPS - min(place.y for place in missing.values())
    left = min(place.x for place in own.values()) - min(place.x for place in missing.values())
    moved = {id_: Place(x=place.x + left, y=place.y + below) for id_, place in missing.items()}
    return {**own, **moved}


def placed(workflow: Workflow) -> Workflow:
    """Return the workflow with a place for each stage, so that none of them jumps when one is moved or added."""
    if all(stage.place is not None for stage in workflow.stages):
        return workflow
    return place_stages(workflow, places(workflow))


def right_of(place: Place) -> Place:
    """Return where the next stage after one at `place` would stand."""
    return Place(x=place.x + LAYER_STEPS, y=place.y)


def free_place(workflow: Workflow, wanted: Place) -> Place:
    """Return the place nearest below `wanted` at which a new stage leaves the others, and their ways back, room."""
    taken = list(places(workflow).values())
    found = wanted
    while any(abs(found.x - other.x) <= NODE_STEPS and abs(found.y - other.y) < ROW_STEPS for other in taken):
        found = Place(x=found.x, y=found.y + 1)
    return found
