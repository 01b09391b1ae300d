"""Paints transitions of the graph: those that look alike in one go, with their heads, ends and labels."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from xsconsole_ui import theme
from xsconsole_ui.theme import Colours
from xsconsole_ui.workflow.curves import bars
from xsconsole_ui.workflow.faces import EdgeFace
from xsconsole_ui.workflow.labels import PADDING
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import Measures
from xsconsole_ui.workflow.node_painting import write_line
from xsconsole_ui.workflow.routes import Route

DASHES = (5.0, 3.5)
BORDER = 0.84  # where on a way into another pool two bars cross it
BARS_APART = 4.0  # px, of those


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
    write_line(painter, inner, text, theme.caption_font(), colour, is_centred=True)


def paint_ends(painter: QPainter, route: Route, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.accent), 1.5))
    painter.setBrush(QColor(colours.surface))
    for at in route.grips:
        painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))
