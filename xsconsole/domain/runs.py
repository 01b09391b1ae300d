"""Runs and targets as people see them: what goes on, and what could be started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.ids import RunId, StageId, StepKey
from xsconsole.domain.plan import Plan
from xsconsole.domain.workflow import Kind
from xsconsole.errors import ConsoleError, Refused


class RunState(StrEnum):
    RUNNING = "running"
    UNDOING = "undoing"
    DONE = "done"
    UNDONE = "undone"  # it failed, and what it had done was put back
    INTERRUPTED = "interrupted"  # neither finished nor undone; the run record stands on the pool
    SETTLED_ELSEWHERE = "settled-elsewhere"  # it was interrupted, and another console finished it forward or back


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """A run of this console as it stands now. `progress` is 0 to 1 over all steps.

    `took_s` says how long steps took here, in their last direction; those of an earlier process are not in it.
    """

    run: RunId
    plan: Plan
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    settled: tuple[StepKey, ...] = ()
    undone: tuple[StepKey, ...] = ()
    current: tuple[StepKey, ...] = ()
    progress: float = 0.0
    took_s: Mapping[StepKey, float] = field(default_factory=dict)
    error: ConsoleError | None = None
    remarks: Mapping[StepKey, str] = field(default_factory=dict)  # by gate that was not met and leads nowhere back


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stage that a card could go to: with its plan, or with the reason why not.

    Both stand where a plan may be looked at, and this log-in may not carry it out.
    """

    stage: StageId
    kind: Kind | None
    plan: Plan | None
    refusal: Refused | None
