"""Notes which of Qt's events kept the window's thread longest: what no line of Python can tell of native code."""

from time import perf_counter_ns

from PySide6.QtCore import QCoreApplication, QEvent, QObject


class EventNote(QObject):
    """Sees all events of the program while it watches, which costs some microseconds each."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._began_ns = 0  # of the event that goes on, 0 while there is none
        self._longest_ns = 0
        self._present = self._longest = ("", QEvent.Type.None_)

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
        if self._began_ns:
            self._compare(perf_counter_ns())
            self._began_ns = 0

    def take(self) -> str:
        """Return the event that went on longest since this was asked last, as `Paint of QTableView`; empty for none."""
        receiver, kind = self._longest
        self._longest_ns, self._longest = 0, ("", QEvent.Type.None_)
        return f"{getattr(kind, 'name', kind)} of {receiver}" if receiver else ""

    def _compare(self, now_ns: int) -> None:
        # Until the next one, also one within it: what paints a window is the paint of its largest part.
        if now_ns - self._began_ns > self._longest_ns:
            self._longest_ns, self._longest = now_ns - self._began_ns, self._present

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        now_ns = perf_counter_ns()
        if self._began_ns:
            self._compare(now_ns)
        # Nothing of what is watched is held: it must end where and when it would without this.
        self._began_ns, self._present = now_ns, (type(watched).__name__, event.type())
        return False
