"""What happens on the board while cards are dragged: every column answers, and a drop asks."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal, Slot

from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.runs import Target
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import Dragged
from xsconsole_ui.board.offers import Offer, command_for, offer_of
from xsconsole_ui.scrolling import EdgeScroll


class Dragging(QObject):
    """One drag at a time. `asked` gives the command of a drop, after its card was selected."""

    asked = Signal(object)
    answered = Signal(str)  # what the column under the dragged card says, in one line

    def __init__(
        self,
        console: Estate,
        lanes: Mapping[StageId, Lane],
        select: Callable[[ConfigurationId], object],
        edge: EdgeScroll,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._console, self._lanes, self._select, self._edge = console, lanes, select, edge
        self._dragged: Dragged | None = None
        self._targets: Mapping[StageId, Target] = {}

    @property
    def dragged(self) -> Dragged | None:
        return self._dragged

    @property
    def offers(self) -> Mapping[StageId, Offer]:
        """What each column says to the card that is being dragged; empty when none is."""
        card = self._console.board.cards.get(self._dragged.configuration) if self._dragged else None
        if card is None:
            return {}
        made = {stage: offer_of(card, target) for stage, target in self._targets.items()}
        return {stage: offer for stage, offer in made.items() if offer is not None}

    @Slot(object)
    def begin(self, dragged: Dragged) -> None:
        card = self._console.board.cards.get(dragged.configuration)
        if card is None:
            self.end()
            return
        self._dragged = dragged
        self._targets = {target.stage: target for target in self._console.targets(card.id)}
        offers = self.offers
        for stage, lane in self._lanes.items():
            lane.model.lift(card.id, is_lifted=True)
            lane.offer_box.show_offer(offers.get(stage))

    def begin_again(self, configuration: ConfigurationId) -> None:
        """Ask the columns anew where the card that changed is the one being dragged."""
        if self._dragged is not None and self._dragged.configuration == configuration:
            self.begin(self._dragged)

    @Slot()
    def end(self) -> None:
        """Take the answers of the columns away."""
        self._edge.stop()
        dragged, self._dragged, self._targets = self._dragged, None, {}
        if dragged is not None:
            self.answered.emit("")
        for lane in self._lanes.values():
            lane.offer_box.show_offer(None)
            if dragged is not None:
                lane.model.lift(dragged.configuration, is_lifted=False)

    def may_drop(self, dragged: Dragged, stage: StageId) -> bool:
        if dragged != self._dragged:
            self.begin(dragged)
        offer = self.offers.get(stage)
        return offer is not None and offer.is_open

    def drop(self, dragged: Dragged, stage: StageId) -> None:
        card, target = self._console.board.cards.get(dragged.configuration), self._targets.get(stage)
        command = command_for(card, target, dragged.revision) if card and target else None
        self.end()
        self._select(dragged.configuration)
        if command is not None:
            self.asked.emit(command)
