"""Several configurations to one stage, or one verb to several: one plan made of theirs, and what became of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from xsconsole.domain.canonical import digest_of
from xsconsole.domain.ids import ConfigurationId, Digest, RequestId, RunId, StageId
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.side_by_side import load_s
from xsconsole.domain.words import count, kind_name, listing
from xsconsole.errors import Refused

AT_ONCE = 4
"""So many go side by side; what their steps do to one storage and one host is held back by the engine besides."""


class PartState(StrEnum):
    """How it stands with one of them."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ASKED = "asked for"  # others have to approve it; its request stands on the pool
    REFUSED = "refused"  # nothing was changed
    FAILED = "failed"  # its run did not get through: it was put back, or stands interrupted
    ELSEWHERE = "settled elsewhere"  # its console died, and another one resumed or undid its run
    SKIPPED = "not begun"  # one that failed, or somebody, stopped the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of them, planned as if those before it ran already: with its plan, or with why it cannot go.

    It begins once the runs of those in `after` have ended: they hold what it needs. `made` is the id that was given to
    what it made, where it was planned by another one.
    """

    configuration: ConfigurationId
    name: str
    plan: Plan | None = None
    refusal: Refused | None = None
    after: tuple[ConfigurationId, ...] = ()
    state: PartState = PartState.WAITING
    run: RunId | None = None
    request: RequestId | None = None
    sentence: str = ""  # what became of it, where that says more than the state
    made: ConfigurationId | None = None

    @property
    def id(self) -> ConfigurationId:
        return self.made or self.configuration

    @property
    def is_ready(self) -> bool:
        return self.plan is not None and self.refusal is None

    @property
    def is_asked(self) -> bool:
        """Whether others have to approve it, so that it becomes a request and no run."""
        return self.is_ready and self.plan is not None and self.plan.demand is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """All of them in the order in which they go, as far as they do not go side by side. Sizes in bytes."""

    target: StageId | None  # None: they stay where they are
    parts: tuple[Part, ...]

    @property
    def ready(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_ready)

    @property
    def kind(self) -> RunKind | None:
        """What is done to them, where they stay where they are."""
        kinds = (part.plan.intent.kind for part in self.parts if part.plan is not None)
        return next(kinds, None) if self.target is None else None

    @property
    def questions(self) -> tuple[str, ...]:
        """What whoever confirms has to answer with yes, each once."""
        return tuple(dict.fromkeys(one for part in self.ready if part.plan is not None for one in part.plan.questions))

    @property
    def machines(self) -> int:
        """Return at how many machines something is done."""
        actions = [step.action for part in self.ready if part.plan is not None for step in part.plan.steps]
        touched = {vm for action in actions if (vm := getattr(action, "vm", None)) is not None}
        return len(touched | {vm for action in actions for vm in getattr(action, "vms", ())})

    def title(self, stage: str) -> str:
        """Return what is done to how many, in one line; `stage` is what the one they go to is called."""
        number = count(len(self.ready), "configuration")
        return f"{number} to {stage}" if self.kind is None else f"{kind_name(self.kind)} {number}"

    @property
    def running(self) -> tuple[Part, ...]:
        """Those that are carried out at once."""
        return tuple(part for part in self.ready if not part.is_asked)

    @property
    def asked(self) -> tuple[Part, ...]:
        """Those that are asked for."""
        return tuple(part for part in self.ready if part.is_asked)

    @property
    def refused(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.refusal is not None)

    @property
    def digest(self) -> Digest:
        """The digest of what will be done, in its order; who cannot go is in it by name."""
        return digest_of([part.plan.digest if part.is_ready and part.plan else part.name for part in self.parts])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever confirms must see, each once, and of which of several."""
        whose: dict[str, list[str]] = {}
        for part in self.ready:
            for warning in dict.fromkeys(part.plan.warnings if part.plan is not None else ()):
                whose.setdefault(warning, []).append(part.name)
        if len(self.ready) == 1:
            return tuple(whose)
        every = f"Each of the {len(self.ready)}"
        called = {
            warning: every if len(names) == len(self.ready) else listing(tuple(names))
            for warning, names in whose.items()
        }
        return tuple(f"{called[warning]}: {warning}" for warning in whose)

    @property
    def asks(self) -> bool:
        return any(part.plan is not None and part.plan.asks for part in self.ready)

    @property
    def size_bytes(self) -> int:
        return sum(part.plan.size_bytes for part in self.running if part.plan is not None)

    @property
    def duration_s(self) -> float:
        """Return how long all runs take, so many at once, each as soon as those before it have ended.

        It is never less than what the storage or the host that they share most has to do.
        """
        ends: dict[ConfigurationId, float] = {}
        free = [0.0] * AT_ONCE
        for part in self.running:
            begins = max([min(free), *(ends[one] for one in part.after if one in ends)])
            ends[part.configuration] = begins + (part.plan.duration_s if part.plan is not None else 0.0)
            free[free.index(min(free))] = ends[part.configuration]
        busiest_s = load_s([work for part in self.running if part.plan is not None for work in part.plan.works])
        return max(busiest_s, *ends.values(), 0.0)

    @property
    def downtime_s(self) -> float:
        return sum(part.plan.downtime_s for part in self.running if part.plan is not None)

    @property
    def is_over(self) -> bool:
        return not any(part.state in (PartState.WAITING, PartState.RUNNING) for part in self.ready)

    def waits_for(self, part: Part) -> list[ConfigurationId]:
        """Return whose runs have to end before that of a part begins, by the ids that they have by now."""
        return [one.id for one in self.parts if one.configuration in part.after]

    def changed(self, configuration: ConfigurationId, change: Callable[[Part], Part]) -> "BatchPlan":
        """Return the batch with one part changed."""
        parts = (change(part) if part.configuration == configuration else part for part in self.parts)
        return replace(self, parts=tuple(parts))
