"""The journal of jobs: which acts were begun and what became of each object, kept with the facts that say so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.acts import Act, JobId, Kind, ObjectId
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import PastItem, PastJob
from xsconsole.domain.record import Fact, Outcome
from xsconsole.store.schema import JournaledAct, JournaledJob


def begin(session: Session, fact: Fact, at: datetime) -> None:
    """Take in that a job begins."""
    details = _of_job(fact)
    session.add(
        JournaledJob(
            job=details["job"],
            pool=fact.pool or "",
            process=details["process"],
            act=details["act"],
            actor=fact.actor,
            opened_at=at,
            given=details.get("given", ""),
        )
    )
    session.flush()
    for position, item in enumerate(details["objects"]):
        session.add(
            JournaledAct(
                job=details["job"],
                position=position,
                kind=item["class"],
                uuid=item["uuid"],
                name=item["name"],
                reason="",
            )
        )


def settle(session: Session, fact: Fact, at: datetime) -> None:
    """Take in what became of one object."""
    details = _of_job(fact)
    act = session.get(JournaledAct, (details["job"], details["position"]))
    if act is None:
        raise ValueError(f"{fact.event} must name an object of a job that was opened here")
    act.settled_at = at
    act.outcome = fact.outcome.value if fact.outcome is not None else None
    act.reason = fact.reason


def jobs(session: Session, limit: int) -> tuple[PastJob, ...]:
    """Return jobs, newest first."""
    found = session.scalars(select(JournaledJob).order_by(JournaledJob.opened_at.desc(), JournaledJob.job).limit(limit))
    return tuple(
        PastJob(
            job=JobId(job.job),
            pool=Uuid(job.pool),
            process=job.process,
            act=Act(job.act),
            actor=job.actor,
            opened_at=job.opened_at,
            given=job.given,
            items=tuple(
                _item(act)
                for act in session.scalars(
                    select(JournaledAct).where(JournaledAct.job == job.job).order_by(JournaledAct.position)
                )
            ),
        )
        for job in found.all()
    )


def _item(act: JournaledAct) -> PastItem:
    return PastItem(
        object=ObjectId(kind=Kind(act.kind), uuid=Uuid(act.uuid)),
        name=act.name,
        outcome=Outcome(act.outcome) if act.outcome is not None else None,
        settled_at=act.settled_at,
        reason=act.reason,
    )


def _of_job(fact: Fact) -> Mapping[str, Any]:
    if fact.details is None or "job" not in fact.details:
        raise ValueError(f"{fact.event} must say which job it is about")
    return fact.details
