"""How approvals of a publication stand, and what can be done about it: here by this key, elsewhere by files."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console.publication.approvals import read_decided, write_paper
from xsconsole.console.publication.publishing import Publishing
from xsconsole.domain.approval import Meaning
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers
from xsconsole_ui.promotion.rows import RowsView
from xsconsole_ui.workflow.export import file_name
from xsconsole_ui.workflow.publishing import plan_rows


class Approving(QWidget):
    """A row for each rule, then buttons. Nothing is greyed out without its reason below."""

    said = Signal(str)  # what was done
    failed = Signal(object)  # ConsoleError

    def __init__(self, publishing: Publishing, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._publishing, self._jobs = publishing, jobs
        self._plan: PublishPlan | None = None
        self.papers = Papers(parent)
        self.rows = RowsView(self.tr("Approvals"), self)
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Reason; it is signed with the decision"))
        self.reason.setAccessibleName(self.tr("Reason of the decision"))
        self.approve = pieces.button(self.tr("Approve"), "", self)
        self.refuse = pieces.button(self.tr("Reject"), "", self)
        self.why_not = pieces.wrapped("", "muted", self)
        self.export = pieces.button(self.tr("Request as a file…"), "", self)
        self.export.setToolTip(self.tr("For people who have no way to the pool: they decide with their own console."))
        self.take_in = pieces.button(self.tr("Take in a decision…"), "", self)
        self.approve.clicked.connect(self._approve)
        self.refuse.clicked.connect(self._refuse)
        self.export.clicked.connect(self._export)
        self.take_in.clicked.connect(self._take_in)
        self.reason.textChanged.connect(self._show_buttons)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.rows)
        for widgets in ((self.reason, self.approve, self.refuse), (self.export, self.take_in)):
            row = QHBoxLayout()
            row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
            row.setSpacing(theme.GAP)
            column.addLayout(row)
            for widget in widgets:
                row.addWidget(widget, 1 if widget is self.reason else 0)
            if self.reason not in widgets:
                row.addStretch(1)
            if self.reason in widgets:
                column.addWidget(self.why_not)
        self.why_not.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)

    def show_plan(self, plan: PublishPlan, width: int) -> None:
        self._plan = plan
        if plan.tally is not None and plan.standing is not None:
            self.rows.show_rows(plan_rows.approval_rows(plan.tally, plan.standing), width=width)
            self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        if self._plan is None or self._plan.tally is None:
            return
        refusal = self._publishing.why_not_decide(self._plan)
        why = pieces.joined(refusal.reason, self.tr("Others decide with theirs.")) if refusal is not None else ""
        needs = "" if self.reason.text().strip() else self.tr("A rejection needs its reason.")
        self.approve.setEnabled(not why)
        self.refuse.setEnabled(not why and not needs)
        self.approve.setToolTip(pieces.hint(why or self.tr("It counts for what somebody else publishes.")))
        self.refuse.setToolTip(pieces.hint(why or needs))
        self.why_not.setText(why)
        self.why_not.setVisible(bool(why))

    # Doing.

    @Slot()
    def _approve(self) -> None:
        self._start(self._decide(Meaning.APPROVE), "approve the publication")

    @Slot()
    def _refuse(self) -> None:
        self._start(self._decide(Meaning.REJECT), "reject the publication")

    @Slot()
    def _export(self) -> None:
        self._start(self._write(), "write a request")

    @Slot()
    def _take_in(self) -> None:
        self._start(self.papers.read(self.tr("Take in a decision"), self.open_decision), "take in a decision")

    def _start(self, job: Coroutine[Any, Any, object], what: str) -> None:
        self._jobs.start(self._told(job), what)

    async def _told(self, job: Coroutine[Any, Any, object]) -> None:
        try:
            await job
        except ConsoleError as error:
            self.failed.emit(error)

    async def _decide(self, meaning: Meaning) -> None:
        if self._plan is not None:
            await self._publishing.decide(self._plan, meaning, self.reason.text().strip())
            self.reason.clear()
            told = self.tr("Your approval is on record. It counts where somebody else publishes this.")
            self.said.emit(told if meaning is Meaning.APPROVE else self.tr("Your rejection is on record."))

    async def _write(self) -> None:
        if self._plan is not None:
            name = f"{file_name(self._plan.workflow.name)} v{self._plan.workflow.version} request.json"
            request = self._publishing.request(self._plan)
            path = await self.papers.write(partial(write_paper, request), self.tr("Write the request"), name)
            if path is not None:
                self.said.emit(self.tr("The request is in {path}.").format(path=path))

    async def open_decision(self, path: str) -> None:
        """Take in the decision of a file.

        Raises:
            Refused: it is forged, about something else, or of nobody whom a rule names.
        """
        decision = await read_decided(path)
        if self._plan is not None:
            await self._publishing.take_in(self._plan, decision)
            self.said.emit(self.tr("The decision is on the pool, and on record."))
