"""What the rest of the window learns of requests: the number at the rail, news, and what happens after a gesture."""

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtWidgets import QMainWindow, QToolBar

from xsconsole.console import Failed
from xsconsole.domain.ids import RequestId, ReviewId
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import actions, inbox_actions, window_layout
from xsconsole_ui.action_set import Actions
from xsconsole_ui.badge import Badge
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.inbox.messenger import Messenger, Tray
from xsconsole_ui.inbox.place import InboxPlace
from xsconsole_ui.notices import Notices
from xsconsole_ui.promotion.desk import Desk
from xsconsole_ui.status_line import StatusLine


class InboxNews(QObject):
    """Ties the inbox to the window it is a place of."""

    def __init__(
        self,
        place: InboxPlace,
        desk: Desk,
        bridge: Bridge,
        notices: Notices,
        status: StatusLine,
        rail: QToolBar,
        acts: Actions,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._place, self._desk = place, desk
        self._go = go = acts[actions.GO_INBOX]
        self._window = window
        self.badge = Badge(window_layout.button_of(rail, go))
        self.tray = Tray(window.windowIcon(), self)
        self.messenger = Messenger(place.console, bridge, notices, self.tray.show_message, self._is_in_sight, self)
        self.messenger.wanted.connect(self.open_one)
        self.messenger.said.connect(status.say)
        self.messenger.unsaid.connect(status.take_back)
        place.looked.connect(self.messenger.bring_in)
        window.installEventFilter(self)
        self._notices = notices
        bridge.not_told.connect(self._tell_lost)
        place.counted.connect(self.badge.show_count)
        place.said.connect(status.say)
        place.begun.connect(self._take_back)
        place.failed.connect(self._tell_failed)
        place.offer([acts[one] for one in inbox_actions.FILES])
        place.nothing.add_step(ActionButton(acts[inbox_actions.YOUR_KEY], "", place.nothing))
        place.page.again_wanted.connect(self._ask_again)
        place.page.key_wanted.connect(acts[inbox_actions.YOUR_KEY].trigger)
        desk.requested.connect(self._show)
        desk.met.connect(self._meet)
        desk.led.connect(self.open_one)
        self.tray.opened.connect(self._open)
        place.console.requests.carry_out()
        place.renew()

    @Slot(object)
    def _ask_again(self, request: RequestId) -> None:
        """Lay before who asked what would be done now of what they asked for."""
        try:
            self._desk.ask(self._place.console.requests.renewed(request), show_only=True)
        except Refused as refusal:
            self._notices.tell_error(refusal)

    def _is_in_sight(self) -> bool:
        return self._place.isVisible() and self._window.isActiveWindow()

    @Slot(object)
    def _meet(self, request: RequestId) -> None:
        """Show what is asked for already, to whoever would ask again."""
        self.open_one(request)
        self._place.say_standing(request)

    @Slot(object)
    def _show(self, request: RequestId) -> None:
        """Show who asked what has become of it."""
        self._go.trigger()
        self._place.show_asked(request)

    @Slot(object)
    def open_one(self, wanted: RequestId | ReviewId) -> None:
        """Show a request or a review in the inbox, with the keyboard where something is done about it."""
        self._go.trigger()
        self._place.show_one(wanted)

    @Slot()
    def _take_back(self) -> None:
        """Take away why the last try failed: somebody tries again, or does something else."""
        self._notices.withdraw(self._place)

    @Slot(object)
    def _tell_failed(self, error: ConsoleError) -> None:
        self._notices.tell_error(error, about=self._place)

    @Slot(str)
    def _tell_lost(self, why: str) -> None:
        """Say that the webhook could not be told; only the latest of it."""
        self._notices.withdraw(Failed)
        self._notices.tell("warn", self.tr("The webhook was not told"), why, about=Failed)

    @Slot()
    def _open(self) -> None:
        self._window.raise_()
        self._window.activateWindow()
        self._go.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take away from over the inbox what was told while nobody looked, once somebody comes back to it."""
        if event.type() is QEvent.Type.WindowActivate and self._place.isVisible():
            self.messenger.bring_in()
        return super().eventFilter(watched, event)
