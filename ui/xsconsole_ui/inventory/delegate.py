"""Puts the lines of the inventory into its view: each as a kept picture, painted once as long as it looks the same."""

from functools import partial

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from xsconsole.domain.outline_rows import Row
from xsconsole_ui import theme
from xsconsole_ui.dense_table import NUMBER_ROLE
from xsconsole_ui.inventory.line_painter import CellFace, LineFace, face_of, paint_cell, paint_line
from xsconsole_ui.inventory.model import LINE_ROLE, aside
from xsconsole_ui.pictures import Pictures

Index = QModelIndex | QPersistentModelIndex
Flag = QStyle.StateFlag

MOST_BYTES = 16 * 2**20  # of pictures: what some screens full of lines show


class LineDelegate(QStyledItemDelegate):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = Pictures(MOST_BYTES)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(LINE_ROLE)
        device = painter.device()
        if row is None or device is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        palette: QPalette = option.palette
        colours = theme.colours_of(palette)
        ratio = device.devicePixelRatioF()
        behind = QColor(
            colours.accent_soft
            if state & Flag.State_Selected
            else colours.sunken
            if state & Flag.State_MouseOver
            else colours.surface
        )
        if index.column():
            cell = CellFace(str(index.data() or ""), bool(index.data(NUMBER_ROLE)))
            paint = partial(paint_cell, area=QRect(0, 0, area.width(), area.height()), face=cell, colours=colours)
            key: CellFace | LineFace = cell
        else:
            face = face_of(row, self._end(row), has_focus=bool(state & Flag.State_HasFocus))
            paint = partial(paint_line, area=QRect(0, 0, area.width(), area.height()), face=face, colours=colours)
            key = face
        if ratio.is_integer():
            kept = (key, colours.scheme, behind.rgb())
            painter.drawPixmap(area.topLeft(), self._pictures.picture(kept, area.size(), ratio, paint, behind))
            return
        # A picture that lies between two dots of the screen would be blurred.
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, behind)
        painter.translate(area.topLeft())
        paint(painter)
        painter.restore()

    def _end(self, row: Row) -> str:
        view = self.parent()
        is_alone = not isinstance(view, QTableView) or not view.horizontalHeader().isVisible()
        return aside(row) if is_alone or row.item is None else ""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(240, theme.ROW_HEIGHT)
