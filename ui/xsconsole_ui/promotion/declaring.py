"""What somebody has to do before an emergency begins: say why, take it on themselves, and sign as themselves."""

from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Estate, Secret
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui import pieces, theme
from xsconsole_ui.tick import Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaring:
    """What is said with a declaration."""

    ticket: str = ""
    password: Secret | None = None


class DeclaringBox(QWidget):
    """Shown where an emergency is about to be declared."""

    changed = Signal()

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._configuration: ConfigurationId | None = None
        self._wanted = ""
        self.ticket = QLineEdit(self)
        self.ticket.setPlaceholderText(self.tr("Ticket of the incident, if there is one"))
        self.ticket.setAccessibleName(self.tr("Reference to the ticket of the incident"))
        self.taken = Tick(self.tr("I declare this an emergency"), self)
        self.taken.setAccessibleDescription(
            self.tr("It is signed by your key, and somebody else reviews it afterwards.")
        )
        self.rest = pieces.wrapped(
            self.tr("It is signed by your key, and somebody else reviews it afterwards."), "muted", self
        )
        self.password = QLineEdit(self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        column.setSpacing(theme.GAP)
        column.addWidget(pieces.label(self.tr("Declare an emergency"), "section", self))
        for part in (self.ticket, self.taken, self.rest, self.password):
            column.addWidget(part)
        self.taken.toggled.connect(self._tell)
        self.password.textChanged.connect(self._tell)
        self.hide()

    def show_for(self, configuration: ConfigurationId | None) -> None:
        """Ask for an emergency of a configuration, None: for none. Another one than before gets empty fields."""
        if configuration != self._configuration:
            self._configuration = configuration
            self.ticket.clear()
            self.taken.setChecked(False)
        if configuration is None:
            self.password.clear()
        else:
            self._wanted = self._console.reviews.log_in_to_declare(configuration)
            told = self.tr("Password of {user}: log in anew to sign").format(user=self._wanted)
            self.password.setPlaceholderText(told)
            self.password.setAccessibleName(told)
        self.password.setVisible(bool(self._wanted) and configuration is not None)
        self.setVisible(configuration is not None)

    def why_not(self, reason: str) -> str:
        """Return what is missing before it may begin; empty where nothing is."""
        if not reason.strip():
            return self.tr("An emergency needs a reason: say why it cannot wait.")
        if not self.taken.isChecked():
            return self.tr("Tick that you declare it.")
        return self.tr("Type your password.") if self._wanted and not self.password.text() else ""

    def take(self) -> Declaring:
        """Return what was typed; the password is not kept here."""
        typed = self.password.text() if self._wanted else ""
        self.password.clear()
        return Declaring(ticket=self.ticket.text().strip(), password=Secret(typed) if typed else None)

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
