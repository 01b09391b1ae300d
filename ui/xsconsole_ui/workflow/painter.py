"""Paints the graph: the designer's canvas, the strip above the board, and the pictures that are exported.

Nodes and labels are painted once and copied; all edges are one layer of plain paths (design section 12).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui import theme
from xsconsole_ui.theme import Colours
from xsconsole_ui.workflow.curves import bars
from xsconsole_ui.workflow.faces import EdgeFace, NodeFace
from xsconsole_ui.workflow.labels import PADDING, Label
from xsconsole_ui.workflow.late_parts import LateParts
from xsconsole_ui.workflow.measures import GRID, Measures
from xsconsole_ui.workflow.routes import Route
from xsconsole_ui.workflow.scene import Edge, Node, Scene

KEPT_PICTURES = 1024
LEAST_MADE = 4  # pictures in one turn, however full it is
MARGIN = 3.0  # px around a node in its picture, for its border
FAR = 0.5  # below this zoom a node says its name only, larger
FAR_TEXT = 1.7
PORT = 4.0
STRIPE = 5.0
MARK = 15.0
DASHES = (5.0, 3.5)
BORDER, BARS_APART = 0.84, 4.0  # where two bars cross a way into another pool, and px between them
LEAST_DOT_STEP = 18.0  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the graph is seen now. `seen` is what can be seen."""

    colours: Colours
    zoom: float = 1.0
    seen: QRectF = field(default_factory=QRectF)
    is_still: bool = True
    keeps_pictures: bool = True  # False: paints for paper
    stages: Collection[StageId] = ()  # selected
    ways: Collection[TransitionId] = ()
    lit: StageId | None = None  # the ways out of it stand out
    offered: StageId | None = None  # where a gesture would end
    refused: StageId | None = None
    shows_ports: bool = True


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
                _paint_ends(painter, scene.edges[id_].route, look.colours)
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
            _paint_port(painter, at, look.colours, is_filled=is_filled)
            return
        key = ("port", is_filled, look.colours.scheme)
        around = QRectF(at.x() - PORT - 1, at.y() - PORT - 1, 2 * PORT + 2, 2 * PORT + 2)

        def paint(on: QPainter, area: QRectF) -> None:
            _paint_port(on, area.center(), look.colours, is_filled=is_filled)

        self._stamp(painter, around, key, look, paint)

    def _frame(self, painter: QPainter, node: QRectF, frame: "Frame", look: Look) -> None:
        if look.is_still:
            _paint_frame(painter, node, frame, look)
            return
        away = 3 + frame_width(look)
        key = (frame, look.colours.scheme, node.width())

        def paint(on: QPainter, area: QRectF) -> None:
            _paint_frame(on, area.adjusted(away, away, -away, -away), frame, look)

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


