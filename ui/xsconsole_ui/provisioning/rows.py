"""Several configurations as rows of a table: what it is called, and each parameter that is other than in the form."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.console import FilledRow
from xsconsole.domain.blueprint import Parameter
from xsconsole.domain.blueprint.answers import asked, written_as
from xsconsole.domain.folding import one_line
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.texts import tr

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
NOWHERE = QModelIndex()


class RowsModel(QAbstractTableModel):
    """An empty cell has what the form says, which is shown in a quieter colour."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parameters: tuple[Parameter, ...] = ()
        self._rows: list[dict[str, str]] = [{}]
        self._filled: tuple[FilledRow, ...] = ()

    def offer(self, parameters: Sequence[Parameter]) -> None:
        """Have a column for each parameter."""
        self.beginResetModel()
        self._parameters = tuple(parameters)
        self._filled = ()
        self.endResetModel()

    def set_number(self, number: int) -> None:
        """Have so many rows; those that stay keep what is filled in."""
        have = len(self._rows)
        if number > have:
            self.beginInsertRows(NOWHERE, have, number - 1)
            self._rows += [{} for _ in range(number - have)]
            self.endInsertRows()
        elif number < have:
            self.beginRemoveRows(NOWHERE, number, have - 1)
            del self._rows[number:]
            self.endRemoveRows()

    def rows(self, usual: Mapping[str, str]) -> tuple[Mapping[str, object], ...]:
        """Return the values of each, with what the form says where the row says nothing."""
        known = {parameter.name for parameter in self._parameters}
        return tuple({**usual, **{name: text for name, text in row.items() if name in known}} for row in self._rows)

    def show_filled(self, filled: Sequence[FilledRow]) -> None:
        """Show what each comes to."""
        self._filled = tuple(filled)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self._parameters)))

    # Qt's own

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else 1 + len(self._parameters)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        parameter = self._parameters[section - 1] if 0 < section <= len(self._parameters) else None
        if role == Role.DisplayRole:
            return tr("Configuration") if parameter is None else one_line(parameter.caption)
        if role == Role.ToolTipRole and parameter is not None:
            return tr("Give {what}.").format(what=asked(parameter))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() else found

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        filled = self._filled[index.row()] if index.row() < len(self._filled) else None
        if index.column() == 0:
            return self._of_whole(index.row(), filled, role)
        parameter = self._parameters[index.column() - 1]
        own = self._rows[index.row()].get(parameter.name, "")
        wrong = [] if filled is None else [one for one in filled.findings if one.parameter == parameter.name]
        match role:
            case Role.EditRole:
                return own
            case Role.DisplayRole | Role.AccessibleTextRole:
                value = None if filled is None else filled.filled.values.get(parameter.name)
                said = written_as(parameter, value) if value is not None else own
                mark = "✕ " if wrong else ""
                return mark + one_line(said)
            case Role.ToolTipRole:
                return " ".join(f"{one.sentence} {one.mend}" for one in wrong)
            case _ if role == TONE_ROLE:
                return "bad" if wrong else "" if own else "muted"
        return None

    def _of_whole(self, at: int, filled: FilledRow | None, role: int) -> Any:
        wrong = [] if filled is None else [one for one in filled.findings if one.is_error]
        match role:
            case Role.DisplayRole | Role.AccessibleTextRole:
                if filled is not None and filled.newcomer is not None:
                    return one_line(filled.newcomer.name)
                return tr("✕ number {n}").format(n=filled.number if filled is not None else at + 1)
            case Role.ToolTipRole:
                return " ".join(f"{one.sentence} {one.mend}" for one in wrong)
            case _ if role == TONE_ROLE:
                return "bad" if wrong else ""
        return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.EditRole or not index.isValid() or not index.column():
            return False
        row, name = self._rows[index.row()], self._parameters[index.column() - 1].name
        text = str(value).strip()
        if row.get(name, "") == text:
            return False
        row.pop(name, None)
        if text:
            row[name] = text
        self.dataChanged.emit(index, index, [Role.EditRole])
        return True
