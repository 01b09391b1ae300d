"""Two versions beside each other: a list of what differs, and the graph of both in one, marked."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console.drafts import read_file
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.words import count, explain
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.check import circle_of_promotions
from xsconsole.domain.workflow.difference import Change, ChangeKind, Difference, Subject, diff_of_drafts
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.marked_graph import GraphMark, MarkedGraph, Marks
from xsconsole_ui.wrapped_rows import WrappedRows

Look = Callable[[], Workflow | None]

SIZE = (1080, 680)  # px
FILE = "file"
TONES = {ChangeKind.ADDED: "good", ChangeKind.REMOVED: "bad", ChangeKind.CHANGED: "warn"}


def kind_words(kind: ChangeKind) -> str:
    match kind:
        case ChangeKind.ADDED:
            return tr("+ added")
        case ChangeKind.REMOVED:
            return tr("− removed")
        case ChangeKind.CHANGED:
            return tr("≠ changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One difference; `kind` None is what only looks different."""

    kind: ChangeKind | None
    subject: str
    field: str = ""
    before: str = ""
    after: str = ""
    stage: StageId | None = None
    way: TransitionId | None = None


def rows_of(difference: Difference) -> tuple[Row, ...]:
    found: list[Row] = []
    for change in difference.changes:
        stage = StageId(change.id) if change.subject is Subject.STAGE else None
        way = TransitionId(change.id) if change.subject is Subject.TRANSITION else None
        subject = _subject(change)
        if change.kind is not ChangeKind.CHANGED:
            found.append(Row(kind=change.kind, subject=subject, stage=stage, way=way))
        found += [
            Row(
                kind=change.kind,
                subject=subject,
                field=each.name,
                before=each.before_words,
                after=each.after_words,
                stage=stage,
                way=way,
            )
            for each in change.fields
        ]
    for move in difference.moves:
        found.append(Row(kind=None, subject=one_line(move.name), field=tr("drawn elsewhere"), stage=move.stage))
    found += [
        Row(kind=None, subject=tr("Workflow"), field=tr("order of {what}").format(what=order.field))
        for order in difference.orders
    ]
    return tuple(found)


def _subject(change: Change) -> str:
    if change.subject is Subject.WORKFLOW:
        return tr("Workflow")
    name = change.name[:1].upper() + change.name[1:]
    return (
        name if change.subject in (Subject.STAGE, Subject.TRANSITION) else f"{change.subject.value.capitalize()} {name}"
    )


def both(before: Workflow, after: Workflow, difference: Difference) -> Workflow:
    """Return a graph with what either version has, for drawing; the later one alone where both make a circle."""
    gone = [change.before for change in difference.of(Subject.STAGE) if change.kind is ChangeKind.REMOVED]
    ends = {(way.source, way.target) for way in after.transitions}
    lost = [
        way
        for way in before.transitions
        if after.transition_of(way.id) is None and (way.source, way.target) not in ends
    ]
    stages = (*after.stages, *(stage for stage in before.stages if stage in gone))
    known = {stage.id for stage in stages}
    ways = (*after.transitions, *(way for way in lost if {way.source, way.target} <= known))
    drawn = msgspec.structs.replace(after, stages=stages, transitions=ways)
    return drawn if not circle_of_promotions(drawn) else msgspec.structs.replace(drawn, transitions=after.transitions)


def marks_of(difference: Difference) -> Marks:
    stages: dict[StageId, GraphMark] = {}
    ways: dict[TransitionId, GraphMark] = {}
    for change in difference.changes:
        hint = "\n".join(each.words for each in change.fields)
        is_gone = change.kind is ChangeKind.REMOVED
        mark = GraphMark(words=kind_words(change.kind), tone=TONES[change.kind], is_dashed=is_gone, hint=hint)
        if change.subject is Subject.STAGE:
            stages[StageId(change.id)] = mark
        elif change.subject is Subject.TRANSITION:
            ways[TransitionId(change.id)] = mark
    return Marks(stages=stages, ways=ways)


VALUES = (3, 4)  # the columns of before and after


def _columns() -> tuple[Column[Row], ...]:
    return (
        Column(
            head=tr("Change"),
            text=lambda row: kind_words(row.kind) if row.kind is not None else tr("only looks"),
            tone=lambda row: TONES[row.kind] if row.kind is not None else "muted",
            width=92,
        ),
        Column(head=tr("What"), text=lambda row: row.subject, width=260),
        Column(head=tr("Field"), text=lambda row: row.field, width=140),
        Column(head=tr("Before"), text=lambda row: row.before, width=170),
        Column(head=tr("After"), text=lambda row: row.after),
    )


