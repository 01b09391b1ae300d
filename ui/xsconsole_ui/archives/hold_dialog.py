"""Why an archive is held."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme

WIDTH = 420  # px


class HoldDialog(QDialog):
    """Accepted only with a reason."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Hold the archive of {name}").format(name=one_line(name)))
        self.setMinimumWidth(WIDTH)
        text = self.tr("Nobody deletes it by this program until the hold is lifted.")
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("Why it must be kept"))
        self.reason.setAccessibleName(self.tr("Reason"))
        self.go = pieces.button(self.tr("Hold"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        buttons = QHBoxLayout()
        column.addWidget(pieces.wrapped(pieces.breakable(self.windowTitle()), "title", self))
        column.addWidget(pieces.wrapped(text, "muted", self))
        column.addWidget(self.reason)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.setAccessibleDescription(text)
        self.reason.textChanged.connect(self._look)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        self.reason.setFocus()
        self._look()

    @Slot()
    def _look(self) -> None:
        why_not = "" if self.reason.text().strip() else self.tr("Say why first.")
        self.go.setEnabled(not why_not)
        self.go.setToolTip(why_not)
