"""A list of values as a table: each column says how it reads a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from xsconsole.domain.folding import natural
from xsconsole_ui import pieces
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.row_difference import difference
from xsconsole_ui.sorting import Sorting, rearranged

Index = QModelIndex | QPersistentModelIndex
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """`hint` is the tooltip, where it says more than the text; `key` sorts where the text does not."""

    head: str
    text: Callable[[T], str]
    tone: Callable[[T], str] = lambda _: ""
    hint: Callable[[T], str] | None = None
    key: Callable[[T], float] | None = None
    width: int = 0  # px; 0 takes what is left


class ListModel(QAbstractTableModel, Generic[T]):
    """Shows rows in the order given, or sorted by a column; another state changes only what differs."""

    def __init__(self, columns: Sequence[Column[T]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._given: list[T] = []
        self._rows: list[T] = []
        self._sorting: Sorting | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(column.width for column in self._columns)

    @Slot(int)
    def order_by(self, column: int) -> None:
        """Sort by a column, then the other way round, then as given again."""
        with rearranged(self, lambda: [id(row) for row in self._rows]):
            if self._sorting is not None and self._sorting.column == column and self._sorting.is_descending:
                self._sorting = None
            else:
                self._sorting = (self._sorting or Sorting(-1)).by(column)
            self._rows = self._sorted(self._given)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def _sorted(self, rows: Sequence[T]) -> list[T]:
        if self._sorting is None:
            return list(rows)
        column = self._columns[self._sorting.column]

        def place(row: T) -> tuple[float, str]:
            return (column.key(row), "") if column.key is not None else (0.0, natural(column.text(row)))

        return sorted(rows, key=place, reverse=self._sorting.is_descending)

    def show_rows(self, rows: Sequence[T]) -> None:
        self._given = list(rows)
        before, after = self._rows, self._sorted(self._given)
        first, gone, came = difference(before, after)
        if gone == came:
            self._rows = after
            if came:
                self.dataChanged.emit(self.index(first, 0), self.index(first + came - 1, len(self._columns) - 1))
            return
        if gone:
            self.beginRemoveRows(QModelIndex(), first, first + gone - 1)
            self._rows = before[:first] + before[first + gone :]
            self.endRemoveRows()
        if came:
            self.beginInsertRows(QModelIndex(), first, first + came - 1)
            self._rows = after
            self.endInsertRows()

    def row(self, at: int) -> T | None:
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        is_head = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        if not is_head or not 0 <= section < len(self._columns):
            return None
        return self.tr(self._columns[section].head) + ("" if self._sorting is None else self._sorting.arrow(section))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index.row()) if index.isValid() else None
        if row is None:
            return None
        column = self._columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(row)
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint((column.hint or column.text)(row))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self.tr(column.head)}: {column.text(row)}"
            case _ if role == TONE_ROLE:
                return column.tone(row)
            case _:
                return None
