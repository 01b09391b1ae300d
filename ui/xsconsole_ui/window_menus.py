"""What the menus of the window offer, and keys that work wherever the keyboard is."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from xsconsole_ui import actions, board_actions
from xsconsole_ui.action_set import Actions
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.texts import tr
from xsconsole_ui.top_bar import TopBar


def fill(window: QMainWindow, bar: TopBar, acts: Actions, docks: Iterable[QDockWidget]) -> None:
    """Fill the menus of the bar; the last one shows and hides panels, too."""
    for title, listed in actions.MENUS:
        acts.fill(bar.menus.addMenu(tr(title)), listed)
    view = bar.menus.actions()[-1].menu()
    if isinstance(view, QMenu):
        view.addSeparator()
        for dock in docks:
            view.addAction(dock.toggleViewAction())
    # Shortcuts work wherever the keyboard is, also while the menus have not been opened yet.
    window.addActions(acts.everywhere)
    for action in acts.everywhere:
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)


def fill_of_card(menu: QMenu, acts: Actions, board: BoardView) -> None:
    """Fill the menu of a card, in the columns and in the list."""
    acts.fill(menu, actions.CARD_MENU)
    board.table.offer_actions(menu.actions())
    board.bar.offer(acts[board_actions.SHOW_LIST])
