"""The board: a column for each stage, a card for each configuration, and what happens while one is dragged."""

from functools import partial

from PySide6.QtCore import QItemSelection, QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import ConfigurationId, RunId, StageId
from xsconsole.domain.plan import RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Stage
from xsconsole_ui import pieces, theme
from xsconsole_ui.board.card_delegate import CardDelegate
from xsconsole_ui.board.card_face import shown
from xsconsole_ui.board.card_painter import CardPainter
from xsconsole_ui.board.dragging import Dragging
from xsconsole_ui.board.emptiness import emptiness
from xsconsole_ui.board.graph_strip import GraphStrip
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import LaneModel
from xsconsole_ui.board.leftovers import LeftoverBand
from xsconsole_ui.board.looking import Looking
from xsconsole_ui.board.queue_box import Queues
from xsconsole_ui.board.ready_lanes import ReadyLanes, empty
from xsconsole_ui.board.walking import Walking
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.focus import holds_keyboard
from xsconsole_ui.scrolling import ScrollPage


class BoardView(QWidget):
    """Shows `console.board` and asks; a card moves when the board says so and never by itself."""

    card_selected = Signal(object)  # ConfigurationId, or None
    chosen_changed = Signal()  # which others are selected beside it
    opened = Signal(object)  # ConfigurationId: Enter or a double click
    asked = Signal(object)  # a command, from a drop
    menu_wanted = Signal(QPoint)
    answered = Signal(str)  # what the column under the dragged card says, in one line

    def __init__(self, console: Estate, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._painter = CardPainter()
        self.delegate = CardDelegate(self._painter, self)
        self._lanes: dict[StageId, Lane] = {}
        self._order: list[Lane] = []
        self._where: dict[ConfigurationId, StageId] = {}
        self._selected: ConfigurationId | None = None
        self._chosen: tuple[ConfigurationId, ...] = ()
        self._is_selecting = False
        self.looking = Looking(console, self._lanes, self._where, self._show_card, self)
        self.bar, self.table = self.looking.bar, self.looking.table
        self.walking = Walking(lambda: self._order, self.looking, self._keep, self)
        self.strip = GraphStrip(self)
        self._ready = ReadyLanes(lambda: console.board.workflow, self.strip, self._make_lane)
        self.leftovers = LeftoverBand(self)
        self.empty = pieces.EmptyPlace("", "", self)
        self._first_steps: tuple[QWidget, ...] = ()
        self._pages = QStackedWidget(self)
        self._content = QWidget(self)
        self.page = ScrollPage(self._content, self)
        self.dragging = Dragging(console, self._lanes, self.select, self.page, self)
        self._row = QHBoxLayout()
        self._lay_out()
        self.strip.stage_clicked.connect(self.walking.go_to)
        self.dragging.asked.connect(self.asked)
        self.dragging.answered.connect(self.answered)
        self.looking.arranged.connect(self._show_page)
        self.looking.arranged.connect(self._drop_hidden)
        self.looking.hidden.connect(self._drop_hidden)
        self.bar.left.connect(self.take_focus)
        self.table.chosen_changed.connect(self._choose_in_table)
        self.table.opened.connect(self._open)
        bridge.prepare_layouts(self._ready.prepare)
        bridge.layout_changed.connect(self._build_lanes)
        self.queues = Queues(console, bridge, self._lanes, self)
        bridge.card_changed.connect(self._show_card)
        bridge.run_changed.connect(self._show_run)
        for changed in (bridge.leftovers_changed, bridge.link_changed, bridge.differing_changed):
            changed.connect(self._show_leftovers)
        bridge.link_changed.connect(self._show_waiting)
        self._show_leftovers()

    def _lay_out(self) -> None:
        for part in (self, self._content):
            part.setProperty("look", "window")
            part.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Board"))
        self._row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self._row.setSpacing(theme.GAP)
        lanes, column = QVBoxLayout(self._content), QVBoxLayout(self)
        for made in (lanes, column):
            made.setContentsMargins(0, 0, 0, 0)
            made.setSpacing(0)
        lanes.addWidget(self.strip)
        lanes.addLayout(self._row, 1)
        for page in (self.page, self.empty, self.table):
            self._pages.addWidget(page)
        for part in (self.leftovers, self.bar, pieces.Line(self)):
            column.addWidget(part)
        column.addWidget(self._pages, 1)

    # What others ask of the board.

    @property
    def selected(self) -> Card | None:
        """The selected card as it stands now."""
        return self._console.board.cards.get(self._selected) if self._selected else None

    @property
    def selected_id(self) -> ConfigurationId | None:
        return self._selected

    @property
    def chosen(self) -> tuple[Card, ...]:
        """All selected cards that can be seen, as they stand now, first the one that details are shown of."""
        cards = self._console.board.cards
        return tuple(cards[configuration] for configuration in self._chosen if self._sees(configuration))

    def _sees(self, configuration: ConfigurationId) -> bool:
        lane = self._lanes.get(self._where.get(configuration, StageId("")))
        is_there = configuration in self._console.board.cards
        return is_there and (lane is None or self.looking.sees(lane, configuration))

    def _companions(self, card: Card) -> tuple[tuple[ConfigurationId, int], ...]:
        """Return the other selected cards, which a drag of this one takes along."""
        chosen = self.chosen
        return tuple((other.id, other.revision) for other in chosen if other.id != card.id) if card in chosen else ()

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return tuple(self._order)

    @property
    def is_scrolling(self) -> bool:
        """Whether a card that is held near an edge scrolls the columns."""
        return self.dragging.is_scrolling

    def lane(self, name: str) -> Lane:
        """Return the column of a stage, by its id or name."""
        return next(lane for lane in self._order if name in (lane.stage.id, lane.stage.name))

    def select(self, configuration: ConfigurationId | None) -> None:
        """Select a card, whichever column it is in, and bring it into view."""
        lane = self._lanes.get(self._where.get(configuration, StageId(""))) if configuration else None
        row = lane.model.row_of(configuration) if lane and configuration else None
        if self.looking.is_list and row is not None and configuration is not None:
            self.looking.show_table((configuration,))
            self._choose_in_table((configuration,))
        elif lane is not None and row is not None:
            self.looking.show_row(lane, row)
            lane.select_row(row)
            lane.view.setFocus()
        else:
            self._set_selected(configuration)

    def place_of_selected(self) -> QPoint | None:
        """Return the lower left corner of the selected card on the screen, or of its line in the list."""
        lane = self._lanes.get(self._where.get(self._selected, StageId(""))) if self._selected else None
        if lane is None:
            return None
        view: QAbstractItemView = self.table if self.looking.is_list else lane.view
        return view.viewport().mapToGlobal(view.visualRect(view.currentIndex()).bottomLeft())

    def take_focus(self) -> None:
        """Give the keyboard to the selected card, or to the first one."""
        if self.looking.is_list and self._pages.currentWidget() is self.table:
            self.table.setFocus()
            return
        lane = self._lanes.get(self._where.get(self._selected, StageId(""))) if self._selected else None
        if not self.walking.take(lane, has_selected=self.selected is not None):
            self.empty.setFocus()

    # What the console says.

    @Slot()
    def _build_lanes(self) -> None:
        had_keyboard = holds_keyboard(self.page)
        self.dragging.end()  # the new columns answer as soon as the mouse is over one of them
        empty(self._row, self._order)
        self._lanes.clear()
        self._where.clear()
        self._order = []
        workflow = self._console.board.workflow
        self.strip.show_workflow(workflow)
        for column in workflow.columns() if workflow else ():
            stack = QVBoxLayout()
            stack.setSpacing(theme.GAP)
            self._row.addLayout(stack, 1)
            for stage in column:
                lane = self._lanes[stage.id] = self._ready.take(stage)
                self._order.append(lane)
                lane.is_alone = len(column) == 1
                self.looking.dress(lane)
                stack.addWidget(lane, 1)
        self._ready.clear()
        for before, after in zip(self._order, self._order[1:], strict=False):
            QWidget.setTabOrder(before.view, after.view)
        if had_keyboard:
            self.take_focus()

    def _make_lane(self, stage: Stage) -> Lane:
        model = LaneModel(stage.id, may_drop=self.dragging.may_drop, on_drop=self.dragging.drop)
        lane = Lane(stage, model, self.delegate, self._content)
        model.setParent(lane)
        lane.view.selectionModel().selectionChanged.connect(self._on_selection)
        lane.view.clicked.connect(self._on_click)
        lane.view.walked.connect(self.walking.walk)
        lane.view.opened.connect(self._open)
        lane.view.companions = self._companions
        self.dragging.hear(lane)
        lane.menu_wanted.connect(self.menu_wanted)
        lane.view.fold_wanted.connect(self.looking.fold)
        lane.collapse_wanted.connect(partial(self.looking.collapse, stage.id))
        return lane

    @Slot(str)
    def _show_card(self, configuration: ConfigurationId) -> None:
        card = self._console.board.cards.get(configuration)
        stood = self._where.get(configuration)
        is_shown = card is not None and card.stage in self._lanes and self.looking.is_asked(card)
        stands = card.stage if card is not None and is_shown else None
        if stood is not None and stood != stands:
            # A card that moves keeps its selection: the old column must not report that nothing is selected.
            self._is_selecting = True
            self._lanes[stood].model.forget(configuration)
            if configuration == self._selected:
                self._lanes[stood].clear_selection()
            self._is_selecting = False
            del self._where[configuration]
        if card is not None and stands is not None:
            lane, self._is_selecting = self._lanes[stands], True
            lane.model.show(card, *shown(card, lane.stage, self._console), self.looking.group_of(card))
            if stood == stands and configuration in self._chosen and not self.looking.is_list:
                lane.light(configuration, is_current=configuration == self._selected)
            self._where[configuration], self._is_selecting = stands, False
        if configuration == self._selected:
            self._after_change(card if is_shown or stood is None else None, has_moved=stood != stands)
        elif configuration in self._chosen and stood != stands:
            self._take_chosen(tuple(one for one in self._chosen if one != configuration))
        self.dragging.begin_again(configuration)
        self.looking.show_table_soon(self._chosen)
        self._show_page()

    def _after_change(self, card: Card | None, *, has_moved: bool) -> None:
        if card is None:
            self._set_selected(None)
        elif has_moved and card.stage in self._lanes:
            lane = self._lanes[card.stage]
            had_focus = holds_keyboard(self)
            row = lane.model.row_of(card.id)
            if row is not None:
                lane.select_row(row)
            if had_focus:
                lane.view.setFocus()
            self.strip.light(card.stage)

    @Slot()
    def _show_waiting(self) -> None:
        for status in self._console.runs:
            if status.ended_at is None:
                self._show_run(status.run)

    @Slot(str)
    def show_made(self, run: RunId) -> None:
        """Select the configuration that a run has just made."""
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is not None and status.state is RunState.DONE and status.plan.intent.kind is RunKind.CREATE:
            self.select(status.plan.intent.configuration)

    @Slot(str)
    def _show_run(self, run: RunId) -> None:
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is not None and status.plan.intent.configuration in self._where:
            self._show_card(status.plan.intent.configuration)

    @Slot()
    def _show_leftovers(self) -> None:
        self.leftovers.show_board(self._console.board, self._console.differing())
        for lane in self._order:
            lane.show_place(self._console.place_of(lane.stage))
        self._show_page()

    def set_first_steps(self, connect: QWidget, create: QWidget) -> None:
        """Offer these where there is nothing to show: without a pool, and without a configuration."""
        self._first_steps = (connect, create)
        for step in self._first_steps:
            self.empty.add_step(step)
        self._show_page()

    def _show_page(self) -> None:
        board = self._console.board
        has_pool, link = board.workflow is not None, self._console.link
        self.empty.set_words(*emptiness(board, link, self._console.connecting))
        has_cards = has_pool and bool(board.cards)
        self._pages.setCurrentWidget((self.table if self.looking.is_list else self.page) if has_cards else self.empty)
        self.bar.setVisible(has_cards)
        for at, step in enumerate(self._first_steps):  # last: hidden with their page, they cost no layout of the window
            step.setVisible(has_pool if at else not has_pool and link.state is not LinkState.CONNECTING)
        self.bar.tell(len(self._where), self.looking.cut_from)

    # How the cards are looked at.

    def show_list(self, *, is_list: bool) -> None:
        """Show the list for the columns, or the columns again; what is selected stays so."""
        self.looking.show_list(self._chosen, is_list=is_list)
        if not is_list:
            self._drop_hidden()
        self._show_page()
        self.take_focus()

    @property
    def current_stage(self) -> StageId | None:
        """The stage of the column that has the keyboard, or in which the selected card stands."""
        card = self.selected
        return self.walking.stage() or (card.stage if card is not None and card.stage in self._lanes else None)

    @Slot(object)
    def _choose_in_table(self, chosen: tuple[ConfigurationId, ...]) -> None:
        self._clear_others(None)
        self._take_chosen(chosen)

    # Selection and keyboard.

    @Slot(QItemSelection, QItemSelection)
    def _on_selection(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        if self._is_selecting:
            return
        changed = selected.indexes() or deselected.indexes()
        lane = next((lane for lane in self._order if changed and lane.model is changed[0].model()), None)
        if lane is None:
            return
        if not lane.view.is_adding and lane.chosen:  # else it is only given up
            self._clear_others(lane)
        card = lane.model.card_at(lane.view.currentIndex())
        self._gather(card.id if card is not None and lane.view.is_current_chosen else None)

    def _gather(self, first: ConfigurationId | None) -> None:
        """Look at which cards are selected in all columns; `first` is the one that details are shown of."""
        every = [card.id for lane in self._order for card in lane.chosen]
        if first is None or first not in every:
            first = self._selected if self._selected in every else next(iter(every), None)
        rest = [configuration for configuration in every if configuration != first]
        self._take_chosen((first, *rest) if first is not None else ())

    def _take_chosen(self, chosen: tuple[ConfigurationId, ...]) -> None:
        is_new, has_changed = chosen[:1] != self._chosen[:1], chosen != self._chosen
        self._chosen, self._selected = chosen, next(iter(chosen), None)
        card = self.selected
        self.strip.light(card.stage if card else None)
        if is_new or not self._selected:
            self.card_selected.emit(self._selected)
        elif has_changed:
            self.chosen_changed.emit()

    def _clear_others(self, keep: Lane | None) -> None:
        self._is_selecting = True
        for lane in self._order:
            if lane is not keep:
                lane.clear_selection()
        self._is_selecting = False

    @Slot(QModelIndex)
    def _on_click(self, index: QModelIndex) -> None:
        """Show a card that was selected already, and that something else has taken the place of."""
        lane = next((lane for lane in self._order if lane.model is index.model()), None)
        card = lane.model.card_at(index) if lane is not None else None
        if card is not None and card.id == self._selected:
            self.card_selected.emit(card.id)

    def _set_selected(self, configuration: ConfigurationId | None) -> None:
        self._clear_others(None)
        self._chosen = ()  # told of once more where it was selected already: something else may have its place
        self._take_chosen((configuration,) if configuration is not None else ())

    @Slot()
    def _drop_hidden(self) -> None:
        """Give up what is not before the user any more, as what a filter hides; show what is selected still."""
        self._keep(tuple(one for one in self._chosen if self._sees(one)))

    def _keep(self, chosen: tuple[ConfigurationId, ...] = ()) -> None:
        """Let these be selected and no others; the keyboard stays where it is."""
        self._is_selecting = True
        for lane in self._order if not self.looking.is_list else ():
            lane.choose(chosen)
        self._is_selecting = False
        if chosen != self._chosen:
            self._take_chosen(chosen)

    @Slot()
    def _open(self) -> None:
        if self._selected is not None and self._sees(self._selected):
            self.opened.emit(self._selected)
