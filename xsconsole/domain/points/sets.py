"""Sets of snapshots of all members of a configuration: restore points, and what was frozen for a request."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, StageId, TransitionId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import Purpose
from xsconsole.domain.poolstate import RestorePointMark

Marked = tuple[VM, RestorePointMark]
"""A snapshot, and what it carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """A snapshot of every member, taken by one run before it changed anything."""

    run: RunId
    stage: StageId  # where the configuration stood
    at: datetime
    snapshots: Mapping[Uuid, Uuid]  # member -> snapshot
    is_whole: bool  # every present member has its snapshot
    way: TransitionId | None = None  # the transition that took it, whose rule says how long it is kept
    is_aside: bool = False  # the present that a return to a restore point set aside
    is_by_hand: bool = False  # by no way, but because somebody wanted one


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What was frozen of a configuration for a request. `skew_s` lies between the first and the last snapshot."""

    request: RequestId
    configuration: ConfigurationId
    at: datetime
    skew_s: float
    snapshots: Mapping[Uuid, Uuid]  # member -> snapshot
    is_of_running: bool  # a machine ran: its disks hold what a power cut would have left
    is_spent: bool  # copies were made of it


def restore_points(
    marked: Iterable[Marked], present: set[Uuid], purpose: Purpose = Purpose.RESTORE_POINT
) -> tuple[RestorePoint, ...]:
    """Return the restore points, or what was set aside, newest first. `present` are the members that there are."""
    by_run: dict[RunId, list[Marked]] = defaultdict(list)
    for snapshot, mark in sorted(marked, key=lambda pair: pair[0].uuid):
        if mark.purpose == purpose:
            by_run[mark.run].append((snapshot, mark))
    points = (
        RestorePoint(
            run=run,
            stage=parts[0][1].stage,
            at=min(mark.at for _, mark in parts),
            snapshots={mark.vm: snapshot.uuid for snapshot, mark in parts},
            is_whole=bool(present) and present <= {mark.vm for _, mark in parts},
            way=parts[0][1].transition,
            is_aside=purpose is Purpose.SET_ASIDE,
            is_by_hand=parts[0][1].is_by_hand,
        )
        for run, parts in by_run.items()
    )
    return tuple(sorted(points, key=lambda point: point.at, reverse=True))


def candidates(marked: Iterable[Marked]) -> tuple[Candidate, ...]:
    """Return what was frozen for requests, oldest first; snapshots of one without a request belong to a run."""
    found: dict[tuple[ConfigurationId, RequestId], list[Marked]] = defaultdict(list)
    for snapshot, mark in sorted(marked, key=lambda pair: pair[0].uuid):
        if mark.frozen is not None and mark.purpose in (Purpose.CANDIDATE, Purpose.SPENT):
            found[mark.configuration, mark.frozen.request].append((snapshot, mark))
    made = (_candidate(configuration, request, parts) for (configuration, request), parts in found.items())
    return tuple(sorted(made, key=lambda candidate: (candidate.at, candidate.request)))


def _candidate(configuration: ConfigurationId, request: RequestId, parts: list[Marked]) -> Candidate:
    moments = [mark.at for _, mark in parts]
    return Candidate(
        request=request,
        configuration=configuration,
        at=min(moments),
        skew_s=(max(moments) - min(moments)).total_seconds(),
        snapshots={mark.vm: snapshot.uuid for snapshot, mark in parts},
        is_of_running=any(mark.was_running for _, mark in parts),
        is_spent=any(mark.purpose == Purpose.SPENT for _, mark in parts),
    )
