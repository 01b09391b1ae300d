"""Asks whether a promotion shall wait for a place."""

from PySide6.QtWidgets import QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.plan import Plan
from xsconsole_ui import pieces
from xsconsole_ui.board.offers import consequences
from xsconsole_ui.dialogs import Question
from xsconsole_ui.texts import tr


def queue_question(plan: Plan, name: str, stage: str, parent: QWidget) -> Question:
    """Return the question, with what will be done then, and the honest part: only while this console is open."""
    text = tr("Let {name} wait for a place in {stage}?").format(name=one_line(name)[:80], stage=one_line(stage)[:80])
    remains = tr(
        "It is begun as soon as there is room and nothing else stands against it, in the order of the queue, by this "
        "console and only while it is open. If its plan would be another one then, it waits no more, and that is told."
    )
    does = " · ".join((*consequences(plan), *plan.warnings))
    return Question(parent, tr("Queue for a place"), text, pieces.joined(f"{does}.", remains), tr("Let it wait"))
