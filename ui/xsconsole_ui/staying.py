"""Watches how long configurations may still stand in their stages: only the clock tells, and no event."""

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.stays import stay_of

EVERY_MS = 20_000


class Staying(QObject):
    """Looks every twenty seconds, and says of which card the time that is left reads otherwise than before."""

    changed = Signal(str)  # ConfigurationId

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._told: dict[ConfigurationId, str] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def close(self) -> None:
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Compare with the last look."""
        board, at = self._console.board, self._console.home.clock.now()
        if board.workflow is None or all(stage.lease is None for stage in board.workflow.stages):
            self._told = {}
            return
        stays = ((card.id, stay_of(card, board.workflow)) for card in board.cards.values())
        before, self._told = self._told, {id_: stay.words(at) for id_, stay in stays if stay is not None}
        for configuration, told in self._told.items():
            if before.get(configuration, told) != told:
                self.changed.emit(configuration)
