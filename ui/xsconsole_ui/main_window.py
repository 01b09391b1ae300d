"""The one window: what it consists of, how its parts hear of each other, and what it remembers."""

import asyncio
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from xsconsole.console import Console, Estate
from xsconsole.domain import arrangement
from xsconsole.domain.acts import ObjectId
from xsconsole.domain.events import AuditVerified
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.selection import ObjectName
from xsconsole.errors import ConsoleError
from xsconsole_ui import actions, object_actions, window_layout, window_links, window_menus
from xsconsole_ui.action_set import Actions
from xsconsole_ui.activity import ActivityPanel
from xsconsole_ui.archives import ArchivePlace
from xsconsole_ui.audit import AuditPanel
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.bridge import Bridge, Turns
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.closing import Closing
from xsconsole_ui.closures import LineBanner
from xsconsole_ui.connecting import Connecting
from xsconsole_ui.dock_widths import DockWidths
from xsconsole_ui.fences import FenceNews, FencePlace
from xsconsole_ui.find import Finder
from xsconsole_ui.hands import WindowHands
from xsconsole_ui.health import HealthPanel
from xsconsole_ui.inbox import InboxNews, InboxPlace
from xsconsole_ui.inventory.panel import InventoryPanel
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.library import LibraryPlace
from xsconsole_ui.notices import Notices
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.objects.object_page import ObjectPage
from xsconsole_ui.promotion.desk import Desk
from xsconsole_ui.promotion.inspector import Inspector
from xsconsole_ui.situated import situation_of
from xsconsole_ui.status_line import StatusLine, findings
from xsconsole_ui.teller import Teller
from xsconsole_ui.theme import Theme
from xsconsole_ui.top_bar import TopBar
from xsconsole_ui.watchdog import Watchdog
from xsconsole_ui.window_state import LAYOUT_VERSION, WindowState
from xsconsole_ui.workflow.place import WorkflowPlace
from xsconsole_ui.workflow.workshop import Workshop

SITUATE_MS = 200


