"""One review item with all that it is about, and the field for what somebody found."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.domain.ids import ReviewId
from xsconsole.domain.reviews import ReviewView, could_words, doer_name
from xsconsole_ui import pieces, times
from xsconsole_ui.inbox.entries import review_title
from xsconsole_ui.inbox.signing import Foot, SigningPage
from xsconsole_ui.promotion.card_page import Section
from xsconsole_ui.promotion.rows import Mark, Row


class ReviewPage(SigningPage):
    """Shows one item. Closes nothing: it asks its desk."""

    closed = Signal(object, str, object)  # ReviewId, what was found, Secret or None

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._view: ReviewView | None = None
        self._is_busy = False
        self.title = pieces.wrapped("", "title", self)
        self.state = pieces.Notice(self)
        self.facts = Section(self.tr("What was done"), self)
        self.passed = Section(self.tr("What it went past"), self)
        self.findings = Section(self.tr("What others found"), self)
        self.history = Section(self.tr("History, as this console recorded it"), self)
        self.foot = Foot(self)
        self.foot.ask_for(self.tr("What you found"), self.tr("What you found; it is part of what is signed"))
        self.found, self.password, self.why = self.foot.words, self.foot.password, self.foot.why
        self.close_it = pieces.button(self.tr("Close the &review"), "primary", self.foot)
        self.foot.lay_out((self.close_it,))
        self.lay_out((self.title, self.state), (self.facts, self.passed, self.findings, self.history), self.foot)
        self.foot.changed.connect(self._look)
        self.foot.entered.connect(self._go_on)
        self.close_it.clicked.connect(self._close)
        self.show_review(None)

    @property
    def review(self) -> ReviewId | None:
        return self._view.item.id if self._view is not None else None

    def show_review(self, view: ReviewView | None, *, is_busy: bool = False) -> None:
        """Show an item as it stands; another one than before gets empty fields."""
        if view is None or view.item.id != self.review:
            self.foot.clear()
            self.history.show_rows(())
        self._view, self._is_busy = view, is_busy
        self.setVisible(view is not None)
        if view is None:
            return
        item, console = view.item, self._console
        self.title.setText(review_title(view, console))
        state = "bad" if view.is_emergency or view.is_late else "warn"
        self.state.show_words(state, self.tr("Review {stands}.").format(stands=view.standing), could_words(view))
        who = doer_name(item, console.reviews.workflow_of(view))
        done = self.tr("{who}: {reason}").format(who=who, reason=item.reason or self.tr("no reason given"))
        facts = [Row(mark=Mark.POINT, text=done, aside=times.clock_time(item.opened_at))]
        if view.doubt:
            facts.insert(0, Row(mark=Mark.WARNING, text=view.doubt))
        if item.declaration is not None and item.declaration.ticket:
            facts.append(Row(mark=Mark.POINT, text=self.tr("Ticket {ticket}").format(ticket=item.declaration.ticket)))
        facts.append(Row(mark=Mark.POINT, text=self.tr("Run {run}").format(run=item.run), whole=item.key))
        self.facts.show_rows(facts)
        passed = item.declaration.overrides if item.declaration is not None else ()
        self.passed.show_rows([Row(mark=Mark.WARNING, text=one.sentence) for one in passed])
        self.findings.show_rows(
            [Row(mark=Mark.DONE, text=one.reason, aside=times.clock_time(one.at)) for one in view.findings]
        )
        wanted = console.reviews.log_in_for(view)
        self.foot.ask_password(self.tr("Password of {user}: log in anew to sign").format(user=wanted))
        self._look()

    def show_history(self, rows: list[Row]) -> None:
        self.history.show_rows(rows)

    @Slot()
    def _look(self) -> None:
        view = self._view
        if view is None:
            return
        asks_me = self._console.reviews.asks_me(view)
        self.found.setVisible(asks_me)
        needs_password = asks_me and bool(self._console.reviews.log_in_for(view))
        self.password.setVisible(needs_password)
        self.close_it.setVisible(asks_me)
        missing = "" if self.foot.said else self.tr("Say what you found.")
        if not missing and needs_password and not self.password.text():
            missing = self.tr("Type your password.")
        self.close_it.setEnabled(not missing and not self._is_busy)
        self.close_it.setToolTip(missing)
        told = (
            missing
            if asks_me
            else self.tr("This console's key cannot close it: nobody closes what they did themselves.")
        )
        self.foot.say_why(told)

    def focus_first(self) -> None:
        """Give the keyboard to where a review begins; after a refused password to that, or it ends in the findings."""
        fields = (self.password, self.found) if self.found.text() else (self.found,)
        field = next((field for field in fields if field.isVisibleTo(self)), self)
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _go_on(self) -> None:
        """Lead Enter to what comes next; it never closes by itself."""
        if not self.foot.lead_to_password() and self.close_it.isEnabled():
            self.close_it.setFocus()

    @Slot()
    def _close(self) -> None:
        self.closed.emit(self.review, self.foot.said, self.foot.secret)
        self.password.clear()  # not before: a button that is disabled while it has the keyboard gives it anywhere
