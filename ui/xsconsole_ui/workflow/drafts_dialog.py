"""Where a draft begins and goes on: templates with their picture, files, what is published, drafts of this home."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console.drafts import Drafts, read_file, write_file
from xsconsole.domain.drafts import Draft, DraftHeading
from xsconsole.domain.folding import one_line
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.templates import as_template
from xsconsole.errors import AlreadyThere
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.dialogs import Question, ReplaceQuestion, answered
from xsconsole_ui.jobs import Jobs, told_in
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.export import file_name
from xsconsole_ui.workflow.marked_graph import MarkedGraph, Marks

SIZE = (980, 640)  # px
LIST_WIDTH = 400  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Something that a draft can begin with or go on with. `heading` is that of a draft of this home."""

    kind: str
    name: str
    about: str
    workflow: Workflow | None = None
    heading: DraftHeading | None = None


def start_of(heading: DraftHeading) -> Start:
    """Return a draft as a row."""
    base = tr("from v{version}").format(version=heading.base_version) if heading.base_version else tr("of its own")
    steps, when = count(heading.steps, tr("step")), times.clock_time(heading.updated_at)
    about = heading.problem or ", ".join((base, steps, when))
    return Start(kind=tr("Draft"), name=one_line(heading.name), about=about, heading=heading)


def _columns() -> tuple[Column[Start], ...]:
    return (
        Column(head=tr("Kind"), text=lambda row: row.kind, tone=lambda _: "muted", width=84),
        Column(
            head=tr("Name"),
            text=lambda row: row.name,
            tone=lambda row: "bad" if row.heading is not None and row.heading.problem else "",
            hint=lambda row: f"{row.name}\n{row.about}",
        ),
        Column(head=tr("Changed"), text=_changed, tone=lambda _: "muted", width=110),
    )


def _changed(row: Start) -> str:
    return times.clock_time(row.heading.updated_at) if row.heading is not None else ""


