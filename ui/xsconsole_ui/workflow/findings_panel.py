"""All that is to be said of the draft, below the graph: where, in a sentence, and what would mend it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.findings import Finding, Mend, Severity
from xsconsole_ui import pieces
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.transition_form import ends_words
from xsconsole_ui.workflow.severity import severity_tone, severity_word
from xsconsole_ui.workflow.writing import mend
from xsconsole_ui.wrapped_rows import WrappedRows

SHAPES = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.UNKNOWN: "?", None: "✓"}
ROADS = frozenset(
    {"unreachable", "no-way-to-production", "no-production", "dead-way-back", "no-way-back", "contradiction"}
)
LEAST_SENTENCE = 160  # px
LEAST_MEND = 96  # px
MOST_LINES = 7  # of a sentence, in a narrow panel
HEIGHT = 150  # px, at first


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding as it is shown; `severity` None is what is well."""

    severity: Severity | None
    where: str
    sentence: str
    mends: tuple[str, ...] = ()
    finding: Finding | None = field(default=None, compare=False)


def rows_of(draft: Workflow, findings: Iterable[Finding]) -> tuple[Row, ...]:
    """Return the rows, worst first; and at the end that the roads are well, where nothing speaks against it."""
    found = [
        Row(
            severity=finding.severity,
            where=where(draft, finding),
            sentence=finding.sentence,
            mends=tuple(one.label for one in finding.mends),
            finding=finding,
        )
        for finding in findings
    ]
    is_well = draft.stages and not any(row.finding is not None and row.finding.rule in ROADS for row in found)
    if is_well:
        well = tr("Every stage is reachable, reaches production and has a way back.")
        found.append(Row(severity=None, where=tr("All stages"), sentence=well))
    return tuple(found)


def where(draft: Workflow, finding: Finding) -> str:
    """Return what a finding is about."""
    stage = draft.stage(finding.stage) if finding.stage is not None else None
    way = draft.transition_of(finding.transition) if finding.transition is not None else None
    if stage is not None:
        return one_line(stage.name)
    return ends_words(way, draft) if way is not None else tr("Workflow")


def summary(findings: Iterable[Finding]) -> str:
    """Return such as `1 error, 2 warnings`."""
    found = [finding.severity for finding in findings]
    counts = (
        (found.count(Severity.ERROR), tr("error"), tr("errors")),
        (found.count(Severity.WARNING), tr("warning"), tr("warnings")),
        (found.count(Severity.UNKNOWN), tr("not checked"), tr("not checked")),
    )
    return ", ".join(count(number, one, many) for number, one, many in counts if number) or tr("All good")


def mend_words(row: Row) -> str:
    """Return the first mend of a finding; dots say that there are others."""
    return row.mends[0] + ("…" if len(row.mends) > 1 else "") if row.mends else ""


def _columns() -> tuple[Column[Row], ...]:
    return (
        Column(
            head=tr("Severity"),
            text=lambda row: f"{SHAPES[row.severity]} {severity_word(row.severity)}",
            tone=lambda row: severity_tone(row.severity),
            width=114,
        ),
        Column(head=tr("Where"), text=lambda row: row.where, width=124),
        Column(head=tr("What is so"), text=lambda row: row.sentence),
        Column(
            head=tr("Mend"),
            text=mend_words,
            tone=lambda _: "accent",
            hint=lambda row: "\n".join(row.mends),
            width=160,
        ),
    )


SEVERITY, SENTENCE, MEND = 0, 2, 3  # the columns


class FindingsTable(DenseTable):
    """A click on a mend does it. Where there is little room, mends are broken into lines before anything is cut."""

    mend_wanted = Signal(QModelIndex)
    _mend_width = 0  # px, of the longest mend in one line

    def show_column(self, column: int, *, is_shown: bool, width: int | None = None) -> None:
        if column == MEND:
            self._mend_width = width or 0
        super().show_column(column, is_shown=is_shown, width=width)

    def fit(self) -> None:
        if self._mend_width:
            room = self.viewport().width() - self.columnWidth(SEVERITY) - LEAST_SENTENCE
            self.setColumnWidth(MEND, max(LEAST_MEND, min(self._mend_width, room)))
        super().fit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        is_plain = event.button() is Qt.MouseButton.LeftButton and not event.modifiers()
        if is_plain and index.isValid() and index.column() == MEND and index.data():
            self.mend_wanted.emit(index)


