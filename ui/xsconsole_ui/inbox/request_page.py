"""One request with all that it is about, and the buttons to decide on it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.approval import Meaning
from xsconsole.domain.ids import RequestId
from xsconsole.domain.requests.views import RequestState, RequestView, waiting_words
from xsconsole_ui import pieces
from xsconsole_ui.buttons import Button
from xsconsole_ui.inbox import entries
from xsconsole_ui.inbox.signing import Foot, SigningPage
from xsconsole_ui.promotion.card_page import Section
from xsconsole_ui.promotion.rows import Row
from xsconsole_ui.timers import one_shot

FRESH_MS = 700  # longer than between the two clicks of a double one
TONES = {
    RequestState.WAITING: "warn",
    RequestState.APPROVED: "good",
    RequestState.REJECTED: "bad",
    RequestState.EXPIRED: "bad",
    RequestState.VOID: "bad",
    RequestState.UNTRUSTED: "bad",
}


class RequestPage(SigningPage):
    """Shows one request, or what the place is for. Decides nothing: it asks its desk."""

    decided = Signal(object, object, str, object)  # RequestId, Meaning, the reason, Secret or None
    run_wanted = Signal(object)  # RequestId
    withdrawn = Signal(object, str)  # RequestId, the reason
    file_wanted = Signal(object)  # RequestId
    again_wanted = Signal(object)  # RequestId: the same is to be asked for once more
    key_wanted = Signal()

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._view: RequestView | None = None
        self._is_busy = False
        self._fresh: tuple[Button, ...] = ()  # that have just come where others were: they take no click yet
        self.settling = one_shot(self, self._settle, FRESH_MS)
        self.title = pieces.wrapped("", "title", self)
        self.state = pieces.Notice(self)
        self.changes = Section(self.tr("Asked for against now"), self)  # first, where there are any
        self.facts = Section(self.tr("What is asked"), self)
        self.approvals = Section(self.tr("Approvals"), self)
        self.steps = Section(self.tr("Plan"), self)
        self.history = Section(self.tr("History, as this console recorded it"), self)
        self.foot = Foot(self)
        self.foot.ask_for(self.tr("Reason"), self.tr("Reason; it is part of what is signed"))
        self.reason, self.password, self.why = self.foot.words, self.foot.password, self.foot.why
        self.approve = pieces.button(self.tr("&Approve"), "primary", self.foot)
        self.reject = pieces.button(self.tr("Re&ject"), "", self.foot)
        self.run = pieces.button(self.tr("Carry o&ut"), "primary", self.foot)
        self.withdraw = pieces.button(self.tr("With&draw"), "", self.foot)
        self.again = pieces.button(self.tr("Ask a&new…"), "primary", self.foot)
        self.as_file = pieces.button(self.tr("As a &file…"), "", self.foot)
        self.as_file.setToolTip(self.tr("For somebody who has no way to the pool: they decide with their own console."))
        self.key = pieces.button(self.tr("Your &key…"), "", self.foot)
        sections = (self.changes, self.facts, self.approvals, self.steps, self.history)
        self.foot.lay_out((self.approve, self.reject, self.run, self.again, self.withdraw, self.as_file, self.key))
        self.lay_out((self.title, self.state), sections, self.foot)
        self._connect()
        self.show_request(None)

    def _connect(self) -> None:
        self.foot.changed.connect(self._look)
        self.foot.entered.connect(self._go_on)
        self.approve.clicked.connect(self._approve)
        self.reject.clicked.connect(self._reject)
        self.run.clicked.connect(self._run)
        self.withdraw.clicked.connect(self._withdraw)
        self.again.clicked.connect(self._ask_again)
        self.as_file.clicked.connect(self._write)
        self.key.clicked.connect(self.key_wanted)

    @property
    def request(self) -> RequestId | None:
        return self._view.request.id if self._view is not None else None

    def show_request(self, view: RequestView | None, *, is_busy: bool = False) -> None:
        """Show a request as it stands; another one than before gets empty fields."""
        is_same = view is not None and view.request.id == self.request
        effective = (self.approve, self.reject, self.run, self.withdraw)
        before = [button for button in effective if not button.isHidden()]
        self._fresh = self._fresh if is_same else ()
        if not is_same:
            self.foot.clear()
            self.history.show_rows(())
        self._view, self._is_busy = view, is_busy
        self.setVisible(view is not None)
        if view is None:
            return
        console = self._console
        self.title.setText(entries.title(view, console))
        stands = self.tr("It {stands}.").format(stands=waiting_words(view))
        # Who could approve is said below, rule by rule.
        sentence = view.tally.dead_end if view.state is RequestState.WAITING and view.tally else view.sentence
        self.state.show_words(TONES[view.state], stands, sentence)
        self.facts.show_rows(entries.fact_rows(view, console))
        self.approvals.show_rows(entries.approval_rows(view, console))
        self.changes.show_rows(entries.change_rows(view))
        self.steps.show_rows(entries.plan_rows(view.paper))
        self._look()
        came = tuple(button for button in effective if not button.isHidden() and button not in before)
        if is_same and came:
            self._fresh = came
            self.settling.start()
            self._look()

    @Slot()
    def _settle(self) -> None:
        """Take clicks again: whoever clicked twice where a button was before has meant that one."""
        self._fresh = ()
        self._look()

    def show_history(self, rows: list[Row]) -> None:
        self.history.show_rows(rows)

    @Slot()
    def _look(self) -> None:
        """Offer what can be done, and say what is missing for it."""
        view = self._view
        if view is None:
            return
        asks_me, is_mine = self._console.requests.asks_me(view), self._console.requests.is_mine(view)
        user = self._console.requests.log_in_wanted(view) if asks_me else ""
        is_approved = view.state is RequestState.APPROVED and not view.is_running
        can_run = is_approved and not view.obstacle
        may_clear = (is_mine or not view.is_open) and not view.is_running
        self.reason.setVisible(asks_me or may_clear)
        self.reason.setPlaceholderText(self._reason_words(view, asks_me=asks_me))
        self.withdraw.setText(self.tr("With&draw") if view.is_open else self.tr("C&lear away"))
        self.password.setVisible(bool(user))
        self.foot.ask_password(self.tr("Password of {user}, typed anew").format(user=user))
        self.approve.setVisible(asks_me)
        self.reject.setVisible(asks_me)
        self.run.setVisible(is_approved)
        self.withdraw.setVisible(may_clear)
        missing = ""
        if asks_me and not self.foot.said:
            missing = self.tr("Say why first: the reason is part of what is signed.")
        elif user and not self.password.text():
            missing = self.tr("Log in anew as {user}: who sits here must be known now.").format(user=user)
        for button in (self.approve, self.reject):
            button.setEnabled(not missing and not self._is_busy)
            button.setToolTip(missing)
        self.run.setEnabled(can_run and not self._is_busy)
        self.run.setToolTip("" if can_run else view.obstacle)
        self.withdraw.setEnabled(not self._is_busy)
        self.again.setVisible(is_mine and not view.is_open)
        self.as_file.setVisible(view.is_open and bool(view.could))
        self.key.setVisible(view.is_open and not self._console.requests.knows_me(view))
        for button in self._fresh:
            button.setEnabled(False)
        told = missing or self._why_nothing(view, asks_me=asks_me)
        self.foot.say_why(told)

    def _why_nothing(self, view: RequestView, *, asks_me: bool) -> str:
        """Return why this person has nothing to decide here, and what they can do."""
        if view.is_running:
            return self.tr("Its run is told of in the activity.")
        if view.state is RequestState.APPROVED:
            return view.obstacle or self.tr("Carry it out: whoever may promote can do that.")
        if view.state is RequestState.VOID and not view.is_over:
            return self.tr("Where that is changed back, it is again what was asked for. Else ask anew.")
        if not view.is_open:
            return self.tr("It has ended. What is wanted still is asked for anew; this can be cleared away.")
        if asks_me:
            return ""
        if self._console.requests.decided(view) is not None:
            return self.tr("You have decided on it.")
        if self._console.requests.is_mine(view):
            return self.tr("You asked for it, so others decide on it.")
        if not self._console.requests.knows_me(view):
            return self.tr("The workflow pins this console's key to nobody, so you decide nothing here.")
        left_out = view.tally.why_leaves_out(self._console.home.key_fingerprint) if view.tally is not None else ""
        if left_out:
            return self.tr("Others decide on it: {why}.").format(why=left_out)
        return self.tr("No rule that is open names you.")

    def _reason_words(self, view: RequestView, *, asks_me: bool) -> str:
        if asks_me:
            return self.tr("Reason; it is part of what is signed")
        return self.tr("Why it is withdrawn") if view.is_open else self.tr("Why it is cleared away")

    def focus_first(self) -> None:
        """Give the keyboard to where a decision begins; after a refused password to that, or it ends in the reason."""
        fields: list[QWidget] = [self.run, self.again, self.reason, self.password, self.withdraw, self.as_file]
        if self.reason.text():
            fields.insert(0, self.password)
        next((field for field in fields if field.isVisibleTo(self) and field.isEnabled()), self).setFocus(
            Qt.FocusReason.OtherFocusReason
        )

    @Slot()
    def _go_on(self) -> None:
        """Lead Enter to what comes next; it never decides by itself."""
        if self.foot.lead_to_password():
            return
        if self.approve.isVisibleTo(self) and self.approve.isEnabled():
            self.approve.setFocus()
        elif self.run.isVisibleTo(self) and self.run.isEnabled():
            self.run.setFocus()
        elif self.withdraw.isVisibleTo(self):
            self.withdraw.setFocus()

    @Slot()
    def _approve(self) -> None:
        self._decide(Meaning.APPROVE)

    @Slot()
    def _reject(self) -> None:
        self._decide(Meaning.REJECT)

    def _decide(self, meaning: Meaning) -> None:
        self.decided.emit(self.request, meaning, self.foot.said, self.foot.secret)
        self.password.clear()  # not before: a button that is disabled while it has the keyboard gives it anywhere

    @Slot()
    def _run(self) -> None:
        self.run_wanted.emit(self.request)

    @Slot()
    def _withdraw(self) -> None:
        self.withdrawn.emit(self.request, self.foot.said)

    @Slot()
    def _ask_again(self) -> None:
        self.again_wanted.emit(self.request)

    @Slot()
    def _write(self) -> None:
        self.file_wanted.emit(self.request)
