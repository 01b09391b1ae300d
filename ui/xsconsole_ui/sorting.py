"""By which column a table is sorted, and how its rows change their places without losing what is selected."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex


class Sorting(NamedTuple):
    column: int
    is_descending: bool = False

    def by(self, column: int, *, first_descending: bool = False) -> "Sorting":
        """Return the order after a click on a column's head: once more on the same turns it round."""
        return Sorting(column, not self.is_descending if column == self.column else first_descending)

    def arrow(self, column: int) -> str:
        """Return what stands after the head of a column."""
        return "" if column != self.column else " ↓" if self.is_descending else " ↑"


@contextmanager
def rearranged(model: QAbstractTableModel, names: Callable[[], Sequence[Hashable]]) -> Iterator[None]:
    """Give the rows of a model other places inside: what is selected or current stays so.

    `names` gives the names of the rows from the first to the last, each its own one.
    """
    model.layoutAboutToBeChanged.emit()
    before = names()
    held = [QModelIndex(index) for index in model.persistentIndexList()]
    yield
    now = {name: row for row, name in enumerate(names())}
    moved = [
        model.index(now[name], index.column()) if (name := before[index.row()]) in now else QModelIndex()
        for index in held
    ]
    model.changePersistentIndexList(held, moved)
    model.layoutChanged.emit()
