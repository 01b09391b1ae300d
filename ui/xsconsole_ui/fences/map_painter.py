"""Paints the map of a fence: what passes is a line, what does not is a dashed one with a cross."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPainterPath, QPen

from xsconsole.domain.fence.picture import Picture, PlaceKind
from xsconsole.domain.fence.state import State
from xsconsole_ui import theme
from xsconsole_ui.board.card_painter import paint_power
from xsconsole_ui.fences.map_plan import MARK, PADDING, POWER, WRAPS, Box, Line, MapPlan, Said
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.theme import Colours

LEFT, MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter
ELIDED = Qt.TextElideMode.ElideRight
CROSS = 4.0  # px, from the middle of a cross to its ends
ARROW = 4.0  # px
STATES = {
    State.TIGHT: ("good", "good_soft"),
    State.BREACHED: ("bad", "bad_soft"),
    State.STRANDED: ("warn", "warn_soft"),
    State.OFF_PLAN: ("warn", "warn_soft"),
    State.UNHEARD: ("muted", "chip"),
    State.IN_WORK: ("muted", "chip"),
    State.CUT_OFF: ("warn", "warn_soft"),
    State.LOST: ("warn", "warn_soft"),
}
GOOD = (State.TIGHT, State.UNHEARD)


def paint_map(
    painter: QPainter, picture: Picture, plan: MapPlan, colours: Colours, current: str, *, focus: bool
) -> None:
    """Paint it whole. `current` is the box with the keyboard, seen only with `focus`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_head(painter, picture, plan.head, colours)
    _paint_frame(painter, picture, plan.fence, colours)
    for line in plan.lines:
        _paint_line(painter, line, colours)
    for box in plan.boxes:
        _paint_box(painter, box, colours)
        if focus and box.place.key == current:
            paint_focus(painter, box.area.adjusted(-2, -1, 2, 1), colours)
    for said in plan.said:
        _paint_said(painter, said, colours)


def _paint_head(painter: QPainter, picture: Picture, area: QRectF, colours: Colours) -> None:
    half = area.height() / 2
    bold, plain = theme.text_font(is_bold=True), theme.text_font()
    above, below = QRectF(area.topLeft(), area.size()), QRectF(area)
    above.setHeight(half)
    below.setTop(area.top() + half)
    mode = f" · {picture.mode}"
    room = area.width() - QFontMetricsF(plain).horizontalAdvance(mode)
    name = QFontMetrics(bold).elidedText(picture.name, ELIDED, max(0, int(room)))
    painter.setFont(bold)
    painter.setPen(QColor(colours.text))
    painter.drawText(above, LEFT | MIDDLE, name)
    painter.setFont(plain)
    painter.setPen(QColor(colours.muted))
    painter.drawText(above.adjusted(QFontMetricsF(bold).horizontalAdvance(name), 0, 0, 0), LEFT | MIDDLE, mode)
    tone, soft = (str(getattr(colours, name)) for name in STATES[picture.state])
    font = theme.caption_font(is_bold=True)
    words = QFontMetrics(font).elidedText(picture.state_words, ELIDED, int(below.width() - 2 * PADDING - MARK))
    chip = QRectF(
        below.left(), below.top() + 2, QFontMetricsF(font).horizontalAdvance(words) + MARK + PADDING, half - 2
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(soft))
    painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
    _paint_mark(painter, QPointF(chip.left() + MARK / 2, chip.center().y()), tone, is_good=picture.state in GOOD)
    painter.setFont(font)
    painter.setPen(QColor(tone))
    painter.drawText(chip.adjusted(MARK, 0, 0, 0), LEFT | MIDDLE, words)


def _paint_frame(painter: QPainter, picture: Picture, area: QRectF, colours: Colours) -> None:
    tone = str(getattr(colours, STATES[picture.state][0]))
    is_whole = picture.state in (State.TIGHT, State.OFF_PLAN, State.UNHEARD)
    style = Qt.PenStyle.SolidLine if is_whole else Qt.PenStyle.DashLine
    painter.setPen(QPen(QColor(tone), 1.5, style))
    painter.setBrush(QColor(colours.sunken))
    painter.drawRoundedRect(area, theme.RADIUS_LARGE, theme.RADIUS_LARGE)


