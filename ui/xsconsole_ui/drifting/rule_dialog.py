"""Letting a field differ from now on, and no more: of what, and why."""

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console, changed_rule, rule_for, write_rule
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.board import Card
from xsconsole.domain.comparison import rule_label
from xsconsole.domain.folding import shortened
from xsconsole.domain.manifest import Change, words
from xsconsole.engine.commands import AllowDifference, ForbidDifference
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.reason_dialog import ReasonDialog, Wording
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick


class AllowDialog(ReasonDialog):
    """Whether of every member and in every stage, or only here."""

    def __init__(self, change: Change, card: Card, owner: Console, jobs: Jobs, parent: QWidget) -> None:
        field = f"{words.place(change)}: {words.label(change)}"
        wording = Wording(
            title=tr("Allow {field} to differ").format(field=field),
            text=tr(
                "Of {service}, from now on, for every console. It counts at gates too, which name the rule."
            ).format(service=shortened(card.service, 60)),
            act=tr("Allow"),
            total=tr("Of every member, not only of {role}").format(role=shortened(change.role, 40)),
        )
        super().__init__(wording, jobs, parent)
        self._change, self._card, self._owner = change, card, owner
        self.everywhere = Tick(tr("In every stage, not only where it stands"), self)
        self.column.insertWidget(self.column.indexOf(self.total) + 1, self.everywhere)
        self.setTabOrder(self.total, self.everywhere)
        self.setTabOrder(self.everywhere, self.cancel)

    @property
    def command(self) -> AllowDifference:
        command = rule_for(
            self._change,
            self._card,
            is_of_role=not self.total.isChecked(),
            is_of_stage=not self.everywhere.isChecked(),
        )
        return replace(command, reason=self.reason.text().strip())

    async def carry_out(self) -> None:
        await write_rule(self._owner, self.command)


class ChangeDialog(ReasonDialog):
    """Why a rule holds, and whether of more than before: it then has another version."""

    def __init__(self, rule: AllowedField, owner: Console, jobs: Jobs, parent: QWidget) -> None:
        wording = Wording(
            title=tr("Change the rule"),
            text=tr("{what}: version {n}, by {by}").format(
                what=rule_label(rule, owner.own_board.workflow), n=rule.version, by=shortened(rule.by, 40)
            ),
            act=tr("Change"),
            total=tr("Of every member"),
        )
        super().__init__(wording, jobs, parent)
        self._rule, self._owner = rule, owner
        self.everywhere = Tick(tr("In every stage"), self)
        self.column.insertWidget(self.column.indexOf(self.total) + 1, self.everywhere)
        for tick, is_so in ((self.total, not rule.role), (self.everywhere, not rule.stage)):
            tick.setChecked(is_so)
            tick.setEnabled(not is_so)  # of whom it would hold then is not known: remove it, and allow it there
        self.reason.setText(rule.reason)
        self.setTabOrder(self.total, self.everywhere)
        self.setTabOrder(self.everywhere, self.cancel)

    async def carry_out(self) -> None:
        command = changed_rule(
            self._rule, is_of_role=not self.total.isChecked(), is_of_stage=not self.everywhere.isChecked()
        )
        await write_rule(self._owner, replace(command, reason=self.reason.text().strip()))


class ForbidDialog(ReasonDialog):
    """Why a rule is to go."""

    def __init__(self, rule: AllowedField, owner: Console, jobs: Jobs, parent: QWidget) -> None:
        wording = Wording(
            title=tr("Remove the rule"),
            text=tr("{what}, allowed by {by}: {reason}").format(
                what=rule_label(rule, owner.own_board.workflow),
                by=shortened(rule.by, 40),
                reason=shortened(rule.reason, 120),
            ),
            act=tr("Remove"),
        )
        super().__init__(wording, jobs, parent)
        self._rule, self._owner = rule, owner

    async def carry_out(self) -> None:
        command = ForbidDifference(id=self._rule.id, seen=self._rule, reason=self.reason.text().strip())
        await write_rule(self._owner, command)
