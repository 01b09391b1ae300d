"""The outline's lines as a table. Repeats the outline's ranges; never resets."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.domain import words
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.rows import Changed, Edit, Inserted, Removed, Row
from xsconsole.domain.outline.views import BY_NAME, NodeId, Order
from xsconsole_ui import pieces
from xsconsole_ui.dense_table import NUMBER_ROLE
from xsconsole_ui.inventory.columns import COLUMNS
from xsconsole_ui.texts import tr

Index = QModelIndex | QPersistentModelIndex

LINE_ROLE = Qt.ItemDataRole.UserRole + 11
ROLES = [Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, LINE_ROLE]


def aside(row: Row) -> str:
    """Return the few words at the right end of a line that has no columns beside it."""
    item = row.item
    if item is None:
        return str(row.held)
    match row.sort:
        case Sort.HOST if item.state != "live":
            return item.state
        case Sort.HOST:
            return "" if item.memory_used is None else f"{item.memory_used * 100:.0f} %"
        case Sort.VM:
            return tr("stray") if item.is_stray else item.version
        case Sort.SR:
            return "" if item.free_bytes is None else tr("{size} free").format(size=words.size(max(0, item.free_bytes)))
        case Sort.NETWORK:
            return words.count(item.count or 0, "VIF")
        case _:
            return ""


def spoken(row: Row) -> str:
    """Return what a screen reader says of a line."""
    parts = [row.name, "" if row.item is None else str(row.sort), row.state.lower()]
    if row.is_busy:
        parts.append(tr("busy"))
    parts.append(
        tr("{part} of memory in use").format(part=aside(row))
        if row.sort is Sort.HOST and row.state == "live"
        else aside(row)
    )
    if row.is_expandable:
        parts.append(tr("open") if row.is_open else tr("closed"))
    return ", ".join(part for part in parts if part)


def pools_to_tell(rows: Sequence[Row | None]) -> tuple[str, ...]:
    """Return of each line the pool of its object where one beside it has the same name in another pool."""
    told: list[str] = []
    for _, alike in groupby(rows, key=lambda row: None if row is None else (row.depth, row.name)):
        items = [None if row is None else row.item for row in alike]
        are_of_several = len({item.pool for item in items if item is not None}) > 1
        told += [item.pool_name if item is not None and are_of_several else "" for item in items]
    return tuple(told)


class OutlineModel(QAbstractTableModel):
    """Holds which lines there are, because a view must be told before they change; what they say is asked for."""

    def __init__(
        self,
        look_up: Callable[[NodeId], Row | None],
        hint: Callable[[Row], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._ids: list[NodeId] = []
        self._look_up = look_up
        self._hint = hint
        self._order = BY_NAME

    @property
    def ids(self) -> Sequence[NodeId]:
        return self._ids

    def line(self, row: int) -> Row | None:
        return self._look_up(self._ids[row]) if 0 <= row < len(self._ids) else None

    def repeat(self, edits: Iterable[Edit]) -> None:
        """Do to the lines what was done to the outline's."""
        for edit in edits:
            match edit:
                case Removed(first=first, count=count):
                    self.beginRemoveRows(QModelIndex(), first, first + count - 1)
                    del self._ids[first : first + count]
                    self.endRemoveRows()
                case Inserted(first=first, ids=ids):
                    self.beginInsertRows(QModelIndex(), first, first + len(ids) - 1)
                    self._ids[first:first] = ids
                    self.endInsertRows()
                case Changed(first=first, count=count):
                    last = self.index(first + count - 1, len(COLUMNS) - 1)
                    self.dataChanged.emit(self.index(first, 0), last, ROLES)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.tr(COLUMNS[section].title) + self._arrow(COLUMNS[section].id)
            case Qt.ItemDataRole.TextAlignmentRole if COLUMNS[section].is_number:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _:
                return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.line(index.row()) if index.isValid() else None
        if row is None:
            return None
        column = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name if index.column() == 0 else column.text(row.item) if row.item is not None else ""
        match role:
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint(self._told(row, index.column()))
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(row) if index.column() == 0 else f"{column.title}: {self._cell(row, index.column())}"
            case _ if role == LINE_ROLE:
                return row
            case _ if role == NUMBER_ROLE:
                return column.is_number
            case _:
                return None

    def show_order(self, order: Order) -> None:
        """Mark the column that the list is sorted by."""
        self._order = order
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def _arrow(self, column: str) -> str:
        if column != self._order.column:
            return ""
        return " ↓" if self._order.is_descending else " ↑"

    def _cell(self, row: Row, column: int) -> str:
        return COLUMNS[column].text(row.item) if row.item is not None else ""

    def _told(self, row: Row, column: int) -> str:
        tell = COLUMNS[column].hint
        if column == 0:
            return self._hint(row)
        return tell(row.item) if tell is not None and row.item is not None else self._cell(row, column)
