"""What can be said with a request for approval: a ticket, from when on, and whether it then runs by itself."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Console
from xsconsole.console.foresight import tallied
from xsconsole.domain.approval import NAME_MORE
from xsconsole.domain.folding import one_line
from xsconsole.domain.plan import Plan
from xsconsole.domain.requests.views import RequestView, waiting_words
from xsconsole.domain.requests.ways import demanding_way
from xsconsole.domain.words import listing
from xsconsole.domain.workflow.wording import rule_words, span_words
from xsconsole_ui import pieces, theme
from xsconsole_ui.moments import moment_of, typed
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick


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
        self.not_before.setPlaceholderText(self.tr("Not before, in local time: 2026-12-24 18:00"))
        self.not_before.setAccessibleName(self.tr("Not before, in local time"))
        self.by_itself = Tick(self.tr("Carry it out by itself once approved"), self)
        self.while_open = pieces.wrapped(self.tr("It does so while this window is open."), "caption", self)
        self.by_itself.setAccessibleDescription(self.while_open.text())
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(pieces.label(self.tr("Ask for approval"), "section", self))
        for part in (self.ticket, self.not_before, self.by_itself, self.while_open):
            column.addWidget(part)
        self.not_before.textChanged.connect(self._tell)
        self.hide()

    def clear(self) -> None:
        self.ticket.clear()
        self.not_before.clear()
        self.by_itself.setChecked(False)

    def begin_at(self, at: datetime) -> None:
        """Propose a time before which it does not begin."""
        self.not_before.setText(typed(at))

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


def approval_rows(plan: Plan, console: Console, standing: RequestView | None = None) -> tuple[Row, ...]:
    """Return who has to approve a plan before it runs: of each rule who could, and who does not count.

    `standing` is the request that asks for it already.
    """
    if standing is not None:
        told = tr("It is asked for already, and {stands}.").format(stands=waiting_words(standing))
        return (Row(mark=Mark.WAITING, text=told),)
    workflow, found = console.board.workflow, tallied(console, plan)
    if found is None or workflow is None:
        return ()
    rows = []
    for rule in found.rules:
        text = tr("Must be approved by {rule}.").format(rule=rule_words(rule.rule, workflow))
        names = listing(tuple(one_line(person.name) for person in rule.could), 8) or tr("Nobody")
        could = tr("{names} could, if you ask for it.").format(names=names)
        others = "" if rule.lacking else listing(tuple(one.words for one in rule.left_out if not one.is_requester), 8)
        rows.append(Row(mark=Mark.WAITING, text=pieces.joined(text, could, f"{others}." if others else "")))
    way = demanding_way(plan.intent, workflow)
    if way is not None and way.expiry_s is not None:
        ends = tr("A request for it ends after {span}.").format(span=span_words(way.expiry_s))
        rows.append(Row(mark=Mark.WAITING, text=ends))
    if found.dead_end:
        rows.append(Row(mark=Mark.WARNING, text=pieces.joined(found.dead_end, tr(NAME_MORE))))
    return tuple(rows)
