"""Asks for a pool, connects, and stays until that has worked or the user gives up."""

import logging
from enum import Enum, auto

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console import Connection, Console, Estate, Secret, goes_in_clear
from xsconsole.domain import words
from xsconsole.errors import CertificateChanged, CertificateUnknown, ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.certificate_box import CertificateBox
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.rights_box import RightsBox
from xsconsole_ui.sizing import fit_words
from xsconsole_ui.tick import Tick

WIDTH = 480

log = logging.getLogger(__name__)


class Step(Enum):
    ASK = auto()
    UNKNOWN = auto()  # a certificate that nobody has accepted yet
    CHANGED = auto()  # a certificate that is not the accepted one
    TOLD = auto()  # connected; what this log-in may not do is being read


class ConnectDialog(QDialog):
    """Accepted once connected. To be opened with `open()`."""

    def __init__(
        self,
        console: Estate,
        proposed: Connection | None = None,
        parent: QWidget | None = None,
        *,
        changed: CertificateChanged | None = None,
    ) -> None:
        """`changed` is a certificate that changed while connected: it is to be compared first."""
        super().__init__(parent)
        self._console = console
        self._jobs = Jobs(on_error=self._show_error, on_bug=self._show_bug)
        self._step = Step.ASK
        self._is_busy = False
        self._shown: tuple[str, str] | None = None  # the address and the fingerprint that wait for a decision
        self._stored: Secret | None = None
        self._reached: Console | None = None
        self.setWindowTitle(self.tr("Connect to a pool"))
        self.address = QLineEdit(self)
        self.user = QLineEdit(self)
        self.password = QLineEdit(self)
        self.remember = Tick(self.tr("Keep the password in the keyring"), self)
        self.news = pieces.Notice(self)
        self.certificate = CertificateBox(self)
        self.rights = RightsBox(self)
        self.state = pieces.label("", "caption", self)
        self.go = pieces.button("", "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._form = QWidget(self)
        self._lay_out()
        self.go.clicked.connect(self._go)
        self.cancel.clicked.connect(self.reject)
        for field in (self.address, self.user, self.password):
            field.textChanged.connect(self._start_over)
        self.address.editingFinished.connect(self._look_up)
        self.user.editingFinished.connect(self._look_up)
        self.certificate.typed.textChanged.connect(self._show_step)
        self._propose(proposed)
        if changed is not None:
            self.address.setText(changed.url)
            self._ask_about(changed)
            self.certificate.typed.setFocus()
        self._show_step()

    def _lay_out(self) -> None:
        self.setMinimumWidth(WIDTH)
        self.address.setPlaceholderText("https://xen-1.example")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        rows = QFormLayout(self._form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(theme.GAP)
        for name, field in (
            (self.tr("&Address"), self.address),
            (self.tr("&User"), self.user),
            (self.tr("&Password"), self.password),
        ):
            field.setAccessibleName(name.replace("&", ""))
            rows.addRow(name, field)
        if self._console.home.has_keyring:
            rows.addRow("", self.remember)
        else:
            self.remember.hide()
            no_keyring = self.tr("No keyring here: the password stays in memory only.")
            rows.addRow("", pieces.label(no_keyring, "caption", self))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        for part in (self._form, self.news, self.certificate, self.rights):
            column.addWidget(part)
        column.addStretch(1)
        column.addLayout(buttons)
        buttons.addWidget(self.state, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    def _propose(self, proposed: Connection | None) -> None:
        known = proposed or self._known()
        self.address.setText(known.url if known is not None else "")
        self.user.setText(known.user if known is not None else "root")
        (self.password if known is not None else self.address).setFocus()
        if known is not None and known.fingerprint is not None:
            self._shown = (known.url, known.fingerprint)
        if known is not None:
            self._look_up()

    def _known(self) -> Connection | None:
        try:
            live = {sight.url for sight in self._console.sights if sight.is_live}
            known = next((pool.url for pool in self._console.home.settings.pools if pool.url not in live), None)
            return self._console.home.known_connection(known, None, None) if known is not None else None
        except Refused:
            return None

    # --- what the user does

    @property
    def url(self) -> str:
        """The address as it will be used: without a scheme it is one of a host with TLS."""
        text = self.address.text().strip()
        return text if "://" in text or not text else f"https://{text}"

    @Slot()
    def _go(self) -> None:
        if self._is_busy or not self.go.isEnabled():
            return
        if self._step is Step.TOLD:
            self.accept()
            return
        if self._step is Step.CHANGED and not self.password.text() and self._stored is None:
            self._step = Step.ASK
            self._show_step()
            self.news.show_words(
                "good", self.tr("The new certificate will be trusted."), self.tr("Enter the password.")
            )
            self.password.setFocus()
            return
        self._is_busy = True
        self.news.hide()
        self._show_step()
        self._jobs.start(self._connect(), "connect")

    @Slot()
    def _start_over(self) -> None:
        """A changed answer makes a new question."""
        if self._step in (Step.UNKNOWN, Step.CHANGED):
            self._step, self._shown = Step.ASK, None
        self._show_step()

    @Slot()
    def _look_up(self) -> None:
        if self._console.home.has_keyring and self.url and self.user.text().strip():
            self._jobs.start(self._find_stored(), "look for the password")

    async def _find_stored(self) -> None:
        connection = Connection(url=self.url, user=self.user.text().strip())
        found = await self._console.home.stored_password(connection)
        if (connection.url, connection.user) == (self.url, self.user.text().strip()):
            self._stored = found
            self.remember.setChecked(found is not None or self.remember.isChecked())
            self.password.setPlaceholderText("" if found is None else self.tr("from the keyring"))
            self._show_step()

    # --- connecting

    async def _connect(self) -> None:
        typed = self.password.text()
        password = Secret(typed) if typed or self._stored is None else self._stored
        accepted = self._shown[1] if self._shown is not None and self._shown[0] == self.url else None
        is_refused = False
        try:
            connection = self._console.home.known_connection(self.url, self.user.text().strip(), accepted)
            self._reached = await self._console.pools.connect(connection, password)
        except CertificateUnknown as unknown:
            self._step, self._shown = Step.UNKNOWN, (self.url, unknown.fingerprint)
            self.certificate.show_unknown(unknown)
        except CertificateChanged as changed:
            self._ask_about(changed)
        except ConsoleError as failure:
            self._step, is_refused = Step.ASK, True
            self._show_error(failure)
        else:
            await self._keep(connection, password)
            self._connected()
        finally:
            self._is_busy = False
            self._show_step()
            # Only now: what is disabled, as all was during the attempt, takes no focus.
            if self._step is Step.CHANGED:
                self.certificate.typed.setFocus()
            elif is_refused:
                self.password.setFocus()
                self.password.selectAll()

    def _ask_about(self, changed: CertificateChanged) -> None:
        self._step, self._shown = Step.CHANGED, (self.url, changed.fingerprint)
        self.certificate.show_changed(changed)

    async def _keep(self, connection: Connection, password: Secret) -> None:
        if not self.remember.isChecked() or password is self._stored or not self._console.home.has_keyring:
            return
        try:
            await self._console.home.store_password(connection, password)
        except Refused as refusal:
            self.rights.tell(words.refusal(refusal))

    def _connected(self) -> None:
        self.password.clear()
        rights = self._reached.rights if self._reached is not None else ()
        lacking = tuple(right for right in rights if not right.is_allowed)
        identity = self._reached.identity if self._reached is not None else None
        if identity is not None and lacking:
            self.rights.show_lacking(identity.actor, identity.role, lacking)
        if not self.rights.has_words:
            self.accept()
            return
        self._step = Step.TOLD

    def _show_error(self, failure: ConsoleError) -> None:
        notice = words.explain(failure)
        self.news.show_words("bad", notice.failed, notice.mend, notice.details)

    def _show_bug(self, failure: BaseException) -> None:
        self.news.show_words(
            "bad", self.tr("Something went wrong inside the console."), "", f"{type(failure).__name__}: {failure}"
        )

    # --- what it looks like

    @Slot()
    def _show_step(self) -> None:
        step, is_busy = self._step, self._is_busy
        self._form.setVisible(step in (Step.ASK, Step.UNKNOWN))
        self._form.setEnabled(not is_busy)
        self.certificate.setVisible(step in (Step.UNKNOWN, Step.CHANGED))
        self.certificate.setEnabled(not is_busy)
        self.rights.setVisible(step is Step.TOLD)
        if step is not Step.ASK:
            self.news.hide()
        in_clear = step is Step.ASK and goes_in_clear(self.url)
        warning = self.tr("Without TLS the password goes in clear.") if in_clear else ""
        self.state.setText(self.tr("Connecting…") if is_busy else warning)
        pieces.set_look(self.state, "warn" if in_clear and not is_busy else "caption")
        self.cancel.setVisible(step is not Step.TOLD)
        self.go.setText(
            {
                Step.ASK: self.tr("Connect"),
                Step.UNKNOWN: self.tr("Trust and connect"),
                Step.CHANGED: self.tr("Trust the new certificate"),
                Step.TOLD: self.tr("Continue"),
            }[step]
        )
        reason = self._why_not()
        self.go.setEnabled(not reason and not is_busy)
        self.go.setToolTip(reason)
        # Enter must not accept a certificate that changed.
        self.go.setDefault(step is not Step.CHANGED)
        fit_words(self)

    def _why_not(self) -> str:
        if self._step is Step.CHANGED and not self.certificate.is_confirmed:
            return self.certificate.wanted
        if self._step in (Step.CHANGED, Step.TOLD):
            return ""
        if not self.url:
            return self.tr("Enter the address of a host of the pool.")
        if not self.user.text().strip():
            return self.tr("Enter a user.")
        if not self.password.text() and self._stored is None:
            return self.tr("Enter the password.")
        return ""

    def done(self, result: int) -> None:
        self._jobs.cancel()
        super().done(result)

    def reject(self) -> None:
        # Once connected there is nothing left to refuse.
        if self._step is Step.TOLD:
            self.accept()
            return
        super().reject()
