"""Paints the graph: the designer's canvas, the strip above the board, and the pictures that are exported.

Nodes and labels are painted once and copied; all edges are one layer of plain paths (design section 12).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from xsconsole_ui import theme
from xsconsole_ui.theme import Colours
from xsconsole_ui.workflow.edge_painting import EdgeStyle, paint_edges, paint_ends, paint_label, style_of
from xsconsole_ui.workflow.labels import Label
from xsconsole_ui.workflow.late_parts import LateParts
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import GRID, Measures
from xsconsole_ui.workflow.node_painting import (
    FAR,
    PORT,
    Frame,
    frame_of,
    frame_width,
    paint_frame,
    paint_node,
    paint_port,
)
from xsconsole_ui.workflow.routes import Route
from xsconsole_ui.workflow.scene import Edge, Node, Scene

KEPT_PICTURES = 1024
LEAST_MADE = 4  # pictures in one turn, however full it is
MARGIN = 3.0  # px around a node in its picture, for its border
LEAST_DOT_STEP = 18.0  # px


class GraphPainter:
    """Keeps the pictures of nodes and labels as they were last painted."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures
        self._ratio = 1.0  # pixels of the device for one of the widget
        self._pictures: OrderedDict[Hashable, tuple[float, float, QPixmap]] = OrderedDict()
        self._late: LateParts | None = None
        self._made = 0  # pictures, in the present paint

    def paint(self, painter: QPainter, scene: Scene, look: Look, late: LateParts | None = None) -> None:
        """Paint edges, labels and nodes, in this order. Pictures that do not fit into this turn are left to `late`."""
        self._late, self._made = late, 0
        # Of the picture that is painted into, which is not always the widget's own screen.
        self._ratio = painter.deviceTransform().m11() / painter.worldTransform().m11()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, look.is_still)
        shown = [edge for edge in scene.edges.values() if look.seen.isNull() or edge.route.bounds.intersects(look.seen)]
        alike: dict[EdgeStyle, list[Route]] = {}
        for edge in shown:
            alike.setdefault(style_of(edge.face, _stands_out(edge, look)), []).append(edge.route)
        for style in sorted(alike, key=lambda style: style.stands_out):
            paint_edges(painter, alike[style], style, self._measures, look)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for edge in shown:
            if edge.label is not None and look.zoom >= FAR:
                self._label(painter, edge, edge.label, look)
        for node in scene.nodes.values():
            if look.seen.isNull() or node.area.adjusted(-9, -9, 9, 9).intersects(look.seen):
                self._node(painter, node, look)
        for id_ in look.ways:
            if id_ in scene.edges:
                paint_ends(painter, scene.edges[id_].route, look.colours)
        painter.restore()

    def _node(self, painter: QPainter, node: Node, look: Look) -> None:
        face, is_far, is_lit = node.face, look.zoom < FAR, node.id == look.lit
        key = (face, look.colours.scheme, node.area.width(), is_far, is_lit)

        def paint(on: QPainter, area: QRectF) -> None:
            paint_node(on, area, face, self._measures, look, is_lit=is_lit)

        self._stamp(painter, node.area, key, look, paint)
        if not self._measures.is_small:
            if look.shows_ports and not is_far:
                self._port(painter, node.port, look, is_filled=node.id in look.stages)
            frame = frame_of(node.id, look)
            if frame is not None:
                self._frame(painter, node.area, frame, look)

    def _port(self, painter: QPainter, at: QPointF, look: Look, *, is_filled: bool) -> None:
        if look.is_still:
            paint_port(painter, at, look.colours, is_filled=is_filled)
            return
        key = ("port", is_filled, look.colours.scheme)
        around = QRectF(at.x() - PORT - 1, at.y() - PORT - 1, 2 * PORT + 2, 2 * PORT + 2)

        def paint(on: QPainter, area: QRectF) -> None:
            paint_port(on, area.center(), look.colours, is_filled=is_filled)

        self._stamp(painter, around, key, look, paint)

    def _frame(self, painter: QPainter, node: QRectF, frame: Frame, look: Look) -> None:
        if look.is_still:
            paint_frame(painter, node, frame, look)
            return
        away = 3 + frame_width(look)
        key = (frame, look.colours.scheme, node.width())

        def paint(on: QPainter, area: QRectF) -> None:
            paint_frame(on, area.adjusted(away, away, -away, -away), frame, look)

        self._stamp(painter, node.adjusted(-away, -away, away, away), key, look, paint)

    def _label(self, painter: QPainter, edge: Edge, label: Label, look: Look) -> None:
        face, is_marked = edge.face, edge.way.id in look.ways
        key = (label.text, face.is_running, is_marked, label.area.width(), look.colours.scheme)

        def paint(on: QPainter, area: QRectF) -> None:
            paint_label(on, area, label.text, face, look.colours, is_marked=is_marked)

        self._stamp(painter, label.area, key, look, paint)

    def _stamp(
        self, painter: QPainter, area: QRectF, key: Hashable, look: Look, paint: Callable[[QPainter, QRectF], None]
    ) -> None:
        """Copy the picture that was painted for this key. While all moves, one of another zoom will do."""
        if not look.keeps_pictures:
            paint(painter, area)
            return
        kept = self._pictures.get(key)
        must_make = kept is None or (kept[:2] != (look.zoom, self._ratio) and look.is_still)
        if must_make and not self._must_wait(painter, area):
            kept = (look.zoom, self._ratio, _picture(area, look.zoom, self._ratio, paint))
            self._pictures[key] = kept
            if len(self._pictures) > KEPT_PICTURES:
                self._pictures.popitem(last=False)
        if kept is None:
            painter.fillRect(area, QColor(look.colours.surface))
            return
        self._pictures.move_to_end(key)
        outer = area.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        if kept[:2] != (look.zoom, self._ratio):
            painter.drawPixmap(outer, kept[2], QRectF(kept[2].rect()))
            return
        # On whole pixels, and never scaled: else what is written becomes blurred.
        at = painter.worldTransform().map(outer.topLeft())
        painter.setWorldMatrixEnabled(False)
        painter.drawPixmap(QPoint(round(at.x()), round(at.y())), kept[2])
        painter.setWorldMatrixEnabled(True)

    def _must_wait(self, painter: QPainter, area: QRectF) -> bool:
        """Leave a picture that must be made to the next turn, where this one is full and made some already."""
        self._made += 1
        if self._late is None or self._made <= LEAST_MADE or not self._late.must_wait(painter):
            return False
        outer = area.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        self._late.leave(painter.worldTransform().mapRect(outer).toAlignedRect())
        return True


