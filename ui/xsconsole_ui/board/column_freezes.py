"""What the columns say of their freezes, kept in step with the pool and the clock."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Slot

from xsconsole.console import Estate
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.freezing import freeze_words


class ColumnFreezes(QObject):
    """Made after the board hears of its columns, so that it finds the new ones."""

    def __init__(self, lanes: Callable[[], Sequence[Lane]], console: Estate, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._console = console
        bridge.closures_changed.connect(self._show)
        bridge.layout_changed.connect(self._show)

    @Slot()
    def _show(self) -> None:
        for lane in self._lanes():
            text, is_frozen = freeze_words(lane.stage, self._console)
            lane.show_freeze(text, "\n".join(self._console.closings.why_frozen(lane.stage)), is_frozen=is_frozen)
