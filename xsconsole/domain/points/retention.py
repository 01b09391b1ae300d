"""How long restore points are kept: the rule of the way that took them, and what still needs one beyond that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, RunId, TransitionId
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.requests.values import Request
from xsconsole.domain.words import count, instant, listing
from xsconsole.domain.workflow import Transition, Workflow
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.gates import RecentRestorePoint

FOREVER = "kept until somebody removes it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How a restore point, or what was set aside, stands by the rule of its way.

    `expires_at` is the end of its time, None where it has none. `why` says in a few words how long it is kept or why it
    has expired; `needed` says what still needs it, so that nobody removes it now.
    """

    configuration: ConfigurationId
    point: RestorePoint
    expires_at: datetime | None
    is_expired: bool
    why: str
    needed: str = ""

    @property
    def is_due(self) -> bool:
        """Whether it goes by itself."""
        return self.is_expired and not self.needed


def keepings(card: Card, board: Board, requests: Iterable[Request], at: datetime) -> tuple[Keeping, ...]:
    """Return how each restore point of a configuration stands, and after them what was set aside, each newest first.

    `requests` are those that stand on the pool. Where the clocks are not agreed, `at` is the earliest of what they say.
    Pure.
    """
    needed = needs(card, board, requests, at)
    return tuple(
        _keeping(card, point, among, board.workflow, needed.get(point.run, ""), at)
        for among in (card.restore_points, card.asides)
        for point in among
    )


def needs(card: Card, board: Board, requests: Iterable[Request], at: datetime) -> Mapping[RunId, str]:
    """Return what still needs restore points of a configuration, by the run that took them.

    A run on it may need any of them, to go on or to be put back. A request that can still be carried out needs the one
    that it returns to, and the newest where a gate of its way looks at that.
    """
    every = (*card.restore_points, *card.asides)
    if card.run is not None:
        return {point.run: f"A run of {shortened(card.run.record.actor, 40)} stands on it." for point in every}
    found: dict[RunId, str] = {}
    for request in requests:
        if _can_run(request, card, at):
            point = _wanted(request, card, board.workflow)
            if point is not None:
                found[point] = f"Request {request.id[:8]} needs it."
    return found


def _can_run(request: Request, card: Card, at: datetime) -> bool:
    intent = request.intent
    is_as_asked = (intent.configuration, intent.revision) == (card.id, card.revision)
    return is_as_asked and (request.expires_at is None or at < request.expires_at)


def _wanted(request: Request, card: Card, workflow: Workflow | None) -> RunId | None:
    if request.intent.restore_point is not None:
        return request.intent.restore_point
    transition = request.intent.transition
    way = workflow.transition_of(transition) if workflow is not None and transition is not None else None
    looks = way is not None and any(isinstance(gate, RecentRestorePoint) for gate in way.gates)
    return next((point.run for point in card.restore_points if point.is_whole), None) if looks else None


def covered(point: RestorePoint, card: Card) -> tuple[int, int]:
    """Return of how many members it is, and how many there are, those included that are gone from the pool."""
    return len(point.snapshots), len(card.members) + len(card.missing)


def taken_words(point: RestorePoint, workflow: Workflow | None, stage: str) -> str:
    """Return of which promotion a restore point is, such as `Staging → Production`; `stage` is where it stood."""
    if point.is_aside:
        return f"set aside in {stage}"
    if point.is_by_hand:
        return f"by hand in {stage}"
    way = way_of(point, workflow)
    if way is not None and way.target == point.stage:
        return f"before it gave way in {stage}"
    target = workflow.stage(way.target) if workflow is not None and way is not None else None
    return f"{stage} → {shortened(target.name, 40)}" if target is not None else f"out of {stage}"


def limited_ways(workflow: Workflow | None) -> frozenset[TransitionId]:
    """Return the ways whose restore points are not kept for ever."""
    return frozenset(
        way.id
        for way in (workflow.transitions if workflow is not None else ())
        if way.restore_point is not None and (way.restore_point.kept_s, way.restore_point.most) != (None, None)
    )


def way_of(point: RestorePoint, workflow: Workflow | None) -> Transition | None:
    """Return the way that took a restore point, as the workflow that stands has it."""
    return workflow.transition_of(point.way) if workflow is not None and point.way is not None else None


def _keeping(
    card: Card, point: RestorePoint, among: Sequence[RestorePoint], workflow: Workflow | None, needed: str, at: datetime
) -> Keeping:
    way = way_of(point, workflow)
    rule = way.restore_point if way is not None else None
    expires_at = point.at + timedelta(seconds=rule.kept_s) if rule is not None and rule.kept_s is not None else None
    newer = sum(1 for other in among if other.way == point.way and other.is_whole and _age(other) > _age(point))
    is_displaced = rule is not None and rule.most is not None and newer >= rule.most
    is_over = expires_at is not None and expires_at <= at
    if is_displaced:
        why = "expired: there are newer ones"
    elif expires_at is not None:
        why = f"expired on {instant(expires_at)}" if is_over else f"kept until {instant(expires_at)}"
    elif rule is not None and rule.most is not None:
        why = "kept until a newer one is there" if rule.most == 1 else f"kept until {rule.most} newer ones are there"
    else:
        why = FOREVER
    return Keeping(
        configuration=card.id,
        point=point,
        expires_at=expires_at,
        is_expired=is_displaced or is_over,
        why=why,
        needed=needed,
    )


def _age(point: RestorePoint) -> tuple[datetime, RunId]:
    return point.at, point.run


def expiring_by(workflow: Workflow, board: Board, at: datetime) -> tuple[Finding, ...]:
    """Return, for each way, which restore points a version would let expire that the one that stands keeps. Pure."""
    standing = board.workflow
    if standing is None or standing.id != workflow.id or not _is_shorter(workflow, standing):
        return ()
    found: dict[TransitionId, list[str]] = defaultdict(list)
    newer = replace(board, workflow=workflow)
    for card in board.cards.values():
        expired = {one.point.run for one in keepings(card, board, (), at) if one.is_expired}
        for one in keepings(card, newer, (), at):
            if one.is_expired and one.point.run not in expired and one.point.way is not None:
                found[one.point.way].append(card.name)
    return tuple(
        Finding(
            rule="restore-points-expire",
            severity=Severity.WARNING,
            sentence=f"{count(len(names), 'restore point')} of {listing(tuple(dict.fromkeys(names)))} "
            f"{'expires' if len(names) == 1 else 'expire'} when this is published, and cannot be brought back.",
            transition=way,
            field="restore_point",
        )
        for way, names in found.items()
    )


def _is_shorter(workflow: Workflow, standing: Workflow) -> bool:
    """Return whether a way keeps restore points for less than before; most edits change nothing of it."""
    before = {way.id: way.restore_point for way in standing.transitions}
    return any(way.id in before and way.restore_point not in (before[way.id], None) for way in workflow.transitions)