def _paint_line(painter: QPainter, line: Line, colours: Colours) -> None:
    way, start, end = line.way, line.start, line.end
    half = (end.y() - start.y()) / 2
    path = QPainterPath(start)
    path.cubicTo(QPointF(start.x(), start.y() + half), QPointF(end.x(), end.y() - half), end)
    colour = QColor(colours.good if way.passes else colours.muted)
    pen = QPen(colour, 1.5)
    if not way.passes:
        pen.setDashPattern([3, 3])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    middle = path.pointAtPercent(0.5)
    if not way.passes:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.surface))
        painter.drawEllipse(middle, CROSS + 3, CROSS + 3)
        _paint_mark(painter, middle, colours.muted, is_good=False)
    else:
        _paint_arrow(painter, end, 1.0, colour)
        _paint_arrow(painter, start, -1.0, colour)
    if way.words:
        font = theme.caption_font()
        metrics = QFontMetricsF(font)
        wide = metrics.horizontalAdvance(way.words) + 2 * theme.SPACE
        area = QRectF(middle.x() - wide / 2, middle.y() - metrics.height() / 2, wide, metrics.height())
        if not way.passes:
            area.moveLeft(middle.x() + CROSS + theme.GAP)
        painter.fillRect(area, QColor(colours.surface))
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, way.words)


def _paint_arrow(painter: QPainter, tip: QPointF, down: float, colour: QColor) -> None:
    head = QPainterPath(tip)
    head.lineTo(tip + QPointF(-ARROW, -ARROW * 1.5 * down))
    head.lineTo(tip + QPointF(ARROW, -ARROW * 1.5 * down))
    head.closeSubpath()
    painter.fillPath(head, colour)


def _paint_mark(painter: QPainter, middle: QPointF, tone: str, *, is_good: bool) -> None:
    """Paint a tick or a cross: what is so is never told by colour alone."""
    painter.setPen(QPen(QColor(tone), 1.75, c=Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = middle.x(), middle.y()
    if is_good:
        painter.drawPolyline([QPointF(x - CROSS, y), QPointF(x - 1, y + 3), QPointF(x + CROSS, y - 3)])
    else:
        painter.drawLine(QPointF(x - 3, y - 3), QPointF(x + 3, y + 3))
        painter.drawLine(QPointF(x - 3, y + 3), QPointF(x + 3, y - 3))


def _paint_box(painter: QPainter, box: Box, colours: Colours) -> None:
    place, area = box.place, box.area
    is_dashed = place.kind in (PlaceKind.SHUT, PlaceKind.SEGMENT)
    edge = colours.bad if place.is_bad else colours.hairline if is_dashed else colours.outline
    ground = {PlaceKind.SHUT: colours.chip, PlaceKind.SEGMENT: colours.window}.get(place.kind, colours.surface)
    painter.setPen(QPen(QColor(edge), 1.5 if place.is_bad else 1))
    painter.setBrush(QColor(colours.bad_soft if place.is_bad else ground))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
    bold, plain = theme.text_font(is_bold=True), theme.caption_font()
    title = QFontMetricsF(bold)
    words = area.adjusted(PADDING, PADDING, -PADDING, -PADDING)
    row = QRectF(words.left(), words.top(), words.width(), title.height())
    if place.power is not None:
        paint_power(painter, QRectF(row.left(), row.center().y() - POWER / 2, POWER, POWER), place.power, colours)
        row.setLeft(row.left() + POWER + theme.GAP)
    painter.setFont(bold)
    painter.setPen(QColor(colours.bad if place.is_bad else colours.text))
    painter.drawText(row, LEFT | MIDDLE, QFontMetrics(bold).elidedText(place.title, ELIDED, int(row.width())))
    painter.setFont(plain)
    painter.setPen(QColor(colours.text if place.is_bad else colours.muted))
    line = QFontMetricsF(plain).height() + 2
    for at, text in enumerate(place.lines):
        one = QRectF(words.left(), words.top() + title.height() + at * line, words.width(), line)
        painter.drawText(one, LEFT | MIDDLE, QFontMetrics(plain).elidedText(text, ELIDED, int(one.width())))


def _paint_said(painter: QPainter, said: Said, colours: Colours) -> None:
    tone = str(getattr(colours, said.tone))
    if said.tone == "bad":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.bad_soft))
        painter.drawRoundedRect(said.area.adjusted(0, -1, 0, 1), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
    font = theme.caption_font()
    middle = QPointF(said.area.left() + MARK / 2, said.area.top() + QFontMetricsF(font).height() / 2)
    _paint_mark(painter, middle, tone, is_good=said.tone == "good")
    painter.setFont(font)
    painter.setPen(QColor(colours.bad if said.tone == "bad" else colours.text))
    painter.drawText(said.area.adjusted(MARK, 0, 0, 0), int(WRAPS), said.text)
