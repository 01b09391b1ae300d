"""Closing something and lifting it again: why, and of a stage which and for how long."""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtWidgets import QLineEdit, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import Closing, ExtendStay, FreezeStage, Lift
from xsconsole_ui import pieces
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.moments import HINT, moment_of, typed
from xsconsole_ui.reason_dialog import ReasonDialog, Wording

Made = Callable[[str, bool], Closing | Lift]
"""Makes the command of a reason, and of whether it closes the ways back too."""


class CloseDialog(ReasonDialog):
    """To be opened with `open()`. Accepted once the pool shows what was asked for."""

    def __init__(self, wording: Wording, made: Made, console: Estate, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(wording, jobs, parent)
        self._made, self._console = made, console

    @property
    def command(self) -> Closing | Lift:
        return self._made(self.reason.text().strip(), self.total.isChecked())

    async def carry_out(self) -> None:
        await self._console.closings.do(self.command)


class FreezeDialog(CloseDialog):
    """Which stage, and from when until when; empty is now, and until it is lifted."""

    def __init__(
        self,
        wording: Wording,
        stages: Sequence[Stage],
        chosen: StageId | None,
        console: Estate,
        jobs: Jobs,
        parent: QWidget,
    ) -> None:
        self._stages = tuple(stages)
        self.begins: QLineEdit | None = None
        super().__init__(wording, self._freeze, console, jobs, parent)
        self.stage = pieces.Choice(self)
        for stage in self._stages:
            self.stage.addItem(one_line(stage.name), stage.id)
        found = [at for at, stage in enumerate(self._stages) if stage.id == chosen]
        self.stage.setCurrentIndex(found[0] if found else len(self._stages) - 1)
        self.begins, self.ends = (QLineEdit(self), QLineEdit(self))
        for field, name, empty in (
            (self.begins, self.tr("From"), self.tr("now, or such as {hint}")),
            (self.ends, self.tr("Until"), self.tr("lifted, or such as {hint}")),
        ):
            field.setPlaceholderText(empty.format(hint=HINT))
            field.setAccessibleName(name)
            field.textChanged.connect(self._look)
            self.form.addRow(name, field)
        self.form.insertRow(0, self.tr("Stage"), self.stage)
        self.setTabOrder(self.stage, self.begins)
        self.setTabOrder(self.begins, self.ends)
        self.setTabOrder(self.ends, self.reason)
        self._look()

    @property
    def why_not(self) -> str:
        if self.begins is not None:
            for field in (self.begins, self.ends):
                if field.text().strip() and moment_of(field.text()) is None:
                    return self.tr("Type the time as {hint}.").format(hint=HINT)
        return super().why_not

    def _freeze(self, reason: str, is_total: bool) -> FreezeStage:
        begins, ends = (moment_of(field.text()) for field in (self.begins, self.ends) if field is not None)
        stage = self._stages[self.stage.currentIndex()]
        return FreezeStage(stage=stage.id, begins=begins, ends=ends, is_total=is_total, reason=reason)


class ExtendDialog(CloseDialog):
    """Until when a configuration may stand in its stage."""

    def __init__(
        self, wording: Wording, card: Card, until: datetime, console: Estate, jobs: Jobs, parent: QWidget
    ) -> None:
        self._card = card
        self.until: QLineEdit | None = None
        super().__init__(wording, self._extension, console, jobs, parent)
        self.until = QLineEdit(typed(until), self)
        self.until.setPlaceholderText(self.tr("such as {hint}").format(hint=HINT))
        self.until.setAccessibleName(self.tr("Until"))
        self.until.textChanged.connect(self._look)
        self.form.addRow(self.tr("Until"), self.until)
        self.setTabOrder(self.until, self.reason)
        self._look()

    @property
    def why_not(self) -> str:
        if self.until is not None and moment_of(self.until.text()) is None:
            return self.tr("Type the time as {hint}.").format(hint=HINT)
        return super().why_not

    def _extension(self, reason: str, _: bool) -> ExtendStay:
        until = moment_of(self.until.text()) if self.until is not None else None
        assert until is not None, "the button is off without a time"
        return ExtendStay(configuration=self._card.id, until=until, reason=reason)
