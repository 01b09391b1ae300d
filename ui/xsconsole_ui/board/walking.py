"""The keyboard on the board: from card to card, over the names of what is folded away and of collapsed columns."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Slot

from xsconsole.domain.ids import StageId
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.looking import Looking


class Walking(QObject):
    """Knows which column has the keyboard, and gives it to others. What cannot be seen is never selected by it."""

    def __init__(
        self,
        order: Callable[[], Sequence[Lane]],
        looking: Looking,
        give_up: Callable[[], None],
        parent: QObject,
    ) -> None:
        """`order` are the columns from left to right; `give_up` lets nothing be selected any more."""
        super().__init__(parent)
        self._order, self._looking, self._give_up = order, looking, give_up

    @property
    def lane(self) -> Lane | None:
        """The column that has the keyboard."""
        return next((lane for lane in self._order() if lane.has_keyboard), None)

    @Slot(int)
    def walk(self, step: int) -> None:
        """Go to the next column at the left (-1) or the right (1) that has something to stand on."""
        order, lane = self._order(), self.lane
        at = order.index(lane) if lane is not None else 0
        row = order[at].view.currentIndex().row()
        at += step
        while 0 <= at < len(order):
            if order[at].is_collapsed or order[at].model.rowCount():
                self.enter(order[at], row)
                return
            at += step

    def enter(self, lane: Lane, row: int) -> None:
        """Give a column the keyboard, at a card or at the name of the group that this is folded away with."""
        if lane.is_collapsed:
            lane.setFocus()
        else:
            lane.select_row(lane.view.stop_at(row))
            lane.view.setFocus()
        if lane.is_collapsed or (lane.model.rowCount() and not lane.chosen):
            self._give_up()

    def take(self, stands: Lane | None, *, has_selected: bool) -> bool:
        """Give the keyboard to the selected card, which `stands` in that column, or to the first; False: to nothing."""
        first = (lane for lane in self._order() if lane.model.rowCount() and not lane.is_collapsed)
        lane = stands or next(first, None) or next(iter(self._order()), None)
        if lane is None:
            return False
        if not lane.view.currentIndex().isValid() and not has_selected and not lane.is_collapsed:
            lane.select_row(0)  # one that is selected and has no column stays so
        lane.take_keyboard()
        return True

    def stage(self) -> StageId | None:
        lane = self.lane
        return lane.stage.id if lane is not None else None

    @Slot(str)
    def go_to(self, stage: StageId) -> None:
        """Give the keyboard to a column's first card, and open it if it is collapsed."""
        for lane in self._order():
            if lane.stage.id == stage:
                if lane.is_collapsed:
                    self._looking.collapse(stage, is_collapsed=False)
                self.enter(lane, 0)

    def collapse(self, stage: StageId) -> None:
        """Leave only the name of a column, or open it again; the keyboard goes there."""
        for lane in self._order():
            if lane.stage.id == stage:
                self._looking.collapse(stage, is_collapsed=not lane.is_collapsed)
                self.enter(lane, lane.view.currentIndex().row())
