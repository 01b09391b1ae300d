"""Lines of the activity list that earlier starts of this home left."""

from xsconsole.console import Console
from xsconsole.domain import record_words, words
from xsconsole.domain.act_words import title
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Outcome
from xsconsole.errors import PoolFailed
from xsconsole_ui.activity.entries import TASK_RESULTS, Entry, task_name

PAST = 150  # of each kind


async def past_entries(console: Console, limit: int) -> tuple[Entry, ...]:
    """Return runs, acts and tasks of earlier starts, at most `limit` of each."""
    inventory = console.inventory
    pool = inventory.pool
    pool_name = pool.name_label if pool is not None else ""
    opened = await console.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED), limit=limit)
    closed = await console.audit_page(AuditQuery(event=AuditEvent.RUN_CLOSED), limit=2 * limit)
    # What the pool still knows has its own line.
    ended = [task for task in await console.home.ended_tasks(limit) if inventory.by_uuid(Task, task.task) is None]
    ends = {row.fact.run: row for row in reversed(closed)}
    return (
        *(of_past_run(row, ends.get(row.fact.run), pool_name) for row in opened),
        *(of_past_job(job, pool_name) for job in await console.home.past_jobs(limit)),
        *(of_ended_task(task, pool_name) for task in ended),
    )


def of_past_job(past: PastJob, pool_name: str) -> Entry:
    """Return the line of acts of an earlier start."""
    outcomes = [item.outcome for item in past.items]
    good = sum(outcome is Outcome.DONE for outcome in outcomes)
    bad = next((item for item in past.items if item.outcome not in (Outcome.DONE, None)), None)
    if good == len(outcomes):
        result, tone = "done", "good"
    elif bad is not None and bad.outcome is not None:
        result = record_words.outcome_name(bad.outcome) + (f": {bad.reason}" if bad.reason else "")
        tone = "warn" if bad.outcome is Outcome.UNKNOWN else "bad"
    else:
        result, tone = "not known", "warn"
    return Entry(
        key=f"job:{past.job}",
        what=title(past.act, tuple(item.name for item in past.items)),
        where=pool_name,
        who=past.actor,
        started_at=past.opened_at,
        result=result,
        tone=tone,
        objects=tuple(item.object for item in past.items),
    )


def of_ended_task(task: SeenTask, pool_name: str) -> Entry:
    """Return the line of a task that ended in an earlier start."""
    result, tone = TASK_RESULTS.get(task.status, (task.status, ""))
    failure = words.explain(PoolFailed(code=task.error[0], parameters=task.error[1:])) if task.error else None
    return Entry(
        key=f"ended:{task.task}",
        what=task_name(task.label),
        where=pool_name,
        who="pool",
        started_at=task.began_at,
        result=result if failure is None else f"{result}: {failure.failed}",
        tone=tone,
        details="" if failure is None else f"{failure.mend}\n{failure.details}".strip(),
        objects=task.objects,
    )


def of_past_run(opened: AuditRow, closed: AuditRow | None, pool_name: str) -> Entry:
    """Return the line of a run of an earlier start, from what is on record."""
    outcome = closed.fact.outcome if closed is not None else None
    tones = {Outcome.DONE: "good", Outcome.UNDONE: "warn", None: "bad"}
    result = record_words.outcome_name(outcome) if outcome is not None else "interrupted"
    if closed is not None and closed.fact.reason:
        result = f"{result}: {closed.fact.reason}"
    what = str((opened.fact.details or {}).get("what") or opened.fact.configuration_name)
    return Entry(
        key=f"run:{opened.fact.run}",
        what=what,
        where=pool_name,
        who=opened.fact.actor,
        started_at=opened.at,
        result=result,
        tone=tones.get(outcome, "muted"),
    )
