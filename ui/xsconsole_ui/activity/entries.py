"""One line of the activity list: a run of this console, acts on objects, or a task of the pool."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain import words
from xsconsole.domain.acts import JobId, ObjectId
from xsconsole.domain.endings import OF_ITEM, OF_RUN, Ending, ending_name, of_many
from xsconsole.domain.endings import of_task as ending_of_task
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import ENDED, JobStatus
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.wording.acts import title
from xsconsole.domain.wording.tasks import task_name
from xsconsole.domain.words import Notice
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import PoolFailed
from xsconsole_ui.texts import tr

RUN_TAG = PREFIX + "run"
"""At a task, names the run that started it: a hint, and as such enough for a list."""

TASK = "task:"
"""Begins the keys of tasks; the reference follows."""

PAST_TASK = "ended:"
"""Begins the keys of tasks that the pool has forgotten; the uuid follows."""

_TONES = {
    Ending.DONE: "good",
    Ending.UNDONE: "warn",
    Ending.FAILED: "bad",
    Ending.REFUSED: "warn",
    Ending.CANCELLED: "muted",
    Ending.INTERRUPTED: "bad",
    Ending.ELSEWHERE: "muted",
    Ending.UNKNOWN: "warn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`progress` is 0 to 1 while it goes on, else None, and then `ending` says how it ended and `why` the reason.

    `stands_at` is where it stands by time, where `started_at` deceives: a clock may have gone back since.
    """

    key: str
    what: str
    where: str
    who: str
    started_at: datetime
    stands_at: datetime | None = None
    progress: float | None = None
    stage: str = ""  # what it does right now, in words
    ending: Ending | None = None
    why: str = ""
    mend: str = ""
    details: str = ""  # the pool's own words
    run: RunId | None = None
    job: JobId | None = None  # of this console, while it goes on
    task: Uuid | None = None  # of the pool, while it goes on
    objects: tuple[ObjectId, ...] = ()  # what it works on, as far as that is known

    @property
    def is_going(self) -> bool:
        return self.progress is not None

    @property
    def is_task(self) -> bool:
        """Whether it is a task of the pool, begun by others or by hand, and no run or job of a console."""
        return self.key.startswith((TASK, PAST_TASK))

    @property
    def result(self) -> str:
        """The one word for how it ended, and the reason where there is one."""
        if self.has_gone:
            return tr("ended")
        word = "" if self.ending is None else tr(ending_name(self.ending))
        return f"{word}: {self.why}" if self.why else word

    @property
    def has_gone(self) -> bool:
        """Whether the pool forgot a task before it told the end: it does so with short calls, and nothing is wrong."""
        return self.ending is Ending.UNKNOWN and self.is_task

    @property
    def tone(self) -> str:
        """The colour of the result."""
        if self.has_gone:
            return "muted"
        if self.ending is Ending.DONE and self.why:
            return "warn"
        return "" if self.ending is None else _TONES[self.ending]


def out_of_queue(what: str) -> str:
    """Return what goes on, where it has waited for a place and nobody began it by hand."""
    return tr("{what}, from the queue").format(what=what)


def of_run(
    status: RunStatus, workflow: Workflow | None, pool_name: str, who: str, *, is_from_queue: bool = False
) -> Entry:
    plan = status.plan
    title_ = words.title(plan, workflow)
    is_going = status.state in (RunState.RUNNING, RunState.UNDOING)
    is_over = status.state is RunState.SETTLED_ELSEWHERE  # what it said of what remains is not so any more
    notice = words.explain(status.error) if status.error is not None and not is_over else None
    amiss = status.remarks.values() if status.state is RunState.DONE else ()
    return Entry(
        key=f"run:{status.run}",
        what=out_of_queue(title_) if is_from_queue else title_,
        where=pool_name,
        who=who,
        started_at=status.started_at,
        progress=min(1.0, max(0.0, status.progress)) if is_going else None,
        stage=_stage_of(status) if is_going else "",
        ending=OF_RUN.get(status.state),
        why=notice.failed if notice is not None and not is_going else " ".join(amiss),
        mend="" if notice is None else " ".join(filter(None, (notice.put_back, notice.remains, notice.mend))),
        details="" if notice is None else notice.details,
        run=status.run,
    )