class MainWindow(QMainWindow):
    """Holds the panels; decides nothing about the domain."""

    loaded = Signal()  # the first state of a pool is here

    def __init__(self, shown: Console | Estate, theme: Theme, state: WindowState) -> None:
        super().__init__()
        self.estate = console = shown if isinstance(shown, Estate) else Estate.of(shown)
        self.theme, self._state = theme, state
        self._is_loaded = self._is_ending = False
        self._closed: asyncio.Event = asyncio.Event()
        with theme.put_off():
            self._build(console, theme, state)

    def _build(self, console: Estate, theme: Theme, state: WindowState) -> None:
        self.setWindowTitle("xsconsole")
        self.setDockNestingEnabled(False)
        self.notices = Notices(self)
        self.jobs = Jobs(on_error=self.notices.tell_error, on_bug=self.notices.tell_bug)
        self.connecting = Connecting(console, self.jobs, self.notices, self)
        self.bridge = Bridge(console, self)
        self._turns = Turns(self)
        self._later = QTimer(self, singleShot=True, interval=SITUATE_MS)  # what can be done changes with the pool
        self._later.timeout.connect(self.situate)
        self.watchdog = Watchdog(self)
        self.desk = Desk(console, self.bridge, self.jobs, self)
        self.board = BoardView(console, self.bridge, self)
        self.closing = Closing(console, self.bridge, self.jobs, self.board.dragging, self)
        self.act_desk = ActDesk(console, self.jobs, self)
        self.hands = WindowHands(self, console, self.desk, self.act_desk, self.board, self.bridge, self.jobs)
        self.actions_ = Actions(self.hands, self)
        ways, mends, lifts = ([self.actions_[action] for action in listed] for listed in actions.OF_CARD)
        menus = (object_actions.OBJECT_MENU, object_actions.OF_SNAPSHOTS)
        acts, of_snapshots = ([self.actions_[one] if one is not None else None for one in menu] for menu in menus)
        object_page = ObjectPage(console, self.act_desk, self.jobs, acts, of_snapshots)
        self.inspector = Inspector(console, self.bridge, self.desk, ways, mends, lifts, object_page, self)
        self.inventory = InventoryPanel(console, theme, self)
        self.activity = ActivityPanel(console, theme, self.act_desk, self.jobs, self)
        self.audit = AuditPanel(console, theme, self.jobs, self)
        self.health = HealthPanel(console, theme, self.act_desk, self)
        self.archive = ArchivePlace(console, theme, self.bridge, self.jobs, self)
        self.library = LibraryPlace(console, theme, self.bridge, self.jobs, self)
        self.fences = FencePlace(console, theme, self.bridge, self.jobs, self)
        self.inbox = InboxPlace(console, self.bridge, self.jobs, self)
        self.workflow = WorkflowPlace(console, self.bridge, self.actions_, self.jobs, self.notices, self)
        self.workshop = Workshop(console, self.bridge, self.workflow, self.inspector, self.jobs, self)
        self.bar, self.status = TopBar(console, self), StatusLine(console, self)
        self._teller = Teller(
            console,
            self.bridge,
            self.desk,
            self.notices,
            self.status,
            reconnect=self.connecting.ask_again,
            is_in_sight=self.inspector.shows,
            selected=self.board.card_selected,
            parent=self,
        )
        self.finder = Finder(
            console,
            self.bar,
            self.actions_,
            inventory=self.inventory,
            show_card=self._find_card,
            show_object=self._find_object,
            tell_why_not=self._teller.tell_why_not,
            parent=self,
        )
        about_work = (self.audit, self.health, self.inbox, self.archive, self.library, self.fences)
        named = (self.board, self.workflow, *about_work)
        self._pages = dict(zip(window_layout.PLACES, named, strict=True))
        self.banner = LineBanner(console, self.bridge, self.actions_[actions.AT_BANNER], self)
        self._card_menu = QMenu(self)
        self.setMenuWidget(self.bar)
        rail = window_layout.add_rail(
            self, self.tr("Places"), [self.actions_[place] for place in window_layout.PLACES.values()]
        )
        every = self.actions_
        self.inbox_news = InboxNews(self.inbox, self.desk, self.bridge, self.notices, self.status, rail, every, self)
        self.fence_news = FenceNews(console, self.bridge, self.notices, self.inbox_news.tray.show_message, self.fences)
        self._centre = window_layout.set_centre(self, self.notices, self.banner, tuple(self._pages.values()))
        panels = {"inventory": self.inventory, "inspector": self.inspector, "activity": self.activity}
        self.docks = window_layout.add_docks(self, **panels)
        sides = zip(("inventory", "inspector"), window_layout.SIDE_WIDTHS, strict=True)
        self._dock_widths = DockWidths(self, {self.docks[name]: width for name, width in sides})
        self._dock_widths.restore(state.text_of("docks"))
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(self.status, 1)
        window_menus.fill(self, self.bar, self.actions_, self.docks.values())
        window_menus.fill_of_card(self._card_menu, self.actions_, self.board)
        self._connect()
        self._first_layout = self.saveState(LAYOUT_VERSION)
        state.restore(self)
        self.inventory.restore(state.text_of("inventory"))
        self.board.looking.arrange(arrangement.read(state.text_of("board")))
        self._dress()
        self.bridge.take_all()
        self.jobs.start(self.status.read_audit(), "read how far the record reaches")

    # How its parts hear of each other.

    def _connect(self) -> None:
        self.board.card_selected.connect(self._on_card_selected)
        self.board.chosen_changed.connect(self.situate)
        self.board.opened.connect(self._on_opened)
        self.board.asked.connect(self.hands.take)
        self.board.menu_wanted.connect(self._card_menu.popup)
        self.board.queues.dropped.connect(self._on_staying)
        self.board.leftovers.adopt_wanted.connect(self.hands.adopt_strays)
        self.board.leftovers.clean_wanted.connect(self.hands.clean_strays)
        self.board.leftovers.card_wanted.connect(self.board.select)
        self.board.leftovers.publish_wanted.connect(self.hands.bring_together)
        self.desk.ended.connect(self.board.show_made)
        first_steps = (ActionButton(self.actions_[step], "primary", self) for step in actions.FIRST_STEPS)
        self.board.set_first_steps(*first_steps)
        self.inspector.left.connect(self._enter_place)
        self.inbox.about_changed.connect(self.inspector.follow)
        self.inbox.run_began.connect(self.inspector.show_run)
        self.inventory.selection_changed.connect(self._on_objects_selected)
        self.inventory.set_context_actions([self.actions_[one] if one else None for one in actions.VM_MENU])
        self.act_desk.ended.connect(self._teller.tell_acts)
        window_links.connect(self, self._find_card, self._follow_object)
        told = (self.board.answered, self.inventory.refused, self.workflow.said, self.closing.told, self.fences.said)
        for said in told:
            said.connect(self.status.say)
        self.workflow.zoom_told.connect(self.status.show_zoom)
        self.workflow.load_changed.connect(self.board.strip.show_load)
        self.workflow.situation_changed.connect(self._follow_draft)
        for command_wanted in (self.archive.wanted, self.fences.wanted):
            command_wanted.connect(partial(self.hands.ask, show_only=True))
        self.health.removal_wanted.connect(self.hands.remove_points)
        self.activity.run_opened.connect(self.inspector.show_run)
        self.activity.explanation_wanted.connect(self._teller.explain)
        self.bridge.card_changed.connect(self._on_card_changed)
        self.bridge.layout_changed.connect(self._on_layout)
        self.bridge.link_changed.connect(self._on_link)
        changed = (self.bridge.fences_changed, self.bridge.leftovers_changed, self.bridge.closures_changed)
        seen = (dock.visibilityChanged for dock in self.docks.values())
        for news in (*changed, *seen, self.inspector.turned):
            news.connect(self._situate_soon)
        self.bridge.inventory_changed.connect(self._situate_later)
        self.bridge.audit_grew.connect(self.status.show_audit)
        self.bridge.audit_verified.connect(self._on_audit_verified)
        self.bridge.audit_failed.connect(self._on_audit_failed)
        self.closing.granted.connect(self.close)
        self.closing.refused.connect(self._on_staying)
        self.theme.changed.connect(self._dress)

    @Slot()
    def situate(self) -> None:
        """Look at what the user has before them, for the actions."""
        found = situation_of(self.estate, self.place, self.board, self.inspector, self.inventory)
        self.actions_.follow(replace(found, draft=self.workflow.situation))
        self.board.leftovers.permit(self.hands.why_no_change)

    @Slot()
    def _follow_draft(self) -> None:
        self.actions_.follow_draft(self.workflow.situation)

    @Slot()
    def _situate_soon(self) -> None:
        self._turns.put("situation", self.situate)

    @Slot()
    def _situate_later(self) -> None:
        if self.actions_.situation.objects and not self._later.isActive():
            self._later.start()

    @Slot(object)
    def _on_card_selected(self, configuration: ConfigurationId | None) -> None:
        if self.place != "inbox":  # which has the inspector show what its requests are about
            self.inspector.show_card(configuration)
        self.situate()

    @Slot()
    def _on_objects_selected(self) -> None:
        self.inspector.show_objects(self.inventory.selected_objects)
        self.situate()

    @Slot(object)
    def _follow_object(self, item: ObjectId) -> None:
        """Show an object that something names. What is done then is done to it, not to what was selected before."""
        self.inventory.view.clearSelection()
        self.inspector.show_object(item)
        self.situate()

    @Slot()
    def _on_opened(self) -> None:
        plan = self.actions_[actions.PLAN]
        plan.trigger() if plan.isEnabled() else self._teller.tell_why_not(plan.why_not)

    @Slot(str)
    def _on_card_changed(self, configuration: str) -> None:
        selected = self.board.selected
        if selected is not None and selected.id == configuration:
            self.situate()
        else:
            self._situate_soon()

    @Slot()
    def _on_layout(self) -> None:
        self.status.show_workflow()
        self._situate_soon()
        if self.estate.board.workflow is not None and not self._is_loaded:
            self._is_loaded = True
            if self._centre.currentWidget() is self.board:
                self.board.lanes[0].view.setFocus()
            self.loaded.emit()

    @Slot()
    def _on_link(self) -> None:
        self.bar.show_link()
        self.status.show_link()
        self.situate()

    @Slot(object)
    def _on_audit_failed(self, error: ConsoleError) -> None:
        self.status.show_audit_failure(error)
        self.notices.tell_error(error, self.tr("Nothing is done until the audit can be written"))

    @Slot(str)
    def _on_staying(self, why: str) -> None:
        self.notices.tell("warn", why)

    @Slot(object)
    def _on_audit_verified(self, check: AuditVerified) -> None:
        self.status.show_audit_check(check)
        if told := findings(check):
            self.notices.tell("bad", self.tr("The record does not verify."), "\n".join(told))

    def _find_card(self, configuration: ConfigurationId) -> None:
        self.go("board")
        self.board.select(configuration)

    @Slot()
    def _enter_place(self) -> None:
        self.go(self.place)

    def _find_object(self, name: ObjectName) -> None:
        self.docks["inventory"].show()
        self.inventory.show_object(name)

    # What actions and the program ask of it.

    @property
    def place(self) -> str:
        return next(place for place, page in self._pages.items() if page is self._centre.currentWidget())

    def go(self, place: str) -> None:
        """Show a place, one of `window_layout.PLACES`, and give it the keyboard."""
        page = self._pages[place]
        if self.place == "inbox" != place:
            self.inspector.follow(self.board.selected_id)
        self.actions_[window_layout.PLACES[place]].setChecked(True)
        self._centre.setCurrentWidget(page)
        self.situate()
        if isinstance(page, BoardView | InboxPlace):
            page.take_focus()
        elif page is self.workflow:
            self.workflow.canvas.setFocus()
        else:
            window_layout.focus_into(page)

    def show_rows(self, text: str) -> None:
        """Show the rows of the audit that a filter asks for."""
        self.go("audit")
        self.audit.show_rows(text)

    def walk_panels(self) -> None:
        panels = (self._centre, self.inspector, self.activity, self.inventory)
        after = window_layout.panels_after(panels, QApplication.focusWidget())
        if next((one for one in after if one is self._centre or window_layout.focus_into(one)), None) is self._centre:
            self._enter_place()

    def restore_panels(self) -> None:
        self.restoreState(self._first_layout, LAYOUT_VERSION)

    @property
    def console(self) -> Console:
        """The console of the first pool."""
        return self.estate.pools.first

    @Slot()
    def verify_audit(self) -> None:
        """Check the record in the background; the status line says until where and when."""
        self.jobs.start(self.estate.verify_audit_apart(), "verify the audit")

    async def until_closed(self) -> None:
        await self._closed.wait()

    async def end(self) -> None:
        """Close without asking, remember the layout and stop what still runs here. The console is not closed."""
        self._is_ending = True
        self.close()
        self.bridge.close()
        for panel in (self.inventory, self.activity, self.audit, self.health, self.archive, self.library):
            panel.stop()
        self.watchdog.stop()
        self._turns.forget()
        self._later.stop()
        await self.workflow.keeper.settle()
        await self.estate.queue.close()
        await self.jobs.close()
        self.deleteLater()

    @Slot()
    def _dress(self) -> None:
        self.actions_.dress(self.theme.colours)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            self.status.say(event.tip())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if why_not := self.actions_.refused_by(QKeySequence(event.keyCombination())):
            self._teller.tell_why_not(why_not)
        elif event.key() == Qt.Key.Key_Escape:
            self.notices.clear()
            self.inspector.leave()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._is_ending and not self._closed.is_set() and not self.closing.may_close():
            event.ignore()
            return
        if not self._closed.is_set():
            self._state.set_text("board", self.board.looking.arrangement.text())
            self._state.set_text("inventory", self.inventory.state())
            self._state.set_text("docks", self._dock_widths.state())
            self._state.remember(self, self.theme.scheme)
            self._closed.set()
        super().closeEvent(event)
