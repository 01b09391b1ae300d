"""News of requests for people who look elsewhere: through the desktop's tray where there is one, else in the window."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QSystemTrayIcon

from xsconsole.console import Estate
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import RequestId, ReviewId
from xsconsole.domain.request_views import RequestState, RequestView
from xsconsole.domain.reviews import ReviewView
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.inbox import entries
from xsconsole_ui.notices import Notices

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
    """Compares how requests stood with how they stand, and tells each thing once."""

    def __init__(
        self, console: Estate, bridge: Bridge, notices: Notices, show: Show, go: QAction, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._console = console
        self._notices = notices
        self._show = show
        self._go = go
        self._seen: Mapping[RequestId, tuple[RequestState, bool]] | None = None
        bridge.requests_changed.connect(self._look)
        bridge.link_changed.connect(self._look)
        self._reviews: Mapping[ReviewId, ReviewView] | None = None
        bridge.reviews_changed.connect(self._look_at_reviews)
        bridge.link_changed.connect(self._look_at_reviews)

    @Slot()
    def _look(self) -> None:
        """What stands when the window opens is in the inbox, and is no news."""
        views = self._console.requests.views
        now = {view.request.id: (view.state, self._console.requests.asks_me(view)) for view in views}
        before, self._seen = self._seen, now if views or self._console.board.workflow is not None else None
        if before is None:
            return
        for view in views:
            was, asked_me = before.get(view.request.id, (None, False))
            state, asks_me = now[view.request.id]
            is_mine = self._console.requests.is_mine(view)
            if asks_me and not asked_me:
                self._tell("warn", self.tr("Your approval is asked for"), view)
            elif state is not was and state is RequestState.VOID and (is_mine or was is RequestState.APPROVED):
                self._tell("bad", self.tr("A request is void: approved against now"), view)
            elif state is not was and is_mine and state in (RequestState.APPROVED, RequestState.REJECTED):
                is_good = state is RequestState.APPROVED
                self._tell(
                    "good" if is_good else "bad",
                    self.tr("Your request is approved") if is_good else self.tr("Your request was rejected"),
                    view,
                )
        for gone in before.keys() - now.keys():
            self._notices.withdraw(("request", gone))

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
                self._notices.withdraw(("review", id_))
                if view.is_emergency and self._console.link.state is LinkState.LIVE:
                    self._tell_review("good", self.tr("The review of an emergency was closed"), view)

    def _tell_review(self, state: str, headline: str, view: ReviewView) -> None:
        text = f"{entries.review_title(view, self._console)}. {view.item.reason}"
        if not self._show(headline, text):
            about, way_out = ("review", view.item.id), (self.tr("Open the inbox"), self._go)
            self._notices.withdraw(about)
            self._notices.tell(state, headline, text, about=about, way_out=way_out)

    def _tell(self, state: str, headline: str, view: RequestView) -> None:
        text = f"{entries.title(view, self._console)}. {view.sentence}"
        changes = [row.text for row in entries.change_rows(view)]
        if not self._show(headline, "\n".join((text, *changes[:3]))):
            about, way_out = ("request", view.request.id), (self.tr("Open the inbox"), self._go)
            self._notices.withdraw(about)
            self._notices.tell(state, headline, text, "\n".join(changes), about=about, way_out=way_out)
