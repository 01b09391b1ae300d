"""Collects garbage on the GUI thread only: a collection that starts in a worker would destroy Qt objects there."""

import gc

from PySide6.QtCore import QObject, QTimer, Slot

LOOK_MS = 250
BURST = 20_000  # new objects between two looks: more are the state of a pool, which is there to stay


class Collector(QObject):
    """Takes the place of Python's own collector while it runs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        gc.disable()
        self._timer.start(LOOK_MS)

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()

    def settle(self) -> None:
        """Leave everything that exists now out of later collections: it is there to stay, and walking it takes long."""
        gc.freeze()

    @Slot()
    def _look(self) -> None:
        counts, limits = gc.get_count(), gc.get_threshold()
        if counts[0] > BURST:
            self.settle()  # to walk them would take as long as they are many
            return
        overdue = [age for age in range(3) if limits[age] and counts[age] > limits[age]]
        if overdue:
            gc.collect(max(overdue))
