"""The workflow in small, above the columns: the designer's graph, read-only, with each stage above its column."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole_ui import pieces, theme
from xsconsole_ui.workflow.faces import Load, in_words
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import STRIP
from xsconsole_ui.workflow.painter import GraphPainter
from xsconsole_ui.workflow.scene import Scene

NODE_GAP = 10  # px between nodes of one column
TOP = 14
BELOW = 8
USUAL_WIDTH = 800  # px, for which the height is chosen
BESIDE_NODE = 48  # px that a column leaves for the ways
LEAST_NODE = 24


class GraphStrip(QWidget):
    """Nodes stand above their columns. A click on one asks for its column."""

    stage_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflow: Workflow | None = None
        self._columns: tuple[tuple[Stage, ...], ...] = ()
        self._lit: StageId | None = None
        self._height = TOP + BELOW
        self.scene = Scene(STRIP, self)
        self._graph_painter = GraphPainter(STRIP)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.scene.changed.connect(self.update)

    def show_workflow(self, workflow: Workflow | None) -> None:
        if workflow is not None and workflow is self._workflow:
            return
        self._workflow = workflow
        self._columns = workflow.columns() if workflow else ()
        ways = [] if workflow is None else [in_words(workflow, way) for way in workflow.transitions]
        self.setAccessibleName(self.tr("Workflow {name}").format(name=workflow.name if workflow else ""))
        self.setAccessibleDescription("; ".join(ways))
        self.scene.show(workflow, self._areas(USUAL_WIDTH))
        self._height = round(self.scene.bounds.bottom()) + BELOW if workflow is not None else TOP + BELOW
        self.scene.show(workflow, self._areas(self.width()))
        self.updateGeometry()

    def show_load(self, load: Load) -> None:
        """Show what runs along the transitions."""
        self.scene.tell(load=load)

    def light(self, stage: StageId | None) -> None:
        """Make the ways out of one stage stand out."""
        if stage != self._lit:
            self._lit = stage
            self.update()

    def _areas(self, width: float) -> Mapping[StageId, QRectF]:
        areas: dict[StageId, QRectF] = {}
        high = STRIP.height
        tallest = max((len(column) for column in self._columns), default=1)
        height = tallest * (high + NODE_GAP) - NODE_GAP
        each = (width - 2 * theme.MARGIN + theme.GAP) / max(1, len(self._columns))
        for at, column in enumerate(self._columns):
            centre = theme.MARGIN + (at + 0.5) * each - theme.GAP / 2
            wide = round(max(LEAST_NODE, min(STRIP.width, each - BESIDE_NODE)))
            top = TOP + (height - (len(column) * (high + NODE_GAP) - NODE_GAP)) / 2
            for row, stage in enumerate(column):
                areas[stage.id] = QRectF(round(centre - wide / 2), round(top + row * (high + NODE_GAP)), wide, high)
        return areas

    def sizeHint(self) -> QSize:
        return QSize(400, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scene.show(self._workflow, self._areas(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.surface))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(colours.hairline))
        look = Look(colours=colours, lit=self._lit)
        self._graph_painter.paint(painter, self.scene, look)

    def _stage_at(self, point: QPointF) -> Stage | None:
        found = self.scene.node_at(point)
        return self._workflow.stage(found) if self._workflow is not None and found is not None else None

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), pieces.hint(self._hint_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def _hint_at(self, point: QPointF) -> str:
        workflow, stage, way_id = self._workflow, self._stage_at(point), self.scene.edge_at(point)
        if workflow is None:
            return ""
        if stage is not None:
            ways = [in_words(workflow, way) for way in workflow.transitions_from(stage.id)]
            return "\n".join(part for part in (stage.name, stage.description, *ways) if part)
        way = workflow.transition_of(way_id) if way_id is not None else None
        return in_words(workflow, way) if way is not None else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_stage = self._stage_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_stage else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        stage = self._stage_at(event.position())
        if stage is not None:
            self.stage_clicked.emit(stage.id)
