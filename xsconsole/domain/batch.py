"""Several configurations on their way to one stage: one plan made of theirs, and what became of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from xsconsole.domain.canonical import digest_of
from xsconsole.domain.ids import ConfigurationId, Digest, RunId, StageId
from xsconsole.domain.plan import Plan
from xsconsole.errors import Refused


class PartState(StrEnum):
    """How it stands with one of them."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # nothing was changed
    FAILED = "failed"  # its run did not get through: it was put back, or stands interrupted
    SKIPPED = "not begun"  # one before it failed, or somebody stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of them, planned as if those before it ran already: with its plan, or with why it cannot go."""

    configuration: ConfigurationId
    name: str
    plan: Plan | None = None
    refusal: Refused | None = None
    state: PartState = PartState.WAITING
    run: RunId | None = None
    sentence: str = ""  # what became of it, where that says more than the state


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """All of them in the order in which they go. Sizes in bytes; each waits for the one before it."""

    target: StageId
    parts: tuple[Part, ...]

    @property
    def ready(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.plan is not None and part.refusal is None)

    @property
    def refused(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.refusal is not None)

    @property
    def digest(self) -> Digest:
        """The digest of what will be done, in its order; who cannot go is in it by name."""
        return digest_of([part.plan.digest if part in self.ready and part.plan else part.name for part in self.parts])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever confirms must see, each once."""
        every = (warning for part in self.ready if part.plan is not None for warning in part.plan.warnings)
        return tuple(dict.fromkeys(every))

    @property
    def asks(self) -> bool:
        return any(part.plan is not None and part.plan.asks for part in self.ready)

    @property
    def size_bytes(self) -> int:
        return sum(part.plan.size_bytes for part in self.ready if part.plan is not None)

    @property
    def duration_s(self) -> float:
        return sum(part.plan.duration_s for part in self.ready if part.plan is not None)

    @property
    def downtime_s(self) -> float:
        return sum(part.plan.downtime_s for part in self.ready if part.plan is not None)

    @property
    def is_over(self) -> bool:
        return not any(part.state in (PartState.WAITING, PartState.RUNNING) for part in self.ready)

    def changed(self, configuration: ConfigurationId, change: Callable[[Part], Part]) -> "BatchPlan":
        """Return the batch with one part changed."""
        parts = (change(part) if part.configuration == configuration else part for part in self.parts)
        return replace(self, parts=tuple(parts))
