"""Sentences about rows of the audit."""

from collections.abc import Callable, Mapping
from functools import cache

from xsconsole.domain.canonical import Json
from xsconsole.domain.endings import OF_OUTCOME, ending_name
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.signing import key_fingerprint, raw_of
from xsconsole.domain.wording.spans import exact_duration
from xsconsole.domain.workflow.names import name_of_id

_EVENTS: dict[AuditEvent, str] = {
    AuditEvent.CONSOLE_STARTED: "The console started",
    AuditEvent.CONSOLE_STOPPED: "The console stopped",
    AuditEvent.CLOCK_JUMPED: "The clock was set",
    AuditEvent.CONNECTED: "Connected to the pool",
    AuditEvent.DISCONNECTED: "Left the pool",
    AuditEvent.CONNECT_FAILED: "Could not connect",
    AuditEvent.LINK_LOST: "The connection to the pool was lost",
    AuditEvent.LINK_RESTORED: "The connection to the pool is back",
    AuditEvent.CERTIFICATE_ACCEPTED: "A certificate was accepted",
    AuditEvent.RECORD_ACCEPTED: "Went on with another record than before",
    AuditEvent.RECORD_SET_ASIDE: "A new record begins; the one before was set aside",
    AuditEvent.RECORD_SEALED: "The record goes on in a new file",
    AuditEvent.AUDIT_READ: "Looked into the record",
    AuditEvent.WORKFLOW_PUBLISHED: "Publish the workflow",
    AuditEvent.DECIDED: "Decided",
    AuditEvent.REQUESTED: "Asked for",
    AuditEvent.EMERGENCY_DECLARED: "EMERGENCY declared",
    AuditEvent.REVIEW_CLOSED: "The review was closed",
    AuditEvent.REQUEST_ENDED: "The request ended",
    AuditEvent.QUEUED: "Waits for a place",
    AuditEvent.QUEUE_BEGAN: "Has waited for a place, and began",
    AuditEvent.QUEUE_GIVEN_UP: "Waits for a place no more",
    AuditEvent.QUEUE_CANCELLED: "Taken out of the queue",
    AuditEvent.CLOSED: "Closed",
    AuditEvent.LIFTED: "Lifted",
    AuditEvent.GROUND_SET: "Ground of fences written",
    AuditEvent.DIFFERENCE_ALLOWED: "May differ from now on",
    AuditEvent.DIFFERENCE_FORBIDDEN: "May differ no more",
    AuditEvent.DRIFTED: "Drift",
    AuditEvent.FENCE_OBSERVED: "Fence",
    AuditEvent.STATED: "Stated how alike they are",
    AuditEvent.EXPORT_OPENED: "About to export",
    AuditEvent.EXPORT_CLOSED: "Exported",
    AuditEvent.STAY_EXTENDED: "Given",
    AuditEvent.NOTIFICATION_LOST: "The webhook was not told",
    AuditEvent.HOOK_CHANGED: "The webhook was changed",
    AuditEvent.COMMAND_REFUSED: "Refused",
    AuditEvent.BATCH_OPENED: "Began together",
    AuditEvent.BATCH_CLOSED: "Ended together",
    AuditEvent.RUN_OPENED: "Began",
    AuditEvent.RUN_RESUMED: "Resumed",
    AuditEvent.RUN_UNDOING: "Began to put back",
    AuditEvent.RUN_INTERRUPTED: "Interrupted",
    AuditEvent.RUN_CLOSED: "Ended",
    AuditEvent.STEP_INTENDED: "About to",
    AuditEvent.STEP_SETTLED: "Did",
    AuditEvent.STEP_FAILED: "Failed",
    AuditEvent.UNDO_INTENDED: "About to put back",
    AuditEvent.UNDO_SETTLED: "Put back",
    AuditEvent.UNDO_FAILED: "Could not put back",
    AuditEvent.JOB_OPENED: "About to",
    AuditEvent.ACT_SETTLED: "Ended",
    AuditEvent.ARCHIVE_VERIFIED: "Verified",
    AuditEvent.ARCHIVE_PROVEN: "Tried to restore",
    AuditEvent.ARCHIVE_DELETED: "Deleted",
    AuditEvent.ARCHIVE_HELD: "Held against deletion",
    AuditEvent.ARCHIVE_KEPT: "Said how long to keep",
    AuditEvent.ARCHIVE_RELEASED: "No more held against deletion",
    AuditEvent.BLUEPRINT_PUBLISHED: "Published the blueprint",
    AuditEvent.BLUEPRINT_EXPORTED: "Exported the blueprint",
    AuditEvent.BLUEPRINT_RETIRED: "Retired the blueprint",
    AuditEvent.TEMPLATES_REMOVED: "Removed from the library",
    AuditEvent.OBSERVED: "Seen on the pool",
    AuditEvent.STANDS: "Stands on the pool",
    AuditEvent.RECONCILED: "Compared with the pool's own log",
    AuditEvent.FOREIGN: "Not ours",
    AuditEvent.ACKNOWLEDGED: "Acknowledged",
    AuditEvent.WORKFLOW_SEEN: "Seen on the pool",
}
NOTHING = "nothing, as "
"""Begins what is put back of a step that had not happened."""

