"""Watches whether other consoles that work on something still give signs of life: only time tells, and no event."""

from PySide6.QtCore import QObject

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.told_by_time import ToldByTime

EVERY_MS = 1000


class Silence(ToldByTime):
    """Looks once a second, while another console works on anything."""

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(console, EVERY_MS, parent)

    def words(self) -> dict[ConfigurationId, str]:
        cards = self._console.board.cards.values()
        return {card.id: told for card in cards if (told := silence_of(card, self._console))}


def silence_of(card: Card, console: Estate) -> str:
    """Return what is known of who works on a card and gives no sign of life; empty where all is as it should be."""
    if card.run is None or card.run.holder is None or console.of_card(card.id).link.state is not LinkState.LIVE:
        return ""  # while the pool is away nobody hears whether it lives
    if any(status.run == card.run.record.run and status.ended_at is None for status in console.runs):
        return ""
    quiet_s, ttl_s = console.quiet_s(card.id), card.run.holder.ttl_s
    return words.silence(quiet_s, ttl_s) if words.is_silent(quiet_s, ttl_s) else ""
