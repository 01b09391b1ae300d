"""What hands do on the canvas, each as one object: it begins, moves, and ends by `commit` or `cancel`.

One commit is one step of the history, which names itself. Until then the workflow is as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from xsconsole.domain import words
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.align import Axis, Box, Guide, Ruler
from xsconsole.domain.workflow.edits import place_stages
from xsconsole.domain.workflow.values import Place
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import between, placing, steps
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import GRID, place_of
from xsconsole_ui.workflow.scene import Scene

Modifiers = Qt.KeyboardModifier
MOST_GUIDED = 4  # of the moved stages, for which guides are looked for


class Gesture(Protocol):
    """`said` is what it says to where it is now; `begin` has been called before anything else."""

    said: str

    def begin(self, at: QPointF) -> None: ...
    def move(self, at: QPointF, modifiers: Modifiers) -> None: ...
    def commit(self) -> None: ...
    def cancel(self) -> None: ...
    def paint(self, painter: QPainter, look: Look) -> None: ...
    def look(self, look: Look) -> Look: ...


@dataclass(slots=True)
class Move:
    """Takes the selected stages elsewhere, from one crossing of the grid to another.

    A stage without transitions that is let go over a transition is put between its ends.
    """

    desk: DraftDesk
    scene: Scene
    said: str = ""
    _from: QPointF | None = None
    _by: QPointF | None = None
    _over: TransitionId | None = None
    _guides: tuple[Guide, ...] = ()
    _ruler: Ruler | None = None  # of all that stays

    def begin(self, at: QPointF) -> None:
        self._from = at
        moved = set(self.desk.stages)
        self._ruler = Ruler(_box(node.area) for id_, node in self.scene.nodes.items() if id_ not in moved)

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        assert self._from is not None
        away = at - self._from
        by = QPointF(round(away.x() / GRID) * GRID, round(away.y() / GRID) * GRID)
        if modifiers & Modifiers.ShiftModifier:  # along one axis
            by = QPointF(by.x(), 0) if abs(away.x()) >= abs(away.y()) else QPointF(0, by.y())
        over = between.insertable_at(self.desk.workflow, self.desk.stages, self.scene, at)
        if by == self._by and over == self._over:
            return
        self._by, self._over = by, over
        self.scene.lift(dict.fromkeys(self.desk.stages, by))
        self._guides = self._find_guides()
        way = self.desk.workflow.transition_of(over) if over is not None else None
        self.said = (
            tr("Let go to put it between {ends}").format(ends=steps.ends(self.desk.workflow, way)) if way else ""
        )

    def commit(self) -> None:
        by, over, stages = self._by, self._over, self.desk.stages
        self.scene.put_down()
        if by is None or (by.isNull() and over is None):
            return
        places = {id_: place_of(self.scene.nodes[id_].area.topLeft() + by) for id_ in stages}
        if over is not None:
            between.put(self.desk, over, stages[0], places[stages[0]])
        else:
            _place(self.desk, stages, places)

    def cancel(self) -> None:
        self.scene.put_down()

    def paint(self, painter: QPainter, look: Look) -> None:
        pen = QPen(QColor(look.colours.accent), 1 / look.zoom, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for guide in self._guides:
            start, end = guide.start - GRID, guide.end + GRID
            if guide.axis is Axis.X:
                painter.drawLine(QPointF(guide.at, start), QPointF(guide.at, end))
            else:
                painter.drawLine(QPointF(start, guide.at), QPointF(end, guide.at))

    def look(self, look: Look) -> Look:
        return replace(look, ways=(self._over,)) if self._over is not None else look

    def _find_guides(self) -> tuple[Guide, ...]:
        """Return lines along which what is moved stands in line with what stays; of equal boxes only the middle one."""
        assert self._ruler is not None
        found: list[Guide] = []
        for id_ in self.desk.stages[:MOST_GUIDED]:
            own = _box(self.scene.nodes[id_].area)
            guides = self._ruler.guides(own)
            for axis in Axis:
                lines = [guide for guide in guides if guide.axis is axis]
                middle = [guide for guide in lines if guide.at == own.lines(axis)[1]]
                found += middle or lines
        return tuple(found)


def _box(area: QRectF) -> Box:
    return Box(x=area.x(), y=area.y(), width=area.width(), height=area.height())


@dataclass(slots=True)
class RubberBand:
    """Selects what an area touches; with `adds`, beside what was selected."""

    desk: DraftDesk
    scene: Scene
    adds: bool = False
    said: str = ""
    _from: QPointF | None = None
    _area: QRectF | None = None
    _before: tuple[tuple[StageId, ...], tuple[TransitionId, ...]] = ((), ())

    def begin(self, at: QPointF) -> None:
        self._from = at
        self._before = (self.desk.stages, self.desk.transitions)
        if not self.adds:
            self.desk.select()

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        del modifiers
        assert self._from is not None
        self._area = QRectF(self._from, at).normalized()
        stages, ways = self.scene.within(self._area)
        kept_stages, kept_ways = self._before if self.adds else ((), ())
        self.desk.select((*kept_stages, *stages), (*kept_ways, *ways))
        number = len(self.desk.stages) + len(self.desk.transitions)
        self.said = tr("{objects} selected").format(objects=words.count(number, "object"))

    def commit(self) -> None:
        self._area = None

    def cancel(self) -> None:
        self._area = None
        self.desk.select(*self._before)

    def paint(self, painter: QPainter, look: Look) -> None:
        if self._area is None:
            return
        ground = QColor(look.colours.accent)
        ground.setAlpha(28)
        painter.setPen(QPen(QColor(look.colours.accent), 1 / look.zoom, Qt.PenStyle.DashLine))
        painter.setBrush(ground)
        painter.drawRect(self._area)

    def look(self, look: Look) -> Look:
        return look


def nudge(desk: DraftDesk, scene: Scene, across: int, down: int) -> None:
    """Move the selected stages by steps of the grid; a row of nudges is one step of the history."""
    by = QPointF(across * GRID, down * GRID)
    places = {id_: place_of(scene.nodes[id_].area.topLeft() + by) for id_ in desk.stages}
    if places:
        merge = f"nudge {' '.join(desk.stages)}"
        _place(desk, desk.stages, places, merge=merge)


def _place(desk: DraftDesk, stages: tuple[StageId, ...], places: Mapping[StageId, Place], *, merge: str = "") -> None:
    def change(workflow: Workflow) -> Workflow:
        return place_stages(placing.placed(workflow), places)

    label = tr("Move {what}").format(what=steps.several(desk.workflow, stages))
    desk.edit(label, change, merge=merge)
