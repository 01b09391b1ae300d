"""Finds configurations, VMs and commands by a few letters, and goes to what is chosen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtWidgets import QFrame, QListView, QVBoxLayout, QWidget

from xsconsole.console import Console
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole_ui import theme
from xsconsole_ui.action_set import Actions
from xsconsole_ui.promotion.rows import Mark, Row, RowsModel
from xsconsole_ui.top_bar import TopBar

MOST_FOUND = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    text: str
    aside: str
    choose: Callable[[], object]


class Finder(QFrame):
    """The list below the find field. The keyboard stays in the field; the list only follows it."""

    def __init__(
        self,
        console: Console,
        bar: TopBar,
        actions: Actions,
        *,
        show_card: Callable[[ConfigurationId], object],
        show_vm: Callable[[Uuid], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._console, self._bar, self._actions = console, bar, actions
        self._show_card, self._show_vm = show_card, show_vm
        self._found: tuple[Found, ...] = ()
        self._rows = RowsModel(self)
        self._list = QListView(self)
        self._list.setModel(self._rows)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setUniformItemSizes(True)
        self._list.setAccessibleName(self.tr("Found"))
        self.setProperty("look", "popup")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.addWidget(self._list)
        self.hide()
        bar.found.connect(self.look_for)
        bar.find_moved.connect(self._move)
        bar.find_chosen.connect(self._choose_current)
        bar.find_left.connect(self.leave)
        self._list.clicked.connect(self._choose_index)

    @property
    def found(self) -> tuple[Found, ...]:
        return self._found

    @Slot(str)
    def look_for(self, text: str) -> None:
        """Show what has these letters in its name."""
        wanted = text.strip().casefold()
        self._found = tuple(islice(self._matches(wanted), MOST_FOUND)) if wanted else ()
        self._rows.show([Row(mark=Mark.WAITING, text=f"{found.text}   ·   {found.aside}") for found in self._found])
        if not self._found:
            self._rows.show([Row(mark=Mark.WAITING, text=self.tr("Nothing is called so"))])
        self.setVisible(bool(wanted))
        if wanted:
            self._list.setCurrentIndex(self._rows.index(0))
            self._place()

    def leave(self) -> None:
        """Close the list and empty the field."""
        self._bar.field.clear()
        self.hide()
        self._bar.field.clearFocus()

    def _matches(self, wanted: str) -> Iterator[Found]:
        return chain(self._cards(wanted), self._commands(wanted), self._vms(wanted))

    def _cards(self, wanted: str) -> Iterator[Found]:
        board = self._console.board
        for card in sorted(board.cards.values(), key=lambda card: card.name.casefold()):
            if wanted in card.name.casefold():
                stage = board.workflow.stage(card.stage) if board.workflow else None
                place = self.tr("configuration in {stage}").format(stage=stage.name if stage else card.stage)
                yield Found(text=card.name, aside=place, choose=partial(self._show_card, card.id))

    def _commands(self, wanted: str) -> Iterator[Found]:
        for action in self._actions.all:
            text = action.text().replace("&", "")
            if wanted in text.casefold():
                aside = action.why_not or action.shortcut().toString() or self.tr("command")
                yield Found(text=text, aside=aside, choose=action.trigger)

    def _vms(self, wanted: str) -> Iterator[Found]:
        for vm in self._console.inventory.all(VM):
            if vm.is_ordinary and wanted in vm.name_label.casefold():
                aside = self.tr("VM, {power}").format(power=vm.power_state.lower())
                yield Found(text=vm.name_label, aside=aside, choose=partial(self._show_vm, vm.uuid))

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        at = self._bar.field.mapTo(window, QPoint(0, self._bar.field.height() + theme.SPACE))
        rows = self._rows.rowCount()
        height = rows * self._list.sizeHintForRow(0) + 2 * theme.SPACE + 2
        self.setGeometry(at.x(), at.y(), self._bar.field.width(), height)
        self.raise_()

    @Slot(int)
    def _move(self, step: int) -> None:
        number = len(self._found)
        if number:
            row = (self._list.currentIndex().row() + step) % number
            self._list.setCurrentIndex(self._rows.index(row))

    @Slot()
    def _choose_current(self) -> None:
        self._choose_index(self._list.currentIndex())

    @Slot(QModelIndex)
    def _choose_index(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._found):
            found = self._found[index.row()]
            self.leave()
            found.choose()
