"""A walk through a draft, without a pool: what opens for one configuration, one person and one moment, and why not.

Gates that look at machines are only named: whether they pass is known when there are machines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.folding import shown
from xsconsole.domain.ids import PersonId, StageId
from xsconsole.domain.words import count, instant, listing
from xsconsole.domain.workflow.afterwards import DemoteIncumbent, Review
from xsconsole.domain.workflow.findings.approvals import can_approve, named_by
from xsconsole.domain.workflow.findings.ground import Occupant
from xsconsole.domain.workflow.gates import MaintenanceWindow
from xsconsole.domain.workflow.giving_way import gives_way, has_slot, leads_back, way_back_from
from xsconsole.domain.workflow.names import group_words, stage_words
from xsconsole.domain.workflow.rules import ApprovalRule, Person
from xsconsole.domain.workflow.values import EntryAction, Method, Stage, Transition, Workflow
from xsconsole.domain.workflow.windows import next_opening
from xsconsole.domain.workflow.wording import action_words, gate_words, rule_words, span_words, window_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Traveller:
    """The configuration that walks. `since` is when it came to `stage`; `author` who changed it last."""

    name: str
    service: str
    stage: StageId
    since: datetime
    author: PersonId | None = None
    is_running: bool = True


class Verdict(StrEnum):
    """From the freest on."""

    OPENS = "opens"  # at once
    ASKS = "asks"  # once others have approved
    LATER = "later"  # not before a time that is known
    REFUSES = "refuses"


class Because(StrEnum):
    SOAK = "soak"
    WINDOW = "window"
    ACTORS = "actors"
    LIMITS = "limits"
    APPROVALS = "approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a transition does not open at once. `until` is when this reason falls away by itself."""

    because: Because
    verdict: Verdict
    sentence: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A rule of a transition, and who could satisfy it if the person asked now."""

    rule: ApprovalRule
    words: str
    able: tuple[Person, ...]

    @property
    def can_be_had(self) -> bool:
        return len(self.able) >= self.rule.count


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    transition: Transition
    target: str  # name
    verdict: Verdict
    reasons: tuple[Reason, ...]
    approvals: tuple[Approval, ...]
    gates: tuple[str, ...]  # those that look at machines or people
    afterwards: tuple[str, ...]
    reviews: tuple[Approval, ...]
    opens_at: datetime | None  # the earliest moment as far as soak and window say; None: it never does


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """What would open in a stage. Where the configuration is not now, it counts as having come there at the moment."""

    stage: StageId
    name: str
    is_here: bool
    ways: tuple[WayView, ...]


def walk(
    workflow: Workflow,
    traveller: Traveller,
    person: PersonId | None,
    at: datetime,
    occupants: Sequence[Occupant] = (),
) -> tuple[StageView, ...]:
    """Return every stage in the order of the board, with what would open there.

    `person` asks; None is somebody whom the workflow does not name. `occupants` are the other configurations.
    """
    views = []
    for column in workflow.columns():
        for stage in column:
            is_here = stage.id == traveller.stage
            there = traveller if is_here else replace(traveller, stage=stage.id, since=at)
            ways = tuple(
                way_view(workflow, way, there, person, at, occupants) for way in workflow.transitions_from(stage.id)
            )
            views.append(StageView(stage=stage.id, name=shown(stage.name), is_here=is_here, ways=ways))
    return tuple(views)


def way_view(
    workflow: Workflow,
    way: Transition,
    traveller: Traveller,
    person: PersonId | None,
    at: datetime,
    occupants: Sequence[Occupant] = (),
) -> WayView:
    """Return what one transition says to a configuration that stands at its start."""
    approvals = tuple(_approval(workflow, rule, person, traveller.author) for rule in way.approvals)
    reviews = tuple(
        _approval(workflow, action.rule, person, traveller.author)
        for action in way.afterwards
        if isinstance(action, Review)
    )
    reasons = (
        *_actors(workflow, way, person),
        *_limits(workflow, way, traveller, occupants),
        *_times(way, traveller, at),
        *_approvals(approvals),
    )
    rank = list(Verdict)
    return WayView(
        transition=way,
        target=stage_words(workflow, way.target),
        verdict=max((reason.verdict for reason in reasons), key=rank.index, default=Verdict.OPENS),
        reasons=reasons,
        approvals=approvals,
        gates=(
            *(gate_words(gate) for gate in way.gates if not isinstance(gate, MaintenanceWindow)),
            *_fence(workflow.stage(way.target), way),
        ),
        afterwards=tuple(_afterwards(workflow, way, traveller, occupants)),
        reviews=reviews,
        opens_at=_opens_at(way, traveller, at),
    )


def who_could_approve(
    workflow: Workflow, rule: ApprovalRule, requester: PersonId | None, author: PersonId | None = None
) -> tuple[Person, ...]:
    """Return the people whose approval would count: named by the rule, known by a key, and not who asks."""
    left_out = {requester, author if rule.excludes_author else None}
    named = named_by(rule, workflow) - left_out
    return tuple(person for person in workflow.people if person.id in named and can_approve(person))


def _approval(workflow: Workflow, rule: ApprovalRule, person: PersonId | None, author: PersonId | None) -> Approval:
    return Approval(rule=rule, words=rule_words(rule, workflow), able=who_could_approve(workflow, rule, person, author))


def _approvals(approvals: Sequence[Approval]) -> Iterator[Reason]:
    for approval in approvals:
        names = listing(tuple(person.name for person in approval.able), 8)
        who = f"only {names}" if names else "nobody"
        if approval.can_be_had:
            yield Reason(
                because=Because.APPROVALS,
                verdict=Verdict.ASKS,
                sentence=f"Asks for approval by {approval.words}: {names} could give it.",
            )
        else:
            yield Reason(
                because=Because.APPROVALS,
                verdict=Verdict.REFUSES,
                sentence=f"Approval by {approval.words} cannot be had: {who} could give it.",
            )


def _actors(workflow: Workflow, way: Transition, person: PersonId | None) -> Iterator[Reason]:
    groups = {group.id: group.people for group in workflow.groups}
    for end in (way.source, way.target):
        stage = workflow.stage(end)
        if stage is None or not stage.actors:
            continue
        if person is None or not any(person in groups.get(group, ()) for group in stage.actors):
            names = listing(tuple(group_words(workflow, group) for group in stage.actors))
            yield Reason(
                because=Because.ACTORS,
                verdict=Verdict.REFUSES,
                sentence=f"Only {names} may act in {shown(stage.name)}.",
            )


def _limits(
    workflow: Workflow, way: Transition, traveller: Traveller, occupants: Sequence[Occupant]
) -> Iterator[Reason]:
    stage = workflow.stage(way.target)
    if stage is None:
        return
    there = [occupant for occupant in occupants if occupant.stage == stage.id]
    same = [occupant for occupant in there if occupant.service == traveller.service]
    leaving = _giving_way(workflow, way, traveller, occupants)
    if leaving is not None:
        there = [occupant for occupant in there if occupant is not leaving]
        same = []
        yield from _room_back(workflow, way, traveller, leaving, occupants)
    counted: list[tuple[int | None, list[Occupant], str]] = [
        (stage.limits.configurations, there, "configuration"),
        (stage.limits.per_service, same, "configuration"),
    ]
    if _runs_in(stage, traveller):
        running = [occupant for occupant in there if occupant.is_running]
        counted.append((stage.limits.running, running, "running configuration"))
    for limit, standing, noun in counted:
        if limit is not None and len(standing) >= limit:
            of = f" of {shown(traveller.service)}" if standing is same else ""
            held = f" and has {listing(tuple(occupant.name for occupant in standing))}" if standing else ""
            yield Reason(
                because=Because.LIMITS,
                verdict=Verdict.REFUSES,
                sentence=f"{shown(stage.name)} takes {count(limit, noun)}{of}{held}.",
            )


def _giving_way(
    workflow: Workflow, way: Transition, traveller: Traveller, occupants: Sequence[Occupant]
) -> Occupant | None:
    """Return who makes room in the stage that a way leads to."""
    stage = workflow.stage(way.target)
    same = [each for each in occupants if (each.stage, each.service) == (way.target, traveller.service)]
    return same[0] if stage is not None and has_slot(stage) and gives_way(way) and len(same) == 1 else None


def _room_back(
    workflow: Workflow, way: Transition, traveller: Traveller, leaving: Occupant, occupants: Sequence[Occupant]
) -> Iterator[Reason]:
    """Yield why who makes room would not find any where it goes."""
    back = way_back_from(workflow, way) if leads_back(way) else None
    stage = workflow.stage(back.target) if back is not None else None
    if stage is None:
        return
    there = [each for each in occupants if each.stage == stage.id]
    staying = int(way.method is not Method.MOVE and traveller.stage == stage.id)
    counted = (
        (stage.limits.configurations, len(there) + staying),
        (stage.limits.per_service, sum(each.service == leaving.service for each in there) + staying),
    )
    for limit, standing in counted:
        if limit is not None and standing >= limit:
            yield Reason(
                because=Because.LIMITS,
                verdict=Verdict.REFUSES,
                sentence=f"{shown(leaving.name)} makes place and would go back to {shown(stage.name)}, which is full.",
            )
            return


def _fence(target: Stage | None, way: Transition) -> Iterator[str]:
    """Yield what a fence that the target demands means; whether a configuration stands in one, only its pool tells."""
    if target is not None and target.fence is not None:
        mode = mode_words(target.fence)
        yield f"stands in a fence: {mode}" if way.method is Method.MOVE else f"the copies get a fence: {mode}"


def _afterwards(
    workflow: Workflow, way: Transition, traveller: Traveller, occupants: Sequence[Occupant]
) -> Iterator[str]:
    leaving = _giving_way(workflow, way, traveller, occupants)
    back = way_back_from(workflow, way)
    for action in way.afterwards:
        if isinstance(action, DemoteIncumbent) and leaving is not None and back is not None:
            yield f"{shown(leaving.name)} makes place and goes back to {stage_words(workflow, back.target)}"
        else:
            yield action_words(action, workflow)


def _runs_in(stage: Stage, traveller: Traveller) -> bool:
    return stage.entry is EntryAction.START or (stage.entry is EntryAction.LEAVE and traveller.is_running)


def _times(way: Transition, traveller: Traveller, at: datetime) -> Iterator[Reason]:
    soaked = traveller.since + timedelta(seconds=way.soak_s)
    if soaked > at:
        yield Reason(
            because=Because.SOAK,
            verdict=Verdict.LATER,
            sentence=f"It must stand there for {span_words(way.soak_s)}: until {instant(soaked)}.",
            until=soaked.astimezone(UTC),
        )
    for window in _windows(way):
        opening = next_opening(window, at)
        if opening is None:
            yield Reason(
                because=Because.WINDOW,
                verdict=Verdict.REFUSES,
                sentence=f"The maintenance window {window_words(window)} never opens.",
            )
        elif opening > at:
            yield Reason(
                because=Because.WINDOW,
                verdict=Verdict.LATER,
                sentence=f"The maintenance window {window_words(window)} opens at {instant(opening)}.",
                until=opening,
            )


def _windows(way: Transition) -> list[MaintenanceWindow]:
    return [gate for gate in way.gates if isinstance(gate, MaintenanceWindow)]


def _opens_at(way: Transition, traveller: Traveller, at: datetime) -> datetime | None:
    """Return the first moment at which it has stood long enough and all windows are open; None: not within a year."""
    moment = max(at, traveller.since + timedelta(seconds=way.soak_s)).astimezone(UTC)
    windows = _windows(way)
    last = moment + timedelta(days=366)
    while moment <= last:
        openings = [next_opening(window, moment) for window in windows]
        known = [opening for opening in openings if opening is not None]
        if len(known) < len(windows):
            return None
        latest = max(known, default=moment)
        if latest == moment:
            return moment
        moment = latest
    return None
