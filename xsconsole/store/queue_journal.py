"""What waits for a place in a full stage, kept with the facts that say so."""

import logging

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.store.schema import Waiting

LEAVING = frozenset({AuditEvent.QUEUE_BEGAN, AuditEvent.QUEUE_GIVEN_UP, AuditEvent.QUEUE_CANCELLED})

log = logging.getLogger(__name__)


def join(session: Session, fact: Fact, seq: int) -> None:
    """Take in that something waits."""
    entry = _entry(fact)
    session.add(Waiting(queued=entry.id, seq=seq, content=msgspec.json.encode(entry).decode()))


def leave(session: Session, fact: Fact) -> None:
    """Take in that something waits no more."""
    session.execute(delete(Waiting).where(Waiting.queued == _entry(fact).id))


def waiting(session: Session) -> tuple[Queued, ...]:
    """Return what waits, first come first."""
    found: list[Queued] = []
    for row in session.scalars(select(Waiting).order_by(Waiting.seq)):
        try:
            found.append(msgspec.json.decode(row.content, type=Queued))
        except msgspec.MsgspecError as failure:  # a newer console's, or somebody edited the file
            log.warning("what waits as %s cannot be read: %s", row.queued, failure)
    return tuple(found)


def _entry(fact: Fact) -> Queued:
    details = fact.details or {}
    if "waiting" not in details:
        raise ValueError(f"{fact.event} must say what waits")
    return msgspec.convert(details["waiting"], type=Queued)
