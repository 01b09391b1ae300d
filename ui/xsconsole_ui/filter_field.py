"""The one field to filter a list by: completes names and values, says what is wrong, and explains itself."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from xsconsole.domain.query.completion import Completion, Proposal, complete
from xsconsole.domain.query.fields import Schema
from xsconsole.domain.query.parser import Fault, Parsed, parse_typed
from xsconsole.domain.query.values import EVERYTHING, Query
from xsconsole_ui import pieces, theme
from xsconsole_ui.found_values import FoundValues
from xsconsole_ui.texts import tr

T = TypeVar("T")
Index = QModelIndex | QPersistentModelIndex

ABOUT_ROLE = Qt.ItemDataRole.UserRole + 1
POPUP_WIDTH = 340  # px
MOST_SHOWN = 10
TYPED_BEFORE_PROPOSING = 2  # letters of a field's name
AT_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
AT_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
HERE = Qt.ShortcutContext.WidgetShortcut


class FilterField(QWidget, Generic[T]):
    """A line to type into, and below it, only while something is wrong, a sentence.

    `asked` tells each new query; what is only half typed tells none, and what is wrong keeps the one before.
    """

    asked = Signal(object)  # Query
    left = Signal()  # Esc, where there was nothing more to clear
    entered = Signal()  # Down or Enter: the list is wanted
    help_wanted = Signal()

    def __init__(
        self,
        schema: Schema[T],
        name: str,
        placeholder: str,
        parent: QWidget | None = None,
        *,
        values: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        """`values` gives what there is in a field now."""
        super().__init__(parent)
        self._schema = schema
        self._query: Query = EVERYTHING
        self._parsed = Parsed(query=EVERYTHING)
        self._completion = Completion(start=0, end=0, proposals=())
        self._found = FoundValues(values, self)
        self._found.completed.connect(self._propose_again)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(name)
        self.line.setAccessibleDescription(self.tr("F1 lists the fields, Ctrl+Space completes."))
        self.line.setToolTip(self.tr("F1 lists the fields, Ctrl+Space completes."))
        self.line.setClearButtonEnabled(True)
        self.fault = pieces.wrapped("", "bad", self)
        self.fault.hide()
        self._proposals = _Proposals(self)
        self._completer = QCompleter(self._proposals, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setWidget(self.line)
        self.popup = _popup()
        self._completer.setPopup(self.popup)  # which owns it from now on, and takes its delegate away
        self.popup.setItemDelegate(_ProposalDelegate(self.popup))
        self._completer.activated[QModelIndex].connect(self._take)  # type: ignore[index]  # one of two signatures
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.line)
        column.addWidget(self.fault)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(self._read)
        self.line.textEdited.connect(self._propose)
        self.line.cursorPositionChanged.connect(self._look_again)
        self.line.installEventFilter(self)
        # The context is set afterwards: as an argument beside a slot it is lost, and the keys would be the window's.
        for keys, slot in ((QKeySequence("Ctrl+Space"), self.propose), (QKeySequence("F1"), self.help_wanted.emit)):
            QShortcut(keys, self.line, slot).setContext(HERE)

    @property
    def query(self) -> Query:
        return self._query

    @property
    def parsed(self) -> Parsed:
        """What the text means as it stands, with its fault."""
        return self._parsed

    def text(self) -> str:
        return self.line.text()

    def set_text(self, text: str) -> None:
        self.line.setText(text)

    def clear(self) -> None:
        self.line.clear()

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What is offered below the line now."""
        return self._completion.proposals if self.popup.isVisible() else ()

    @Slot()
    def propose(self) -> None:
        """Offer what can stand here, however little was typed, and what has come until now."""
        self._offer(complete(self.line.text(), self.line.cursorPosition(), self._schema, self._found.anew))

    @Slot()
    def _propose(self) -> None:
        found = complete(self.line.text(), self.line.cursorPosition(), self._schema, self._found.of)
        typed = self.line.text()[found.start : found.end]
        is_value = found.start > 0 and self.line.text()[found.start - 1] in ":=<>"
        is_done = any(proposal.text.casefold() == typed.casefold() for proposal in found.proposals)
        if (is_value or len(typed) >= TYPED_BEFORE_PROPOSING) and not is_done:
            self._offer(found)
        else:
            self.popup.hide()

    @Slot()
    def _propose_again(self) -> None:
        """Offer also what was found after the last key."""
        if self.line.hasFocus() and self.line.text():
            self._propose()

    def _offer(self, completion: Completion) -> None:
        self._completion = completion
        self._proposals.show(completion.proposals)
        if not completion.proposals:
            self.popup.hide()
            return
        before = QFontMetrics(self.line.font()).horizontalAdvance(self.line.text()[: completion.start])
        left = max(0, min(before, self.line.width() - 60))
        self._completer.setMaxVisibleItems(MOST_SHOWN)
        self._completer.complete(QRect(left, 0, POPUP_WIDTH, self.line.height() + theme.SPACE // 2))

    @Slot(QModelIndex)
    def _take(self, index: QModelIndex) -> None:
        proposal = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(proposal, Proposal):
            text, caret = self._completion.applied(self.line.text(), proposal)
            self.line.setText(text)
            self.line.setCursorPosition(caret)

    @Slot()
    def _read(self) -> None:
        self._parsed = parse_typed(self.line.text(), self.line.cursorPosition(), self._schema)
        self._show_fault()
        if self._parsed.query is not None and self._parsed.query != self._query:
            self._query = self._parsed.query
            self.asked.emit(self._query)

    @Slot()
    def _look_again(self) -> None:
        """Say what was withheld while it was being typed."""
        if self._parsed.fault is not None:
            self._read()

    def _show_fault(self) -> None:
        fault = self._parsed.fault
        text = _told(fault) if fault is not None and self._parsed.is_wrong else ""
        self.fault.setText(text)
        self.fault.setVisible(bool(text))
        self.line.setAccessibleDescription(text or self.tr("F1 lists the fields, Ctrl+Space completes."))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            match event.key():
                case Qt.Key.Key_Escape:
                    self.line.clear()
                    self.left.emit()
                    return True
                case Qt.Key.Key_Down | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self.entered.emit()
                    return True
        return super().eventFilter(watched, event)


def _told(fault: Fault) -> str:
    return pieces.joined(fault.sentence, fault.mend)


def _popup() -> QListView:
    view = QListView()
    view.setUniformItemSizes(True)
    view.setItemDelegate(_ProposalDelegate(view))
    view.setAccessibleName(tr("Proposals"))
    view.setProperty("look", "proposals")
    return view


class _Proposals(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Proposal, ...] = ()

    def show(self, rows: tuple[Proposal, ...]) -> None:
        # A list of a dozen that is another one after each key: the completer asks for it as a whole.
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.text}, {tr(row.about)}"
            case Qt.ItemDataRole.UserRole:
                return row
            case _ if role == ABOUT_ROLE:
                return tr(row.about)
            case _:
                return None


class _ProposalDelegate(QStyledItemDelegate):
    """Paints a dozen lines after each key, beside all else that a key brings about: what lasts is made once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text, self._caption = theme.text_font(), theme.caption_font()
        self._text_metrics, self._caption_metrics = QFontMetrics(self._text), QFontMetrics(self._caption)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.colours_of(option.palette)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.fillRect(area, QColor(colours.accent_soft if is_chosen else colours.surface))
        words = area.adjusted(theme.GAP, 0, -theme.GAP, 0)
        painter.setFont(self._text)
        painter.setPen(QColor(colours.text))
        text = str(index.data() or "")
        painter.drawText(words, AT_LEFT, text)
        room = words.width() - self._text_metrics.horizontalAdvance(text) - theme.MARGIN
        painter.setFont(self._caption)
        painter.setPen(QColor(colours.muted))
        told = str(index.data(ABOUT_ROLE) or "")
        about = self._caption_metrics.elidedText(told, Qt.TextElideMode.ElideRight, max(0, room))
        painter.drawText(words, AT_RIGHT, about)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(POPUP_WIDTH - 4, theme.ROW_HEIGHT)
