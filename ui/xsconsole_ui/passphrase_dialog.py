"""Asks for the passphrase of this console's signing key, where the desktop has no keyring."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.dialogs import answered

LEAST_LENGTH = 8


class PassphraseDialog(QDialog):
    """One field for a passphrase that exists, two for a new one."""

    def __init__(self, *, is_new: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_new = is_new
        self.setWindowTitle(self.tr("xsconsole: signing key"))
        self.passphrase = self._field(self.tr("Passphrase"))
        self.again = self._field(self.tr("Passphrase again"))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        self.why_not = pieces.label("", "caption", self)
        self._lay_out()
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.passphrase.textChanged.connect(self._look)
        self.again.textChanged.connect(self._look)
        self._look()

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setAccessibleName(name)
        return field

    def _lay_out(self) -> None:
        what = (
            self.tr(
                "This console signs its record with a key of its own. This desktop has no keyring, so the key is kept "
                "in a file that a passphrase protects. Choose one; it is asked for at each start."
            )
            if self._is_new
            else self.tr("The key that signs this console's record is protected by a passphrase.")
        )
        text = pieces.label(what, "", self)
        text.setWordWrap(True)
        form = QFormLayout()
        form.addRow(self.tr("Passphrase"), self.passphrase)
        if self._is_new:
            form.addRow(self.tr("Once more"), self.again)
        self.again.setVisible(self._is_new)
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        column.addWidget(text)
        column.addLayout(form)
        column.addWidget(self.why_not)
        column.addWidget(self.buttons)
        self.setMinimumWidth(420)

    @Slot()
    def _look(self) -> None:
        reason = self._reason()
        self.why_not.setText(reason)
        button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        button.setEnabled(not reason)
        button.setToolTip(reason)

    def _reason(self) -> str:
        if not self.passphrase.text():
            return self.tr("Enter the passphrase.")
        if not self._is_new:
            return ""
        if len(self.passphrase.text()) < LEAST_LENGTH:
            return self.tr("At least {n} characters.").format(n=LEAST_LENGTH)
        return "" if self.passphrase.text() == self.again.text() else self.tr("The two are not the same yet.")


async def ask_passphrase(*, is_new: bool) -> str | None:
    """Return what the user entered; None where they would not."""
    dialog = PassphraseDialog(is_new=is_new)
    return dialog.passphrase.text() if await answered(dialog) else None