def paint_node(
    painter: QPainter, area: QRectF, face: NodeFace, measures: Measures, look: Look, *, is_lit: bool
) -> None:
    colours = look.colours
    stripe = theme.stripe(face.colour, colours)
    ground = QColor(colours.accent_soft if is_lit else colours.surface)
    border = area.adjusted(0.5, 0.5, -0.5, -0.5)
    if measures.is_small:
        painter.setPen(QPen(stripe, 1.5))
        painter.setBrush(ground)
        painter.drawRoundedRect(border, theme.RADIUS, theme.RADIUS)
        _text(painter, area.adjusted(6, 0, -6, 0), face.name, theme.caption_font(), colours.text, is_centred=True)
        return
    painter.setPen(QPen(QColor(colours.outline), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(border, theme.RADIUS, theme.RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(stripe)
    painter.drawPath(_stripe_of(area))
    inner = area.adjusted(STRIPE + 10, 9, -12, -9)
    room = inner.adjusted(0, 0, -(MARK + 4) if face.mark else 0, 0)
    if look.zoom < FAR:
        font = theme.text_font(is_bold=True)
        font.setPixelSize(round(theme.TEXT_PX * FAR_TEXT))
        _text(painter, room, face.name, font, colours.text)
    else:
        line = inner.height() / 3
        title = QRectF(room.left(), inner.top(), room.width(), line)
        _text(painter, title, face.name, theme.text_font(is_bold=True), colours.text)
        font = theme.caption_font()
        _text(painter, QRectF(inner.left(), inner.top() + line, inner.width(), line), face.count, font, colours.muted)
        _text(
            painter, QRectF(inner.left(), inner.top() + 2 * line, inner.width(), line), face.place, font, colours.muted
        )
    if face.mark:
        _paint_mark(painter, QRectF(area.right() - 12 - MARK, area.top() + 9, MARK, MARK), face.mark, colours)


def _stripe_of(area: QRectF) -> QPainterPath:
    """Return the left end of a node as a shape of its own: not every program that shows an SVG knows how to clip."""
    whole, end = QPainterPath(), QPainterPath()
    whole.addRoundedRect(area, theme.RADIUS, theme.RADIUS)
    end.addRect(QRectF(area.left(), area.top(), STRIPE, area.height()))
    return whole.intersected(end)


class EdgeStyle(NamedTuple):
    """What edges have in common that are painted in one go. `stands_out`: 1 is lit, 2 is selected."""

    is_back: bool
    is_bad: bool
    stands_out: int
    is_abroad: bool


def style_of(face: EdgeFace, stands_out: int) -> EdgeStyle:
    is_bad = face.mark == "bad"
    return EdgeStyle(is_back=face.is_back, is_bad=is_bad, stands_out=stands_out, is_abroad=face.is_abroad)


def paint_edges(painter: QPainter, found: Sequence[Route], style: EdgeStyle, measures: Measures, look: Look) -> None:
    """Paint lines and heads that look alike as one path each. What stands out is thicker too, not only coloured."""
    lines, heads = QPainterPath(), QPainterPath()
    for route in found:
        lines.addPath(route.line.path)
        heads.addPolygon(route.head)
    heads.setFillRule(Qt.FillRule.WindingFill)
    colours = look.colours
    colour = QColor(colours.accent if style.stands_out else colours.bad if style.is_bad else colours.edge)
    pen = QPen(colour, measures.line * (1.0, 1.35, 1.9)[style.stands_out])
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if not look.is_still and not style.stands_out:
        pen.setWidth(0)  # one pixel: several times as fast, and nobody sees it in motion
    elif style.is_back:
        pen.setDashPattern([dash / pen.widthF() for dash in DASHES])
    if style.is_back and not look.is_still:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(lines)
    if style.is_abroad:
        painter.setPen(QPen(colour, measures.line))
        painter.drawLines([bar for route in found for bar in bars(route.line, BORDER, measures.arrow / 2, BARS_APART)])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPath(heads)


def paint_head(painter: QPainter, route: Route, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(route.head)


def paint_label(
    painter: QPainter, area: QRectF, text: str, face: EdgeFace, colours: Colours, *, is_marked: bool
) -> None:
    painter.setPen(QPen(QColor(colours.accent if is_marked or face.is_running else colours.outline), 1))
    painter.setBrush(QColor(colours.accent_soft if face.is_running else colours.surface))
    radius = area.height() / 2
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    inner = area.adjusted(PADDING, 0, -PADDING + 1, 0)
    colour = colours.accent if is_marked or face.is_running else colours.muted
    _text(painter, inner, text, theme.caption_font(), colour, is_centred=True)


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


class Frame(StrEnum):
    """What the frame around a node says."""

    SELECTED = "selected"
    OFFERED = "offered"
    REFUSED = "refused"


def frame_of(stage: StageId, look: Look) -> Frame | None:
    """Return what is said around a node: that it is selected, or what a gesture says to it."""
    if stage == look.offered:
        return Frame.OFFERED
    if stage == look.refused:
        return Frame.REFUSED
    return Frame.SELECTED if stage in look.stages else None


def frame_width(look: Look) -> float:
    return 2.0 / min(1.0, look.zoom)


def _paint_frame(painter: QPainter, node: QRectF, frame: Frame, look: Look) -> None:
    """Paint it; what is refused is dashed too, and said in a word at the pointer."""
    colours = look.colours
    colour = {Frame.SELECTED: colours.accent, Frame.OFFERED: colours.good, Frame.REFUSED: colours.bad}[frame]
    line = Qt.PenStyle.DashLine if frame is Frame.REFUSED else Qt.PenStyle.SolidLine
    painter.setPen(QPen(QColor(colour), frame_width(look), line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(node.adjusted(-3, -3, 3, 3), theme.RADIUS_LARGE, theme.RADIUS_LARGE)


def _paint_port(painter: QPainter, at: QPointF, colours: Colours, *, is_filled: bool) -> None:
    painter.setPen(QPen(QColor(colours.accent if is_filled else colours.edge), 1.2))
    painter.setBrush(QColor(colours.accent if is_filled else colours.surface))
    painter.drawEllipse(at, PORT, PORT)


def _paint_ends(painter: QPainter, route: Route, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.accent), 1.5))
    painter.setBrush(QColor(colours.surface))
    for at in route.grips:
        painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))


def _paint_mark(painter: QPainter, area: QRectF, mark: str, colours: Colours) -> None:
    """A ring with `!` warns; a full disc with `×` is an error."""
    is_bad = mark == "bad"
    colour = QColor(colours.bad if is_bad else colours.warn)
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(colour if is_bad else QColor(colours.warn_soft))
    painter.drawEllipse(area.adjusted(0.7, 0.7, -0.7, -0.7))
    text = colours.surface if is_bad else colours.warn
    _text(painter, area, "×" if is_bad else "!", theme.caption_font(is_bold=True), text, is_centred=True)


def _text(painter: QPainter, area: QRectF, text: str, font: QFont, colour: str, *, is_centred: bool = False) -> None:
    """Write one line, elided: names from files and pools may be of any length and direction."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    where = Qt.AlignmentFlag.AlignHCenter if is_centred else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(area, where | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