class FindingsPanel(pieces.Panel):
    """Follows the desk. Enter or a double click goes to what a finding is about; Ctrl+Enter mends it."""

    jumped = Signal(object)  # Finding

    def __init__(self, desk: DraftDesk, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Findings"), "", parent)
        self._desk = desk
        self.model = ListModel(_columns(), self)
        self.view = FindingsTable(
            self.model, self.tr("Findings"), self.model.widths, self, least_elastic=LEAST_SENTENCE, spare=(1,)
        )
        WrappedRows(self.view, SENTENCE, MEND, most_lines=MOST_LINES)
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._choose)
        self._mends: tuple[Mend, ...] = ()
        self.mend_action = QAction(self.tr("Mend it"), self)
        self.mend_action.setShortcuts([QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+Enter")])
        self.mend_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.mend_action.triggered.connect(self._mend_current)
        self.view.addAction(self.mend_action)
        self.view.add_context_action(self.mend_action)
        self.body.addWidget(self.view)
        self.setMinimumHeight(self.header.height() + 2 * self.view.verticalHeader().defaultSectionSize())
        self.view.opened.connect(self._jump)
        self.view.mend_wanted.connect(self._mend_at)
        self.view.selectionModel().currentRowChanged.connect(self._offer)
        desk.findings_changed.connect(self._show)
        desk.changed.connect(self._show)
        self._show()
        self._offer()

    @property
    def menu(self) -> QMenu:
        """The choice among several mends."""
        return self._menu

    @Slot()
    def _show(self) -> None:
        findings = self._desk.findings
        rows = rows_of(self._desk.workflow, findings)
        self.model.show_rows(rows)
        self.view.show_names(MEND, sorted({mend_words(row) for row in rows} - {""}))
        worst = next((found for found in Severity if any(one.severity is found for one in findings)), None)
        self.header.set_caption(summary(findings), severity_tone(worst) if worst is not Severity.UNKNOWN else "caption")
        self._offer()

    @Slot()
    def _offer(self) -> None:
        row = self.model.row(self.view.currentIndex().row())
        has_mend = row is not None and bool(row.mends)
        self.mend_action.setEnabled(has_mend)
        self.mend_action.setText(row.mends[0] if row is not None and row.mends else self.tr("Mend it"))
        self.mend_action.setToolTip("" if has_mend else self.tr("Select a finding that has a mend first."))

    @Slot(QModelIndex)
    def _jump(self, index: QModelIndex) -> None:
        row = self.model.row(index.row())
        if row is not None and row.finding is not None:
            self.jumped.emit(row.finding)

    @Slot()
    def _mend_current(self) -> None:
        self._mend_at(self.view.currentIndex())

    @Slot(QModelIndex)
    def _mend_at(self, index: QModelIndex) -> None:
        """Do the mend; of several, ask which."""
        row = self.model.row(index.row())
        found = self._now(row) if row is not None else None
        if found is None or not found.mends:
            return
        if len(found.mends) == 1:
            mend(self._desk, found.mends[0])
            return
        self._mends = found.mends
        self._menu.clear()
        for at, one in enumerate(found.mends):
            action = QAction(one.label.replace("&", "&&"), self._menu)
            action.setData(at)
            self._menu.addAction(action)
        area = self.view.visualRect(self.model.index(index.row(), MEND))
        self._menu.setActiveAction(self._menu.actions()[0])  # Enter does it
        self._menu.popup(self.view.viewport().mapToGlobal(QPoint(area.left(), area.bottom())))

    def _now(self, row: Row) -> Finding | None:
        """Return the finding as the desk has it now: rows that look alike are not made anew."""
        same = (one for one in rows_of(self._desk.workflow, self._desk.findings) if one == row)
        return next((one.finding for one in same), None)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), HEIGHT)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        mend(self._desk, self._mends[int(action.data())])
