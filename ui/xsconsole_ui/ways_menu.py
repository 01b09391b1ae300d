"""A menu of the stages that the selected card could go to."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from xsconsole_ui.board.board_view import BoardView


class WaysMenu(QMenu):
    """Opens at the selected card. A way that cannot be gone says why; the data of each is the id of its stage."""

    def __init__(self, board: BoardView, parent: QWidget) -> None:
        super().__init__(parent)
        self._board = board
        self.setToolTipsVisible(True)

    def add_way(self, text: str, stage: str, why_not: str = "") -> None:
        action = self.addAction(text)
        action.setData(stage)
        action.setEnabled(not why_not)
        action.setToolTip(why_not)

    def open_at_card(self, most: int | None = None) -> None:
        """Open it with the first thing chosen that can be done; `most`: of so many first ones, or none."""
        first = next((action for action in self.actions()[:most] if action.isEnabled()), None)
        if first is not None:
            self.setActiveAction(first)
        self.popup(self._board.place_of_selected() or self._board.mapToGlobal(QPoint(40, 40)))
