"""Collects garbage on the GUI thread only: a collection that starts in a worker would destroy Qt objects there."""

import gc

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from xsconsole_ui.pace import Pace

LOOK_MS = 100
SOON_MS = 25  # while many objects are made: the sooner they are walked, the fewer they are
NEXT_MS = 1  # after a turn that was full
MANY = 300  # new objects between two looks
BURST = 30_000  # new objects between two looks: more are the state of a pool, which is there to stay
MOST_WALKED = 1_000  # of those that outlived a look: walked once more together, and then left out
LEAST_BETWEEN_MS = 600_000


class Collector(QObject):
    """Takes the place of Python's own collector while it runs.

    A collection takes as long as the objects it walks are many. So what outlived two is left out of all that follow,
    and walked again only when the user turns to another program, and seldom. What is settled is never walked again:
    the program itself is a hundred and fifty thousand objects, and stays until it ends.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look_in_time)
        self._pace = Pace(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(LEAST_BETWEEN_MS)

    def start(self) -> None:
        gc.disable()
        self.settle()  # the program itself: to walk it once takes a tenth of a second
        self._timer.start(LOOK_MS)
        self._pause.start()

    def stop(self) -> None:
        self._timer.stop()
        self._pause.stop()
        gc.enable()

    def settle(self) -> None:
        """Leave everything that exists now out of all collections: it is there to stay, and walking it takes long."""
        gc.freeze()

    @Slot(Qt.ApplicationState)
    def notice(self, state: Qt.ApplicationState) -> None:
        """Look at what grew old, too, once the user has turned to another program."""
        if state is not Qt.ApplicationState.ApplicationActive and self._timer.isActive() and not self._pause.isActive():
            gc.collect()
            self._pause.start()

    @Slot()
    def _look_in_time(self) -> None:
        if self._pace.may_begin():
            self._timer.setInterval(SOON_MS if self._look() > MANY else LOOK_MS)
        else:
            self._timer.setInterval(NEXT_MS)

    def _look(self) -> int:
        """Collect what is young; return how many objects were new."""
        # Python's own count says little here: it goes down with every old object that a new one takes the place of.
        made = _count(0)
        if made > BURST:
            self.settle()  # to walk them would take as long as they are many
            return made
        gc.collect(1 if made + _count(1) > MOST_WALKED else 0)
        return made


def _count(generation: int) -> int:
    # In one go: were a thread let in while the list stands, the tuple that it fills would be held twice, and fail it.
    return next(map(len, map(gc.get_objects, (generation,))))
