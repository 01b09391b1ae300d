"""A table that behaves like a tree: arrows open and close, letters find, clicks on a triangle toggle."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from time import perf_counter

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QPoint,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QWidget

from xsconsole.domain.folding import natural
from xsconsole.domain.ids import Ref
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Edit, Removed, Row
from xsconsole.domain.outline.views import NodeId, Order
from xsconsole.domain.selection import ObjectName
from xsconsole_ui import theme
from xsconsole_ui.inventory.columns import COLUMNS
from xsconsole_ui.inventory.line_painter import triangle_area
from xsconsole_ui.inventory.line_table import LineTable
from xsconsole_ui.inventory.model import OutlineModel

LEAST_NAME = 160  # px
MOST_KEPT = 500  # lines that stay selected in another view: who selected more meant a whole view
CHOSEN = QItemSelectionModel.SelectionFlag
KEYPAD = Qt.KeyboardModifier.KeypadModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class OutlineView(LineTable):
    """A table, because it is the one view of Qt whose cost of an insertion stays small with many rows."""

    toggle_wanted = Signal(object, bool)  # NodeId, whether it is to be open
    menu_wanted = Signal(QPoint)  # on the screen
    order_wanted = Signal(object)  # Order
    columns_wanted = Signal(QPoint)  # on the screen: the menu of columns

    def __init__(self, model: OutlineModel, outline: Outline, name: str, parent: QWidget | None = None) -> None:
        widths = [0, *(column.width for column in COLUMNS[1:])]
        super().__init__(model, name, widths, parent, least_elastic=LEAST_NAME)
        self._outline = outline
        self._typed, self._typed_at = "", 0.0
        self._noted: tuple[Ref, ...] | None = None  # selected in the view before, until the next one stands
        across = self.horizontalHeader()
        across.setSectionsClickable(True)
        across.sectionClicked.connect(self._order_by)
        across.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        across.customContextMenuRequested.connect(self._ask_for_columns)
        self.show_columns(())

    def show_away(self, away: Mapping[Ref, str]) -> None:
        """Grey the lines of these pools, and say of when they are."""
        if self._delegate.show_away(away):
            self.viewport().update()

    # --- columns

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """The columns beside the name, from left to right."""
        across = self.horizontalHeader()
        logical = (across.logicalIndex(visual) for visual in range(across.count()))
        return tuple(COLUMNS[at].id for at in logical if at and not across.isSectionHidden(at))

    @Slot(tuple)
    def choose_columns(self, wanted: tuple[str, ...]) -> None:
        """Show these columns; those that stood keep their places."""
        standing = [id_ for id_ in self.shown_columns if id_ in wanted]
        self.show_columns((*standing, *(id_ for id_ in wanted if id_ not in standing)))

    def show_columns(self, ids: Sequence[str]) -> None:
        """Show these columns beside the name, in this order."""
        across = self.horizontalHeader()
        for at, column in enumerate(COLUMNS):
            if at:
                across.setSectionHidden(at, column.id not in ids)
        places = {column.id: at for at, column in enumerate(COLUMNS)}
        for visual, id_ in enumerate(("name", *(id_ for id_ in ids if id_ in places and id_ != "name"))):
            across.moveSection(across.visualIndex(places[id_]), visual)
        across.setVisible(bool(self.shown_columns))
        self.fit()

    def widths(self) -> dict[str, int]:
        """Return the widths of the columns that are shown, in pixels. The name takes what is left."""
        places = {column.id: at for at, column in enumerate(COLUMNS)}
        return {id_: self.columnWidth(places[id_]) for id_ in self.shown_columns}

    def set_widths(self, widths: dict[str, int]) -> None:
        for at, column in enumerate(COLUMNS):
            width = widths.get(column.id, 0)
            if at and theme.ROW_HEIGHT <= width <= 2000:
                self.setColumnWidth(at, width)
        self.fit()

    @Slot(int)
    def _order_by(self, column: int) -> None:
        before = self._outline.arrangement.order
        id_ = COLUMNS[column].id
        self.order_wanted.emit(Order(column=id_, is_descending=before.column == id_ and not before.is_descending))

    @Slot(QPoint)
    def _ask_for_columns(self, at: QPoint) -> None:
        self.columns_wanted.emit(self.horizontalHeader().viewport().mapToGlobal(at))

    # --- what is selected

    def selected_rows(self) -> list[int]:
        return sorted({row for one in self._ranges() for row in range(one.top(), one.bottom() + 1)})

    def selected_ids(self) -> list[NodeId]:
        """Return the selected lines from top to bottom."""
        ids = self._lines.ids
        ranges = sorted((one.top(), one.bottom()) for one in self._ranges())
        return list(dict.fromkeys(chain.from_iterable(ids[top : bottom + 1] for top, bottom in ranges)))

    def current_name(self) -> ObjectName | None:
        """Return the object that the keyboard is on."""
        ids, here = self._lines.ids, self.currentIndex().row()
        return self._outline.subject(ids[here])[0] if 0 <= here < len(ids) else None

    def _peeked(self, rows: Iterable[int]) -> list[Row]:
        ids = self._lines.ids
        return [line for line in (self._outline.peek(ids[row]) for row in rows) if line is not None]

    def select_ids(self, ids: Iterable[NodeId], *, is_shown: bool = True, is_added: bool = False) -> None:
        """Select the lines that are visible, and show the first."""
        rows = sorted(at for at in (self._outline.position(id_) for id_ in ids) if at is not None)
        selection = QItemSelection()
        start = 0
        for at, row in enumerate(rows):
            if at + 1 == len(rows) or rows[at + 1] != row + 1:
                first, last = self._lines.index(rows[start], 0), self._lines.index(row, len(COLUMNS) - 1)
                selection.append(QItemSelectionRange(first, last))
                start = at + 1
        self.selectionModel().select(selection, CHOSEN.Select if is_added else CHOSEN.ClearAndSelect)
        if rows and is_shown:
            first = self._lines.index(rows[0], 0)
            self.selectionModel().setCurrentIndex(first, CHOSEN.NoUpdate)
            self.scrollTo(first)

    def selectAll(self) -> None:
        """Select what matches the filter: what only holds such objects was not asked for."""
        matching = self._outline.matching
        if len(matching) == len(self._outline.items):
            super().selectAll()
            return
        items = ((id_, self._outline.subject(id_)[1]) for id_ in self._lines.ids)
        self.select_ids([id_ for id_, item in items if item is not None and item.ref in matching], is_shown=False)

    def note_selection(self) -> None:
        """Remember what is selected before another view comes, whose lines are others for the same objects."""
        if len(self.selected_rows()) <= MOST_KEPT:
            items = (self._outline.subject(id_)[1] for id_ in self.selected_ids())
            found = dict.fromkeys(item.ref for item in items if item is not None)
            self._noted = tuple(found) or self._noted or ()

    def bring_selection_back(self) -> None:
        """Select that anew once the other view stands; what is not seen there is selected no more."""
        if self._noted is not None and not self._outline.is_changing:
            ids = [id_ for ref in self._noted for id_ in self._outline.lines_of(ref)[:1]]
            self._noted = None
            kept = self.selected_rows()  # by lines that both views have
            if not kept:
                self.select_ids(ids)
            self.updateGeometries()  # lines that came just now are not in the scroll bar's range yet
            self.scrollTo(self._lines.index((kept or self.selected_rows() or [0])[0], 0))

    def cells(self, rows: Iterable[int]) -> list[list[str]]:
        """Return the columns that are shown, as they are shown."""
        shown = ("name", *self.shown_columns)
        columns = [next(column for column in COLUMNS if column.id == id_) for id_ in shown]
        body = [
            [line.name, *("" if line.item is None else column.text(line.item) for column in columns[1:])]
            for line in self._peeked(rows)
        ]
        return [[column.title for column in columns], *body]

    def repeat(self, edits: Sequence[Edit]) -> None:
        """Change the list. What was selected and current stays so where its line moved, and what is seen stays put."""
        if not edits:
            return
        if not any(isinstance(edit, Removed) for edit in edits) and self.verticalScrollBar().value() == 0:
            self._lines.repeat(edits)
            return
        ids = self._lines.ids
        top, offset = divmod(self.verticalScrollBar().value(), theme.ROW_HEIGHT)
        anchors = ids[top : top + 3] if top or offset else ()
        here = self.currentIndex().row()
        current = ids[here] if 0 <= here < len(ids) else None
        lost: set[NodeId] = set()
        for edit in edits:
            if isinstance(edit, Removed):
                lost.update(self._selected_in(edit.first, edit.first + edit.count - 1))
            self._lines.repeat((edit,))
        if lost:
            self.select_ids(lost, is_shown=False, is_added=True)
        at = None if current is None else self._outline.position(current)
        if at is not None and self.currentIndex().row() != at:
            self.selectionModel().setCurrentIndex(self._lines.index(at, 0), CHOSEN.NoUpdate)
        self._hold(anchors, offset)

    def _selected_in(self, first: int, last: int) -> list[NodeId]:
        ids = self._lines.ids
        return [ids[row] for row in self._rows_selected_in(first, last)]

    def _hold(self, anchors: Sequence[NodeId], offset: int) -> None:
        """Keep the first of the lines that was at the top, and still is there, where it was on the screen."""
        for below, id_ in enumerate(anchors):
            at = self._outline.position(id_)
            if at is not None:
                self.verticalScrollBar().setValue((at - below) * theme.ROW_HEIGHT + offset)
                return

    # --- hands

    def _open_menu(self, at: QPoint) -> None:
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def _toggle(self, row: Row) -> None:
        self.toggle_wanted.emit(row.id, not row.is_open)

    def _go_to(self, row: int) -> None:
        index = self._lines.index(row, 0)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _go_to_parent(self, row: int) -> None:
        parent = self._outline.parent_of(self._lines.ids[row])
        at = None if parent is None else self._outline.position(parent)
        if at is not None:
            self._go_to(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex().row()
        line = self._lines.line(at)
        if line is None or event.modifiers() & ~KEYPAD:
            super().keyPressEvent(event)
            return
        act = self._act_of(Qt.Key(event.key()), at, line)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()
            event.accept()

    def _act_of(self, key: Qt.Key, at: int, line: Row) -> Callable[[], None] | None:
        match key:
            case Qt.Key.Key_Right if line.is_expandable and not line.is_open:
                return lambda: self._toggle(line)
            case Qt.Key.Key_Right if line.is_expandable:
                return lambda: self._go_to(at + 1)
            case Qt.Key.Key_Left if line.is_open:
                return lambda: self._toggle(line)
            case Qt.Key.Key_Left:
                return lambda: self._go_to_parent(at)
            case Qt.Key.Key_Right:
                return lambda: None
            case Qt.Key.Key_Home:
                return lambda: self._go_to(0)
            case Qt.Key.Key_End:
                return lambda: self._go_to(self._lines.rowCount() - 1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if line.is_expandable:
                return lambda: self._toggle(line)
            case _:
                return None

    def keyboardSearch(self, search: str) -> None:
        """Go to the next line whose name begins with what was typed just now. Qt's own asks for every line in full."""
        now = perf_counter()
        is_going_on = now - self._typed_at < QGuiApplication.styleHints().keyboardInputInterval() / 1000
        self._typed = self._typed + search if is_going_on and self._typed else search
        self._typed_at = now
        ids, wanted = self._lines.ids, natural(self._typed)
        loose = self._typed.casefold()
        here = max(0, self.currentIndex().row()) + (0 if len(self._typed) > 1 else 1)
        for row in (*range(here, len(ids)), *range(min(here, len(ids)))):
            name = self._outline.name_of(ids[row])
            if name.startswith(wanted) or (loose != wanted and self._begins(ids[row], loose)):
                self._go_to(row)
                return

    def _begins(self, id_: NodeId, wanted: str) -> bool:
        row = self._outline.row(id_) if self._outline.name_of(id_)[:1] == wanted[:1] else None
        return row is not None and row.name.casefold().startswith(wanted)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._toggled_by(event, at_triangle=True):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._toggled_by(event, at_triangle=False):
            super().mouseDoubleClickEvent(event)

    def _toggled_by(self, event: QMouseEvent, *, at_triangle: bool) -> bool:
        at = event.position().toPoint()
        index = self.indexAt(at)
        line = self._lines.line(index.row())
        if line is None or not line.is_expandable or event.button() is not Qt.MouseButton.LeftButton:
            return False
        if at_triangle and (index.column() or not triangle_area(self.visualRect(index), line.depth).contains(at)):
            return False
        self._toggle(line)
        event.accept()
        return True
