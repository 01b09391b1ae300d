"""Watches how long configurations may still stand in their stages: only the clock tells, and no event."""

from PySide6.QtCore import QObject

from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.stays import stay_of
from xsconsole_ui.told_by_time import ToldByTime

EVERY_MS = 20_000


class Staying(ToldByTime):
    """Looks every twenty seconds at the time that is left to each card."""

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(console, EVERY_MS, parent)

    def words(self) -> dict[ConfigurationId, str]:
        board, at = self._console.board, self._console.home.clock.now()
        if board.workflow is None or all(stage.lease is None for stage in board.workflow.stages):
            return {}
        stays = ((card.id, stay_of(card, board.workflow)) for card in board.cards.values())
        return {id_: stay.words(at) for id_, stay in stays if stay is not None}
