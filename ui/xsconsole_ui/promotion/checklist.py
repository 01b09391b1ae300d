"""The questions of a transition's checklist: each wants a yes before the plan can be confirmed."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.tick import Tick


class ChecklistBox(QWidget):
    """Hidden while there is nothing to ask. Asking the same again keeps what was ticked."""

    answered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions: dict[str, _Question] = {}
        self._title = pieces.label(self.tr("To be answered with yes"), "section", self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        self._column.setSpacing(theme.SPACE)
        self._column.addWidget(self._title)
        self.hide()

    @property
    def boxes(self) -> tuple[Tick, ...]:
        return tuple(question.box for question in self._questions.values())

    @property
    def answers(self) -> tuple[str, ...]:
        """Return the questions that are ticked, word by word."""
        return tuple(text for text, question in self._questions.items() if question.box.isChecked())

    @property
    def is_complete(self) -> bool:
        return len(self.answers) == len(self._questions)

    def ask(self, questions: Sequence[str]) -> None:
        """Show these questions."""
        if tuple(self._questions) != tuple(questions):
            for question in self._questions.values():
                self._column.removeWidget(question)
                question.deleteLater()
            self._questions = {text: self._added(text) for text in questions}
        self.setVisible(bool(questions))

    def _added(self, text: str) -> "_Question":
        question = _Question(text, self)
        question.box.toggled.connect(self.answered)
        self._column.addWidget(question)
        return question


class _Question(QWidget):
    """A box and words that break into lines, which a check box's own do not; a click on the words counts as well."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        whole = one_line(text)
        self.box = Tick("", self)
        self.box.setAccessibleName(whole)
        words = pieces.wrapped(pieces.breakable(whole), "", self)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        row.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.box.toggle()
            self.box.setFocus(Qt.FocusReason.MouseFocusReason)
