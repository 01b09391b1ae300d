"""What can be done to what is selected in a list: buttons in a row of their own, and lines of its menu."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLayout, QWidget

from xsconsole_ui import pieces
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.dense_table import DenseTable


def allow(action: QAction, why_not: str) -> None:
    """Let it be done, or say why it cannot be."""
    action.setEnabled(not why_not)
    action.setToolTip(pieces.hint(why_not))


class ListActs:
    """Puts the acts on the rows of `view` into `row`: beside the filter they would widen a small window."""

    def __init__(self, view: DenseTable, row: QLayout, owner: QWidget) -> None:
        self._view, self._row, self._owner = view, row, owner

    def offer(self, text: str, perform: object) -> QAction:
        """Offer an act as a button, and in the menu."""
        action = QAction(text, self._owner)
        action.triggered.connect(perform)
        self.show(action)
        return action

    def offer_in_menu(self, text: str, perform: object) -> QAction:
        """Offer it in the menu only: the row is wide enough."""
        action = QAction(text, self._owner)
        action.triggered.connect(perform)
        self._view.add_context_action(action)
        return action

    def show(self, action: QAction) -> None:
        """Show an act of somebody else in the same way."""
        self._row.addWidget(ActionButton(action, "", self._owner, home=self._view))
        self._view.add_context_action(action)
