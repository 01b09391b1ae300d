"""How bad a finding is, as a word, a shape and a tone: never by colour alone."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from xsconsole.domain.workflow.findings import Severity
from xsconsole_ui import theme
from xsconsole_ui.texts import tr

SIZE = 14  # px


def severity_word(severity: Severity | None) -> str:
    """Return what it is called; None is what is well."""
    match severity:
        case Severity.ERROR:
            return tr("Error")
        case Severity.WARNING:
            return tr("Warning")
        case Severity.UNKNOWN:
            return tr("Not checked")
        case None:
            return tr("Good")


def severity_tone(severity: Severity | None) -> str:
    """Return the name of its colour."""
    match severity:
        case Severity.ERROR:
            return "bad"
        case Severity.WARNING:
            return "warn"
        case Severity.UNKNOWN:
            return "muted"
        case None:
            return "good"


def paint_severity(painter: QPainter, area: QRectF, severity: Severity | None, colours: theme.Colours) -> None:
    """Paint its shape in the middle of `area`: a cross in a disc, a triangle, a question, a tick."""
    colour = QColor(getattr(colours, severity_tone(severity)))
    middle = area.center()
    x, y = middle.x(), middle.y()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    match severity:
        case Severity.ERROR:
            painter.setBrush(colour)
            painter.drawEllipse(middle, 5.5, 5.5)
            painter.setPen(QPen(QColor(colours.surface), 1.4))
            painter.drawLine(QPointF(x - 2.2, y - 2.2), QPointF(x + 2.2, y + 2.2))
            painter.drawLine(QPointF(x - 2.2, y + 2.2), QPointF(x + 2.2, y - 2.2))
        case Severity.WARNING:
            painter.drawPolygon(QPolygonF([QPointF(x, y - 5.5), QPointF(x + 6, y + 5), QPointF(x - 6, y + 5)]))
            painter.drawLine(QPointF(x, y - 1.5), QPointF(x, y + 1.2))
            painter.drawPoint(QPointF(x, y + 3.2))
        case Severity.UNKNOWN:
            painter.drawEllipse(middle, 5.5, 5.5)
            painter.drawLine(QPointF(x - 2.5, y), QPointF(x + 2.5, y))
        case None:
            painter.drawPolyline([QPointF(x - 4.5, y), QPointF(x - 1.5, y + 3.5), QPointF(x + 4.5, y - 3.5)])
    painter.restore()


class SeverityMark(QWidget):
    """The shape by itself; the word stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._severity: Severity | None = None
        self.setFixedSize(SIZE, SIZE + 2)

    def set_severity(self, severity: Severity | None) -> None:
        self._severity = severity
        self.setAccessibleName(severity_word(severity))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        paint_severity(QPainter(self), QRectF(self.rect()), self._severity, theme.colours_of(self.palette()))
