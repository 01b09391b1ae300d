"""Stays that are over or soon will be, as rows of the inbox that lead to their cards."""

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.stays import Stay, last_archive, stay_of, what_to_do
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole_ui import times
from xsconsole_ui.promotion.card_page import Section
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr


def ending(console: Estate) -> list[tuple[Card, Stay]]:
    """Return what is told of the stays on all pools: those that end first, first."""
    found: list[tuple[Card, Stay]] = []
    at = console.home.clock.now()
    for one in console.consoles:
        board = one.own_board
        if board.workflow is None or all(stage.lease is None for stage in board.workflow.stages):
            continue
        stays = ((card, stay_of(card, board.workflow)) for card in board.cards.values() if card.members)
        found += [
            (card, stay)
            for card, stay in stays
            if stay is not None and stay.is_soon_over(at) and card.standing is not Standing.RUNNING
        ]
    return sorted(found, key=lambda each: (each[1].ends is None, each[1].ends, natural(each[0].name), each[0].id))


def shuts_down(card: Card, stay: Stay) -> bool:
    """Whether machines are shut down by themselves at the end, and archived where the stage says so."""
    if stay.at_end is LeaseEnd.ARCHIVE and last_archive(card) is None:
        return True
    return stay.at_end is LeaseEnd.STOP and any(member.power_state == "Running" for member in card.members)


def stay_words(card: Card, stay: Stay, console: Estate) -> str:
    """Return all there is to say of one: how long, what can be done, and what failed."""
    own = console.of_card(card.id)
    workflow, why_not = own.own_board.workflow, own.stays.why_not(card.id)
    todo = what_to_do(card, stay, workflow) if workflow is not None else ""
    told = f"{one_line(card.name)}: {stay.sentence(console.home.clock.now())} {todo}"
    return tr("{told} That could not be done: {why}").format(told=told, why=why_not) if why_not else told


class StaySection(Section):
    """Chosen by a click or Enter, a row leads to its card, where something can be done."""

    wanted = Signal(object)  # ConfigurationId

    def __init__(self, console: Estate, parent: QWidget) -> None:
        super().__init__(tr("Time in a stage is over, or soon will be"), parent)
        self._console = console
        self._ids: list[ConfigurationId] = []
        self.view.clicked.connect(self._lead)
        self.view.activated.connect(self._lead)

    def renew(self) -> int:
        """Show them as they are now; return how many there are."""
        shown, at = ending(self._console), self._console.home.clock.now()
        self._ids = [card.id for card, _ in shown]
        self.show_rows([self._row(card, stay, is_over=stay.is_over(at)) for card, stay in shown])
        return len(shown)

    def _row(self, card: Card, stay: Stay, *, is_over: bool) -> Row:
        told = stay_words(card, stay, self._console)
        aside = times.short_time(stay.ends) if stay.ends is not None else ""
        return Row(mark=Mark.WARNING if is_over else Mark.WAITING, text=told, aside=aside, whole=told)

    def choose(self, configuration: ConfigurationId) -> bool:
        """Give the keyboard to the row of a configuration; whether there is one."""
        if configuration not in self._ids:
            return False
        self.view.setFocus()
        self.view.setCurrentIndex(self.view.rows.index(self._ids.index(configuration)))
        return True

    @Slot(QModelIndex)
    def _lead(self, index: QModelIndex) -> None:
        if index.row() < len(self._ids):
            self.wanted.emit(self._ids[index.row()])
