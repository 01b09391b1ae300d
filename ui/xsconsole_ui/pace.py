"""How far the present turn of the window's thread has gone, so that work which can wait leaves room for what cannot."""

from time import thread_time

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Slot

WAITING_S = 0.005  # work for which nobody waits ends here
WANTED_S = 0.008  # work for which somebody waits, as for a filter that was typed


class Pace(QObject):
    """Tells each worker the same: several that took a few milliseconds each would make one long turn together.

    Counted is processor time of this thread since it last waited for something to happen, whoever used it: a key, a
    paint, or another worker. A worker does one piece even where no room is left, or it might never come to its end.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._began_s = thread_time()
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is not None:
            dispatcher.aboutToBlock.connect(self._begin)

    @Slot()
    def _begin(self) -> None:
        self._began_s = thread_time()

    @property
    def used_s(self) -> float:
        return thread_time() - self._began_s

    def has_room(self, *, is_wanted: bool = False) -> bool:
        """Whether one more piece of work fits into this turn."""
        return self.used_s < (WANTED_S if is_wanted else WAITING_S)
