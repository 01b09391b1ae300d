"""Notes which of Qt's events kept the window's thread longest: what no line of Python can tell of native code."""

from time import perf_counter_ns

from PySide6.QtCore import QCoreApplication, QEvent, QObject

NEVER_NS = 2**63  # later than any clock tells: nothing has gone on since then


class EventNote(QObject):
    """Sees all events of the program while it watches, which costs a microsecond or two each."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._began_ns = NEVER_NS  # of the event that goes on
        self._longest_ns = 0
        self._present: tuple[type[QEvent], type[QObject]] | None = None
        self._longest: tuple[type[QEvent], type[QObject]] | None = None

    def start(self) -> None:
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def stop(self) -> None:
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.pause()
        self.take()

    def pause(self) -> None:
        """The thread is about to wait: that is no part of the last event."""
        took_ns = perf_counter_ns() - self._began_ns
        if took_ns > self._longest_ns:
            self._longest_ns, self._longest = took_ns, self._present
        self._began_ns = NEVER_NS

    def take(self) -> str:
        """Return the event that went on longest since this was asked last, as `QPaintEvent of QTableView`."""
        longest, self._longest, self._longest_ns = self._longest, None, 0
        return f"{longest[0].__name__} of {longest[1].__name__}" if longest is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # An event counts until the next one, also one within it: what paints a window is the paint of one part.
        now_ns = perf_counter_ns()
        took_ns = now_ns - self._began_ns
        if took_ns > self._longest_ns:
            self._longest_ns, self._longest = took_ns, self._present
        # Nothing of what is watched is held: it must end where and when it would without this. And its kind is told by
        # its class: to make a value of Python's from the number takes longer than all the rest.
        self._began_ns, self._present = now_ns, (type(event), type(watched))
        return False
