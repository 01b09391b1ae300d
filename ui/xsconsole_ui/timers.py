"""Timers that fire once for each start."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def one_shot(parent: QObject, work: Callable[[], None], delay_ms: int = 0) -> QTimer:
    """Return a timer that does `work` once, so long after it was last started."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(delay_ms)
    timer.timeout.connect(work)
    return timer
