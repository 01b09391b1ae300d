"""Several configurations to one stage, or one verb to several: one plan to confirm, then what becomes of each."""

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Batch, Estate
from xsconsole.domain import words
from xsconsole.domain.batch import AT_ONCE, BatchPlan, Part, PartState
from xsconsole.domain.folding import one_line
from xsconsole.engine.commands import Provision, Together
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.promotion.checklist import ChecklistBox
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick

SIZE = (820, 460)  # px
LEAST = 240  # px, of the column that takes what is left
MARKS = {
    PartState.WAITING: "• waits",
    PartState.RUNNING: "▸ runs",
    PartState.DONE: "✓ done",
    PartState.ASKED: "✓ asked for",
    PartState.REFUSED: "✕ cannot go",
    PartState.FAILED: "✕ failed",
    PartState.ELSEWHERE: "– settled elsewhere",
    PartState.SKIPPED: "– not begun",
}
OUTCOMES = {
    PartState.DONE: "done",
    PartState.ASKED: "asked for",
    PartState.RUNNING: "under way",
    PartState.WAITING: "waiting",
    PartState.FAILED: "failed",
    PartState.REFUSED: "could not go",
    PartState.ELSEWHERE: "settled elsewhere",
    PartState.SKIPPED: "not begun",
}
TONES = {
    PartState.DONE: "good",
    PartState.ASKED: "good",
    PartState.REFUSED: "warn",
    PartState.FAILED: "bad",
    PartState.ELSEWHERE: "muted",
    PartState.SKIPPED: "muted",
}


def said(part: Part) -> str:
    """Return what stands against it, or became of it, or what it will do."""
    if part.sentence:
        return part.sentence
    if part.refusal is not None:
        return words.refusal(part.refusal)
    if part.plan is None:
        return ""
    if part.is_asked:
        return tr("others have to approve it: it is asked for")
    down = words.duration(part.plan.downtime_s)
    return tr("downtime about {duration}").format(duration=down) if part.plan.downtime_s >= 1 else tr("no downtime")


def columns() -> tuple[Column[Part], ...]:
    return (
        Column(head="Configuration", text=lambda part: one_line(part.name), width=190),
        Column(
            head="State",
            text=lambda part: tr(MARKS[part.state]),
            tone=lambda part: TONES.get(part.state, ""),
            width=104,
        ),
        Column(
            head="Takes",
            text=lambda part: words.duration(max(1.0, part.plan.duration_s)) if part.plan is not None else "",
            width=72,
        ),
        Column(head="What", text=said),
    )


