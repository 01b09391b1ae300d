"""A table of dense rows whose selection copies as text and as CSV."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from xsconsole.domain.folding import one_line
from xsconsole_ui import theme
from xsconsole_ui.focus import paint_focus

Index = QModelIndex | QPersistentModelIndex

TONE_ROLE = Qt.ItemDataRole.UserRole + 1  # "", muted, good, warn or bad
PROGRESS_ROLE = Qt.ItemDataRole.UserRole + 2  # 0 to 1; absent: no bar
OUTSIDE_ROLE = Qt.ItemDataRole.UserRole + 5  # whether the progress is not ours: its bar is a frame that fills
COPY_ROLE = Qt.ItemDataRole.UserRole + 4  # what is copied where the cell shows less; absent: what it shows
NUMBER_ROLE = Qt.ItemDataRole.UserRole + 3  # whether the text stands at the right end

PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
FORMULA_STARTS = ("=", "+", "-", "@")
MOST_NAME = 200  # px
MOST_GROWN = 600  # px
KEPT_ELASTIC = 200  # px
BAR_WIDTH = 56
BAR_HEIGHT = 3
FRAME_HEIGHT = 5


def csv_field(text: str) -> str:
    """Return a field that no spreadsheet runs as a formula and no comma or quote breaks."""
    is_risky = text.lstrip().startswith(FORMULA_STARTS) or text[:1] in ("\t", "\r")
    safe = f"'{text}" if is_risky else text
    return '"' + safe.replace('"', '""') + '"'


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    return "".join(",".join(csv_field(field) for field in row) + "\r\n" for row in rows)


def plain_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows with tabs between their fields; what would break a row is a blank."""
    return "\n".join("\t".join(" ".join(field.split()) for field in row) for row in rows)


