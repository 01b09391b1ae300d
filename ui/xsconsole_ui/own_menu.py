"""What a painted view offers in its own menu, and by keys while it has the keyboard."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget


def own_action(view: QWidget, menu: QMenu, text: str, keys: str, work: Callable[[], None]) -> QAction:
    """Offer something in the menu of a view. Its keys hold there and nowhere else."""
    action = QAction(text, view)
    action.setShortcut(QKeySequence(keys))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.triggered.connect(work)
    view.addAction(action)
    menu.addAction(action)
    return action
