"""Everything that can have happened, in the past tense. Published after it is so, on the loop's thread."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, StageId, StepKey
from xsconsole.domain.inventory import ChangeBatch, Inventory
from xsconsole.domain.jobs import JobStatus
from xsconsole.domain.record import Verdict
from xsconsole.errors import ConsoleError


class LinkState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"  # the last known state stands; reconnecting
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged:
    """The road to the pool opened or broke. `as_of` is when the last change was heard.

    `has_given_up`: it is lost for a reason that only a person can mend, and nothing is tried any more.
    """

    state: LinkState
    as_of: datetime | None = None
    error: ConsoleError | None = None
    has_given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsChanged:
    """One more pool is shown, or one less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryChanged:
    """The mirror took these changes in. `inventory` is that mirror, of one pool."""

    batch: ChangeBatch
    inventory: Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChanged:
    """`console.board` is a new value; cards of these configurations differ from before."""

    configurations: tuple[ConfigurationId, ...]
    is_layout_changed: bool = False  # the columns themselves
    is_closed_otherwise: bool = False  # freezes, the line, holds or quarantines
    is_allowed_otherwise: bool = False  # which differences count as drift


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftChanged:
    """These configurations differ otherwise from what they are compared with than before."""

    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FencesChanged:
    """Fences of these configurations came or went, are proved otherwise than before, or machines of theirs turned."""

    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChanged:
    """Other changes from outside than before wait to be acknowledged at these configurations."""

    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUnread:
    """The pool of this name does not show its own log, so that nobody knows what others change there.

    Without a name a fault of the program keeps what all pools show from being read.
    """

    pool: str
    error: ConsoleError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceChanged:
    """XAPI says otherwise than before whether machines of these configurations can move into another pool."""

    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationMoved:
    """The pool says that a configuration stands in another stage than before (None: it appeared, or went)."""

    configuration: ConfigurationId
    source: StageId | None
    target: StageId | None
    name: str = ""  # as it was last seen


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanged:
    """A run of this console opened, progressed or ended; `console.runs` holds its present state."""

    run: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgressed:
    """A task of the step reports progress, 0 to 1."""

    run: RunId
    step: StepKey
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobChanged:
    """A job of this console opened, progressed or ended."""

    status: JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsChanged:
    """Requests came, went or stand otherwise than before; `console.requests.views` has them."""

    requests: tuple[RequestId, ...]
    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged:
    """Who waits for a place in a stage has changed. `dropped` says who waits no more and why, where that is news."""

    stage: StageId
    configurations: tuple[ConfigurationId, ...] = ()
    dropped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsChanged:
    """Review items came or went; `console.reviews.views` has them."""

    configurations: tuple[ConfigurationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditGrew:
    """Rows up to `seq` stand in the audit chain."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerified:
    """The whole chain was checked; at least the rows up to `seq` were in it.

    `set_aside` is where it was put then because it could not be relied on; empty: it goes on.
    """

    verdicts: tuple[Verdict, ...]
    seq: int
    at: datetime
    set_aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFailed:
    """A row could not be written. Nothing that needs a row is done until one can be."""

    error: ConsoleError


Event = (
    LinkChanged
    | PoolsChanged
    | InventoryChanged
    | BoardChanged
    | ClearanceChanged
    | DriftChanged
    | FencesChanged
    | OutsideChanged
    | LogUnread
    | ConfigurationMoved
    | RunChanged
    | StepProgressed
    | JobChanged
    | RequestsChanged
    | QueueChanged
    | ReviewsChanged
    | AuditGrew
    | AuditVerified
    | AuditFailed
)
