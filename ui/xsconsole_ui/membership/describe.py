"""What a configuration is called, and what people note about it."""

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Describe
from xsconsole_ui.membership.dialogs import MembershipDialog

NOTES_HEIGHT = 120  # px


class DescribeDialog(MembershipDialog):
    """Takes another name, version and notes."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        card = console.board.cards.get(card.id, card)  # notes are no new revision: what was selected may be older
        self._card = card
        self.setWindowTitle(self.tr("Name and notes of {name}").format(name=shortened(card.name, 60)))
        self.table.hide()
        self.name = self.line(self.tr("&Name"), card.name)
        self.version = self.line(self.tr("&Version"), card.version)
        self.notes = QPlainTextEdit(card.notes, self)
        self.notes.setAccessibleName(self.tr("Notes"))
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(NOTES_HEIGHT)
        self.notes.textChanged.connect(self._look_soon)
        self.form.addRow(self.tr("&Name"), self.name)
        self.form.addRow(self.tr("&Version"), self.version)
        self.form.addRow(self.tr("N&otes"), self.notes)
        self.name.setFocus()
        self.look()

    def wanted(self) -> Describe:
        name, version = self.name.text(), self.version.text()
        return Describe(
            configuration=self._card.id,
            revision=self._card.revision,
            name=None if name == self._card.name else name,
            version=None if version == self._card.version else version,
            notes=self.notes.toPlainText(),
            seen=self._card.notes,
        )
