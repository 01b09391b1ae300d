"""From the console's events to Qt's signals: gathered for a frame, never more work per turn than a frame can take."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from xsconsole.console import Drifting, Estate, Failed, Fencing, Outside
from xsconsole.domain.events import (
    AuditFailed,
    AuditGrew,
    AuditVerified,
    BoardChanged,
    ClearanceChanged,
    DriftChanged,
    Event,
    FencesChanged,
    InventoryChanged,
    LinkChanged,
    LogUnread,
    OutsideChanged,
    PoolsChanged,
    QueueChanged,
    RequestsChanged,
    ReviewsChanged,
    RunChanged,
    StepProgressed,
)
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import ConsoleError
from xsconsole_ui.ageing import Ageing
from xsconsole_ui.freezing import Freezing
from xsconsole_ui.pace import Pace
from xsconsole_ui.silence import Silence
from xsconsole_ui.staying import Staying

E = TypeVar("E", bound=Event)

FRAME_MS = 16
OVER = object()


class Turns(QObject):
    """Pieces of work by key: a later one replaces an earlier one that still waits."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: OrderedDict[object, Callable[[], object]] = OrderedDict()
        self._long: set[object] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self._pace = Pace(self)

    def put(self, key: object, work: Callable[[], object], *, is_long: bool = False) -> None:
        """Do this in one of the next turns; what `is_long`, and cannot be cut, in one that nothing else has used."""
        self._waiting[key] = work
        (self._long.add if is_long else self._long.discard)(key)
        if not self._timer.isActive():
            self._timer.start(FRAME_MS)

    def put_first(self, key: object, work: Callable[[], object]) -> None:
        """Put what all others wait for, and what takes long."""
        self.put(key, work, is_long=True)
        self._waiting.move_to_end(key, last=False)

    def forget(self) -> None:
        self._waiting.clear()
        self._timer.stop()

    @Slot()
    def _work(self) -> None:
        is_begun = self._pace.may_begin(is_long=self._is_next_long())
        while is_begun and self._waiting:
            work = self._waiting.popitem(last=False)[1]
            try:
                work()
            finally:
                # What one piece breaks must not keep the others waiting for the next event.
                if self._waiting:
                    self._timer.start(1)
            is_begun = self._pace.is_fresh if self._is_next_long() else self._pace.has_room()
        if self._waiting:
            self._timer.start(1)

    def _is_next_long(self) -> bool:
        return next(iter(self._waiting), None) in self._long


