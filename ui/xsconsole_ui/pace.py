"""How far the present turn of the window's thread has gone, so that work which can wait leaves room for what cannot."""

from time import thread_time

from PySide6.QtCore import QAbstractEventDispatcher, QObject, Slot

WAITING_S = 0.005  # work for which nobody waits ends here
WANTED_S = 0.006  # work for which somebody waits, as for a filter that was typed
FRESH_S = 0.002  # a turn in which hardly anything was done yet
MOST_PASSED_OVER = 8  # turns


class Pace(QObject):
    """Tells each worker the same: several that took a few milliseconds each would make one long turn together.

    Counted is processor time of this thread since it last waited for something to happen, whoever used it: a key, a
    paint, or another worker. A worker has a pace of its own. It asks whether it `may_begin`, does one piece however
    long that takes, and goes on while it `has_room`.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._began_s = thread_time()
        self._passed_over = 0
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is not None:
            dispatcher.aboutToBlock.connect(self._begin)

    @Slot()
    def _begin(self) -> None:
        self._began_s = thread_time()

    @property
    def used_s(self) -> float:
        return thread_time() - self._began_s

    def may_begin(self, *, is_wanted: bool = False, is_long: bool = False) -> bool:
        """Whether to begin in this turn: it has room, or had none so often that the worker would never come to it.

        Work that `is_long`, takes some milliseconds and cannot be cut, wants a turn of its own.
        """
        has_room = self.is_fresh if is_long else self.has_room(is_wanted=is_wanted)
        if has_room or self._passed_over >= MOST_PASSED_OVER:
            self._passed_over = 0
            return True
        self._passed_over += 1
        return False

    def has_room(self, *, is_wanted: bool = False) -> bool:
        """Whether one more piece of work fits into this turn."""
        return self.used_s < (WANTED_S if is_wanted else WAITING_S)

    @property
    def is_fresh(self) -> bool:
        """Whether a piece that takes long by itself, and cannot be cut, may be done now."""
        return self.used_s < FRESH_S
