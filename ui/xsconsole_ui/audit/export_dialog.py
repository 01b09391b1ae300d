"""Asks what of the record goes into a bundle and what is withheld; writes it, tells how far it is, can be stopped."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QDateTime, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDateTimeEdit,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console.exporting import Choice, chosen_by, export_audit
from xsconsole.console.home import Home
from xsconsole.domain.folding import shown
from xsconsole.domain.query.values import EVERYTHING
from xsconsole.domain.record import AuditQuery, AuditRow
from xsconsole.domain.redaction import REDACTIONS
from xsconsole.domain.words import explain, size
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers
from xsconsole_ui.sizing import fit_words
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick

WIDTH = 560  # px
SUFFIX = "xsaudit"
WITHHELD = {
    "people": "who acted: names of people, reasons and details",
    "addresses": "names of consoles, reasons and details",
    "names": "names of configurations and consoles, reasons and details",
    "reasons": "reasons",
    "details": "details",
}


class ExportDialog(QDialog):
    """To be opened with `open()`. Being closed while it writes stops it: no file is left then."""

    def __init__(
        self, home: Home, query: AuditQuery, text: str, row: AuditRow | None, jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        """`query` and `text` are the filter as it stands; `row` is the one that is selected."""
        super().__init__(parent)
        self._home, self._query, self._text, self._jobs = home, query, text, jobs
        self._writing: asyncio.Task[object] | None = None
        self.setWindowTitle(tr("Export the record"))
        self.setMinimumWidth(WIDTH)
        self.about = pieces.Choice(self)
        self.about.setAccessibleName(tr("What is exported"))
        for words, choice in _choices(query, text, row):
            self.about.addItem(words, choice)
        self.since, self.until = _Moment(tr("From"), self), _Moment(tr("To"), self)
        self.redactions = {word: Tick(f"{word}: {tr(WITHHELD[word])}", self) for word in REDACTIONS}
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(True)
        self.bar.hide()
        self.news = pieces.Notice(self)
        self.go = pieces.button(tr("Choose a file…"), "primary", self)
        self.stop = pieces.button(tr("Close"), "", self)
        self.papers = Papers(self, tr("Bundles (*.xsaudit)"), SUFFIX)
        self._lay_out()
        self.go.clicked.connect(self._ask_for_file)
        self.stop.clicked.connect(self.close)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.setVerticalSpacing(theme.GAP)
        boxes = QVBoxLayout()
        boxes.setSpacing(theme.SPACE)
        buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        told = tr(
            "A bundle is one file for somebody who never sees the pool: a page for any browser, the rows, and what "
            "checks them. Rows that are not chosen stand in it without values. That it was exported is on record."
        )
        column.addWidget(pieces.wrapped(told, "muted", self))
        column.addLayout(form)
        form.addRow(tr("Rows"), self.about)
        form.addRow(tr("From"), self.since)
        form.addRow(tr("To"), self.until)
        form.addRow(tr("Withhold"), boxes)
        for box in self.redactions.values():
            boxes.addWidget(box)
        column.addWidget(self.bar)
        column.addWidget(self.news)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.go)

    @property
    def words(self) -> tuple[str, ...]:
        """Return by which words values are withheld."""
        return tuple(word for word, box in self.redactions.items() if box.isChecked())

    async def choice(self) -> Choice:
        """Return which rows are asked for.

        Raises:
            NotFound: the filter shows none.
        """
        chosen = self.about.currentData()
        since, until = self.since.moment, self.until.moment
        if chosen is None:  # what the filter shows
            return await chosen_by(self._home, Choice(since=since, until=until), self._query, self._text)
        assert isinstance(chosen, Choice)
        return Choice(
            since=since, until=until, service=chosen.service, configuration=chosen.configuration, run=chosen.run
        )

    @Slot()
    def _ask_for_file(self) -> None:
        self._jobs.start(self._asked(), "export the record")

    async def _asked(self) -> None:
        name = f"record-{datetime.now(UTC):%Y-%m-%d}.{SUFFIX}"
        try:
            await self.papers.write(self.export, tr("Export the record"), name)
        except ConsoleError as failure:
            notice = explain(failure)
            self._tell("bad", notice.failed, notice.mend)

    async def export(self, path: Path, *, may_replace: bool = False) -> None:
        """Write the bundle.

        Raises:
            AlreadyThere, Refused, StoreFailed: it was not written.
        """
        loop, self._writing = asyncio.get_running_loop(), asyncio.current_task()

        def tell(done: int, of: int) -> None:
            loop.call_soon_threadsafe(self._show_progress, done, of)

        self._begin(is_busy=True)
        try:
            made = await export_audit(
                self._home, path, await self.choice(), self.words, may_replace=may_replace, tell=tell
            )
        except asyncio.CancelledError:
            self._tell("warn", tr("The export was stopped."), tr("Nothing is left of the file; a row says so."))
            raise
        finally:
            self._writing = None
            self._begin(is_busy=False)
        wrong = [found.sentence for found in made.verdicts if not found.is_good]
        done = tr("{shown} of the rows {first} to {last} are in {name}, {size}.").format(
            shown=made.shown,
            first=made.first_seq,
            last=made.last_seq,
            name=shown(path.name, 80),
            size=size(made.size_bytes),
        )
        kept = tr("Its manifest is {digest}. Tell whoever reads it by another way which key signed it: {key}").format(
            digest=made.digest, key=self._home.key_fingerprint
        )
        self._tell("bad" if wrong else "good", done, pieces.breakable(" ".join([*wrong, kept])))

    def _begin(self, *, is_busy: bool) -> None:
        self.bar.setRange(0, 0)
        self.bar.setVisible(is_busy)
        parts: Sequence[QWidget] = (self.about, self.since, self.until, self.go, *self.redactions.values())
        for part in parts:
            part.setEnabled(not is_busy)
        self.stop.setText(tr("Stop") if is_busy else tr("Close"))
        if is_busy:
            self.news.hide()

    def _show_progress(self, done: int, of: int) -> None:
        self.bar.setRange(0, of)
        self.bar.setValue(done)
        self.bar.setFormat(tr("{done} of {of} rows").format(done=done, of=of))

    def _tell(self, state: str, headline: str, advice: str) -> None:
        self.news.show_words(state, headline, advice)
        fit_words(self)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._writing is not None:
            self._writing.cancel()
            event.ignore()
            return
        super().closeEvent(event)
        self.finished.emit(0)

    def reject(self) -> None:
        self.close()


class _Moment(QWidget):
    """A moment that may be left open."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = Tick(self)
        self.edit = QDateTimeEdit(QDateTime.currentDateTime(), self)
        self.edit.setDisplayFormat("yyyy-MM-dd HH:mm:ss")
        self.edit.setCalendarPopup(True)
        self.edit.setEnabled(False)
        self.box.setAccessibleName(tr("{name}: only from or to a moment").format(name=name))
        self.edit.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)
        row.addWidget(self.edit)
        row.addWidget(pieces.label(tr("local time"), "muted", self))
        row.addStretch(1)
        self.box.toggled.connect(self.edit.setEnabled)

    @property
    def moment(self) -> datetime | None:
        if not self.box.isChecked():
            return None
        return datetime.fromtimestamp(self.edit.dateTime().toSecsSinceEpoch(), UTC)


def _choices(query: AuditQuery, text: str, row: AuditRow | None) -> list[tuple[str, Choice | None]]:
    """Return what can be asked for, in words; None stands for what the filter shows."""
    found: list[tuple[str, Choice | None]] = []
    if query.filter != EVERYTHING or query.configuration is not None:
        told = f"“{shown(text, 50)}”" if text.strip() else tr("one configuration")
        found.append((tr("What the filter shows: {filter}").format(filter=told), None))
    found.append((tr("All rows"), Choice()))
    fact = row.fact if row is not None else None
    if fact is not None and fact.configuration_name:
        name = fact.configuration_name
        service = name.rpartition(" ")[0] or name
        found.append((tr("The service {name}").format(name=shown(service, 50)), Choice(service=service)))
        configuration = Choice(configuration=fact.configuration or name)
        found.append((tr("The configuration {name}").format(name=shown(name, 50)), configuration))
    if fact is not None and fact.run is not None:
        words = tr("The run {run} of the selected row, with its approvals").format(run=fact.run[:8])
        found.append((words, Choice(run=fact.run)))
    return found
