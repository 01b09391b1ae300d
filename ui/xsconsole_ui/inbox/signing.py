"""What the pages of the inbox have in common: all of one thing from above, and at the foot what is signed about it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Secret
from xsconsole_ui import pieces, theme
from xsconsole_ui.buttons import Button
from xsconsole_ui.flow import Flow
from xsconsole_ui.scrolling import UprightPage


class Foot(QWidget):
    """The fields for words and a password, why nothing is signed yet, and the buttons."""

    changed = Signal()
    entered = Signal()  # Enter was pressed in a field

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = QLineEdit(self)
        self.password = QLineEdit(self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        for field in (self.words, self.password):
            field.textChanged.connect(self.changed)
            field.returnPressed.connect(self.entered)
        self.why = pieces.wrapped("", "muted", self)

    def ask_for(self, name: str, hint: str) -> None:
        """Say what the words are."""
        self.words.setPlaceholderText(hint)
        self.words.setAccessibleName(name)

    def ask_password(self, hint: str) -> None:
        self.password.setPlaceholderText(hint)
        self.password.setAccessibleName(hint)

    def lay_out(self, buttons: Sequence[Button]) -> None:
        margin, gap = theme.MARGIN, theme.GAP
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, margin)
        column.setSpacing(gap)
        column.addWidget(pieces.Line(self))
        inner = QVBoxLayout()
        inner.setContentsMargins(margin, gap, margin, 0)
        inner.setSpacing(gap)
        held = QWidget(self)
        row = Flow(held)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(gap)
        for button in buttons:
            button.setAutoDefault(True)  # Enter presses it, not only Space
            row.addWidget(button)
        column.addLayout(inner)
        for field in (self.words, self.password, self.why):
            inner.addWidget(field)
        inner.addWidget(held)

    @property
    def said(self) -> str:
        return self.words.text().strip()

    @property
    def secret(self) -> Secret | None:
        """The password, where it is asked for and typed."""
        typed = self.password.text() if self.is_password_wanted else ""
        return Secret(typed) if typed else None

    @property
    def is_password_wanted(self) -> bool:
        return self.password.isVisibleTo(self)

    def say_why(self, told: str) -> None:
        self.why.setText(told)
        self.why.setVisible(bool(told))

    def clear(self) -> None:
        self.words.clear()
        self.password.clear()

    def lead_to_password(self) -> bool:
        """Give the keyboard to a password that is missing; whether one is."""
        is_missing = self.is_password_wanted and not self.password.text()
        if is_missing:
            self.password.setFocus()
        return is_missing


class SigningPage(QWidget):
    """Shows one thing, section by section. Escape leaves it."""

    left = Signal()

    def lay_out(self, heads: Sequence[QWidget], sections: Sequence[QWidget], foot: Foot) -> None:
        """Put what scrolls above the foot, which does not."""
        margin = theme.MARGIN
        page = QWidget(self)
        parts = QVBoxLayout(page)
        parts.setContentsMargins(0, margin, 0, 0)
        parts.setSpacing(theme.GAP)
        for head in heads:
            inset = QVBoxLayout()
            inset.setContentsMargins(margin, 0, margin, 0)
            parts.addLayout(inset)
            inset.addWidget(head)
        for section in sections:
            parts.addWidget(section)
        parts.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(UprightPage(page, self), 1)
        column.addWidget(foot)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # a field or a button has had it
            super().keyPressEvent(event)
