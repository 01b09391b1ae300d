"""Where the arrows lead on the graph: from stage to stage, and round the transitions of one."""

from typing import Protocol

from PySide6.QtCore import QRectF, Qt

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.faces import ways_of
from xsconsole_ui.workflow.gestures import Gesture, Modifiers
from xsconsole_ui.workflow.measures import GRID
from xsconsole_ui.workflow.scene import Scene

Step = tuple[int, int]  # across, down

ARROWS: dict[Qt.Key, Step] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Steered(Gesture, Protocol):
    """A gesture that can be led by keyboard too."""

    def steer(self, step: Step, modifiers: Modifiers) -> QRectF:
        """Lead it one step on; return where it leads now, empty where that is nowhere."""
        ...


class Walk:
    """Walks the selection. `adds` keeps what is selected already."""

    def __init__(self, desk: DraftDesk, scene: Scene) -> None:
        self._desk, self._scene = desk, scene
        self._around: StageId | None = None  # the stage whose transitions the keys go round

    def to_stage(self, key: Qt.Key, *, adds: bool) -> None:
        """Go to the next stage; from a transition to one of its ends."""
        desk, way = self._desk, self._desk.transition
        if way is not None and key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not adds:
            desk.select((way.source if key == Qt.Key.Key_Left else way.target,))
            return
        here = desk.stages[-1] if desk.stages else (way.source if way is not None else None)
        found = neighbour(self._scene, here, ARROWS[key]) if here is not None else next(iter(self._scene.nodes), None)
        if found is None:
            return
        if adds:
            desk.select((*(one for one in desk.stages if one != found), found), desk.transitions)
        else:
            desk.select((found,))

    def to_way(self, step: int, *, adds: bool) -> None:
        """Go round the transitions of the selected stage, or of the one from which the walk began."""
        desk, ends = self._desk, self._last_way()
        stage = desk.stages[-1] if desk.stages and not desk.transitions else self._around
        if ends is not None and stage not in ends[1:]:
            stage = ends[1]
        if stage is None:
            return
        self._around = stage
        ways = [one.id for one in ways_of(desk.workflow, stage)]
        if ways:
            at = ways.index(ends[0]) + step if ends is not None and ends[0] in ways else (0 if step > 0 else -1)
            found = ways[at % len(ways)]
            kept = tuple(one for one in desk.transitions if one != found) if adds else ()
            desk.select(desk.stages if adds else (), (*kept, found))

    def take_back(self) -> None:
        """Take what was selected last out of the selection again."""
        desk = self._desk
        if desk.transitions:
            desk.select(desk.stages, desk.transitions[:-1])
        else:
            desk.select(desk.stages[:-1])

    def _last_way(self) -> tuple[TransitionId, StageId, StageId] | None:
        desk = self._desk
        way = desk.workflow.transition_of(desk.transitions[-1]) if desk.transitions else None
        return (way.id, way.source, way.target) if way is not None else None


def neighbour(scene: Scene, stage: StageId, step: Step) -> StageId | None:
    """Return the stage that comes next in a direction: near, and rather ahead than aside."""
    across, down = step
    here = scene.nodes[stage].area.center()
    best: tuple[float, StageId] | None = None
    for id_, node in scene.nodes.items():
        away = node.area.center() - here
        ahead = away.x() * across + away.y() * down
        aside = abs(away.y() if across else away.x())
        if id_ != stage and ahead >= GRID / 2:
            cost = ahead + 2.5 * aside
            if best is None or (cost, id_) < best:
                best = (cost, id_)
    return best[1] if best is not None else None
