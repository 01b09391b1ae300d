"""Machines to choose from, and the roles they are to have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import Uuid
from xsconsole_ui.texts import tr

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    VM = 0
    ROLE = 1
    STATE = 2


HEADS = ("VM", "Role", "State")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A machine. `role` empty means its name."""

    uuid: Uuid
    name: str
    role: str = ""
    state: str = ""
    is_chosen: bool = True

    @property
    def shown_name(self) -> str:
        return one_line(self.name) or tr("(no name)")


class CandidatesModel(QAbstractTableModel):
    """A box before each machine; roles can be edited where `can_edit_roles`."""

    def __init__(
        self,
        candidates: Iterable[Candidate],
        *,
        can_edit_roles: bool,
        heads: tuple[str, str, str] = HEADS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._heads = heads
        self._candidates = list(candidates)
        self._can_edit_roles = can_edit_roles

    @property
    def chosen(self) -> Sequence[Candidate]:
        return [candidate for candidate in self._candidates if candidate.is_chosen]

    def show_roles(self, roles: Mapping[Uuid, str]) -> None:
        """Show the roles that a plan gives to machines."""
        for row, candidate in enumerate(self._candidates):
            self._change(row, replace(candidate, role=roles.get(candidate.uuid, candidate.role)))

    def _change(self, row: int, candidate: Candidate) -> None:
        if self._candidates[row] != candidate:
            self._candidates[row] = candidate
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADS) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._candidates)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        is_head = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.tr(self._heads[section]) if is_head and 0 <= section < len(HEADS) else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if index.column() == Column.VM:
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        if index.column() == Column.ROLE and self._can_edit_roles and self._candidates[index.row()].is_chosen:
            return flags | Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        candidate, column = self._candidates[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(candidate, column)
            case Qt.ItemDataRole.EditRole if column is Column.ROLE:
                return candidate.role or candidate.shown_name
            case Qt.ItemDataRole.ToolTipRole:
                return _text(candidate, column)
            case Qt.ItemDataRole.CheckStateRole if column is Column.VM:
                return Qt.CheckState.Checked if candidate.is_chosen else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._heads[column]}: {_text(candidate, column)}"
            case _:
                return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid():
            return False
        candidate = self._candidates[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == Column.VM:
            self._change(index.row(), replace(candidate, is_chosen=Qt.CheckState(value) == Qt.CheckState.Checked))
            return True
        if role == Qt.ItemDataRole.EditRole and index.column() == Column.ROLE:
            self._change(index.row(), replace(candidate, role=str(value).strip()))
            return True
        return False


def _text(candidate: Candidate, column: Column) -> str:
    match column:
        case Column.VM:
            return candidate.shown_name
        case Column.ROLE:
            return one_line(candidate.role) or candidate.shown_name
        case Column.STATE:
            return candidate.state
