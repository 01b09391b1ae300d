"""How wide the docks at the sides are to be: what a small window took from them comes back with its room."""

import json
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

LEAST_SIDE = 120  # px
LEAST_CENTRE = 640  # px that the board keeps before a side gets its width back


class DockWidths(QObject):
    """Remembers the widths that a person chose, and gives them back when the window grows."""

    def __init__(self, window: QMainWindow, wanted: Mapping[QDockWidget, int]) -> None:
        super().__init__(window)
        self._window = window
        self._wanted = dict(wanted)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.give_back)
        window.installEventFilter(self)
        for dock in self._wanted:
            dock.installEventFilter(self)

    def state(self) -> str:
        """Return the widths that are wanted, for a later session."""
        return json.dumps({dock.objectName(): width for dock, width in self._wanted.items()})

    def restore(self, state: str) -> None:
        """Want what was wanted in an earlier session; what cannot be read is passed over."""
        try:
            found = json.loads(state)
            widths = {str(name): int(width) for name, width in found.items()}
        except (ValueError, TypeError, AttributeError):
            return
        for dock in self._wanted:
            self._wanted[dock] = max(LEAST_SIDE, widths.get(dock.objectName(), self._wanted[dock]))

    @Slot()
    def give_back(self) -> None:
        """Widen what is narrower than wanted, as far as the centre has room to spare."""
        narrow = [dock for dock, width in self._wanted.items() if self._is_at_side(dock) and dock.width() < width]
        centre = self._window.centralWidget()
        room = centre.width() - LEAST_CENTRE if centre is not None else 0
        if not narrow or room <= 0:
            return
        share = room // len(narrow)
        widths = [min(self._wanted[dock], dock.width() + share) for dock in narrow]
        self._window.resizeDocks(narrow, widths, Qt.Orientation.Horizontal)

    def _is_at_side(self, dock: QDockWidget) -> bool:
        sides = Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea
        return dock.isVisible() and not dock.isFloating() and bool(self._window.dockWidgetArea(dock) & sides)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent):
            is_dragged = bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)
            if watched is self._window:
                self._soon.start(0)
            elif is_dragged and not self._soon.isActive() and isinstance(watched, QDockWidget):
                self._wanted[watched] = event.size().width()
        return False
