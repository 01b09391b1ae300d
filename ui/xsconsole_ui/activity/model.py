"""The activity list: newest first, ended ones stay."""

from bisect import bisect_left
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole_ui import pieces, times
from xsconsole_ui.activity.entries import Entry
from xsconsole_ui.dense_table import PROGRESS_ROLE, TONE_ROLE

Index = QModelIndex | QPersistentModelIndex

MOST_ENTRIES = 500


class Column(IntEnum):
    WHAT = 0
    WHERE = 1
    WHO = 2
    PROGRESS = 3
    STARTED = 4
    RESULT = 5


HEADS = ("What", "Where", "Who", "Progress", "Started", "Result")


class ActivityModel(QAbstractTableModel):
    """Rows are added, changed and, beyond the limit, the oldest ended ones dropped; nothing is ever reset."""

    def __init__(self, parent: QObject | None = None, *, most: int = MOST_ENTRIES) -> None:
        super().__init__(parent)
        self._most = most
        self._entries: list[Entry] = []
        self._orders: list[tuple[float, str]] = []
        self._by_key: dict[str, Entry] = {}

    @property
    def going(self) -> int:
        return sum(entry.is_going for entry in self._entries)

    def entry(self, row: int) -> Entry | None:
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def known(self, key: str) -> Entry | None:
        return self._by_key.get(key)

    def show(self, entry: Entry) -> None:
        """Add an entry, or show it anew."""
        before = self._by_key.get(entry.key)
        if before == entry:
            return
        if before is not None and before.order == entry.order:
            row = bisect_left(self._orders, entry.order)
            self._entries[row] = entry
            self._by_key[entry.key] = entry
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADS) - 1))
            return
        if before is not None:
            self._drop(bisect_left(self._orders, before.order))
        row = bisect_left(self._orders, entry.order)
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.insert(row, entry)
        self._orders.insert(row, entry.order)
        self._by_key[entry.key] = entry
        self.endInsertRows()
        if len(self._entries) > self._most:
            ended = (at for at in range(len(self._entries) - 1, -1, -1) if not self._entries[at].is_going)
            self._drop(next(ended, len(self._entries) - 1))

    def forget(self, key: str) -> None:
        """Take an entry out that turned out to be part of another one."""
        known = self._by_key.get(key)
        if known is not None:
            self._drop(bisect_left(self._orders, known.order))

    def _drop(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._by_key[self._entries[row].key]
        del self._entries[row]
        del self._orders[row]
        self.endRemoveRows()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        is_head = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.tr(HEADS[section]) if is_head and 0 <= section < len(HEADS) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entry(index.row()) if index.isValid() else None
        if entry is None:
            return None
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(entry, column)
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint(_hint(entry, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{HEADS[column]}: {_text(entry, column)}"
            case _ if role == TONE_ROLE:
                return entry.tone if column is Column.RESULT else "" if column is Column.WHAT else "muted"
            case _ if role == PROGRESS_ROLE:
                return entry.progress if column is Column.PROGRESS else None
            case _:
                return None


def _text(entry: Entry, column: Column) -> str:
    match column:
        case Column.WHAT:
            return entry.what
        case Column.WHERE:
            return entry.where
        case Column.WHO:
            return entry.who
        case Column.PROGRESS:
            return entry.stage
        case Column.STARTED:
            return times.clock_time(entry.started_at)
        case Column.RESULT:
            return entry.result


def _hint(entry: Entry, column: Column) -> str:
    if column is Column.STARTED:
        return times.exact_time(entry.started_at)
    if column is Column.RESULT and entry.details:
        return f"{entry.result}\n{entry.details}"
    return _text(entry, column)
