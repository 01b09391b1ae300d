"""Deciding on a publication that came as a file, away from its pool: what would change, and a signed answer."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console.home import Home
from xsconsole.console.publish_approvals import decide_apart
from xsconsole.domain import words
from xsconsole.domain.approval import Meaning
from xsconsole.domain.folding import one_line
from xsconsole.domain.publication_files import AskedPublication
from xsconsole.domain.workflow.difference import diff
from xsconsole.domain.workflow.names import stage_words
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.texts import tr
from xsconsole_ui.times import exact_time
from xsconsole_ui.workflow.comparing import both, marks_of
from xsconsole_ui.workflow.export import file_name
from xsconsole_ui.workflow.marked_graph import MarkedGraph
from xsconsole_ui.workflow.publishing.papers import Papers
from xsconsole_ui.workflow.publishing.plan_rows import change_rows

SIZE = (760, 720)  # px


class DecideDialog(QDialog):
    """To be opened with `open()`. Accepted once a decision was written."""

    def __init__(self, asked: AskedPublication, home: Home, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked, self._home, self._jobs = asked, home, jobs
        self.papers = Papers(self)
        request, workflow = asked.request, asked.workflow
        self.setWindowTitle(self.tr("Decide on a publication"))
        self.resize(*SIZE)
        title = self.tr("Publish version {version} of “{name}” on {pool}").format(
            version=workflow.version, name=one_line(workflow.name), pool=one_line(request.pool_name)
        )
        asks = self.tr("Asked for by {who} at {time}, with key {key}. {rules}").format(
            who=one_line(request.actor),
            time=exact_time(request.at),
            key=asked.fingerprint[:16],
            rules=". ".join(one_line(rule) for rule in request.rules),
        )
        self.title = pieces.wrapped(title, "title", self)
        self.about = pieces.wrapped(asks, "muted", self)
        self.summary = pieces.wrapped(one_line(workflow.summary), "", self)
        self.summary.setVisible(bool(workflow.summary))
        self.news = pieces.Notice(self)
        difference = diff(asked.standing, workflow)
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Graph of both versions"))
        self.graph.show_marked(both(asked.standing, workflow, difference), marks_of(difference))
        self.changes = RowsView(self.tr("What changes"), self)
        self.changes.show_rows((*change_rows(asked.standing, workflow), *_mapping_rows(asked)), width=SIZE[0])
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Reason; it is signed with the decision"))
        self.reason.setAccessibleName(self.tr("Reason of the decision"))
        self.approve = pieces.button(self.tr("Approve…"), "primary", self)
        self.refuse = pieces.button(self.tr("Reject…"), "", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.approve.clicked.connect(self._approve)
        self.refuse.clicked.connect(self._refuse)
        self.cancel.clicked.connect(self.reject)
        self._lay_out()
        self.reason.setFocus()

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.GAP)
        head.setSpacing(theme.SPACE)
        for widget in (self.title, self.about, self.summary, self.news):
            head.addWidget(widget)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        foot.setSpacing(theme.GAP)
        foot.addWidget(self.reason, 1)
        for button in (self.cancel, self.refuse, self.approve):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(pieces.Line(self))
        column.addWidget(self.graph, 3)
        column.addWidget(pieces.Line(self))
        column.addWidget(UprightPage(self.changes, self), 2)
        column.addWidget(pieces.Line(self))
        column.addLayout(foot)

    @Slot()
    def _approve(self) -> None:
        self._jobs.start(self._decide(Meaning.APPROVE), "approve a publication by file")

    @Slot()
    def _refuse(self) -> None:
        self._jobs.start(self._decide(Meaning.REJECT), "reject a publication by file")

    async def _decide(self, meaning: Meaning) -> None:
        try:
            decision = decide_apart(self._home, self._asked, meaning, self.reason.text().strip())
            workflow = self._asked.workflow
            name = f"{file_name(workflow.name)} v{workflow.version} decision.json"
            if await self.papers.write(decision, self.tr("Write the decision"), name) is not None:
                self.accept()
        except ConsoleError as error:
            told = words.explain(error)
            state = "warn" if isinstance(error, Refused) else "bad"
            self.news.show_words(state, told.failed, pieces.joined(told.remains, told.mend), told.details)


def _mapping_rows(asked: AskedPublication) -> tuple[Row, ...]:
    return tuple(
        Row(
            mark=Mark.CURRENT,
            text=tr("Configurations in “{old}” go to “{new}”").format(
                old=stage_words(asked.standing, old), new=stage_words(asked.workflow, new)
            ),
        )
        for old, new in sorted(asked.request.mapping.items())
    )
