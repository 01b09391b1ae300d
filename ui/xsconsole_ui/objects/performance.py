"""How busy a VM or host is, as charts that go on while they are seen."""

from datetime import datetime

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.acts import ObjectId
from xsconsole.domain.metrics import Chart, Span, charts
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.objects.chart_painter import gutter_of
from xsconsole_ui.objects.chart_view import ChartView

EVERY_MS = 5000


class PerformancePage(QWidget):
    """Asks the host every few seconds, only while it is seen; one question at a time."""

    def __init__(self, console: Estate, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console, self._jobs = console, jobs
        self._item: ObjectId | None = None
        self._is_asking = False
        self.charts: list[ChartView] = []
        self.span = pieces.Choice(self)
        self.span.setAccessibleName(self.tr("How far back"))
        for span in Span:
            self.span.addItem(self.tr("Last {span}").format(span=span.value), span)
        self.news = pieces.wrapped("", "muted", self)
        self.news.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.ask)
        self.span.currentIndexChanged.connect(self.ask)
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self._column = QVBoxLayout()
        self._column.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        row.addWidget(self.span)
        row.addStretch(1)
        column.addWidget(self.news)
        column.addLayout(self._column)
        column.addStretch(1)

    def show_object(self, item: ObjectId | None) -> None:
        if item != self._item:
            self._item = item
            self._show_count(0)
            self.news.setText(self.tr("Asking…") if item is not None else "")
            self.news.show()
            if self.isVisible():
                self.ask()

    @Slot()
    def ask(self) -> None:
        """Ask for the newest values, unless a question is under way."""
        if self._item is not None and not self._is_asking:
            self._is_asking = True
            self._jobs.start(self._ask(self._item, Span(self.span.currentData())), "ask for measurements")

    async def _ask(self, item: ObjectId, span: Span) -> None:
        found: tuple[Chart, ...] | None
        try:
            found = charts(await self._console.acts.measured(item, span))
        except ConsoleError as failure:
            told = words.explain(failure)
            found, text = None, f"{told.failed} {told.mend}".strip()
        else:
            text = "" if found else self.tr("Nothing is measured: it does not run, or has only just started.")
        finally:
            self._is_asking = False
        if item != self._item or span != self.span.currentData():
            self.ask()
            return
        self.news.setText(text)
        self.news.setVisible(bool(text))
        if found is None:  # what was measured before is so still
            return
        self._show_count(len(found))
        gutter = max(map(gutter_of, found), default=0)
        for view, chart in zip(self.charts, found, strict=True):
            view.show_chart(chart, gutter)

    def _show_count(self, count: int) -> None:
        while len(self.charts) < count:
            view = ChartView(self)
            view.pointed.connect(self._point_at)
            QWidget.setTabOrder(self.charts[-1] if self.charts else self.span, view)
            self.charts.append(view)
            self._column.addWidget(view)
        while len(self.charts) > count:
            view = self.charts.pop()
            self._column.removeWidget(view)
            view.deleteLater()

    @Slot(object)
    def _point_at(self, at: datetime | None) -> None:
        """Read the same instant in all charts."""
        for view in self.charts:
            view.point_at(at)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
