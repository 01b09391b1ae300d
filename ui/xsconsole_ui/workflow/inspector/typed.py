"""Values that are typed: words, lines, numbers, spans, times. Undo in their fields is the draft's."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from xsconsole_ui import theme
from xsconsole_ui.workflow.forms.editors import Clock, Editor, Lines, Number, Span, Words

SHORT_WIDTH = 12  # characters, of numbers, spans and times
LONG_LINES = 2
MOST_LINES = 8
UNDOING = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class Input(QWidget):
    """Shows a value and tells what is typed. What the user is typing is not overwritten by what came of it."""

    typed = Signal(str)  # at each change by the user
    left = Signal()  # the keyboard went elsewhere, or Enter: what was typed is whole

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Editor | None = None
        self._is_writing = False
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.SPACE)

    @property
    def control(self) -> QWidget:
        """The part that has the keyboard."""
        raise NotImplementedError

    def show_value(self, editor: Editor) -> None:
        """Show another value, unless it is what was just typed here."""
        if editor == self._shown:
            return
        is_own = self._is_writing
        self._shown = editor
        if not is_own:
            self.put(editor)

    def put(self, editor: Editor) -> None:
        raise NotImplementedError

    def tell(self, text: str) -> None:
        self._is_writing = True
        try:
            self.typed.emit(text)
        finally:
            self._is_writing = False

    def settle(self) -> None:
        """End the step, and show what the draft really holds now."""
        self.left.emit()
        if self._shown is not None:
            self.put(self._shown)


class DraftUndo(QObject):
    """Passes the keys of undo and redo by a field of text, which would undo its own typing: they are the draft's."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_key = event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if is_key and isinstance(event, QKeyEvent) and any(event.matches(key) for key in UNDOING):
            event.ignore()  # so the widgets around are asked
            return True
        return super().eventFilter(watched, event)


class Field(QLineEdit):
    """A line whose undo is the draft's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "field")
        self.installEventFilter(DraftUndo(self))


class LineInput(Input):
    """Words, numbers, spans, times."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = Field(self)
        if isinstance(editor, Number | Span | Clock):
            self.line.setMaximumWidth(self.line.fontMetrics().averageCharWidth() * SHORT_WIDTH * 2)
        self.row.addWidget(self.line, 1)
        self.row.setAlignment(self.line, Qt.AlignmentFlag(0))
        if isinstance(editor, Number | Span | Clock):
            self.row.addStretch(0)
        self.line.textEdited.connect(self.tell)
        self.line.editingFinished.connect(self.settle)

    @property
    def control(self) -> QWidget:
        return self.line

    def put(self, editor: Editor) -> None:
        if self.line.text() != editor.text:
            self.line.setText(editor.text)
            self.line.setCursorPosition(0)
        match editor:
            case Number(none=none) | Span(none=none):
                self.line.setPlaceholderText(none)
            case Words(placeholder=placeholder):
                self.line.setPlaceholderText(placeholder)
            case _:
                pass


class Paper(QPlainTextEdit):
    """Several lines; Tab goes on to the next field."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "field")
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.installEventFilter(DraftUndo(self))
        self.textChanged.connect(self._fit)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        needed = round(self.document().size().height())  # lines, as they are broken
        lines = min(MOST_LINES, max(LONG_LINES, needed))
        # One that comes for a moment, until the field is as high as it needs, would leave the lines as it broke them.
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if needed > MOST_LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2 * theme.GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.left.emit()


class PaperInput(Input):
    """Long words, and lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paper = Paper(self)
        self.row.addWidget(self.paper)
        self._is_putting = False
        self.paper.textChanged.connect(self._tell)
        self.paper.left.connect(self.settle)

    @property
    def control(self) -> QWidget:
        return self.paper

    @Slot()
    def _tell(self) -> None:
        if not self._is_putting:
            self.tell(self.paper.toPlainText())

    def put(self, editor: Editor) -> None:
        if isinstance(editor, Words | Lines):
            self.paper.setPlaceholderText(editor.placeholder)
        if self.paper.toPlainText() != editor.text:
            self._is_putting = True
            self.paper.setPlainText(editor.text)
            self._is_putting = False
