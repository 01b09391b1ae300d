"""The certificate of a host as it is shown to be accepted, or not."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from xsconsole.errors import CertificateChanged, CertificateUnknown, ConnectFailed
from xsconsole_ui import pieces, theme

TYPED_PAIRS = 4  # of digits, of a changed certificate's fingerprint, to accept it
FINGERPRINT_LINE = 48  # characters: 16 bytes with their colons


class CertificateBox(QFrame):
    """The fingerprint of a host's certificate, and what accepting it would mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "notice")
        self._fingerprint = ""
        self._title = pieces.wrapped("", "title", self)
        self._advice = pieces.wrapped("", "", self)
        self._shown_name = pieces.label("", "caption", self)
        self.shown = _fingerprint_label(self)
        self._expected_name = pieces.label(self.tr("SHA-256 accepted before"), "caption", self)
        self.expected = _fingerprint_label(self)
        self.typed = QLineEdit(self)
        self.typed.setAccessibleName(self.tr("Last characters of the new fingerprint"))
        self.typed.setPlaceholderText(self.tr("last {n} pairs of the new fingerprint").format(n=TYPED_PAIRS))
        self.hint = pieces.wrapped("", "caption", self)
        self.typed.textChanged.connect(self._show_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACE)
        parts: tuple[QWidget, ...] = (self._title, self._advice, self._shown_name, self.shown)
        for part in (*parts, self._expected_name, self.expected, self.typed, self.hint):
            column.addWidget(part)
        self.hide()

    @property
    def is_confirmed(self) -> bool:
        """Whether the end of the new fingerprint was typed, whatever the case and with or without colons."""
        typed = _digits(self.typed.text())
        return len(typed) >= 2 * TYPED_PAIRS and _digits(self._fingerprint).endswith(typed)

    @property
    def wanted(self) -> str:
        """What is still to be typed, in a sentence; empty once it is there."""
        if self.is_confirmed or not self._fingerprint:
            return ""
        typed = len(_digits(self.typed.text()))
        if typed >= 2 * TYPED_PAIRS:
            return self.tr("That is not the end of the fingerprint shown now.")
        return self.tr(
            "Type the last {pairs} pairs of the fingerprint shown now, with or without colons: {typed} of {all} digits."
        ).format(pairs=TYPED_PAIRS, typed=typed, all=2 * TYPED_PAIRS)

    @Slot()
    def _show_wanted(self) -> None:
        self.hint.setText(self.wanted)

    def show_unknown(self, error: CertificateUnknown) -> None:
        self._show(error, "warn", self.tr("SHA-256 of the certificate"), error.fingerprint)
        for part in (self._expected_name, self.expected, self.typed, self.hint):
            part.hide()

    def show_changed(self, error: CertificateChanged) -> None:
        """Alarm: this may be another machine. Accepting takes more than Enter."""
        self._show(error, "bad", self.tr("SHA-256 shown now"), error.fingerprint)
        self.expected.setText(_lines(error.expected))
        self.typed.clear()
        for part in (self._expected_name, self.expected):
            part.show()
        self.typed.setVisible(bool(error.fingerprint))
        self.hint.setVisible(bool(error.fingerprint))
        self._show_wanted()

    def _show(self, error: ConnectFailed, state: str, name: str, fingerprint: str) -> None:
        pieces.set_look(self, "notice", state)
        self._fingerprint = fingerprint
        self._title.setText(error.reason)
        self._advice.setText(error.mend)
        self._shown_name.setText(name)
        self.shown.setText(_lines(fingerprint) or self.tr("not known"))
        self.setAccessibleName(f"{error.reason} {error.mend}")


def _fingerprint_label(parent: QWidget) -> QLabel:
    made = pieces.label("", "fingerprint", parent)
    made.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return made


def _digits(fingerprint: str) -> str:
    return fingerprint.replace(":", "").replace(" ", "").casefold()


def _lines(fingerprint: str) -> str:
    """Return a fingerprint as pairs with colons, on two lines."""
    digits = _digits(fingerprint).upper()
    pairs = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return "\n".join(pairs[at : at + FINGERPRINT_LINE] for at in range(0, len(pairs), FINGERPRINT_LINE))
