"""Asks whether a promotion shall wait for a place, and takes out what waits."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate, plan_when_free
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.plan import Plan
from xsconsole.engine.commands import Confirmed, Demote, Promote
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces
from xsconsole_ui.actions import command_to
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.board.offers import consequences
from xsconsole_ui.dialogs import Question, answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.situation import Situation
from xsconsole_ui.texts import tr

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
        board.queues.cancelled.connect(self.take_out)
        jobs.start(console.queue.begin(), "go on with what waits for a place")

    def ask(self, situation: Situation) -> None:
        """Ask whether the selected card shall wait for a place; take one that waits out."""
        card = situation.card
        if card is not None and situation.is_queued:
            self.take_out(card.id)
            return
        command = command_to(situation, situation.full_ways[0]) if situation.full_ways else None
        if command is not None and card is not None:
            stage = situation.stage_name(situation.full_ways[0])
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