BEGINS = "begins"
_INTENTS = frozenset(
    {
        *(AuditEvent.BATCH_OPENED, AuditEvent.RUN_OPENED, AuditEvent.RUN_RESUMED, AuditEvent.RUN_UNDOING),
        *(AuditEvent.STEP_INTENDED, AuditEvent.UNDO_INTENDED, AuditEvent.JOB_OPENED, AuditEvent.EXPORT_OPENED),
    }
)
_IN_TWO = frozenset(
    {
        *(AuditEvent.WORKFLOW_PUBLISHED, AuditEvent.DECIDED, AuditEvent.REQUESTED, AuditEvent.REQUEST_ENDED),
        *(AuditEvent.REVIEW_CLOSED, AuditEvent.CLOSED, AuditEvent.LIFTED, AuditEvent.STAY_EXTENDED),
        *(AuditEvent.GROUND_SET, AuditEvent.DIFFERENCE_ALLOWED, AuditEvent.DIFFERENCE_FORBIDDEN),
        *(AuditEvent.ARCHIVE_DELETED, AuditEvent.ARCHIVE_HELD, AuditEvent.ARCHIVE_RELEASED, AuditEvent.ARCHIVE_KEPT),
        *(AuditEvent.BLUEPRINT_PUBLISHED, AuditEvent.BLUEPRINT_RETIRED, AuditEvent.TEMPLATES_REMOVED),
    }
)
"""Of these an intent, which has no outcome, and what became of it have the same words otherwise."""
_SAYING_HOW = frozenset({AuditEvent.RUN_CLOSED, AuditEvent.ACT_SETTLED, AuditEvent.EXPORT_CLOSED})
LEAST_TOLD_S = 0.1
NOT_MET = "not met: "
"""Begins the result of a step that looked, found something amiss, and let the run go on."""
TOOK = "took_s"
"""The detail of an outcome that says how long what it ends took, in seconds."""


def read_rows(text: str) -> str:
    """Return what of the record somebody reads who gave this filter."""
    return f"rows that fit “{text}”" if text else "all rows"


READ_VERDICTS = "its verification"
UNMET = "Not met"
_DECISIONS = (  # how what a decision says begins, and how its row does
    ("approve: ", "Approved"),
    ("reject: ", "Rejected"),
)
_REVIEW, _REVIEWED = "review", "Reviewed"  # a decision on this matter grants nothing: it says what was found
FROM_A_FILE = " by file"
"""Follows how a decision is told that bears no log-in: whose console took the file in did not decide."""


def event_name(event: AuditEvent) -> str:
    return _EVENTS.get(event, str(event))  # of a newer program: what it calls itself


def outcome_name(outcome: Outcome) -> str:
    if outcome is Outcome.OBSERVED:
        return "seen"
    return ending_name(OF_OUTCOME[outcome]) if outcome in OF_OUTCOME else str(outcome)


def standing(fact: Fact) -> str:
    """Return what a list says of a row beside its sentence: `begins` of an intent, else how it ended, `done in 4 s`."""
    if fact.outcome is None:
        return BEGINS if fact.event in _INTENTS or fact.event in _IN_TWO else ""
    ended, took_s = UNMET.lower() if _is_unmet(fact) else outcome_name(fact.outcome), (fact.details or {}).get(TOOK)
    if isinstance(took_s, int | float) and not isinstance(took_s, bool) and took_s >= LEAST_TOLD_S:
        return f"{ended} in {exact_duration(took_s)}"
    return ended


def _is_unmet(fact: Fact) -> bool:
    """Whether a step was done that looked for something and did not find it so."""
    result = (fact.details or {}).get("result")
    return fact.event is AuditEvent.STEP_SETTLED and isinstance(result, str) and result.startswith(NOT_MET)


_CLOSING = (  # how what is closed begins in words, and what is said of it when it is closed and when it is lifted
    ("freeze of ", "Frozen: ", "Freeze lifted: "),
    ("hold of ", "Held: ", "Hold lifted: "),
    ("quarantine of ", "Quarantined: ", "Quarantine lifted: "),
    ("stop of the line", "Line stopped", "Line released"),
    ("longer stay of ", "May stay longer: ", "May stay longer no more: "),
)
_CLOSES = frozenset({AuditEvent.CLOSED, AuditEvent.LIFTED, AuditEvent.STAY_EXTENDED})
_PUTTING_BACK = frozenset({AuditEvent.UNDO_INTENDED, AuditEvent.UNDO_SETTLED, AuditEvent.UNDO_FAILED})


