"""The inventory as the window shows it: views, filter, list, and how fresh it is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStackedLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.acts import ObjectId
from xsconsole.domain.catalogue import FAR_CLASSES
from xsconsole.domain.events import BoardChanged, InventoryChanged, LinkChanged, PoolsChanged
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.inventory_filter import FAR_FIELDS, inventory_schema, values_in
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Edit, Removed
from xsconsole.domain.outline.views import NodeId, Order, View
from xsconsole.domain.query.fields import Kind
from xsconsole.domain.query.matching import asked_of_many, fields_of
from xsconsole.domain.query.values import EVERYTHING, Query
from xsconsole.domain.searches import SavedSearch
from xsconsole.domain.selection import ObjectName, Selection
from xsconsole_ui import pieces
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.inventory.captions import emptiness, freshness
from xsconsole_ui.inventory.chosen import Choosing
from xsconsole_ui.inventory.head import Head
from xsconsole_ui.inventory.hints import hint
from xsconsole_ui.inventory.model import OutlineModel
from xsconsole_ui.inventory.pool_lines import PoolLines
from xsconsole_ui.inventory.remembered import remembered, text_of
from xsconsole_ui.inventory.search_menu import texts
from xsconsole_ui.inventory.view import OutlineView
from xsconsole_ui.pace import Pace
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

GATHER_MS = 30
PIECE = 16  # objects between two looks at the pace
SPARE_PIECE = 200  # objects of a view that is made ready while there is nothing else to do
SPARE_MS = 20
ASKED_AGAIN_MS = 1_000  # a filter that looks at disks or ages, after a change of those
AGED_MS = 60_000
RECENT_MS = 2_500  # a filter that stands so long was meant


class InventoryPanel(pieces.Panel):
    """Follows the console by itself. `stop` ends that; call it before the console closes."""

    selection_changed = Signal(tuple)  # of Uuid: the selected VMs, from top to bottom
    objects_selected = Signal(object)  # Selection: whatever is selected
    opened = Signal(object)  # ObjectName: by Enter or a double click
    loaded = Signal()  # everything that there is stands in the list
    refused = Signal(str)  # why something could not be kept

    def __init__(self, console: Estate, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Inventory"), parent=parent)
        self._console = console
        self._schema = inventory_schema(console.inventory)
        self._outline = Outline(console.inventory)
        self._pools = PoolLines(console, self._outline)
        self._model = OutlineModel(self._outline.row, partial(hint, estate=console), self)
        self._is_loading = False
        self._query: Query = EVERYTHING
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._context: list[QAction | None] = []
        self._pace, self._spare_pace = Pace(self), Pace(self)
        self._timer = one_shot(self, self._work)
        self._spare, self._again = one_shot(self, self._make_ready), one_shot(self, self._ask)
        self._recent = one_shot(self, self._note_recent)
        self.view = OutlineView(self._model, self._outline, self.tr("Inventory"), self)
        self._choosing = Choosing(self.view, self._outline, self._pools.uuid_of, self)
        self.head = Head(console, self._schema, self._values, self)
        self.filter = self.head.filter
        self.columns_menu = self.head.columns_menu
        self.empty = pieces.EmptyPlace("", "", self)
        self._lay_out()
        self._connect(theme)
        self._ends: list[Callable[[], None]] = [
            console.subscribe(InventoryChanged, self._hear),
            console.subscribe(PoolsChanged, self._hear_pools),
            console.subscribe(LinkChanged, self._hear_link),
            console.subscribe(BoardChanged, self._hear_board),
        ]
        self._name_stages()
        self._repeat(self._pools.name())
        self._work()

    def _lay_out(self) -> None:
        self._stack = QStackedLayout()
        self.body.addWidget(self.head)
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)

    def _connect(self, theme: Theme) -> None:
        self.view.toggle_wanted.connect(self._toggle)
        self.view.menu_wanted.connect(self._open_menu)
        self.view.order_wanted.connect(self.set_order)
        self.view.columns_wanted.connect(self.columns_menu.popup)
        self.view.opened.connect(self._open)
        self._choosing.objects_changed.connect(self.selection_changed)
        self._choosing.selection_changed.connect(self.objects_selected)
        self.head.views.activated.connect(self._choose_view)
        self.columns_menu.columns_chosen.connect(self.view.choose_columns)
        self.columns_menu.order_chosen.connect(self.set_order)
        self.columns_menu.turn_wanted.connect(self._turn_order)
        self.columns_menu.help_wanted.connect(self._show_help)
        self.filter.asked.connect(self._filter)
        self.filter.left.connect(self.view.setFocus)
        self.filter.entered.connect(self._enter_list)
        self.filter.help_wanted.connect(self._show_help)
        self.head.search_menu.chosen.connect(self.look_for)
        self.head.search_menu.refused.connect(self.refused)
        theme.changed.connect(self._dress)
        self._theme = theme
        self._dress()

    @Slot()
    def _dress(self) -> None:
        self.head.dress(self._theme.colours)
        self.view.viewport().update()

    # --- for the main window

    @property
    def selected(self) -> tuple[Uuid, ...]:
        """The uuids of the selected VMs, from top to bottom."""
        return self._choosing.chosen.vms

    @property
    def selection(self) -> Selection:
        """Whatever is selected, by class and reference."""
        return self._choosing.chosen.selection

    @property
    def outline(self) -> Outline:
        return self._outline

    @property
    def selected_objects(self) -> tuple[ObjectId, ...]:
        """The selected objects of any class, each once, from top to bottom."""
        return self._choosing.chosen.objects

    def set_context_actions(self, actions: Sequence[QAction | None]) -> None:
        """Offer these in the context menu; None is a separator."""
        self._context = list(actions)

    def select(self, vms: Iterable[Uuid]) -> None:
        """Select VMs and show the first; a view or a filter that hides it gives way."""
        found = (self._console.inventory.by_uuid(VM, uuid) for uuid in vms)
        self._show([vm.ref for vm in found if vm is not None])

    def show_object(self, name: ObjectName) -> None:
        """Select an object and show it; a view or a filter that hides it gives way."""
        self._show([name.ref])

    def _show(self, refs: Sequence[Ref]) -> None:
        self._finish()
        if any(ref in self._outline.items and not self._outline.lines_of(ref) for ref in refs):
            self.set_view(View.HOSTS)
            self._finish()
        ids = [id_ for ref in refs for id_ in self._outline.lines_of(ref)[:1]]
        if ids and self._outline.position(ids[0]) is None:
            self._reveal(ids[0])
        self.view.select_ids(ids)

    def _reveal(self, id_: NodeId) -> None:
        if self.filter.text():
            self.filter.clear()
            self._finish()
        for above in self._outline.above(id_):
            self._repeat(self._outline.set_open(above, is_open=True))

    @property
    def searches(self) -> tuple[SavedSearch, ...]:
        """Saved searches, and the latest ones."""
        return texts(self.head.search_menu.searches)

    def _finish(self) -> None:
        """Show what is wanted before going on: some milliseconds, however much is still to come from the pool."""
        while self._outline.is_changing:
            self._repeat(self._outline.settle())

    @Slot(str)
    def look_for(self, text: str) -> None:
        """Filter by a text, as if it were typed."""
        self.filter.set_text(text)
        self.head.search_menu.note(text)

    def set_view(self, view: View) -> None:
        self.view.note_selection()
        self.head.show_view(view)
        self._repeat(self._outline.set_view(view))
        self._work()

    @Slot(object)
    def set_order(self, order: Order) -> None:
        self._repeat(self._outline.set_order(order))
        self._model.show_order(order)
        self._work()

    def state(self) -> str:
        """Return how the list is left, to be restored in a later session."""
        return text_of(self._outline, self.view.shown_columns, self.view.widths())

    def restore(self, state: str) -> None:
        left = remembered(state)
        self._repeat(self._outline.restore_toggled(frozenset(NodeId(id_) for id_ in left.toggled)))
        self.view.show_columns(left.columns)
        self.view.set_widths(left.widths)
        self.columns_menu.check(self.view.shown_columns)
        self.set_order(left.order)
        self.set_view(left.view)

    def stop(self) -> None:
        """Follow the console no more, and keep the latest searches."""
        for end in self._ends:
            end()
        self._ends.clear()
        for timer in (self._timer, self._spare, self._again, self._recent):
            timer.stop()
        self._choosing.stop()
        self.head.search_menu.keep()

    # --- the console

    def _hear(self, event: InventoryChanged) -> None:
        self._repeat(self._pools.hear(event))
        self._is_loading = self._is_loading or event.batch.is_whole
        if not self._outline.is_settled and not self._timer.isActive():
            self._timer.start(GATHER_MS)
        is_far = bool(fields_of(self._query) & FAR_FIELDS)
        if is_far and not self._again.isActive() and any(one.class_name in FAR_CLASSES for one in event.batch.changes):
            self._again.start(ASKED_AGAIN_MS)

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self._repeat(self._pools.follow())
        self._timer.start(0)
        self._hear_link()

    def _hear_link(self, event: LinkChanged | None = None) -> None:
        del event
        self.view.show_away(self._pools.away())
        self._show_caption()

    def _hear_board(self, event: BoardChanged) -> None:
        if event.is_layout_changed:
            self._name_stages()

    def _name_stages(self) -> None:
        workflow = self._console.board.workflow
        if workflow is not None:
            stages = {str(stage.id): (rank, stage.name) for rank, stage in enumerate(workflow.stages)}
            self._repeat(self._outline.set_stages(stages))
            self._timer.start(0)

    @Slot()
    def _work(self) -> None:
        """Take in changes for a part of a frame; the rest waits for the next turn."""
        was_settled = self._outline.is_settled
        is_begun = self._pace.may_begin(is_wanted=self._outline.is_changing)
        while is_begun and not self._outline.is_settled:
            self._repeat(self._outline.settle(PIECE))
            has_room = self._pace.has_room(is_wanted=self._outline.is_changing)
            is_begun = has_room and (self._pace.is_fresh or not self._outline.is_next_long)
        self.view.bring_selection_back()
        if self._outline.is_settled:
            if not self._spare.isActive():
                self._spare.start(SPARE_MS)
            if self._is_loading and not was_settled:
                self._is_loading = False
                self.loaded.emit()
        else:
            self._timer.start(1)
        if self._outline.is_settled or not self._is_page_right():
            self._show_caption()  # not after each piece: it lays the whole window out anew

    @Slot()
    def _make_ready(self) -> None:
        """Make the other views ready, so that switching to them is instant."""
        if not self._spare_pace.may_begin() or self._outline.prepare(SPARE_PIECE):
            self._spare.start(SPARE_MS)

    def _show_caption(self) -> None:
        link, is_filtered = self._console.link, self._query != EVERYTHING
        text, is_old = freshness(self._console.sights, self._outline, link, is_filtered=is_filtered)
        if self.header.caption != text:
            self.header.set_caption(text, "warn" if is_old else "caption")
        if is_empty := self._model.rowCount() == 0:
            connecting = self._console.connecting
            self.empty.set_words(*emptiness(self._outline, link, is_filtered=is_filtered, connecting=connecting))
        if not self._is_page_right():
            self._stack.setCurrentIndex(int(is_empty))

    def _is_page_right(self) -> bool:
        """Whether the list is to be seen if there is something in it, and otherwise what it says in its place."""
        return self._stack.currentIndex() == int(self._model.rowCount() == 0)

    # --- the filter

    @Slot(object)
    def _filter(self, query: Query) -> None:
        self._query = query
        self._recent.start(RECENT_MS)
        self._ask()

    @Slot()
    def _ask(self) -> None:
        """Ask what is in the filter of everything, in pieces."""
        asks = None if self._query == EVERYTHING else asked_of_many(self._query, self._schema, datetime.now(UTC))
        self._outline.set_filter(asks)
        if fields_of(self._query) & {field.name for field in self._schema.fields if field.kind is Kind.AGE}:
            self._again.start(AGED_MS)
        self._work()

    @Slot()
    def _note_recent(self) -> None:
        if self.filter.parsed.fault is None:
            self.head.search_menu.note(self.filter.text())

    @Slot()
    def _enter_list(self) -> None:
        self._note_recent()
        self._finish()
        if not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self._model.index(0, 0))
        self.view.setFocus()

    @Slot()
    def _show_help(self) -> None:
        FilterHelp(self.tr("Filter of the inventory"), self._schema, self).show()

    def _values(self, field: str) -> Iterable[str]:
        """Return what there is in a field now."""
        return values_in(self._schema, tuple(self._outline.items.values()), field)

    # --- the list

    def _repeat(self, edits: Sequence[Edit]) -> None:
        """Change the list; what is selected is told once, when its lines are where they belong."""
        if not edits:
            return
        with self._choosing.held():
            self.view.repeat(edits)
        if any(isinstance(edit, Removed) for edit in edits):
            self._choosing.follow()

    @Slot(object, bool)
    def _toggle(self, id_: NodeId, is_open: bool) -> None:
        self._repeat(self._outline.set_open(id_, is_open=is_open))

    @Slot(int)
    def _choose_view(self, index: int) -> None:
        self.set_view(View(self.head.views.itemData(index)))

    @Slot(object)
    def _open(self, index: object) -> None:
        del index
        current = self.view.current_name()
        if current is not None:
            self.opened.emit(current)

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        self._menu.clear()
        for offered in (*self._context, None):
            if offered is None:
                self._menu.addSeparator()
            else:
                self._menu.addAction(offered)
        has_rows = bool(self.view.selectionModel().hasSelection())
        for action in (self.view.as_text, self.view.as_csv):
            action.setEnabled(has_rows)
            action.setToolTip("" if has_rows else self.tr("Select rows first."))
            self._menu.addAction(action)
        self._menu.popup(at)

    @Slot()
    def _turn_order(self) -> None:
        order = self._outline.arrangement.order
        self.set_order(replace(order, is_descending=not order.is_descending))
