"""Watches the hours of freezes: only the clock tells when one begins or ends, and no event."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from xsconsole.console import Estate
from xsconsole.domain.workflow import Stage
from xsconsole_ui import times
from xsconsole_ui.texts import tr

EVERY_MS = 2000


class Freezing(QObject):
    """Looks every two seconds, and says when what the columns say of freezes is another."""

    changed = Signal()

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._told: tuple[tuple[str, bool], ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def close(self) -> None:
        self._timer.stop()

    @Slot()
    def _look(self) -> None:
        workflow = self._console.board.workflow
        told = tuple(freeze_words(stage, self._console) for stage in workflow.stages) if workflow is not None else ()
        before, self._told = self._told, told
        if before and before != told:
            self.changed.emit()


def freeze_words(stage: Stage, console: Estate) -> tuple[str, bool]:
    """Return what a column says of its freeze, such as `frozen until 06:00 CET`, and whether it is frozen now.

    Empty where nothing freezes it.
    """
    if any(console.closings.is_unknown(calendar) for calendar in stage.freezes):
        return tr("frozen: this computer does not know the time zone"), True
    span = console.closings.freeze_of(stage)
    if span is None:
        return "", False
    if not console.closings.is_frozen(span):
        return tr("freezes at {time}").format(time=times.zoned_time(span.begins)), False
    if span.ends is None:
        return tr("frozen until it is lifted"), True
    return tr("frozen until {time}").format(time=times.zoned_time(span.ends)), True
