"""Paints a chart: its head, the curves, and an axis of values and one of time."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from xsconsole.domain.metrics import Chart
from xsconsole.domain.time_axis import time_marks
from xsconsole_ui import theme, times
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.theme import Colours

HEIGHT = 130  # px
WORDS = 22  # px, of the line of words at the top
HEAD = 30  # px, from there to the curves
FOOT = 24  # px, of the times below them
SAMPLE = 14  # px, of the piece of a curve beside its name
MARK_WIDTH = 48  # px that a mark of the time axis wants
TICK = 3  # px
LINE = 14  # px, of the words below
BELOW = 6  # px, from the curves to them
DOT = 2.5  # px, the radius of a single value
LINES = (0.0, 0.5, 1.0)
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)  # curves are told apart by more than their colour

LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
MIDDLE = Qt.AlignmentFlag.AlignVCenter
ELIDED = Qt.TextElideMode.ElideRight


class ChartPainter:
    """One chart in one area."""

    def __init__(self, chart: Chart, area: QRectF, gutter: int = 0) -> None:
        """`gutter` is what the axis of values takes at least, as charts below one another share one."""
        self._chart = chart
        self._gutter = max(gutter, gutter_of(chart))
        self._area = area
        self.plot = area.adjusted(theme.MARGIN + self._gutter, HEAD, -theme.MARGIN, -FOOT)

    def instant(self, x: float) -> datetime | None:
        """Return the instant at a place; None where there is none."""
        chart = self._chart
        if not chart.times or self.plot.width() <= 0:
            return None
        share = min(1.0, max(0.0, (x - self.plot.left()) / self.plot.width()))
        return chart.times[chart.nearest(chart.times[0] + self._span * share)]

    @property
    def _span(self) -> timedelta:
        return self._chart.times[-1] - self._chart.times[0]

    def x(self, at: datetime) -> float:
        span = self._span
        share = (at - self._chart.times[0]) / span if span else 1.0
        return self.plot.left() + self.plot.width() * share

    def y(self, value: float) -> float:
        share = min(1.0, max(0.0, value / self._chart.ceiling))
        return self.plot.bottom() - share * self.plot.height()

    def paint(self, widget: QWidget, at: int | None, *, has_focus: bool) -> None:
        colours = theme.colours_of(widget.palette())
        with QPainter(widget) as painter:
            self._paint_head(painter, -1 if at is None else at, colours)
            self._paint_scale(painter, colours)
            if self._chart.times:
                chip = self._chip(at) if at is not None else QRectF()
                self._paint_times(painter, chip, colours)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                self._paint_curves(painter, colours)
                if at is not None:
                    self._paint_instant(painter, at, chip, colours)
            if has_focus:
                paint_focus(painter, self._area, colours)

    def _paint_head(self, painter: QPainter, at: int, colours: Colours) -> None:
        """Paint the title, and from the right each curve's value beside a piece of how it is drawn."""
        chart = self._chart
        head = QRectF(self._area.left() + theme.MARGIN, self._area.top(), self._area.width() - 2 * theme.MARGIN, WORDS)
        bold, plain = theme.caption_font(is_bold=True), theme.caption_font()
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        painter.drawText(head, LEFT | MIDDLE, chart.title)
        first = head.left() + QFontMetricsF(bold).horizontalAdvance(chart.title) + theme.GAP
        right, metrics = head.right(), QFontMetrics(plain)
        painter.setFont(plain)
        for number in reversed(range(len(chart.curves))):
            text = metrics.elidedText(chart.told_of(number, at), ELIDED, max(0, math.floor(right - first)))
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRectF(first, head.top(), right - first, WORDS), RIGHT | MIDDLE, text)
            right -= math.ceil(metrics.horizontalAdvance(text)) + theme.SPACE
            if len(chart.curves) > 1:
                painter.setPen(self._pen(number, colours))
                y = round(head.center().y()) + 0.5
                painter.drawLine(QPointF(right - SAMPLE, y), QPointF(right, y))
                right -= SAMPLE + theme.GAP

    def _paint_scale(self, painter: QPainter, colours: Colours) -> None:
        painter.setFont(theme.caption_font())
        for share, text in zip(LINES, self._chart.scale, strict=True):
            y = round(self.plot.top() + self.plot.height() * share) + 0.5
            painter.setPen(QPen(QColor(colours.hairline), 1))
            painter.drawLine(QPointF(self.plot.left(), y), QPointF(self.plot.right(), y))
            painter.setPen(QColor(colours.muted))
            beside = QRectF(self._area.left() + theme.MARGIN, y - WORDS / 2, self._gutter - theme.SPACE, WORDS)
            painter.drawText(beside, RIGHT | MIDDLE, text)

    def _paint_times(self, painter: QPainter, chip: QRectF, colours: Colours) -> None:
        chart, plot = self._chart, self.plot
        most = max(1, math.floor(plot.width() / MARK_WIDTH))
        taken = self._area.left()
        metrics = QFontMetricsF(theme.caption_font())
        for mark in time_marks(chart.times[0], chart.times[-1], most):
            x, text = round(self.x(mark.at)) + 0.5, times.axis_time(mark)
            width = math.ceil(metrics.horizontalAdvance(text)) + 1
            left = min(max(self._area.left(), x - width / 2), self._area.right() - width)
            painter.setPen(QPen(QColor(colours.muted), 1))
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + TICK))
            words = QRectF(left, plot.bottom() + BELOW, width, LINE)
            if left < taken or words.intersects(chip):
                continue
            painter.drawText(words, LEFT | MIDDLE, text)
            taken = left + width + theme.SPACE

    def _pen(self, number: int, colours: Colours) -> QPen:
        return QPen(QColor(colours.accent if number == 0 else colours.warn), 1.5, STYLES[number % len(STYLES)])

    def _paint_curves(self, painter: QPainter, colours: Colours) -> None:
        for number, curve in enumerate(self._chart.curves):
            pen = self._pen(number, colours)
            for piece in self._pieces(curve.values):
                painter.setPen(pen)
                if len(piece) > 1:
                    painter.drawPolyline(QPolygonF(piece))
                else:
                    self._paint_dot(painter, piece[0], pen.color())

    def _pieces(self, values: Sequence[float]) -> list[list[QPointF]]:
        """Return a curve in pieces: where nothing was measured there is a gap, not a line."""
        pieces: list[list[QPointF]] = [[]]
        for at, value in zip(self._chart.times, values, strict=True):
            if math.isnan(value):
                pieces.append([])
            else:
                pieces[-1].append(QPointF(self.x(at), self.y(value)))
        return [piece for piece in pieces if piece]

    def _paint_dot(self, painter: QPainter, at: QPointF, colour: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(at, DOT, DOT)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _chip(self, at: int) -> QRectF:
        """Return where the time that is pointed at is written."""
        metrics = QFontMetricsF(theme.caption_font())
        width = math.ceil(metrics.horizontalAdvance(times.row_time(self._chart.times[at]))) + theme.GAP
        x = self.x(self._chart.times[at])
        left = min(max(self._area.left() + theme.SPACE, x - width / 2), self._area.right() - theme.SPACE - width)
        return QRectF(left, self.plot.bottom() + BELOW, width, LINE)

    def _paint_instant(self, painter: QPainter, at: int, chip: QRectF, colours: Colours) -> None:
        x = self.x(self._chart.times[at])
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(QPointF(x, self.plot.top()), QPointF(x, self.plot.bottom()))
        for number, curve in enumerate(self._chart.curves):
            if not math.isnan(curve.values[at]):
                self._paint_dot(painter, QPointF(x, self.y(curve.values[at])), self._pen(number, colours).color())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent_soft))
        painter.drawRoundedRect(chip, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.setFont(theme.caption_font())
        painter.setPen(QColor(colours.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignHCenter | MIDDLE, times.row_time(self._chart.times[at]))


def gutter_of(chart: Chart) -> int:
    """Return what the axis of values takes, in pixels."""
    metrics = QFontMetricsF(theme.caption_font())
    return math.ceil(max(metrics.horizontalAdvance(text) for text in chart.scale)) + theme.SPACE