class DraftsDialog(QDialog):
    """To be opened with `open()`. What is chosen is told by its signals."""

    begun = Signal(object, str)  # Workflow to begin with, the name it was chosen by
    resumed = Signal(object)  # Draft
    deleted = Signal(object)  # DraftId

    def __init__(
        self,
        drafts: Drafts | None,
        starts: Callable[[], tuple[Start, ...]],
        current: Callable[[], Workflow],
        jobs: Jobs,
        parent: QWidget | None = None,
    ) -> None:
        """`drafts` None: the home is only read. `current` is what is on the desk, for keeping it as a file."""
        super().__init__(parent)
        self._drafts, self._starts, self._current, self._jobs = drafts, starts, current, jobs
        self._headings: tuple[DraftHeading, ...] = ()
        self._opened: dict[str, Draft] = {}
        self.asked: QDialog | None = None
        self.setWindowTitle(self.tr("New workflow and drafts"))
        fit_on_screen(self, SIZE)
        self.model = ListModel(_columns(), self)
        self.view = DenseTable(self.model, self.tr("What to begin with"), self.model.widths, self, least_elastic=160)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)  # one row is begun with or deleted
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Picture of what is chosen"))
        self.title = pieces.label("", "title", self)
        self.about = pieces.wrapped("", "muted", self)
        self.news = pieces.Notice(self)
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name"))
        self.go = pieces.button(self.tr("Begin"), "primary", self)
        self.go.setAutoDefault(True)
        self.rename = pieces.button(self.tr("Rename"), "", self)
        self.delete = pieces.button(self.tr("Delete…"), "", self)
        self.import_ = pieces.button(self.tr("Open a file…"), "", self)
        self.export = pieces.button(self.tr("Keep as a file…"), "", self)
        self.as_template = pieces.button(self.tr("Keep as a template…"), "", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._lay_out()
        self._connect()
        self._show()
        self._look(0)
        self._start(self._read_headings())

    def _lay_out(self) -> None:
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(self.title)
        column.addWidget(self.about)
        column.addWidget(self.graph, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        name = pieces.label(self.tr("Name"), "muted", self)
        name.setBuddy(self.name)
        column.addLayout(row)
        row.addWidget(name)
        row.addWidget(self.name, 1)
        row.addWidget(self.rename)
        row.addWidget(self.delete)
        halves = QSplitter(Qt.Orientation.Horizontal, self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.view)
        halves.addWidget(side)
        halves.setSizes([LIST_WIDTH, SIZE[0] - LIST_WIDTH])
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        foot.setSpacing(theme.GAP)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(halves, 1)
        whole.addWidget(self.news)  # below: the rows that a user aims at stay where they are
        whole.addWidget(pieces.Line(self))
        whole.addLayout(foot)
        for button in (self.import_, self.export, self.as_template):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)

    def _connect(self) -> None:
        self.view.selectionModel().currentRowChanged.connect(self._choose)
        self.view.opened.connect(self._go)
        self.go.clicked.connect(self._go)
        self.cancel.clicked.connect(self.reject)
        self.rename.clicked.connect(lambda: self._start(self._rename()))
        self.delete.clicked.connect(lambda: self._start(self._delete()))
        self.import_.clicked.connect(lambda: self._start(self._import()))
        self.export.clicked.connect(lambda: self._start(self._export(self._current())))
        self.as_template.clicked.connect(self._keep_template)

    # What it shows.

    @property
    def chosen(self) -> Start | None:
        return self.model.row(self.view.currentIndex().row())

    def _show(self) -> None:
        self.model.show_rows((*self._starts(), *map(start_of, self._headings)))

    def _look(self, row: int) -> None:
        self.view.setCurrentIndex(self.model.index(row, 0))
        self.view.setFocus()

    @Slot()
    def _choose(self) -> None:
        start = self.chosen
        if start is None:
            return
        heading = start.heading
        self.title.setText(start.name)
        self.about.setText(start.about)
        self.name.setText(start.name)
        is_draft, can_write = heading is not None, self._drafts is not None
        self.go.setText(self.tr("Go on") if is_draft else self.tr("Begin"))
        self.go.setEnabled(heading is None or not heading.problem)
        for button in (self.rename, self.delete):
            button.setEnabled(is_draft and can_write)
            button.setToolTip("" if is_draft else self.tr("Only drafts of this home can be renamed and deleted."))
        self.name.setEnabled(not is_draft or can_write)
        if start.workflow is not None:
            self.graph.show_marked(start.workflow, Marks())
        elif heading is not None and not heading.problem:
            self._start(self._picture(heading))
        self.graph.setVisible(start.workflow is not None or (heading is not None and not heading.problem))
        self.graph.fit()

    async def _read_headings(self) -> None:
        self._headings = await self._drafts.headings() if self._drafts is not None else ()
        self._show()

    async def _picture(self, heading: DraftHeading) -> None:
        draft = await self._draft(heading)
        if self.chosen is not None and self.chosen.heading == heading:
            self.graph.show_marked(draft.workflow, Marks())
            self.graph.fit()

    async def _draft(self, heading: DraftHeading) -> Draft:
        assert self._drafts is not None
        known = self._opened.get(heading.id)
        if known is None or known.revision != heading.revision:
            known = self._opened[heading.id] = await self._drafts.open(heading.id)
        return known

    # What is done.

    def _start(self, job: Coroutine[Any, Any, object]) -> None:
        self._jobs.start(told_in(self.news, job), "look after drafts")

    @Slot()
    def _go(self) -> None:
        start = self.chosen
        if start is None or not self.go.isEnabled():
            return
        if start.heading is not None:
            self._start(self._resume(start.heading))
        elif start.workflow is not None:
            self.begun.emit(start.workflow, self.name.text().strip() or start.name)
            self.accept()

    async def _resume(self, heading: DraftHeading) -> None:
        self.resumed.emit(await self._draft(heading))
        self.accept()

    async def _rename(self) -> None:
        start = self.chosen
        if start is not None and start.heading is not None and self._drafts is not None:
            await self._drafts.rename(start.heading.id, self.name.text())
            self.news.hide()
            await self._read_headings()

    async def _delete(self) -> None:
        start = self.chosen
        if start is None or start.heading is None or self._drafts is None:
            return
        text = self.tr("Delete the draft “{name}”?").format(name=start.name)
        remains = self.tr("It cannot be brought back. What is published stays.")
        if await self._ask(Question(self, self.tr("Delete a draft"), text, remains, self.tr("Delete"))):
            await self._drafts.delete(start.heading.id)
            self.deleted.emit(start.heading.id)
            await self._read_headings()

    async def _import(self) -> None:
        files = QFileDialog(self, self.tr("Open a workflow"), "", self._filter())
        files.setOption(QFileDialog.Option.DontUseNativeDialog)
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        if await self._ask(files) and files.selectedFiles():
            await self.open_file(files.selectedFiles()[0])

    async def open_file(self, path: str) -> None:
        """Begin with what is in a file.

        Raises:
            Refused: it is no workflow that this console can read.
        """
        workflow = await read_file(path)
        self.begun.emit(workflow, workflow.name)
        self.accept()

    @Slot()
    def _keep_template(self) -> None:
        workflow = self._current()
        self._start(self._export(as_template(workflow, workflow.name or self.tr("Template"), workflow.description)))

    async def _export(self, workflow: Workflow) -> None:
        name = f"{file_name(workflow.name)}.json"
        files = QFileDialog(self, self.tr("Keep a workflow"), name, self._filter())
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setDefaultSuffix("json")
        files.setOption(QFileDialog.Option.DontConfirmOverwrite)
        files.setOption(QFileDialog.Option.DontUseNativeDialog)
        if await self._ask(files) and files.selectedFiles():
            await self.write(workflow, files.selectedFiles()[0])

    async def write(self, workflow: Workflow, path: str) -> None:
        """Write a file; one that is there only if the user says so."""
        try:
            await write_file(workflow, path)
        except AlreadyThere:
            if not await self._ask(ReplaceQuestion(self, Path(path))):
                return
            await write_file(workflow, path, may_replace=True)
        self.news.show_words("good", self.tr("It is in {path}.").format(path=Path(path)), "")

    def _filter(self) -> str:
        return self.tr("Workflows (*.json);;All files (*)")

    async def _ask(self, dialog: QDialog) -> bool:
        self.asked = dialog
        try:
            return await answered(dialog)
        finally:
            self.asked = None
