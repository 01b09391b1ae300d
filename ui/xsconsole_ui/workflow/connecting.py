"""Transitions drawn by hand: from a port to a stage, or one end of a transition to another stage. Live yes or no."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Kind
from xsconsole.domain.workflow.edits import change_transition, why_not_connect
from xsconsole.domain.workflow.values import Place
from xsconsole_ui import theme
from xsconsole_ui.pieces import joined
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import between, steps
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.edge_painting import paint_head
from xsconsole_ui.workflow.gestures import Modifiers
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import place_of
from xsconsole_ui.workflow.routes import loose
from xsconsole_ui.workflow.scene import Scene
from xsconsole_ui.workflow.steering import Step, neighbour

SHADOW = 24  # px from the pointer down to its words
ASIDE = 14
WIDEST = 340.0
BESIDE = 80.0  # px from a port to where a new stage is offered by key


@dataclass(slots=True)
class Connect:
    """Draws a transition from a stage. With Shift it is a way back.

    Where a promotion would close a circle, a way back is offered; over nothing, a new stage is.
    """

    desk: DraftDesk
    scene: Scene
    source: StageId
    ask: between.Ask
    name: Callable[[], object]  # let the new stage be named at once
    is_back: bool = False  # from the beginning, whatever Shift says
    said: str = ""
    _at: QPointF = field(default_factory=QPointF)
    _target: StageId | None = None
    _kind: Kind = Kind.PROMOTE
    _is_open: bool = False
    _has_moved: bool = False

    def begin(self, at: QPointF) -> None:
        self._at = at
        self._say(is_shifted=False)

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        self._at, self._has_moved = at, True
        self._target = self.scene.node_at(at)
        if self._target == self.source and self.scene.port_at(at) == self.source:
            self._target = None
        self._say(is_shifted=bool(modifiers & Modifiers.ShiftModifier))

    def steer(self, step: Step, modifiers: Modifiers) -> QRectF:
        area = _next(self.scene, self._target or self.source, step)
        if not area.isNull():
            self.move(area.center(), modifiers)
        return area

    def lead_beside(self) -> None:
        """Lead to a free spot at the right, as the mouse does over nothing: a new stage is offered there."""
        port = self.scene.nodes[self.source].port
        self._at, self._target, self._has_moved = port + QPointF(BESIDE, 0), None, True

    def commit(self) -> None:
        target, kind = self._target, self._kind
        if target is None:
            if self._has_moved and not self.scene.nodes[self.source].area.adjusted(-9, -9, 9, 9).contains(self._at):
                self.ask(self._new_stage_choices())
        elif self._is_open:
            between.draw(self.desk, self.source, target, kind)
        else:
            between.join(self.desk, self.source, target, self.ask, kind)

    def cancel(self) -> None:
        """Nothing was changed."""

    def paint(self, painter: QPainter, look: Look) -> None:
        node = self.scene.nodes.get(self.source)
        if node is None:
            return
        end = self._at
        if self._target is not None and self._target != self.source:
            end = self.scene.nodes[self._target].entry
        paint_loose(painter, node.port, end, look, self.scene, is_back=self._kind is Kind.DEMOTE, is_open=self._is_open)
        paint_words(painter, self._at, self.said, look, self._tone())

    def look(self, look: Look) -> Look:
        if self._target is None or self._target == self.source:
            return look
        return replace(look, offered=self._target) if self._is_open else replace(look, refused=self._target)

    def _tone(self) -> str:
        if self._target is None:
            return "plain"
        return "good" if self._is_open else "bad"

    def _say(self, *, is_shifted: bool) -> None:
        workflow, target = self.desk.workflow, self._target
        self._kind = Kind.DEMOTE if self.is_back or is_shifted else Kind.PROMOTE
        self._is_open = False
        if target is None or target == self.source:
            self._target = None
            self.said = tr("Lead it to a stage; over nothing, a new one is offered") if self._has_moved else ""
            return
        refusal = why_not_connect(workflow, self.source, target, self._kind)
        self._is_open = refusal is None
        ends = steps.named_ends(workflow, self.source, target)
        if refusal is None:
            is_back = self._kind is Kind.DEMOTE
            self.said = (
                tr("✓ Way back {ends}").format(ends=ends) if is_back else tr("✓ Promotion {ends}").format(ends=ends)
            )
            return
        can_return = between.can_only_return(workflow, self.source, target, self._kind)
        mend = tr("Let go to make it a way back.") if can_return else refusal.mend
        self.said = tr("✗ {reason}").format(reason=joined(refusal.reason, mend))

    def _new_stage_choices(self) -> list[between.Choice]:
        source = self.desk.workflow.stage(self.source)
        name = steps.short(source.name) if source is not None else ""
        middle = self.scene.measures.height / 2
        at = place_of(self._at - QPointF(0, middle))
        where = Place(x=at.x, y=at.y)
        return [
            (tr("New stage, promoted to from “{name}”").format(name=name), lambda: self._add(where, Kind.PROMOTE)),
            (tr("New stage, with a way back from “{name}”").format(name=name), lambda: self._add(where, Kind.DEMOTE)),
        ]

    def _add(self, place: Place, kind: Kind) -> None:
        if between.add(self.desk, place, after=self.source, kind=kind) is not None:
            self.name()


@dataclass(slots=True)
class Reroute:
    """Leads one end of a transition to another stage."""

    desk: DraftDesk
    scene: Scene
    way: TransitionId
    is_target: bool
    said: str = ""
    _at: QPointF | None = None
    _stage: StageId | None = None
    _is_open: bool = False

    def begin(self, at: QPointF) -> None:
        del at

    def steer(self, step: Step, modifiers: Modifiers) -> QRectF:
        way = self.desk.workflow.transition_of(self.way)
        if way is None:
            return QRectF()
        area = _next(self.scene, self._stage or (way.target if self.is_target else way.source), step)
        if not area.isNull():
            self.move(area.center(), modifiers)
        return area

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        del modifiers
        self._at, self._stage, self._is_open, self.said = at, self.scene.node_at(at), False, ""
        way = self.desk.workflow.transition_of(self.way)
        if way is None or self._stage is None or self._stage == (way.target if self.is_target else way.source):
            self._stage = None
            return
        source, target = self._ends(way.source, way.target)
        refusal = why_not_connect(self.desk.workflow, source, target, way.kind, instead_of=way.id)
        self._is_open = refusal is None
        ends = steps.named_ends(self.desk.workflow, source, target)
        if refusal is None:
            self.said = tr("✓ Lead it {ends}").format(ends=ends)
        else:
            self.said = tr("✗ {reason}").format(reason=joined(refusal.reason, refusal.mend))

    def commit(self) -> None:
        way = self.desk.workflow.transition_of(self.way)
        if way is None or self._stage is None:
            return
        if not self._is_open:
            self.desk.refused.emit(self.said)
            return
        source, target = self._ends(way.source, way.target)
        label = steps.lead(self.desk.workflow, way, source, target)
        self.desk.edit(label, lambda workflow: change_transition(workflow, way.id, source=source, target=target))

    def cancel(self) -> None:
        """Nothing was changed."""

    def paint(self, painter: QPainter, look: Look) -> None:
        edge = self.scene.edges.get(self.way)
        if self._at is None or edge is None:
            return
        start, end = (edge.route.start, self._at) if self.is_target else (self._at, edge.route.tip)
        paint_loose(painter, start, end, look, self.scene, is_back=edge.face.is_back, is_open=self._is_open)
        if self.said:
            paint_words(painter, self._at, self.said, look, "good" if self._is_open else "bad")

    def look(self, look: Look) -> Look:
        if self._stage is None:
            return look
        return replace(look, offered=self._stage) if self._is_open else replace(look, refused=self._stage)

    def _ends(self, source: StageId, target: StageId) -> tuple[StageId, StageId]:
        assert self._stage is not None
        return (source, self._stage) if self.is_target else (self._stage, target)


@dataclass(slots=True)
class PutBetween:
    """Puts a stage that stands for itself between the ends of a transition: a drag onto it, by keyboard."""

    desk: DraftDesk
    scene: Scene
    stage: StageId
    said: str = ""
    _way: TransitionId | None = None

    def begin(self, at: QPointF) -> None:
        """Begin at the transition that is nearest."""
        ways = self._ways()
        away = {way: self.scene.edges[way].route.line.at(0.5) - at for way in ways}
        self._choose(min(ways, key=lambda way: away[way].manhattanLength(), default=None))

    def steer(self, step: Step, modifiers: Modifiers) -> QRectF:
        del modifiers
        ways = self._ways()
        if self._way not in ways:
            return QRectF()
        self._choose(ways[(ways.index(self._way) + sum(step)) % len(ways)])
        return self.scene.bounds_of((), (self._way,))

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        del modifiers
        self._choose(self.scene.edge_at(at) or self._way)

    def commit(self) -> None:
        node = self.scene.nodes.get(self.stage)
        if self._way is not None and node is not None:
            between.put(self.desk, self._way, self.stage, place_of(node.area.topLeft()))

    def cancel(self) -> None:
        """Nothing was changed."""

    def paint(self, painter: QPainter, look: Look) -> None:
        if self._way in self.scene.edges:
            paint_words(painter, self.scene.edges[self._way].route.line.at(0.5), self.said, look, "good")

    def look(self, look: Look) -> Look:
        return replace(look, ways=(self._way,)) if self._way is not None else look

    def _ways(self) -> list[TransitionId]:
        return list(self.scene.edges)

    def _choose(self, way_id: TransitionId | None) -> None:
        self._way = way_id
        way = self.desk.workflow.transition_of(way_id) if way_id is not None else None
        self.said = tr("Put it between {ends}").format(ends=steps.ends(self.desk.workflow, way)) if way else ""


def _next(scene: Scene, stage: StageId, step: Step) -> QRectF:
    """Return where the next stage in a direction stands; empty where there is none."""
    found = neighbour(scene, stage, step)
    return scene.nodes[found].area if found is not None else QRectF()


def paint_loose(
    painter: QPainter, start: QPointF, end: QPointF, look: Look, scene: Scene, *, is_back: bool, is_open: bool
) -> None:
    """Paint an edge that is being drawn."""
    route = loose(start, end, scene.measures)
    colour = QColor(look.colours.good if is_open else look.colours.accent)
    painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine if is_back else Qt.PenStyle.SolidLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(route.line.path)
    paint_head(painter, route, colour)


def beside_pointer(at: QPointF, size: QSizeF, look: Look) -> QRectF:
    """Return where words of a size lie that are seen whole, in px from the pointer, which is at `at` in the graph."""
    seen = look.seen.translated(-at)
    left, right, bottom = (side * look.zoom for side in (seen.left(), seen.right(), seen.bottom()))
    below = SHADOW + size.height() <= bottom
    return QRectF(
        QPointF(max(left, min(ASIDE, right - size.width())), SHADOW if below else -ASIDE - size.height()), size
    )


def paint_words(painter: QPainter, at: QPointF, text: str, look: Look, tone: str) -> None:
    """Write beside the pointer what a gesture says, in the size of the screen whatever the zoom is."""
    if not text:
        return
    colours = look.colours
    ink, ground = {
        "good": (colours.good, colours.good_soft),
        "bad": (colours.bad, colours.bad_soft),
        "plain": (colours.muted, colours.surface),
    }[tone]
    painter.save()
    painter.translate(at)
    painter.scale(1 / look.zoom, 1 / look.zoom)
    font = theme.caption_font()
    metrics = QFontMetricsF(font)
    wrap = int(Qt.TextFlag.TextWordWrap)
    needed = metrics.boundingRect(QRectF(0, 0, WIDEST, 400), wrap, text)
    area = beside_pointer(at, QSizeF(needed.width() + 16, needed.height() + 10), look)
    painter.setPen(QPen(QColor(ink), 1))
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
    painter.setFont(font)
    painter.drawText(area.adjusted(8, 5, -7, -4), wrap, text)
    painter.restore()
