"""The tree of the outline, with keys of its own."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTreeView

from xsconsole_ui.workflow.forms.node import DeedKind

PARTS = (0.46, 0.29, 0.25)  # of the width, for each column
LEAST_NAMES, MOST_PART = 160, 0.62  # px for names where it is narrow, as with large text; but no more of the width
STEP, SMALL_STEP, NARROW = 16, 10, 320  # px a level is set in; the small one where the tree is narrower than the last
ALT, NONE = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
MOVES = {Qt.Key.Key_Up: DeedKind.UP, Qt.Key.Key_Down: DeedKind.DOWN}
ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class OutlineView(QTreeView):
    """Keys of its own: Ins adds, Del removes, Alt with up and down moves, Ctrl+L connects, F2 or Enter edits."""

    added = Signal()
    connected = Signal()
    removed = Signal()
    moved = Signal(object)  # DeedKind
    entered_row = Signal()
    menu_wanted = Signal(object)  # QPoint in the viewport; None by key: of the current row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.viewport().width()
        self.setIndentation(STEP if wide >= NARROW else SMALL_STEP)
        names = int(max(PARTS[0] * wide, min(LEAST_NAMES, MOST_PART * wide)))
        rest = (wide - names) / sum(PARTS[1:])
        self.setColumnWidth(0, names)
        for column, part in enumerate(PARTS[1:], 1):
            self.setColumnWidth(column, int(rest * part))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By key Qt gives a place that counts from above the header, which is on another row."""
        self.menu_wanted.emit(None if event.reason() is QContextMenuEvent.Reason.Keyboard else event.pos())

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._signal_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        act = self._signal_of(event)
        if act is not None:
            act()
        else:
            super().keyPressEvent(event)

    def _signal_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held == ALT and key in MOVES:
            return lambda: self.moved.emit(MOVES[key])
        if held == CTRL and key == Qt.Key.Key_L:
            return self.connected.emit
        if held != NONE:
            return None
        if key == Qt.Key.Key_Insert:
            return self.added.emit
        if key == Qt.Key.Key_Delete:
            return self.removed.emit
        return self.entered_row.emit if key in (*ENTERS, Qt.Key.Key_F2) else None
