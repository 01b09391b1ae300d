"""A list with a title, a filter and a sentence for when it is empty, as several places have it."""

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.domain.query.fields import Schema
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.values import Query
from xsconsole_ui import pieces
from xsconsole_ui import theme as look
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.list_model import Column, ListModel

LEAST_WORDS = 120  # px, of what is said: all of the one that is selected stands below them
MOST_GROWN = 220  # px
FILTER_WIDTHS = (96, 240)  # px, at least and at most
T = TypeVar("T")


class FilteredList(QWidget, Generic[T]):
    """A table with a title, a filter and a sentence for when it is empty."""

    opened = Signal(int)  # row

    def __init__(
        self,
        title: str,
        columns: Sequence[Column[T]],
        schema: Schema[T],
        empty: tuple[str, str],
        parent: QWidget | None = None,
        *,
        spare: Sequence[int],
        told: Callable[[T], str],
        growing: int | None = None,
        least_words: int = LEAST_WORDS,
        key: Callable[[T], Hashable] | None = None,
        is_told_below: bool = True,
    ) -> None:
        """Columns in `spare` give way, the first one first, where there is little room. `growing` takes of the room
        that is left over what its longest text needs.

        `told` says all of a row: what the columns have no room for stands below them, or where the owner puts `whole`.
        What is selected stays so by its `key`, wherever it moves in the list and however it changes.
        """
        super().__init__(parent)
        self._told, self._key = told, key
        self._title, self._schema, self._empty = title, schema, empty
        self._all: tuple[T, ...] = ()
        self._is_asked: Callable[[T], bool] = lambda _: True
        self.model = ListModel(columns, self)
        self.view = DenseTable(
            self.model,
            title,
            self.model.widths,
            self,
            least_elastic=least_words,
            spare=spare,
            growing=growing,
            most_grown=MOST_GROWN,
        )
        self.view.offer_sorting(self.model.order_by)
        self.filter = FilterField(schema, self.tr("Filter of {list}").format(list=title), self.tr("Filter"), self)
        self.filter.setMinimumWidth(FILTER_WIDTHS[0])
        self.filter.setMaximumWidth(FILTER_WIDTHS[1])
        self.nothing = pieces.EmptyPlace(*empty, self)
        self._caption = pieces.label("", "caption", self)
        head = QHBoxLayout()
        head.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, look.GAP)
        head.setSpacing(look.GAP)
        self._head = head
        self._stack = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        head.addWidget(pieces.label(title, "section", self))
        head.addWidget(self._caption)
        head.addStretch(1)
        head.addWidget(self.filter)
        column.addWidget(pieces.Line(self))
        column.addLayout(self._stack, 1)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.nothing)
        self.whole = pieces.wrapped("", "muted", self)
        self.whole.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, look.GAP)
        self.whole.hide()
        if is_told_below:
            column.addWidget(self.whole)
        self.view.selectionModel().selectionChanged.connect(self._tell_whole)
        self.view.opened.connect(self._open)
        self.filter.asked.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.filter.entered.connect(self.view.setFocus)
        self.filter.help_wanted.connect(self._show_help)

    def offer(self, action: QAction) -> None:
        """Offer an act on what is selected, as a button and in the context menu."""
        self._head.insertWidget(self._head.indexOf(self.filter), ActionButton(action, "", self, home=self.view))
        self.view.add_context_action(action)

    def name_pools(self, names: Sequence[str]) -> None:
        """Show of which of these pools each row is; without names, nothing of that."""
        self.view.show_names(self.model.columnCount() - 1, names)

    def show_all(self, rows: Sequence[T]) -> None:
        self._all = tuple(rows)
        self._renew()

    def selected(self) -> list[T]:
        return [row for row in (self.model.row(at) for at in self.view.selected_rows()) if row is not None]

    @property
    def chosen(self) -> T | None:
        """The one that is selected; None where none is, or several."""
        found = self.selected()
        return found[0] if len(found) == 1 else None

    def choose(self, key: Hashable) -> bool:
        """Select the row of this key and nothing else; False where none is shown."""
        rows = ((at, self.model.row(at)) for at in range(self.model.rowCount()))
        found = [at for at, row in rows if self._key is not None and row is not None and self._key(row) == key]
        if found:
            self.view.select_only(found)
        return bool(found)

    def _renew(self) -> None:
        shown = [row for row in self._all if self._is_asked(row)]
        before = self._keys()
        self.model.show_rows(shown)
        self._keep_selected(before)
        self._caption.setText(str(len(self._all)) if len(shown) == len(self._all) else f"{len(shown)}/{len(self._all)}")
        is_hidden = bool(self._all) and not shown
        told = (self.tr("Nothing matches"), self.tr("Esc in the filter clears it.")) if is_hidden else self._empty
        self.nothing.set_words(*told)
        self._stack.setCurrentIndex(0 if shown else 1)
        self._tell_whole()

    def _keys(self) -> set[Hashable]:
        return {self._key(row) for row in self.selected()} if self._key is not None else set()

    def _keep_selected(self, before: set[Hashable]) -> None:
        """Select those that were: Qt keeps places, and selects the next one where a row goes."""
        if self._key is None or self._keys() == before:
            return
        rows = ((at, self.model.row(at)) for at in range(self.model.rowCount()))
        self.view.select_only([at for at, row in rows if row is not None and self._key(row) in before])

    @Slot()
    def _tell_whole(self) -> None:
        """Say all of the row that is selected; of several, nothing."""
        chosen = self.chosen
        self.whole.setText(self._told(chosen) if chosen is not None else "")
        self.whole.setVisible(chosen is not None)

    @Slot(object)
    def _filter(self, query: Query) -> None:
        self._is_asked = asked_by(query, self._schema, datetime.now(UTC))
        self._renew()

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.filter.accessibleName(), self._schema, self).show()

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
