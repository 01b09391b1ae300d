"""Publishing a draft: the plan is shown live as a dry run, nothing happens before the button, then the report."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from xsconsole.console import Console, Estate
from xsconsole.domain import words
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.publication.effects import PublishPlan, PublishReport
from xsconsole.domain.publication.values import own_summary
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge, Turns
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.pieces import joined
from xsconsole_ui.promotion.rows import RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.tick import Tick
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.inspector.beside import Findings
from xsconsole_ui.workflow.publishing import plan_rows
from xsconsole_ui.workflow.publishing.approving import Approving
from xsconsole_ui.workflow.publishing.mapping import MappingTable
from xsconsole_ui.workflow.publishing.meanwhile import Meanwhile
from xsconsole_ui.workflow.publishing.part import Part
from xsconsole_ui.workflow.publishing.pools_view import PoolsView
from xsconsole_ui.workflow.publishing.said import NOTHING_SAID, Said
from xsconsole_ui.workflow.writing import mend

SIZE = (620, 720)  # px
SUMMARY_LIMIT = 400  # characters


class PublishSheet(QDialog):
    """To be opened with `open()`. Accepted once something was written.

    Who closes it while it writes is not held up: it only hides, and `went_on` tells what came of it.
    """

    rebased = Signal(str, object, object)  # label, the draft with what stands, what stands: go on from there
    published = Signal(object)  # Workflow: as it stands now
    went_on = Signal(str)  # what came of it after it was closed

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        desk: DraftDesk,
        jobs: Jobs,
        parent: QWidget | None = None,
        *,
        standing: Workflow | None = None,
        to: Console | None = None,
        said: Said = NOTHING_SAID,
    ) -> None:
        """Publish the draft on the desk; with `standing`, bring all pools up to that version instead.

        With `to`, that version is published to this one pool, which has no workflow. `said` is what was said of the
        draft when a sheet was left.
        """
        super().__init__(parent)
        self._standing = standing
        self._to = console.sight_of(to).name if to is not None else ""
        self._publishing = console.publishing if to is None else to.publishing
        self._desk, self._jobs = desk, jobs
        self._turns = Turns(self)
        self._mapping: dict[StageId, StageId] = dict(said.mapping)
        self._later: set[Uuid] = set()
        self._replaced: set[Uuid] = set()
        self.is_busy = False
        self.plan: PublishPlan | None = None
        self.report: PublishReport | None = None
        self.setWindowTitle(self.tr("Publish"))
        fit_on_screen(self, SIZE)
        self._make()
        self._lay_out()
        self.summary.setText(said.summary or own_summary(desk.workflow, console.board.workflow))
        desk.changed.connect(self._look_soon)
        desk.findings_changed.connect(self._look_soon)
        for news in (bridge.layout_changed, bridge.card_changed, bridge.run_changed, bridge.link_changed):
            news.connect(self._look_soon)
        bridge.inventory_changed.connect(self._look_soon)
        self._look()
        (self.summary if self._standing is None else self.go).setFocus()

    @property
    def said(self) -> Said:
        """What was said of the draft so far."""
        return Said(summary=self.summary.text(), mapping=dict(self._mapping))

    def _make(self) -> None:
        self.title = pieces.wrapped("", "title", self)
        self.news = pieces.Notice(self)
        self.summary = QLineEdit(self)
        self.summary.setAccessibleName(self.tr("Summary of the changes"))
        self.summary.setPlaceholderText(self.tr("What changes, and why; it is kept with the version"))
        self.summary.setMaxLength(SUMMARY_LIMIT)
        self.summary.textChanged.connect(self._look_soon)
        self.summary.setVisible(self._standing is None)
        self.meanwhile = Meanwhile(self)
        self.meanwhile.rebased.connect(self._rebase)
        self.obstacles = RowsView(self.tr("What is in the way"), self)
        self.findings = Findings(self)
        self.findings.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self.findings.mended.connect(self._mend)
        self.mapping = MappingTable(self)
        self.mapping.chosen.connect(self._map)
        self.changes = RowsView(self.tr("What changes"), self)
        self.pools = PoolsView(self)
        self.pools.agreed.connect(self._agree)
        self.effects = RowsView(self.tr("What happens to configurations"), self)
        self.requests = RowsView(self.tr("What happens to requests"), self)
        self.approvals = Approving(self._publishing, self._jobs, self)
        self.approvals.said.connect(self._tell_done)
        self.approvals.failed.connect(self._tell)
        self.is_agreed = Tick("", self)
        self.is_agreed.toggled.connect(self._show_go)
        self.why_not = pieces.wrapped("", "muted", self)
        is_new = self._standing is None or bool(self._to)
        self.go = pieces.button(self.tr("Publish") if is_new else self.tr("Bring up"), "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.cancel.setAutoDefault(True)  # Enter closes the report, not only Space
        self.go.setAutoDefault(True)
        self.go.clicked.connect(self._go)
        self.cancel.clicked.connect(self.reject)
        self.done_rows = RowsView(self.tr("What was done"), self)

    def _lay_out(self) -> None:
        blocking = QWidget(self)
        upright = QVBoxLayout(blocking)
        upright.setContentsMargins(0, 0, 0, 0)
        upright.addWidget(self.obstacles)
        upright.addWidget(self.findings)
        self.parts = {
            # First, so that it keeps its place while what is in the way grows less with each choice.
            "mapping": Part(self.tr("Where configurations of stages that vanish go"), self.mapping, self),
            "meanwhile": Part(self.tr("Published meanwhile"), self.meanwhile, self),
            "obstacles": Part(self.tr("In the way"), blocking, self),
            "pools": Part(self.tr("Pools"), self.pools, self),
            "approvals": Part(self.tr("Approvals"), self.approvals, self),
            "effects": Part(self.tr("What would happen to configurations"), self.effects, self),
            "requests": Part(self.tr("What would happen to open requests"), self.requests, self),
            "changes": Part(self.tr("What changes"), self.changes, self),
        }
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, theme.GAP)
        column.setSpacing(theme.GAP)
        for part in self.parts.values():
            column.addWidget(part)
        column.addStretch(1)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(UprightPage(page, self))
        self._pages.addWidget(UprightPage(self.done_rows, self))
        head = QVBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        head.setSpacing(theme.GAP)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        foot.setSpacing(theme.GAP)
        agree = QHBoxLayout()
        agree.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        for widget in (self.title, self.news, self.summary):
            head.addWidget(widget)
        whole.addSpacing(theme.GAP)
        whole.addWidget(self._pages, 1)
        whole.addWidget(pieces.Line(self))
        whole.addLayout(agree)
        agree.addWidget(self.is_agreed)
        whole.addLayout(foot)
        foot.addWidget(self.why_not, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)

    # Before.

    @property
    def _wanted(self) -> Workflow:
        return self._standing or self._desk.workflow

    @property
    def _base(self) -> Workflow | None:
        return (self._standing or self._desk.base) if not self._to else None

    @Slot()
    def _look_soon(self) -> None:
        self._turns.put("plan", self._look)

    def _look(self) -> None:
        """Plan anew, and show what it would do now; once it is published, who has gone along since."""
        if self.is_busy:
            self._show_go()  # a pool may have gone away
            return
        if self.report is not None:
            report = self._publishing.renewed(self.report)
            if report != self.report:
                self._show_report(report)
                self._show_end()
            return
        try:
            plan = self._publishing.plan(
                self._wanted,
                base=self._base,
                mapping=self._mapping,
                summary=self.summary.text().strip(),
                later=self._later,
                replaced=self._replaced,
            )
        except Refused as refusal:
            self.plan = None
            self.news.show_words("warn", refusal.reason, refusal.mend)
            self._show_go()
            return
        if self.plan is None:
            self.news.hide()
        self.plan = plan
        self._show(plan)

    def _show(self, plan: PublishPlan) -> None:
        width = self.width()
        name = self.tr("Publish version {version} of “{name}”")
        if self._to:
            name = self.tr("Publish version {version} of “{name}” to {pool}")
        elif self._standing is not None:
            name = self.tr("Bring all pools up to version {version} of “{name}”")
        version, called = plan.workflow.version, one_line(plan.workflow.name)
        self.title.setText(name.format(version=version, name=called, pool=one_line(self._to)))
        self.meanwhile.show_versions(self._base, self._wanted, plan.standing)
        in_the_way = plan_rows.obstacle_rows(plan)
        self.obstacles.show_rows(in_the_way, width=width)
        self.obstacles.setVisible(bool(in_the_way))
        self.findings.show_findings(plan_rows.errors_of(plan))
        self.mapping.show_plan(plan)
        self.changes.show_rows(plan_rows.change_rows(plan.standing, plan.workflow), width=width)
        self.pools.show_plan(plan, width)
        self.effects.show_rows(plan_rows.effect_rows(plan.effects), width=width)
        self.requests.show_rows(plan_rows.request_rows(plan.requests), width=width)
        self.approvals.show_plan(plan, width)
        self.parts["meanwhile"].setVisible(self.meanwhile.isVisibleTo(self.parts["meanwhile"]))
        self.parts["obstacles"].setVisible(bool(plan.obstacles))
        self.parts["mapping"].setVisible(bool(plan.must_map))
        self.parts["requests"].setVisible(bool(plan.requests))
        self.parts["approvals"].setVisible(plan.tally is not None)
        self._show_go()

    @Slot()
    def _show_go(self) -> None:
        plan = self.plan
        due = len(plan.due) if plan is not None else 0
        self.is_agreed.setVisible(bool(due) and self.report is None)
        self.is_agreed.setText(self.tr("Change {what} as shown").format(what=count(due, self.tr("configuration"))))
        why = self._why_not(plan)
        self.go.setEnabled(not why)
        self.cancel.setText(self.tr("Close") if self.is_busy else self.tr("Cancel"))
        self.go.setToolTip(pieces.hint(why))
        self.why_not.setText(why)
        self.go.setAccessibleDescription(why)

    def _why_not(self, plan: PublishPlan | None) -> str:
        if self.is_busy:
            away = self._publishing.away()
            told = self.tr("{pools}: away.").format(pools=one_line(", ".join(away))) if away else ""
            return joined(self.tr("It is being published, also when this sheet is closed."), told)
        if plan is None:
            return self.news.headline
        denial = self._publishing.denial(plan)
        if denial is not None:
            return joined(denial.reason, denial.mend)
        if plan.obstacles:
            things = max(1, len(plan_rows.obstacle_rows(plan)) + len(plan_rows.errors_of(plan)))
            return self.tr("Not now: {what} in the way.").format(
                what=count(things, self.tr("thing is"), self.tr("things are"))
            )
        if not plan.is_needed:
            return self.tr("Nothing is to be written: it stands as it is.")
        if plan.due and not self.is_agreed.isChecked():
            return self.tr("Agree to what happens to configurations.")
        return ""

    @Slot(str, str)
    def _map(self, old: str, new: str) -> None:
        self._mapping[StageId(old)] = StageId(new)
        self._look()

    @Slot(str, bool)
    def _agree(self, pool: str, is_agreed: bool) -> None:
        is_unlike = self.plan is not None and any(part.is_unlike and part.pool == pool for part in self.plan.pools)
        agreed = self._replaced if is_unlike else self._later
        (agreed.add if is_agreed else agreed.discard)(Uuid(pool))
        self._look()

    @Slot(object)
    def _mend(self, found: object) -> None:
        mend(self._desk, found)  # type: ignore[arg-type]

    @Slot(object, object)
    def _rebase(self, merged: Workflow, standing: Workflow) -> None:
        label = self.tr("Take version {version} in").format(version=standing.version)
        self.rebased.emit(label, merged, standing)
        self._look()

    # Doing.

    @Slot(str)
    def _tell_done(self, what: str) -> None:
        self.news.show_words("good", what, "")
        self._look_soon()

    @Slot()
    def _go(self) -> None:
        if self.report is not None:
            self._jobs.start(self._carry_out(None), "finish the publication")
        elif self.plan is not None:
            self._jobs.start(self._carry_out(self.plan), "publish the workflow")

    async def _carry_out(self, plan: PublishPlan | None) -> None:
        """Publish; without a plan, finish what an earlier publication left."""
        self.is_busy = True
        self._show_go()
        draft = self._desk.workflow
        try:
            if plan is None:
                report = await self._publishing.finish()
            else:
                report = await self._publishing.publish(plan, copied=self._standing if self._to else None)
        except ConsoleError as error:
            if self.isHidden():
                raise  # the window tells it
            self._tell(error)
        else:
            self._show_report(report)
            if not report.failed and self._desk.workflow == draft:  # what was drawn since the sheet was closed stays
                self.published.emit(report.workflow)
            if self.isHidden():
                self.went_on.emit(joined(self.news.headline, *(f"{name}: {why}" for name, why in report.failed)))
        finally:
            self.is_busy = False
            if self.isHidden():
                self.reject()
            else:
                self._look()
                self._show_end()

    @Slot(object)
    def _tell(self, error: ConsoleError) -> None:
        told = words.explain(error)
        state = "warn" if isinstance(error, Refused) else "bad"
        self.news.show_words(state, told.failed, joined(told.put_back, told.remains, told.mend), told.details)

    def _show_report(self, report: PublishReport) -> None:
        self.report = report
        self.done_rows.show_rows(plan_rows.report_rows(report), width=self.width())
        self._pages.setCurrentIndex(1)
        self.summary.hide()
        self.is_agreed.hide()
        self.cancel.setText(self.tr("Close"))
        version = report.workflow.version
        if report.is_whole:
            self.news.show_words("good", self.tr("Version {version} is published.").format(version=version), "")
        else:
            headline = self.tr("Version {version} is published in part.").format(version=version)
            self.news.show_words("warn", headline, self._what_remains(report))

    def _what_remains(self, report: PublishReport) -> str:
        if report.failed:
            return self.tr("Finish does the rest, now or later.")
        return self.tr("What still runs goes along once that has ended, while this console is open; Finish asks again.")

    def _show_end(self) -> None:
        report = self.report
        if report is None:
            self._show_go()
            return
        self.go.setText(self.tr("Finish"))
        self.go.setVisible(not report.is_whole)
        self.go.setEnabled(not report.is_whole)
        self.why_not.setText("")
        self.cancel.setFocus()

    def reject(self) -> None:
        """Close; while it writes only out of the way, for that goes on to its end."""
        if self.is_busy:
            self.hide()
        else:
            self.done(QDialog.DialogCode.Accepted if self.report is not None else QDialog.DialogCode.Rejected)
