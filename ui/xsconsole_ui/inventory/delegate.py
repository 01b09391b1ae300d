"""Puts the lines of the inventory into its view: each as a kept picture, painted anew only where it looks otherwise."""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.rows import Row
from xsconsole_ui import theme
from xsconsole_ui.inventory.columns import COLUMNS
from xsconsole_ui.inventory.line_painter import CellFace, LineFace, face_of, paint_cell, paint_line
from xsconsole_ui.inventory.model import LINE_ROLE, aside
from xsconsole_ui.pictures import Pictures
from xsconsole_ui.theme import Colours

Index = QModelIndex | QPersistentModelIndex
Flag = QStyle.StateFlag

MOST_BYTES = 16 * 2**20  # of pictures: what some screens full of lines show


class Marks(NamedTuple):
    """How a line stands out. `pool` is told where the name alone does not tell the line from one beside it."""

    is_selected: bool
    is_hovered: bool
    has_focus: bool
    pool: str = ""


class LineDelegate(QStyledItemDelegate):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pictures = Pictures(MOST_BYTES)
        self._away: Mapping[Ref, str] = {}

    def show_away(self, away: Mapping[Ref, str]) -> bool:
        """Paint what is of these pools in grey; return whether anything looks otherwise now."""
        is_changed = away != self._away
        self._away = away
        return is_changed

    def put(
        self,
        painter: QPainter,
        area: QRect,
        row: Row,
        column: int,
        colours: Colours,
        marks: Marks,
    ) -> None:
        """Show one cell of a line."""
        is_old = bool(self._away) and row.item is not None and row.item.pool in self._away
        behind = colours.accent_soft if marks.is_selected else colours.sunken if marks.is_hovered else colours.surface
        face: CellFace | LineFace
        if column:
            text = COLUMNS[column].text(row.item) if row.item is not None else ""
            face = CellFace(text, COLUMNS[column].is_number, is_old)
        else:
            end = " · ".join(filter(None, (self._end(row), marks.pool)))
            face = face_of(row, end, has_focus=marks.has_focus, is_old=is_old)
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        size = area.size()
        key = (face, colours.scheme, behind)
        # A picture that lies between two dots of the screen would be blurred.
        if ratio.is_integer() and self._pictures.is_wanted_again(key):
            paint = partial(_paint, face=face, size=size, colours=colours)
            painter.drawPixmap(area.topLeft(), self._pictures.picture(key, size, ratio, paint, _colour(behind)))
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(area, _colour(behind))
        painter.translate(area.topLeft())
        _paint(painter, face, size, colours)
        painter.restore()

    def basis(self) -> Hashable:
        """Return what decides how all lines look."""
        return (tuple(self._away.items()), self._is_alone())

    def _is_alone(self) -> bool:
        """Whether a line has no cells beside its name, and says there what those would."""
        view = self.parent()
        return not isinstance(view, QTableView) or not view.horizontalHeader().isVisible()

    def _end(self, row: Row) -> str:
        if row.sort is Sort.POOL and row.item is not None:
            return self._away.get(row.item.ref, "")
        return aside(row) if self._is_alone() or row.item is None else ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(LINE_ROLE)
        if row is not None:
            state: QStyle.StateFlag = option.state
            self.put(
                painter,
                option.rect,
                row,
                index.column(),
                theme.colours_of(option.palette),
                Marks(
                    is_selected=bool(state & Flag.State_Selected),
                    is_hovered=bool(state & Flag.State_MouseOver),
                    has_focus=bool(state & Flag.State_HasFocus),
                ),
            )

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(240, theme.ROW_HEIGHT)


def _paint(painter: QPainter, face: CellFace | LineFace, size: QSize, colours: Colours) -> None:
    area = QRect(0, 0, size.width(), size.height())
    if face.is_old:
        colours = theme.greyed(colours)
    if isinstance(face, LineFace):
        paint_line(painter, area, face, colours)
    else:
        paint_cell(painter, area, face, colours)


_colour: Callable[[str], QColor] = lru_cache(maxsize=32)(QColor)