def _picture(area: QRectF, zoom: float, ratio: float, paint: Callable[[QPainter, QRectF], None]) -> QPixmap:
    scale = zoom * ratio
    wide, high = area.width() + 2 * MARGIN, area.height() + 2 * MARGIN
    picture = QPixmap(QSize(math.ceil(wide * scale), math.ceil(high * scale)))
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(ratio)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(zoom, zoom)
    paint(painter, QRectF(MARGIN, MARGIN, area.width(), area.height()))
    painter.end()
    return picture


class Grid:
    """The dots of the grid, kept while only the offset changes."""

    def __init__(self) -> None:
        self._made_for: tuple[float, float, float] | None = None
        self._dots = QPolygonF()

    def paint(self, painter: QPainter, area: QRectF, zoom: float, offset: QPointF, colours: Colours) -> None:
        """Paint into an area of the screen; the dots are thinned out where they would lie too close."""
        step = GRID * zoom
        while step < LEAST_DOT_STEP:
            step *= 2
        made_for = (step, area.width(), area.height())
        if made_for != self._made_for:
            columns, rows = range(int(area.width() / step) + 2), range(int(area.height() / step) + 2)
            self._dots = QPolygonF([QPointF(column * step, row * step) for column in columns for row in rows])
            self._made_for = made_for
        dot = QColor(colours.outline)
        dot.setAlphaF(0.4 if colours.scheme is theme.Scheme.CONTRAST else 1.0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(QPen(dot, 1))
        painter.translate(offset.x() % step - step, offset.y() % step - step)
        painter.drawPoints(self._dots)
        painter.restore()


def _stands_out(edge: Edge, look: Look) -> int:
    if edge.way.id in look.ways:
        return 2
    return 1 if edge.way.source == look.lit or edge.face.is_running else 0
