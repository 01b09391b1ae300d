"""Rows of a bundle as a table: like the audit's, with the whole time, and a mark where something is wrong."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt

from xsconsole.domain.record import AuditRow
from xsconsole_ui import pieces
from xsconsole_ui.audit.fields import Column
from xsconsole_ui.audit.model import AuditModel, Index
from xsconsole_ui.dense_table import TONE_ROLE


class RowsModel(AuditModel):
    def __init__(
        self,
        doubts: Callable[[int], tuple[str, ...]],
        label: Callable[[int], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(lambda: None, lambda pool: pool or "", parent)
        self._doubts, self._label = doubts, label

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.audit_row(index.row()) if index.isValid() else None
        if row is None:
            return None
        doubts = self._doubts(row.seq)
        match role:
            case Qt.ItemDataRole.DisplayRole if index.column() == Column.TIME:
                return whole_time(row)
            case Qt.ItemDataRole.DisplayRole if index.column() == Column.SEQ:
                return f"✗ {self._label(row.seq)}" if doubts else self._label(row.seq)
            case Qt.ItemDataRole.ToolTipRole if doubts:
                return pieces.hint("\n".join(doubts))
            case _ if role == TONE_ROLE and doubts:
                return "bad"
            case _:
                return super().data(index, role)


def whole_time(row: AuditRow) -> str:
    return f"{row.at.astimezone():%Y-%m-%d %H:%M:%S %z}"
