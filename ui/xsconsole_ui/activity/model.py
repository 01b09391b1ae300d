"""The activity list: newest first, ended ones stay."""

from bisect import bisect_left
from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.domain.ids import Ref
from xsconsole_ui import pieces, times
from xsconsole_ui.activity.entries import TASK, Entry
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
        self._by_key: dict[str, Entry] = {}  # also those that a filter hides
        self._is_asked: Callable[[Entry], bool] = _every

    @property
    def going(self) -> int:
        return sum(entry.is_going for entry in self._by_key.values())

    @property
    def total(self) -> int:
        """How many there are, seen or not."""
        return len(self._by_key)

    @property
    def going_tasks(self) -> tuple[Ref, ...]:
        """The tasks of the pool that are shown as going on."""
        return tuple(
            Ref(key.removeprefix(TASK))
            for key, entry in self._by_key.items()
            if entry.is_going and key.startswith(TASK)
        )

    def set_filter(self, is_asked: Callable[[Entry], bool]) -> None:
        """Show only what is asked for."""
        self._is_asked = is_asked
        for entry in tuple(self._by_key.values()):
            is_seen = self._is_seen(entry)
            if is_asked(entry) != is_seen:
                (self._remove if is_seen else self._insert)(entry)

    def entry(self, row: int) -> Entry | None:
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def known(self, key: str) -> Entry | None:
        return self._by_key.get(key)

    def show(self, entry: Entry) -> None:
        """Add an entry, or show it anew."""
        before = self._by_key.get(entry.key)
        if before == entry:
            return
        was_seen = before is not None and self._is_seen(before)
        is_asked = self._is_asked(entry)
        self._by_key[entry.key] = entry
        if before is not None and was_seen and is_asked and before.order == entry.order:
            row = bisect_left(self._orders, entry.order)
            self._entries[row] = entry
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADS) - 1))
            return
        if before is not None and was_seen:
            self._remove(before)
        if is_asked:
            self._insert(entry)
        if len(self._by_key) > self._most:
            self._forget_oldest()

    def forget(self, key: str) -> None:
        """Take an entry out that turned out to be part of another one."""
        known = self._by_key.pop(key, None)
        if known is not None and self._is_seen(known):
            self._remove(known)

    def _forget_oldest(self) -> None:
        oldest_first = sorted(self._by_key.values(), key=lambda entry: entry.order, reverse=True)
        self.forget(next((entry for entry in oldest_first if not entry.is_going), oldest_first[0]).key)

    def _is_seen(self, entry: Entry) -> bool:
        row = bisect_left(self._orders, entry.order)
        return row < len(self._orders) and self._orders[row] == entry.order

    def _insert(self, entry: Entry) -> None:
        row = bisect_left(self._orders, entry.order)
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.insert(row, entry)
        self._orders.insert(row, entry.order)
        self.endInsertRows()

    def _remove(self, entry: Entry) -> None:
        row = bisect_left(self._orders, entry.order)
        self.beginRemoveRows(QModelIndex(), row, row)
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


def _every(entry: Entry) -> bool:
    del entry
    return True


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
