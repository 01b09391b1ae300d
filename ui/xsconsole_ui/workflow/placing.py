"""Where stages stand that nobody has placed: a draft may come from a file, or from a console without a designer."""

from collections.abc import Collection, Mapping, Sequence

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.arrange import LAYER_STEPS, ROW_STEPS, arrange
from xsconsole.domain.workflow.edits import place_stages
from xsconsole.domain.workflow.values import Place

NODE_STEPS = 9  # of its width
CLOSEST_STEPS = 13  # from one stage to the next that it leads to: between them, what the arrow demands can be read


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


def free_place(workflow: Workflow, wanted: Place, *, but: StageId | None = None) -> Place:
    """Return the place nearest below `wanted` at which a stage leaves the others, and their ways back, room.

    `but` is the stage itself, where it is in the workflow already.
    """
    taken = [place for id_, place in places(workflow).items() if id_ != but]
    return Place(x=wanted.x, y=wanted.y + _steps_down(taken, (wanted,)))


def free_below(workflow: Workflow, wanted: Collection[Place]) -> int:
    """Return by how many steps all that stands at `wanted` goes down, in one piece, to lie on none of the others."""
    return _steps_down(list(places(workflow).values()), wanted)


def _steps_down(taken: Sequence[Place], wanted: Collection[Place]) -> int:
    down = 0
    while any(
        abs(new.x - old.x) <= NODE_STEPS and abs(new.y + down - old.y) < ROW_STEPS for new in wanted for old in taken
    ):
        down += 1
    return down


def room_between(
    workflow: Workflow, source: StageId, target: StageId, *, wanted: Place | None = None, stage: StageId | None = None
) -> tuple[Workflow, Place]:
    """Return a place between the ends of a transition, and the workflow with room there.

    Where the ends stand too near for one more, all that stands as far right as the target, or farther, goes on to the
    right. A transition that does not lead to the right has its place below. `stage` is the one to be put there, where
    it is in the workflow already; `wanted` is where it was let go, which is kept where there is room.
    """
    found = placed(workflow)
    standing = places(found)
    one, other = standing[source], standing[target]
    place = wanted or Place(x=(one.x + other.x) // 2, y=(one.y + other.y) // 2)
    if other.x - one.x > NODE_STEPS:
        if place.x - one.x < CLOSEST_STEPS or other.x - place.x < CLOSEST_STEPS:
            place = Place(x=max(one.x + LAYER_STEPS, (one.x + other.x) // 2), y=place.y)
        missing = place.x + LAYER_STEPS - other.x if other.x - place.x < CLOSEST_STEPS else 0
        later = {id_: at for id_, at in standing.items() if at.x >= other.x and id_ != stage} if missing else {}
        found = place_stages(found, {id_: Place(x=at.x + missing, y=at.y) for id_, at in later.items()})
    return found, free_place(found, place, but=stage)
