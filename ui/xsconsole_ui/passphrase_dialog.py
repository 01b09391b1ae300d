"""Asks for the passphrase of this console's signing key, where the desktop has no keyring."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.dialogs import answered

LEAST_LENGTH = 8


class PassphraseDialog(QDialog):
    """One field for a passphrase that exists, two for a new one."""

    def __init__(self, *, is_new: bool, problem: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_new = is_new
        self._problem = problem
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
        text = pieces.wrapped(what, "", self)
        form = QFormLayout()
        self.again.setVisible(self._is_new)
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        if self._problem:
            problem = pieces.Notice(self)
            problem.show_words("bad", self._problem, "")
            column.addWidget(problem)
        column.addWidget(text)
        column.addLayout(form)
        form.addRow(self.tr("Passphrase"), self.passphrase)
        if self._is_new:
            form.addRow(self.tr("Once more"), self.again)
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


class PassphraseQuestion:
    """The passphrase from the environment, else from the user, as often as it takes."""

    def __init__(self, given: str | None) -> None:
        self._given = given
        self._problem = ""
        self._was_entered = False

    async def answer(self, *, is_new: bool) -> str | None:
        """Return the passphrase; None where the user would not enter one, or where there is no screen to ask on."""
        self._was_entered = False
        if self._given is not None or QGuiApplication.platformName() in ("offscreen", "minimal"):
            return self._given
        dialog = PassphraseDialog(is_new=is_new, problem=self._problem)
        self._was_entered = await answered(dialog)
        return dialog.passphrase.text() if self._was_entered else None

    def may_ask_again(self, problem: str) -> bool:
        """Whether what was entered did not fit; `problem` is shown with the next question."""
        self._problem = problem
        return self._was_entered
