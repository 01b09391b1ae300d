"""A plan before it runs, while it runs, and what became of it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Demote, Freezing, Promote
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.flow import Flow
from xsconsole_ui.focus import has_keyboard
from xsconsole_ui.promotion.asking import AskingBox, approval_rows
from xsconsole_ui.promotion.card_page import Section
from xsconsole_ui.promotion.checklist import ChecklistBox
from xsconsole_ui.promotion.declaring import DeclaringBox
from xsconsole_ui.promotion.desk import Choice, Question
from xsconsole_ui.promotion.incumbent import against_incumbent
from xsconsole_ui.promotion.meaning import meaning, why_not_instead
from xsconsole_ui.promotion.runs import ShownRun, again, step_rows
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.texts import tr

PROGRESS_SCALE = 1000


class PlanPage(QWidget):
    """Shows one question or one run at a time."""

    confirmed = Signal(str, tuple)  # the reason, and the questions that were answered with yes
    asked = Signal(str, tuple, object)  # the same, and Asking: others have to approve it
    declared = Signal(str, tuple, object)  # the same, and Declaring: an emergency
    dismissed = Signal()
    disks_chosen = Signal(object)  # Disks
    freeze_chosen = Signal(bool)  # whether the machines are shut down for it
    resume_wanted = Signal()
    undo_wanted = Signal()
    again_wanted = Signal(object)  # Promote or Demote, of a run that failed and was put back

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._question: Question | None = None
        self._is_starting = False
        self._news = QWidget(self)
        self.outcome = pieces.Notice(self._news)
        self.steps = Section(self.tr("Plan"), self)
        self.checks = Section(self.tr("What it means"), self)
        self.differences = Section(self.tr("Difference"), self)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, PROGRESS_SCALE)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the run"))
        self.progress_text = pieces.ElidedLabel("", "caption", self)
        self._bar = QWidget(self)
        self._disks = QWidget(self)
        self.keep = QRadioButton(self.tr("Keep the disks as they are"), self._disks)
        self.restore = QRadioButton("", self._disks)
        self.swap = QRadioButton("", self._disks)
        self._freeze = QWidget(self)
        self.freeze_running = QRadioButton(self.tr("Freeze the machines while they run"), self._freeze)
        self.freeze_stopped = QRadioButton(self.tr("Shut them down to freeze them together"), self._freeze)
        self.checklist = ChecklistBox(self)
        self.asking = AskingBox(self)
        self.declaring = DeclaringBox(console, self)
        self._footer = QWidget(self)
        self._why = QWidget(self)
        self.reason = QLineEdit(self._why)
        self.reason.setPlaceholderText(self.tr("Reason, for the record"))
        self.reason.setAccessibleName(self.tr("Reason, for the record"))
        self.missing = pieces.wrapped("", "muted", self)
        self.go = pieces.button("", "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.resume = pieces.button(self.tr("Resume"), "primary", self)
        self.undo = pieces.button(self.tr("Undo run"), "", self)
        self.again = pieces.button(self.tr("Try again"), "primary", self)
        self._once_more: Promote | Demote | None = None
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        margin, gap = theme.MARGIN, theme.GAP
        news = QVBoxLayout(self._news)
        news.setContentsMargins(margin, margin, margin, 0)
        news.addWidget(self.outcome)
        bar = QVBoxLayout(self._bar)
        bar.setContentsMargins(margin, gap, margin, gap)
        bar.setSpacing(theme.SPACE)
        bar.addWidget(self.progress)
        bar.addWidget(self.progress_text)
        _lay_out_choices(self._disks, self.keep, self.restore, self.swap)
        _lay_out_choices(self._freeze, self.freeze_running, self.freeze_stopped)
        reason = QVBoxLayout(self._why)
        reason.setContentsMargins(margin, margin, margin, 0)
        reason.setSpacing(gap)
        reason.addWidget(self.reason)
        page = QWidget(self)
        parts = QVBoxLayout(page)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(0)
        # What it means stands first: whoever confirms must have it before their eyes, however long the plan is.
        choices = (self._disks, self._freeze, self.checklist)
        for part in (self._news, self._bar, *choices, self.checks, self.asking, self.steps, self.differences):
            parts.addWidget(part)
        parts.addStretch(1)
        scroll = UprightPage(page, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(self._footer)
        footer = QVBoxLayout(self._footer)
        footer.setContentsMargins(0, 0, 0, 0)
        footer.setSpacing(0)
        footer.addWidget(pieces.Line(self))
        self.missing.setContentsMargins(margin, gap, margin, 0)
        footer.addWidget(self.missing)  # above all that is typed: what follows stays where it is as the hint shortens
        footer.addWidget(self.declaring)  # always in sight: what has to be done before it may begin
        footer.addWidget(self._why)
        acts = QWidget(self._footer)
        footer.addWidget(acts)
        buttons = Flow(acts)  # below each other where they are long: they make no panel wider, which would stay so
        buttons.setContentsMargins(margin, margin, margin, margin)
        buttons.setSpacing(gap)
        for button in (self.go, self.resume, self.again, self.undo, self.cancel):
            buttons.addWidget(button)
            button.setAutoDefault(True)  # Enter presses it, not only Space
            button.hide()  # what is not asked for takes no room either

    def _connect(self) -> None:
        self.go.clicked.connect(self._confirm)
        self.reason.returnPressed.connect(self._confirm)
        self.cancel.clicked.connect(self.dismissed)
        self.resume.clicked.connect(self.resume_wanted)
        self.undo.clicked.connect(self.undo_wanted)
        self.again.clicked.connect(lambda: self.again_wanted.emit(self._once_more))
        self.checklist.answered.connect(self._look_at_answers)
        self.asking.changed.connect(self._look_at_answers)
        self.declaring.changed.connect(self._look_at_answers)
        self.reason.textChanged.connect(self._look_at_answers)
        self.keep.clicked.connect(self._choose_disks)
        self.restore.clicked.connect(self._choose_disks)
        self.swap.clicked.connect(self._choose_disks)
        self.freeze_running.clicked.connect(self._choose_freeze)
        self.freeze_stopped.clicked.connect(self._choose_freeze)

    # Before it runs.

    def show_question(
        self, question: Question, *, restore: Choice | None, swap: Choice | None, is_starting: bool
    ) -> None:
        """Lay a plan before the user; with what a demotion could do with the disks instead, if there is something."""
        plan = question.plan
        self.steps.show_rows(step_rows(plan, None), self.tr("Plan"))
        owner = self._console.of_card(plan.intent.configuration)
        standing = self._console.requests.standing(question.command)
        approvals = () if plan.is_emergency else approval_rows(plan, owner, standing)
        card = self._console.board.cards.get(plan.intent.configuration)
        self.checks.show_rows((*approvals, *meaning(plan, card), *why_not_instead(restore, swap)))
        self.asking.setVisible(plan.demand is not None and not plan.is_emergency and standing is None)
        self.declaring.show_for(plan.intent.configuration if plan.is_emergency else None)
        self.differences.show_rows(*against_incumbent(plan, self._console))
        self._show_bar(None)
        if question.refusal is not None:
            self._tell("bad", question.refusal.reason, question.refusal.mend)
        elif question.has_changed:
            self._tell("warn", self.tr("The plan has changed since it was first shown."), "")
        elif plan.is_emergency:
            told = self.tr(
                "It goes past rules of the workflow, is signed by you, and stays open until others review it."
            )
            self._tell("bad", self.tr("Emergency"), told)
        elif question.not_before is not None:
            told = self.tr("It can be asked for now, and begins then at the earliest.")
            self._tell("warn", self.tr("Barred until {time}").format(time=times.clock_time(question.not_before)), told)
        else:
            self._news.hide()
        if question.not_before is not None and (self._question is None or self._question.command != question.command):
            self.asking.begin_at(question.not_before)
        is_demotion = isinstance(question.command, Demote)
        self._disks.setVisible(is_demotion and (restore is not None or swap is not None))
        if isinstance(question.command, Demote):
            self.keep.setChecked(question.command.disks is Disks.KEEP)
            self.restore.setChecked(question.command.disks is Disks.RESTORE)
            self.swap.setChecked(question.command.disks is Disks.SWAP)
        for button, choice in ((self.restore, restore), (self.swap, swap)):
            button.setVisible(choice is not None)
            if choice is not None:
                button.setText(choice.words)
                button.setEnabled(button.isChecked() or not choice.why_not)
                button.setToolTip(choice.why_not)
        is_frozen = isinstance(question.command, Freezing) and plan.can_stop_first
        self._freeze.setVisible(is_frozen)
        if isinstance(question.command, Freezing) and is_frozen:
            self.freeze_running.setChecked(not question.command.is_stopped_first)
            self.freeze_stopped.setChecked(question.command.is_stopped_first)
        self._why.setVisible(True)
        self.go.setText(self._go_words(plan) if standing is None else self.tr("Show its request"))
        self.checklist.ask(plan.questions)
        comes_back = self._is_starting and not is_starting and has_keyboard(self.steps.view)
        self._question, self._is_starting = question, is_starting
        self._look_at_answers()
        if comes_back and self.declaring.password.isVisibleTo(self):  # it was refused
            self.declaring.password.setFocus(Qt.FocusReason.OtherFocusReason)
        elif comes_back:
            self.focus_go()
        self.cancel.setText(self.tr("Cancel"))
        for act in (self.go, self.resume, self.undo, self.again, self.cancel):
            act.setVisible(act in (self.go, self.cancel))
        self._footer.show()

    def _go_words(self, plan: Plan) -> str:
        if plan.is_emergency:
            return self.tr("Declare emergency and {act}").format(act=words.act_name(plan.intent.kind).lower())
        return words.act_name(plan.intent.kind) if plan.demand is None else self.tr("Ask for approval")

    def focus_go(self) -> None:
        (self.go if self.go.isEnabled() else self.cancel).setFocus(Qt.FocusReason.OtherFocusReason)

    # While it runs, and after.

    def show_run(
        self, run: ShownRun, *, has_own_end: bool, why_not: str, why_no_undo: str = "", waits_for: str = ""
    ) -> None:
        """Show a run. `has_own_end` offers to close what has ended; `why_not` is why it cannot be settled now.

        `why_no_undo` is why it can only be finished.

        A run of this console `waits_for` a pool that is away, as a sentence goes on with it.
        """
        self.steps.show_rows(step_rows(run.plan, run), self.tr("Steps"))
        self.checks.show_rows(())
        self.differences.show_rows(())
        self._show_bar(run, waits_for)
        self._show_outcome(run)
        is_interrupted = run.state is RunState.INTERRUPTED
        self._disks.hide()
        self._freeze.hide()
        self.asking.hide()
        self.declaring.show_for(None)
        self.checklist.ask(())
        self._question = None
        self.missing.hide()
        self._why.setVisible(is_interrupted)
        is_elsewhere = bool(run.who) and run.state is RunState.RUNNING
        why, tip = why_not or why_no_undo, ""
        if run.can_be_stopped:  # also while the pool is away: then it is put back afterwards
            tip = self.tr("Begins nothing more, cancels what goes on, and puts back what was done.")
            why = why_no_undo
        if is_elsewhere:
            why = self.tr("It can be stopped only where it goes on: by {who}.").format(who=run.who)
        self.undo.setText(self.tr("Undo run") if is_interrupted else self.tr("Stop and put back"))
        self.cancel.setText(self.tr("Close"))
        can_close = has_own_end and not run.is_going and not is_interrupted
        self._offer(self.go, is_shown=False)
        self._offer(self.resume, is_shown=is_interrupted, why_not=why_not)
        self._offer(self.undo, is_shown=is_interrupted or run.can_be_stopped or is_elsewhere, why_not=why, tip=tip)
        self._offer(self.cancel, is_shown=can_close)
        self._once_more = again(run, self._console.board) if can_close else None
        self._offer(self.again, is_shown=self._once_more is not None, why_not=why_not)
        self._footer.setVisible(is_interrupted or can_close or run.can_be_stopped or is_elsewhere)

    def _offer(self, button: QPushButton, *, is_shown: bool, why_not: str = "", tip: str = "") -> None:
        """Show a button or not. What loses the keyboard by that leaves it here, not to another panel, as Qt would."""
        if has_keyboard(button) and (why_not or not is_shown):
            self.steps.view.setFocus(Qt.FocusReason.OtherFocusReason)
        button.setVisible(is_shown)
        button.setEnabled(not why_not)
        button.setToolTip(why_not or tip)

    def _show_bar(self, run: ShownRun | None, waits_for: str = "") -> None:
        self._bar.setVisible(run is not None and run.is_going)
        if run is None or not run.is_going:
            return
        self.progress.setValue(round(run.progress * PROGRESS_SCALE))
        current = next((run.plan.step(key) for key in run.current), None)
        doing = words.describe(current) if current else self.tr("Working")
        if run.state is RunState.UNDOING:
            doing = self.tr("Undoing: {step}").format(step=doing)
        if run.is_aborted and run.state is RunState.RUNNING:
            doing = self.tr("Stopping; not cancelled yet: {step}").format(step=doing)
        if waits_for and not run.who:
            doing = self.tr("Waiting for {pool}: {step}").format(pool=waits_for, step=doing)
        doing = f"{doing} ({run.who})" if run.who else doing
        is_stopping = run.is_aborted and run.state is RunState.RUNNING
        if not (run.left_s is None or run.left_s < 1 or is_stopping or waits_for):
            left = words.duration(run.left_s)
            doing = self.tr("About {time} left · {step}").format(time=left, step=doing)  # first: the line may be cut
        self.progress_text.show_text(doing)

    def _show_outcome(self, run: ShownRun) -> None:
        match run.state:
            case RunState.DONE if run.remarks:
                self._tell("warn", self.tr("Done, but not all is as it should be."), "\n".join(run.remarks.values()))
            case RunState.DONE:
                self._tell("good", self.tr("Done."), self.tr("The pool and the record say so."))
            case RunState.UNDONE if run.error is None:  # on request: nothing failed
                told = self.tr("What the run had done was put back; the pool and the record say so.")
                left = " ".join(run.remarks.values())
                self._tell("warn" if left else "good", self.tr("Undone."), pieces.joined(told, left))
            case RunState.UNDONE:
                failure, remains = _explained(run)
                self._tell("warn" if run.is_aborted else "bad", failure, remains, _details(run))
            case RunState.INTERRUPTED:
                failure, remains = _explained(run)
                self._tell("warn", failure, remains, _details(run))
            case RunState.RUNNING | RunState.UNDOING if run.silence:
                told = self.tr("{who} gives no sign of life.").format(who=run.who)
                self._tell("warn", told, run.silence)
            case RunState.RUNNING | RunState.UNDOING:
                self._news.hide()

    def _tell(self, state: str, headline: str, advice: str, details: str = "") -> None:
        self.outcome.show_words(state, headline, advice, details)
        self._news.show()

    def _title(self, plan: Plan) -> str:
        return words.title(plan, self._console.board.workflow)

    @Slot()
    def _confirm(self) -> None:
        if self.go.isVisibleTo(self) and self.go.isEnabled():
            reason, answers = self.reason.text().strip(), self.checklist.answers
            plan = self._question.plan if self._question is not None else None
            if plan is not None and plan.is_emergency:
                self.declared.emit(reason, answers, self.declaring.take())
            elif plan is not None and plan.demand is not None:
                self.asked.emit(reason, answers, self.asking.value)
            else:
                self.confirmed.emit(reason, answers)

    @Slot()
    def _look_at_answers(self) -> None:
        """Let it be confirmed once every question is answered, and say why not until then."""
        question = self._question
        if question is None:
            return
        is_urgent = question.plan.is_emergency
        obstacle = self.declaring.why_not(self.reason.text()) if is_urgent else self.asking.why_not
        is_answered = self.checklist.is_complete and not obstacle
        may_go = question.refusal is None and not self._is_starting and is_answered
        if has_keyboard(self.go) and not may_go:
            self.steps.view.setFocus(Qt.FocusReason.OtherFocusReason)  # and not *Cancel*, for a second Enter
        self.go.setEnabled(may_go)
        unanswered = "" if is_answered else self.tr("Answer the questions of the checklist first.")
        why_not = obstacle or unanswered
        self.missing.setText(why_not)
        self.missing.setVisible(bool(why_not))
        self.go.setToolTip(question.refusal.reason if question.refusal else why_not or self._title(question.plan))

    @Slot()
    def _choose_disks(self) -> None:
        chosen = Disks.RESTORE if self.restore.isChecked() else Disks.KEEP
        self.disks_chosen.emit(Disks.SWAP if self.swap.isChecked() else chosen)

    @Slot()
    def _choose_freeze(self) -> None:
        self.freeze_chosen.emit(self.freeze_stopped.isChecked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.cancel.isVisibleTo(self):
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)


def _lay_out_choices(box: QWidget, *choices: QRadioButton) -> None:
    """Put choices of which one holds below each other."""
    column = QVBoxLayout(box)
    column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
    column.setSpacing(theme.SPACE)
    group = QButtonGroup(box)
    for choice in choices:
        group.addButton(choice)
        column.addWidget(choice)


def _explained(run: ShownRun) -> tuple[str, str]:
    """Return what failed, and what remains to do."""
    if run.error is not None:
        told = words.explain(run.error)
        return told.failed, pieces.joined(told.put_back, told.remains, told.mend)
    who = tr("A run of {who} stopped half-way.").format(who=run.who) if run.who else tr("The run stopped half-way.")
    return f"{who} {run.failure}".strip(), tr("Resume it to finish, or undo it to put everything back.")


def _details(run: ShownRun) -> str:
    return words.explain(run.error).details if run.error is not None else run.failure
