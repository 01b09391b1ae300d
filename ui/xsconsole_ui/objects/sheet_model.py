"""A sheet as rows of a table: a row for each section's title, and one for each line below it."""

from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from xsconsole.domain.acts import Act
from xsconsole.domain.sheets.values import Line, Sheet
from xsconsole_ui import pieces, times
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.row_difference import difference

Index = QModelIndex | QPersistentModelIndex

TITLE_ROLE = Qt.ItemDataRole.UserRole + 20  # the title of a section; absent for lines
DEPTH_ROLE = Qt.ItemDataRole.UserRole + 21
LINK_ROLE = Qt.ItemDataRole.UserRole + 22  # whether the value leads to another object

PLACEHOLDER_ROLE = Qt.ItemDataRole.UserRole + 23  # what stands where there is no value yet
RAIL_ROLE = Qt.ItemDataRole.UserRole + 24  # what is drawn before the value: its place in a tree

LABEL, VALUE = 0, 1
ADDING = frozenset({Act.TAG, Act.SET_KEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """`title` for the row of a section, else `line`."""

    title: str = ""
    line: Line | None = None


class SheetModel(QAbstractTableModel):
    """Shows one sheet at a time; another state of the same sheet changes only the rows that differ."""

    edited = Signal(object, str)  # Line, the new text

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[SheetRow] = []
        self._stamps: frozenset[str] = frozenset()

    def show_sheet(self, sheet: Sheet | None) -> None:
        before, after = self._rows, _rows_of(sheet)
        self._stamps = frozenset(self._label(row.line) for row in after if row.line is not None and row.line.rail)
        first, gone, came = difference(before, after)
        if gone == came:
            self._rows = after
            if came:
                self.dataChanged.emit(self.index(first, 0), self.index(first + came - 1, VALUE))
            return
        if gone:
            self.beginRemoveRows(QModelIndex(), first, first + gone - 1)
            self._rows = before[:first] + before[first + gone :]
            self.endRemoveRows()
        if came:
            self.beginInsertRows(QModelIndex(), first, first + came - 1)
            self._rows = after
            self.endInsertRows()

    @property
    def stamps(self) -> frozenset[str]:
        """The times that stand in the labels' place, as they are shown."""
        return self._stamps

    def line(self, row: int) -> Line | None:
        return self._rows[row].line if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        is_head = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return (self.tr("What"), self.tr("Value"))[section] if is_head and 0 <= section < 2 else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        line = self.line(index.row())
        if line is None:
            return Qt.ItemFlag.ItemIsEnabled
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        is_editable = line.edit is not None and index.column() == VALUE
        return usual | Qt.ItemFlag.ItemIsEditable if is_editable else usual

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if row.line is None:
            is_title = index.column() == LABEL and role in (Qt.ItemDataRole.DisplayRole, TITLE_ROLE)
            return row.title if is_title or role == TITLE_ROLE else None
        return self._of_line(row.line, index.column(), role)

    def _of_line(self, line: Line, column: int, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._label(line) if column == LABEL else value_of(line)
            case Qt.ItemDataRole.EditRole:
                return edited_text(line)
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint(self._hint(line, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._label(line)}: {value_of(line)}"
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return line.hint
            case _ if role == TONE_ROLE:
                return "muted" if column == LABEL or not value_of(line) else line.tone
            case _ if role == PLACEHOLDER_ROLE:
                is_new = line.edit in ADDING and not line.key and not line.value
                return self.tr("add…") if is_new and column == VALUE else ""
            case _ if role == DEPTH_ROLE:
                return line.depth if column == LABEL else 0
            case _ if role == RAIL_ROLE:
                return line.rail if column == VALUE else None
            case _ if role == LINK_ROLE:
                return column == VALUE and line.link is not None
            case _:
                return None

    def _label(self, line: Line) -> str:
        if line.rail is not None and line.at is not None:
            return times.clock_time(line.at)
        return self.tr(line.label)

    def _hint(self, line: Line, column: int) -> str:
        told = [self._label(line) if column == LABEL else value_of(line), line.hint]
        if line.at is not None:
            told.append(times.exact_time(line.at))
        if line.edit is not None:
            told.append(self.tr("F2 changes it."))
        if line.link is not None:
            told.append(self.tr("Enter goes there."))
        return "\n".join(filter(None, told))

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for the change; the row changes when the pool says so."""
        line = self.line(index.row())
        text = str(value)
        if line is None or role != Qt.ItemDataRole.EditRole or text == edited_text(line):
            return False
        self.edited.emit(line, text)
        return False


def value_of(line: Line) -> str:
    """Return the value as it is shown and copied."""
    when = times.clock_time(line.at) if line.at is not None and line.rail is None else ""
    return " · ".join(filter(None, (line.value, when)))


def edited_text(line: Line) -> str:
    """Return what an editor begins with: a new key is typed as `key=value`."""
    return "key=value" if line.edit is Act.SET_KEY and not line.key else line.value


def _rows_of(sheet: Sheet | None) -> list[SheetRow]:
    rows: list[SheetRow] = []
    for section in sheet.sections if sheet is not None else ():
        rows.append(SheetRow(title=section.title))
        rows += [SheetRow(line=line) for line in section.lines]
        if not section.lines:
            rows.append(SheetRow(line=Line(label="", value=section.empty, tone="muted")))
    return rows
