"""A workflow that somebody works on: private to one home until it is published, with all that can be undone."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.ids import DraftId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.history import History, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`base` is the published version that it began with, None for one that began with nothing published.

    `revision` grows at each save: of two that save the same one, the second is told.
    """

    id: DraftId
    name: str
    history: History
    base: Workflow | None
    revision: int
    updated_at: datetime

    @property
    def workflow(self) -> Workflow:
        return self.history.workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftHeading:
    """A draft as a list shows it. `problem` is a sentence that says why it cannot be opened here; empty: it can."""

    id: DraftId
    name: str
    base_version: int | None
    revision: int
    updated_at: datetime
    steps: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One workflow on the line of all that was done and undone; `label` says what led to it, empty at the start."""

    label: str
    merge: str
    workflow: Workflow


def moments(history: History) -> tuple[tuple[Moment, ...], int]:
    """Return a history as one line from its start to what can be redone, and where on it one stands."""
    start = Moment(label="", merge="", workflow=history.base)
    done = [Moment(label=step.label, merge=step.merge, workflow=step.workflow) for step in history.done]
    undone = [Moment(label=step.label, merge=step.merge, workflow=step.workflow) for step in reversed(history.undone)]
    return (start, *done, *undone), len(done)


def history_of(line: tuple[Moment, ...], at: int) -> History:
    """Return the history that `moments` took apart."""
    steps = [Step(label=moment.label, merge=moment.merge, workflow=moment.workflow) for moment in line[1:]]
    return History(base=line[0].workflow, done=tuple(steps[:at]), undone=tuple(reversed(steps[at:])))
