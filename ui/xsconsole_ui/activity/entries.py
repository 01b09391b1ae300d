"""One line of the activity list: a run of this console, acts on objects, or a task of the pool."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain import words
from xsconsole.domain.act_words import title
from xsconsole.domain.acts import JobId, ObjectId
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import ENDED, ItemState, JobStatus
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import PoolFailed
from xsconsole_ui.texts import tr

RUN_TAG = PREFIX + "run"
"""At a task, names the run that started it: a hint, and as such enough for a list."""

TASK = "task:"
"""Begins the keys of tasks; the reference follows."""

_OBJECTS = {"VM": "VM", "VDI": "disk", "SR": "storage", "VIF": "VIF", "VBD": "drive", "host": "host", "pool": "pool"}
_VERBS = {
    "clean_shutdown": "Shut down",
    "clean_reboot": "Reboot",
    "hard_shutdown": "Force off",
    "hard_reboot": "Force reboot of",
    "pool_migrate": "Migrate",
    "start_on": "Start",
}
TASK_RESULTS = {"success": ("done", "good"), "failure": ("failed", "bad"), "cancelled": ("cancelled", "muted")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`progress` is 0 to 1 while it goes on, else None. `tone` colours the result."""

    key: str
    what: str
    where: str
    who: str
    started_at: datetime
    progress: float | None = None
    stage: str = ""  # what it does right now, in words
    result: str = ""
    tone: str = ""
    details: str = ""
    run: RunId | None = None
    job: JobId | None = None  # of this console, while it goes on
    task: Uuid | None = None  # of the pool, while it goes on
    objects: tuple[ObjectId, ...] = ()  # what it works on, as far as that is known

    @property
    def is_going(self) -> bool:
        return self.progress is not None

    @property
    def order(self) -> tuple[float, str]:
        """The key by which newer ones come first."""
        return -self.started_at.timestamp(), self.key


def of_run(status: RunStatus, workflow: Workflow | None, pool_name: str, who: str) -> Entry:
    plan = status.plan
    is_going = status.state in (RunState.RUNNING, RunState.UNDOING)
    tones = {
        RunState.DONE: "good",
        RunState.UNDONE: "warn",
        RunState.INTERRUPTED: "bad",
        RunState.SETTLED_ELSEWHERE: "muted",
    }
    is_over = status.state is RunState.SETTLED_ELSEWHERE  # what it said of what remains is not so any more
    notice = words.explain(status.error) if status.error is not None and not is_over else None
    result = "" if is_going else words.state_name(status.state)
    if notice is not None and not is_going:
        result = f"{result}: {notice.failed}"
    return Entry(
        key=f"run:{status.run}",
        what=words.title(plan, workflow),
        where=pool_name,
        who=who,
        started_at=status.started_at,
        progress=min(1.0, max(0.0, status.progress)) if is_going else None,
        stage=_stage_of(status) if is_going else "",
        result=result,
        tone=tones.get(status.state, ""),
        details="" if notice is None else " ".join(filter(None, (notice.put_back, notice.remains, notice.mend))),
        run=status.run,
    )


def _stage_of(status: RunStatus) -> str:
    done, total = len(status.settled), len(status.plan.steps)
    if status.state is RunState.UNDOING:
        return tr("putting back, {n} of {done}").format(n=len(status.undone), done=done)
    if not status.current:
        return tr("{done} of {total}").format(done=done, total=total)
    current = words.describe(status.plan.step(status.current[0]))
    rest = len(status.current) - 1
    return tr("{done} of {total} · {current}").format(done=done, total=total, current=current) + (
        tr(" and {rest} more").format(rest=rest) if rest else ""
    )


def of_task(
    task: Task, pool_name: str, since: datetime, objects: tuple[ObjectId, ...] = (), names: tuple[str, ...] = ()
) -> Entry:
    """Return a task's line. `since` stands in where the pool does not say when it began; `names` are the objects'."""
    is_going = task.status in ("pending", "cancelling")
    result, tone = TASK_RESULTS.get(task.status, ("", ""))
    failure = None
    if task.error_info:
        failure = words.explain(PoolFailed(code=task.error_info[0], parameters=task.error_info[1:]))
        result = f"{result}: {failure.failed}"
    return Entry(
        key=f"{TASK}{task.ref}",
        what=_named_task(task.name_label, names),
        where=pool_name,
        who=tr("pool"),
        started_at=task.created or since,
        progress=min(1.0, max(0.0, task.progress)) if is_going else None,
        stage=("cancelling, " if task.status == "cancelling" else "") + f"{task.progress * 100:.0f} %"
        if is_going
        else "",
        result=result,
        tone=tone,
        details="" if failure is None else f"{failure.mend}\n{failure.details}".strip(),
        task=task.uuid if is_going else None,
        objects=objects,
    )


def of_job(status: JobStatus, pool_name: str) -> Entry:
    """Return the line of acts on single objects."""
    is_going = status.ended_at is None
    failed = [item for item in status.items if item.error is not None]
    done = sum(item.state in ENDED for item in status.items)
    many = len(status.items) > 1
    result, tone = ("", "") if is_going else _job_result(status, len(failed))
    notice = words.explain(failed[0].error) if failed and failed[0].error is not None else None
    if notice is not None and not is_going:
        result = f"{result}: {notice.failed}"
    return Entry(
        key=f"job:{status.job}",
        what=title(status.act, tuple(item.name for item in status.items)),
        where=pool_name,
        who=status.actor,
        started_at=status.started_at,
        progress=status.progress if is_going else None,
        stage=f"{done} of {len(status.items)}" if is_going and many else "",
        result=result,
        tone=tone,
        details="" if notice is None else f"{notice.mend}\n{notice.details}".strip(),
        job=status.job if is_going else None,
        objects=tuple(item.object for item in status.items),
    )


def _job_result(status: JobStatus, failed: int) -> tuple[str, str]:
    if status.is_good:
        return "done", "good"
    if any(item.state is ItemState.UNKNOWN for item in status.items):
        return "not known", "warn"
    if failed:
        return ("failed" if len(status.items) == 1 else f"{failed} of {len(status.items)} failed"), "bad"
    return "cancelled", "muted"


def _named_task(label: str, names: tuple[str, ...]) -> str:
    what = task_name(label)
    if not names:
        return what
    return f"{what}: {names[0] if len(names) == 1 else words.count(len(names), 'object')}"


def task_name(label: str) -> str:
    """Return `Snapshot VM` for `Async.VM.snapshot`; other names as they are."""
    parts = label.removeprefix("Async.").split(".")
    if len(parts) != 2 or parts[0] not in _OBJECTS or not parts[1].isascii():
        return label or "Task"
    return f"{_VERBS.get(parts[1], parts[1].replace('_', ' ').capitalize())} {_OBJECTS[parts[0]]}"
