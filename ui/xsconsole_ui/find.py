"""Finds configurations, objects, saved searches and commands in the one filter language, and goes to what is chosen."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import TypeVar

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtWidgets import QFrame, QListView, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.card_filter import CARDS
from xsconsole.domain.folding import folded, natural, one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory_filter import inventory_schema
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.query.fields import Schema
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.parser import parse
from xsconsole.domain.searches import SavedSearch
from xsconsole.domain.selection import ObjectName
from xsconsole_ui import theme
from xsconsole_ui.action_set import Actions, UserAction
from xsconsole_ui.inventory.panel import InventoryPanel
from xsconsole_ui.mnemonics import unmarked
from xsconsole_ui.promotion.rows import Mark, Row, RowsModel
from xsconsole_ui.top_bar import TopBar

T = TypeVar("T")

MOST_FOUND = 12
MOST_OF_A_KIND = 8
KINDS = {Sort.VM: "VM", Sort.SR: "storage"}


def _name(action: UserAction) -> str:
    return unmarked(action.text())


COMMANDS: Schema[UserAction] = Schema(words=lambda action: folded(_name(action)), fields=())
SEARCHES: Schema[SavedSearch] = Schema(words=lambda search: folded(search.name), fields=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    text: str
    aside: str
    choose: Callable[[], object]


class Finder(QFrame):
    """The list below the find field. The keyboard stays in the field; the list only follows it."""

    def __init__(
        self,
        console: Estate,
        bar: TopBar,
        actions: Actions,
        *,
        inventory: InventoryPanel,
        show_card: Callable[[ConfigurationId], object],
        show_object: Callable[[ObjectName], object],
        tell_why_not: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._console, self._bar, self._actions = console, bar, actions
        self._inventory = inventory
        self._show_card, self._show_object, self._tell_why_not = show_card, show_object, tell_why_not
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

    @property
    def said(self) -> str:
        """The lines of the list, as they are shown."""
        return "\n".join(str(self._rows.index(row).data()) for row in range(self._rows.rowCount()))

    @Slot(str)
    def look_for(self, text: str) -> None:
        """Show what is asked for: words of a name, or anything that the inventory can be filtered by."""
        wanted = text.strip()
        self._found = tuple(islice(self._matches(wanted), MOST_FOUND)) if wanted else ()
        lines = [f"{found.text}   ·   {found.aside}" for found in self._found]
        self._rows.show([Row(mark=Mark.WAITING, text=line, whole=line) for line in lines])
        if not self._found:
            fault = parse(wanted, inventory_schema(self._console.inventory)).fault
            said = fault.sentence if fault is not None and not fault.is_unfinished else self.tr("Nothing is called so")
            self._rows.show([Row(mark=Mark.WAITING, text=said)])
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
        kinds = (self._cards(wanted), self._commands(wanted), self._searches(wanted), self._objects(wanted))
        return chain.from_iterable(islice(found, MOST_OF_A_KIND) for found in kinds)

    def _cards(self, wanted: str) -> Iterator[Found]:
        board = self._console.board
        cards: Iterable[Card] = sorted(board.cards.values(), key=lambda card: natural(card.name))
        for card in _asked(wanted, CARDS, cards):
            stage = board.workflow.stage(card.stage) if board.workflow else None
            place = self.tr("configuration in {stage}").format(stage=stage.name if stage else card.stage)
            pool = self._console.pool_name(self._console.of_card(card.id))
            aside = ", ".join(filter(None, (place, pool)))
            yield Found(text=card.name, aside=aside, choose=partial(self._show_card, card.id))

    def _commands(self, wanted: str) -> Iterator[Found]:
        here = self._actions.situation.place

        def rank(action: UserAction) -> tuple[bool, ...]:
            """Put last what belongs to another place, and first what is called so, can be done now, belongs here."""
            place, name = action.action.place, folded(_name(action))
            is_called_so = name.rstrip("…") == folded(wanted)
            return place not in ("", here), not is_called_so, not action.isEnabled(), not place, name.endswith("…")

        for action in sorted(_asked(wanted, COMMANDS, self._actions.all), key=rank):
            keys = action.shortcut().toString() if action.action.place in ("", here) else self.tr("in the designer")
            aside = one_line(action.why_not) or keys or self.tr("command")
            yield Found(text=self._told_apart(action), aside=aside, choose=partial(self._use, action))

    def _told_apart(self, action: UserAction) -> str:
        """Return the name of a command, with what it is about where another one is called so."""
        name = _name(action)
        same = [one for one in self._actions.all if _name(one).rstrip("…") == name.rstrip("…")]
        about = {
            "configuration": self.tr("configuration"),
            "object": self.tr("inventory"),
            "pool": self.tr("pool"),
            "workflow": self.tr("designer"),
        }.get(action.action.id.partition(".")[0], "")
        return f"{name} ({about})" if about and len(same) > 1 else name

    def _use(self, action: UserAction) -> None:
        """Do it, or say why that cannot be done now: a disabled action keeps silent when it is triggered."""
        if action.isEnabled():
            action.trigger()
        else:
            self._tell_why_not(action.why_not)

    def _searches(self, wanted: str) -> Iterator[Found]:
        for search in _asked(wanted, SEARCHES, self._inventory.searches):
            aside = self.tr("saved search: {text}").format(text=search.text)
            yield Found(text=search.name, aside=aside, choose=partial(self._search, search.text))

    def _search(self, text: str) -> None:
        self._inventory.look_for(text)
        self._inventory.view.setFocus()

    def _objects(self, wanted: str) -> Iterator[Found]:
        schema = inventory_schema(self._console.inventory)
        items: Iterable[Item] = self._inventory.outline.items.values()
        for item in _asked(wanted, schema, items):
            pool = item.pool_name if self._console.has_several and item.sort is not Sort.POOL else ""
            parts = (KINDS.get(item.sort, str(item.sort)), item.state.lower(), pool)
            aside = ", ".join(part for part in parts if part)
            name = ObjectName(item.class_name, item.ref)
            yield Found(text=item.name, aside=aside, choose=partial(self._show_object, name))

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


def _asked(wanted: str, schema: Schema[T], things: Iterable[T]) -> Iterator[T]:
    """Yield what is asked for; nothing where this kind of thing cannot be asked so."""
    query = parse(wanted, schema).query
    if query is None:
        return iter(())
    return filter(asked_by(query, schema, datetime.now(UTC)), things)
