"""Acts on single objects as they go on: a job has an item for each object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.acts import Act, JobId, ObjectId
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import Uuid
from xsconsole.domain.record import Outcome
from xsconsole.errors import ConsoleError, Refused


class ItemState(StrEnum):
    WAITING = "waiting"
    GOING = "going"
    DONE = "done"
    REFUSED = "refused"  # it was looked at once more before its turn, and could not be done any more
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # the road broke, and nobody can tell whether it took effect


ENDED = frozenset(ItemState) - {ItemState.WAITING, ItemState.GOING}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """One object of a job. `progress` is 0 to 1; `found` is what is worth a record of how it was done."""

    object: ObjectId
    name: str
    state: ItemState = ItemState.WAITING
    progress: float = 0.0
    error: ConsoleError | None = None
    found: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A job of this console as it stands now; `given` is the host, name, tag, folder or key that it is done with."""

    job: JobId
    act: Act
    items: tuple[JobItem, ...]
    actor: str
    started_at: datetime
    given: str = ""
    ended_at: datetime | None = None

    @property
    def progress(self) -> float:
        """How much of it is done, from 0 to 1."""
        return sum(1.0 if item.state in ENDED else item.progress for item in self.items) / len(self.items)

    @property
    def is_good(self) -> bool:
        """Whether every object was done."""
        return all(item.state is ItemState.DONE for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether an act can be done to an object now, and why not. `warning` is what to know before it is."""

    object: ObjectId
    name: str
    refusal: Refused | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastItem:
    """One object of a job as it is on record; without an outcome nobody knows yet what became of it."""

    object: ObjectId
    name: str
    outcome: Outcome | None = None
    settled_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJob:
    """A job as it is on record. `process` names the process of this home that began it."""

    job: JobId
    pool: Uuid
    process: str
    act: Act
    actor: str
    opened_at: datetime
    items: tuple[PastItem, ...]
    given: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTask:
    """A task of the pool as this home saw it last; `objects` are those it was seen to work on.

    One that went on then has the status of a task that goes on, and `ended_at` says when it was last looked at.
    """

    pool: Uuid
    task: Uuid
    label: str
    began_at: datetime
    ended_at: datetime
    status: str
    error: tuple[str, ...] = ()
    objects: tuple[ObjectId, ...] = ()
