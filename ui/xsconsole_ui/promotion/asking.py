"""What can be said with a request for approval: a ticket, from when on, and whether it then runs by itself."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from xsconsole.domain.approval import people_of
from xsconsole.domain.plan import Plan
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole_ui import pieces, theme
from xsconsole_ui.moments import moment_of
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is said with a request."""

    ticket: str = ""
    not_before: datetime | None = None
    runs_itself: bool = False


class AskingBox(QWidget):
    """Shown where others have to approve."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ticket = QLineEdit(self)
        self.ticket.setPlaceholderText(self.tr("Change ticket, if there is one"))
        self.ticket.setAccessibleName(self.tr("Reference to a change ticket"))
        self.not_before = QLineEdit(self)
        self.not_before.setPlaceholderText(self.tr("Not before, such as 2026-12-24 18:00"))
        self.not_before.setAccessibleName(self.tr("Not before, in local time"))
        self.by_itself = QCheckBox(self.tr("Carry it out by itself as soon as it may"), self)
        self.by_itself.setToolTip(self.tr("This window has to be open then."))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(pieces.label(self.tr("Ask for approval"), "section", self))
        for part in (self.ticket, self.not_before, self.by_itself):
            column.addWidget(part)
        self.not_before.textChanged.connect(self._tell)
        self.hide()

    def clear(self) -> None:
        self.ticket.clear()
        self.not_before.clear()
        self.by_itself.setChecked(False)

    @property
    def why_not(self) -> str:
        """Return what is wrong with what is typed; empty where nothing is."""
        if not self.not_before.text().strip() or self.begins is not None:
            return ""
        return self.tr("Type the time as 2026-12-24 18:00.")

    @property
    def value(self) -> Asking:
        return Asking(ticket=self.ticket.text().strip(), not_before=self.begins, runs_itself=self.by_itself.isChecked())

    @property
    def begins(self) -> datetime | None:
        """The time that is typed; None where none is, or none that can be read."""
        return moment_of(self.not_before.text())

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()


def approval_rows(plan: Plan, workflow: Workflow | None) -> tuple[Row, ...]:
    """Return who has to approve a plan before it runs."""
    if plan.demand is None or workflow is None:
        return ()
    told = tr("Must be approved by {rule}: {names}")
    return tuple(
        Row(
            mark=Mark.WAITING,
            text=told.format(
                rule=rule_words(rule, workflow),
                names=listing(tuple(person.name for person in people_of(rule, workflow)), 8) or tr("nobody"),
            ),
        )
        for rule in plan.demand.rules
    )
