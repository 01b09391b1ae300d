"""What the columns do not show: clones with a member's mark, cards of stages that are gone, pools of other versions."""

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from xsconsole.domain import words
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.estate import Differing
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole_ui import pieces, theme
from xsconsole_ui.texts import tr


class LeftoverBand(QFrame):
    """A slim line for each kind of leftover, with the way out of it. Hidden while there is none."""

    adopt_wanted = Signal()
    clean_wanted = Signal()
    card_wanted = Signal(object)  # ConfigurationId
    publish_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board: Board | None = None
        self.setProperty("look", "header")
        self.strays = _Leftover(self.tr("Adopt…"), self)
        self.homeless = _Leftover(self.tr("Show"), self)
        self.unreadable = _Leftover("", self)
        self.differing = _Leftover(self.tr("Bring together…"), self)
        self.differing.button.clicked.connect(self.publish_wanted)
        self.strays.button.clicked.connect(self.adopt_wanted)
        self.clean = self.strays.add_button(self.tr("Clean…"))
        self.clean.clicked.connect(self.clean_wanted)
        self.homeless.button.clicked.connect(self._show_homeless)
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        column.setSpacing(0)
        for line in (self.differing, self.strays, self.homeless, self.unreadable):
            column.addWidget(line)
        self.hide()

    def show_board(self, board: Board, differing: Differing | None = None) -> None:
        self._board = board
        self.differing.show_text("" if differing is None else differing.sentence)
        if differing is not None and all(own is None for _, own in differing.pools):
            self.differing.button.setText(self.tr("Publish there…"))
            self.differing.button.setToolTip(self.tr("Shows what publishing it to that pool would do."))
        elif differing is not None and len(differing.unreached) == len(differing.pools):
            self.differing.button.setText(self.tr("Show the workflow"))
            self.differing.button.setToolTip(
                self.tr("Let one of its stages live in that pool; then publishing brings them together.")
            )
        else:
            self.differing.button.setText(self.tr("Bring together…"))
            self.differing.button.setToolTip(
                self.tr("Shows the workflow, to publish its newest version to the pools that its stages live in.")
            )
        strays = ", ".join(shortened(stray.name) for stray in board.strays)
        self.strays.show_text(
            self.tr("{count} with the mark of another VM, as clones have: {strays}").format(
                count=words.count(len(board.strays), "VM"), strays=strays
            )
            if strays
            else ""
        )
        homeless = _left_over(board)
        names = ", ".join(_homeless_name(card, board) for card in homeless)
        self.homeless.button.setText(self.tr("Show…") if len(homeless) > 1 else self.tr("Show"))
        self.homeless.button.setToolTip(
            self.tr(
                "Selects it: what it is, and how to resume or undo an interrupted run of it, stands in the inspector."
            )
        )
        where = (
            self.tr("In a stage that this workflow does not have: {names}")
            if any(card.stage for card in homeless)
            else self.tr("In no stage: {names}")
        )
        self.homeless.show_text(where.format(names=names) if names else "")
        unreadable = ", ".join(board.unreadable)
        self.unreadable.show_text(
            self.tr("Not readable here, written by a newer console or damaged: {unreadable}").format(
                unreadable=unreadable
            )
            if unreadable
            else ""
        )
        self.setVisible(any(line.text for line in (self.differing, self.strays, self.homeless, self.unreadable)))

    def permit(self, why_not: str) -> None:
        """Let clones be adopted and cleaned, or say why not; empty where they can be."""
        for button in (self.strays.button, self.clean):
            button.setEnabled(not why_not)
            button.setToolTip(why_not)

    @property
    def menu(self) -> QMenu:
        """The choice among several cards of stages that are gone."""
        return self._menu

    @Slot()
    def _show_homeless(self) -> None:
        """Ask for the card to be shown; of several, ask which."""
        homeless = _left_over(self._board) if self._board is not None else ()
        if len(homeless) == 1:
            self.card_wanted.emit(homeless[0].id)
        elif homeless and self._board is not None:
            self._menu.clear()
            for card in sorted(homeless, key=lambda card: (natural(card.name), card.id)):
                action = QAction(_homeless_name(card, self._board).replace("&", "&&"), self._menu)
                action.setData(str(card.id))
                self._menu.addAction(action)
            button = self.homeless.button
            self._menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self.card_wanted.emit(ConfigurationId(str(action.data())))


def _left_over(board: Board) -> tuple[Card, ...]:
    """Return cards of stages that are gone; what stands nowhere, such as a trial, only once it is cut off."""
    found = board.homeless if board.workflow is not None else ()
    return tuple(card for card in found if card.stage or card.standing is not Standing.RUNNING)


def _homeless_name(card: Card, board: Board) -> str:
    stands = shortened(board.stage_name(card.stage))
    if not stands and card.standing is Standing.INTERRUPTED:
        return tr("{name} (interrupted)").format(name=shortened(card.name))
    if card.standing is Standing.INTERRUPTED:
        stands = tr("{stage}, interrupted").format(stage=stands)
    return f"{shortened(card.name)} ({stands})"


class _Leftover(QWidget):
    def __init__(self, button: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._mark = pieces.label("!", "warn", self)
        self._text = pieces.ElidedLabel("", "", self)
        self.button = pieces.button(button, "quiet", self)
        self.button.setVisible(bool(button))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        row.addWidget(self.button)

    def add_button(self, text: str) -> QPushButton:
        """Return a second way out."""
        added = pieces.button(text, "quiet", self)
        self._row.addWidget(added)
        return added

    @property
    def text(self) -> str:
        return self._text.whole

    def show_text(self, text: str) -> None:
        self._text.show_text(text)
        self.setVisible(bool(text))
