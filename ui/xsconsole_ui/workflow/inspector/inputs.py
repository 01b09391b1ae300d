"""The widgets in which one value is edited, each for its kind of value."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from xsconsole_ui import pieces, theme
from xsconsole_ui.tick import Tick
from xsconsole_ui.workflow.forms.editors import Choice, Clock, Colour, Editor, Flag, Lines, Number, Span, Words

SHORT_WIDTH = 12  # characters, of numbers, spans and times
LONG_LINES = 2
MOST_LINES = 8
SWATCH = 16  # px
ARROW = 20  # px
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


class Field(QLineEdit):
    """A line whose undo is the draft's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "field")

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_undoing(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_undoing(event):
            event.ignore()
            return
        super().keyPressEvent(event)


def is_undoing(event: QKeyEvent) -> bool:
    return any(event.matches(key) for key in UNDOING)


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
        self.textChanged.connect(self._fit)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        lines = min(MOST_LINES, max(LONG_LINES, round(self.document().size().height())))  # as they are broken
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2 * theme.GAP)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and is_undoing(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_undoing(event):
            event.ignore()
            return
        super().keyPressEvent(event)

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


class FlagInput(Input):
    """Yes or no, with its name beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = Tick(name.replace("&", "&&"), self)
        self.row.addWidget(self.box, 1)
        self.box.clicked.connect(self._tell)

    @property
    def control(self) -> QWidget:
        return self.box

    @Slot()
    def _tell(self) -> None:
        self.tell(Flag(value=self.box.isChecked()).text)
        self.settle()

    def put(self, editor: Editor) -> None:
        if isinstance(editor, Flag):
            self.box.setChecked(editor.value)


class List(pieces.Choice):
    """A list that is read anew when it opens, and that the wheel does not turn while the page is scrolled."""

    opening = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "field")
        self.setSizeAdjustPolicy(pieces.Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def showPopup(self) -> None:
        self.opening.emit()
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 2 * theme.MARGIN)
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.width() - ARROW - 2 * theme.GAP
        text = self.currentText()
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        pieces.paint_arrow(self, painter)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ChoiceInput(Input):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = List(self)
        self.row.addWidget(self.list, 1)
        self.list.opening.connect(self._renew)
        self.list.activated.connect(self._tell)

    @property
    def control(self) -> QWidget:
        return self.list

    @Slot(int)
    def _tell(self, at: int) -> None:
        key = str(self.list.itemData(at))
        if isinstance(self._shown, Choice) and key != self._shown.value:
            self.tell(key)
        self.settle()

    @Slot()
    def _renew(self) -> None:
        if self._shown is not None:
            self.put(self._shown)

    def put(self, editor: Editor) -> None:
        assert isinstance(editor, Choice)
        options = editor.options()
        rows = [
            (f"{option.words} · {option.aside}" if option.aside else option.words, option.key) for option in options
        ]
        if all(key != editor.value for _, key in rows):
            rows.insert(0, (editor.words, editor.value))
        if rows != [(self.list.itemText(at), self.list.itemData(at)) for at in range(self.list.count())]:
            self.list.clear()
            for words, key in rows:
                self.list.addItem(words, key)
        self.list.setCurrentIndex(next(at for at, (_, key) in enumerate(rows) if key == editor.value))
        self.list.setToolTip(pieces.hint(editor.words))


class Swatch(QToolButton):
    """Shows a colour and opens the choice of others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = QColor()
        self.setAccessibleName(self.tr("Choose a colour"))
        self.setToolTip(self.tr("Choose a colour"))

    def sizeHint(self) -> QSize:
        return QSize(SWATCH + 2 * theme.SPACE, SWATCH + 2 * theme.SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.colours_of(self.palette()).outline))
        painter.setBrush(self.colour)
        middle = self.rect().center()
        area = QRect(0, 0, SWATCH, SWATCH)
        area.moveCenter(middle)
        painter.drawRoundedRect(area, theme.RADIUS_SMALL, theme.RADIUS_SMALL)


class ColourInput(Input):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = Field(self)
        self.swatch = Swatch(self)
        self.row.addWidget(self.swatch)
        self.row.addWidget(self.line, 1)
        self.line.textEdited.connect(self.tell)
        self.line.editingFinished.connect(self.settle)
        self.swatch.clicked.connect(self._choose)

    @property
    def control(self) -> QWidget:
        return self.line

    def put(self, editor: Editor) -> None:
        assert isinstance(editor, Colour)
        if self.line.text() != editor.value:
            self.line.setText(editor.value)
        self._dye(editor.value)

    def show_value(self, editor: Editor) -> None:
        super().show_value(editor)
        self._dye(editor.text)

    def _dye(self, name: str) -> None:
        self.swatch.colour = QColor(name)
        self.swatch.update()

    @Slot()
    def _choose(self) -> None:
        dialog = QColorDialog(self.swatch.colour, self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._take)
        dialog.open()

    @Slot(QColor)
    def _take(self, colour: QColor) -> None:
        self.tell(colour.name())
        self.settle()


def input_for(editor: Editor, name: str, parent: QWidget) -> Input:
    """Return the widget for a kind of value."""
    match editor:
        case Words(is_long=True) | Lines():
            return PaperInput(parent)
        case Flag():
            return FlagInput(name, parent)
        case Choice():
            return ChoiceInput(parent)
        case Colour():
            return ColourInput(parent)
        case _:
            return LineInput(editor, parent)
