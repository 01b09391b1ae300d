"""How many steps run side by side, in all and of what shares a storage or a host, and how long all of it takes.

The engine keeps to these limits, and estimates count with them: they stand here and nowhere else. Snapshots are not
held back: the fewer at once, the further apart they are.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from types import MappingProxyType

from xsconsole.domain.actions.copies import CopyMachine, StartCopy
from xsconsole.domain.actions.placing import Migrate, MoveDisk
from xsconsole.domain.actions.power import ShutDown, Start
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.actions.travel import MoveAcross, StreamAcross
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.workflow.values import Method

STEPS_AT_ONCE = 4
COPIES_INTO_A_STORAGE = 2
STARTS_ON_A_HOST = 3
WHEREVER = Uuid("")
"""The host of machines that start again on whichever the pool chooses: it may be the same one for all of them."""


class Shared(StrEnum):
    STORAGE = "storage"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One storage or host, which several steps use."""

    kind: Shared
    uuid: Uuid

    @property
    def room(self) -> int:
        """How many steps may use it at once."""
        return COPIES_INTO_A_STORAGE if self.kind is Shared.STORAGE else STARTS_ON_A_HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A step as far as it matters here: what it waits for, how long it takes, and the lane it needs, if any."""

    key: StepKey
    after: Collection[StepKey]
    seconds: float
    lane: Lane | None = None


def lane_of(action: object, host: Uuid | None, space: Mapping[Uuid, int]) -> Lane | None:
    """Return what a step shares with others, by what it does, on which host, and how many bytes on which storages."""
    match action:
        case CopyMachine(method=Method.FULL_COPY) if space:
            return Lane(kind=Shared.STORAGE, uuid=max(space, key=lambda sr: (space[sr], sr)))
        case MoveDisk(sr=sr) | MoveAcross(sr=sr) | StreamAcross(sr=sr):
            return Lane(kind=Shared.STORAGE, uuid=sr)
        case Start() | StartCopy() | Migrate() | Resume() if host is not None:
            return Lane(kind=Shared.HOST, uuid=host)
    return None


def lane_back_of(action: object, back: Uuid | None) -> Lane | None:
    """Return what undoing a step shares with others; `back` is the host that it brings a machine to, where chosen."""
    match action:
        case MoveDisk(original=sr):
            return Lane(kind=Shared.STORAGE, uuid=sr)
        case MoveAcross(original_storage=storages, sr=sr):
            return Lane(kind=Shared.STORAGE, uuid=next(iter(storages.values()), sr))
        case Migrate(original=host):
            return Lane(kind=Shared.HOST, uuid=back or host)
        case ShutDown() | SwitchOff() | Suspend():
            return Lane(kind=Shared.HOST, uuid=WHEREVER)
    return None


def most_urgent_first(works: Sequence[Work]) -> tuple[Work, ...]:
    """Return the steps by how long the chain is that begins with each: it decides when the run can end.

    They are given in an order in which they could run one after another.
    """
    left_s: dict[StepKey, float] = {}
    for work in reversed(works):  # what comes after a step stands after it
        left_s[work.key] = left_s.get(work.key, 0.0) + work.seconds
        for before in work.after:
            left_s[before] = max(left_s.get(before, 0.0), left_s[work.key])
    ordered = sorted(enumerate(works), key=lambda pair: (-left_s[pair[1].key], pair[0]))
    return tuple(work for _, work in ordered)


def span_s(
    works: Sequence[Work],
    *,
    settled: Collection[StepKey] = (),
    going: Mapping[StepKey, float] = MappingProxyType({}),
) -> float:
    """Return how long steps take that begin as the engine begins them: the most urgent first, within all limits.

    So it is never less than the longest chain, nor than the load of the busiest lane. `settled` are those that are
    done; `going` says of those under way how far they are, from 0 to 1.
    """
    begun_first = sorted(most_urgent_first(works), key=lambda work: work.key not in going)
    todo = [work for work in begun_first if work.key not in settled]
    keys = {work.key for work in todo}
    missing: dict[StepKey, int] = {}
    followers: dict[StepKey, list[int]] = defaultdict(list)
    ready: dict[Lane | None, list[int]] = {}  # the places in `todo` of what could begin, by lane
    for place, work in enumerate(todo):
        befores = keys.intersection(work.after)
        missing[work.key] = len(befores)
        for before in befores:
            followers[before].append(place)
        if not befores:
            heappush(ready.setdefault(work.lane, []), place)
    running: list[tuple[float, int]] = []
    taken: Counter[Lane] = Counter()
    now_s = 0.0
    while True:
        while len(running) < STEPS_AT_ONCE:
            open_ = [(places[0], lane) for lane, places in ready.items() if lane is None or taken[lane] < lane.room]
            if not open_:
                break
            place, lane = min(open_, key=lambda pair: pair[0])
            heappop(ready[lane])
            if not ready[lane]:
                del ready[lane]
            if lane is not None:
                taken[lane] += 1
            work = todo[place]
            part = min(max(going.get(work.key, 0.0), 0.0), 1.0)
            heappush(running, (now_s + work.seconds * (1.0 - part), place))
        if not running:
            return now_s
        now_s = running[0][0]
        while running and running[0][0] == now_s:
            work = todo[heappop(running)[1]]
            if work.lane is not None:
                taken[work.lane] -= 1
            for place in followers[work.key]:
                follower = todo[place]
                missing[follower.key] -= 1
                if not missing[follower.key]:
                    heappush(ready.setdefault(follower.lane, []), place)


def load_s(works: Collection[Work]) -> float:
    """Return how long the busiest lane is busy with them."""
    loads: dict[Lane, float] = defaultdict(float)
    for work in works:
        if work.lane is not None:
            loads[work.lane] += work.seconds / work.lane.room
    return max(loads.values(), default=0.0)
