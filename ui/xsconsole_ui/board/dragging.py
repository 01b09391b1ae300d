"""What happens on the board while cards are dragged: every column answers, and a drop asks."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtGui import QCursor, QDropEvent

from xsconsole.console import Estate, moves_to
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.runs import Target
from xsconsole.engine.commands import Demote, Promote, Together
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import Dragged
from xsconsole_ui.board.offers import Offer, command_for, offer_of, offer_of_all
from xsconsole_ui.scrolling import EdgeScroll, ScrollPage
from xsconsole_ui.texts import tr

MOVED = "The columns moved under the card: drag it again."


class Dragging(QObject):
    """One drag at a time. `asked` gives the command of a drop, after its card was selected.

    Meanwhile the columns stand still, and only the one that is shown as the target takes what is let go over it: where
    they moved under the mouse all the same, by news or by scrolling, nothing is asked for.
    """

    asked = Signal(object)
    answered = Signal(str)  # what the column under the dragged card says, in one line
    finished = Signal()  # the drag's own loop is over

    def __init__(
        self,
        console: Estate,
        lanes: Mapping[StageId, Lane],
        select: Callable[[ConfigurationId], object],
        page: ScrollPage,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._console, self._lanes, self._select, self._page = console, lanes, select, page
        self._edge = EdgeScroll(page)
        self._edge.scrolled.connect(self._aim_again)
        self._over: Lane | None = None  # the one that is shown as the target
        self._missed = ""  # why the target did not take what was let go
        self._dragged: Dragged | None = None
        self._targets: Mapping[StageId, Target] = {}  # of one card
        self._moves: Mapping[StageId, Together] = {}  # of several
        self._offers: Mapping[StageId, Offer] = {}

    def hear(self, lane: Lane) -> None:
        """Follow what is dragged over a column."""
        lane.view.drag_began.connect(self.begin)
        lane.view.drag_ended.connect(self.finish)
        lane.drag_entered.connect(self._enter)
        lane.drag_moved.connect(self._move)
        lane.drag_left.connect(self._leave)
        lane.let_go.connect(self._take)

    @property
    def is_scrolling(self) -> bool:
        """Whether a card that is held near an edge scrolls the columns."""
        return self._edge.is_active

    @property
    def dragged(self) -> Dragged | None:
        return self._dragged

    @property
    def offers(self) -> Mapping[StageId, Offer]:
        """What each column says to the card that is being dragged; empty when none is."""
        return self._offers

    def _cards(self, dragged: Dragged | None) -> tuple[Card, ...]:
        cards = self._console.board.cards
        return tuple(cards[one] for one in dragged.every if one in cards) if dragged is not None else ()

    @Slot(object)
    def begin(self, dragged: Dragged) -> None:
        cards, workflow = self._cards(dragged), self._console.board.workflow
        if not cards or workflow is None:
            self.end()
            return
        self._page.hold(is_still=True)
        self._dragged, self._targets, self._moves, self._missed = dragged, {}, {}, ""
        if len(cards) == 1:
            self._targets = {target.stage: target for target in self._console.targets(cards[0].id)}
        else:
            self._moves = {stage: moves_to(cards, stage, workflow) for stage in self._lanes}
        self._offers = self._answers(cards)
        for stage, lane in self._lanes.items():
            for card in cards:
                lane.model.lift(card.id, is_lifted=True)
            lane.show_offer(self._offers.get(stage), self._standing(cards, stage))

    def _answers(self, cards: Sequence[Card]) -> Mapping[StageId, Offer]:
        if len(cards) > 1:
            together = {stage: self._console.plan_together(it) for stage, it in self._moves.items()}
            made = {stage: offer_of_all(cards, planned) for stage, planned in together.items()}
        else:
            made = {stage: offer_of(card, target) for card in cards for stage, target in self._targets.items()}
        return {stage: offer for stage, offer in made.items() if offer is not None}

    def _standing(self, cards: Sequence[Card], stage: StageId) -> str:
        """Return what a column without an answer says: that they stand in it."""
        if stage in self._offers:
            return ""
        names = words.listing(tuple(one_line(card.name) for card in cards))
        workflow = self._console.board.workflow
        found = workflow.stage(stage) if workflow is not None else None
        return tr("{names}: in {stage} already.").format(names=names, stage=one_line(found.name) if found else stage)

    @Slot(object, QPoint)
    def _enter(self, dragged: Dragged, at: QPoint) -> None:
        self.begin(dragged)
        self._aim(at)

    @Slot(QPoint)
    def _move(self, at: QPoint) -> None:
        self._aim(at)
        self._edge.follow(at)

    @Slot()
    def _leave(self) -> None:
        self._edge.stop()
        self._show_target(None)
        if not any(lane.view.is_dragging for lane in self._lanes.values()):
            self.end()  # it came out of another window: nobody hears here when that lets it go

    def _under(self, at: QPoint) -> Lane | None:
        return next((lane for lane in self._lanes.values() if lane.is_under(at)), None)

    def _aim(self, at: QPoint) -> None:
        """Show the column under the mouse as the target, and say what it says."""
        self._show_target(self._under(at))

    @Slot()
    def _aim_again(self) -> None:
        """Follow the columns that scroll away under the mouse."""
        if self._dragged is not None:
            self._aim(QCursor.pos())

    def _show_target(self, lane: Lane | None) -> None:
        before, self._over = self._over, lane
        if before is lane:
            return
        if before is not None:
            before.show_target(is_target=False)
        if lane is not None:
            lane.show_target(is_target=True)
        self.answered.emit(lane.says if lane is not None else "")

    @Slot(object, QPoint)
    def _take(self, event: QDropEvent, at: QPoint) -> None:
        """Let the target have what is let go. Qt asks the column over which the mouse was moved last."""
        lane = self._under(at)
        if lane is not None and lane is self._over:
            lane.take(event)
        else:
            self._missed = tr(MOVED)
            event.ignore()
        self._leave()

    def begin_again(self, configuration: ConfigurationId) -> None:
        """Ask the columns anew where the card that changed is the one being dragged."""
        if self._dragged is not None and configuration in self._dragged.every:
            self.begin(self._dragged)

    @Slot(object)
    def finish(self, at: QPoint | None) -> None:
        """Say why nothing came of a drag that was let go over a column, where that was no drop."""
        was_dragged = self._dragged is not None
        lane = self._under(at) if at is not None else None
        offer = self._offers.get(lane.stage.id) if lane is not None else None
        says = tr(MOVED) if offer is not None and offer.is_open else lane.says if lane is not None else ""
        said = self._missed or (says if was_dragged else "")
        self.end()
        if said:
            self.answered.emit(tr("Nothing was asked for. {why}").format(why=said))
        self.finished.emit()

    def give_up(self) -> None:
        """Let the drag end without a drop; `finished` follows."""
        for lane in self._lanes.values():
            lane.view.give_up_drag()

    @Slot()
    def end(self) -> None:
        """Take the answers of the columns away, and let them move again."""
        self._edge.stop()
        dragged, self._dragged = self._dragged, None
        self._targets, self._moves, self._offers, self._missed = {}, {}, {}, ""
        self._show_target(None)
        for lane in self._lanes.values():
            lane.show_offer(None)
            for configuration in dragged.every if dragged is not None else ():
                lane.model.lift(configuration, is_lifted=False)
        self._page.hold(is_still=False)

    def may_drop(self, dragged: Dragged, stage: StageId) -> bool:
        if dragged != self._dragged:
            self.begin(dragged)
        offer = self.offers.get(stage)
        return offer is not None and offer.is_open

    def drop(self, dragged: Dragged, stage: StageId) -> None:
        card, target = self._console.board.cards.get(dragged.configuration), self._targets.get(stage)
        command: Promote | Demote | Together | None = self._moves.get(stage)
        if command is None and card is not None and target is not None:
            command = command_for(card, target, dragged.revision)
        is_one = not dragged.also
        self.end()
        if is_one:
            self._select(dragged.configuration)
        if command is not None:
            self.asked.emit(command)
