"""One part of a blueprint as a form: a field for each of its fields, taken as one types."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPlainTextEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from xsconsole.domain.blueprint import Blueprint, Template
from xsconsole.domain.blueprint.edits import Part
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.library.detail import code_paper
from xsconsole_ui.library.fields import Field, fields_of

LEAST = 6  # characters of a choice

Editor = QLineEdit | QPlainTextEdit | pieces.Choice


class PartForm(QScrollArea):
    """Shows a part; `changed` brings it with what was typed. What is not understood is said, and nothing is taken."""

    changed = Signal(object, object)  # Part as it was shown, and as it is now
    understood = Signal()  # `is_understood` has changed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.part: Part | None = None
        self.editors: dict[str, Editor] = {}
        self._fields: tuple[Field, ...] = ()
        self.is_understood = True  # what is typed: else it stands in a field and in no part
        self.problem = pieces.Notice(self)

    def show_part(self, part: Part, blueprint: Blueprint | None = None, templates: tuple[Template, ...] = ()) -> None:
        """Show a part; where it is of the same shape as the one shown, only what differs is written."""
        fields = fields_of(part, blueprint, templates)
        is_same = [(one.name, one.choices) for one in fields] == [(one.name, one.choices) for one in self._fields]
        is_same = is_same and type(part) is type(self.part)
        self.part, self._fields = part, fields
        if not is_same:
            self._build()
        for field in fields:
            editor, text = self.editors[field.name], field.show(part)
            if text_of(editor) != text:
                editor.blockSignals(True)
                _write(editor, text)
                editor.blockSignals(False)
        self._understand()

    def focus_on(self, name: str) -> None:
        """Give the keyboard to a field, or to the first one."""
        editor = self.editors.get(name) or next(iter(self.editors.values()), None)
        if editor is not None:
            editor.setFocus()
            self.ensureWidgetVisible(editor)

    def _build(self) -> None:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.MARGIN)
        self.problem = pieces.Notice(page)
        column.addWidget(self.problem)
        form = QFormLayout()
        form.setSpacing(theme.GAP)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        column.addLayout(form)
        column.addStretch(1)
        self.editors = {}
        for field in self._fields:
            editor = self._editor(field, page)
            editor.setAccessibleName(field.label)
            editor.setToolTip(field.hint)
            self.editors[field.name] = editor
            form.addRow(field.label, editor)
        self.setWidget(page)

    def _editor(self, field: Field, page: QWidget) -> Editor:
        if field.choices:
            choice = pieces.Choice(page)
            # As wide as there is room: beside its label also where one of the choices is long.
            choice.setSizeAdjustPolicy(pieces.Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(LEAST)
            choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            for each in field.choices:
                choice.addItem(each)
            choice.currentIndexChanged.connect(self._take)
            return choice
        if not field.lines:
            line = QLineEdit(page)
            line.setPlaceholderText(field.hint)
            line.textChanged.connect(self._take)
            return line
        paper = code_paper(page) if field.is_code else QPlainTextEdit(page)
        paper.setPlaceholderText(field.hint)
        paper.setTabChangesFocus(True)
        paper.setFixedHeight(QFontMetrics(paper.font()).lineSpacing() * (field.lines + 1) + theme.GAP)
        paper.textChanged.connect(self._take)
        return paper

    @Slot()
    def _take(self) -> None:
        """Take what was typed into any field; the first that is not understood is said."""
        before = part = self.part
        if part is None or before is None:
            return
        for field in self._fields:
            text = text_of(self.editors[field.name])
            if text == field.show(before):
                continue
            try:
                part = field.take(part, text)
            except Refused as refusal:
                self._understand(refusal)
                return
        self._understand()
        if part != before:
            self.changed.emit(before, part)

    def _understand(self, refusal: Refused | None = None) -> None:
        if refusal is None:
            self.problem.hide()
        else:
            self.problem.show_words("bad", refusal.reason, refusal.mend)
        if self.is_understood is not (refusal is None):
            self.is_understood = refusal is None
            self.understood.emit()


def text_of(editor: Editor) -> str:
    if isinstance(editor, QLineEdit):
        return editor.text()
    return editor.toPlainText() if isinstance(editor, QPlainTextEdit) else editor.currentText()


def _write(editor: Editor, text: str) -> None:
    if isinstance(editor, QLineEdit):
        editor.setText(text)
    elif isinstance(editor, QPlainTextEdit):
        editor.setPlainText(text)
    else:
        editor.setCurrentText(text)
