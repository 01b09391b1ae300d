"""Rows of a dense table that are as high as the sentences in some of their columns need."""

from collections.abc import Collection, Iterable

from PySide6.QtCore import QModelIndex, QObject, QRect, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import CellDelegate, DenseTable, Index

MOST_KNOWN = 4000  # texts whose width is kept
MOST_LINES = 4  # unless somebody asks for more; the whole stands in the tooltip
FILLED = 0.9  # of a line that is broken between words, at least
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


class WrappingDelegate(CellDelegate):
    """Breaks the texts of some columns into lines; the others are written in one line, as everywhere."""

    def __init__(self, columns: Collection[int], most_lines: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns, self._most_lines = columns, most_lines

    def write(self, painter: QPainter, words: QRect, text: str, index: Index) -> None:
        if index.column() not in self._columns:
            super().write(painter, words, text, index)
            return
        painter.drawText(words, WRAPPED, self._shortened(painter.fontMetrics(), words.width(), text))

    def _shortened(self, metrics: QFontMetrics, width: int, text: str) -> str:
        """Return as much of a text as the lines hold: long words are broken before a line is full."""
        most, room = self._most_lines * metrics.lineSpacing(), round(width * self._most_lines * FILLED)
        while True:
            shown = pieces.breakable(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
            if room <= width or metrics.boundingRect(QRect(0, 0, width, 0), WRAPPED, shown).height() <= most:
                return shown
            room -= width // 4


class WrappedRows(QObject):
    """Keeps the rows of a table as high as their sentences need, whatever comes, changes, or gets another width."""

    def __init__(self, table: DenseTable, *columns: int, most_lines: int = MOST_LINES) -> None:
        super().__init__(table)
        self._table, self._columns, self._most_lines = table, columns, most_lines
        self._widths: dict[str, int] = {}  # of the texts in one line
        table.setItemDelegate(WrappingDelegate(columns, most_lines, table))
        model = table.model()
        model.rowsInserted.connect(self._fit_new)
        model.dataChanged.connect(self._fit_changed)
        for news in (model.layoutChanged, model.modelReset):
            news.connect(self.fit)
        table.horizontalHeader().sectionResized.connect(self._look)

    @Slot(int, int, int)
    def _look(self, column: int, before: int, after: int) -> None:
        if column in self._columns and before != after:
            self.fit()

    @Slot()
    def fit(self) -> None:
        """Give every row its height."""
        self._fit(range(self._table.model().rowCount()))

    @Slot(QModelIndex, int, int)
    def _fit_new(self, parent: QModelIndex, first: int, last: int) -> None:
        del parent
        self._fit(range(first, last + 1))

    @Slot(QModelIndex, QModelIndex)
    def _fit_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self._fit(range(first.row(), last.row() + 1))

    def _fit(self, rows: Iterable[int]) -> None:
        table, metrics = self._table, QFontMetrics(theme.text_font())
        seen = [column for column in self._columns if not table.isColumnHidden(column)]
        rooms = {column: table.columnWidth(column) - 2 * theme.GAP for column in seen}
        if len(self._widths) > MOST_KNOWN:
            self._widths = {}
        for row in rows:
            texts = {column: one_line(str(table.model().index(row, column).data() or "")) for column in rooms}
            high = max(self._height(text, rooms[column], metrics) for column, text in texts.items())
            if table.rowHeight(row) != high:
                table.setRowHeight(row, high)

    def _height(self, text: str, room: int, metrics: QFontMetrics) -> int:
        wide = self._widths.get(text)
        if wide is None:
            wide = self._widths[text] = metrics.horizontalAdvance(text)
        if wide <= room:
            return theme.ROW_HEIGHT
        tall = metrics.boundingRect(QRect(0, 0, room, 0), WRAPPED, pieces.breakable(text)).height()
        return theme.ROW_HEIGHT + min(tall, self._most_lines * metrics.lineSpacing()) - metrics.height()
