"""Asks whether a promotion shall wait for a place, and takes out what waits."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate, plan_when_free
from xsconsole.domain import words
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import Target
from xsconsole.engine.commands import Confirmed, Demote, Promote
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces
from xsconsole_ui.actions import command_to
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.board.offers import consequences
from xsconsole_ui.dialogs import Question, answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.situation import Situation
from xsconsole_ui.texts import tr
from xsconsole_ui.ways_menu import WaysMenu

if TYPE_CHECKING:
    from xsconsole_ui.main_window import MainWindow


def queue_question(plan: Plan, name: str, stage: str, parent: QWidget) -> Question:
    """Return the question, with what will be done then, and the honest part: only while this console is open."""
    text = tr("Let {name} wait for a place in {stage}?").format(name=one_line(name)[:80], stage=one_line(stage)[:80])
    remains = tr(
        "It is begun as soon as there is room and nothing else stands against it, in the order of the queue, by this "
        "console and only while it is open. After a restart it waits again. If its plan would be another one then, it "
        "waits no more, and that is told."
    )
    does = " · ".join(consequences(plan))
    told = pieces.joined(f"{does}.", *plan.warnings, remains)
    return Question(parent, tr("Queue for a place"), text, told, tr("Let it wait"))


class Queueing(QObject):
    """Lets the selected card wait, or wait no more. Lives as long as the window."""

    def __init__(self, console: Estate, jobs: Jobs, board: BoardView, window: "MainWindow") -> None:
        super().__init__(window)
        self._console, self._jobs, self._window = console, jobs, window
        self.menu = WaysMenu(board, window)
        self.menu.triggered.connect(self._wait_for)
        board.queues.cancelled.connect(self.take_out)
        jobs.start(console.queue.begin(), "go on with what waits for a place")

    def ask(self, situation: Situation) -> None:
        """Ask whether the selected card shall wait for a place, and for which of several; take one that waits out."""
        card, ways = situation.card, situation.full_ways
        if card is not None and situation.is_queued:
            self.take_out(card.id)
        elif len(ways) > 1:
            self.menu.clear()
            for target in ways:
                text = tr("Wait for a place in {stage}").format(stage=verbatim(situation.stage_name(target)))
                self.menu.add_way(text, str(target.stage), self._why_not(command_to(situation, target)))
            self.menu.open_at_card()
        elif ways:
            self._begin(situation, ways[0])

    def _why_not(self, command: Promote | Demote | None) -> str:
        """Return why the selected card cannot wait for a place along a way; empty where it can."""
        try:
            if command is not None:
                plan_when_free(self._console.of_command(command), command)
        except Refused as refusal:
            return words.refusal(refusal)
        return ""

    @Slot(QAction)
    def _wait_for(self, chosen: QAction) -> None:
        situation = self._window.actions_.situation
        target = next((target for target in situation.full_ways if target.stage == chosen.data()), None)
        if target is not None:
            self._begin(situation, target)

    def _begin(self, situation: Situation, target: Target) -> None:
        card, command = situation.card, command_to(situation, target)
        if command is not None and card is not None:
            stage = situation.stage_name(target)
            self._jobs.start(self._ask(command, card.name, stage), "queue for a place")

    async def _ask(self, command: Promote | Demote, name: str, stage: str) -> None:
        try:
            plan = plan_when_free(self._console.of_command(command), command)
            if await answered(queue_question(plan, name, stage, self._window)):
                await self._console.queue.add(Confirmed(command=command, digest=plan.digest))
        except ConsoleError as failure:
            self._window.notices.tell_error(failure)

    @Slot(object)
    def take_out(self, configuration: ConfigurationId) -> None:
        self._jobs.start(self._take_out(configuration), "take one out of the queue")

    async def _take_out(self, configuration: ConfigurationId) -> None:
        try:
            await self._console.queue.cancel(configuration)
        except ConsoleError as failure:
            self._window.notices.tell_error(failure)
