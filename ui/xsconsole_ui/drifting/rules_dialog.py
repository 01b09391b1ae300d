"""All rules by which fields may differ on one pool: whose, why, and which version; changed and removed from here."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Console, Verb
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.comparison import rule_label
from xsconsole.domain.folding import one_line
from xsconsole.domain.words import count
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.conditions import denied
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.dialogs import answered
from xsconsole_ui.drifting.rule_dialog import ChangeDialog, ForbidDialog
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr

SIZE = (860, 420)  # px
LEAST = 180  # px
NO_RULE = "No rule was made by hand. Names, MACs and placement always may differ, and a copy lacks what it left."


def columns_of_rules(owner: Console) -> tuple[Column[AllowedField], ...]:
    return (
        Column(head="May differ", text=lambda rule: rule_label(rule, owner.own_board.workflow), width=340),
        Column(head="Why", text=lambda rule: one_line(rule.reason)),
        Column(head="By", text=lambda rule: one_line(rule.by), width=90),
        Column(
            head="Since",
            text=lambda rule: times.clock_time(rule.at),
            hint=lambda rule: times.exact_time(rule.at),
            key=lambda rule: rule.at.timestamp(),
            width=90,
        ),
        Column(
            head="Version",
            text=lambda rule: str(rule.version),
            hint=lambda rule: tr("Changed {n}").format(n=count(rule.version - 1, "time")),
            key=lambda rule: float(rule.version),
            width=70,
        ),
    )


class RulesDialog(QDialog):
    """Follows the pool while it is open. To be opened with `open()`."""

    def __init__(self, owner: Console, bridge: Bridge, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._owner, self._jobs = owner, jobs
        self._is_over = False
        self.question: ChangeDialog | ForbidDialog | None = None
        self.setWindowTitle(tr("What may differ"))
        fit_on_screen(self, SIZE)
        self.rules = ListModel(columns_of_rules(owner), self)
        self.list = DenseTable(self.rules, tr("Rules"), self.rules.widths, self, least_elastic=LEAST)
        self.list.offer_sorting(self.rules.order_by)
        self.empty = pieces.wrapped("", "muted", self)
        self.change = pieces.button(tr("Change…"), "", self)
        self.remove = pieces.button(tr("Remove…"), "", self)
        self.close_ = pieces.button(tr("Close"), "primary", self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.list, 1)
        whole.addWidget(pieces.Line(self))
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot.setSpacing(theme.GAP)
        whole.addLayout(foot)
        foot.addWidget(self.empty, 1)
        for button in (self.change, self.remove, self.close_):
            foot.addWidget(button)
        self.list.selectionModel().selectionChanged.connect(self._look)
        self.change.clicked.connect(self._ask_to_change)
        self.remove.clicked.connect(self._ask_to_remove)
        self.close_.clicked.connect(self.accept)
        self.finished.connect(self._leave)
        bridge.drift_changed.connect(self._show)
        self._show()

    @Slot()
    def _leave(self) -> None:
        self._is_over = True

    @Slot()
    def _show(self) -> None:
        if not self._is_over:
            found = self._owner.own_board.allowances
            self.rules.show_rows(found)
            self.empty.setText("" if found else tr(NO_RULE))
            self._look()

    @property
    def chosen(self) -> AllowedField | None:
        rows = self.list.selected_rows()
        return self.rules.row(rows[0]) if len(rows) == 1 else None

    @Slot()
    def _look(self) -> None:
        none = "" if self.chosen is not None else tr("Select one rule first.")
        why_not = denied(self._owner, Verb.ALLOW) or none
        for button in (self.change, self.remove):
            button.setEnabled(not why_not)
            button.setToolTip(why_not)

    @Slot()
    def _ask_to_change(self) -> None:
        if self.chosen is not None:
            self._open(ChangeDialog(self.chosen, self._owner, self._jobs, self))

    @Slot()
    def _ask_to_remove(self) -> None:
        if self.chosen is not None:
            self._open(ForbidDialog(self.chosen, self._owner, self._jobs, self))

    def _open(self, question: ChangeDialog | ForbidDialog) -> None:
        self.question = question
        self._jobs.start(self._ask(question), question.windowTitle())

    async def _ask(self, question: ChangeDialog | ForbidDialog) -> None:
        try:
            await answered(question)
        finally:
            self.question = None
