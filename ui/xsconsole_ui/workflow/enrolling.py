"""Pins a key that came as a file to a person of the draft, once its digits were compared."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.enrolment import KeyFile, enrolled
from xsconsole.domain.folding import one_line
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.own_key import in_groups

WIDTH = 620  # px
SHOWN_NAME = 60  # characters


class EnrolDialog(QDialog):
    """To be opened with `open()`. `person` is who was chosen: an id of the draft, or the name of somebody new."""

    def __init__(self, file: KeyFile, draft: Workflow, parent: QWidget | None = None, *, is_own: bool = False) -> None:
        super().__init__(parent)
        self._file, self._draft = file, draft
        name = one_line(file.name)
        self.setWindowTitle(self.tr("Pin a key to a person"))
        self.setMinimumWidth(WIDTH)
        title = self.tr("The key of this console") if is_own else self.tr("A key that is said to be {name}'s")
        self.title = pieces.wrapped(pieces.breakable(title.format(name=name[:SHOWN_NAME])), "title", self)
        self.shown = pieces.label(in_groups(file.fingerprint), "fingerprint", self)
        self.advice = pieces.wrapped(
            self.tr("Anybody can write any name into such a file: let them tell you the first digits, and compare."),
            "",
            self,
        )
        self.advice.setVisible(not is_own)
        self.choice = pieces.Choice(self)
        self.choice.setAccessibleName(self.tr("Person"))
        namesakes = [person for person in draft.people if file.name.casefold() in (person.name.casefold(), person.id)]
        if not namesakes:
            self.choice.addItem(self.tr("Somebody new: {name}").format(name=name[:SHOWN_NAME]), file.name)
        for person in draft.people:
            self.choice.addItem(one_line(person.name)[:SHOWN_NAME], person.id)
            if person in namesakes[:1]:
                self.choice.setCurrentIndex(self.choice.count() - 1)
        self.why_not = pieces.wrapped("", "bad", self)
        self.go = pieces.button(self.tr("&Pin it"), "primary", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        for button in (self.go, self.cancel):
            button.setAutoDefault(True)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        self.choice.currentIndexChanged.connect(self._look)
        self._lay_out()
        self._look()
        self.choice.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.GAP)
        for widget in (self.title, self.shown, self.advice):
            column.addWidget(widget)
        column.addWidget(pieces.label(self.tr("Pin it to"), "caption", self))
        column.addWidget(self.choice)
        column.addWidget(self.why_not)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        column.addLayout(row)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)

    @property
    def person(self) -> str:
        return str(self.choice.currentData())

    @property
    def called(self) -> str:
        """Return the name of whoever was chosen."""
        found = next((one for one in self._draft.people if one.id == self.person), None)
        return one_line(found.name if found is not None else self._file.name)

    @Slot()
    def _look(self) -> None:
        why = ""
        try:
            enrolled(self._draft, self._file, self.person)
        except Refused as refusal:
            why = pieces.joined(refusal.reason, refusal.mend)
        self.why_not.setText(why)
        self.why_not.setVisible(bool(why))
        self.go.setEnabled(not why)
