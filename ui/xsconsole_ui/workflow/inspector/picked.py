"""Values that are picked: yes or no, one of a list, a colour."""

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QColorDialog, QStyle, QStyleOptionComboBox, QStylePainter, QToolButton, QWidget

from xsconsole_ui import pieces, theme
from xsconsole_ui.tick import Tick, state_of
from xsconsole_ui.workflow.forms.editors import Choice, Colour, Editor, Flag
from xsconsole_ui.workflow.inspector.typed import Field, Input

SWATCH = 16  # px
ARROW = 20  # px


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
        self.box.setTristate(False)  # what differed is alike now
        self.tell(Flag(value=self.box.isChecked()).text)
        self.settle()

    def put(self, editor: Editor) -> None:
        if isinstance(editor, Flag):
            self.box.setTristate(editor.value is None)
            self.box.setCheckState(state_of(editor.value))


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
        # Colours that differ have none in common: a pattern stands for them.
        several = QBrush(QColor(theme.colours_of(self.palette()).muted), Qt.BrushStyle.BDiagPattern)
        painter.setBrush(self.colour if self.colour.isValid() else several)
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
        self.line.setPlaceholderText(editor.placeholder)
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
