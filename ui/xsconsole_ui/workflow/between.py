"""A stage between two others, and where a transition leads: edits that several gestures and actions share."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.domain.workflow.edits import (
    add_stage,
    change_stage,
    change_transition,
    connect,
    insert_stage,
    name_new_stage,
    why_not_connect,
)
from xsconsole.domain.workflow.values import Place
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import placing, steps
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.scene import Scene

Choice = tuple[str, Callable[[], object]]
Ask = Callable[[Sequence[Choice]], None]  # lets the user choose; leaving it leaves everything as it was


def insertable_at(workflow: Workflow, stages: Sequence[StageId], scene: Scene, at: QPointF) -> TransitionId | None:
    """Return the transition there, between whose ends the one moved stage would go: only one without its own does."""
    if len(stages) != 1 or any(stages[0] in (way.source, way.target) for way in workflow.transitions):
        return None
    return scene.edge_at(at)


def why_not_between(workflow: Workflow, stage: Stage) -> str:
    """Return why a stage cannot be put between two others; empty where it can."""
    if not workflow.transitions:
        return tr("There is no transition yet that it could be put on.")
    if any(stage.id in (way.source, way.target) for way in workflow.transitions):
        told = tr("{name} has transitions of its own. Take them out first, or lead their ends elsewhere.")
        return told.format(name=steps.named(stage.name))
    return ""


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

    desk.edit(steps.put(desk.workflow, way, found.name), change)


def insert(desk: DraftDesk, way_id: TransitionId) -> StageId | None:
    """Put a new stage on a transition, with room made for it where there is none; return it."""
    way = desk.workflow.transition_of(way_id)
    if way is None:
        return None
    made: list[StageId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, place = placing.room_between(workflow, way.source, way.target)
        changed, stage = insert_stage(changed, way.id, steps.new_name(workflow), place)
        made.append(stage)
        return changed

    if desk.edit(steps.put(desk.workflow, way, steps.new_name(desk.workflow)), change):
        desk.select(made)
        return made[0]
    return None


def add(desk: DraftDesk, wanted: Place, *, after: StageId | None = None, kind: Kind = Kind.PROMOTE) -> StageId | None:
    """Add a stage near a place, with a transition from `after` to it; return it."""
    source = desk.workflow.stage(after) if after is not None else None
    made: list[StageId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, stage = add_stage(
            placing.placed(workflow), steps.new_name(workflow), placing.free_place(workflow, wanted)
        )
        made.append(stage)
        if source is not None:
            changed, _ = connect(changed, source.id, stage, kind)
        return changed

    name = steps.new_name(desk.workflow)
    if desk.edit(steps.add_after(name, source.name) if source else steps.add(name), change):
        desk.select(made)
        return made[0]
    return None


def draw(desk: DraftDesk, source: StageId, target: StageId, kind: Kind) -> None:
    """Add a transition and select it; where it cannot be, say why."""
    made: list[TransitionId] = []

    def change(workflow: Workflow) -> Workflow:
        changed, way = connect(workflow, source, target, kind)
        made.append(way)
        return changed

    if desk.edit(steps.draw(desk.workflow, source, target, kind), change):
        desk.select((), made)


def join(desk: DraftDesk, source: StageId, target: StageId, ask: Ask, kind: Kind = Kind.PROMOTE) -> None:
    """Add a transition; where only a way back can be, offer that."""
    if can_only_return(desk.workflow, source, target, kind):
        ends_ = steps.named_ends(desk.workflow, source, target)
        ask([(tr("Make it a way back {ends}").format(ends=ends_), lambda: draw(desk, source, target, Kind.DEMOTE))])
    else:
        draw(desk, source, target, kind)


def can_only_return(workflow: Workflow, source: StageId, target: StageId, kind: Kind = Kind.PROMOTE) -> bool:
    """Return whether a promotion was wanted that cannot be, and a way back can."""
    if kind is Kind.DEMOTE or why_not_connect(workflow, source, target, Kind.PROMOTE) is None:
        return False
    return why_not_connect(workflow, source, target, Kind.DEMOTE) is None


def rename(desk: DraftDesk, stage: Stage, name: str) -> bool:
    """Give a stage another name; its id follows until it was published once. Returns whether that could be."""
    was_selected, made = stage.id in desk.stages, [stage.id]

    def change(workflow: Workflow) -> Workflow:
        if desk.base is not None and desk.base.stage(stage.id) is not None:
            return change_stage(workflow, stage.id, name=name)
        changed, made[0] = name_new_stage(workflow, stage.id, name)
        return changed

    if not desk.edit(steps.rename(stage.name, name), change):
        return False
    if was_selected and made != [stage.id]:
        desk.select(made)
    return True
