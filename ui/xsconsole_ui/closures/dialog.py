"""Closing something and lifting it again: why, and of a stage which and for how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Stage
from xsconsole.engine.commands import Closing, ExtendStay, FreezeStage, Lift
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.moments import HINT, moment_of, typed
from xsconsole_ui.tick import Tick

WIDTH = 460  # px

Made = Callable[[str, bool], Closing | Lift]
"""Makes the command of a reason, and of whether it closes the ways back too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the dialog says. `total` is what the box beside it says; empty: there is none."""

    title: str
    text: str
    act: str
    total: str = ""


class CloseDialog(QDialog):
    """To be opened with `open()`. Accepted once the pool shows what was asked for."""

    def __init__(self, wording: Wording, made: Made, console: Estate, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._made, self._console, self._jobs = made, console, jobs
        self._is_busy = False
        self.setWindowTitle(wording.title)
        self.setMinimumWidth(WIDTH)
        self.news = pieces.Notice(self)
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Why; everybody on the pool sees it"))
        self.reason.setAccessibleName(self.tr("Reason"))
        self.total = Tick(wording.total, self)
        self.total.setVisible(bool(wording.total))
        self.go = pieces.button(wording.act, "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.go.clicked.connect(self._go)
        self.cancel.clicked.connect(self.reject)
        self.reason.textChanged.connect(self._look)
        self.form = QFormLayout()
        self.form.setSpacing(theme.GAP)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self.column.setSpacing(theme.MARGIN)
        self.column.addWidget(pieces.wrapped(pieces.breakable(one_line(wording.title)), "title", self))
        self.column.addWidget(pieces.wrapped(pieces.breakable(one_line(wording.text)), "muted", self))
        self.column.addWidget(self.news)
        self.column.addLayout(self.form)
        self.column.addWidget(self.reason)
        self.column.addWidget(self.total)
        self.column.addLayout(buttons)
        self.setAccessibleDescription(wording.text)
        self.reason.setFocus()
        self._look()

    @property
    def why_not(self) -> str:
        """Return what is lacking; empty where nothing is."""
        return "" if self.reason.text().strip() else self.tr("Say why first.")

    @property
    def command(self) -> Closing | Lift:
        return self._made(self.reason.text().strip(), self.total.isChecked())

    @Slot()
    def _look(self) -> None:
        self.go.setEnabled(not self.why_not and not self._is_busy)
        self.go.setToolTip(self.why_not)

    @Slot()
    def _go(self) -> None:
        if not self.why_not and not self._is_busy:
            self._is_busy = True
            self._look()
            self._jobs.start(self._do(self.command), "close or lift")

    async def _do(self, command: Closing | Lift) -> None:
        try:
            await self._console.closings.do(command)
        except ConsoleError as error:
            told = words.explain(error)
            state = "warn" if isinstance(error, Refused) else "bad"
            self.news.show_words(state, told.failed, pieces.joined(told.remains, told.mend), told.details)
        else:
            self.accept()
        finally:
            self._is_busy = False
            self._look()


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
