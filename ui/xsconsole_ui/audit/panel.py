"""The audit as the window shows it: rows, filter, detail, and the verdicts of a verification."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.console.projecting import board_verdict
from xsconsole.domain import words
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.events import AuditGrew, AuditVerified, PoolsChanged, RunChanged
from xsconsole.domain.query.values import EVERYTHING
from xsconsole.domain.record import AuditQuery, AuditRow, Verdict
from xsconsole.domain.wording import record as record_words
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces
from xsconsole_ui import theme as look
from xsconsole_ui.audit.details import RowDetails
from xsconsole_ui.audit.fields import Column
from xsconsole_ui.audit.links import Link, links_of
from xsconsole_ui.audit.model import AuditModel
from xsconsole_ui.audit.offers import Offers
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

PAGE_ROWS = 200
TYPING_MS = 180
GATHER_MS = 60
READING_MS = 3000  # a filter that stands so long is one by which somebody reads
WIDTHS = (64, 96, 56, 0, 102, 100, 150, 84, 120)
LEAST_WHAT = 220  # px
SPARE = (Column.DIGEST, Column.WAY)  # the details have them whole
DETAIL_WIDTH = 320
SIDE_BY_SIDE_WIDTH = 1080  # px; a narrower panel has the details below


class AuditPanel(pieces.Panel):
    """Reads the audit through the console; each reading is a job."""

    loaded = Signal()  # a page, or newer rows, have arrived
    card_wanted = Signal(object)  # ConfigurationId
    object_wanted = Signal(object)  # ObjectId
    request_wanted = Signal(object)  # RequestId

    def __init__(self, console: Estate, theme: Theme, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Audit"), parent=parent)
        self._console = console
        self._jobs = jobs
        self._query = AuditQuery()
        self._check_found: AuditVerified | None = None
        self._board_found: Verdict | None = None  # whether the pools show what the rows amount to
        self._generation = 0  # an answer to an earlier question is thrown away
        self._is_loaded = False
        self._model = AuditModel(self._workflow, console.pool_called, self)
        self.view = DenseTable(self._model, self.tr("Audit rows"), WIDTHS, self, least_elastic=LEAST_WHAT, spare=SPARE)
        self.details = RowDetails(self)
        self.filter = FilterField(
            AUDIT,
            self.tr("Filter of the audit"),
            self.tr("Filter: words, who:alice, outcome:failed, age<7d"),
            self,
            values=self._values,
        )
        self.verify = pieces.button(self.tr("Verify chain"), "", self)
        self.found = pieces.button(self.tr("Verdicts"), "", self)
        self.found.setToolTip(self.tr("What the last check of the record found, each on its own line"))
        self.found.setEnabled(False)
        self.offers = Offers(console, jobs, lambda: (self._query, self.filter.text()), self._chosen, self)
        self.verdicts = pieces.Notice(self, can_close=True)
        self.empty = pieces.EmptyPlace("", "", self)
        self._typing = one_shot(self, self._ask, TYPING_MS)
        self._growing = one_shot(self, self._ask_newer, GATHER_MS)
        self._reading = one_shot(self, self.note_reading, READING_MS)
        self._lay_out()
        self._model.older_wanted.connect(self._ask_older)
        self.view.selectionModel().currentRowChanged.connect(self._show_details)
        self.filter.asked.connect(self._typing.start)
        self.filter.left.connect(self.view.setFocus)
        self.filter.entered.connect(self.view.setFocus)
        self.filter.help_wanted.connect(self._show_help)
        self.verify.clicked.connect(self._verify)
        self.found.clicked.connect(self._show_last_check)
        self.verdicts.closed.connect(self.verdicts.hide)
        self.offers.searches.chosen.connect(self.filter.set_text)
        self.offers.searches.refused.connect(self._refuse)
        self.offers.chain.asked.connect(self._go_to)
        self.details.followed.connect(self._follow)
        self.offers.compared.connect(self.verdicts.show_words)
        self.view.add_context_action(self.offers.board)
        theme.changed.connect(self.view.viewport().update)
        self._ends: list[Callable[[], None]] = [
            console.subscribe(PoolsChanged, self._name_pools),
            console.subscribe(AuditGrew, self._hear),
            console.subscribe(RunChanged, self._hear),
            console.subscribe(AuditVerified, self._hear_check),
        ]
        self._name_pools()

    def _name_pools(self, event: PoolsChanged | None = None) -> None:
        del event
        self.view.show_names(Column.POOL, self._console.pool_names)

    def _lay_out(self) -> None:
        self.filter.setMinimumWidth(140)
        bar = QFrame(self)
        bar.setProperty("look", "surface")
        row = QHBoxLayout(bar)
        row.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, look.GAP)
        row.setSpacing(look.GAP)
        row.addWidget(self.filter, 1)
        row.addWidget(self.verify)
        row.addWidget(self.found)
        row.addWidget(self.offers.more)
        inspector = QWidget(self)
        right = QVBoxLayout(inspector)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.details, 1)
        right.addWidget(pieces.Line(inspector))
        right.addWidget(self.offers.chain)
        news = QVBoxLayout()
        news.setContentsMargins(look.MARGIN, 0, look.MARGIN, look.GAP)
        rows = QWidget(self)
        self._stack = QStackedLayout(rows)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(rows)
        self._split.addWidget(inspector)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([900, DETAIL_WIDTH])
        self.details.setMinimumSize(220, 160)
        self.body.addWidget(bar)
        self.body.addLayout(news)
        news.addWidget(self.verdicts)
        self.body.addWidget(pieces.Line(self))
        self.body.addWidget(self._split, 1)

    # --- for the main window

    def open(self) -> None:
        """Read the newest rows, unless that was done. Happens by itself when the panel is first seen."""
        if not self._is_loaded:
            self._is_loaded = True
            self._ask()

    def show_rows(self, text: str) -> None:
        """Show the rows that a filter asks for."""
        self.open()
        self.filter.set_text(text)

    def stop(self) -> None:
        """Follow the console no more."""
        for end in self._ends:
            end()
        self._ends.clear()
        self._typing.stop()
        self._growing.stop()
        self.offers.searches.keep()
        self._reading.stop()
        self._generation += 1

    @property
    def model(self) -> AuditModel:
        return self._model

    @property
    def row_count(self) -> int:
        """How many rows have been read so far."""
        return self._model.rowCount()

    # --- reading

    def _workflow(self) -> Workflow | None:
        return self._console.board.workflow

    def _hear(self, event: AuditGrew | RunChanged) -> None:
        is_known = isinstance(event, AuditGrew) and event.seq <= self._model.newest
        if self._is_loaded and not is_known and not self._growing.isActive():
            self._growing.start()

    @Slot()
    def _ask(self) -> None:
        """Begin anew with what the filter says now."""
        self._query = replace(self._query, filter=self.filter.query)
        self._generation += 1
        self._jobs.start(self._read_first(self._generation), "read the audit")
        if self.filter.text().strip():
            self._reading.start()
        else:
            self.note_reading()

    @Slot()
    def note_reading(self) -> None:
        """Put on record that somebody reads by the filter as it stands, once in a session."""
        if self.isVisible():
            self.offers.searches.note(self.filter.text())
            self._note_look(record_words.read_rows(self.filter.text().strip()))

    def _note_look(self, what: str) -> None:
        if facts := self._console.home.evidence.look_at(what):
            self._jobs.start(self._console.record(*facts), "put on record that the audit is read")

    @Slot()
    def _ask_older(self) -> None:
        self._jobs.start(self._read_older(self._generation), "read older audit rows")

    @Slot()
    def _ask_newer(self) -> None:
        self._jobs.start(self._read_newer(self._generation), "read newer audit rows")

    async def _read_first(self, generation: int) -> None:
        page = await self._console.audit_page(self._query, limit=PAGE_ROWS)
        if generation == self._generation:
            self._model.clear()
            self._model.append(page, has_older=len(page) == PAGE_ROWS)
            self._show_state()

    async def _read_older(self, generation: int) -> None:
        page = await self._console.audit_page(self._query, before=self._model.oldest, limit=PAGE_ROWS)
        if generation == self._generation:
            self._model.append(page, has_older=len(page) == PAGE_ROWS)
            self._show_state()

    async def _read_newer(self, generation: int) -> None:
        """Read down from the newest until a row is met that is shown already."""
        newest, found = self._model.newest, []
        before = None
        while True:
            page = await self._console.audit_page(self._query, before=before, limit=PAGE_ROWS)
            found += [row for row in page if row.seq > newest]
            if len(page) < PAGE_ROWS or page[-1].seq <= newest:
                break
            before = page[-1].seq
        if generation == self._generation and newest == self._model.newest:
            is_at_top = self.view.verticalScrollBar().value() == 0
            self._model.prepend(found)
            if is_at_top:
                self.view.scrollToTop()
            self._show_state()

    def _show_state(self) -> None:
        count = self._model.rowCount()
        has_more = self._model.canFetchMore(self.view.rootIndex())
        shown = words.count(count, "row")
        self.header.set_caption(self.tr("{shown}, older ones below").format(shown=shown) if has_more else shown)
        if not count and self._query.filter != EVERYTHING:
            self.empty.set_words(self.tr("Nothing matches"), self.tr("No row is so. Esc in the filter clears it."))
        elif not count:
            self.empty.set_words(
                self.tr("No rows yet"), self.tr("Whatever this console does or sees on the pool is recorded here.")
            )
        self._stack.setCurrentIndex(0 if count else 1)
        self.loaded.emit()

    def _chosen(self) -> AuditRow | None:
        return self._model.audit_row(self.view.currentIndex().row())

    @Slot()
    def _show_details(self) -> None:
        row = self._chosen()
        links = links_of(row, self._console) if row is not None else ()
        self.details.show_row(row, self._workflow(), self._console.pool_called, links)
        self.offers.look_at(row)

    @Slot(object)
    def _follow(self, link: Link) -> None:
        match link.kind:
            case "configuration":
                self.card_wanted.emit(link.to)
            case "machine":
                self.object_wanted.emit(link.to)
            case "request":
                self.request_wanted.emit(link.to)
            case _:
                self.filter.set_text(f"run={link.to}")

    @Slot(int)
    def _go_to(self, seq: int) -> None:
        """Select a row; one that is not shown is looked for by its number."""
        at = next((at for at, row in enumerate(self._model.rows) if row.seq == seq), None)
        if at is not None:
            self.view.selectRow(at)
        else:
            self.filter.set_text(f"row={seq}")

    @Slot(str)
    def _refuse(self, words_: str) -> None:
        self.verdicts.show_words("warn", words_, "")

    def _values(self, field: str) -> Iterable[str]:
        """Return what the rows that are shown have in a field."""
        asked = AUDIT.field(field)
        if asked is None:
            return
        if asked.name == "pool":  # by name: nobody types an id
            yield from (self._console.pool_called(row.fact.pool) for row in self._model.rows if row.fact.pool)
            return
        for row in self._model.rows:
            content = asked.get(row)
            if isinstance(content, str):
                yield content
            elif isinstance(content, tuple):
                yield from content

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.tr("Filter of the audit"), AUDIT, self).show()

    # --- verifying

    @Slot()
    def _verify(self) -> None:
        self.verify.setEnabled(False)
        self.verify.setText(self.tr("Verifying…"))
        self._note_look(record_words.READ_VERDICTS)
        self._jobs.start(self._check(), "verify the audit")

    async def _check(self) -> None:
        try:
            await self._console.verify_audit_apart()
            self._board_found = await board_verdict(self._console.pools)
        except ConsoleError as failure:
            notice = words.explain(failure)
            self.verdicts.show_words("bad", notice.failed, notice.mend, notice.details)
        else:
            self._show_last_check()
        finally:
            self.verify.setText(self.tr("Verify chain"))
            self.verify.setEnabled(True)

    def _hear_check(self, check: AuditVerified) -> None:
        self._check_found = check
        self.found.setEnabled(True)
        if not all(verdict.is_good for verdict in check.verdicts):
            self._show_last_check()
        if check.set_aside and self._is_loaded:  # the rows that are shown are those of another record
            self._ask()

    @Slot()
    def _show_last_check(self) -> None:
        check = self._check_found
        if check is None:
            return
        verdicts = (*check.verdicts, *((self._board_found,) if self._board_found is not None else ()))
        broken = [verdict for verdict in verdicts if not verdict.is_good]
        headline = self.tr("The record is whole.") if not broken else self.tr("The record does not verify.")
        lines = [f"{_sign(verdict)}  {verdict.check}: {verdict.sentence}" for verdict in verdicts]
        if check.set_aside:
            lines.append(self.tr("It was set aside as it was, in {file}.").format(file=check.set_aside))
        details = "\n".join(
            self.tr("{check}: row {seq}").format(check=verdict.check, seq=verdict.seq)
            for verdict in broken
            if verdict.seq is not None
        )
        self.verdicts.show_words("bad" if broken else "good", headline, "\n".join(lines), details)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._name_pools()
        self.open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= SIDE_BY_SIDE_WIDTH
        wanted = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if self._split.orientation() is not wanted:
            self._split.setOrientation(wanted)
            self._split.setSizes([900, DETAIL_WIDTH] if is_wide else [500, 220])


def _sign(verdict: Verdict) -> str:
    if not verdict.is_good:
        return "✗"
    return "✓" if verdict.is_vouched else "?"
