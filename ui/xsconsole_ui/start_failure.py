"""Tells why the console could not be opened, to somebody who started it from a menu and sees no terminal."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout

from xsconsole.domain import words
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme


class StartFailureDialog(QDialog):
    """The error in sentences, and one button."""

    def __init__(self, error: ConsoleError) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("xsconsole cannot start"))
        said = words.explain(error)
        self.notice = pieces.Notice(self)
        self.notice.show_words(
            "bad", said.failed, " ".join(part for part in (said.remains, said.mend) if part), said.details
        )
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        column.addWidget(self.notice)
        column.addWidget(self.buttons)
        self.setMinimumWidth(480)
