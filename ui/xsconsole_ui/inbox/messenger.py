"""News of requests for people who look elsewhere: through the desktop's tray where there is one, else in the window."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QSystemTrayIcon

from xsconsole.console import Estate
from xsconsole.domain.events import LinkState
from xsconsole.domain.folding import one_line, shortened
from xsconsole.domain.ids import ConfigurationId, RequestId, ReviewId
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.requests.views import RequestState, RequestView, asker
from xsconsole.domain.reviews import ReviewView, doer_name
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.inbox import entries
from xsconsole_ui.inbox.stays import ending, shuts_down, stay_words
from xsconsole_ui.notices import Notices

MOST_REASON = 120  # characters
MOST_LINES = 3  # of details, on the desktop

Show = Callable[[str, str], bool]
"""Shows a title and a text on the desktop; whether there was a way to."""


class Tray(QObject):
    """The program's icon in the desktop's tray; made when there is first something to say."""

    opened = Signal()

    def __init__(self, icon: QIcon, parent: QObject) -> None:
        super().__init__(parent)
        self._picture = icon
        self._icon: QSystemTrayIcon | None = None

    def show_message(self, title: str, text: str) -> bool:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return False
        if self._icon is None:
            self._icon = QSystemTrayIcon(self._picture, self)
            self._icon.messageClicked.connect(self.opened)
            self._icon.activated.connect(self._open)
        self._icon.show()
        self._icon.showMessage(title, text, self._picture)
        return True

    @Slot()
    def _open(self) -> None:
        self.opened.emit()


class Messenger(QObject):
    """Compares how requests stood with how they stand, and tells each thing once.

    `is_in_sight` says whether the inbox itself shows it: then news over it would only hide what it is about.
    """

    wanted = Signal(object)  # RequestId, ReviewId or ConfigurationId: somebody wants to see it
    said = Signal(str)
    unsaid = Signal(str)  # what was said is no longer so

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        notices: Notices,
        show: Show,
        is_in_sight: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._console = console
        self._notices = notices
        self._show = show
        self._is_in_sight = is_in_sight
        self._ways: dict[tuple[str, str], QAction] = {}  # the way to each thing that was told of
        self._word = (("", ""), "")  # what was said last in the line of words, and of what
        self._carried: dict[RequestId, tuple[RequestView, RunRecord]] = {}  # being carried out
        self._seen, self._pools = self._standing(), console.requests.pools_looked_at
        bridge.requests_changed.connect(self._look)
        bridge.link_changed.connect(self._look)
        self._reviews: Mapping[ReviewId, ReviewView] | None = None
        bridge.reviews_changed.connect(self._look_at_reviews)
        bridge.link_changed.connect(self._look_at_reviews)
        self._ending: dict[ConfigurationId, bool] = {}  # whether it is over already
        bridge.staying.changed.connect(self._look_at_stays)

    def _standing(self) -> Mapping[RequestId, tuple[RequestState, bool]]:
        """Return how each request stands, and whether it asks whoever sits here."""
        requests = self._console.requests
        return {view.request.id: (view.state, requests.asks_me(view)) for view in requests.views}

    @Slot()
    def _look(self) -> None:
        """Tell what is new. What stood on a pool when it came is in the inbox, and is no news."""
        views, known = self._console.requests.views, self._pools
        self._pools = self._console.requests.pools_looked_at
        before, self._seen = self._seen, self._standing()
        now = self._seen
        for view in (view for view in views if view.request.pool in known):
            was, asked_me = before.get(view.request.id, (None, False))
            state, asks_me = now[view.request.id]
            is_mine = self._console.requests.is_mine(view)
            is_carried = self._is_carried(view)
            if asked_me and not asks_me:
                self._withdraw(("request", view.request.id))
            if asks_me and not asked_me:
                self._tell("warn", self.tr("Your approval is asked for"), view)
            elif state is not was and state is RequestState.VOID and (is_mine or was is RequestState.APPROVED):
                if is_carried:
                    continue
                self._tell("bad", self.tr("A request is void: what it is about has changed"), view)
            elif state is not was and is_mine and state in (RequestState.REJECTED, RequestState.EXPIRED):
                was_rejected = state is RequestState.REJECTED
                headline = self.tr("Your request was rejected") if was_rejected else self.tr("Your request has expired")
                self._tell("bad", headline, view)
            elif state is not was and is_mine and state is RequestState.APPROVED:
                self._tell("good", self.tr("Your request is approved"), view)
        for gone in before.keys() - now.keys():
            self._withdraw(("request", gone))
            if gone in self._carried:
                self._tell_carried(*self._carried.pop(gone))

    def _is_carried(self, view: RequestView) -> bool:
        """Return whether somebody carries it out; who does is kept: once that is done, nothing stands there any more.

        The last that is seen of it is void: what it is about stands where it leads to. Put back, it is open again.
        """
        card = self._console.board.cards.get(view.request.intent.configuration)
        run = card.run.record if card is not None and card.run is not None else None
        if run is not None and view.is_running:
            self._carried[view.request.id] = (view, run)
        elif view.state is not RequestState.VOID:
            self._carried.pop(view.request.id, None)
        return view.request.id in self._carried

    def _tell_carried(self, view: RequestView, run: RunRecord) -> None:
        """Tell who asked that it is done, and by whom, unless it was done here: that is told of the run."""
        is_news = view.request.pool in self._pools and self._console.requests.is_mine(view)
        if is_news and all(status.run != run.run for status in self._console.runs):
            told = self.tr("{what}. By {who} from {console}.")
            text = told.format(what=entries.title(view, self._console), who=run.actor, console=run.console_name)
            about = ("request", view.request.id)
            self._bring("good", self.tr("Your request was carried out"), one_line(text), "", about, leads=False)

    @Slot()
    def _look_at_reviews(self) -> None:
        """Tell of emergencies that were declared meanwhile, and of the end of reviews."""
        views = self._console.reviews.views
        now = {view.item.id: view for view in views}
        before, self._reviews = self._reviews, now if views or self._console.board.workflow is not None else None
        if before is None:
            return
        for id_, view in now.items():
            if id_ not in before and view.is_emergency and view.item.key != self._console.home.key_fingerprint:
                self._tell_review("bad", self.tr("An emergency was declared"), view)
        for id_, view in before.items():
            if id_ not in now:
                self._withdraw(("review", id_))
                if view.is_emergency and self._console.link.state is LinkState.LIVE:
                    self._tell_review("good", self.tr("The review of an emergency was closed"), view)

    @Slot()
    def _look_at_stays(self) -> None:
        """Warn before machines are shut down because their time is over, and say so when it is."""
        at = self._console.home.clock.now()
        now = {card.id: (card, stay) for card, stay in ending(self._console) if shuts_down(card, stay)}
        before, self._ending = self._ending, {id_: stay.is_over(at) for id_, (_, stay) in now.items()}
        for id_, (card, stay) in now.items():
            if before.get(id_) != self._ending[id_]:
                headline = self.tr("Machines will be shut down: their time is over")
                soon = self.tr("Machines will be shut down soon")
                told = stay_words(card, stay, self._console)
                self._bring("warn", headline if self._ending[id_] else soon, told, "", ("stay", id_))
        for gone in before.keys() - now.keys():
            self._withdraw(("stay", gone))

    def _tell_review(self, state: str, headline: str, view: ReviewView) -> None:
        who = doer_name(view.item, self._console.reviews.workflow_of(view))
        reason = view.item.reason or self.tr("no reason given")
        told = self.tr("{what}. Declared by {who}: {reason}")
        text = told.format(what=entries.review_title(view, self._console), who=one_line(who), reason=reason)
        self._bring(state, headline, text, "", ("review", view.item.id))

    def _tell(self, state: str, headline: str, view: RequestView) -> None:
        text = f"{entries.title(view, self._console)}. {self._why(view)}"
        changes = "\n".join(row.text for row in entries.change_rows(view))
        self._bring(state, headline, text, changes, ("request", view.request.id))

    def _why(self, view: RequestView) -> str:
        """Return who asks and why, while that is the question; else why it stands as it does."""
        if view.state is not RequestState.WAITING:
            return view.sentence
        who = asker(view.request, self._console.requests.workflow_of(view))
        reason = shortened(view.request.reason, MOST_REASON) or self.tr("no reason given")
        return self.tr("{who} asks: {reason}").format(who=one_line(who), reason=reason)

    def _bring(
        self, state: str, headline: str, text: str, details: str, about: tuple[str, str], *, leads: bool = True
    ) -> None:
        """Tell it on the desktop, else in the window: in its line of words while the inbox shows it anyway."""
        self._withdraw(about)
        if self._show(headline, "\n".join((text, *details.splitlines()[:MOST_LINES]))):
            return
        if self._is_in_sight():
            self._say(about, f"{headline}: {text}")
            return
        if not leads:
            self._notices.tell(state, headline, text, details, about=about)
            return
        way = self._ways[about] = QAction(self.tr("Show it"), self)
        way.setData(about[1])
        way.setToolTip(f"{headline}: {text}")
        way.triggered.connect(self._go)
        self._notices.tell(state, headline, text, details, about=about, way_out=(way.text(), way))

    def _say(self, about: tuple[str, str], text: str) -> None:
        self._word = (about, text)
        self.said.emit(text)

    @Slot()
    def _go(self) -> None:
        way = self.sender()
        if isinstance(way, QAction):
            self.wanted.emit(way.data())

    def _withdraw(self, about: tuple[str, str]) -> None:
        self._notices.withdraw(about)
        if self._word[0] == about:
            self.unsaid.emit(self._word[1])
        way = self._ways.pop(about, None)
        if way is not None:
            way.deleteLater()

    @Slot()
    def bring_in(self) -> None:
        """Take back all that the inbox shows now, and say the last of it in the line of words."""
        told = [(about, way.toolTip()) for about, way in self._ways.items()]
        for about in tuple(self._ways):
            self._withdraw(about)
        if told:
            self._say(*told[-1])