class CompareDialog(QDialog):
    """Follows the draft while it is open. To be opened with `open()`."""

    def __init__(
        self,
        desk: DraftDesk,
        versions: Mapping[str, Look],
        jobs: Jobs,
        parent: QWidget | None = None,
        *,
        more: Callable[[], Coroutine[Any, Any, Mapping[str, Look]]] | None = None,
    ) -> None:
        """`versions` are what can be compared at once beside files: their names, and how they are looked up.

        `more` finds what has to be read first: versions on record, other drafts.
        """
        super().__init__(parent)
        self._desk, self._jobs = desk, jobs
        self._versions: dict[str, Look] = dict(versions)
        self._asked: pieces.Choice | None = None
        self.setWindowTitle(self.tr("Compare versions"))
        fit_on_screen(self, SIZE)
        self.before, self.after = self._list(self.tr("Before")), self._list(self.tr("After"))
        self.after.setCurrentIndex(min(1, self.after.count() - 2))
        self.news = pieces.Notice(self)
        self.summary = pieces.label("", "caption", self)
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Graph of both versions"))
        self.model = ListModel(_columns(), self)
        self.view = DenseTable(self.model, self.tr("Differences"), self.model.widths, self, least_elastic=170)
        WrappedRows(self.view, *VALUES)
        self.files = QFileDialog(self, self.tr("Open a workflow"), "", self.tr("Workflows (*.json);;All files (*)"))
        self.files.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.files.fileSelected.connect(self._read)
        self._lay_out()
        self.graph.picked.connect(self._pick)
        self.view.selectionModel().currentRowChanged.connect(self._jump)
        desk.changed.connect(self._show)
        self._show()
        self.view.setFocus()
        if more is not None:
            jobs.start(self._find(more), "find versions")

    async def _find(self, more: Callable[[], Coroutine[Any, Any, Mapping[str, Look]]]) -> None:
        try:
            found = await more()
        except ConsoleError as error:
            told = explain(error)
            self.news.show_words("warn", told.failed, told.mend, told.details)
            return
        for name, look in found.items():
            self._offer(name, look)

    def _offer(self, name: str, look: Look) -> None:
        """Let it be chosen on both sides, before the file that comes last."""
        self._versions[name] = look
        for made in (self.before, self.after):
            if made.findData(name) < 0:
                made.insertItem(made.count() - 1, name, name)

    def _list(self, name: str) -> pieces.Choice:
        made = pieces.Choice(self)
        made.setAccessibleName(name)
        for version in self._versions:
            made.addItem(version, version)
        made.addItem(self.tr("a file…"), FILE)
        made.activated.connect(self._choose)
        return made

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        head.setSpacing(theme.GAP)
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.graph)
        halves.addWidget(self.view)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        for words, made in ((self.tr("Before"), self.before), (self.tr("After"), self.after)):
            title = pieces.label(words, "muted", self)
            title.setBuddy(made)
            head.addWidget(title)
            head.addWidget(made, 1)
        head.addWidget(self.summary)
        column.addWidget(self.news)
        column.addWidget(pieces.Line(self))
        column.addWidget(halves, 1)

    @Slot()
    def _choose(self) -> None:
        made = self.sender()
        if isinstance(made, pieces.Choice) and made.currentData() == FILE:
            self._asked = made
            self.files.open()
        else:
            self._show()

    @Slot(str)
    def _read(self, path: str) -> None:
        self._jobs.start(self.open_file(path, self._asked or self.before), "read a workflow")

    async def open_file(self, path: str, into: pieces.Choice) -> None:
        """Read a file and compare with it; one that is no workflow is refused with the reason."""
        try:
            found = await read_file(path)
        except Refused as refusal:
            self.news.show_words("warn", refusal.reason, refusal.mend)
            into.setCurrentIndex(0)
            return
        self.news.hide()
        name = Path(path).name
        self._offer(name, lambda: found)
        into.setCurrentIndex(into.findData(name))
        self._show()

    @Slot()
    def _show(self) -> None:
        one, other = (self._versions.get(str(made.currentData())) for made in (self.before, self.after))
        before, after = (one() if one else None), (other() if other else None)
        if before is None or after is None:
            return
        difference = diff_of_drafts(before, after)
        rows = rows_of(difference)
        self.model.show_rows(rows)
        self.summary.setText(count(len(rows), self.tr("difference")) if rows else self.tr("They are equal."))
        self.graph.show_marked(both(before, after, difference), marks_of(difference))

    @Slot()
    def _jump(self) -> None:
        row = self.model.row(self.view.currentIndex().row())
        if row is not None:
            self.graph.choose(row.stage, row.way)

    @Slot(object, object)
    def _pick(self, stage: StageId | None, way: TransitionId | None) -> None:
        for at in range(self.model.rowCount()):
            row = self.model.row(at)
            if row is not None and (row.stage, row.way) == (stage, way) != (None, None):
                self.view.selectRow(at)
                return
