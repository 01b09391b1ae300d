"""Dialogs without a nested loop: `exec()` would stop every other task of the window."""

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.texts import tr

WIDTH = 380  # px


async def answered(dialog: QDialog) -> bool:
    """Open `dialog` and return whether it was accepted. It is deleted afterwards."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not answer.done():
            answer.set_result(result)

    dialog.finished.connect(settle)
    dialog.open()
    try:
        return await answer == QDialog.DialogCode.Accepted
    finally:
        dialog.close()
        dialog.deleteLater()


class Question(QDialog):
    """Asks before something is lost; `answered` is true only where `act` was chosen.

    Enter takes Cancel, unless one went to the other.
    """

    def __init__(self, parent: QWidget, title: str, text: str, remains: str, act: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.go = pieces.button(act, "", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.go.setAutoDefault(True)  # Enter presses it where it has the keyboard, not only Space
        self.cancel.setAutoDefault(True)
        self.cancel.setDefault(True)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        column.addWidget(pieces.wrapped(pieces.breakable(text), "title", self))
        column.addWidget(pieces.wrapped(pieces.breakable(remains), "", self))
        self.row = row = QHBoxLayout()
        column.addLayout(row)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        self.setAccessibleDescription(pieces.joined(text, remains))
        self.cancel.setFocus()


class ReplaceQuestion(Question):
    """Whether a file that is there gives way."""

    def __init__(self, parent: QWidget, file: Path) -> None:
        super().__init__(
            parent,
            tr("Replace the file?"),
            tr("There is a file {name} already.").format(name=file.name),
            tr("In {folder}. It stays until the new one is whole; then it is gone.").format(folder=file.parent),
            tr("Replace"),
        )
