"""A graph to look at, with marks on its stages and transitions: what a version changes, or what opens on a walk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import theme
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import DESIGNER
from xsconsole_ui.workflow.scene import Scene

BADGE_HEIGHT = 18.0  # px
PADDING = 7.0
OUTLINE = 2.0
LINE = 3.0
MARGIN = 400.0  # around the stages, where arrows run too
LEGIBLE = 0.9  # the zoom below which words are painted larger
LARGEST = 1.8


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphMark:
    """A shape and a word, so that the colour says nothing alone. `tone` is the name of the colour."""

    words: str
    tone: str
    is_dashed: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    stages: Mapping[StageId, GraphMark] = field(default_factory=dict)
    ways: Mapping[TransitionId, GraphMark] = field(default_factory=dict)


class MarkedGraph(Canvas):
    """Pans, zooms and tells what is clicked; changes nothing."""

    picked = Signal(object, object)  # StageId | None, TransitionId | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Scene(DESIGNER))
        self.scene.setParent(self)
        if parent is not None:
            self.setParent(parent)
        self.marks = Marks()
        self._chosen: tuple[StageId | None, TransitionId | None] = (None, None)
        self.hand = _LookingHand(self)
        self.hint_at = self._hint

    def show_marked(self, workflow: Workflow, marks: Marks) -> None:
        self.marks = marks
        if workflow != self.scene.workflow:
            self.scene.show(workflow)
        self.update()

    def choose(self, stage: StageId | None, way: TransitionId | None) -> None:
        """Show one thing as chosen, and bring it into view."""
        self._chosen = (stage, way)
        stages, ways = (stage,) if stage is not None else (), (way,) if way is not None else ()
        self.reveal(self.scene.bounds_of(stages, ways))
        self.update()

    def chosen_look(self, look: Look) -> Look:
        stage, way = self._chosen
        return replace(
            look,
            stages=(stage,) if stage is not None else (),
            ways=(way,) if way is not None else (),
            shows_ports=False,
        )

    def _hint(self, at: QPointF) -> str:
        stage, way = self.scene.node_at(at), self.scene.edge_at(at)
        mark = self.marks.stages.get(stage) if stage is not None else self.marks.ways.get(way) if way else None
        return "\n".join(filter(None, (mark.words, mark.hint))) if mark is not None else ""


class _LookingHand:
    """Picks, and paints the marks over the graph."""

    def __init__(self, graph: MarkedGraph) -> None:
        self._graph = graph

    def press(self, event: QMouseEvent) -> bool:
        at = self._graph.view.to_graph(event.position())
        stage = self._graph.scene.node_at(at)
        way = self._graph.scene.edge_at(at) if stage is None else None
        self._graph.choose(stage, way)
        self._graph.picked.emit(stage, way)
        return True

    def move(self, event: QMouseEvent) -> bool:
        del event
        return False

    def release(self, event: QMouseEvent) -> bool:
        del event
        return False

    def double_click(self, event: QMouseEvent) -> bool:
        del event
        return False

    def key(self, event: QKeyEvent) -> bool:
        del event
        return False

    def wants_key(self, event: QKeyEvent) -> bool:
        del event
        return False

    def menu(self, at: QPoint, *, by_key: bool) -> None:
        del at, by_key

    def leave(self) -> None:
        """There is never anything to leave."""

    def look(self, look: Look) -> Look:
        return self._graph.chosen_look(look)

    def paint(self, painter: QPainter, look: Look) -> None:
        graph, colours = self._graph, look.colours
        scale = max(1.0, min(LARGEST, LEGIBLE / look.zoom))  # from far away the words are still read
        painter.save()
        painter.setClipPath(self._beside_labels())
        for way, mark in graph.marks.ways.items():
            edge = graph.scene.edges.get(way)
            if edge is not None:
                painter.setPen(_pen(mark, colours, LINE))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(edge.route.line.path)
        painter.restore()
        for way, mark in graph.marks.ways.items():
            edge = graph.scene.edges.get(way)
            if edge is not None:
                middle = edge.route.line.path.pointAtPercent(0.5)
                label = edge.label.area if edge.label is not None else QRectF(middle, middle)
                # Where the labels are too small to be read, the mark stands in their place, and covers them.
                is_far = scale > 1.0
                above = label.center().y() if is_far else label.top() - BADGE_HEIGHT / 2 - 2
                least = label.width() / scale + 2 if is_far else 0.0
                _badge(painter, QPointF(label.center().x(), above), mark, colours, scale, least)
        for stage, mark in graph.marks.stages.items():
            node = graph.scene.nodes.get(stage)
            if node is not None:
                painter.setPen(_pen(mark, colours, OUTLINE))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(node.area.adjusted(-3, -3, 3, 3), theme.RADIUS_LARGE, theme.RADIUS_LARGE)
                _badge(painter, QPointF(node.area.center().x(), node.area.top() - 3), mark, colours, scale)

    def _beside_labels(self) -> QPainterPath:
        """Return where a marked line strikes no words through."""
        scene = self._graph.scene
        whole, labels = QPainterPath(), QPainterPath()
        whole.addRect(scene.bounds.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))
        for edge in scene.edges.values():
            if edge.label is not None:
                area = edge.label.area
                labels.addRoundedRect(area, area.height() / 2, area.height() / 2)
        return whole.subtracted(labels)


def _pen(mark: GraphMark, colours: theme.Colours, width: float) -> QPen:
    style = Qt.PenStyle.DashLine if mark.is_dashed else Qt.PenStyle.SolidLine
    return QPen(QColor(getattr(colours, mark.tone)), width, style)


def _badge(
    painter: QPainter, middle: QPointF, mark: GraphMark, colours: theme.Colours, scale: float, least: float = 0.0
) -> None:
    font = theme.caption_font(is_bold=True)
    wide = max(least, QFontMetricsF(font).horizontalAdvance(mark.words) + 2 * PADDING)
    area = QRectF(-wide / 2, -BADGE_HEIGHT / 2, wide, BADGE_HEIGHT)
    painter.save()
    painter.translate(middle)
    painter.scale(scale, scale)
    painter.setPen(QPen(QColor(getattr(colours, mark.tone)), 1))
    painter.setBrush(QColor(colours.surface))
    painter.drawRoundedRect(area, BADGE_HEIGHT / 2, BADGE_HEIGHT / 2)
    painter.setFont(font)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, mark.words)
    painter.restore()
