"""The place of the inbox: three lists at the left, the request or review that is chosen at the right."""

from collections.abc import Coroutine, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMenu, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate, Secret
from xsconsole.domain.approval import Meaning
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, RequestId, ReviewId
from xsconsole.domain.plan import Intent
from xsconsole.domain.record import AuditQuery
from xsconsole.domain.requests.views import RequestView, waiting_words
from xsconsole.domain.reviews import ReviewView
from xsconsole.domain.wording.record import event_sentence
from xsconsole.domain.words import listing
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.inbox import entries
from xsconsole_ui.inbox.filing import Filing
from xsconsole_ui.inbox.request_page import RequestPage
from xsconsole_ui.inbox.review_page import ReviewPage
from xsconsole_ui.inbox.room import ListAndPage
from xsconsole_ui.inbox.stays import StaySection
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.promotion.card_page import Section
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.scrolling import UprightPage

MOST_HISTORY = 12


class InboxPlace(pieces.Panel):
    """Follows the requests of the pools that there are."""

    counted = Signal(int)  # how many requests ask this console's person
    said = Signal(str)
    run_began = Signal(str)  # RunId: what was approved is carried out from here
    begun = Signal()  # something is done about one of them
    failed = Signal(object)  # the error of what was done
    looked = Signal()  # somebody looks at it
    about_changed = Signal(object)  # ConfigurationId that the chosen one is about, or None; while it is on show

    def __init__(self, console: Estate, bridge: Bridge, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, title="")
        self.console = console
        self._jobs = jobs
        self._chosen: RequestId | ReviewId | None = None
        self._about: ConfigurationId | None = None
        self._busy: set[RequestId | ReviewId] = set()
        self._shown: tuple[list[RequestView], ...] = ([], [], [])
        self._open_reviews: tuple[ReviewView, ...] = ()
        self.header.set_title(self.tr("Inbox"))
        self.filing = Filing(console, jobs, self, self)
        self.filing.said.connect(self.said)
        self.files = QMenu(self)
        by_file = pieces.button(self.tr("By file"), "quiet", self)
        by_file.setToolTip(self.tr("For people who have no way to the pool"))
        by_file.setMenu(self.files)
        self.header.add_control(by_file)
        titles = (self.tr("Asked of you"), self.tr("Waiting for others, or ready"), self.tr("Decided, or over"))
        self.reviews = Section(self.tr("To be reviewed"), self)
        self.stays = StaySection(console, self)
        self.lists = tuple(Section(title, self) for title in titles)
        self.page = RequestPage(console, self)
        self.review_page = ReviewPage(console, self)
        self.nothing = pieces.EmptyPlace(
            self.tr("Nothing is asked for"),
            self.tr(
                "Where the workflow demands approvals, a promotion or demotion becomes a request and waits here. "
                "You decide by your key, once the workflow pins it to you."
            ),
            self,
        )
        self.unchosen: QLabel = pieces.wrapped(self.tr("Choose a request to see all of it."), "muted", self)
        self.unchosen.setAlignment(Qt.AlignmentFlag.AlignCenter)
        listed = QWidget(self)
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for section in (self.reviews, *self.lists):
            column.addWidget(section)
            section.view.keeps_selection = True
            section.view.installEventFilter(self)
            section.view.clicked.connect(self._look_at)
            section.view.activated.connect(self._open)
            section.view.selectionModel().currentChanged.connect(self._choose)
        column.addWidget(self.stays)
        self.stays.view.installEventFilter(self)
        column.addStretch(1)
        self._beside = beside = QWidget(self)
        beside.setAccessibleName(self.tr("What was chosen"))
        right = QVBoxLayout(beside)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self.page, 1)
        right.addWidget(self.review_page, 1)
        right.addWidget(self.unchosen, 1)
        self._scroll = UprightPage(listed, self)
        self.room = ListAndPage(self._scroll, beside, self.tr("‹ All re&quests"), self)
        self.room.left.connect(self.take_focus)
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.room)
        self._stack.addWidget(self.nothing)
        self.body.addWidget(body, 1)
        bridge.requests_changed.connect(self.renew)
        bridge.reviews_changed.connect(self.renew)
        bridge.layout_changed.connect(self.renew)
        bridge.staying.changed.connect(self._renew_stays)
        self.page.decided.connect(self._decide)
        self.page.run_wanted.connect(self._run)
        self.page.withdrawn.connect(self._withdraw)
        self.page.file_wanted.connect(self.filing.write)
        self.page.left.connect(self.take_focus)
        self.review_page.closed.connect(self._close)
        self.review_page.left.connect(self.take_focus)
        bridge.ageing.changed.connect(self._grow_older)
        self.renew()

    def offer(self, acts: Sequence[QAction]) -> None:
        """Put actions that are about no request in particular into the menu of the head."""
        self.files.addActions(acts)

    @property
    def foot(self) -> QWidget:
        """What notices keep clear: the fields and buttons of what was chosen."""
        return self.review_page.foot if self.review_page.isVisible() else self.page.foot

    # --- looking --------------------------------------------------------------------------------------------------

    @Slot()
    def renew(self) -> None:
        """Show the requests as they stand."""
        had_keyboard = self.room.page_has_keyboard
        views = self.console.requests.views
        self._shown = entries.sorted_out(views, self.console)
        for section, shown in zip(self.lists, self._shown, strict=True):
            section.show_rows([entries.entry(view, self.console) for view in shown])
        self._open_reviews = self.console.reviews.views
        self.reviews.show_rows([entries.review_entry(view, self.console) for view in self._open_reviews])
        asked, looked_for, ending = len(self._shown[0]), len(self._open_reviews), self.stays.renew()
        self._stack.setCurrentIndex(0 if views or self._open_reviews or ending else 1)
        captions = (
            self.tr("{n} asked of you").format(n=asked) if asked else "",
            self.tr("{n} to be reviewed").format(n=looked_for) if looked_for else "",
            self.tr("{n} at the end of their time").format(n=ending) if ending else "",
        )
        self.header.set_caption(" · ".join(filter(None, captions)))
        self.counted.emit(asked + looked_for + ending)
        self._show(self._chosen_view)
        self._mark()
        if self._chosen is None and had_keyboard:
            self.take_focus()
        elif self._chosen is None:
            self.room.turn(to_page=False)
        elif had_keyboard and not self.room.page_has_keyboard:  # what had it is gone from the page
            self._beside.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _chosen_view(self) -> RequestView | ReviewView | None:
        every: list[RequestView | ReviewView] = [*self._open_reviews]
        every += [view for shown in self._shown for view in shown]
        return next((view for view in every if _id_of(view) == self._chosen), None)

    def _show(self, view: RequestView | ReviewView | None) -> None:
        self._chosen = _id_of(view) if view is not None else None
        is_busy = self._chosen in self._busy
        self.page.show_request(view if isinstance(view, RequestView) else None, is_busy=is_busy)
        self.review_page.show_review(view if isinstance(view, ReviewView) else None, is_busy=is_busy)
        self.unchosen.setVisible(view is None)
        about = _intent_of(view).configuration if view is not None else None
        if about != self._about:
            self._about = about
            if self.isVisible():
                self.about_changed.emit(about)

    def show_one(self, wanted: RequestId | ReviewId) -> None:
        """Choose a request or a review, and give the keyboard to its page."""
        view = next((view for _, shown in self._listed for view in shown if _id_of(view) == wanted), None)
        if view is not None:
            self._select(view)
            self._focus_page()
        else:
            self.stays.choose(ConfigurationId(wanted))

    def say_standing(self, request: RequestId) -> None:
        """Say how it stands, to whoever would have asked for the same."""
        stands = waiting_words(self.console.requests.view(request))
        self.said.emit(self.tr("It is asked for already, and {stands}.").format(stands=stands))

    def show_asked(self, request: RequestId) -> None:
        """Show who asked what they asked for, and say of whom. A key that they press now withdraws nothing."""
        self.show_one(request)
        self._beside.setFocus(Qt.FocusReason.OtherFocusReason)
        could = self.console.requests.view(request).could
        names = listing(tuple(one_line(person.name) for person in could)) or self.tr("Nobody")
        self.said.emit(self.tr("Asked. {names} could approve it; their inboxes show it now.").format(names=names))

    def _mark(self) -> None:
        """Mark the chosen request in whichever list it stands now."""
        for section, shown in self._listed:
            at = next((at for at, view in enumerate(shown) if _id_of(view) == self._chosen), None)
            blocker = QSignalBlocker(section.view.selectionModel())
            if at is None:
                section.view.selectionModel().clear()
            else:
                section.view.setCurrentIndex(section.view.rows.index(at))
            blocker.unblock()
            section.view.viewport().update()

    def _bring_into_sight(self) -> None:
        """Scroll to the row with the keyboard: lists are as high as their rows, and the page around them scrolls."""
        for section, _ in self._listed:
            row = section.view.visualRect(section.view.currentIndex())
            if section.view.hasFocus() and row.isValid():
                middle = section.view.y() + section.y() + row.center().y()
                self._scroll.ensureVisible(0, middle, 0, row.height() // 2 + theme.GAP)

    def _walk_on(self, view: RowsView, step: int) -> bool:
        """Go on in the list above or below where the keyboard is at the end of one; whether it did."""
        filled = [section.view for section, shown in self._listed if shown]
        filled += [self.stays.view] if self.stays.view.rows.rowCount() else []
        at, row, last = filled.index(view) + step, view.currentIndex().row(), view.rows.rowCount() - 1
        if row != (last if step > 0 else 0) or not 0 <= at < len(filled):
            return False
        other = filled[at]
        other.setFocus(Qt.FocusReason.OtherFocusReason)
        other.setCurrentIndex(other.rows.index(0 if step > 0 else other.rows.rowCount() - 1))
        return True

    @property
    def _listed(self) -> tuple[tuple[Section, Sequence[RequestView | ReviewView]], ...]:
        return ((self.reviews, self._open_reviews), *zip(self.lists, self._shown, strict=True))

    def take_focus(self) -> None:
        """Give the keyboard to the list with what is chosen, else to the first one with something in it."""
        self.room.turn(to_page=False)
        filled = [(section, shown) for section, shown in self._listed if shown]
        of_chosen = (section for section, shown in filled if any(_id_of(one) == self._chosen for one in shown))
        section = next(of_chosen, None) or next((section for section, _ in filled), None)
        if section is None and self.stays.view.rows.rowCount():
            self.stays.view.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if section is None:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if not section.view.currentIndex().isValid():
            section.view.setCurrentIndex(section.view.rows.index(0))
        section.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        for section, shown in self._listed:
            if index.model() is section.view.rows and index.row() < len(shown):
                self._select(shown[index.row()])

    @Slot(QModelIndex)
    def _look_at(self, index: QModelIndex) -> None:
        """Show what is clicked, also where it takes the place of the list."""
        self._choose(index)
        self.room.turn(to_page=True)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        self._choose(index)
        self._focus_page()

    def _focus_page(self) -> None:
        self.room.turn(to_page=True)
        (self.review_page if isinstance(self._chosen_view, ReviewView) else self.page).focus_first()

    def _select(self, view: RequestView | ReviewView) -> None:
        is_new = _id_of(view) != self._chosen
        self._show(view)
        self._mark()
        self._bring_into_sight()
        if is_new:
            self._jobs.start(self._tell_history(view), "look up the history of a request")

    async def _tell_history(self, view: RequestView | ReviewView) -> None:
        asked = AuditQuery(configuration=_intent_of(view).configuration)
        rows = await self.console.audit_page(asked, limit=MOST_HISTORY)
        if self._chosen == _id_of(view):
            told = [
                Row(mark=Mark.POINT, text=event_sentence(row.fact), aside=times.clock_time(row.at))
                for row in rows
                if row.fact.step is None
            ]
            (self.page if isinstance(view, RequestView) else self.review_page).show_history(told)

    # --- doing ----------------------------------------------------------------------------------------------------

    @Slot(object, object, str, object)
    def _decide(self, request: RequestId, meaning: Meaning, reason: str, password: Secret | None) -> None:
        self._start(request, self._decided(request, meaning, reason, password), "decide on a request")

    async def _decided(self, request: RequestId, meaning: Meaning, reason: str, password: Secret | None) -> None:
        view = await self.console.requests.decide(request, meaning, reason, password)
        done = self.tr("Approved") if meaning is Meaning.APPROVE else self.tr("Rejected")
        told = self.tr("{done}: {what}. It {stands}.")
        self.said.emit(told.format(done=done, what=entries.title(view, self.console), stands=waiting_words(view)))

    @Slot(object)
    def _run(self, request: RequestId) -> None:
        self._start(request, self._carried_out(request), "carry out a request")

    async def _carried_out(self, request: RequestId) -> None:
        self.run_began.emit(await self.console.requests.run(request))

    @Slot(object, str)
    def _withdraw(self, request: RequestId, reason: str) -> None:
        self._start(request, self._withdrawn(request, reason), "withdraw a request")

    async def _withdrawn(self, request: RequestId, reason: str) -> None:
        remains = await self.console.requests.withdraw(request, reason)
        if remains:
            told = self.tr("Withdrawn. What was frozen for it stays, and can be removed from its card: {why}")
            self.said.emit(told.format(why=remains))

    @Slot(object, str, object)
    def _close(self, review: ReviewId, found: str, password: Secret | None) -> None:
        self._start(review, self._closed(review, found, password), "close a review")

    async def _closed(self, review: ReviewId, found: str, password: Secret | None) -> None:
        left = await self.console.reviews.close(review, found, password)
        if left is None:
            self.said.emit(self.tr("The review is closed."))
        else:
            self.said.emit(self.tr("Signed. {rest}").format(rest=left.tally.sentence))

    def _start(self, request: RequestId | ReviewId, work: Coroutine[Any, Any, object], name: str) -> None:
        """Begin to do it. Meanwhile the keyboard waits on the page: buttons that can be used no more would lose it."""
        self._busy.add(request)
        self.begun.emit()
        if self.room.page_has_keyboard:
            self._beside.setFocus(Qt.FocusReason.OtherFocusReason)
        self.renew()
        self._jobs.start(self._seen_through(request, work), name)

    async def _seen_through(self, request: RequestId | ReviewId, work: Coroutine[Any, Any, object]) -> None:
        is_done = False
        try:
            await work
            is_done = True
        except ConsoleError as failure:
            self.failed.emit(failure)
        finally:
            self._busy.discard(request)
            self.renew()
            if self.room.page_has_keyboard:
                (self.take_focus if is_done else self._focus_page)()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, RowsView) and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier and self._walk_on(watched, step):
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen is not None:
            self._focus_page()
        else:
            super().keyPressEvent(event)

    @Slot(str)
    def _grow_older(self, configuration: str) -> None:
        """Say anew for how long reviews have been open."""
        del configuration
        if self.isVisible():
            self.renew()

    @Slot(str)
    def _renew_stays(self, configuration: str) -> None:
        """Follow the clock, and cards that come and go."""
        del configuration
        self.renew()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.console.requests.refresh()
        self.renew()
        self.about_changed.emit(self._about)
        self.looked.emit()


def _intent_of(view: RequestView | ReviewView) -> Intent:
    return view.request.intent if isinstance(view, RequestView) else view.item.intent


def _id_of(view: RequestView | ReviewView) -> RequestId | ReviewId:
    return view.request.id if isinstance(view, RequestView) else view.item.id
