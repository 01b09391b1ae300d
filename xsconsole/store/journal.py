"""The journal: which runs are open and where their steps stand, kept in the transaction that records the fact."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.ids import ConfigurationId, RunId, StepKey, Uuid
from xsconsole.domain.record import AuditEvent, Fact, OpenRun
from xsconsole.store import job_journal, queue_journal
from xsconsole.store.schema import JournaledRun, JournaledStep

OPENING = frozenset({AuditEvent.RUN_OPENED, AuditEvent.RUN_RESUMED, AuditEvent.RUN_UNDOING})
INTENDING = frozenset({AuditEvent.STEP_INTENDED, AuditEvent.UNDO_INTENDED})
SETTLING = frozenset({AuditEvent.STEP_SETTLED, AuditEvent.STEP_FAILED, AuditEvent.UNDO_SETTLED, AuditEvent.UNDO_FAILED})
STEPPING = INTENDING | SETTLING
PROJECTED = frozenset({*OPENING, *STEPPING, *queue_journal.LEAVING}) | {
    *(AuditEvent.RUN_CLOSED, AuditEvent.JOB_OPENED, AuditEvent.ACT_SETTLED, AuditEvent.QUEUED)
}


def project(session: Session, fact: Fact, seq: int, at: datetime) -> None:
    """Take a fact into the journal; most facts are none of its business.

    Raises:
        ValueError: a fact about a run lacks what the journal needs; a bug of whoever recorded it.
    """
    if fact.event not in PROJECTED:
        return
    if fact.event in OPENING:
        _open(session, fact, at)
    elif fact.event in STEPPING:
        _take_step(session, fact, seq)
    elif fact.event is AuditEvent.RUN_CLOSED:
        run = session.get(JournaledRun, fact.run)
        if run is not None:
            run.closed_at = at
            run.outcome = fact.outcome
    elif fact.event is AuditEvent.JOB_OPENED:
        job_journal.begin(session, fact, at)
    elif fact.event is AuditEvent.ACT_SETTLED:
        job_journal.settle(session, fact, at)
    elif fact.event is AuditEvent.QUEUED:
        queue_journal.join(session, fact, seq)
    elif fact.event in queue_journal.LEAVING:
        queue_journal.leave(session, fact)


def _open(session: Session, fact: Fact, at: datetime) -> None:
    run = session.get(JournaledRun, fact.run) if fact.run else None
    if run is not None:
        run.closed_at = None
        run.outcome = None
        return
    if not (fact.run and fact.configuration and fact.pool):
        raise ValueError(f"{fact.event} must name run, configuration and pool")
    session.add(JournaledRun(run=fact.run, configuration=fact.configuration, pool=fact.pool, opened_at=at))
    session.flush()


def _take_step(session: Session, fact: Fact, seq: int) -> None:
    if not fact.run or not fact.step or session.get(JournaledRun, fact.run) is None:
        raise ValueError(f"{fact.event} must name a step of a run that was opened here")
    session.merge(JournaledStep(run=fact.run, step=fact.step, state=fact.event.value, seq=seq))


def open_runs(session: Session) -> tuple[OpenRun, ...]:
    """Return the runs that were opened and not closed, oldest first."""
    runs = session.scalars(
        select(JournaledRun).where(JournaledRun.closed_at.is_(None)).order_by(JournaledRun.opened_at, JournaledRun.run)
    )
    return tuple(
        OpenRun(
            run=RunId(run.run),
            configuration=ConfigurationId(run.configuration),
            pool=Uuid(run.pool),
            opened_at=run.opened_at,
            intended=tuple(StepKey(step) for step in _intended(session, run.run)),
        )
        for run in runs
    )


def _intended(session: Session, run: str) -> list[str]:
    steps = (
        select(JournaledStep.step)
        .where(JournaledStep.run == run, JournaledStep.state.in_(sorted(INTENDING)))
        .order_by(JournaledStep.seq)
    )
    return list(session.scalars(steps))
