"""Audit rows, newest first; older ones are fetched by key as somebody scrolls down."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from xsconsole.domain.record import AuditRow
from xsconsole.domain.workflow import Workflow
from xsconsole_ui import pieces
from xsconsole_ui.audit.fields import HEADS, TONES, Called, Column, cell, exact, hint
from xsconsole_ui.dense_table import COPY_ROLE, NUMBER_ROLE, TONE_ROLE

Index = QModelIndex | QPersistentModelIndex


class AuditModel(QAbstractTableModel):
    """Holds what was fetched so far. `older_wanted` asks for the page below the last row."""

    older_wanted = Signal()

    def __init__(self, workflow: Callable[[], Workflow | None], called: Called, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow, self._called = workflow, called
        self._rows: list[AuditRow] = []
        self._has_older = False

    @property
    def newest(self) -> int:
        return self._rows[0].seq if self._rows else 0

    @property
    def oldest(self) -> int | None:
        return self._rows[-1].seq if self._rows else None

    @property
    def rows(self) -> Sequence[AuditRow]:
        return self._rows

    def audit_row(self, row: int) -> AuditRow | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def append(self, page: Sequence[AuditRow], *, has_older: bool) -> None:
        """Add a page below."""
        self._has_older = has_older
        if page:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(page) - 1)
            self._rows.extend(page)
            self.endInsertRows()

    def prepend(self, rows: Sequence[AuditRow]) -> None:
        """Add newer rows above."""
        if rows:
            self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
            self._rows[0:0] = rows
            self.endInsertRows()

    def clear(self) -> None:
        self._has_older = False
        if self._rows:
            self.beginRemoveRows(QModelIndex(), 0, len(self._rows) - 1)
            self._rows.clear()
            self.endRemoveRows()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._has_older

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._has_older = False  # until the page that is asked for has come
            self.older_wanted.emit()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(HEADS):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == Column.SEQ:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self.tr(HEADS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.audit_row(index.row()) if index.isValid() else None
        if row is None:
            return None
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell(row, column, self._workflow(), self._called)
            case Qt.ItemDataRole.ToolTipRole:
                return pieces.hint(hint(row, column, self._workflow(), self._called))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{HEADS[column]}: {cell(row, column, self._workflow(), self._called)}"
            case _ if role == TONE_ROLE:
                return _tone(row, column)
            case _ if role == COPY_ROLE:
                return exact(row, column)
            case _ if role == NUMBER_ROLE:
                return column is Column.SEQ
            case _:
                return None


def _tone(row: AuditRow, column: Column) -> str:
    if column is Column.OUTCOME:
        return TONES.get(row.fact.outcome, "") if row.fact.outcome is not None else "muted"
    return "muted" if column in (Column.SEQ, Column.DIGEST) else ""
