"""Changes to a workflow: each returns a new one, or refuses with the reason.

An edit keeps what `check` demands: ids and names unlike, ends that exist, one transition from a stage to another, no
circle of promotions. Whether the result is wise is said by the findings.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec
import networkx

from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.bounds import FARTHEST_STEPS, MOST_STAGES, MOST_TRANSITIONS, NAME_LIMIT, Problem
from xsconsole.domain.workflow.check import of_stage, of_transition, problems, refuse
from xsconsole.domain.workflow.check_rules import Known
from xsconsole.domain.workflow.values import Kind, Place, Stage, Transition, Workflow
from xsconsole.errors import NotFound, Refused

COLOURS = ("#64748b", "#7c5cbf", "#2a8fa8", "#c98a16", "#1f8a4c", "#b4483c", "#3b6fd4", "#8a6d3b")


def fresh_id(name: str, taken: Collection[str]) -> str:
    """Return an id made from a name, unlike those taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "stage"
    number, found = 2, base
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found


def fresh_name(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted`, or with the next number that nobody has."""
    known = {name.casefold() for name in taken}
    number, found = 2, wanted
    while found.casefold() in known:
        found, number = f"{wanted} {number}", number + 1
    return found


def add_stage(workflow: Workflow, name: str, place: Place | None = None) -> tuple[Workflow, StageId]:
    """Add a stage at the end of the list, with an id and a colour of its own."""
    found = StageId(fresh_id(name, {stage.id for stage in workflow.stages}))
    if len(workflow.stages) >= MOST_STAGES:
        raise Refused(reason=f"A workflow has at most {MOST_STAGES} stages.", mend="Remove some.")
    used = [other.colour for other in workflow.stages]
    colour = min(COLOURS, key=used.count)
    stage = Stage(id=found, name=_named(workflow, name), colour=colour, place=place)
    return msgspec.structs.replace(workflow, stages=(*workflow.stages, stage)), found


def change_stage(workflow: Workflow, stage_id: StageId, **fields: Any) -> Workflow:
    """Change fields of a stage; its id stays, whatever its name becomes.

    Raises:
        Refused: a field is not what `check` demands.
    """
    if "name" in fields:
        fields["name"] = _named(workflow, fields["name"], but=stage_id)
    known = Known.by(workflow)

    def change(stage: Stage) -> Stage:
        changed = msgspec.structs.replace(stage, **fields)
        refuse_new(of_stage(changed, known), of_stage(stage, known))
        return changed

    return _with_stage(workflow, stage_id, change)


def name_new_stage(workflow: Workflow, stage_id: StageId, name: str) -> tuple[Workflow, StageId]:
    """Name a stage that was never published: its id, and those of its transitions, become what the name makes of them.

    Raises:
        Refused: the name cannot be.
    """
    named = change_stage(workflow, stage_id, name=name)
    stage = named.stage(stage_id)
    assert stage is not None
    made = StageId(fresh_id(stage.name, {other.id for other in named.stages if other.id != stage_id}))

    def follow(way: Transition) -> Transition:
        source, target = (made if end == stage_id else end for end in (way.source, way.target))
        id_ = way.id
        if (source, target) != (way.source, way.target) and id_ == f"{way.source}-to-{way.target}":
            id_ = TransitionId(fresh_id(f"{source}-to-{target}", {other.id for other in named.transitions} - {id_}))
        return msgspec.structs.replace(way, id=id_, source=source, target=target)

    stages = tuple(msgspec.structs.replace(one, id=made) if one.id == stage_id else one for one in named.stages)
    ways = tuple(follow(way) for way in named.transitions)
    return msgspec.structs.replace(named, stages=stages, transitions=ways), made


def place_stages(workflow: Workflow, places: Mapping[StageId, Place]) -> Workflow:
    """Draw stages elsewhere; nothing else about them changes.

    Raises:
        Refused: too far away.
    """
    if any(max(abs(place.x), abs(place.y)) > FARTHEST_STEPS for place in places.values()):
        raise Refused(reason="That is too far away to be drawn.", mend="Arrange the drawing.")
    stages = tuple(
        msgspec.structs.replace(stage, place=places[stage.id]) if stage.id in places else stage
        for stage in workflow.stages
    )
    return msgspec.structs.replace(workflow, stages=stages)


def refuse_new(found: Iterable[Problem], before: Iterable[Problem]) -> None:
    """Refuse what an edit would make wrong; what was wrong already may stay until it is mended."""
    standing = set(before)
    refuse(problem for problem in found if problem not in standing)


def order_stages(workflow: Workflow, order: Iterable[StageId]) -> Workflow:
    """List the stages in this order; those it does not name keep theirs behind it."""
    named = [found for found in map(workflow.stage, order) if found is not None]
    rest = [stage for stage in workflow.stages if stage not in named]
    return msgspec.structs.replace(workflow, stages=(*named, *rest))


def remove(
    workflow: Workflow,
    stages: Collection[StageId] = (),
    transitions: Collection[TransitionId] = (),
    *,
    bridges: bool = False,
) -> Workflow:
    """Remove stages and transitions; transitions of a removed stage go with it.

    `bridges`: who promoted to a removed stage promotes to where it led, with the rules of the way that led on.
    """
    kept = tuple(stage for stage in workflow.stages if stage.id not in stages)
    left = workflow
    if bridges:
        for stage in stages:
            left = _bridged(left, stage)
    ways = tuple(
        way for way in left.transitions if way.id not in transitions and not {way.source, way.target} & set(stages)
    )
    return msgspec.structs.replace(workflow, stages=kept, transitions=ways)


def _bridged(workflow: Workflow, stage: StageId) -> Workflow:
    found = workflow
    into = [way for way in workflow.transitions if way.target == stage]
    out = [way for way in workflow.transitions if way.source == stage]
    for first in into:
        for second in out:
            if first.kind is second.kind and why_not_connect(found, first.source, second.target, first.kind) is None:
                found, made = connect(found, first.source, second.target, first.kind)
                found = change_transition(found, made, **_demands(second))
    return found


def _demands(way: Transition) -> dict[str, Any]:
    own = {"id", "source", "target", "kind"}
    return {name: getattr(way, name) for name in way.__struct_fields__ if name not in own}


def why_not_connect(
    workflow: Workflow, source: StageId, target: StageId, kind: Kind, *, instead_of: TransitionId | None = None
) -> Refused | None:
    """Return why no such transition can be, or None where it can. `instead_of` is one that would give way to it."""
    if source == target:
        return Refused(reason="A transition leads to another stage.", mend="Choose a different stage.")
    for end in (source, target):
        if workflow.stage(end) is None:
            return _no_stage(end)
    names = [shortened(stage.name) for stage in map(workflow.stage, (source, target)) if stage]
    standing = workflow.transition(source, target)
    if standing is not None and standing.id != instead_of:
        kind_name = "promotion" if standing.kind is Kind.PROMOTE else "way back"
        return Refused(
            reason=f"There is a {kind_name} from {names[0]} to {names[1]} already.", mend="Change that one instead."
        )
    if instead_of is None and len(workflow.transitions) >= MOST_TRANSITIONS:
        return Refused(reason=f"A workflow has at most {MOST_TRANSITIONS} transitions.", mend="Remove some.")
    if kind is Kind.PROMOTE:
        graph = workflow.promotions()
        if instead_of is not None:
            graph.remove_edges_from([(a, b) for a, b, way in graph.edges.data("way") if way.id == instead_of])
        if networkx.has_path(graph, target, source):
            path = [
                found.name for step in networkx.shortest_path(graph, target, source) if (found := workflow.stage(step))
            ]
            return Refused(
                reason=f"Promotions would go round in a circle: {' → '.join(map(shortened, path))} leads back.",
                mend="Make it a way back.",
            )
    return None


def connect(
    workflow: Workflow, source: StageId, target: StageId, kind: Kind = Kind.PROMOTE
) -> tuple[Workflow, TransitionId]:
    """Add a transition.

    Raises:
        Refused: see `why_not_connect`.
    """
    refusal = why_not_connect(workflow, source, target, kind)
    if refusal is not None:
        raise refusal
    made = TransitionId(fresh_id(f"{source}-to-{target}", {way.id for way in workflow.transitions}))
    way = Transition(id=made, source=source, target=target, kind=kind)
    return msgspec.structs.replace(workflow, transitions=(*workflow.transitions, way)), made


def change_transition(workflow: Workflow, transition_id: TransitionId, **fields: Any) -> Workflow:
    """Change fields of a transition: its rules, its kind, or its ends.

    Raises:
        Refused: the ends or the kind contradict the others, see `why_not_connect`, or a field is not what `check`
            demands.
    """
    way = workflow.transition_of(transition_id)
    if way is None:
        raise NotFound(
            reason="That transition is not in the workflow any more.", mend="Choose another one.", choices=()
        )
    changed = msgspec.structs.replace(way, **fields)
    if (changed.source, changed.target, changed.kind) != (way.source, way.target, way.kind):
        refusal = why_not_connect(workflow, changed.source, changed.target, changed.kind, instead_of=way.id)
        if refusal is not None:
            raise refusal
    known = Known.by(workflow)
    refuse_new(of_transition(changed, known), of_transition(way, known))
    ways = tuple(changed if other.id == way.id else other for other in workflow.transitions)
    return msgspec.structs.replace(workflow, transitions=ways)


def insert_stage(
    workflow: Workflow, transition_id: TransitionId, name: str, place: Place | None = None
) -> tuple[Workflow, StageId]:
    """Put a new stage on a transition. The demands stay on the part that leads to the old target."""
    way = workflow.transition_of(transition_id)
    if way is None:
        raise NotFound(
            reason="That transition is not in the workflow any more.", mend="Choose another one.", choices=()
        )
    found, stage = add_stage(workflow, name, place)
    found = change_transition(found, way.id, source=stage)
    found, _ = connect(found, way.source, stage, way.kind)
    return found, stage


def change_workflow(workflow: Workflow, **fields: Any) -> Workflow:
    """Change what is neither a stage nor a transition: name, description, networks, people, groups, rules.

    Raises:
        Refused: a field is not what `check` demands, or a stage or rule still refers to what is gone; see `roll`.
    """
    assert not {"stages", "transitions"} & set(fields)
    if "name" in fields:
        fields["name"] = _trimmed(fields["name"])
    changed = msgspec.structs.replace(workflow, **fields)
    refuse_new(problems(changed), problems(workflow))
    return changed


def _named(workflow: Workflow, name: str, but: StageId | None = None) -> str:
    found = _trimmed(name)
    if any(stage.name.casefold() == found.casefold() for stage in workflow.stages if stage.id != but):
        raise Refused(reason=f"Another stage is called “{shortened(found)}”.", mend="Choose a name of its own.")
    return found


def _trimmed(name: str) -> str:
    found = " ".join(name.split())
    if not found:
        raise Refused(reason="The name is empty.", mend="Type a name.")
    if len(found) > NAME_LIMIT:
        raise Refused(
            reason=f"The name has {len(found)} characters; {NAME_LIMIT} are the most.",
            mend="Shorten it; the description has room.",
        )
    return found


def _with_stage(workflow: Workflow, stage_id: StageId, change: Callable[[Stage], Stage]) -> Workflow:
    if workflow.stage(stage_id) is None:
        raise _no_stage(stage_id)
    stages = tuple(change(stage) if stage.id == stage_id else stage for stage in workflow.stages)
    return msgspec.structs.replace(workflow, stages=stages)


def _no_stage(stage_id: StageId) -> NotFound:
    return NotFound(
        reason=f"Stage “{shortened(stage_id)}” is not in the workflow any more.", mend="Choose another one.", choices=()
    )