def _stage_of(status: RunStatus) -> str:
    """Return the share that the bar shows, by time, and what goes on."""
    share = f"{status.progress * 100:.0f} %"
    if status.state is RunState.UNDOING:
        left = len(status.settled) - len(status.undone)
        told = tr("{share} · putting back, {steps} left").format(share=share, steps=words.count(left, "step"))
        left_s = status.left_s
        if left_s is None or left_s < 1:
            return told
        return tr("{told}, about {time}").format(told=told, time=words.duration(left_s))
    if not status.current:
        return share
    current = words.describe(status.plan.step(status.current[0]))
    rest = len(status.current) - 1
    more = tr(" and {rest} more").format(rest=rest) if rest else ""
    return tr("{share} · {current}{more}").format(share=share, current=current, more=more)


def of_task(
    task: Task, pool_name: str, since: datetime, objects: tuple[ObjectId, ...] = (), names: tuple[str, ...] = ()
) -> Entry:
    """Return a task's line. `since` is when it began by this machine's clock; `names` are the objects'."""
    is_going = task.status in ("pending", "cancelling")
    failure = failure_of(task.error_info)
    return Entry(
        key=f"{TASK}{task.ref}",
        what=named_task(task.name_label, names),
        where=pool_name,
        who=tr("pool"),
        started_at=since,
        progress=min(1.0, max(0.0, task.progress)) if is_going else None,
        stage=_share_of(task) if is_going else "",
        ending=None if is_going else ending_of_task(task.status),
        why="" if failure is None else failure.failed,
        mend="" if failure is None else failure.mend,
        details="" if failure is None else failure.details,
        task=task.uuid if is_going else None,
        objects=objects,
    )


def failure_of(error_info: tuple[str, ...]) -> Notice | None:
    """Return what a task's error says in words."""
    return words.explain(PoolFailed(code=error_info[0], parameters=error_info[1:])) if error_info else None


def _share_of(task: Task) -> str:
    told = tr("task cancelling · {share}") if task.status == "cancelling" else tr("task · {share}")
    return told.format(share=f"{task.progress * 100:.0f} %")


def of_job(status: JobStatus, pool_name: str) -> Entry:
    """Return the line of acts on single objects."""
    is_going = status.ended_at is None
    failed = [item for item in status.items if item.error is not None]
    ended = [item for item in status.items if item.state in ENDED]
    notice = words.explain(failed[0].error) if failed and failed[0].error is not None else None
    return Entry(
        key=f"job:{status.job}",
        what=title(status.act, tuple(item.name for item in status.items), status.given),
        where=pool_name,
        who=status.actor,
        started_at=status.started_at,
        progress=status.progress if is_going else None,
        stage=_stage_of_job(status, len(ended)) if is_going else "",
        ending=None
        if is_going
        else of_many(tuple(OF_ITEM[item.state] for item in status.items if item.state in ENDED)),
        why=why_of_many(len(failed), len(status.items), "" if notice is None else notice.failed)
        if not is_going
        else "",
        mend="" if notice is None else notice.mend,
        details="" if notice is None else notice.details,
        job=status.job if is_going else None,
        objects=tuple(item.object for item in status.items),
    )


def _stage_of_job(status: JobStatus, ended: int) -> str:
    if len(status.items) > 1:
        return tr("{done} of {total}").format(done=ended, total=len(status.items))
    return f"{status.progress * 100:.0f} %" if status.progress else ""


def why_of_many(failed: int, total: int, reason: str) -> str:
    """Return why acts failed, and how many of several did."""
    if total == 1 or not failed:
        return reason
    return ", ".join(filter(None, (tr("{failed} of {total}").format(failed=failed, total=total), reason)))


def named_task(label: str, names: tuple[str, ...]) -> str:
    what = task_name(label)
    if not names:
        return what
    return f"{what}: {names[0] if len(names) == 1 else words.count(len(names), 'object')}"
