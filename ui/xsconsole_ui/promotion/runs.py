"""A run as the inspector shows it: ours as it goes, another console's as its record on the pool says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xsconsole.domain import words
from xsconsole.domain.board import Board, Card, RunView
from xsconsole.domain.ids import Digest, StepKey
from xsconsole.domain.plan import Disks, Plan, RunKind, Step
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.runs import RunState, RunStatus, left_s, share_of, step_left_s, undo_left_s
from xsconsole.engine.commands import Demote, Promote
from xsconsole.errors import ConsoleError
from xsconsole_ui.promotion.rows import Mark, Row
from xsconsole_ui.texts import tr


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """One run. `who` is empty for a run of this console; `digest` is of the plan as it was confirmed."""

    plan: Plan
    digest: Digest
    state: RunState
    settled: frozenset[StepKey]
    undone: frozenset[StepKey]
    current: frozenset[StepKey]
    failed: StepKey | None
    progress: float
    going: Mapping[StepKey, float] = field(default_factory=dict)
    left_s: float | None = None
    who: str = ""
    error: ConsoleError | None = None
    failure: str = ""
    took_s: Mapping[StepKey, float] = field(default_factory=dict)
    remarks: Mapping[StepKey, str] = field(default_factory=dict)
    is_aborted: bool = False
    silence: str = ""  # what is known of a console that works on it and gives no sign of life

    @property
    def is_going(self) -> bool:
        return self.state in (RunState.RUNNING, RunState.UNDOING)

    @property
    def can_be_stopped(self) -> bool:
        """Whether it goes forward here, so that it can be given up."""
        return self.state is RunState.RUNNING and not self.who and not self.is_aborted


def own(status: RunStatus) -> ShownRun:
    """Return a run of this console."""
    return ShownRun(
        plan=status.plan,
        digest=status.digest,
        state=status.state,
        settled=frozenset(status.settled),
        undone=frozenset(status.undone),
        current=frozenset(status.current),
        failed=status.failed,
        progress=status.progress,
        going=status.going,
        left_s=status.left_s,
        error=status.error,
        took_s=status.took_s,
        remarks=status.remarks,
        is_aborted=status.is_aborted,
    )


def recorded(view: RunView, silence: str = "") -> ShownRun:
    """Return a run as its record on the pool tells it; `silence`: that who works on it gives no sign of life."""
    record, holder = view.record, view.holder  # who settles a run need not be who began it
    going = RunState.UNDOING if record.is_undoing else RunState.RUNNING
    settled, undone = frozenset(record.settled), frozenset(record.undone)
    return ShownRun(
        plan=record.plan,
        digest=record.plan_digest,
        state=RunState.INTERRUPTED if holder is None else going,
        settled=settled,
        undone=undone,
        current=frozenset() if holder is None else frozenset(_coming(record)),
        failed=record.failed,
        progress=share_of(record.plan, settled - undone),
        left_s=_left_s(record) if holder is not None else None,
        who=tr("{actor} from {console_name}").format(actor=record.actor, console_name=record.console_name)
        if holder is None
        else tr("{actor} from {console}").format(actor=holder.actor, console=holder.console),
        failure=record.failure,
        silence=silence,
    )


def _left_s(record: RunRecord) -> float:
    if record.is_undoing:
        return undo_left_s(record.plan, set(record.settled) - set(record.undone))
    return left_s(record.plan, record.settled, {})


def _coming(record: RunRecord) -> tuple[StepKey, ...]:
    """Return the step that is next: it is what the console that works on it does now, as far as its record tells."""
    steps = record.plan.steps
    if record.is_undoing:
        left = set(record.settled) - set(record.undone)
        return tuple(step.key for step in reversed(steps) if step.key in left)[:1]
    return tuple(step.key for step in steps if step.key not in record.settled)[:1]


def again(run: ShownRun, board: Board) -> Promote | Demote | None:
    """Return what asks once more for a promotion or demotion that failed here and was put back; else None.

    An emergency is declared anew, for its own reason.
    """
    intent, card = run.plan.intent, board.cards.get(run.plan.intent.configuration)
    failed = run.state is RunState.UNDONE and run.error is not None and not run.who and not run.plan.is_emergency
    if not failed or card is None or card.run is not None or intent.target is None or card.stage != intent.source:
        return None
    if intent.kind is RunKind.PROMOTE:
        return Promote(configuration=card.id, revision=card.revision, target=intent.target)
    if intent.kind is RunKind.DEMOTE:
        disks = intent.disks or Disks.KEEP
        return Demote(configuration=card.id, revision=card.revision, target=intent.target, disks=disks)
    return None


def step_rows(plan: Plan, run: ShownRun | None) -> tuple[Row, ...]:
    """Return a row for each step: as planned, or with what became of it."""
    return tuple(
        Row(mark=_mark(step.key, run), text=words.describe(step), aside=_time_of(step, run)) for step in plan.steps
    )


def _time_of(step: Step, run: ShownRun | None) -> str:
    """Return what a step took; an estimate only while it may still begin or goes on."""
    if run is not None and step.key in run.took_s and step.key not in run.current:
        return words.exact_duration(run.took_s[step.key])
    if run is not None and run.going.get(step.key, 0.0) > 0 and run.state is RunState.RUNNING:
        done = run.going[step.key]
        left = words.duration(step_left_s(step, done))
        return tr("{share}, {left} left").format(share=f"{done:.0%}", left=left)
    may_begin = run is None or (run.state is RunState.RUNNING and step.key not in run.settled)
    return words.duration(step.estimate.seconds) if may_begin and step.estimate.seconds >= 1 else ""


def _mark(key: StepKey, run: ShownRun | None) -> Mark:
    if run is None:
        return Mark.WAITING
    if key == run.failed:
        return Mark.FAILED
    if key in run.current:
        return Mark.CURRENT
    if key in run.undone:
        return Mark.UNDONE
    if key in run.remarks:
        return Mark.WARNING
    return Mark.DONE if key in run.settled else Mark.WAITING


def is_taken(card: Card, status: RunStatus) -> bool:
    """Whether another console settles a run of this one right now."""
    view = card.run
    return view is not None and view.record.run == status.run and view.holder is not None
