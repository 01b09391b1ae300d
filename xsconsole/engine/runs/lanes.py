"""What steps share, of one run and of runs side by side, and how many may use it at once: a storage, a host.

Snapshots are not held back: the fewer at once, the further apart they are.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xsconsole.domain.actions.copies import CopyMachine, StartCopy
from xsconsole.domain.actions.placing import Migrate, MoveDisk
from xsconsole.domain.actions.service import Resume
from xsconsole.domain.actions.travel import MoveAcross
from xsconsole.domain.ids import StepKey, Uuid
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


NO_LANES = Lanes(of=MappingProxyType({}))


class Traffic:
    """How many steps use each lane now, of all the runs of an engine."""

    def __init__(self) -> None:
        self._taken: Counter[Lane] = Counter()
        self._waiting: list[asyncio.Future[None]] = []

    def enter(self, lane: Lane, room: int) -> bool:
        """Take a place on a lane; False where there is none."""
        if self._taken[lane] >= room:
            return False
        self._taken[lane] += 1
        return True

    def leave(self, lane: Lane) -> None:
        self._taken[lane] -= 1
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def change(self) -> asyncio.Future[None]:
        """Return what is done once somebody has left a lane."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future


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
        case MoveDisk(sr=sr) | MoveAcross(sr=sr):
            return Lane(kind=Shared.STORAGE, uuid=sr)
        case Start() | StartCopy() | Migrate() | Resume() if step.host is not None:
            return Lane(kind=Shared.HOST, uuid=step.host)
    return None
