"""The cards of one stage, as the hands know them: keys, clicks, and the beginning of a drag."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QCursor, QDrag, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.board.card_delegate import CardDelegate, card_area
from xsconsole_ui.board.card_list import CardList
from xsconsole_ui.board.lane_model import Dragged, LaneModel, from_mime, to_mime

DRAGGED_OPACITY = 0.55


class LaneView(CardList):
    """The cards of one stage. Arrows that leave the list are passed on as a wish to walk."""

    walked = Signal(int)  # -1 left, 1 right
    opened = Signal()
    drag_began = Signal(object)  # Dragged
    drag_ended = Signal(object)  # QPoint, global, where it was let go; None where it was given up
    fold_wanted = Signal(str, bool)  # a group, and whether it is to be folded away

    def __init__(self, model: LaneModel, delegate: CardDelegate, parent: QWidget | None = None) -> None:
        super().__init__(model, delegate, parent)
        # The whole column takes drops, not only its list.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)
        self.setProperty("look", "cards")
        self._pressed = QPoint()
        self._is_adding = self._is_dragging = False
        self.companions: Callable[[Card], tuple[tuple[ConfigurationId, int], ...]] = _alone
        self.doubleClicked.connect(self._open)

    @property
    def is_adding(self) -> bool:
        """Whether what the user does now leaves what is selected in other columns."""
        return self._is_adding

    @property
    def is_dragging(self) -> bool:
        """Whether a drag of it is going on: until `drag_ended` Qt is in the midst of its mouse event."""
        return self._is_dragging

    @property
    def is_current_chosen(self) -> bool:
        return self.selectionModel().isSelected(self.currentIndex())

    def _fold_current(self, *, is_folded: bool) -> bool:
        """Fold the group of the current card away, or out again; whether there is one."""
        row = self.currentIndex().row()
        group = self._cards.group_at(row) if row >= 0 else None
        if group is not None:
            self.fold_wanted.emit(group, is_folded)
        return group is not None

    @contextmanager
    def _adding(self, modifiers: Qt.KeyboardModifier) -> Iterator[None]:
        self._is_adding = bool(modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
        try:
            yield
        finally:
            self._is_adding = False

    @Slot()
    def _open(self) -> None:
        self.opened.emit()

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        del supportedActions
        index = self.currentIndex()
        card = self._cards.card_at(index)
        if card is None:
            return
        drag = self.drag_of(index)
        dragged = from_mime(drag.mimeData())
        if dragged is None:
            return
        self._is_dragging = True
        try:
            self.drag_began.emit(dragged)
            drag.exec(Qt.DropAction.MoveAction)
        finally:
            self._is_dragging = False
        is_let_go = QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton  # Esc leaves the button pressed
        self.drag_ended.emit(QCursor.pos() if is_let_go else None)

    def give_up_drag(self) -> None:
        """Let the drag that goes on here, if there is one, end without a drop."""
        if self._is_dragging:
            QDrag.cancel()

    def drag_of(self, index: QModelIndex) -> QDrag:
        """Return the drag of a card: it hangs where it was taken, and lets the answers below it be read."""
        area = card_area(self.visualRect(index))
        drag = QDrag(self)
        card = self._cards.card_at(index)
        also = self.companions(card) if card is not None and self.selectionModel().isSelected(index) else ()
        if card is not None:
            drag.setMimeData(to_mime(Dragged(configuration=card.id, revision=card.revision, also=also)))
        drag.setPixmap(_seen_through(self.viewport().grab(area)))
        taken = self._pressed - area.topLeft()
        drag.setHotSpot(QPoint(min(max(taken.x(), 0), area.width()), min(max(taken.y(), 0), area.height())))
        return drag

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        group = self.head_under(self._pressed)
        if group is not None:
            self.fold_wanted.emit(group, group not in self._cards.folded)
            event.accept()
            return
        with self._adding(event.modifiers()):
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        with self._adding(event.modifiers()):
            super().mouseReleaseEvent(event)
        point = event.position().toPoint()
        card, leads = self._cards.card_at(self.indexAt(point)), self._leads_at(point)
        is_plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if card is not None and leads and is_plain and leads == self._leads_at(self._pressed):
            self._faces.chip_clicked.emit(card.id, leads)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        is_plain = not modifiers & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if is_plain:
                self.walked.emit(-1 if key == Qt.Key.Key_Left else 1)
            else:
                event.ignore()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and is_plain:
            self.opened.emit()
        elif key == Qt.Key.Key_Escape:
            event.ignore()
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Plus) and self._fold_current(is_folded=key == Qt.Key.Key_Minus):
            event.accept()
        else:
            with self._adding(modifiers):
                super().keyPressEvent(event)


def _alone(card: Card) -> tuple[tuple[ConfigurationId, int], ...]:
    del card
    return ()


def _seen_through(picture: QPixmap) -> QPixmap:
    pale = QPixmap(picture.size())
    pale.setDevicePixelRatio(picture.devicePixelRatio())
    pale.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pale)
    painter.setOpacity(DRAGGED_OPACITY)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return pale
