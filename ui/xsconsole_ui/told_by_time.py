"""What only the clock tells of configurations, and no event: looked at again and again, and said where it differs."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId


class ToldByTime(QObject):
    """Looks every so often at what `words` says, and tells of each configuration for which that has changed."""

    changed = Signal(str)  # ConfigurationId

    def __init__(self, console: Estate, every_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._told: dict[ConfigurationId, str] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(every_ms)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def words(self) -> dict[ConfigurationId, str]:
        """Return what is so now, in words, of each configuration of which there is anything to say."""
        raise NotImplementedError

    def close(self) -> None:
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Compare with the last look."""
        before, self._told = self._told, self.words()
        for configuration in before.keys() | self._told.keys():
            if before.get(configuration) != self._told.get(configuration):
                self.changed.emit(configuration)
