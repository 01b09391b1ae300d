"""The window of a review: verdicts, rows over time, the board and the graph at any of them. It changes nothing."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console.review import Review
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.folding import shown
from xsconsole.domain.projection import Past
from xsconsole.domain.record import AuditRow
from xsconsole.domain.words import count, explain
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.audit.details import RowDetails
from xsconsole_ui.audit.fields import Column, all_fields
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.dialogs import answered
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers
from xsconsole_ui.review.card_details import card_fields
from xsconsole_ui.review.chain_list import ChainList
from xsconsole_ui.review.compare import CompareMoments
from xsconsole_ui.review.moment import MomentBar, MomentView, workflow_of
from xsconsole_ui.review.paper import print_on, write_pdf
from xsconsole_ui.review.past_board import Key
from xsconsole_ui.review.rows_model import RowsModel
from xsconsole_ui.review.side import WIDTH as SIDE_WIDTH
from xsconsole_ui.review.side import Side
from xsconsole_ui.review.timeline import BARS, Timeline
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

SIZE = (1440, 900)
PAGE_ROWS = 200
TYPING_MS = 180
WIDTHS = (88, 196, 64, 0, 102, 130, 164, 96, 120)
LABEL_WIDTH = 150  # px, of a row's number with its console
LEAST_WHAT = 176  # px
SPARE = (Column.DIGEST, Column.WAY, Column.CONFIGURATION)
DETAIL_WIDTH = 320
NARROW = 1180  # px; below it the details stand under the rows
ROWS, BOARD, GRAPH = 0, 1, 2


class ReviewWindow(QMainWindow):
    def __init__(self, review: Review, theme_: Theme) -> None:
        super().__init__()
        self.review = review
        self._closed = asyncio.Event()
        self.jobs = Jobs(on_error=self._tell, on_bug=self.tell_bug)
        self._seq = 0
        self._past = Past()
        self._generation = 0
        self.setWindowTitle(self.tr("{name} — offline review").format(name=review.name))
        fit_on_screen(self, SIZE)
        self.news = pieces.Notice(self, can_close=True)
        self.side = Side(review, self)
        self.timeline = Timeline(self)
        self.timeline.show_counts(review.histogram(BARS) if len(review.numbers) else ())
        self.bar = MomentBar(review, self)
        self.model = RowsModel(review.doubts, review.label, self)
        widths = WIDTHS if not review.parts else (LABEL_WIDTH, *WIDTHS[1:])
        self.view = DenseTable(self.model, self.tr("Rows"), widths, self, least_elastic=LEAST_WHAT, spare=SPARE)
        self.view.show_column(Column.POOL, is_shown=False)
        self.empty = pieces.EmptyPlace(self.tr("No rows"), self.tr("This file holds no row that can be read."), self)
        self.moment = MomentView(self)
        self.details = RowDetails(self)
        self.chain = ChainList(self)
        self.status = pieces.label("", "status", self)
        self.filter = FilterField(
            AUDIT, self.tr("Filter of the rows"), self.tr("Filter: who, what, object, time…"), self, values=lambda _: ()
        )
        self.filter.setMinimumWidth(160)
        self.filter.setMaximumWidth(380)
        self._typing = one_shot(self, self._ask, TYPING_MS)
        self.papers = Papers(self, self.tr("PDF (*.pdf)"), "pdf")
        self._lay_out()
        self._follow(theme_)
        self._ask()

    # --- the parts

    def _lay_out(self) -> None:
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        inspector = QWidget(self)
        right = QVBoxLayout(inspector)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.details, 1)
        right.addWidget(pieces.Line(self))
        right.addWidget(self.chain)
        self.details.setMinimumSize(220, 140)
        self._middle = QSplitter(Qt.Orientation.Horizontal, self)
        self._middle.setHandleWidth(1)
        self._middle.setChildrenCollapsible(False)
        self._middle.addWidget(self._centre())
        self._middle.addWidget(inspector)
        self._middle.setStretchFactor(0, 1)
        self._middle.setSizes([840, DETAIL_WIDTH])
        self._split.addWidget(self.side)
        self._split.addWidget(self._middle)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([SIDE_WIDTH, 1160])
        whole = QWidget(self)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top())
        column.addWidget(self.news)
        column.addWidget(self._split, 1)
        column.addWidget(self._foot())
        self.setCentralWidget(whole)

    def _top(self) -> QFrame:
        top = QFrame(self)
        top.setProperty("look", "readonly")
        row = QHBoxLayout(top)
        row.setContentsMargins(theme.MARGIN + 2, theme.GAP, theme.MARGIN + 2, theme.GAP)
        row.setSpacing(theme.GAP)
        row.addWidget(pieces.label("xsconsole", "product", top))
        row.addWidget(
            pieces.ElidedLabel(self.tr("Offline review · read only · no pool, no credentials"), "muted", top), 1
        )
        row.addWidget(self.filter, 1)
        self.views = QButtonGroup(self)
        for number, words in ((ROWS, self.tr("Rows")), (BOARD, self.tr("Board")), (GRAPH, self.tr("Workflow"))):
            made = pieces.button(words, "", top)
            made.setCheckable(True)
            made.setToolTip(self.tr("{what} (Ctrl+{number})").format(what=words, number=number + 1))
            made.setShortcut(QKeySequence(f"Ctrl+{number + 1}"))
            self.views.addButton(made, number)
            row.addWidget(made)
        self.views.button(ROWS).setChecked(True)
        self.compare = pieces.button(self.tr("Compare…"), "", top)
        self.print = pieces.button(self.tr("Print…"), "", top)
        self.pdf = pieces.button(self.tr("PDF…"), "", top)
        for made in (self.compare, self.print, self.pdf):
            row.addWidget(made)
        self._allow(self.compare, len(self.review.numbers) > 0, self.tr("This file holds no row that can be read."))
        can_print = self.review.is_whole
        for made in (self.print, self.pdf):
            self._allow(made, can_print, self.tr("This file is not whole: its report cannot be read."))
        return top

    def _allow(self, made: QPushButton, is_so: bool, why_not: str) -> None:
        made.setEnabled(is_so)
        made.setToolTip("" if is_so else why_not)

    def _centre(self) -> QWidget:
        centre = QWidget(self)
        rows = QWidget(centre)
        self._pages = QStackedLayout(rows)
        for page in (self.view, self.moment, self.empty):
            self._pages.addWidget(page)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.timeline)
        column.addWidget(self.bar)
        column.addWidget(pieces.Line(centre))
        column.addWidget(rows, 1)
        return centre

    def _foot(self) -> QFrame:
        foot = QFrame(self)
        foot.setProperty("look", "footer")
        row = QHBoxLayout(foot)
        row.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        row.setSpacing(5 * theme.SPACE)
        row.addWidget(pieces.label(self.tr("Read only"), "status", foot))
        row.addWidget(self.status)
        row.addStretch(1)
        return foot

    def _follow(self, theme_: Theme) -> None:
        theme_.changed.connect(self.view.viewport().update)
        self.model.older_wanted.connect(self._ask_older)
        self.view.selectionModel().currentRowChanged.connect(self._choose)
        self.filter.asked.connect(self._typing.start)
        self.filter.left.connect(self.view.setFocus)
        self.filter.entered.connect(self.view.setFocus)
        self.filter.help_wanted.connect(self._show_help)
        self.timeline.asked.connect(self._go_to_bar)
        self.bar.moved.connect(self.go_to)
        self.chain.asked.connect(self.go_to)
        self.moment.picked.connect(self._pick)
        self.views.idToggled.connect(self._switch)
        self.compare.clicked.connect(self._compare)
        self.print.clicked.connect(self._print)
        self.pdf.clicked.connect(self._pdf)
        self.news.closed.connect(self.news.hide)
        QShortcut(QKeySequence("Ctrl+F"), self, self.filter.setFocus)
        for keys in ("Ctrl+W", "Ctrl+Q"):
            QShortcut(QKeySequence(keys), self, self.close)

    # --- rows

    @Slot()
    def _ask(self) -> None:
        self._generation += 1
        self.jobs.start(self._read(self._generation, None), "read rows")

    @Slot()
    def _ask_older(self) -> None:
        self.jobs.start(self._read(self._generation, self.model.oldest), "read older rows")

    async def _read(self, generation: int, before: int | None) -> None:
        page = await asyncio.to_thread(self.review.page, self.filter.query, before, PAGE_ROWS)
        if generation != self._generation:
            return
        if before is None:
            self.model.clear()
        self.model.append(page, has_older=len(page) == PAGE_ROWS)
        self._show_state()
        if before is None and page and self._seq == 0:
            self.go_to(page[0].seq)

    def _show_state(self) -> None:
        number, of = self.model.rowCount(), self.review.range.shown
        more = "+" if self.model.canFetchMore(self.view.rootIndex()) else ""
        told = self.tr("{number}{more} of {rows} shown")
        self.status.setText(told.format(number=number, more=more, rows=count(of, "row")))
        if not number and of:
            self.empty.set_words(self.tr("Nothing matches"), self.tr("No row is so. Esc in the filter clears it."))
        self._switch()

    @Slot()
    def _choose(self) -> None:
        row = self.model.audit_row(self.view.currentIndex().row())
        if row is not None and row.seq != self._seq:
            self.go_to(row.seq)

    @Slot(int)
    def _go_to_bar(self, bar: int) -> None:
        found = self.review.first_in(bar, BARS)
        if found is not None:
            self.go_to(found)

    @Slot(int)
    def go_to(self, seq: int) -> None:
        """Look at one row: its fields, its chain, and the board that it left."""
        row = self.review.row(seq)
        if row is None:
            return
        self._seq, self._past = seq, self.review.past(seq)
        self.bar.show_row(row)
        self.timeline.mark(self.review.bar_of(seq, BARS))
        self._show_row(row)
        self.chain.show_chain(self.review.chain_of(row.fact), seq)
        self.moment.show_past(self._past)
        at = next((at for at, one in enumerate(self.model.rows) if one.seq == seq), None)
        if at is not None and self.view.currentIndex().row() != at:
            self.view.selectRow(at)

    def _show_row(self, row: AuditRow) -> None:
        wrong = tuple((self.tr("Wrong"), doubt) for doubt in self.review.doubts(row.seq))
        fields = all_fields(self.review.own(row), workflow_of(self._past), lambda _: "")
        self.details.show_fields(self.tr("Row {seq}").format(seq=self.review.label(row.seq)), (*wrong, *fields))

    # --- views

    @Slot()
    def _switch(self) -> None:
        view = self.views.checkedId()
        self.bar.only_changes(view != ROWS)
        self.moment.show_graph(view == GRAPH)
        rows = self.view if self.model.rowCount() else self.empty
        self._pages.setCurrentWidget(rows if view == ROWS else self.moment)
        row = self.review.row(self._seq)
        if row is not None:
            self.bar.show_row(row)
            if view == ROWS:
                self._show_row(row)

    @Slot(object)
    def _pick(self, key: Key | None) -> None:
        """Show the card that is picked on the board, or the row again."""
        if key is None:
            row = self.review.row(self._seq)
            if row is not None:
                self._show_row(row)
            return
        pool = self._past.pools[key[0]]
        card = pool.cards[key[1]]
        self.details.show_fields(shown(card.face.name, 60), card_fields(pool, card))

    @Slot()
    def _compare(self) -> None:
        dialog = CompareMoments(self.review, self._seq, self.jobs, self)
        self.jobs.start(answered(dialog), "compare moments")

    @Slot()
    def _print(self) -> None:
        self.jobs.start(self._print_page(), "print the report")

    async def _print_page(self) -> None:
        page = await asyncio.to_thread(self.review.report)
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(printer, self)
        if await _accepted(dialog):
            print_on(page, printer)

    @Slot()
    def _pdf(self) -> None:
        self.jobs.start(self._write_pdf(), "write a PDF")

    async def _write_pdf(self) -> None:
        page = await asyncio.to_thread(self.review.report)

        async def save(path: Path, *, may_replace: bool = False) -> None:
            write_pdf(page, path, may_replace=may_replace)

        made = await self.papers.write(save, self.tr("The report as a PDF"), f"{self.review.file.stem}.pdf")
        if made is not None:
            self.news.show_words("good", self.tr("The report is in {name}.").format(name=made.name), "")

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.tr("Filter of the rows"), AUDIT, self).show()

    def _tell(self, error: ConsoleError) -> None:
        told = explain(error)
        self.news.show_words("bad", told.failed, told.mend, told.details)

    def tell_bug(self, failure: BaseException) -> None:
        at = f"{datetime.now(UTC):%H:%M}"
        words = self.tr("This is a fault of the program; the file was not changed. ({at})").format(at=at)
        self.news.show_words("bad", self.tr("Something failed in the program."), words, repr(failure))

    # --- the end

    async def until_closed(self) -> None:
        await self._closed.wait()

    async def end(self) -> None:
        self.close()
        self._typing.stop()
        await self.jobs.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._closed.set()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = Qt.Orientation.Horizontal if event.size().width() >= NARROW else Qt.Orientation.Vertical
        if self._middle.orientation() is not wanted:
            self._middle.setOrientation(wanted)
            self._middle.setSizes([840, DETAIL_WIDTH] if wanted is Qt.Orientation.Horizontal else [440, 240])


async def _accepted(dialog: QPrintDialog) -> bool:
    """Open it as any other dialog: its own `open` is another one."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not done.done():
            done.set_result(result)

    dialog.finished.connect(settle)
    QDialog.open(dialog)
    try:
        return await done == QDialog.DialogCode.Accepted
    finally:
        dialog.close()
        dialog.deleteLater()
