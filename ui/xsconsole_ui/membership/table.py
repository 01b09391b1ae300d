"""The table of machines in a dialog."""

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from xsconsole_ui import theme
from xsconsole_ui.membership.model import CandidatesModel, Column

Index = QModelIndex | QPersistentModelIndex

STATE_WIDTH = 140
ROLE_WIDTH = 150
SHOWN_ROWS = 7
TEXT_MARGIN = 3  # px, that Fusion puts before the words of a cell


class CandidateDelegate(QStyledItemDelegate):
    """Keeps boxes and words as far from the edge as the words of the head."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.highlight())
        super().paint(painter, _inset(option, index), index)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return super().editorEvent(event, model, _inset(option, index), index)


def _inset(option: QStyleOptionViewItem, index: Index) -> QStyleOptionViewItem:
    moved = QStyleOptionViewItem(option)
    moved.rect = option.rect.adjusted(theme.GAP - (0 if index.column() == Column.VM else TEXT_MARGIN), 0, 0, 0)
    return moved


class CandidatesTable(QTableView):
    """Space ticks the current machine, F2 or typing edits its role."""

    def __init__(self, model: CandidatesModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates = model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.setItemDelegate(CandidateDelegate(self))
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setDefaultSectionSize(theme.ROW_HEIGHT + theme.SPACE)
        across.setHighlightSections(False)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setSectionResizeMode(Column.VM, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(Column.ROLE, ROLE_WIDTH)
        self.setColumnWidth(Column.STATE, STATE_WIDTH)
        rows = min(SHOWN_ROWS, max(2, model.rowCount()))
        self.setFixedHeight(rows * down.defaultSectionSize() + theme.ROW_HEIGHT + theme.GAP)
        if model.rowCount():
            self.setCurrentIndex(model.index(0, Column.VM))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and current.isValid():
            box = self._candidates.index(current.row(), Column.VM)
            is_checked = box.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
            state = Qt.CheckState.Unchecked if is_checked else Qt.CheckState.Checked
            self._candidates.setData(box, state, Qt.ItemDataRole.CheckStateRole)
            event.accept()
            return
        if event.key() == Qt.Key.Key_F2 and current.isValid():
            role = self._candidates.index(current.row(), Column.ROLE)
            if self._candidates.flags(role) & Qt.ItemFlag.ItemIsEditable:
                self.setCurrentIndex(role)
                self.edit(role)
            event.accept()
            return
        super().keyPressEvent(event)
