"""A chart: a title, the newest values in words, and curves over time; mouse and arrow keys read any instant."""

import math
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from xsconsole.domain.metrics import Chart
from xsconsole_ui import pieces, times
from xsconsole_ui.dense_table import csv_text, plain_text
from xsconsole_ui.objects.chart_painter import HEIGHT, ChartPainter
from xsconsole_ui.own_menu import own_action

Key = Qt.Key
FAR = 10  # steps of a page key


class ChartView(QWidget):
    """Shows one chart, and the instant that is pointed at. Changes in place."""

    pointed = Signal(object)  # datetime, or None: somebody looks at an instant, or no more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chart: Chart | None = None
        self._at: int | None = None
        self._gutter = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.menu = QMenu(self)
        self.as_value = own_action(self, self.menu, self.tr("Copy what is read here"), "Ctrl+Shift+V", self.copy_value)
        self.as_text = own_action(self, self.menu, self.tr("Copy all values as text"), "Ctrl+C", self.copy_text)
        self.as_csv = own_action(self, self.menu, self.tr("Copy all values as CSV"), "Ctrl+Shift+C", self.copy_csv)

    @property
    def chart(self) -> Chart | None:
        return self._chart

    @property
    def told(self) -> str:
        """What its head says: the values at the instant that is pointed at, else the newest."""
        chart = self._chart
        if chart is None:
            return ""
        if self._at is None:
            return chart.told()
        return f"{times.row_time(chart.times[self._at])} · {chart.told(self._at)}"

    def show_chart(self, chart: Chart, gutter: int = 0) -> None:
        """Show other values; an instant that is pointed at stays, or gives way to the oldest there is.

        `gutter` is what the axis of values takes at least, in pixels.
        """
        self._gutter = gutter
        before = self._chart
        was = before.times[self._at] if before is not None and self._at is not None else None
        self._chart = chart
        self._at = chart.nearest(was) if was is not None and chart.times else None
        self._say()

    @Slot(object)
    def point_at(self, at: datetime | None) -> None:
        """Read the values at an instant; None reads the newest again."""
        chart = self._chart
        self._at = chart.nearest(at) if chart is not None and chart.times and at is not None else None
        self._say()

    def _say(self) -> None:
        chart = self._chart
        if chart is not None:
            self.setAccessibleName(f"{chart.title}: {self.told}")
            self.setAccessibleDescription(self.tr("Arrow keys read earlier and later values, Ctrl+C copies all."))
        self.update()

    # What can be copied.

    @Slot()
    def copy_value(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._chart.title}: {self.told}" if self._chart is not None else "")

    @Slot()
    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(plain_text(self._cells()))

    @Slot()
    def copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(csv_text(self._cells()))

    def _cells(self) -> list[Sequence[str]]:
        """Return the values as numbers, in the unit that the head names."""
        chart = self._chart
        if chart is None:
            return []
        heads = [" ".join(filter(None, (chart.title, curve.label, f"({chart.unit})"))) for curve in chart.curves]
        rows: list[Sequence[str]] = [(self.tr("Time"), *heads)]
        for at, instant in enumerate(chart.times):
            values = (curve.values[at] for curve in chart.curves)
            rows.append((instant.isoformat(), *("" if math.isnan(value) else f"{value:.12g}" for value in values)))
        return rows

    # Qt.

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    @property
    def _painter(self) -> ChartPainter | None:
        return ChartPainter(self._chart, QRectF(self.rect()), self._gutter) if self._chart is not None else None

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        chart_painter = self._painter
        if chart_painter is not None:
            chart_painter.paint(self, self._at, has_focus=self.hasFocus())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        chart_painter = self._painter
        if chart_painter is not None:
            self.pointed.emit(chart_painter.instant(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.pointed.emit(None)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chart = self._chart
        last = len(chart.times) - 1 if chart is not None else -1
        if chart is None or last < 0:
            super().keyPressEvent(event)
            return
        here = last if self._at is None else self._at
        steps = {Key.Key_Left: -1, Key.Key_Right: 1, Key.Key_PageUp: -FAR, Key.Key_PageDown: FAR}
        ends = {Key.Key_Home: 0, Key.Key_End: last}
        key = Key(event.key())
        if key in steps or key in ends:
            there = ends.get(key, min(last, max(0, here + steps.get(key, 0))))
            self.pointed.emit(chart.times[there])
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.NameChanged))
        elif key is Key.Key_Escape and self._at is not None:
            self.pointed.emit(None)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        self.menu.popup(self.mapToGlobal(QPoint(0, self.height())) if by_keyboard else event.globalPos())

    def event(self, event: QEvent) -> bool:
        chart = self._chart
        if isinstance(event, QHelpEvent) and chart is not None and self._at is not None:
            exact = times.exact_time(chart.times[self._at])
            below = QPoint(event.globalX(), self.mapToGlobal(self.rect().bottomLeft()).y())  # not over the curves
            QToolTip.showText(below, pieces.hint(f"{exact}\n{chart.told(self._at)}"), self)
            return True
        return super().event(event)
