"""A list of values as a table: each column says how it reads a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole_ui import pieces
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.row_difference import difference

Index = QModelIndex | QPersistentModelIndex
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """`hint` is the tooltip, where it says more than the text."""

    head: str
    text: Callable[[T], str]
    tone: Callable[[T], str] = lambda _: ""
    hint: Callable[[T], str] | None = None
    width: int = 0  # px; 0 takes what is left


class ListModel(QAbstractTableModel, Generic[T]):
    """Shows rows in the order given; another state changes only what differs."""

    def __init__(self, columns: Sequence[Column[T]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[T] = []

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(column.width for column in self._columns)

    def show_rows(self, rows: Sequence[T]) -> None:
        before, after = self._rows, list(rows)
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
        return self.tr(self._columns[section].head) if is_head and 0 <= section < len(self._columns) else None

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
                return f"{column.head}: {column.text(row)}"
            case _ if role == TONE_ROLE:
                return column.tone(row)
            case _:
                return None
