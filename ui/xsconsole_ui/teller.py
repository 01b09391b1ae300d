"""What the window tells of commands, runs and the road to the pool; and when it takes that back."""

import functools
from collections.abc import Callable

from PySide6.QtCore import QObject, SignalInstance, Slot
from PySide6.QtGui import QAction

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.board import Standing
from xsconsole.domain.estate import PoolSight
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import ConfigurationId, RunId
from xsconsole.domain.jobs import JobStatus
from xsconsole.domain.runs import RunState
from xsconsole.errors import CertificateChanged, CertificateUnknown, ConsoleError, HeldElsewhere
from xsconsole_ui import pieces
from xsconsole_ui.activity.entries import Entry
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.notices import Notices
from xsconsole_ui.objects.act_desk import headline
from xsconsole_ui.promotion.desk import Desk
from xsconsole_ui.status_line import StatusLine

ROAD, KEY = "road", "key"


class Teller(QObject):
    """Nothing it said stays in sight once it is no longer so."""

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        desk: Desk,
        notices: Notices,
        status: StatusLine,
        *,
        reconnect: Callable[[str], None],
        is_in_sight: Callable[[RunId], bool],
        selected: SignalInstance,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._console = console
        self._notices = notices
        self._status = status
        self._reconnect = reconnect
        self._ways_back: dict[str, QAction] = {}  # by address
        self._is_in_sight = is_in_sight
        self._why_not = ""  # what the status line said last of a key or a command found
        self._states: dict[str, LinkState] = {}  # by address
        self._held: dict[ConfigurationId, bool] = {}  # by somebody else; whether the board has shown it
        desk.failed.connect(self._tell_refusal)
        desk.started.connect(self._on_start)
        desk.ended.connect(self._tell_outcome)
        bridge.card_changed.connect(self._look_at_card)
        bridge.link_changed.connect(self._look_at_road)
        bridge.inventory_changed.connect(status.show_link)
        selected.connect(self._forget_why_not)

    @Slot(object)
    def explain(self, entry: Entry) -> None:
        """Say why something in the activity list ended as it did."""
        self._notices.tell(
            entry.tone or "warn", f"{entry.what}: {entry.result}", entry.mend, entry.details, stays=False
        )

    def tell_why_not(self, why_not: str) -> None:
        """Say why a key or a command found does nothing: in the status line, and above it where that is cut."""
        self._notices.withdraw(KEY)
        self._why_not = why_not
        self._status.say(why_not)
        if self._status.is_cut:
            self._notices.tell("warn", self.tr("Not now"), why_not, about=KEY, stays=False)

    @Slot(object)
    def _forget_why_not(self, selected: ConfigurationId | None) -> None:
        """Take back why something could not be done: another card is selected, of which that was not said."""
        del selected
        self._notices.withdraw(KEY)
        self._status.take_back(self._why_not)

    @Slot(object)
    def tell_acts(self, status: JobStatus) -> None:
        """Say how acts on objects ended; what was refused or failed must not be missed."""
        told = headline(status)
        for item in status.items:
            if item.error is not None:
                self._notices.tell_error(item.error, told if len(status.items) == 1 else f"{told} ({item.name})")
        if status.is_good:
            self._status.say(self.tr("Done: {title}").format(title=told))
        elif all(item.error is None for item in status.items):
            self._status.say(self.tr("Cancelled: {title}").format(title=told))

    @Slot(object, str, object)
    def _tell_refusal(self, error: ConsoleError, subject: str, configuration: ConfigurationId | None) -> None:
        self._notices.withdraw(_asked(configuration))
        self._notices.tell_error(error, subject, about=_asked(configuration))
        if configuration is not None and (isinstance(error, HeldElsewhere) or self._is_running(configuration)):
            self._held[configuration] = self._is_running(configuration)

    @Slot(str)
    def _on_start(self, run: RunId) -> None:
        self._status.say("")
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is not None:
            self._forget(status.plan.intent.configuration)

    @Slot(str)
    def _tell_outcome(self, run: RunId) -> None:
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is None:
            return
        title = words.title(status.plan, self._console.board.workflow)
        done = self.tr("Done: {title}").format(title=title)
        if status.state is RunState.DONE and status.remarks:
            done = self.tr("Done, but not all is as it should be: {title}").format(title=title)
            if not self._is_in_sight(run):
                self._notices.tell("warn", done, " ".join(status.remarks.values()))
        self._status.say(done if status.state is RunState.DONE else "")
        if status.error is not None and not self._is_in_sight(run):
            self._notices.tell_error(status.error, title)

    @Slot(str)
    def _look_at_card(self, configuration: ConfigurationId) -> None:
        """Take the refusal back once whoever had the configuration is done with it."""
        if configuration not in self._held:
            return
        if self._is_running(configuration):
            self._held[configuration] = True
        elif self._held[configuration]:
            self._forget(configuration)

    @Slot()
    def _look_at_road(self) -> None:
        sights = {sight.url: sight for sight in self._console.sights}
        states = {url: sight.link.state for url, sight in sights.items()}
        if states != self._states:
            self._status.say("")  # what was said of the other state is no longer so
        for url in {**self._states, **states}:
            self._notices.withdraw((ROAD, url))
        self._states = states
        for sight in sights.values():
            if sight.link.state is LinkState.LOST and sight.link.error is not None:
                self._tell_road(sight, sight.link.error)

    def _tell_road(self, sight: PoolSight, error: ConsoleError) -> None:
        """Tell why a road stays closed, where a person has to look at it: for good, or should another host serve it."""
        is_certificate = isinstance(error, CertificateChanged)
        text = self.tr("Compare the certificates…") if is_certificate else self.tr("Connect…")
        name = sight.name if self._console.has_several else ""
        about, way_out = (ROAD, sight.url), (text, self._way_back(sight.url))
        if sight.link.has_given_up:
            self._notices.tell_error(error, name, about=about, way_out=way_out, stays=True)
        elif isinstance(error, CertificateUnknown | CertificateChanged):
            silent = self.tr("The pool's coordinator does not answer; it is tried again and again.")
            heir = self.tr("Should another host have taken its place: {reason}").format(reason=error.reason)
            headline = f"{name}: {silent}" if name else silent
            self._notices.tell("warn", headline, pieces.joined(heir, error.mend), about=about, way_out=way_out)

    def _way_back(self, url: str) -> QAction:
        """Return what asks for this pool again, and for no other."""
        if url not in self._ways_back:
            action = self._ways_back[url] = QAction(self)
            action.triggered.connect(functools.partial(self._ask_again, url))
        return self._ways_back[url]

    def _ask_again(self, url: str, _: bool = False) -> None:
        self._reconnect(url)

    def _is_running(self, configuration: ConfigurationId) -> bool:
        card = self._console.board.cards.get(configuration)
        return card is not None and card.standing is Standing.RUNNING

    def _forget(self, configuration: ConfigurationId) -> None:
        self._held.pop(configuration, None)
        self._notices.withdraw(_asked(configuration))


def _asked(configuration: ConfigurationId | None) -> tuple[str, ConfigurationId | None]:
    return ("asked", configuration)
