"""Closing the window while a run goes on: it is asked what becomes of the run, and nothing is lost in silence."""

from enum import Enum, auto

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import RunId
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole_ui import pieces, theme
from xsconsole_ui.board.dragging import Dragging
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import Question, answered
from xsconsole_ui.jobs import Jobs

WIDTH = 520


class Choice(Enum):
    STAY = auto()
    STOP = auto()  # after the steps that are under way; the run is then interrupted
    WAIT = auto()  # until it is done, then close


class ClosingDialog(QDialog):
    """What goes on, and the three ways out. To be opened with `open()`; `choice` holds the answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = Choice.STAY
        self.setWindowTitle(self.tr("A run is going on"))
        self.setMinimumWidth(WIDTH)
        self.news = pieces.wrapped("", "title", self)
        self.runs = pieces.wrapped("", "", self)
        self.meaning = pieces.wrapped(
            self.tr(
                "If it stops now, the step that is under way is still finished; then the configuration is interrupted, "
                "neither here nor there. Its machines stay as that step leaves them, and nobody can move it until "
                "the run is settled: resumed, or undone, here or in any other console on the pool."
            ),
            "muted",
            self,
        )
        self.stay = pieces.button(self.tr("Keep the window open"), "primary", self)
        self.stop = pieces.button(self.tr("Stop after this step"), "", self)
        self.wait = pieces.button(self.tr("Close when done"), "", self)
        self.stay.clicked.connect(self.reject)
        self.stop.clicked.connect(self._choose_stop)
        self.wait.clicked.connect(self._choose_wait)
        self.stay.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        for part in (self.news, self.runs, self.meaning):
            column.addWidget(part)
        column.addStretch(1)
        column.addLayout(buttons)
        buttons.addWidget(self.stop)
        buttons.addStretch(1)
        buttons.addWidget(self.wait)
        buttons.addWidget(self.stay)
        self.stay.setFocus()

    def show_runs(self, lines: tuple[str, ...]) -> None:
        """Say what goes on, a line for each run."""
        one = self.tr("A run of this console is still going on:")
        self.news.setText(one if len(lines) == 1 else self.tr("Runs of this console are still going on:"))
        self.runs.setText("\n".join(lines))

    @Slot()
    def _choose_stop(self) -> None:
        self.choice = Choice.STOP
        self.accept()

    @Slot()
    def _choose_wait(self) -> None:
        self.choice = Choice.WAIT
        self.accept()


class Closing(QObject):
    """Decides whether a window may close, and asks where it is not for it to decide."""

    granted = Signal()  # now the window may close
    told = Signal(str)  # what it waits for
    refused = Signal(str)  # why it did not come to that

    def __init__(self, console: Estate, bridge: Bridge, jobs: Jobs, dragging: Dragging, window: QWidget) -> None:
        super().__init__(window)
        self._dragging = dragging
        self._is_wanted_after_drag = False
        self._console = console
        self._jobs = jobs
        self._window = window
        self._choice = Choice.STAY
        self._awaited: set[RunId] = set()
        self._dialog: ClosingDialog | None = None
        self._question: Question | None = None
        bridge.run_changed.connect(self._hear_run)
        # Not before whoever began the drag has returned: a window that goes meanwhile leaves its loop, and the process.
        dragging.finished.connect(self._close_after_drag, Qt.ConnectionType.QueuedConnection)

    @property
    def dialog(self) -> ClosingDialog | None:
        """The question that is being asked."""
        return self._dialog

    def may_close(self) -> bool:
        """Whether nothing stands against it; else the question is asked, and `granted` may follow."""
        if self._dragging.dragged is not None:
            self._is_wanted_after_drag = True
            self._dragging.give_up()
            return False
        if not self._going():
            return self._may_leave_queue()
        # Whoever insists while the last step is awaited does not have to watch it.
        if self._choice is Choice.STOP:
            return True
        if self._dialog is None:
            self._dialog = ClosingDialog(self._window)
            self._dialog.show_runs(self._lines())
            self._jobs.start(self._ask(self._dialog), "ask before closing")
        return False

    @Slot()
    def _close_after_drag(self) -> None:
        if self._is_wanted_after_drag:
            self._is_wanted_after_drag = False
            self.granted.emit()

    def _may_leave_queue(self) -> bool:
        """Whether nothing waits for a place; else it is asked about."""
        waiting = self._console.queue.entries
        if waiting and self._question is None:
            names = words.listing(tuple(one_line(entry.name) for entry in waiting))
            self._question = Question(
                self._window,
                self.tr("Something waits for a place"),
                self.tr("Close the window, though something waits for a place?"),
                self.tr(
                    "For a place in a full stage waits: {names}. Nothing of it is begun while this console is closed; "
                    "when it is opened again, it waits again. The ✕ in the column takes one out."
                ).format(names=names),
                self.tr("Close"),
            )
            self._jobs.start(self._ask_to_leave(self._question), "ask before closing")
        return not waiting

    async def _ask_to_leave(self, question: Question) -> None:
        try:
            is_wanted = await answered(question)
        finally:
            self._question = None
        if is_wanted:
            await self._console.queue.close()
            self.granted.emit()

    async def _ask(self, dialog: ClosingDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self._dialog = None
        self._choice = dialog.choice
        if self._going() and self._choice is Choice.WAIT:
            self.told.emit(self.tr("The window closes when the run is done."))
        elif self._going() and self._choice is Choice.STOP:
            self.told.emit(self.tr("The window closes after the step that is under way."))
        self._go_on()

    @Slot(str)
    def _hear_run(self, run: str) -> None:
        del run
        if self._dialog is None:
            self._go_on()
        elif self._going():
            self._dialog.show_runs(self._lines())
        else:
            # What was asked about is over. Who wanted to close may, unless there is something to be seen.
            self._dialog.choice = Choice.WAIT
            self._dialog.accept()

    def _go_on(self) -> None:
        """Do what was chosen, as far as it can be done now."""
        if self._choice is Choice.STOP:
            self._console.stop_runs()
        if self._choice is Choice.STAY or self._going():
            return
        choice, self._choice = self._choice, Choice.STAY
        failed = [one for one in self._console.runs if one.run in self._awaited and one.state is not RunState.DONE]
        self._awaited.clear()
        if choice is Choice.STOP or not failed:
            self.granted.emit()
        else:
            self.refused.emit(self.tr("The window stays open: not everything went through."))

    def _going(self) -> tuple[RunStatus, ...]:
        going = tuple(status for status in self._console.runs if status.ended_at is None)
        if self._dialog is not None or self._choice is not Choice.STAY:
            self._awaited.update(status.run for status in going)
        return going

    def _lines(self) -> tuple[str, ...]:
        return tuple(f"•  {self._line(status)}" for status in self._going())

    def _line(self, status: RunStatus) -> str:
        title = words.title(status.plan, self._console.board.workflow)
        done, total = len(status.settled), len(status.plan.steps)
        if status.state is RunState.UNDOING:
            return self.tr("{run}: putting back, {undone} of {done} steps").format(
                run=title, undone=len(status.undone), done=done
            )
        told = self.tr("{run}: {done} of {total} steps done").format(run=title, done=done, total=total)
        current = status.plan.step(status.current[0]) if status.current else None
        return (
            told if current is None else self.tr("{told}; now: {step}").format(told=told, step=words.describe(current))
        )
