"""What is asked once for several configurations; the plan of all of them is shown after it."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.words import count, listing
from xsconsole.engine.commands import Describe, OfService
from xsconsole_ui import pieces, theme

WIDTH = 480
NOTES_HEIGHT = 120  # px


class TogetherDialog(QDialog):
    """Names the configurations that it is about, and holds the fields of what is asked."""

    def __init__(self, console: Estate, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.console, self.cards = console, tuple(cards)
        self.setMinimumWidth(WIDTH)
        self.names = pieces.wrapped(listing(tuple(card.name for card in cards), 8), "", self)
        self.form = QFormLayout()
        self.form.setSpacing(theme.GAP)
        self.go = pieces.button(self.tr("Review plan"), "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.names)
        column.addLayout(self.form)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    def wanted(self) -> tuple[OfService, ...]:
        """Return the commands for what is chosen now."""
        raise NotImplementedError


class NotesDialog(TogetherDialog):
    """Takes notes that all of them get in place of theirs."""

    def __init__(self, console: Estate, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(console, cards, parent)
        number = count(len(cards), "configuration")
        self.setWindowTitle(self.tr("Notes of {number}").format(number=number))
        self.notes = QPlainTextEdit(self)
        self.notes.setAccessibleName(self.tr("Notes"))
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(NOTES_HEIGHT)
        self.form.addRow(self.tr("N&otes"), self.notes)
        self.notes.setFocus()

    def wanted(self) -> tuple[Describe, ...]:
        text = self.notes.toPlainText()
        return tuple(
            Describe(configuration=card.id, revision=card.revision, notes=text, seen=card.notes) for card in self.cards
        )


OfCards = Callable[[Estate, Sequence[Card], QWidget | None], TogetherDialog]
"""Makes a dialog about several configurations."""
