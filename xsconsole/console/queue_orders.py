"""What waits for a place, as a command and as rows of the audit."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.console.home import Home
from xsconsole.domain.ids import QueueId, RunId, Uuid
from xsconsole.domain.plan import Disks, Plan, RunKind
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.workflow.names import name_of_id
from xsconsole.engine.commands import Confirmed, Demote, Promote
from xsconsole.engine.ports import Identity
from xsconsole.errors import StageFull

KILLED = "The command that waited has ended without a word, and nobody waits for it any more."

OUTCOMES = {
    AuditEvent.QUEUE_BEGAN: Outcome.DONE,
    AuditEvent.QUEUE_GIVEN_UP: Outcome.REFUSED,
    AuditEvent.QUEUE_CANCELLED: Outcome.CANCELLED,
}


def entry_of(
    command: Promote | Demote,
    made: Plan,
    identity: Identity,
    id_: QueueId,
    at: datetime,
    process: str = "",
    *,
    stage: str = "",
) -> Queued:
    """Return how a plan that was confirmed waits; one that is a command which waits itself ends with its `process`.

    `stage` is what its target is called.
    """
    intent = made.intent
    assert intent.source is not None
    return Queued(
        id=id_,
        pool=identity.pool,
        kind=intent.kind,
        configuration=command.configuration,
        name=intent.name,
        service=intent.service,
        revision=command.revision,
        source=intent.source,
        target=command.target,
        target_name=stage,
        digest=made.digest,
        actor=identity.actor,
        asked_at=at,
        reason=command.reason,
        disks=command.disks if isinstance(command, Demote) else Disks.KEEP,
        is_stopped_first=isinstance(command, Promote) and command.is_stopped_first,
        is_kept=not process,
        process=process,
    )


def order_of(entry: Queued) -> Confirmed:
    """Return what was confirmed when it was queued."""
    command: Promote | Demote
    if entry.kind is RunKind.DEMOTE:
        command = Demote(
            configuration=entry.configuration,
            revision=entry.revision,
            target=entry.target,
            disks=entry.disks,
            reason=entry.reason,
        )
    else:
        command = Promote(
            configuration=entry.configuration,
            revision=entry.revision,
            target=entry.target,
            is_stopped_first=entry.is_stopped_first,
            reason=entry.reason,
        )
    return Confirmed(command=command, digest=entry.digest)


def in_turn(full: StageFull, place: int) -> StageFull:
    """Return why a stage is full to one that waits for a place there already."""
    mend = f"It waits for that place already, as number {place} in the queue of this console, and is begun by itself."
    return StageFull(reason=full.reason, mend=mend, service=full.service)


def queue_fact(
    event: AuditEvent, entry: Queued, identity: Identity | None, reason: str = "", run: RunId | None = None
) -> Fact:
    """Return the row of what becomes of one that waits; without a log-in, the account on this computer did it."""
    told = replace(entry, why="")
    details = {
        "what": f"{entry.kind.value} {entry.name} to {entry.target_name or name_of_id(entry.target)}",
        "plan": entry.digest,
        "queued_by": entry.actor,
        "waiting": msgspec.to_builtins(told),
    }
    pool: Uuid = entry.pool
    return replace(
        fact_of(event, identity, details),
        pool=pool,
        configuration=entry.configuration,
        configuration_name=entry.name,
        run=run,
        source=entry.source,
        target=entry.target,
        outcome=OUTCOMES.get(event),
        reason=reason or (entry.reason if event is AuditEvent.QUEUED else ""),
    )


async def give_up_dead(home: Home, record: Callable[[Fact], Awaitable[None]]) -> None:
    """Leave a row of each command that waited and was killed: nobody waits for it any more."""
    for entry in await home.waiting():
        if entry.is_kept or home.is_alive(entry.process):
            continue
        if entry in await home.waiting():  # it may have ended in good order just now
            await record(queue_fact(AuditEvent.QUEUE_GIVEN_UP, entry, None, KILLED))
