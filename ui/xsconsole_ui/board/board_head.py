"""The line above the board: which cards are shown, in which groups, as columns or as a list."""

from datetime import UTC, datetime

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from xsconsole.domain.arrangement import Arrangement, Grouping
from xsconsole.domain.board import Card
from xsconsole.domain.card_filter import CARDS
from xsconsole.domain.query.matching import asked_by
from xsconsole_ui import pieces, theme
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.texts import tr

FILTER_WIDTH = 260  # px, at most
GROUPS = {Grouping.NONE: "No groups", Grouping.SERVICE: "By service", Grouping.OWNER: "By owner"}


class BoardHead(QFrame):
    """Asks only; the board does it."""

    changed = Signal()
    left = Signal()  # the keyboard goes back to the cards

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.filter = FilterField(CARDS, self.tr("Filter of the board"), self.tr("Filter cards"), self)
        self.filter.setMaximumWidth(FILTER_WIDTH)
        self.groups = pieces.Choice(self)
        self.groups.setAccessibleName(self.tr("Groups of cards"))
        for grouping in Grouping:
            self.groups.addItem(tr(GROUPS[grouping]), grouping.value)
        self.caption = pieces.label("", "caption", self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        self._row.setSpacing(theme.GAP)
        self._row.addWidget(self.filter, 1)
        self._row.addWidget(self.groups)
        self._row.addWidget(self.caption)
        self._row.addStretch(1)
        self.filter.asked.connect(self.changed)
        self.filter.left.connect(self.left)
        self.filter.entered.connect(self.left)
        self.filter.help_wanted.connect(self._show_help)
        self.groups.activated.connect(self.changed)

    def offer(self, action: QAction) -> None:
        """Put a button for an action at the right end."""
        button = QToolButton(self)
        button.setDefaultAction(action)
        self._row.addWidget(button)

    @property
    def grouping(self) -> Grouping:
        return Grouping(str(self.groups.currentData()))

    def show_arrangement(self, arrangement: Arrangement) -> None:
        self.filter.set_text(arrangement.filter)
        self.groups.setCurrentIndex(self.groups.findData(arrangement.grouping.value))

    def asks_for(self, cards: list[Card]) -> set[str]:
        """Return the ids of those cards that the filter asks for."""
        is_asked = asked_by(self.filter.query, CARDS, datetime.now(UTC))
        return {card.id for card in cards if is_asked(card)}

    def tell(self, shown: int, every: int) -> None:
        """Say how many cards are shown, where the filter hides some."""
        is_cut = shown < every
        self.caption.setText(self.tr("{shown} of {every} shown").format(shown=shown, every=every) if is_cut else "")
        pieces.set_look(self.caption, "warn" if is_cut else "caption")

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.filter.accessibleName(), CARDS, self).show()
