"""The activity list: sorted by any column, newest first to begin with; ended ones stay."""

from bisect import bisect_left
from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from xsconsole.domain.folding import natural
from xsconsole.domain.ids import Ref
from xsconsole_ui import pieces, times
from xsconsole_ui.activity.entries import TASK, Entry
from xsconsole_ui.dense_table import OUTSIDE_ROLE, PROGRESS_ROLE, TONE_ROLE
from xsconsole_ui.sorting import Sorting, rearranged
from xsconsole_ui.texts import tr

Index = QModelIndex | QPersistentModelIndex

MOST_ENTRIES = 500
LEAST_APART_S = 0.001
OWN = ("run:", "job:")  # keys of what this console does


class Column(IntEnum):
    WHAT = 0
    WHERE = 1
    WHO = 2
    STARTED = 3
    STATE = 4  # how far it is, or how it ended


HEADS = ("What", "Where", "Who", "Started", "State")
FROM_THE_TOP = frozenset({Column.STARTED})  # the newest are wanted first

Place = tuple[float, str, float, str]


class ActivityModel(QAbstractTableModel):
    """Rows are added, changed and, beyond the limit, the oldest ended ones dropped; nothing is ever reset."""

    def __init__(self, parent: QObject | None = None, *, most: int = MOST_ENTRIES) -> None:
        super().__init__(parent)
        self._most = most
        self._sorting = Sorting(Column.STARTED, is_descending=True)
        # Kept from the first to the last; a descending order is read from the end.
        self._entries: list[Entry] = []
        self._places: list[Place] = []
        self._by_key: dict[str, Entry] = {}  # also those that a filter hides
        self._stands: dict[str, float] = {}  # by key, in seconds: what begins now stands behind none of our own
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

    @property
    def is_full(self) -> bool:
        """Whether older ones have given way."""
        return len(self._by_key) >= self._most

    @Slot(int)
    def order_by(self, column: int) -> None:
        """Sort by a column; once more by the same one turns it round."""
        with rearranged(self, self._keys):
            self._sorting = self._sorting.by(column, first_descending=column in FROM_THE_TOP)
            self._entries.sort(key=self._place)
            self._places = [self._place(entry) for entry in self._entries]
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADS) - 1)

    def _keys(self) -> list[str]:
        keys = [entry.key for entry in self._entries]
        return keys[::-1] if self._sorting.is_descending else keys

    def _place(self, entry: Entry) -> Place:
        """Return where it stands: what is equal in the column stands newest first, whichever way it is sorted."""
        column, started = Column(self._sorting.column), self._stands[entry.key]
        if column is Column.STARTED:
            return started, "", 0.0, entry.key
        turned = started if self._sorting.is_descending else -started
        if column is Column.STATE and entry.progress is not None:
            return -1.0 - entry.progress, "", turned, entry.key  # what goes on first, from the one that is furthest
        return 0.0, natural(_text(entry, column)), turned, entry.key

    def set_filter(self, is_asked: Callable[[Entry], bool]) -> None:
        """Show only what is asked for."""
        self._is_asked = is_asked
        for entry in tuple(self._by_key.values()):
            is_seen = self._is_seen(entry)
            if is_asked(entry) != is_seen:
                (self._remove if is_seen else self._insert)(entry)

    def entry(self, row: int) -> Entry | None:
        return self._entries[self._turned(row)] if 0 <= row < len(self._entries) else None

    def _turned(self, at: int) -> int:
        """Return the row of a position in the list, and the other way round."""
        return len(self._entries) - 1 - at if self._sorting.is_descending else at

    def known(self, key: str) -> Entry | None:
        return self._by_key.get(key)

    def show(self, entry: Entry) -> None:
        """Add an entry, or show it anew."""
        before = self._by_key.get(entry.key)
        if before == entry:
            return
        if before is None:
            self._stands[entry.key] = self._standing(entry)
        was_seen = before is not None and self._is_seen(before)
        is_asked = self._is_asked(entry)
        self._by_key[entry.key] = entry
        if before is not None and was_seen and is_asked and self._place(before) == self._place(entry):
            at = bisect_left(self._places, self._place(entry))
            self._entries[at] = entry
            row = self._turned(at)
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADS) - 1))
            return
        if before is not None and was_seen:
            self._remove(before)
        if is_asked:
            self._insert(entry)
        if len(self._by_key) > self._most:
            self._forget_oldest()

    def _standing(self, entry: Entry) -> float:
        """Return when something counts as begun: our clock may have gone back since the last of our own began."""
        at = (entry.stands_at or entry.started_at).timestamp()
        if entry.run is None and entry.job is None:
            return at
        latest = max((stands for key, stands in self._stands.items() if key.startswith(OWN)), default=at)
        return at if at > latest else latest + LEAST_APART_S

    def forget(self, key: str) -> None:
        """Take an entry out that turned out to be part of another one."""
        known = self._by_key.pop(key, None)
        if known is not None and self._is_seen(known):
            self._remove(known)
        self._stands.pop(key, None)

    def _forget_oldest(self) -> None:
        oldest = min(self._by_key.values(), key=lambda entry: (entry.is_going, self._stands[entry.key], entry.key))
        self.forget(oldest.key)

    def _is_seen(self, entry: Entry) -> bool:
        place = self._place(entry)
        at = bisect_left(self._places, place)
        return at < len(self._places) and self._places[at] == place

    def _insert(self, entry: Entry) -> None:
        place = self._place(entry)
        at = bisect_left(self._places, place)
        row = len(self._entries) - at if self._sorting.is_descending else at
        self.beginInsertRows(QModelIndex(), row, row)
        self._entries.insert(at, entry)
        self._places.insert(at, place)
        self.endInsertRows()

    def _remove(self, entry: Entry) -> None:
        at = bisect_left(self._places, self._place(entry))
        row = self._turned(at)
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._entries[at]
        del self._places[at]
        self.endRemoveRows()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        is_head = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        if not is_head or not 0 <= section < len(HEADS):
            return None
        return self.tr(HEADS[section]) + self._sorting.arrow(section)

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
                return f"{self.tr(HEADS[column])}: {_text(entry, column)}"
            case _ if role == TONE_ROLE:
                return entry.tone if column is Column.STATE else "" if column is Column.WHAT else "muted"
            case _ if role == PROGRESS_ROLE:
                return entry.progress if column is Column.STATE else None
            case _ if role == OUTSIDE_ROLE:
                return entry.is_task
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
        case Column.STARTED:
            return times.clock_time(entry.started_at)
        case Column.STATE:
            return entry.stage if entry.is_going else entry.result


def _forgotten(entry: Entry) -> str:
    return tr("The pool forgot this task before it told how it ended: look at the object.") if entry.has_gone else ""


def _hint(entry: Entry, column: Column) -> str:
    if column is Column.STARTED:
        return times.exact_time(entry.started_at)
    if column is Column.STATE and not entry.is_going:
        return "\n".join(filter(None, (entry.result, _forgotten(entry), entry.mend, entry.details)))
    if column is Column.WHAT and not entry.is_going and not entry.objects and entry.is_task:
        return "\n".join((entry.what, tr("Neither the task nor its error names what it worked on.")))
    return _text(entry, column)
