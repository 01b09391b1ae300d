"""The outline's lines as a table of one column. Repeats the outline's ranges; never resets."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.domain import words
from xsconsole.domain.outline_rows import Changed, Edit, Inserted, Removed, Row, Sort
from xsconsole_ui import pieces
from xsconsole_ui.texts import tr

Index = QModelIndex | QPersistentModelIndex

LINE_ROLE = Qt.ItemDataRole.UserRole + 1
ROLES = [Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, LINE_ROLE]


def aside(row: Row) -> str:
    """Return the few words at the right end of a line."""
    match row.sort:
        case Sort.HOST if row.state != "live":
            return row.state
        case Sort.HOST:
            return "" if row.memory_used is None else f"{row.memory_used * 100:.0f} %"
        case Sort.VM:
            return tr("stray") if row.is_stray else row.version
        case Sort.SR:
            return "" if row.free_bytes is None else tr("{size} free").format(size=words.size(max(0, row.free_bytes)))
        case Sort.NETWORK:
            return words.count(row.count or 0, "VIF")
        case Sort.GROUP:
            return str(row.count or 0)
        case _:
            return ""


def spoken(row: Row) -> str:
    """Return what a screen reader says of a line."""
    parts = [row.name, "" if row.sort is Sort.GROUP else str(row.sort), row.state.lower()]
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


class OutlineModel(QAbstractTableModel):
    """Holds its own copy of the lines, because a view must be told before they change."""

    def __init__(self, hint: Callable[[Row], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._hint = hint

    def line(self, row: int) -> Row | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def repeat(self, edits: Iterable[Edit]) -> None:
        """Do to the lines what was done to the outline's."""
        for edit in edits:
            match edit:
                case Removed(first=first, count=count):
                    self.beginRemoveRows(QModelIndex(), first, first + count - 1)
                    del self._rows[first : first + count]
                    self.endRemoveRows()
                case Inserted(first=first, rows=rows):
                    self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
                    self._rows[first:first] = rows
                    self.endInsertRows()
                case Changed(first=first, rows=rows):
                    self._rows[first : first + len(rows)] = rows
                    self.dataChanged.emit(self.index(first, 0), self.index(first + len(rows) - 1, 0), ROLES)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.line(index.row()) if index.isValid() else None
        if row is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint(self._hint(row))
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(row)
            case _ if role == LINE_ROLE:
                return row
            case _:
                return None
