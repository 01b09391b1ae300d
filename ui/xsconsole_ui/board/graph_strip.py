"""The workflow in small, above the columns: stages, ways forward as curves, ways back dashed below. One layer."""

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow
from xsconsole_ui import theme
from xsconsole_ui.theme import Colours

NODE_HEIGHT = 26
NODE_GAP = 8
NODE_WIDTH = 124
TOP = 14
BELOW = 34  # room for the ways back
ARROW = 5.0


class GraphStrip(QWidget):
    """Nodes stand above their columns. A click on one asks for its column."""

    stage_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflow: Workflow | None = None
        self._columns: tuple[tuple[Stage, ...], ...] = ()
        self._lit: StageId | None = None
        self._margin = theme.MARGIN
        self._gap = theme.GAP
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def show_workflow(self, workflow: Workflow | None) -> None:
        self._workflow = workflow
        self._columns = workflow.columns() if workflow else ()
        ways = [] if workflow is None else [self._in_words(edge) for edge in workflow.transitions]
        self.setAccessibleName(self.tr("Workflow {name}").format(name=workflow.name if workflow else ""))
        self.setAccessibleDescription("; ".join(ways))
        self.setToolTip("")
        self.updateGeometry()
        self.update()

    def light(self, stage: StageId | None) -> None:
        """Make the ways out of one stage stand out."""
        if stage != self._lit:
            self._lit = stage
            self.update()

    def _in_words(self, edge: Transition) -> str:
        assert self._workflow is not None
        ends = [self._workflow.stage(end) for end in (edge.source, edge.target)]
        source, target = (stage.name if stage else "?" for stage in ends)
        if edge.kind is Kind.DEMOTE:
            return self.tr("Way back from {source} to {target}").format(source=source, target=target)
        with_point = self.tr(", takes a restore point") if edge.restore_point else ""
        return self.tr("{source} to {target}").format(source=source, target=target) + with_point

    def _nodes(self) -> Mapping[StageId, QRectF]:
        nodes: dict[StageId, QRectF] = {}
        number = len(self._columns)
        tallest = max((len(column) for column in self._columns), default=1)
        height = tallest * (NODE_HEIGHT + NODE_GAP) - NODE_GAP
        for at, column in enumerate(self._columns):
            each = (self.width() - 2 * self._margin + self._gap) / number
            centre = self._margin + (at + 0.5) * each - self._gap / 2
            width = min(NODE_WIDTH, each - 48)
            own = len(column) * (NODE_HEIGHT + NODE_GAP) - NODE_GAP
            top = TOP + (height - own) / 2
            for row, stage in enumerate(column):
                y = top + row * (NODE_HEIGHT + NODE_GAP)
                nodes[stage.id] = QRectF(round(centre - width / 2) + 0.5, round(y) + 0.5, round(width), NODE_HEIGHT)
        return nodes

    def sizeHint(self) -> QSize:
        tallest = max((len(column) for column in self._columns), default=1)
        return QSize(400, TOP + tallest * (NODE_HEIGHT + NODE_GAP) - NODE_GAP + BELOW)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.surface))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(colours.hairline))
        if self._workflow is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        nodes = self._nodes()
        order = {stage.id: at for at, column in enumerate(self._columns) for stage in column}
        # The lit ways come last, so that they lie above the others.
        for edge in sorted(self._workflow.transitions, key=lambda edge: edge.source == self._lit):
            if edge.kind is Kind.PROMOTE:
                self._paint_way(painter, nodes[edge.source], nodes[edge.target], edge, colours)
            else:
                span = abs(order[edge.source] - order[edge.target])
                self._paint_way_back(painter, nodes[edge.source], nodes[edge.target], span, edge, colours)
        for stage in self._workflow.stages:
            self._paint_node(painter, nodes[stage.id], stage, colours)

    def _pen(self, edge: Transition, colours: Colours) -> QPen:
        is_lit = edge.source == self._lit
        pen = QPen(QColor(colours.accent if is_lit else colours.edge), 1.6 if is_lit else 1.2)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen

    def _paint_way(self, painter: QPainter, source: QRectF, target: QRectF, edge: Transition, colours: Colours) -> None:
        start = QPointF(source.right(), source.center().y())
        end = QPointF(target.left(), target.center().y())
        reach = max(16.0, (end.x() - start.x()) / 2)
        path = QPainterPath(start)
        path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end - QPointF(ARROW, 0))
        pen = self._pen(edge, colours)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        painter.drawPolygon([end, end + QPointF(-ARROW - 2, -ARROW + 1), end + QPointF(-ARROW - 2, ARROW - 1)])

    def _paint_way_back(
        self, painter: QPainter, source: QRectF, target: QRectF, span: int, edge: Transition, colours: Colours
    ) -> None:
        aside = min(12.0 + 14.0 * (span - 1), source.width() / 2 - 8)
        start = QPointF(source.center().x() - aside, source.bottom())
        end = QPointF(target.center().x() + aside, target.bottom())
        depth = min(13.0 + 11.0 * (span - 1), BELOW - 8.0)
        low = max(start.y(), end.y()) + depth * 4 / 3
        path = QPainterPath(start)
        path.cubicTo(QPointF(start.x() - 6, low), QPointF(end.x() + 6, low), end + QPointF(0, ARROW))
        pen = self._pen(edge, colours)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        painter.drawPolygon([end, end + QPointF(-ARROW + 1, ARROW + 2), end + QPointF(ARROW - 1, ARROW + 2)])

    def _paint_node(self, painter: QPainter, area: QRectF, stage: Stage, colours: Colours) -> None:
        painter.setPen(QPen(theme.stripe(stage.colour, colours), 1.5))
        painter.setBrush(QColor(colours.accent_soft if stage.id == self._lit else colours.surface))
        painter.drawRoundedRect(area, theme.RADIUS, theme.RADIUS)
        font = theme.caption_font()
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        name = QFontMetricsF(font).elidedText(stage.name, Qt.TextElideMode.ElideRight, area.width() - 12)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name)

    def _stage_at(self, point: QPointF) -> Stage | None:
        if self._workflow is None:
            return None
        found = next((id_ for id_, area in self._nodes().items() if area.contains(point)), None)
        return self._workflow.stage(found) if found else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        stage = self._stage_at(event.position())
        if stage is None or self._workflow is None:
            QToolTip.hideText()
            self.unsetCursor()
            return
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ways = [self._in_words(edge) for edge in self._workflow.transitions_from(stage.id)]
        QToolTip.showText(event.globalPosition().toPoint(), "\n".join((stage.name, stage.description, *ways)), self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        stage = self._stage_at(event.position())
        if stage is not None:
            self.stage_clicked.emit(stage.id)
