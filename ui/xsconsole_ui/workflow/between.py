"""A stage between two others, and where a transition leads: edits that several gestures and actions share."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Kind, Transition, Workflow
from xsconsole.domain.workflow.edits import (
    add_stage,
    change_stage,
    change_transition,
    connect,
    fresh_name,
    insert_stage,
    why_not_connect,
)
from xsconsole.domain.workflow.values import Place
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import placing
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.scene import Scene

Choice = tuple[str, Callable[[], object]]
Ask = Callable[[Sequence[Choice]], None]  # lets the user choose; leaving it leaves everything as it was


def short(name: str) -> str:
    return shortened(name, 40)


def ends(workflow: Workflow, way: Transition | None) -> str:
    """Return the names of a transition's ends, as `A → B`."""
    return named_ends(workflow, way.source, way.target) if way is not None else ""


def named_ends(workflow: Workflow, source: StageId, target: StageId) -> str:
    found = [workflow.stage(end) for end in (source, target)]
    return " → ".join(f"“{short(stage.name)}”" if stage else "?" for stage in found)


def insertable_at(workflow: Workflow, stages: Sequence[StageId], scene: Scene, at: QPointF) -> TransitionId | None:
    """Return the transition there, between whose ends the one moved stage would go: only one without its own does."""
    if len(stages) != 1 or any(stages[0] in (way.source, way.target) for way in workflow.transitions):
        return None
    return scene.edge_at(at)


def put(desk: DraftDesk, way_id: TransitionId, stage: StageId, place: Place) -> None:
    """Put a stage that stands for itself between the ends of a transition, whose demands stay on the latter part.

    Where there is no room, what follows makes some.
    """
    way = desk.workflow.transition_of(way_id)
    found = desk.workflow.stage(stage)
    if way is None or found is None:
        return

    def change(workflow: Workflow) -> Workflow:
        changed, there = placing.room_between(workflow, way.source, way.target, wanted=place, stage=stage)
        changed = change_transition(changed, way.id, source=stage)
        changed, _ = connect(changed, way.source, stage, way.kind)
        return change_stage(changed, stage, place=there)

    label = tr("Put “{name}” between {ends}").format(name=short(found.name), ends=ends(desk.workflow, way))
    desk.edit(label, change)


def insert(desk: DraftDesk, way_id: TransitionId) -> StageId | None:
    """Put a new stage on a transition, with room made for it where there is none; return it."""
    way = desk.workflow.transition_of(way_id)
    if way is None:
        return None
    made: list[StageId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, place = placing.room_between(workflow, way.source, way.target)
        changed, stage = insert_stage(changed, way.id, new_name(workflow), place)
        made.append(stage)
        return changed

    if desk.edit(tr("Insert a stage between {ends}").format(ends=ends(desk.workflow, way)), change):
        desk.select(made)
        return made[0]
    return None


def add(desk: DraftDesk, wanted: Place, *, after: StageId | None = None, kind: Kind = Kind.PROMOTE) -> StageId | None:
    """Add a stage near a place, with a transition from `after` to it; return it."""
    source = desk.workflow.stage(after) if after is not None else None
    made: list[StageId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, stage = add_stage(placing.placed(workflow), new_name(workflow), placing.free_place(workflow, wanted))
        made.append(stage)
        if source is not None:
            changed, _ = connect(changed, source.id, stage, kind)
        return changed

    label = tr("Add a stage after “{name}”").format(name=short(source.name)) if source else tr("Add a stage")
    if desk.edit(label, change):
        desk.select(made)
        return made[0]
    return None


def new_name(workflow: Workflow) -> str:
    return fresh_name(tr("New stage"), (stage.name for stage in workflow.stages))


def draw(desk: DraftDesk, source: StageId, target: StageId, kind: Kind) -> None:
    """Add a transition and select it; where it cannot be, say why."""
    made: list[TransitionId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, way = connect(workflow, source, target, kind)
        made.append(way)
        return changed

    label = tr("Add way back {ends}") if kind is Kind.DEMOTE else tr("Add transition {ends}")
    if desk.edit(label.format(ends=named_ends(desk.workflow, source, target)), change):
        desk.select((), made)


def join(desk: DraftDesk, source: StageId, target: StageId, ask: Ask, kind: Kind = Kind.PROMOTE) -> None:
    """Add a transition; where only a way back can be, offer that."""
    if can_only_return(desk.workflow, source, target, kind):
        ends_ = named_ends(desk.workflow, source, target)
        ask([(tr("Make it a way back {ends}").format(ends=ends_), lambda: draw(desk, source, target, Kind.DEMOTE))])
    else:
        draw(desk, source, target, kind)


def can_only_return(workflow: Workflow, source: StageId, target: StageId, kind: Kind = Kind.PROMOTE) -> bool:
    """Return whether a promotion was wanted that cannot be, and a way back can."""
    if kind is Kind.DEMOTE or why_not_connect(workflow, source, target, Kind.PROMOTE) is None:
        return False
    return why_not_connect(workflow, source, target, Kind.DEMOTE) is None