class Bridge(QObject):
    """Signals are emitted on the GUI thread, at most once a frame for each thing that changed."""

    link_changed = Signal()
    layout_changed = Signal()
    card_changed = Signal(str)  # ConfigurationId
    differing_changed = Signal()  # whether pools follow different versions of the workflow
    leftovers_changed = Signal()  # strays, cards without a stage, what cannot be read
    run_changed = Signal(str)  # RunId
    requests_changed = Signal()
    reviews_changed = Signal()
    queue_changed = Signal(object)  # QueueChanged
    closures_changed = Signal()  # what is frozen, held, quarantined or stopped, also by the time of day
    inventory_changed = Signal()
    drift_changed = Signal()
    fences_changed = Signal()
    audit_grew = Signal(int)
    audit_verified = Signal(object)  # AuditVerified
    audit_failed = Signal(object)  # ConsoleError
    log_unread = Signal(object)  # LogUnread
    not_told = Signal(str)  # why the webhook could not be told of something

    def __init__(self, console: Estate, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self._turns = Turns(self)
        self._failures = 0
        self._silence = Silence(console, self)
        self._silence.changed.connect(self.card_changed)
        self._freezing = Freezing(console, self)
        self._freezing.changed.connect(self.closures_changed)
        self.staying = Staying(console, self)
        self.staying.changed.connect(self.card_changed)
        self.ageing = Ageing(console, self)
        self.ageing.changed.connect(self.card_changed)
        self.drifting = console.drifting = Drifting(console)
        self.fencing = console.fencing = Fencing(console)
        self.outside = console.outside = Outside(console)
        self._away: frozenset[Uuid] = frozenset()
        self._columns: tuple[Workflow | None, bool] = (None, True)
        self._prepare: Callable[[], Iterator[object]] = partial(iter, ())
        self._ends: list[Callable[[], None]] = []
        self._hear(PoolsChanged, self._on_pools)
        self._hear(LinkChanged, self._on_link)
        self._hear(BoardChanged, self._on_board)
        self._hear(ClearanceChanged, self._on_clearance)
        self._hear(DriftChanged, self._on_drift)
        self._hear(FencesChanged, self._on_fences)
        self._hear(OutsideChanged, self._on_outside)
        self._hear(LogUnread, self._on_log_unread)
        self._hear(RunChanged, self._on_run)
        self._hear(StepProgressed, self._on_step)
        self._hear(RequestsChanged, self._on_requests)
        self._hear(ReviewsChanged, self._on_reviews)
        self._hear(QueueChanged, self._on_queue)
        self._hear(InventoryChanged, self._on_inventory)
        self._hear(AuditGrew, self._on_audit)
        self._hear(AuditVerified, self._on_audit_check)
        self._hear(AuditFailed, self._on_audit_failure)
        self._ends.append(console.home.webhook.listen(self._on_lost))

    def _hear(self, kind: type[E], handler: Callable[[E], None]) -> None:
        self._ends.append(self._console.subscribe(kind, handler))

    def close(self) -> None:
        """Hear no more."""
        self._silence.close()
        self._freezing.close()
        self.staying.close()
        self.ageing.close()
        self.drifting.close()
        self.fencing.close()
        self.outside.close()
        for end in self._ends:
            end()
        self._ends.clear()
        self._turns.forget()

    def take_all(self) -> None:
        """Announce everything, as if it were new: for a window that opens on a console already at work."""
        self._turns.put("layout", self._begin_layout, is_long=True)
        self._turns.put("link", self.link_changed.emit)
        self._turns.put("differing", self.differing_changed.emit)
        self._turns.put("closures", self.closures_changed.emit)

    def prepare_layouts(self, prepare: Callable[[], Iterator[object]]) -> None:
        """Let this make ready what new columns need, in pieces, before each time that they are announced."""
        self._prepare = prepare

    def _begin_layout(self) -> None:
        self._go_on_with_layout(self._prepare())

    def _go_on_with_layout(self, pieces: Iterator[object]) -> None:
        if next(pieces, OVER) is OVER:
            self._announce_layout()
        else:
            self._turns.put_first("layout", partial(self._go_on_with_layout, pieces))

    def _announce_layout(self) -> None:
        """Announce the columns, and only then the cards that go into them."""
        self._columns = (self._console.board.workflow, self._console.board.is_published)
        self.layout_changed.emit()
        self._announce_cards(self._console.board.cards)
        self._turns.put_first("leftovers", self.leftovers_changed.emit)  # which bring the columns into view

    def _announce_cards(self, configurations: Iterable[ConfigurationId]) -> None:
        for configuration in configurations:
            self._turns.put(("card", configuration), partial(self.card_changed.emit, configuration))
        self._turns.put("leftovers", self.leftovers_changed.emit)

    def _on_pools(self, event: PoolsChanged) -> None:
        del event
        self.take_all()
        self._turns.put("inventory", self.inventory_changed.emit)
        self._turns.put("requests", self.requests_changed.emit)
        self._turns.put("reviews", self.reviews_changed.emit)

    def _on_link(self, event: LinkChanged) -> None:
        del event
        self._turns.put("link", self.link_changed.emit)
        away = frozenset(sight.pool for sight in self._console.sights if not sight.is_live)
        if away != self._away:  # the cards of a pool look otherwise while it is away
            self._away = away
            self._announce_cards(self._console.board.cards)

    def _on_board(self, event: BoardChanged) -> None:
        board = self._console.board
        if event.is_layout_changed and (board.workflow, board.is_published) != self._columns:
            self._turns.put("layout", self._begin_layout, is_long=True)
        self._announce_cards(event.configurations)
        if event.is_allowed_otherwise:
            self._turns.put("drift", self.drift_changed.emit)
        if event.is_closed_otherwise:
            self._turns.put("closures", self.closures_changed.emit)
        if self._console.has_several:
            self._turns.put("differing", self.differing_changed.emit)

    def _on_clearance(self, event: ClearanceChanged) -> None:
        self._announce_cards(event.configurations)

    def _on_drift(self, event: DriftChanged) -> None:
        self._turns.put("drift", self.drift_changed.emit)
        self._announce_cards(event.configurations)

    def _on_fences(self, event: FencesChanged) -> None:
        self._turns.put("fences", self.fences_changed.emit)
        self._announce_cards(event.configurations)

    def _on_outside(self, event: OutsideChanged) -> None:
        self._announce_cards(event.configurations)

    def _on_log_unread(self, event: LogUnread) -> None:
        self._turns.put(("log", event.pool), partial(self.log_unread.emit, event))

    def _on_run(self, event: RunChanged) -> None:
        self._turns.put(("run", event.run), partial(self.run_changed.emit, event.run))

    def _on_step(self, event: StepProgressed) -> None:
        self._turns.put(("run", event.run), partial(self.run_changed.emit, event.run))

    def _on_requests(self, event: RequestsChanged) -> None:
        self._turns.put("requests", self.requests_changed.emit)
        self._announce_cards(event.configurations)

    def _on_reviews(self, event: ReviewsChanged) -> None:
        self._turns.put("reviews", self.reviews_changed.emit)
        self._announce_cards(event.configurations)

    def _on_queue(self, event: QueueChanged) -> None:
        self.queue_changed.emit(event)
        self._announce_cards(event.configurations)

    def _on_inventory(self, event: InventoryChanged) -> None:
        del event
        self._turns.put("inventory", self.inventory_changed.emit)

    def _on_audit(self, event: AuditGrew) -> None:
        # News of growth must not overtake the failure before it, nor fall behind one that came later.
        self._turns.put(("audit", self._failures), partial(self.audit_grew.emit, event.seq))

    def _on_audit_check(self, event: AuditVerified) -> None:
        self._turns.put("audit-check", partial(self.audit_verified.emit, event))

    def _on_audit_failure(self, event: AuditFailed) -> None:
        error: ConsoleError = event.error
        self._failures += 1
        self._turns.put(("audit-failure", self._failures), partial(self.audit_failed.emit, error))

    def _on_lost(self, lost: Failed) -> None:
        self._turns.put("webhook", partial(self.not_told.emit, f"{lost.event}: {lost.sentence}"))
