"""A dialog that asks why something is done, and stays until it is."""

from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.tick import Tick

WIDTH = 460  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the dialog says. `total` is what the box beside it says; empty: there is none."""

    title: str
    text: str
    act: str
    total: str = ""


class ReasonDialog(QDialog):
    """Asks why, and does it. To be opened with `open()`; accepted once it is done."""

    def __init__(self, wording: Wording, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs = jobs
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
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.setAccessibleDescription(wording.text)
        self.reason.setFocus()
        self._look()

    @property
    def why_not(self) -> str:
        """Return what is lacking; empty where nothing is."""
        return "" if self.reason.text().strip() else self.tr("Say why first.")

    async def carry_out(self) -> None:
        """Do what is asked for; raises `ConsoleError` where it cannot be."""
        raise NotImplementedError

    @Slot()
    def _look(self) -> None:
        self.go.setEnabled(not self.why_not and not self._is_busy)
        self.go.setToolTip(self.why_not)

    @Slot()
    def _go(self) -> None:
        if not self.why_not and not self._is_busy:
            self._is_busy = True
            self._look()
            self._jobs.start(self._do(), self.windowTitle())

    async def _do(self) -> None:
        try:
            await self.carry_out()
        except ConsoleError as error:
            self.news.show_error(error)
        else:
            self.accept()
        finally:
            self._is_busy = False
            self._look()
