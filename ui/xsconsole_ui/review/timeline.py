"""How many rows were written when, as bars; a click goes to the first row of one."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from xsconsole.domain.words import count
from xsconsole_ui import theme
from xsconsole_ui.texts import tr

BARS = 60
HEIGHT = 48  # px
LEAST_BAR = 2.0


class Timeline(QWidget):
    """Bars, and a line at the row that is looked at."""

    asked = Signal(int)  # the bar

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = ()
        self._mark: int | None = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(tr("Rows over time"))

    def show_counts(self, counts: Sequence[int]) -> None:
        self._counts = tuple(counts)
        told = tr("{rows} in {spans}")
        self.setAccessibleDescription(told.format(rows=count(sum(counts), "row"), spans=count(len(counts), "span")))
        self.update()

    def mark(self, bar: int | None) -> None:
        self._mark = bar
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def _step(self) -> float:
        return (self.width() - 2 * theme.MARGIN) / max(1, len(self._counts))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = theme.colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.surface))
        most, step, floor = max(self._counts, default=0), self._step(), self.height() - 6
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(theme.MARGIN, floor, self.width() - theme.MARGIN, floor)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        for at, number in enumerate(self._counts):
            if number:
                high = max(LEAST_BAR, (floor - 8) * number / most)
                painter.drawRect(QRectF(theme.MARGIN + at * step + 1, floor - high, max(1.0, step - 2), high))
        if self._mark is not None and self._counts:
            x = round(theme.MARGIN + (self._mark + 0.5) * step)
            painter.setPen(QPen(QColor(colours.bad), 2))
            painter.drawLine(x, 4, x, floor + 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._counts:
            bar = int((event.position().x() - theme.MARGIN) / self._step())
            self.asked.emit(max(0, min(bar, len(self._counts) - 1)))
