"""What steps of a run share, and how many may use it at once: a storage that is filled, a host that starts.

Snapshots are not held back: the fewer at once, the further apart they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain.copy_actions import CopyMachine, StartCopy
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.placing_actions import Migrate, MoveDisk
from xsconsole.domain.plan import Plan, Start, Step
from xsconsole.domain.workflow import Method

COPIES_INTO_A_STORAGE = 2
STARTS_ON_A_HOST = 3


class Shared(StrEnum):
    STORAGE = "storage"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One storage or host."""

    kind: Shared
    uuid: Uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """The lane of each step that has one."""

    of: Mapping[StepKey, Lane]

    def room(self, lane: Lane) -> int:
        return COPIES_INTO_A_STORAGE if lane.kind is Shared.STORAGE else STARTS_ON_A_HOST


def lanes_of(plan: Plan) -> Lanes:
    found = ((step.key, _lane(step)) for step in plan.steps)
    return Lanes(of={key: lane for key, lane in found if lane is not None})


def most_urgent_first(plan: Plan) -> tuple[Step, ...]:
    """Return the steps by how long the chain is that begins with each: it decides when the run can end."""
    left_s: dict[StepKey, float] = {}
    for step in reversed(plan.steps):  # what comes after a step stands after it
        left_s[step.key] = left_s.get(step.key, 0.0) + step.estimate.seconds
        for before in step.after:
            left_s[before] = max(left_s.get(before, 0.0), left_s[step.key])
    ordered = sorted(enumerate(plan.steps), key=lambda pair: (-left_s[pair[1].key], pair[0]))
    return tuple(step for _, step in ordered)


def _lane(step: Step) -> Lane | None:
    match step.action:
        case CopyMachine(method=Method.FULL_COPY) if step.estimate.space:
            fullest = max(step.estimate.space, key=lambda sr: (step.estimate.space[sr], sr))
            return Lane(kind=Shared.STORAGE, uuid=fullest)
        case MoveDisk(sr=sr):
            return Lane(kind=Shared.STORAGE, uuid=sr)
        case Start() | StartCopy() | Migrate() if step.host is not None:
            return Lane(kind=Shared.HOST, uuid=step.host)
    return None
