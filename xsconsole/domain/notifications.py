"""What other programs are told of what this console did: one small document for each deed that matters to people."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.canonical import Json
from xsconsole.domain.folding import shortened
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.wording.record import event_sentence

FORMAT = 1
TEXT_LIMIT = 1000
TOLD = ("by", "ticket", "goes_past", "plan", "open_s")
"""Details of a row that go along."""

ASKED = ("plan", "ticket", "not_before", "expires_at")
"""What of a request goes along, besides its id, where a row has all of it."""


class Notification(StrEnum):
    """What is told. Names are part of the format: add, never rename."""

    REQUEST_MADE = "request.made"
    REQUEST_DECIDED = "request.decided"
    REQUEST_ENDED = "request.ended"  # `outcome`: `done` is carried out, `cancelled` withdrawn
    REQUEST_VOID = "request.void"
    REQUEST_EXPIRED = "request.expired"
    RUN_DONE = "run.done"
    RUN_FAILED = "run.failed"  # put back, not begun, or interrupted: `outcome` and `reason` say which
    EMERGENCY_DECLARED = "emergency.declared"
    REVIEW_OPENED = "review.opened"
    REVIEW_CLOSED = "review.closed"
    CLOSURE_SET = "closure.set"  # a freeze, a hold, a quarantine, or the line was stopped
    CLOSURE_LIFTED = "closure.lifted"
    TEST = "test"


def kind_of(fact: Fact) -> Notification | None:
    """Return as what a row of the record is told; None where it is not."""
    details = fact.details or {}
    match fact.event:
        case AuditEvent.EMERGENCY_DECLARED:
            return Notification.EMERGENCY_DECLARED
        case AuditEvent.RUN_CLOSED:
            return Notification.RUN_DONE if fact.outcome is Outcome.DONE else Notification.RUN_FAILED
        case AuditEvent.RUN_INTERRUPTED:
            return Notification.RUN_FAILED
        case AuditEvent.STEP_SETTLED:
            action = details.get("action")
            return Notification.REVIEW_OPENED if isinstance(action, dict) and action.get("type") == "review" else None
        case AuditEvent.REQUEST_ENDED if fact.outcome is not None:
            return Notification.REQUEST_ENDED
    if fact.outcome is not Outcome.DONE:  # of the others, the intent is no news
        return None
    return {
        AuditEvent.REQUESTED: Notification.REQUEST_MADE,
        AuditEvent.DECIDED: Notification.REQUEST_DECIDED,
        AuditEvent.REVIEW_CLOSED: Notification.REVIEW_CLOSED,
        AuditEvent.CLOSED: Notification.CLOSURE_SET,
        AuditEvent.LIFTED: Notification.CLOSURE_LIFTED,
    }.get(fact.event)


def document_of(
    kind: Notification, fact: Fact, *, delivery: str, at: datetime, console: str, pool_name: str
) -> dict[str, Json]:
    """Return what is sent. Texts are shortened; what is empty is left out."""
    details: Mapping[str, Json] = fact.details or {}
    found: dict[str, Json] = {
        "format": FORMAT,
        "id": delivery,
        "event": kind.value,
        "at": at.isoformat(),
        "console": console,
        "pool": {"uuid": fact.pool, "name": shortened(pool_name, TEXT_LIMIT)} if fact.pool else None,
        "actor": shortened(fact.actor, TEXT_LIMIT),
        "configuration": _configuration(fact),
        "source": fact.source,
        "target": fact.target,
        "run": fact.run,
        "text": shortened(event_sentence(fact, is_alone=True), TEXT_LIMIT),
        "reason": shortened(fact.reason, TEXT_LIMIT),
        "outcome": fact.outcome.value if fact.outcome is not None else None,
        "details": {name: value for name, value in _told(details).items() if value},
    }
    return {name: value for name, value in found.items() if value not in (None, "", {})}


def _told(details: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what goes along of a row's details, alike for whatever a request or its run leads to."""
    request = details.get("request")
    asked = request if isinstance(request, Mapping) else {"id": request}
    return {
        **{name: asked.get(name) for name in ASKED},
        **{name: details[name] for name in TOLD if details.get(name)},
        "request": asked.get("id"),
    }


def _configuration(fact: Fact) -> Json:
    if fact.configuration is None:
        return None
    return {"id": fact.configuration, "name": shortened(fact.configuration_name, TEXT_LIMIT)}
