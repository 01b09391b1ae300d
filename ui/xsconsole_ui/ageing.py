"""Watches for how long reviews have been open: only the clock tells, and no event."""

from PySide6.QtCore import QObject

from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.told_by_time import ToldByTime

EVERY_MS = 20_000


class Ageing(ToldByTime):
    """Looks every twenty seconds at the open reviews, of each configuration that they are about."""

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(console, EVERY_MS, parent)

    def words(self) -> dict[ConfigurationId, str]:
        found: dict[ConfigurationId, str] = {}
        for view in self._console.reviews.views:
            for configuration in (view.item.intent.configuration, *view.item.intent.others):
                found[configuration] = f"{found.get(configuration, '')}{view.item.id} {view.standing}\n"
        return found