def closing_sentence(what: str, *, is_lifted: bool) -> str:
    """Return such as `Held: shop 1.3.0, by ann` of `hold of shop 1.3.0, by ann`."""
    for begins, closed, lifted in _CLOSING:
        if what.startswith(begins):
            return (lifted if is_lifted else closed) + what.removeprefix(begins)
    return f"{'Lifted' if is_lifted else 'Closed'}: {what}"


def _decision_sentence(fact: Fact, what: str) -> str:
    """Return such as `Approved: shop 1.3.0` of `approve: shop 1.3.0`."""
    found = (fact.details or {}).get("decision")
    decision = found if isinstance(found, dict) else {}
    way = "" if decision.get("actor", True) else FROM_A_FILE
    for begins, told in _DECISIONS:
        if what.startswith(begins):
            how = _REVIEWED if decision.get("matter") == _REVIEW else told
            return f"{how}{way}: {what.removeprefix(begins)}"
    return f"{event_name(fact.event)}{way}: {what}"


def decided_by(decision: Mapping[str, Json], owner_of: Callable[[str], str]) -> str:
    """Return who signed a decision, as a row holds it: whose key it is, and the log-in, or that there was none."""
    log_in, raw = str(decision.get("actor") or ""), raw_of(str(decision.get("public_key", "")))
    owner = owner_of(key_fingerprint(raw)) if raw else ""
    how = f"logged in as {log_in}" if log_in else "by file: the key alone"
    return f"{owner}, {how}" if owner else f"{log_in or how}; no version of the workflow known here pins the key"


def event_sentence(fact: Fact, *, has_way: bool = True, is_alone: bool = False) -> str:
    """Return an audit row as one line, such as `Did: Start shop-web-1`; `has_way`: also from and to which stage.

    What `is_alone` stands beside no intent, so that nothing has to be said to tell it from one where it went well.
    """
    what = (fact.details or {}).get("what")
    parts = [what] if isinstance(what, str) and what else []
    if not parts and fact.configuration_name:
        parts.append(fact.configuration_name)
        if has_way and fact.source and fact.target and fact.source != fact.target:
            parts[0] += f" from {name_of_id(fact.source)} to {name_of_id(fact.target)}"
    told = [shortened(part, 200) for part in parts]
    text = ": ".join([UNMET if _is_unmet(fact) else event_name(fact.event), *told])
    if told and fact.event is AuditEvent.DECIDED:
        text = _decision_sentence(fact, told[0])
    elif told and fact.event in _CLOSES:
        text = closing_sentence(told[0], is_lifted=fact.event is AuditEvent.LIFTED)
    elif told and fact.event in _PUTTING_BACK and not told[0].startswith(NOTHING):
        text = f"{event_name(fact.event)} by “{told[0]}”"
    is_plain = is_alone and fact.outcome is Outcome.DONE and fact.event is not AuditEvent.REQUEST_ENDED
    says_how = fact.event in _SAYING_HOW or (fact.event in _IN_TWO and not is_plain)
    if fact.outcome is not None and says_how:
        text += f" ({outcome_name(fact.outcome)})"
    elif fact.outcome is None and fact.event in _IN_TWO:
        text += f" ({BEGINS})"
    if fact.reason:
        text += f" — {shortened(fact.reason, 300)}"
    return text


def searched_words(fact: Fact) -> tuple[str, ...]:
    """Return what plain words of a filter are looked for in beside the columns: the sentence, and what it shortens.

    Without from and to: the stages are among the columns, by their ids, and are told here by their names.
    """
    what = (fact.details or {}).get("what")
    stages = (name_of_id(stage) for stage in (fact.source, fact.target) if stage)
    return (event_sentence(fact, has_way=False), what if isinstance(what, str) else "", *stages)


def kinds_saying(run: str) -> frozenset[AuditEvent]:
    """Return the kinds of rows whose sentences may hold folded letters by themselves, whatever the row is about."""
    return frozenset(event for event in AuditEvent if run in _own_words(event))


def outcomes_saying(run: str) -> frozenset[Outcome]:
    """Return the outcomes whose words hold folded letters."""
    return frozenset(outcome for outcome in Outcome if run in outcome_name(outcome).casefold())


@cache
def _own_words(event: AuditEvent) -> str:
    """Return every word that a row of this kind may have beside what it is about, folded."""
    texts = [event_name(event)]
    texts += [text for _, *both in _CLOSING for text in both] + ["Lifted Closed"] if event in _CLOSES else []
    texts += ["by"] if event in _PUTTING_BACK else []
    texts += [*(told for _, told in _DECISIONS), _REVIEWED, FROM_A_FILE] if event is AuditEvent.DECIDED else []
    texts += [BEGINS] if event in _IN_TWO else []
    texts += [UNMET] if event is AuditEvent.STEP_SETTLED else []
    return " ".join(texts).casefold()
