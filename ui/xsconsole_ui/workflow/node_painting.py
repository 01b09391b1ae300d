"""Paints one stage of the graph, with its port, its frame and its mark."""

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from xsconsole.domain.ids import StageId
from xsconsole_ui import theme
from xsconsole_ui.theme import Colours
from xsconsole_ui.workflow.faces import NodeFace
from xsconsole_ui.workflow.look import Look
from xsconsole_ui.workflow.measures import Measures

FAR = 0.5  # below this zoom a node says its name only, larger
FAR_TEXT = 1.7
PORT = 4.0
STRIPE = 5.0
MARK = 15.0


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
        write_line(painter, area.adjusted(6, 0, -6, 0), face.name, theme.caption_font(), colours.text, is_centred=True)
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
        write_line(painter, room, face.name, font, colours.text)
    else:
        line = inner.height() / 3
        title = QRectF(room.left(), inner.top(), room.width(), line)
        write_line(painter, title, face.name, theme.text_font(is_bold=True), colours.text)
        font = theme.caption_font()
        write_line(
            painter, QRectF(inner.left(), inner.top() + line, inner.width(), line), face.count, font, colours.muted
        )
        write_line(
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


def paint_frame(painter: QPainter, node: QRectF, frame: Frame, look: Look) -> None:
    """Paint it; what is refused is dashed too, and said in a word at the pointer."""
    colours = look.colours
    colour = {Frame.SELECTED: colours.accent, Frame.OFFERED: colours.good, Frame.REFUSED: colours.bad}[frame]
    line = Qt.PenStyle.DashLine if frame is Frame.REFUSED else Qt.PenStyle.SolidLine
    painter.setPen(QPen(QColor(colour), frame_width(look), line))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(node.adjusted(-3, -3, 3, 3), theme.RADIUS_LARGE, theme.RADIUS_LARGE)


def paint_port(painter: QPainter, at: QPointF, colours: Colours, *, is_filled: bool) -> None:
    painter.setPen(QPen(QColor(colours.accent if is_filled else colours.edge), 1.2))
    painter.setBrush(QColor(colours.accent if is_filled else colours.surface))
    painter.drawEllipse(at, PORT, PORT)


def _paint_mark(painter: QPainter, area: QRectF, mark: str, colours: Colours) -> None:
    """A ring with `!` warns; a full disc with `×` is an error."""
    is_bad = mark == "bad"
    colour = QColor(colours.bad if is_bad else colours.warn)
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(colour if is_bad else QColor(colours.warn_soft))
    painter.drawEllipse(area.adjusted(0.7, 0.7, -0.7, -0.7))
    text = colours.surface if is_bad else colours.warn
    write_line(painter, area, "×" if is_bad else "!", theme.caption_font(is_bold=True), text, is_centred=True)


def write_line(
    painter: QPainter, area: QRectF, text: str, font: QFont, colour: str, *, is_centred: bool = False
) -> None:
    """Write one line, elided: names from files and pools may be of any length and direction."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    where = Qt.AlignmentFlag.AlignHCenter if is_centred else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(area, where | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
