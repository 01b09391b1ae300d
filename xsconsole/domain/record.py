"""What goes into the audit, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey, Uuid
from xsconsole.domain.query.values import EVERYTHING, Query


class AuditEvent(StrEnum):
    """What an audit row is about. Names are part of the format: add, never rename."""

    CONSOLE_STARTED = "console.started"
    CONSOLE_STOPPED = "console.stopped"
    CLOCK_JUMPED = "clock.jumped"  # the clock of this machine was set, or went otherwise than time does
    CONNECTED = "pool.connected"
    DISCONNECTED = "pool.disconnected"  # this console ended its session
    CONNECT_FAILED = "pool.connect-failed"
    LINK_LOST = "pool.link-lost"
    LINK_RESTORED = "pool.link-restored"
    CERTIFICATE_ACCEPTED = "pool.certificate-accepted"
    RECORD_ACCEPTED = "record.accepted"  # the record is not the one remembered, and a person went on with it
    RECORD_SET_ASIDE = "record.set-aside"  # the first row of a new chain: why, and where what was before is
    RECORD_SEALED = "record.sealed"  # the first row of a file that goes on: which file has what was before
    AUDIT_READ = "audit.read"  # somebody looked into this record, or checked it
    WORKFLOW_PUBLISHED = "workflow.published"
    DECIDED = "approval.decided"  # somebody approved or rejected, by this console's key
    REQUESTED = "request.made"  # somebody asks for a promotion that others have to approve
    EMERGENCY_DECLARED = "emergency.declared"  # somebody goes past rules of the workflow, and signs for it
    REVIEW_CLOSED = "review.closed"  # others have looked at it afterwards, and say what they found
    REQUEST_ENDED = "request.ended"  # it was withdrawn, or carried out, or its configuration is no more
    QUEUED = "queue.joined"  # what was confirmed waits for a place in a full stage
    QUEUE_BEGAN = "queue.began"  # there was a place: its run began
    QUEUE_GIVEN_UP = "queue.given-up"  # it waits no more, and why; nothing was changed
    QUEUE_CANCELLED = "queue.cancelled"  # somebody took it out
    CLOSED = "closure.set"  # a stage frozen, a configuration held, a version quarantined, the line stopped
    LIFTED = "closure.lifted"
    GROUND_SET = "fence.ground"  # what fences of a pool are built on
    DIFFERENCE_ALLOWED = "allowance.set"  # a field may differ from now on
    DIFFERENCE_FORBIDDEN = "allowance.removed"
    DRIFTED = "drift.observed"  # how a configuration differs from what it is measured by became another
    FENCE_OBSERVED = "fence.observed"  # what the proof of a fence finds became another, without a run of the fence
    STATED = "statement.made"  # how exactly one configuration is like another was stated, and left with somebody
    EXPORT_OPENED = "export.opened"  # the intent: which rows of this record, into which file, what is withheld
    EXPORT_CLOSED = "export.closed"  # the outcome, with the hash of the bundle's manifest
    STAY_EXTENDED = "stay.extended"  # a configuration may stand in its stage longer than that says
    NOTIFICATION_LOST = "notification.lost"  # the webhook could not be told of something
    HOOK_CHANGED = "webhook.changed"  # where others are told of what this console does
    COMMAND_REFUSED = "command.refused"
    BATCH_OPENED = "batch.opened"  # several go together: which, by which plans; rows of each name the batch
    BATCH_CLOSED = "batch.closed"  # what became of each
    RUN_OPENED = "run.opened"  # the intent: what was asked, by whom, with the plan's digest
    RUN_RESUMED = "run.resumed"
    RUN_UNDOING = "run.undoing"
    RUN_INTERRUPTED = "run.interrupted"
    RUN_CLOSED = "run.closed"  # the outcome
    STEP_INTENDED = "step.intended"
    STEP_SETTLED = "step.settled"
    STEP_FAILED = "step.failed"
    UNDO_INTENDED = "undo.intended"
    UNDO_SETTLED = "undo.settled"
    UNDO_FAILED = "undo.failed"
    JOB_OPENED = "job.opened"  # the intent: which act, to which objects
    ACT_SETTLED = "act.settled"  # what became of it at one object
    ARCHIVE_VERIFIED = "archive.verified"  # every hash of an archive was compared, and what came of that
    ARCHIVE_PROVEN = "archive.proven"  # it was restored for a trial, and what came of that
    ARCHIVE_DELETED = "archive.deleted"
    ARCHIVE_HELD = "archive.held"  # nobody deletes it until that is lifted
    ARCHIVE_RELEASED = "archive.released"
    ARCHIVE_KEPT = "archive.kept"  # until when it is kept was said anew
    BLUEPRINT_PUBLISHED = "blueprint.published"
    BLUEPRINT_EXPORTED = "blueprint.exported"  # a version with its disks, into a file
    BLUEPRINT_RETIRED = "blueprint.retired"  # a version is gone from the library, with templates that only it needed
    TEMPLATES_REMOVED = "library.cleared"  # templates that no blueprint needed
    OBSERVED = "configuration.observed"  # what somebody else did, as this console saw it
    STANDS = "configuration.stands"  # a card is another than before: all that a past board is drawn from
    RECONCILED = "pool.reconciled"  # the record was compared with xapi's own log, and what came of that
    FOREIGN = "change.foreign"  # xapi's log tells of a change to a machine of a configuration that is not ours
    ACKNOWLEDGED = "change.acknowledged"  # somebody has seen what was changed from outside, and says why it may stay
    WORKFLOW_SEEN = "workflow.observed"  # a pool has another version than before, which somebody else published


ABOUT_OBJECTS = frozenset(
    {AuditEvent.JOB_OPENED, AuditEvent.ACT_SETTLED, AuditEvent.BATCH_OPENED, AuditEvent.BATCH_CLOSED}
)
"""Rows whose details say `what` is done to which objects or configurations; they are found by that."""


class Outcome(StrEnum):
    DONE = "done"
    UNDONE = "undone"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # the road broke, and nobody can tell
    REFUSED = "refused"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing to record. The store adds sequence, time, zone, console and operating-system user.

    `session` is the SHA-256 of the session reference: it tells our `root` from somebody else's in xapi's own log.
    """

    event: AuditEvent
    actor: str = ""
    pool: Uuid | None = None
    session: str = ""
    configuration: ConfigurationId | None = None
    configuration_name: str = ""
    run: RunId | None = None
    step: StepKey | None = None
    source: StageId | None = None
    target: StageId | None = None
    outcome: Outcome | None = None
    reason: str = ""
    details: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row of the audit, as a reader sees it. `digest` is the chain's, in hexadecimal."""

    chain: str
    seq: int
    at: datetime
    console: str
    os_user: str
    fact: Fact
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which rows; every given condition must hold. `now` is what ages in the filter count back from.

    `pools` says what pools are called: rows know them by uuid.
    """

    filter: Query = EVERYTHING
    now: datetime | None = None
    event: AuditEvent | None = None
    events: frozenset[AuditEvent] = frozenset()  # any of these; empty: all
    configuration: ConfigurationId | None = None
    run: RunId | None = None
    pools: Mapping[Uuid, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check of the chain found. Without `is_vouched` nothing is wrong, and nobody from outside says so."""

    check: str  # chain, signatures, values, gaps
    is_good: bool
    sentence: str
    seq: int | None = None
    is_vouched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRun:
    """A run that this console's journal has opened and not closed."""

    run: RunId
    configuration: ConfigurationId
    pool: Uuid
    opened_at: datetime
    intended: tuple[StepKey, ...]  # intent stands, outcome does not
