"""Rows of a dense table that are as high as the sentences in some of their columns need."""

from collections.abc import Collection

from PySide6.QtCore import QObject, QRect, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import CellDelegate, DenseTable, Index

MOST_LINES = 4  # the whole stands in the tooltip
FILLED = 0.9  # of a line that is broken between words, at least
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


class WrappingDelegate(CellDelegate):
    """Breaks the texts of some columns into lines; the others are written in one line, as everywhere."""

    def __init__(self, columns: Collection[int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns

    def write(self, painter: QPainter, words: QRect, text: str, index: Index) -> None:
        if index.column() not in self._columns:
            super().write(painter, words, text, index)
            return
        shown = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, round(words.width() * MOST_LINES * FILLED)
        )
        painter.drawText(words, WRAPPED, pieces.breakable(shown))


class WrappedRows(QObject):
    """Keeps the rows of a table as high as their sentences need, whatever comes, changes, or gets another width."""

    def __init__(self, table: DenseTable, *columns: int) -> None:
        super().__init__(table)
        self._table, self._columns = table, columns
        self._widths: dict[str, int] = {}  # of the texts in one line
        table.setItemDelegate(WrappingDelegate(columns, table))
        model = table.model()
        for news in (model.rowsInserted, model.rowsRemoved, model.dataChanged, model.layoutChanged, model.modelReset):
            news.connect(self.fit)
        table.horizontalHeader().sectionResized.connect(self._look)

    @Slot(int, int, int)
    def _look(self, column: int, before: int, after: int) -> None:
        if column in self._columns and before != after:
            self.fit()

    @Slot()
    def fit(self) -> None:
        """Give every row its height."""
        table, metrics = self._table, QFontMetrics(theme.text_font())
        rooms = {column: table.columnWidth(column) - 2 * theme.GAP for column in self._columns}
        before, self._widths = self._widths, {}
        for row in range(table.model().rowCount()):
            texts = {column: one_line(str(table.model().index(row, column).data() or "")) for column in rooms}
            self._widths |= {text: before.get(text) or metrics.horizontalAdvance(text) for text in texts.values()}
            high = max(self._height(text, rooms[column], metrics) for column, text in texts.items())
            if table.rowHeight(row) != high:
                table.setRowHeight(row, high)

    def _height(self, text: str, room: int, metrics: QFontMetrics) -> int:
        if self._widths[text] <= room:
            return theme.ROW_HEIGHT
        tall = metrics.boundingRect(QRect(0, 0, room, 0), WRAPPED, pieces.breakable(text)).height()
        return theme.ROW_HEIGHT + min(tall, MOST_LINES * metrics.lineSpacing()) - metrics.height()
