"""How a row of the outline is painted and edited in place."""

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    QTimer,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.tick import paint_tick, state_of
from xsconsole_ui.workflow.forms.editors import Choice, Flag, Lines, Words
from xsconsole_ui.workflow.forms.node import Node, Shape
from xsconsole_ui.workflow.outline.model import NODE_ROLE, Column

Index = QModelIndex | QPersistentModelIndex
PAPER_HEIGHT = 84  # px
PADDING = 4  # px, left and right of words
STRONG = frozenset({Shape.WORKFLOW, Shape.STAGE})


def fitted(text: str, short: str, metrics: QFontMetrics, width: int) -> str:
    """Return the words as there is room for them: whole, else what is short for them, else ended by an ellipsis."""
    for words in filter(None, (text, short)):
        if metrics.horizontalAdvance(words) <= width:
            return words  # Qt would end it by an ellipsis all the same where its width is a fraction above
    return metrics.elidedText(short or text, Qt.TextElideMode.ElideRight, width)


class OpenList(pieces.Choice):
    """Opens at once: closed, the first arrow would take the next value already."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.showPopup)  # when the view has put it in its place


class OutlineDelegate(QStyledItemDelegate):
    """Paints in the colours of the theme. `check` answers why what is typed cannot be; it is asked at each key."""

    def __init__(self, check: Callable[[Node, str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._check = check

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ask the model as little as it takes: the style would ask it for ten things a cell, each in Python."""
        colours = theme.colours_of(option.palette)
        state: QStyle.StateFlag = option.state
        ground = colours.accent_soft if state & QStyle.StateFlag.State_Selected else colours.surface
        if ground != colours.surface:
            painter.fillRect(option.rect, QColor(ground))
        node: Node | None = index.data(NODE_ROLE)
        room = option.rect.adjusted(PADDING, 0, -PADDING, 0)
        is_name = index.column() == Column.WHAT
        if node is not None and is_name and isinstance(node.editor, Flag):
            box = self._box(option, index)
            painter.fillRect(box, QColor(ground))
            paint_tick(painter, box, colours, state_of(node.editor.value))
            room.setLeft(box.right() + 2 * PADDING)
        font = theme.text_font(is_bold=node is not None and node.shape in STRONG and is_name)
        tone = index.data(TONE_ROLE)
        painter.setFont(font)
        painter.setPen(QColor(getattr(colours, tone) if tone else colours.text))
        text = one_line(str(index.data() or ""))
        shown = fitted(text, node.short if node is not None and is_name else "", QFontMetrics(font), room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(option.rect), colours)

    def _box(self, option: QStyleOptionViewItem, index: Index) -> QRect:
        """Return where the style puts the box that is ticked: there it takes the click."""
        filled = QStyleOptionViewItem(option)
        self.initStyleOption(filled, index)
        view = option.widget
        style = view.style() if view is not None else QApplication.style()
        return style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, filled, view)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        node: Node | None = index.data(NODE_ROLE)
        editor: QWidget
        match node.editor if node is not None else None:
            case Choice(options=options, value=value, words=words):
                editor = self._list(
                    parent, [(option.key, option.words, option.aside) for option in options()], value, words
                )
            case Words(is_long=True) | Lines():
                paper = QPlainTextEdit(parent)
                paper.setTabChangesFocus(True)
                editor = paper
            case _:
                line = QLineEdit(parent)
                line.textEdited.connect(lambda text: node is not None and self._check(node, text))
                editor = line
        del option
        editor.setProperty("look", "field")
        editor.setAccessibleName(node.name if node is not None else "")
        return editor

    def _list(self, parent: QWidget, rows: list[tuple[str, str, str]], value: str, words: str) -> QComboBox:
        made = OpenList(parent)
        if all(key != value for key, _, _ in rows):
            rows = [(value, words, ""), *rows]
        for key, name, aside in rows:
            made.addItem(f"{name} · {aside}" if aside else name, key)
        made.setCurrentIndex(made.findData(value))
        made.activated.connect(lambda _: self._take(made))
        return made

    def _take(self, editor: QWidget) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        text = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QPlainTextEdit):
            editor.setPlainText(text)
            editor.selectAll()
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            node: Node | None = index.data(NODE_ROLE)
            key = str(editor.currentData())
            if node is not None and isinstance(node.editor, Choice) and key != node.editor.value:
                model.setData(index, key)
        elif isinstance(editor, QPlainTextEdit):
            model.setData(index, editor.toPlainText())
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRect(option.rect)
        if isinstance(editor, QPlainTextEdit):
            view = option.widget
            room = view.rect().bottom() - area.top() if view is not None else PAPER_HEIGHT
            area.setHeight(PAPER_HEIGHT)
            if room < PAPER_HEIGHT:
                area.moveBottom(option.rect.bottom())
        if index.column() == Column.WHAT:
            area.setWidth(max(area.width(), 160))
        editor.setGeometry(area)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        # Enter begins a line in a text of several; with Ctrl it ends the editing.
        if isinstance(editor, QPlainTextEdit) and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                return False
            if is_enter:
                self._take(editor)
                return True
        return super().eventFilter(editor, event)