class CellDelegate(QStyledItemDelegate):
    """Paints one line of text in the colour of its meaning, with a thin bar before it where there is progress."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.colours_of(option.palette)
        area = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(colours.accent_soft))
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(area), colours)
        tone = index.data(TONE_ROLE) or ""
        words = area.adjusted(theme.GAP if index.column() else theme.MARGIN, 0, -theme.GAP, 0)
        progress = index.data(PROGRESS_ROLE)
        if isinstance(progress, float):
            _paint_bar(
                painter, words.left(), words.center().y(), progress, colours, is_outside=bool(index.data(OUTSIDE_ROLE))
            )
            words.setLeft(words.left() + BAR_WIDTH + theme.GAP)
        painter.setFont(theme.text_font())
        painter.setPen(QColor(getattr(colours, tone) if tone else colours.text))
        text = one_line(str(index.data() or ""))
        self.write(painter, words, text, index)
        painter.restore()

    def write(self, painter: QPainter, words: QRect, text: str, index: Index) -> None:
        """Write the text of a cell, in the painter's font and colour."""
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, words.width())
        side = Qt.AlignmentFlag.AlignRight if index.data(NUMBER_ROLE) else Qt.AlignmentFlag.AlignLeft
        painter.drawText(words, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_bar(
    painter: QPainter, left: int, middle: int, progress: float, colours: theme.Colours, *, is_outside: bool
) -> None:
    filled = round(BAR_WIDTH * min(1.0, max(0.0, progress)))
    if is_outside:
        top, height = middle - FRAME_HEIGHT // 2, FRAME_HEIGHT
        painter.fillRect(left, top, filled, height, QColor(colours.muted))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawRect(left, top, BAR_WIDTH - 1, height - 1)
        return
    painter.fillRect(left, middle - 1, BAR_WIDTH, BAR_HEIGHT, QColor(colours.chip))
    painter.fillRect(left, middle - 1, filled, BAR_HEIGHT, QColor(colours.accent))


class DenseTable(QTableView):
    """Whole rows are selected; Ctrl+C copies them as text, Ctrl+Shift+C as CSV."""

    opened = Signal(QModelIndex)  # by Enter or a double click

    def __init__(
        self,
        model: QAbstractTableModel,
        name: str,
        widths: Sequence[int],
        parent: QWidget | None = None,
        *,
        least_elastic: int,
        spare: Sequence[int] = (),
        growing: int | None = None,
        most_grown: int = MOST_GROWN,
    ) -> None:
        """Widths are in pixels. The column of width 0 takes what is left, but at least `least_elastic`.

        Columns in `spare` give way, the first one first, where the others would not fit. The one that is `growing`
        becomes as wide as its longest text, but not wider than `most_grown`, as long as the elastic one keeps
        `KEPT_ELASTIC`.
        """
        super().__init__(parent)
        self._elastic, self._least_elastic = widths.index(0), least_elastic
        self._growing, self._base = growing, widths[growing] if growing is not None else 0
        self._longest = self._grown = self._base
        self._most_grown = most_grown
        self._spare = tuple(spare)
        self._unwanted: set[int] = set()  # columns that are hidden whatever room there is
        self._table = model
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._shape(widths)
        corner = QFrame(self)
        corner.setProperty("look", "surface")
        self.setCornerWidget(corner)
        self.as_text = QAction(self.tr("Copy as text"), self)
        self.as_text.setShortcut(QKeySequence.StandardKey.Copy)
        self.as_csv = QAction(self.tr("Copy as CSV"), self)
        self.as_csv.setShortcut(QKeySequence("Ctrl+Shift+C"))
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self._order_by: Callable[[int], None] = _unsorted
        self._offer(self.as_text, self.copy_text)
        self._offer(self.as_csv, self.copy_csv)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.doubleClicked.connect(self.opened)
        if growing is not None:
            model.rowsInserted.connect(self._measure_rows)
            model.dataChanged.connect(self._measure_changed)

    def _shape(self, widths: Sequence[int]) -> None:
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setMinimumSectionSize(theme.ROW_HEIGHT)
        down.setDefaultSectionSize(theme.ROW_HEIGHT)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setHighlightSections(False)
        across.setSectionsMovable(True)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setFixedHeight(theme.ROW_HEIGHT)
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width or self._least_elastic)

    def _offer(self, action: QAction, work: Callable[[], None]) -> None:
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(work)
        self.addAction(action)
        self.menu.addAction(action)

    def add_context_action(self, action: QAction) -> None:
        """Offer one more in the context menu."""
        self.menu.addAction(action)

    def offer_sorting(self, order_by: Callable[[int], None]) -> None:
        """Sort by the column whose head is clicked, or that is chosen in the context menu."""
        across = self.horizontalHeader()
        across.setSectionsClickable(True)
        across.sectionClicked.connect(order_by)
        self._order_by = order_by
        menu = self.menu.addMenu(self.tr("Sort by"))
        for column in range(self._table.columnCount()):
            menu.addAction(_bare(self._head(column))).setData(column)
        menu.triggered.connect(self._sort)

    @Slot(QAction)
    def _sort(self, action: QAction) -> None:
        self._order_by(int(action.data()))

    def _head(self, column: int) -> str:
        return str(self._table.headerData(column, Qt.Orientation.Horizontal) or "")

    def selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def select_only(self, rows: Iterable[int]) -> None:
        """Select these rows whole and no others; the first of them becomes the current one."""
        selection, last = self.selectionModel(), self._table.columnCount() - 1
        flag, wanted = selection.SelectionFlag, QItemSelection()
        for row in rows:
            wanted.select(self._table.index(row, 0), self._table.index(row, last))
        if not wanted.isEmpty():
            selection.setCurrentIndex(wanted.indexes()[0], flag.NoUpdate)
        selection.select(wanted, flag.ClearAndSelect)

    def cells(self, rows: Iterable[int]) -> list[list[str]]:
        """Return the texts of rows, below the names of the columns."""
        columns = range(self._table.columnCount())
        head = [_bare(self._head(column)) for column in columns]
        body = [[_copied(self._table.index(row, column)) for column in columns] for row in rows]
        return [head, *body]

    @Slot()
    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(plain_text(self.cells(self.selected_rows())))

    @Slot()
    def copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(csv_text(self.cells(self.selected_rows())))

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        has_rows = bool(self.selected_rows())
        for action in (self.as_text, self.as_csv):
            action.setEnabled(has_rows)
            action.setToolTip("" if has_rows else self.tr("Select rows first."))
        self.menu.popup(self.viewport().mapToGlobal(at))

    def show_column(self, column: int, *, is_shown: bool, width: int | None = None) -> None:
        """Show a column or not, perhaps in another width; the elastic one takes what that leaves."""
        if is_shown == (column in self._unwanted) or (width is not None and width != self.columnWidth(column)):
            (self._unwanted.discard if is_shown else self._unwanted.add)(column)
            self.setColumnHidden(column, not is_shown)
            if width is not None:
                self.setColumnWidth(column, width)
            self.fit()

    def show_names(self, column: int, names: Sequence[str]) -> None:
        """Show a column with room for each of these names; hide it where there are none."""
        metrics = QFontMetrics(theme.text_font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + 2 * theme.MARGIN
        self.show_column(column, is_shown=bool(names), width=min(widest, MOST_NAME) if names else None)

    def fit(self) -> None:
        """Give the elastic column what the others leave."""
        self._make_room()
        self._grow()
        others = self.horizontalHeader().length() - self.columnWidth(self._elastic)
        self.setColumnWidth(self._elastic, max(self._least_elastic, self.viewport().width() - others))

    @Slot(QModelIndex, int, int)
    def _measure_rows(self, parent: QModelIndex, first: int, last: int) -> None:
        del parent
        assert self._growing is not None
        texts = (str(self._table.index(row, self._growing).data() or "") for row in range(first, last + 1))
        metrics = QFontMetrics(theme.text_font())
        widest = max((metrics.horizontalAdvance(one_line(text)) for text in texts), default=0)
        needed = min(self._most_grown, widest + theme.MARGIN + 2 * theme.GAP)
        if needed > self._longest:
            self._longest = needed
            self.fit()

    @Slot(QModelIndex, QModelIndex)
    def _measure_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        self._measure_rows(QModelIndex(), first.row(), last.row())

    def _grow(self) -> None:
        """Widen the growing column as far as there is room, unless somebody has given it another width by hand."""
        if self._growing is None or self.columnWidth(self._growing) != self._grown:
            return
        across = self.horizontalHeader()
        others = across.length() - self.columnWidth(self._elastic) - self._grown
        room = self.viewport().width() - others - KEPT_ELASTIC
        self._grown = max(self._base, min(self._longest, room))
        self.setColumnWidth(self._growing, self._grown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def _make_room(self) -> None:
        """Hide spare columns where the rest needs their room, and show them where there is some."""
        for column in self._spare:
            self.setColumnHidden(column, column in self._unwanted)
        if self._growing is not None and self.columnWidth(self._growing) == self._grown:
            self._grown = self._base
            self.setColumnWidth(self._growing, self._grown)
        for column in self._spare:
            needed = self.horizontalHeader().length() - self.columnWidth(self._elastic) + self._least_elastic
            if needed <= self.viewport().width():
                return
            self.setColumnHidden(column, True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
            event.accept()
            return
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and event.modifiers() in PLAIN:
            # As in a list: rows are what is selected, and Qt would go to a cell of the same row.
            row = 0 if event.key() == Qt.Key.Key_Home else self._table.rowCount() - 1
            self.setCurrentIndex(self._table.index(row, max(0, self.currentIndex().column())))
            event.accept()
            return
        super().keyPressEvent(event)


def _copied(index: QModelIndex) -> str:
    exact = index.data(COPY_ROLE)
    return str(index.data() or "") if exact is None else str(exact)


def _bare(head: str) -> str:
    """Return the name of a column without the arrow that says how it is sorted."""
    return head.removesuffix(" ↓").removesuffix(" ↑")


def _unsorted(column: int) -> None:
    """Stand for the order of a table that has only one."""
    del column
