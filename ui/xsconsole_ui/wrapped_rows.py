"""Rows of a dense table that are as high as the sentence in one of their columns needs."""

from PySide6.QtCore import QObject, QRect, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter

from xsconsole.domain.folding import one_line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import CellDelegate, DenseTable, Index

MOST_LINES = 4  # the whole stands in the tooltip
FILLED = 0.9  # of a line that is broken between words, at least
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


class WrappingDelegate(CellDelegate):
    """Breaks the text of one column into lines; the others are written in one line, as everywhere."""

    def __init__(self, column: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._column = column

    def write(self, painter: QPainter, words: QRect, text: str, index: Index) -> None:
        if index.column() != self._column:
            super().write(painter, words, text, index)
            return
        shown = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, round(words.width() * MOST_LINES * FILLED)
        )
        painter.drawText(words, WRAPPED, pieces.breakable(shown))


class WrappedRows(QObject):
    """Keeps the rows of a table as high as their sentences need, whatever comes, changes, or gets another width."""

    def __init__(self, table: DenseTable, column: int) -> None:
        super().__init__(table)
        self._table, self._column = table, column
        self._widths: dict[str, int] = {}  # of the texts in one line
        table.setItemDelegate(WrappingDelegate(column, table))
        model = table.model()
        for news in (model.rowsInserted, model.rowsRemoved, model.dataChanged, model.layoutChanged, model.modelReset):
            news.connect(self.fit)
        table.horizontalHeader().sectionResized.connect(self._look)

    @Slot(int, int, int)
    def _look(self, column: int, before: int, after: int) -> None:
        if column == self._column and before != after:
            self.fit()

    @Slot()
    def fit(self) -> None:
        """Give every row its height."""
        table, metrics = self._table, QFontMetrics(theme.text_font())
        room = table.columnWidth(self._column) - 2 * theme.GAP
        before, self._widths = self._widths, {}
        for row in range(table.model().rowCount()):
            text = one_line(str(table.model().index(row, self._column).data() or ""))
            wide = self._widths[text] = before.get(text) or metrics.horizontalAdvance(text)
            high = theme.ROW_HEIGHT if wide <= room else self._height(text, room, metrics)
            if table.rowHeight(row) != high:
                table.setRowHeight(row, high)

    def _height(self, text: str, room: int, metrics: QFontMetrics) -> int:
        tall = metrics.boundingRect(QRect(0, 0, room, 0), WRAPPED, pieces.breakable(text)).height()
        return theme.ROW_HEIGHT + min(tall, MOST_LINES * metrics.lineSpacing()) - metrics.height()
