"""Deciding on what came as a file, away from its pool: what it is about, a reason, and a signed answer as a file."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.domain.approval import Meaning
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.papers import Papers, Save
from xsconsole_ui.sizing import fit_on_screen

SIZE = (760, 720)  # px


class FileDecision(QDialog):
    """To be opened with `open()`. Accepted once a decision was written."""

    def __init__(self, window_title: str, title: str, about: str, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.papers = Papers(self)
        self.setWindowTitle(window_title)
        fit_on_screen(self, SIZE)
        self.title = pieces.wrapped(pieces.breakable(title), "title", self)
        self.about = pieces.wrapped(pieces.breakable(about), "muted", self)
        self.news = pieces.Notice(self)
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Reason; it is signed with the decision"))
        self.reason.setAccessibleName(self.tr("Reason of the decision"))
        self.approve = pieces.button(self.tr("&Approve…"), "primary", self)
        self.refuse = pieces.button(self.tr("&Reject…"), "", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.approve.clicked.connect(self._approve)
        self.refuse.clicked.connect(self._refuse)
        self.cancel.clicked.connect(self.reject)

    def signed(self, meaning: Meaning, reason: str) -> tuple[Save, str]:
        """Return what writes the signed decision, and a name for its file.

        Raises:
            Refused: this home cannot decide on it.
        """
        raise NotImplementedError

    def lay_out(self, head: Sequence[QWidget], body: Sequence[tuple[QWidget, int]]) -> None:
        """Put what it is about below the title: `head` as high as it is, of `body` each with its share of the rest."""
        top = QVBoxLayout()
        top.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.GAP)
        top.setSpacing(theme.SPACE)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        foot.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        for widget in (self.title, self.about, *head, self.news):
            top.addWidget(widget)
        column.addWidget(pieces.Line(self))
        for widget, share in body:
            column.addWidget(widget, share)
            column.addWidget(pieces.Line(self))
        column.addLayout(foot)
        foot.addWidget(self.reason, 1)
        for button in (self.cancel, self.refuse, self.approve):
            button.setAutoDefault(True)  # Enter presses it, not only Space
            foot.addWidget(button)
        self.reason.setFocus()

    @Slot()
    def _approve(self) -> None:
        self._jobs.start(self._decide(Meaning.APPROVE), "approve by file")

    @Slot()
    def _refuse(self) -> None:
        self._jobs.start(self._decide(Meaning.REJECT), "reject by file")

    async def _decide(self, meaning: Meaning) -> None:
        try:
            save, name = self.signed(meaning, self.reason.text().strip())
            if await self.papers.write(save, self.tr("Write the decision"), name) is not None:
                self.accept()
        except ConsoleError as error:
            self.news.show_error(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Lead Enter from the field to what comes next: it never decides by itself."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.reason.hasFocus():
            self.approve.setFocus()
        else:
            super().keyPressEvent(event)
