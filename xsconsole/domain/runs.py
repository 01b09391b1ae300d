"""Runs and targets as people see them: what goes on, and what could be started."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.actions.copies import StartCopy
from xsconsole.domain.actions.placing import BringTo, Migrate, MoveDisk
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.actions.travel import MoveAcross
from xsconsole.domain.ids import Digest, RunId, StageId, StepKey
from xsconsole.domain.plan import WITHOUT_INVERSE, Disks, Plan, Revert, ShutDown, Start, Step
from xsconsole.domain.side_by_side import Work, lane_back_of, span_s
from xsconsole.domain.workflow import Kind
from xsconsole.errors import ConsoleError, Refused

LEAST_WEIGHT_S = 0.1
SOON_S = 3.0
AS_LONG_BACK = (Start, ShutDown, Revert, StartCopy, MoveAcross, MoveDisk, BringTo, Migrate, Suspend, Resume, SwitchOff)
KEPT = "kept"
"""What is known of a snapshot that was not destroyed on the way back, as its machine is gone."""
GONE = "gone"
"""What is known of a step that was not put back, as its machine is gone from the pool."""


def share_of(plan: Plan, stands: Collection[StepKey], going: Mapping[StepKey, float] | None = None) -> float:
    """Return how much of a plan is done, from 0 to 1, by the time that its steps are estimated to take.

    `stands` are the steps that are settled and not undone; `going` says how far those are that go on.
    """
    weights = {step.key: max(step.estimate.seconds, LEAST_WEIGHT_S) for step in plan.steps}
    done_s = sum(weights[key] for key in set(stands) & weights.keys())
    parts = {key: part for key, part in (going or {}).items() if key in weights and key not in stands}
    done_s += sum(weights[key] * min(max(part, 0.0), 1.0) for key, part in parts.items())
    return min(1.0, done_s / sum(weights.values())) if weights else 0.0


def left_s(plan: Plan, settled: Collection[StepKey], going: Mapping[StepKey, float]) -> float:
    """Return how long a run that goes forward is likely to go on, by what its steps have left."""
    return span_s(plan.works, settled=settled, going=going)


def undo_left_s(plan: Plan, stands: Collection[StepKey]) -> float:
    """Return how long it is likely to take to put back what `stands`, against the order of steps, so many at once.

    What was moved, started or stopped takes about as long again; what was made or written is soon away.
    """
    found = set(stands)
    return span_s(works_back(plan, [step.key for step in plan.steps if step.key in found]))


def works_back(plan: Plan, done: Sequence[StepKey]) -> tuple[Work, ...]:
    """Return what puts back steps that were `done` in this order: the last first, each after all that came after it.

    A step uses the storage or the host that it puts something back to, as steps that go forward do.
    """
    followers: dict[StepKey, list[StepKey]] = {key: [] for key in done}
    steps = [plan.step(key) for key in reversed(done)]
    for step in steps:
        for before in step.after:
            if before in followers:
                followers[before].append(step.key)
    return tuple(
        Work(
            key=step.key,
            after=tuple(followers[step.key]),
            seconds=_undo_s(step),
            lane=lane_back_of(step.action, step.back),
        )
        for step in steps
    )


def _undo_s(step: Step) -> float:
    if isinstance(step.action, WITHOUT_INVERSE):
        return 0.0
    return step.estimate.seconds if isinstance(step.action, AS_LONG_BACK) else min(step.estimate.seconds, SOON_S)


def step_left_s(step: Step, done: float) -> float:
    """Return how much of its estimate a step has left, of which so much is done, from 0 to 1."""
    return step.estimate.seconds * (1.0 - min(max(done, 0.0), 1.0))


class RunState(StrEnum):
    RUNNING = "running"
    UNDOING = "undoing"
    DONE = "done"
    UNDONE = "undone"  # it failed, and what it had done was put back
    INTERRUPTED = "interrupted"  # neither finished nor undone; the run record stands on the pool
    SETTLED_ELSEWHERE = "settled-elsewhere"  # it was interrupted; another console finished it, or its end was not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """A run of this console as it stands now. `progress` is its `share_of`, which shrinks while it is put back.

    `plan` is as it is carried out, and `digest` is of the plan as it was confirmed.

    `took_s` says how long steps took here, in their last direction; those of an earlier process are not in it.
    """

    run: RunId
    plan: Plan
    digest: Digest
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    settled: tuple[StepKey, ...] = ()
    undone: tuple[StepKey, ...] = ()
    failed: StepKey | None = None  # for which it is put back
    current: tuple[StepKey, ...] = ()
    going: Mapping[StepKey, float] = field(default_factory=dict)  # how far each of `current` is, from 0 to 1
    progress: float = 0.0
    took_s: Mapping[StepKey, float] = field(default_factory=dict)
    is_aborted: bool = False  # it was stopped on request, and is put back once what goes on has ended
    error: ConsoleError | None = None
    remarks: Mapping[StepKey, str] = field(default_factory=dict)  # by gate that was not met and leads nowhere back

    @property
    def left_s(self) -> float | None:
        """How long it is likely to go on, forward or back; None where it does not."""
        if self.state is RunState.UNDOING:
            return undo_left_s(self.plan, set(self.settled) - set(self.undone))
        return left_s(self.plan, self.settled, self.going) if self.state is RunState.RUNNING else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stage that a card could go to: with its plan, or with the reason why not.

    Both stand where a plan may be looked at, and this log-in may not carry it out.
    """

    stage: StageId
    kind: Kind | None
    plan: Plan | None
    refusal: Refused | None

    @property
    def disks(self) -> Disks:
        """Return what a demotion there does with the disks unless somebody chooses otherwise."""
        return (self.plan.intent.disks if self.plan is not None else None) or Disks.KEEP
