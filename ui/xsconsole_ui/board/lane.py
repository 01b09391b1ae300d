"""One stage on the board: its head, its cards, and its answer while a card is dragged."""

from collections.abc import Collection

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.crowding import crowds
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.workflow import Limits, Stage
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.board.card_delegate import AROUND, CardDelegate
from xsconsole_ui.board.lane_ground import Column, paint_column
from xsconsole_ui.board.lane_model import MIME_TYPE, LaneModel, from_mime
from xsconsole_ui.board.lane_view import LaneView
from xsconsole_ui.board.offer_box import OfferBox
from xsconsole_ui.board.offers import Offer
from xsconsole_ui.board.queue_box import QueueBox
from xsconsole_ui.scrolling import bring_into_sight
from xsconsole_ui.timers import one_shot

LEAST_WIDTH = 164  # px; four stages stand beside each other on a screen of 1366

COLLAPSED = 34  # px, of a column of which only the name is left
WIDEST = 16_777_215  # px, Qt's own for no limit
CROWD_MS = 200  # between two looks at whether more stands here than may
HEAD_SLACK = 6  # px around a text in the head, and what a font's metrics leave out


class Lane(QFrame):
    """A column of one stage. Everything in it is a place to drop on."""

    drag_entered = Signal(object, QPoint)  # Dragged, and where on the screen
    drag_left = Signal()
    drag_moved = Signal(QPoint)  # global
    let_go = Signal(object, QPoint)  # the event of a drop, and where on the screen
    menu_wanted = Signal(QPoint)  # global
    own_menu_wanted = Signal(QPoint)  # global, where there is no card
    collapse_wanted = Signal(bool)

    def __init__(self, stage: Stage, model: LaneModel, delegate: CardDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self.model = model
        self.says = ""  # to the card that is dragged, in one line
        self.is_alone = True  # whether no other stage stands in the same column
        self._is_collapsed = False
        self.setAcceptDrops(True)
        self.setMinimumWidth(LEAST_WIDTH)
        self._name = pieces.ElidedLabel(stage.name, "title", self)
        self._count: QLabel = pieces.label("", "caption", self)
        self.place = pieces.wrapped("", "warn", self)  # why nothing can come here, where its pool is not
        self.place.setContentsMargins(AROUND + 2, theme.SPACE, AROUND + 2, 0)
        self.place.hide()
        self.crowd = pieces.wrapped("", "warn", self)  # of what more stand here than may
        self.crowd.setContentsMargins(AROUND + 2, theme.SPACE, AROUND + 2, 0)
        self.crowd.hide()
        self._may_be_full = stage.limits != Limits()
        self._crowding = one_shot(self, self._show_crowd, CROWD_MS)
        self.freeze = pieces.wrapped("", "muted", self)  # until when nothing is promoted into it, or from when on
        self.freeze.setContentsMargins(AROUND + 2, theme.SPACE, AROUND + 2, 0)
        self.freeze.hide()
        self._offer: Offer | None = None
        self.offer_box = OfferBox(self)
        self.queue_box = QueueBox(self)
        self.view = LaneView(model, delegate, self)
        self.view.setAccessibleName(self.tr("Stage {name}").format(name=stage.name))
        self.view.setAccessibleDescription(stage.description)
        self._lay_out()
        model.rowsInserted.connect(self._count_cards)
        model.rowsRemoved.connect(self._count_cards)
        model.dataChanged.connect(self._look_at_crowd)
        self._count_cards()
        self.setToolTip(stage.description)

    def _lay_out(self) -> None:
        top = QWidget(self)
        top.setFixedHeight(theme.HEADER_HEIGHT + theme.STRIPE)
        head = QHBoxLayout(top)
        head.setContentsMargins(theme.GAP + 2, theme.STRIPE, theme.GAP + 2, 0)
        head.addWidget(self._name, 1)
        head.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, theme.SPACE)
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(self.place)
        column.addWidget(self.crowd)
        column.addWidget(self.freeze)
        column.addWidget(self.queue_box)
        column.addSpacing(theme.GAP + 1)
        column.addWidget(self.view, 1)
        self.offer_box.raise_()

    @property
    def is_collapsed(self) -> bool:
        return self._is_collapsed

    def set_collapsed(self, *, is_collapsed: bool) -> None:
        """Leave only the stage's name of the column. It takes drops all the same."""
        if is_collapsed == self._is_collapsed:
            return
        had_keyboard, self._is_collapsed = self.has_keyboard, is_collapsed
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_collapsed else Qt.FocusPolicy.NoFocus)
        if had_keyboard and is_collapsed:
            self.setFocus()  # before the view is hidden: else the keyboard goes anywhere
        self._shape()
        if had_keyboard and not is_collapsed:
            self.view.setFocus()
            self._stand_on(self.view.currentIndex())
        state = self.tr("collapsed; Ctrl+B opens it") if is_collapsed else ""
        self.setAccessibleName(f"{self.view.accessibleName()}, {state}" if state else "")
        self.view.setAccessibleDescription("\n".join(filter(None, (self.stage.description, state))))

    @property
    def has_keyboard(self) -> bool:
        """Whether a card in it has the keyboard, or it itself while it is collapsed."""
        return self.hasFocus() or self.view.hasFocus()

    def take_keyboard(self) -> None:
        (self if self._is_collapsed else self.view).setFocus()

    def is_in_sight(self, row: int) -> bool:
        """Whether a card is before the user, or only scrolled away."""
        return not self._is_collapsed and not self.model.is_folded(row)

    def fold(self, folded: frozenset[str]) -> None:
        """Fold these groups away and no others; the keyboard stays at a group's name, or enters its first card."""
        current = self.view.currentIndex()
        was_folded = current.isValid() and self.model.is_folded(current.row())
        self.model.fold(folded)
        if current.isValid() and self.model.is_folded(current.row()):
            head = self.model.index(self.view.stop_at(current.row()))
            self.view.selectionModel().setCurrentIndex(head, QItemSelectionModel.SelectionFlag.NoUpdate)
        elif was_folded and self.view.hasFocus():
            self._stand_on(current)

    def light(self, configuration: ConfigurationId, *, is_current: bool) -> None:
        """Select a card beside what is selected, such as one whose place in the column has changed."""
        row, flag = self.model.row_of(configuration), QItemSelectionModel.SelectionFlag
        index, chosen = self.model.index(-1 if row is None else row), self.view.selectionModel()
        if not index.isValid() or self.model.is_folded(index.row()) or chosen.isSelected(index):
            return
        if is_current:
            chosen.setCurrentIndex(index, flag.Select)
        else:
            chosen.select(index, flag.Select)

    def _shape(self) -> None:
        is_narrow = self._is_collapsed
        is_upright = is_narrow and self.is_alone
        for part in (self._name, self._count):
            part.setVisible(not is_upright)
        self.view.setVisible(not is_narrow)
        self.setMinimumWidth(COLLAPSED if is_upright else LEAST_WIDTH)
        self.setMaximumWidth(COLLAPSED if is_upright else WIDEST)
        self.setMaximumHeight(theme.HEADER_HEIGHT + theme.STRIPE if is_narrow and not self.is_alone else WIDEST)
        self.update()

    def show_offer(self, offer: Offer | None, otherwise: str = "") -> None:
        """Show what the column says to a card that is dragged; None: no card is any more, or `otherwise` says it.

        Nothing moves for it: what is under the mouse stays there. A collapsed column says it in its own words.
        """
        self._offer = offer
        self.says = (offer.text if offer is not None else otherwise).replace("\n", " · ")
        self.offer_box.show_offer(None if self._is_collapsed else offer)
        self._place_offer()
        self._count_cards()
        self.update()

    def show_target(self, *, is_target: bool) -> None:
        """Show whether a card that is let go now would be let go here."""
        self.offer_box.set_hovered(is_hovered=is_target)

    def _place_offer(self) -> None:
        if not self.offer_box.isHidden():
            room = self.view.geometry()
            self.offer_box.lie_in(room, room.y() + self.view.end)

    def is_under(self, at: QPoint) -> bool:
        """Whether a place on the screen is in the column as it is seen."""
        return self.visibleRegion().contains(self.mapFromGlobal(at))

    @property
    def head(self) -> str:
        return f"{self._name.whole} {self._count.text()}"

    def show_place(self, refusal: Refused | None) -> None:
        """Say that the pool of the stage is not here, and what to do; None takes that away."""
        text = "" if refusal is None else refusal.reason
        self.place.setText(text)
        self.place.setToolTip("" if refusal is None else refusal.mend)
        self.place.setVisible(bool(text))
        self._describe()

    def show_freeze(self, text: str, whole: str, *, is_frozen: bool) -> None:
        """Say until when nothing is promoted into the stage, or from when on; `whole` says why. Empty takes it away."""
        pieces.set_look(self.freeze, "warn" if is_frozen else "muted")
        self.freeze.setText(text)
        self.freeze.setToolTip(whole or text)
        self.freeze.setVisible(bool(text))
        self._describe()

    def _describe(self) -> None:
        told = (self.stage.description, self.place.text(), self.crowd.text(), self.freeze.text())
        self.view.setAccessibleDescription("\n".join(filter(None, told)))

    @property
    def shown_name(self) -> str:
        """The stage's name as far as there is room for it."""
        return self._name.text()

    @Slot()
    def _count_cards(self) -> None:
        number, limit, most = self.model.rowCount(), self.stage.limits.per_service, self.stage.limits.configurations
        text = str(number) if most is None else self.tr("{n} · at most {most}").format(n=number, most=most)
        if self._is_collapsed and self._offer is not None:
            text = self.tr("yes") if self._offer.is_open else self.tr("no")
        elif limit is not None:
            text = self.tr("{text} · {limit} per service").format(text=text, limit=limit)
        if self.stage.fence is not None and not self._is_collapsed:
            text = self.tr("{text} · fenced").format(text=text)
        # What the stage is called comes first; the limit is still in the tooltip.
        is_cut = self._wide(self._name, self._name.whole) + self._wide(self._count, text) > self._head_room()
        self._count.setText(str(number) if is_cut else text)
        whole = words.count(number, "configuration")
        if most is not None:
            whole += self.tr("; at most {most}").format(most=most)
        if limit is not None:
            whole += self.tr("; at most {limit} of each service").format(limit=limit)
        if self.stage.fence is not None:
            whole += self.tr("; what comes in stands in a fence: {mode}").format(mode=mode_words(self.stage.fence))
        self._count.setToolTip(whole)
        self._count.setAccessibleName(whole)
        self._look_at_crowd()

    @Slot()
    def _look_at_crowd(self) -> None:
        """Look soon whether more stands here than may; many changes of cards arrive together."""
        if self._may_be_full and not self._crowding.isActive():
            self._crowding.start()

    @Slot()
    def _show_crowd(self) -> None:
        crowd = "\n".join(found.sentence for found in crowds(self.stage, (row.card for row in self.model.all_rows)))
        if crowd != self.crowd.text():
            self.crowd.setText(crowd)
            self.crowd.setVisible(bool(crowd))
            self._describe()

    @staticmethod
    def _wide(label: QLabel, text: str) -> int:
        return label.fontMetrics().horizontalAdvance(text) + HEAD_SLACK

    def _head_room(self) -> int:
        return self.width() - 2 * (theme.GAP + 2)

    def select_row(self, row: int) -> None:
        """Select a card, and bring it into sight, or the head of an empty column: a small window does not show all."""
        index = self.model.index(row)
        self._stand_on(index)
        card = self.view.visualRect(index) & self.view.viewport().rect()
        top, height = self.view.y() + card.y(), card.height()
        if card.isEmpty():
            top, height = 0, theme.HEADER_HEIGHT + theme.STRIPE
        bring_into_sight(self, QRect(0, top, self.width(), height))

    def _stand_on(self, index: QModelIndex) -> None:
        """Select a card alone; the view itself would only toggle it while Ctrl is held."""
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    @property
    def chosen(self) -> tuple[Card, ...]:
        """The cards that are selected in it, from the first to the last."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        cards = (self.model.card_at(self.model.index(row)) for row in rows)
        return tuple(card for card in cards if card is not None)

    def choose(self, chosen: Collection[ConfigurationId]) -> None:
        """Select those of these cards that stand here, and no others."""
        model = self.view.selectionModel()
        model.clearSelection()
        for configuration in chosen:
            row = self.model.row_of(configuration)
            if row is not None:
                model.select(self.model.index(row), QItemSelectionModel.SelectionFlag.Select)

    def clear_selection(self) -> None:
        self.view.selectionModel().clear()
        self.view.setCurrentIndex(QModelIndex())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        dragged = from_mime(event.mimeData()) if event.mimeData().hasFormat(MIME_TYPE) else None
        if dragged is None:
            event.ignore()
            return
        self.drag_entered.emit(dragged, self.mapToGlobal(event.position().toPoint()))
        self._answer(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.drag_moved.emit(self.mapToGlobal(event.position().toPoint()))
        self._answer(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self.drag_left.emit()

    def dropEvent(self, event: QDropEvent) -> None:
        self.let_go.emit(event, self.mapToGlobal(event.position().toPoint()))

    def take(self, event: QDropEvent) -> None:
        """Take what is let go here, where that can be."""
        mime, action, nowhere = event.mimeData(), Qt.DropAction.MoveAction, QModelIndex()
        if not self.model.canDropMimeData(mime, action, -1, -1, nowhere):
            event.ignore()
            return
        event.acceptProposedAction()
        self.model.dropMimeData(mime, action, -1, -1, nowhere)

    def _answer(self, event: QDragMoveEvent) -> None:
        may = self.model.canDropMimeData(event.mimeData(), Qt.DropAction.MoveAction, -1, -1, QModelIndex())
        # An entering drag is accepted even where a drop is not: else its moves and its leaving are not heard of.
        if may or isinstance(event, QDragEnterEvent):
            event.acceptProposedAction()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._count_cards()
        self._place_offer()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = self.view.viewport().mapFromGlobal(event.globalPos())
        index = self.view.indexAt(at)
        if not index.isValid() and event.reason() == QContextMenuEvent.Reason.Mouse:
            self.own_menu_wanted.emit(event.globalPos())
            return
        if index.isValid() and not self.view.selectionModel().isSelected(index):
            self.view.setCurrentIndex(index)
        self.menu_wanted.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        column = Column(
            name=self._name.whole,
            number=self.model.rowCount(),
            colour=self.stage.colour,
            offer=self._offer if self._is_collapsed else None,
            is_upright=self._is_collapsed and self.is_alone,
            has_keyboard=self.hasFocus(),
        )
        with QPainter(self) as painter:
            paint_column(painter, self.rect(), event.rect(), column, theme.colours_of(self.palette()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on to other columns from one that is collapsed; where cards are, their list hears the keys."""
        is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_plain and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.view.walked.emit(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        bring_into_sight(self, self.rect())
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Collapse the column by its head, or open it."""
        if self._is_collapsed or event.position().y() < theme.HEADER_HEIGHT + theme.STRIPE:
            self.collapse_wanted.emit(not self._is_collapsed)
        super().mouseDoubleClickEvent(event)
