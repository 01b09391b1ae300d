"""A chart: a title, the newest values in words, and curves over time; the mouse reads any instant."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from xsconsole.domain.metrics import Chart, worth
from xsconsole_ui import theme, times

HEIGHT = 96  # px
HEAD = 22  # px, of the words above the curves
FOOT = 4  # px
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)  # curves are told apart by more than their colour


class ChartView(QWidget):
    """Paints one chart. Changes in place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chart: Chart | None = None
        self._at: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def chart(self) -> Chart | None:
        return self._chart

    def show_chart(self, chart: Chart) -> None:
        self._chart = chart
        self._at = None if self._at is None else min(self._at, len(chart.times) - 1)
        self.setAccessibleName(f"{chart.title}: {chart.told()}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(theme.MARGIN, HEAD, -theme.MARGIN, -FOOT)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        chart = self._chart
        if chart is None:
            return
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        self._paint_head(painter, chart, colours)
        area = self._area
        painter.setPen(QPen(QColor(colours.hairline), 1))
        for line in (0.0, 0.5, 1.0):
            y = round(area.top() + area.height() * line) + 0.5
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, curve in enumerate(chart.curves):
            colour = QColor(colours.accent if number == 0 else colours.warn)
            painter.setPen(QPen(colour, 1.5, STYLES[number % len(STYLES)]))
            for piece in self._pieces(curve.values, chart.ceiling):
                painter.drawPolyline(QPolygonF(piece))
        if self._at is not None and chart.times:
            x = self._x(self._at, len(chart.times))
            painter.setPen(QPen(QColor(colours.muted), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_head(self, painter: QPainter, chart: Chart, colours: theme.Colours) -> None:
        head = QRectF(theme.MARGIN, 0, self.width() - 2 * theme.MARGIN, HEAD)
        painter.setFont(theme.caption_font(is_bold=True))
        painter.setPen(QColor(colours.text))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, chart.title)
        taken = QFontMetrics(theme.caption_font(is_bold=True)).horizontalAdvance(chart.title) + theme.GAP
        painter.setFont(theme.caption_font())
        painter.setPen(QColor(colours.muted))
        words = QFontMetrics(theme.caption_font()).elidedText(
            self._told(chart), Qt.TextElideMode.ElideRight, round(head.width()) - taken
        )
        painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)

    def _told(self, chart: Chart) -> str:
        if self._at is not None and chart.times:
            return f"{times.clock_time(chart.times[self._at])}: {chart.told(self._at)}"
        of = f" of {worth(chart.top, chart.unit)}" if chart.top is not None and chart.top != 1.0 else ""
        return f"{chart.told()}{of}"

    def _pieces(self, values: Sequence[float], ceiling: float) -> list[list[QPointF]]:
        """Return the curve in pieces: where nothing was measured there is a gap, not a line."""
        area = self._area
        pieces: list[list[QPointF]] = [[]]
        for at, value in enumerate(values):
            if math.isnan(value):
                pieces.append([])
                continue
            share = min(1.0, max(0.0, value / ceiling))
            pieces[-1].append(QPointF(self._x(at, len(values)), area.bottom() - share * area.height()))
        return [piece for piece in pieces if piece]

    def _x(self, at: int, number: int) -> float:
        area = self._area
        return area.left() + area.width() * at / max(1, number - 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        chart, area = self._chart, self._area
        if chart is not None and chart.times and area.width() > 0:
            share = (event.position().x() - area.left()) / area.width()
            self._at = min(len(chart.times) - 1, max(0, round(share * (len(chart.times) - 1))))
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._at = None
        self.update()
