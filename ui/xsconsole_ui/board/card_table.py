"""The list twin of the board: the same cards as a table, with the same selection and the same commands."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QWidget

from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.words import size
from xsconsole_ui import times
from xsconsole_ui.board.faces import Chip, Tone, powers_in_words
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.texts import tr

LEAST = 150  # px, of the column that takes what is left
TONES = {Tone.GOOD: "good", Tone.WARN: "warn", Tone.BAD: "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One card as a row; `place` is where its stage stands among all."""

    card: Card
    stage: str
    place: int
    owner: str
    chips: tuple[Chip, ...]
    told: str


def columns() -> tuple[Column[CardRow], ...]:
    return (
        Column(head="Configuration", text=lambda row: one_line(row.card.name), hint=lambda row: row.told, width=190),
        Column(head="Service", text=lambda row: one_line(row.card.service), width=96),
        Column(head="Stage", text=lambda row: one_line(row.stage), key=lambda row: float(row.place), width=110),
        Column(
            head="State",
            text=lambda row: ", ".join(chip.text for chip in row.chips),
            tone=lambda row: TONES.get(row.chips[0].tone, "") if row.chips else "",
            hint=lambda row: row.told,
        ),
        Column(
            head="Machines",
            text=lambda row: powers_in_words(row.card),
            key=lambda row: float(len(row.card.members)),
            width=120,
        ),
        Column(
            head="Disks",
            text=lambda row: size(row.card.disks_bytes),
            key=lambda row: float(row.card.disks_bytes),
            width=76,
        ),
        Column(
            head="There since",
            text=lambda row: times.clock_time(row.card.since) if row.card.since else "",
            hint=lambda row: times.exact_time(row.card.since) if row.card.since else "",
            key=lambda row: row.card.since.timestamp() if row.card.since else 0.0,
            width=104,
        ),
        Column(head="Owner", text=lambda row: one_line(row.owner), width=96),
    )


class CardTable(DenseTable):
    """`chosen_changed` tells which cards the user selected, the current one first."""

    chosen_changed = Signal(object)  # tuple of ConfigurationIds

    def __init__(self, parent: QWidget | None = None) -> None:
        self.rows: ListModel[CardRow] = ListModel(columns())
        super().__init__(
            self.rows, tr("Configurations"), self.rows.widths, parent, least_elastic=LEAST, spare=(7, 6, 1, 5)
        )
        self.rows.setParent(self)
        self.offer_sorting(self.rows.order_by)
        self._is_showing = False
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def show_cards(self, rows: Sequence[CardRow], chosen: Sequence[ConfigurationId]) -> None:
        self._is_showing = True
        self.rows.show_rows(rows)
        self._is_showing = False
        self.choose(chosen)

    def choose(self, chosen: Sequence[ConfigurationId]) -> None:
        """Select these cards, without telling of it."""
        if tuple(chosen) == self.chosen:
            return
        self._is_showing = True
        selection = QItemSelection()
        found = [at for at in range(self.rows.rowCount()) if (row := self.rows.row(at)) and row.card.id in chosen]
        for at in found:
            selection.select(self.rows.index(at, 0), self.rows.index(at, self.rows.columnCount() - 1))
        first = next((at for at in found if (row := self.rows.row(at)) and row.card.id == chosen[0]), None)
        if first is not None:
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.rows.index(first, 0), flag)
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._is_showing = False

    @property
    def chosen(self) -> tuple[ConfigurationId, ...]:
        """The selected cards: the current one first, then from the top."""
        current = self.currentIndex().row()
        rows = sorted(self.selected_rows(), key=lambda at: (at != current, at))
        return tuple(row.card.id for at in rows if (row := self.rows.row(at)) is not None)

    @Slot()
    def _on_selection(self) -> None:
        if not self._is_showing:
            self.chosen_changed.emit(self.chosen)

    def offer_actions(self, listed: Sequence[QAction]) -> None:
        """Put the commands of a card before those of a table in the context menu."""
        before = self.menu.actions()[0]
        for action in listed:
            self.menu.insertAction(before, action)
        self.menu.insertSeparator(before)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Escape or (is_ctrl and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)):
            event.ignore()
        else:
            super().keyPressEvent(event)
