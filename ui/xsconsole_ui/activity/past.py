"""Lines of the activity list that earlier starts of this home left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from xsconsole.console import Estate
from xsconsole.domain.acts import called_together
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.endings import OF_OUTCOME, Ending, of_many, of_task
from xsconsole.domain.ids import RunId
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Outcome
from xsconsole.domain.runs import share_of
from xsconsole.domain.wording.acts import title
from xsconsole_ui.activity.entries import PAST_TASK, Entry, failure_of, named_task, out_of_queue, why_of_many
from xsconsole_ui.texts import tr

PAST = 150  # of each kind
LEAST_APART = timedelta(milliseconds=1)


async def past_entries(console: Estate, limit: int) -> tuple[Entry, ...]:
    """Return runs, acts and tasks of earlier starts, at most `limit` of each."""
    inventory = console.inventory
    pool_called = console.pool_called
    opened = await console.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED), limit=limit)
    closed = await console.audit_page(AuditQuery(event=AuditEvent.RUN_CLOSED), limit=2 * limit)
    queued = await console.audit_page(AuditQuery(event=AuditEvent.QUEUE_BEGAN), limit=limit)
    from_queue = {row.fact.run for row in queued}
    # What the pool still knows has its own line.
    seen = [task for task in await console.home.seen_tasks(limit) if inventory.by_uuid(Task, task.task) is None]
    ends = {row.fact.run: row for row in reversed(closed)}
    standing = {card.run.record.run: card for card in console.board.cards.values() if card.run is not None}
    # What stands on a pool is not known from its last known state.
    live = {sight.pool for sight in console.sights if sight.is_live}

    return (
        *(
            of_past_run(
                row,
                ends.get(row.fact.run),
                standing.get(RunId(row.fact.run or "")),
                pool_called(row.fact.pool),
                is_live=row.fact.pool in live,
                is_from_queue=row.fact.run in from_queue,
                stands_at=at,
            )
            for row, at in zip(opened, none_later([row.at for row in opened]), strict=True)
        ),
        *(of_past_job(job, pool_called(job.pool)) for job in await console.home.past_jobs(limit)),
        *(of_past_task(task, pool_called(task.pool), called_together(task.objects, inventory)) for task in seen),
    )


def none_later(moments: Sequence[datetime]) -> list[datetime]:
    """Return moments of what is on record, newest first, each before that of what came after it."""
    return list(accumulate(moments, lambda later, moment: min(moment, later - LEAST_APART)))


def _ending(outcome: Outcome | None) -> Ending:
    return Ending.UNKNOWN if outcome is None else OF_OUTCOME.get(outcome, Ending.UNKNOWN)


def of_past_job(past: PastJob, pool_name: str) -> Entry:
    """Return the line of acts of an earlier start."""
    endings = tuple(_ending(item.outcome) for item in past.items)
    ending = of_many(endings)
    why = next((item.reason for item, one in zip(past.items, endings, strict=True) if one is ending), "")
    return Entry(
        key=f"job:{past.job}",
        what=title(past.act, tuple(item.name for item in past.items), past.given),
        where=pool_name,
        who=past.actor,
        started_at=past.opened_at,
        ending=ending,
        why=why_of_many(sum(bool(item.reason) for item in past.items), len(past.items), why),
        objects=tuple(item.object for item in past.items),
    )


def of_past_task(task: SeenTask, pool_name: str, names: tuple[str, ...]) -> Entry:
    """Return the line of a task that the pool has forgotten; of one that was still going then, nobody knows the end."""
    failure = failure_of(task.error)
    return Entry(
        key=f"{PAST_TASK}{task.task}",
        what=named_task(task.label, names),
        where=pool_name,
        who=tr("pool"),
        started_at=task.began_at,
        ending=of_task(task.status),
        why="" if failure is None else failure.failed,
        mend="" if failure is None else failure.mend,
        details="" if failure is None else failure.details,
        objects=task.objects,
    )


def of_past_run(
    opened: AuditRow,
    closed: AuditRow | None,
    card: Card | None,
    pool_name: str,
    *,
    is_live: bool,
    is_from_queue: bool = False,
    stands_at: datetime | None = None,
) -> Entry:
    """Return the line of a run that this window did not begin, from the record and from where it stands on the pool.

    Without an end on record it may be the run of another process of this home; then `card` is what it is about.
    `is_live` says whether what stands on its pool is heard now.
    """
    run = card.run.record if closed is None and card is not None and card.run is not None else None
    is_going = run is not None and card is not None and card.standing is Standing.RUNNING
    if closed is not None:
        ending = _ending(closed.fact.outcome)
    elif run is not None:
        ending = Ending.INTERRUPTED
    else:
        ending = Ending.ELSEWHERE if is_live else Ending.UNKNOWN
    what = str((opened.fact.details or {}).get("what") or opened.fact.configuration_name)
    return Entry(
        key=f"run:{opened.fact.run}",
        what=out_of_queue(what) if is_from_queue else what,
        where=pool_name,
        who=opened.fact.actor,
        started_at=opened.at,
        stands_at=stands_at,
        progress=_share(run) if run is not None and is_going else None,
        stage=tr("another process of this home works on it") if is_going else "",
        ending=None if is_going else ending,
        why=closed.fact.reason if closed is not None else "",
    )


def _share(run: RunRecord) -> float:
    """Return the share of its time that is behind it, 0 to 1, as the inspector shows it."""
    return share_of(run.plan, frozenset(run.settled) - frozenset(run.undone))
