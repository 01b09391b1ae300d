"""How the board's cards are looked at: filtered, in groups, folded away, as columns or as a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.arrangement import Arrangement, Grouping, owner_of
from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole_ui.board.board_head import BoardHead
from xsconsole_ui.board.card_table import CardRow, CardTable
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.bridge import Turns


class Looking(Turns):
    """Keeps the arrangement; the board asks it for each card whether and where that is shown."""

    arranged = Signal()
    hidden = Signal()  # a group was folded, or a column collapsed; or opened again

    def __init__(
        self,
        console: Estate,
        lanes: Mapping[StageId, Lane],
        where: Mapping[ConfigurationId, StageId],
        show_card: Callable[[ConfigurationId], object],
        parent: QWidget,
    ) -> None:
        """`lanes` and `where` are the board's own: its columns from left to right, and which cards they show."""
        super().__init__(parent)
        self._console, self._lanes, self._where, self._show_card = console, lanes, where, show_card
        self.arrangement = Arrangement()
        self.bar = BoardHead(parent)
        self.table = CardTable(parent)
        self._chosen: Sequence[ConfigurationId] = ()
        self.bar.changed.connect(self._read_bar)

    @property
    def is_list(self) -> bool:
        """Whether the list stands for the columns."""
        return self.arrangement.is_list

    @property
    def cut_from(self) -> int:
        """How many cards the filter takes from; 0 without one: then what is not shown is only yet to come."""
        board = self._console.board
        return len(board.cards) - len(board.homeless) if self._lanes and self.arrangement.filter else 0

    def is_asked(self, card: Card) -> bool:
        """Whether the filter lets a card be seen."""
        return not self.arrangement.filter or bool(self.bar.asks_for([card]))

    def group_of(self, card: Card) -> str | None:
        return self.arrangement.group_of(card, self._console.board.workflow)

    def dress(self, lane: Lane) -> None:
        """Collapse a column, and fold its groups, as they were left."""
        lane.set_collapsed(is_collapsed=lane.stage.id in self.arrangement.collapsed)
        lane.model.nobodys = self._nobodys()
        lane.fold(self.arrangement.folded)

    def _nobodys(self) -> str:
        is_by_owner = self.arrangement.grouping is Grouping.OWNER
        return self.tr("Without an owner") if is_by_owner else self.tr("Without a service")

    def arrange(self, arrangement: Arrangement) -> None:
        """Look at the cards as it was left."""
        self.arrangement = replace(arrangement, filter="", grouping=self.arrangement.grouping)
        for lane in self._lanes.values():
            self.dress(lane)
        self.bar.show_arrangement(arrangement)
        self._read_bar()

    @Slot()
    def _read_bar(self) -> None:
        """Do what the line above asks for: only cards that come, go, or change their group are shown anew."""
        before = self.arrangement
        now = replace(before, filter=self.bar.filter.text(), grouping=self.bar.grouping)
        self.arrangement = now
        for lane in self._lanes.values():
            lane.model.nobodys = self._nobodys()
        cards = self._console.board.cards
        asked = self.bar.asks_for(list(cards.values())) if now.filter else cards.keys()
        for configuration, card in cards.items():
            is_wanted = configuration in asked and card.stage in self._lanes
            if before.grouping is not now.grouping or (configuration in self._where) != is_wanted:
                self.put(("card", configuration), partial(self._show_card, configuration))
        self.put("table", self._renew_table)
        self.put("arranged", self.arranged.emit)

    def show_list(self, chosen: Sequence[ConfigurationId], *, is_list: bool) -> None:
        self.arrangement = replace(self.arrangement, is_list=is_list)
        self.show_table(chosen)

    def collapse(self, stage: StageId, is_collapsed: bool) -> None:
        """Leave only the name of a column, or open it again."""
        self.arrangement = self.arrangement.with_column(stage, is_collapsed=is_collapsed)
        self._lanes[stage].set_collapsed(is_collapsed=is_collapsed)
        self.hidden.emit()

    @Slot(str, bool)
    def fold(self, group: str, is_folded: bool) -> None:
        """Fold a group away in all columns, or out again."""
        self.arrangement = self.arrangement.with_group(group, is_folded=is_folded)
        for lane in self._lanes.values():
            lane.fold(self.arrangement.folded)
        self.hidden.emit()

    def show_row(self, lane: Lane, row: int) -> None:
        """Open the column and the group that hide a card."""
        if lane.is_collapsed:
            self.collapse(lane.stage.id, is_collapsed=False)
        group = lane.model.group_at(row)
        if group is not None and lane.model.is_folded(row):
            self.fold(group, is_folded=False)

    def sees(self, lane: Lane, configuration: ConfigurationId) -> bool:
        """Whether a card of a column is before the user: in the list all are."""
        row = lane.model.row_of(configuration)
        return row is not None and (self.is_list or lane.is_in_sight(row))

    def show_table_soon(self, chosen: Sequence[ConfigurationId]) -> None:
        self._chosen = chosen
        self.put("table", self._renew_table)

    def show_table(self, chosen: Sequence[ConfigurationId]) -> None:
        """Show the cards of the columns as rows, and select these."""
        self._chosen = chosen
        self._renew_table()

    def _renew_table(self) -> None:
        if not self.is_list:
            return
        workflow = self._console.board.workflow
        rows = (
            CardRow(
                card=row.card,
                stage=lane.stage.name,
                place=place,
                owner=owner_of(row.card, workflow),
                chips=row.face.chips,
                told=row.told,
            )
            for place, lane in enumerate(self._lanes.values())
            for row in lane.model.all_rows
        )
        self.table.show_cards(tuple(rows), self._chosen)
