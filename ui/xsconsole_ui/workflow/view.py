"""What part of the graph is seen, and how large: a zoom and an offset."""

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

LEAST_ZOOM, MOST_ZOOM = 0.1, 4.0
LEAST_FIT = 0.01  # what is fitted may be smaller: a long row of stages is seen whole
LEAST_READ = 0.3  # smaller, and names of stages are hard to read
FIT_MARGIN = 40.0  # px around the graph when it is fitted
STEP = 1.2  # of one press of a zoom key, and of one notch of a wheel


class View:
    """`offset` is where the graph's origin lies on the widget."""

    def __init__(self) -> None:
        self.zoom = 1.0
        self.offset = QPointF(40, 40)

    @property
    def transform(self) -> QTransform:
        return QTransform(self.zoom, 0, 0, self.zoom, self.offset.x(), self.offset.y())

    def to_graph(self, point: QPointF) -> QPointF:
        return (point - self.offset) / self.zoom

    def to_widget(self, point: QPointF) -> QPointF:
        return point * self.zoom + self.offset

    def area_to_widget(self, area: QRectF) -> QRectF:
        return self.transform.mapRect(area)

    def seen(self, size: QSizeF) -> QRectF:
        """Return the part of the graph that a widget of this size shows."""
        return QRectF(self.to_graph(QPointF()), size / self.zoom)

    def pan(self, by: QPointF) -> None:
        # Whole pixels: pictures of nodes that lie between two are blurred.
        self.offset = QPointF(round(self.offset.x() + by.x()), round(self.offset.y() + by.y()))

    def zoom_to(self, zoom: float, around: QPointF) -> None:
        """Zoom so that what is at `around` on the widget stays there."""
        held = self.to_graph(around)
        self.zoom = max(min(LEAST_ZOOM, self.zoom), min(MOST_ZOOM, zoom))
        self.offset = QPointF()
        self.pan(around - held * self.zoom)

    def fit(self, bounds: QRectF, size: QSizeF, least: float = LEAST_FIT) -> None:
        """Show all of `bounds`, never larger than it is; where that would be smaller than `least`, its beginning."""
        if bounds.isEmpty() or size.isEmpty():
            return
        room = QSizeF(size.width() - 2 * FIT_MARGIN, size.height() - 2 * FIT_MARGIN)
        zoom = min(1.0, room.width() / bounds.width(), room.height() / bounds.height())
        self.zoom = max(least, zoom)
        self.offset = QPointF()
        left = max(0.0, bounds.width() - room.width() / self.zoom) / 2
        top = max(0.0, bounds.height() - room.height() / self.zoom) / 2
        seen = bounds.center() - QPointF(left, top)
        self.pan(QPointF(size.width() / 2, size.height() / 2) - seen * self.zoom)

    def show(self, area: QRectF, size: QSizeF, margin: float = 24.0) -> bool:
        """Pan as little as it takes to see `area`; return whether it had to."""
        wanted = self.area_to_widget(area).adjusted(-margin, -margin, margin, margin)
        by = QPointF(
            _shift(wanted.left(), wanted.right(), size.width()), _shift(wanted.top(), wanted.bottom(), size.height())
        )
        self.pan(by)
        return not by.isNull()


def _shift(low: float, high: float, room: float) -> float:
    if low < 0 or high - low > room:
        return -low
    return min(0.0, room - high)
