"""What there is in a field of a list, looked for among all objects in pieces, and kept for a while."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from time import monotonic

from PySide6.QtCore import QObject, Signal, Slot

from xsconsole_ui.pace import Pace
from xsconsole_ui.timers import one_shot

KEPT_S = 5.0
PIECE = 200  # objects between two looks at the pace
SOON_MS = 1


class FoundValues(QObject):
    """Of one field at a time. What was found so far is told at once; `completed` says that it was not all."""

    completed = Signal()

    def __init__(self, values: Callable[[str], Iterable[str]], parent: QObject | None = None) -> None:
        """`values` gives what there is in a field now, once or more often; it may be a generator."""
        super().__init__(parent)
        self._values = values
        self._field, self._since_s = "", 0.0
        self._found: set[str] = set()
        self._rest: Iterator[str] | None = None
        self._pace = Pace(self)
        self._timer = one_shot(self, self._go_on, SOON_MS)

    def of(self, field: str) -> Iterable[str]:
        """Return what there is, looked for not at every letter of a value."""
        if field != self._field or monotonic() - self._since_s > KEPT_S:
            return self.anew(field)
        return self._found

    def anew(self, field: str) -> Iterable[str]:
        """Return what there is now."""
        self._field, self._since_s = field, monotonic()
        self._found, self._rest = set(), iter(self._values(field))
        self._look(is_first=True)
        return self._found

    def _look(self, *, is_first: bool = False) -> None:
        """Look on while this turn has room, and at least a piece. At first, that is the turn of a key: it goes on."""
        has_room = True
        while has_room and self._rest is not None:
            piece = list(islice(self._rest, PIECE))
            self._found.update(filter(None, piece))
            if len(piece) < PIECE:
                self._rest = None
            has_room = self._pace.is_fresh if is_first else self._pace.has_room(is_wanted=True)
        if self._rest is not None:
            self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        if self._rest is not None:
            self._look()
            if self._rest is None:
                self.completed.emit()
