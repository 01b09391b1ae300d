"""Deciding on a publication that came as a file, away from its pool: what would change, and a signed answer."""

from functools import partial

from PySide6.QtWidgets import QWidget

from xsconsole.console.home import Home
from xsconsole.console.publication.approvals import decide_apart, why_not_counted, write_paper
from xsconsole.domain.approval import Meaning
from xsconsole.domain.folding import one_line
from xsconsole.domain.publication.files import AskedPublication
from xsconsole.domain.words import listing
from xsconsole.domain.workflow.difference import diff
from xsconsole.domain.workflow.names import stage_words
from xsconsole_ui import pieces
from xsconsole_ui.deciding import SIZE, FileDecision
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Save
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.texts import tr
from xsconsole_ui.times import exact_time
from xsconsole_ui.workflow.comparing import both, marks_of
from xsconsole_ui.workflow.export import file_name
from xsconsole_ui.workflow.marked_graph import MarkedGraph
from xsconsole_ui.workflow.publishing.plan_rows import change_rows


class DecideDialog(FileDecision):
    """Shows both versions in one graph."""

    def __init__(self, asked: AskedPublication, home: Home, jobs: Jobs, parent: QWidget | None = None) -> None:
        request, workflow = asked.request, asked.workflow
        title = tr("Publish version {version} of “{name}” on {pool}").format(
            version=workflow.version, name=one_line(workflow.name), pool=one_line(request.pool_name)
        )
        asks = tr("Asked for by {who} at {time}, with key {key}. It needs {rules}.").format(
            who=one_line(request.actor),
            time=exact_time(request.at),
            key=asked.fingerprint[:16],
            rules=listing(tuple(one_line(rule) for rule in request.rules)),
        )
        super().__init__(tr("Decide on a publication"), title, asks, jobs, parent)
        self._asked, self._home = asked, home
        self.summary = pieces.wrapped(one_line(workflow.summary), "", self)
        self.summary.setVisible(bool(workflow.summary))
        difference = diff(asked.standing, workflow)
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Graph of both versions"))
        self.graph.show_marked(both(asked.standing, workflow, difference), marks_of(difference))
        self.changes = RowsView(self.tr("What changes"), self)
        self.changes.show_rows((*change_rows(asked.standing, workflow), *_mapping_rows(asked)), width=SIZE[0])
        uncounted = why_not_counted(home, asked)
        if uncounted is not None:
            self.news.show_words("warn", uncounted.reason, uncounted.mend)
        self.lay_out((self.summary,), ((self.graph, 3), (UprightPage(self.changes, self), 2)))

    def signed(self, meaning: Meaning, reason: str) -> tuple[Save, str]:
        decision, workflow = decide_apart(self._home, self._asked, meaning, reason), self._asked.workflow
        return partial(write_paper, decision), f"{file_name(workflow.name)} v{workflow.version} decision.json"


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
