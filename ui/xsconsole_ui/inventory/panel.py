"""The inventory as the window shows it: the list, its filter, and how fresh it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from types import MappingProxyType

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLineEdit, QMenu, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.events import InventoryChanged, LinkChanged, LinkState
from xsconsole.domain.ids import Uuid
from xsconsole.domain.outline import Outline
from xsconsole.domain.outline_rows import Edit, NodeId, Removed, Row, Sort
from xsconsole_ui import pieces, times
from xsconsole_ui import theme as look
from xsconsole_ui.inventory.hints import hint
from xsconsole_ui.inventory.model import OutlineModel
from xsconsole_ui.inventory.view import OutlineView
from xsconsole_ui.theme import Theme

FRAME_MS = 16
BUDGET_S = 0.004
KINDS: Mapping[Sort, Kind] = MappingProxyType(
    {
        Sort.POOL: Kind.POOL,
        Sort.HOST: Kind.HOST,
        Sort.VM: Kind.VM,
        Sort.TEMPLATE: Kind.VM,
        Sort.SR: Kind.SR,
        Sort.NETWORK: Kind.NETWORK,
    }
)
PIECE = 16  # objects between two looks at the clock


class InventoryPanel(pieces.Panel):
    """Follows the console by itself. `stop` ends that; call it before the console closes."""

    selection_changed = Signal(tuple)  # of Uuid: the selected VMs, from top to bottom

    def __init__(self, console: Console, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Inventory"), parent=parent)
        self._console = console
        self._outline = Outline(console.inventory)
        self._model = OutlineModel(self._hint, self)
        self._selected: tuple[Uuid, ...] = ()
        self._objects: tuple[ObjectId, ...] = ()
        self._menu = QMenu(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self.view = OutlineView(self._model, self)
        self.filter = QLineEdit(self)
        self.empty = pieces.EmptyPlace("", "", self)
        self._lay_out()
        self.view.toggle_wanted.connect(self._toggle)
        self.view.menu_wanted.connect(self._open_menu)
        self.view.selectionModel().selectionChanged.connect(self._tell_selection)
        self.filter.textChanged.connect(self._filter)
        theme.changed.connect(self.view.viewport().update)
        self._ends: list[Callable[[], None]] = [
            console.subscribe(InventoryChanged, self._hear),
            console.subscribe(LinkChanged, self._hear_link),
        ]
        self._work()

    def _lay_out(self) -> None:
        self.filter.setPlaceholderText(self.tr("Filter: name, stage:, host:, state:"))
        self.filter.setAccessibleName(self.tr("Filter of the inventory"))
        self.filter.setClearButtonEnabled(True)
        self.view.setAccessibleName(self.tr("Inventory"))
        # The context is set afterwards: as an argument beside a slot it is lost, and the keys would be the window's.
        for key, slot in ((Qt.Key.Key_Escape, self._leave_filter), (Qt.Key.Key_Down, self.view.setFocus)):
            QShortcut(QKeySequence(key), self.filter, slot).setContext(_HERE)
        field = QFrame(self)
        field.setProperty("look", "surface")
        row = QVBoxLayout(field)
        row.setContentsMargins(look.GAP, look.GAP, look.GAP, look.SPACE)
        row.addWidget(self.filter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self.body.addWidget(field)
        self.body.addLayout(self._stack, 1)

    # --- for the main window

    @property
    def selected(self) -> tuple[Uuid, ...]:
        """The uuids of the selected VMs, from top to bottom."""
        return self._selected

    @property
    def selected_objects(self) -> tuple[ObjectId, ...]:
        """The selected objects of any class, from top to bottom."""
        return self._objects

    def set_context_actions(self, actions: Sequence[QAction | None]) -> None:
        """Offer these in the context menu; None is a separator."""
        self._menu.clear()
        self._menu.setToolTipsVisible(True)
        for action in actions:
            if action is None:
                self._menu.addSeparator()
            else:
                self._menu.addAction(action)

    def select(self, vms: Iterable[Uuid]) -> None:
        """Select the VMs that are visible, and show the first."""
        wanted = set(vms)
        self._select({row.id for row in self._outline.rows if row.uuid in wanted and row.sort is Sort.VM})

    def state(self) -> tuple[str, ...]:
        """Return what was opened and closed, to be restored in a later session."""
        return tuple(sorted(self._outline.toggled))

    def restore(self, state: Iterable[str]) -> None:
        self._repeat(self._outline.restore_toggled(frozenset(NodeId(id_) for id_ in state)))

    def stop(self) -> None:
        """Follow the console no more."""
        for end in self._ends:
            end()
        self._ends.clear()
        self._timer.stop()

    # --- the console

    def _hear(self, event: InventoryChanged) -> None:
        self._outline.hear(event.batch)
        if not self._outline.is_settled and not self._timer.isActive():
            self._timer.start(FRAME_MS)

    def _hear_link(self, event: LinkChanged) -> None:
        del event
        self._show_caption()

    @Slot()
    def _work(self) -> None:
        """Take in changes for a part of a frame; the rest waits for the next turn."""
        end = perf_counter() + BUDGET_S
        while not self._outline.is_settled and perf_counter() < end:
            self._repeat(self._outline.settle(PIECE))
        if not self._outline.is_settled:
            self._timer.start(1)
        self._show_caption()

    def _show_caption(self) -> None:
        link = self._console.link
        match link.state:
            case LinkState.LIVE:
                hosts = words.count(self._outline.count(Sort.HOST), "host")
                text = f"live · {hosts} · {words.count(self._outline.count(Sort.VM), 'VM')}"
            case LinkState.LOST if link.as_of is not None:
                text = self.tr("as of {time} (reconnecting)").format(time=times.clock_time(link.as_of))
            case LinkState.CLOSED:
                text = self.tr("not connected")
            case _:
                text = self.tr("connecting…")
        if self.header.caption != text:
            self.header.set_caption(text, "warn" if link.state is LinkState.LOST else "caption")
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        is_empty = self._model.rowCount() == 0
        if is_empty and self.filter.text().strip():
            self.empty.set_words(self.tr("Nothing matches"), self.tr("Esc clears the filter."))
        elif is_empty and self._console.link.state in (LinkState.LIVE, LinkState.CONNECTING):
            self.empty.set_words(self.tr("Loading"), self.tr("The pool is sending what it has."))
        elif is_empty:
            self.empty.set_words(
                self.tr("No pool"), self.tr("Hosts, VMs, storage and networks of the pool appear here once connected.")
            )
        self._stack.setCurrentIndex(1 if is_empty else 0)

    def _hint(self, row: Row) -> str:
        return hint(row, self._console.inventory, self._console.board)

    # --- the list

    def _repeat(self, edits: Sequence[Edit]) -> None:
        """Change the list; what was selected and current stays so, also where its line moved."""
        if not any(isinstance(edit, Removed) for edit in edits):
            self._model.repeat(edits)
            return
        selected = {row.id for row in self.view.selected_lines()}
        current = self._model.line(self.view.currentIndex().row())
        top = self.view.verticalScrollBar().value()
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        self._model.repeat(edits)
        if selected:
            self._select(selected, is_shown=False)
        at = None if current is None else self._outline.position(current.id)
        if at is not None and self.view.currentIndex().row() != at:
            selection.setCurrentIndex(self._model.index(at, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        selection.blockSignals(False)
        self.view.verticalScrollBar().setValue(top)
        self.view.viewport().update()
        self._tell_selection()

    def _select(self, ids: Iterable[NodeId], *, is_shown: bool = True) -> None:
        rows = sorted(at for at in (self._outline.position(id_) for id_ in ids) if at is not None)
        selection = QItemSelection()
        for at in rows:
            index = self._model.index(at, 0)
            selection.select(index, index)
        self.view.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows and is_shown:
            first = self._model.index(rows[0], 0)
            self.view.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.view.scrollTo(first)

    @Slot()
    def _tell_selection(self) -> None:
        lines = self.view.selected_lines()
        selected = tuple(row.uuid for row in lines if row.sort is Sort.VM)
        objects = tuple(ObjectId(kind=KINDS[row.sort], uuid=row.uuid) for row in lines if row.sort in KINDS)
        if (selected, objects) != (self._selected, self._objects):
            self._selected, self._objects = selected, objects
            self.selection_changed.emit(selected)

    @Slot(object, bool)
    def _toggle(self, id_: NodeId, is_open: bool) -> None:
        self._repeat(self._outline.set_open(id_, is_open=is_open))

    @Slot(str)
    def _filter(self, text: str) -> None:
        self._repeat(self._outline.set_filter(text))
        self._show_emptiness()

    @Slot()
    def _leave_filter(self) -> None:
        self.filter.clear()
        self.view.setFocus()

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        if not self._menu.isEmpty():
            self._menu.popup(at)


_HERE = Qt.ShortcutContext.WidgetShortcut