class BatchDialog(QDialog):
    """Does not keep the window from being used. Closing it while it runs begins nothing more."""

    def __init__(
        self, console: Estate, bridge: Bridge, jobs: Jobs, together: Together, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._console, self._jobs, self._together = console, jobs, together
        self._planned = console.plan_together(together)
        self._batch: Batch | None = None
        self._has_changed = self._is_stopped = False
        fit_on_screen(self, SIZE)
        self.setModal(False)
        self.summary = pieces.wrapped("", "title", self)
        self.meaning = pieces.wrapped("", "", self)
        self.news = pieces.wrapped("", "warn", self)
        self.model = ListModel(columns(), self)
        self.view = DenseTable(
            self.model,
            self.tr("Configurations, in the order in which they go"),
            self.model.widths,
            self,
            least_elastic=LEAST,
        )
        self.checklist = ChecklistBox(self)
        self.asking = pieces.wrapped("", "", self)
        self.ticket = QLineEdit(self)
        self.ticket.setPlaceholderText(self.tr("Change ticket, if there is one"))
        self.ticket.setAccessibleName(self.tr("Reference to a change ticket"))
        self.by_itself = Tick(self.tr("Carry each out by itself as soon as it may"), self)
        self.by_itself.setToolTip(self.tr("This window has to be open then."))
        self.goes_on = Tick(self.tr("Go on with the others where one fails"), self)
        self.goes_on.setChecked(all(isinstance(command, Provision) for command in together.commands))
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Reason, for the record"))
        self.reason.setAccessibleName(self.tr("Reason, for the record"))
        self.go = pieces.button("", "primary", self)
        self.stop = pieces.button(self.tr("Begin no more"), "", self)
        self.stop.setToolTip(self.tr("What is under way ends as it would; the others stay where they are."))
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._lay_out()
        self.go.clicked.connect(self._go)
        self.checklist.answered.connect(self._show_readiness)
        self.stop.clicked.connect(self._stop)
        self.cancel.clicked.connect(self.reject)
        self.finished.connect(self._stop)
        bridge.card_changed.connect(self._look_again)
        self._show()
        (self.go if self.go.isEnabled() else self.cancel).setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        for part in (self.summary, self.meaning, self.news):
            column.addWidget(part)
        column.addWidget(self.view, 1)
        for below in (self.checklist, self.asking, self.by_itself, self.ticket, self.goes_on, self.reason):
            column.addWidget(below)
        column.addLayout(buttons)
        for button in (self.go, self.stop, self.cancel):
            buttons.addWidget(button)
            button.setAutoDefault(True)
        buttons.addStretch(1)

    @property
    def planned(self) -> BatchPlan:
        """What is shown: the plan, and then how it stands with each."""
        return self._batch.plan if self._batch is not None else self._planned

    def _show(self) -> None:
        planned, is_begun = self.planned, self._batch is not None
        workflow = self._console.board.workflow
        stage = workflow.stage(planned.target) if workflow and planned.target is not None else None
        self.setWindowTitle(planned.title(one_line(stage.name) if stage else str(planned.target)))
        self.summary.setText(self._outcome(planned) if is_begun else self.windowTitle())
        self.meaning.setText(self._meaning(planned))
        self.news.setText(self.tr("The plan has changed since it was first shown.") if self._has_changed else "")
        self.news.setVisible(self._has_changed and not is_begun)
        self.model.show_rows(planned.parts)
        asked = len(planned.asked)
        self.checklist.ask(() if is_begun else planned.questions)
        self.go.setText(self._deed(planned))
        self._show_readiness()
        self.go.setVisible(not is_begun)
        self.goes_on.setEnabled(not is_begun)
        for part in (self.asking, self.ticket, self.by_itself):
            part.setVisible(not is_begun and bool(asked))
        told = self.tr("Others have to approve {n} of them. Each is asked for by a request of its own, all at once.")
        self.asking.setText(told.format(n=asked))
        self.reason.setVisible(not is_begun)
        self.stop.setVisible(is_begun and not planned.is_over)
        self.cancel.setText(self.tr("Close") if is_begun else self.tr("Cancel"))

    @Slot()
    def _show_readiness(self) -> None:
        why = "" if self.planned.ready else self.tr("None of them can go; the list says why.")
        if not why and not self.checklist.is_complete:
            why = self.tr("Answer what is asked first.")
        self.go.setEnabled(not why)
        self.go.setToolTip(why)

    def _deed(self, planned: BatchPlan) -> str:
        running, asked = len(planned.running), len(planned.asked)
        if planned.kind is not None:
            act = tr(words.act_name(planned.kind))
            return self.tr("{act} ({n} of {all})").format(act=act, n=running, all=len(planned.parts))
        if not asked:
            return self.tr("Start {n} of {all}").format(n=running, all=len(planned.parts))
        if not running:
            return self.tr("Ask for {n} of {all}").format(n=asked, all=len(planned.parts))
        return self.tr("Start {n}, ask for {asked}").format(n=running, asked=asked)

    def _meaning(self, planned: BatchPlan) -> str:
        if not planned.running:
            return "\n".join(planned.warnings)
        takes = self.tr(
            "Side by side, {most} at most at once, each a run of its own: {machines}, about {duration}{size}. "
            "What needs the same place waits for the one before it."
        )
        machines = words.count(planned.machines, "machine")
        duration = words.duration(max(1.0, planned.duration_s))
        taken = self.tr(", up to {size} of storage").format(size=words.size(planned.size_bytes))
        size = taken if planned.size_bytes else ""
        told = takes.format(most=AT_ONCE, machines=machines, duration=duration, size=size)
        return "\n".join((told, *planned.warnings))

    def _outcome(self, planned: BatchPlan) -> str:
        said = [
            self.tr("{n} {state}").format(n=number, state=tr(word))
            for state, word in OUTCOMES.items()
            if (number := sum(part.state is state for part in planned.parts))
        ]
        told = self.tr("Of {all}: {outcomes}").format(all=len(planned.parts), outcomes=", ".join(said))
        if planned.is_over:
            return f"{told}."
        return self.tr("{told}. No more is begun.").format(told=told) if self._is_stopped else f"{told} …"

    @Slot()
    def _look_again(self) -> None:
        """Plan again: the pool has changed while the plan is looked at."""
        if self._batch is None:
            before, self._planned = self._planned, self._console.plan_together(self._together)
            self._has_changed = self._has_changed or before.digest != self._planned.digest
            self._show()

    @Slot()
    def _go(self) -> None:
        if self._batch is None and self._planned.ready and self.checklist.is_complete:
            reason = self.reason.text().strip()
            commands = tuple(replace(command, reason=reason) for command in self._together.commands)
            together = replace(
                self._together,
                commands=commands,
                ticket=self.ticket.text().strip(),
                runs_itself=self.by_itself.isChecked(),
                answers=self.checklist.answers,
            )
            self._batch = Batch(
                self._console,
                self._console.requests,
                together,
                self._planned,
                self._tell,
                goes_on=self.goes_on.isChecked(),
            )
            self._jobs.start(self._batch.carry_out(), "carry several promotions out")
            self._show()
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self, planned: BatchPlan) -> None:
        del planned
        if self.isVisible():
            self._show()

    @Slot()
    def _stop(self) -> None:
        if self._batch is not None:
            self._is_stopped = True
            self._batch.stop()
            self.stop.setEnabled(False)
