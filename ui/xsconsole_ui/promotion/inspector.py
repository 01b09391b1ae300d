"""The panel at the right: the plan that waits, the run that goes, or what is known of the selected card."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from xsconsole.console import Estate, Verb
from xsconsole.domain import words
from xsconsole.domain.acts import ObjectId
from xsconsole.domain.board import Card
from xsconsole.domain.estate import waited_for
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.naming import shortened
from xsconsole.domain.one_way import ONE_WAY, begins_to_destroy, is_one_way
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Demote, Direction
from xsconsole_ui import pieces, times
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.focus import holds_keyboard
from xsconsole_ui.objects.object_page import ObjectPage
from xsconsole_ui.promotion.card_page import CardPage
from xsconsole_ui.promotion.desk import Choice, Desk, newest_restore_point, standby_in
from xsconsole_ui.promotion.plan_page import PlanPage
from xsconsole_ui.promotion.runs import ShownRun, is_taken, own, recorded
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.silence import silence_of

CARD = 1  # the page of a card


class Inspector(pieces.Panel):
    """Follows the selection and the desk."""

    followed = Signal(object)  # ObjectId: somebody wants to see an object that the one on show names
    left = Signal()  # the user is done here: the keyboard goes back to the board
    turned = Signal()  # it shows another card, or none any more

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        desk: Desk,
        actions: Sequence[QAction],
        mends: Sequence[QAction],
        lifts: Sequence[QAction],
        object_page: ObjectPage,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", "", parent)
        self.setAccessibleName(self.tr("Inspector"))
        self._console = console
        self._desk = desk
        self._selected: ConfigurationId | None = None
        self._run: RunId | None = None  # of this console, shown until it is dismissed or something else is selected
        self._number = 0  # of objects that are selected in the inventory, if several are
        self._is_asking = False
        self._told: ConfigurationId | None = None  # the card on show, as `turned` told it last
        self.nothing = pieces.EmptyPlace("", "", self)
        self.card_page = CardPage(console, actions, mends, lifts, self)
        self.plan_page = PlanPage(console, self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.nothing)
        self._pages.addWidget(UprightPage(self.card_page, self))
        self._pages.addWidget(self.plan_page)
        self.object_page = object_page
        self._pages.addWidget(object_page)
        self._other: tuple[QWidget, str, str] | None = None  # of another place, with its title and caption
        self._is_other_behind = False
        self.body.addWidget(self._pages)
        desk.question_changed.connect(self._on_question)
        desk.started.connect(self._on_start)
        bridge.card_changed.connect(self._on_card)
        bridge.card_changed.connect(self.card_page.hear)
        bridge.run_changed.connect(self._on_run)
        bridge.layout_changed.connect(self._show)
        bridge.link_changed.connect(self._show)
        bridge.closures_changed.connect(self._show)
        bridge.inventory_changed.connect(object_page.renew_soon)
        bridge.link_changed.connect(object_page.renew_soon)
        object_page.titled.connect(self._show)
        object_page.followed.connect(self.followed)
        self.card_page.opened.connect(desk.led)
        self.plan_page.confirmed.connect(desk.confirm)
        self.plan_page.asked.connect(desk.ask_for_approval)
        self.plan_page.declared.connect(desk.declare)
        self.plan_page.dismissed.connect(self._dismiss)
        self.plan_page.disks_chosen.connect(desk.choose_disks)
        self.plan_page.freeze_chosen.connect(self._choose_freeze)
        self.plan_page.resume_wanted.connect(lambda: self._settle(Direction.RESUME))
        self.plan_page.undo_wanted.connect(self._undo)
        self.plan_page.again_wanted.connect(desk.ask)
        self._show()

    @Slot(object)
    def show_card(self, configuration: ConfigurationId | None) -> None:
        """Follow the selection. A plan of another card is dropped: nothing was changed by it."""
        run = next((status for status in self._console.runs if status.run == self._run), None)
        is_its_own = run is None or run.plan.intent.configuration == configuration
        is_same = configuration == self._selected and self.object_page.item is None and is_its_own and not self._number
        self._number = 0
        self.object_page.show_object(None)
        if is_same:
            return
        self._selected = configuration
        question = self._desk.question
        if question is not None and question.configuration != configuration:
            self._desk.dismiss()
        running = self._own_run(configuration) if configuration else None
        self._run = running
        self._show()

    @Slot(object)
    def show_object(self, item: ObjectId | None) -> None:
        """Show what is known of an object of the inventory, instead of the card; None shows the card again.

        A plan that waits for an answer, or a run that goes on or was interrupted, stays on show until it is put away.
        """
        self._number = 0
        if item is not None:
            self._leave_ended_run()
        self.object_page.show_object(item)
        self._is_other_behind = item is not None
        self._show()

    @Slot(object)
    def follow(self, configuration: ConfigurationId | None) -> None:
        """Show the card that another place is about; a plan that waits, or a run that goes on, stays before it."""
        self._number = 0
        self.object_page.show_object(None)
        if configuration is not None:  # else its result is all that is left to be seen of a request
            self._leave_ended_run()
        self._selected = configuration
        self._show()

    @property
    def card_on_show(self) -> Card | None:
        """The card of which all is shown here, where the user can see it."""
        return self._card if self.isVisible() and self._pages.currentIndex() == CARD else None

    def _leave_ended_run(self) -> None:
        """Show a run no more of which nothing is to be done: its line in the activity leads to it again."""
        run = self.run
        if self._run is not None and (run is None or not (run.is_going or run.state is RunState.INTERRUPTED)):
            self._run = None

    @Slot(str)
    def show_run(self, run: RunId) -> None:
        """Show a run of this console, going on or ended, with what became of its steps."""
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is None:
            return
        self._number = 0
        self.object_page.show_object(None)
        self._desk.dismiss()
        self._run = run
        self._is_other_behind = True
        self._show()

    def show_objects(self, items: Sequence[ObjectId]) -> None:
        """Show the object that is selected in the inventory; of several, how many they are."""
        self.show_object(items[0] if len(items) == 1 else None)
        if len(items) > 1:
            self._leave_ended_run()
            self._number = len(items)
            self._is_other_behind = True
            self._show()

    def show_instead(self, page: QWidget | None, title: str = "", caption: str = "", *, is_new: bool = False) -> None:
        """Show a page of another place instead of the board's selection; None ends that.

        An object that is selected in the inventory meanwhile goes before it, until it `is_new` again.
        """
        if page is not None and self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        self._other = (page, title, caption) if page is not None else None
        self._is_other_behind = self._is_other_behind and not is_new
        self._show()

    @property
    def run(self) -> ShownRun | None:
        """The run on show: ours, or the one that stands on the pool for the selected card."""
        status = next((status for status in self._console.runs if status.run == self._run), None)
        card = self._card
        if status is not None:
            card = self._console.board.cards.get(status.plan.intent.configuration)
        if status is not None and status.state is RunState.INTERRUPTED and card is not None and is_taken(card, status):
            status = None  # another console settles it right now: what stands on the pool is what counts
        if status is not None and status.state is not RunState.SETTLED_ELSEWHERE:
            return own(status)
        return (
            recorded(card.run, silence_of(card, self._console)) if card is not None and card.run is not None else None
        )

    def shows(self, run: RunId) -> bool:
        """Whether the user can see this run here."""
        return self.isVisible() and self._run == run

    @property
    def _card(self) -> Card | None:
        return self._console.board.cards.get(self._selected) if self._selected else None

    def _own_run(self, configuration: ConfigurationId) -> RunId | None:
        statuses = [status for status in self._console.runs if status.plan.intent.configuration == configuration]
        return next((status.run for status in statuses if status.ended_at is None), None)

    @Slot()
    def _show(self) -> None:
        had_keyboard = holds_keyboard(self.plan_page)
        self._turn()
        self._tell_turned()
        if had_keyboard and self._pages.currentWidget() is not self.plan_page:
            self.left.emit()  # else the keyboard falls to whatever stands where the plan was

    def _tell_turned(self) -> None:
        shown = self.card_on_show
        if (shown.id if shown is not None else None) != self._told:
            self._told = shown.id if shown is not None else None
            self.turned.emit()

    def _turn(self) -> None:
        question, run, card = self._desk.question, self.run, self._card
        if question is not None:
            card = self._console.board.cards.get(question.configuration)
            restore = swap = None
            if isinstance(question.command, Demote) and card is not None:
                restore, swap = self._restoring(card, question.command), self._swapping(card, question.command)
            is_starting = self._desk.is_starting
            self.plan_page.show_question(question, restore=restore, swap=swap, is_starting=is_starting)
            self._head(question.plan, question.plan.digest)
            self._pages.setCurrentIndex(2)
        elif self._other is not None and not self._is_other_behind:
            page, title, caption = self._other
            self.header.set_title(title)
            self.header.set_caption(caption)
            self.header.setToolTip("")
            self._pages.setCurrentWidget(page)
        elif self._run is None and self.object_page.sheet is not None:
            self.header.set_title(self.object_page.sheet.title)
            self.header.set_caption(self._caption_of(self.object_page.sheet.caption))
            self._pages.setCurrentWidget(self.object_page)
        elif self._run is None and self._number:
            self._show_nothing(
                self.tr("{n} objects selected").format(n=self._number),
                self.tr("What the Object menu offers is done to all of them that take it."),
            )
        elif run is not None:
            configuration = run.plan.intent.configuration
            is_live = self._console.away(configuration) is None
            why_not = "" if is_live else self.tr("The pool is away; what is shown is the last known state.")
            denial = self._console.of_card(configuration).denial(Verb.SETTLE)
            why_not = words.refusal(denial) if denial is not None else why_not
            other = waited_for(run.plan.intent, self._console.sights)
            waits_for = self.tr("pool “{name}”").format(name=one_line(other)) if other else self.tr("the pool")
            waits_for = waits_for if other or not is_live else ""
            inventory = self._console.of_card(configuration).inventory
            ends = begins_to_destroy(run.plan, run.current) or is_one_way(run.plan, run.settled, inventory)
            self.plan_page.show_run(
                run,
                has_own_end=self._run is not None,
                why_not=why_not,
                why_no_undo=ONE_WAY if ends else "",
                waits_for=waits_for,
            )
            self._head(run.plan, run.digest)
            self._pages.setCurrentIndex(2)
        elif card is not None:
            self.card_page.show_card(card)
            self.header.set_title(card.name)
            self.header.set_caption(words.count(len(card.members), "member"))
            self._pages.setCurrentIndex(CARD)
        else:
            self._show_nothing(
                self.tr("Nothing selected"),
                self.tr(
                    "Select a card to see its members. Drag it to another stage, or press Ctrl+Right, to promote it."
                ),
            )

    def _caption_of(self, caption: str) -> str:
        """Return what an object is, and of which pool where there are several."""
        item = self.object_page.item
        pool = self._console.pool_name(self._console.of_object(item)) if item is not None else ""
        return " · ".join(filter(None, (caption, pool)))

    def _show_nothing(self, title: str, text: str) -> None:
        self.nothing.set_words(title, text)
        self.header.set_title(self.tr("Inspector"))
        self.header.set_caption("")
        self._pages.setCurrentIndex(0)

    def _head(self, plan: Plan, digest: str) -> None:
        self.header.set_title(short_title(plan, self._console.board.workflow))
        self.header.set_caption(self.tr("plan {digest}…").format(digest=digest[:4]))
        self.header.setToolTip(digest)

    def _restoring(self, card: Card, command: Demote) -> Choice | None:
        point = newest_restore_point(card, command)
        if point is None:
            return None
        told = self.tr("Return to the restore point of {time}").format(time=times.zoned_time(point.at))
        return Choice(words=told, why_not=self._desk.why_not(replace(command, disks=Disks.RESTORE)))

    def _swapping(self, card: Card, command: Demote) -> Choice | None:
        standby = standby_in(card, command, self._console.board)
        if standby is None:
            return None
        told = self.tr("Swap with {name}, whose place it took").format(name=shortened(standby.name, 60))
        return Choice(words=told, why_not=self._desk.why_not(replace(command, disks=Disks.SWAP)))

    @Slot()
    def _on_question(self) -> None:
        question = self._desk.question
        is_new = question is not None and not self._is_asking
        self._is_asking = question is not None
        if question is not None:
            self._run = None
        if is_new:
            self.plan_page.reason.clear()
            self.plan_page.asking.clear()
        self._show()
        if is_new:
            self.plan_page.focus_go()

    @Slot(str)
    def _on_start(self, run: RunId) -> None:
        self._run = run
        had_focus = holds_keyboard(self)
        self._show()
        if had_focus:
            self.left.emit()

    @Slot(str)
    def _on_card(self, configuration: str) -> None:
        if configuration == self._selected or self._run is not None:
            self._show()

    @Slot(str)
    def _on_run(self, run: str) -> None:
        if run == self._run:
            self._show()

    def leave(self) -> None:
        """Put away a plan that waits, or a run that has ended; where there is none, give the keyboard back."""
        run = self.run
        if self._desk.question is not None or (self._run is not None and run is not None and not run.is_going):
            self._dismiss()
        elif holds_keyboard(self):
            self.left.emit()

    @Slot()
    def _dismiss(self) -> None:
        self._run = None
        self._desk.dismiss()
        self._show()
        self.left.emit()

    @Slot(bool)
    def _choose_freeze(self, is_stopped_first: bool) -> None:
        self._desk.choose_freeze(is_stopped_first=is_stopped_first)

    @Slot()
    def _undo(self) -> None:
        run = self.run
        if run is not None and run.can_be_stopped and self._run is not None:
            self._desk.abort(self._run)
        else:
            self._settle(Direction.UNDO)

    def _settle(self, direction: Direction) -> None:
        run = self.run
        if run is not None:
            self._desk.settle(run.plan.intent.configuration, direction, self.plan_page.reason.text().strip())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_turned()

    def hideEvent(self, event: QHideEvent) -> None:
        if holds_keyboard(self) and self.window().isVisible():
            self.left.emit()
        super().hideEvent(event)
        self._tell_turned()


def short_title(plan: Plan, workflow: Workflow | None) -> str:
    """Return such as `shop 1.3.0 → Production`; what it does in words where it leads to no other stage."""
    intent = plan.intent
    target = workflow.stage(intent.target) if workflow is not None and intent.target else None
    if target is None or intent.source == intent.target or intent.source is None:
        return words.title(plan, workflow)
    return f"{intent.name} → {target.name}"
