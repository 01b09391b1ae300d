"""How requests stand: judged from what is signed and from what the pool shows now, by every console for itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from xsconsole.domain.approval import Decision, Matter, Requester, Tally, people_of, tally
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.lineage import frozen_words
from xsconsole.domain.manifest import FieldChange, Manifest, PartChange, difference
from xsconsole.domain.plan import Plan
from xsconsole.domain.points.sets import Candidate
from xsconsole.domain.requests.values import Paper, Request, from_warrant, is_genuine
from xsconsole.domain.requests.ways import asked_words, demanding_way
from xsconsole.domain.signing import SignatureCheck, owner_of
from xsconsole.domain.words import count, describe, instant, listing, size
from xsconsole.domain.workflow import ApprovalRule, Person, Transition, Workflow
from xsconsole.errors import Barred, Refused


class RequestState(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"  # what would be done now is not what it asks for
    UNTRUSTED = "untrusted"  # nobody can tell who asked, or it is not what was signed


OPEN = frozenset({RequestState.WAITING, RequestState.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What the pool shows now of what a request is about.

    `workflow` is the version by which it is judged, with the people who count; where its own is not at hand, the one
    that stands, and `ended` says why; `is_outlived`: for good. `plan` is what would be done now; where there is none,
    `refusal` says what stands against it. `candidate` was frozen for it and takes at most so many bytes; `loss` says
    why it cannot be copied now.
    """

    card: Card | None
    workflow: Workflow | None
    plan: Plan | None = None
    refusal: Refused | None = None
    manifest: Manifest | None = None
    ended: str = ""
    is_outlived: bool = False
    candidate: Candidate | None = None
    candidate_bytes: int = 0
    loss: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request as it stands. `sentence` says why it is so; `obstacle` what else stands against running it now.

    `approved` and `now` are lines of what was asked for and of what would be done instead, where it is void.
    `changes` is the typed difference of the manifests, as far as the one that was asked for is known. `workflow` is the
    version by which it is judged. `frozen` says what was frozen for it. `is_over`: it never comes to be open again, so
    that nothing needs what was frozen.
    """

    paper: Paper
    state: RequestState
    sentence: str
    tally: Tally | None = None
    obstacle: str = ""
    approved: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    changes: tuple[FieldChange | PartChange, ...] = ()
    decisions: tuple[Decision, ...] = ()
    opens_at: datetime | None = None  # before that it cannot run, whatever is approved; None: not known, or at once
    workflow: Workflow | None = None
    frozen: str = ""
    is_over: bool = False
    is_begun: bool = False  # a run stands that carries it out, or was cut off while it did: nothing ends it any more
    is_running: bool = False  # it is being carried out right now

    @property
    def request(self) -> Request:
        return self.paper.request

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def given(self) -> int:
        """How many approvals count towards the rules."""
        return sum(min(len(rule.approved), rule.rule.count) for rule in self.tally.rules) if self.tally else 0

    @property
    def needed(self) -> int:
        return sum(rule.rule.count for rule in self.tally.rules) if self.tally else 0

    @property
    def could(self) -> tuple[Person, ...]:
        """Who could approve it now: each once, of the rules that are not met yet."""
        rules = self.tally.rules if self.tally is not None and self.is_open else ()
        found = {person.id: person for rule in rules if not rule.is_satisfied for person in rule.could}
        return tuple(found.values())

    def decision_of(self, person: Person) -> Decision | None:
        """Return what somebody decided, if it counts."""
        if self.tally is None:
            return None
        counted = (*(decision for _, decision in self.tally.rejected), *self.tally.counted)
        return next((decision for decision in counted if decision.fingerprint in person.fingerprints), None)


def view_of(
    paper: Paper,
    decisions: Iterable[Decision],
    present: Present,
    pool: Uuid,
    at: datetime,
    check: SignatureCheck,
    authors: Iterable[Requester] = (),
    also_at: Iterable[datetime] = (),
) -> RequestView:
    """Judge a request. `authors` are those whom a rule that excludes authors leaves out.

    `also_at` is the moment by other clocks: it ends when one of them says so, and begins when all do.
    """
    request, workflow, decisions = paper.request, present.workflow, tuple(decisions)
    way = demanding_way(request.intent, workflow)
    distrust = _distrust(request, workflow, way, pool, check)
    if distrust or workflow is None:
        return RequestView(
            paper=paper, state=RequestState.UNTRUSTED, sentence=distrust, decisions=decisions, workflow=workflow
        )
    rules = way.approvals if way is not None else ()
    found = tally(rules, workflow, Matter.PROMOTION, request.subject, decisions, request.requester, check, authors)
    is_carried = _is_of(present.card, request)
    state, sentence = _state(request, rules, present, found, at, is_carried)
    obstacle = ""
    is_running = is_carried and present.card is not None and present.card.standing is Standing.RUNNING
    if state in OPEN and present.refusal is not None and not is_running:
        obstacle = f"{present.refusal.reason} {present.refusal.mend}".strip()
    if state is RequestState.APPROVED and request.not_before is not None and min((at, *also_at)) < request.not_before:
        obstacle = f"It may not begin before {instant(request.not_before)}. {obstacle}".strip()
    approved, now = lines_of(paper.plan, present.plan) if state is RequestState.VOID else ((), ())
    changes: tuple[FieldChange | PartChange, ...] = ()
    if paper.manifest is not None and present.manifest is not None:
        changes = difference(paper.manifest, present.manifest)
    return RequestView(
        paper=paper,
        state=state,
        sentence=sentence,
        tally=found,
        obstacle=obstacle,
        approved=approved,
        now=now,
        changes=changes,
        decisions=decisions,
        frozen=_frozen(present),
        is_over=_is_over(request, present, state),
        is_begun=is_carried,
        is_running=is_running,
        opens_at=_opens_at(request, present, at) if state in OPEN else None,
        workflow=workflow,
    )


def changes_in(view: RequestView, clocks: Iterable[datetime]) -> timedelta | None:
    """Return after what time a request is another without anything else happening; None where no such moment is known.

    It ends when the first of the clocks says so, and begins when the last does.
    """
    if view.state not in OPEN:
        return None
    told = tuple(clocks)
    moments = (
        (view.request.expires_at, max(told)),
        (view.request.not_before, min(told)),
        (view.opens_at, min(told)),
    )
    left = [moment - at for moment, at in moments if moment is not None and moment > at]
    return min(left, default=None)


def _is_of(card: Card | None, request: Request) -> bool:
    """Return whether the run that stands on a configuration carries this request out, or was cut off while it did."""
    run = card.run if card is not None else None
    warrant = from_warrant(run.record.warrant) if run is not None else None
    return warrant is not None and warrant.request.id == request.id


def _opens_at(request: Request, present: Present, at: datetime) -> datetime | None:
    """Return the first moment at which it could run, where something that has its time keeps it from running now."""
    refusal = present.refusal
    until = refusal.until if isinstance(refusal, Barred) else None
    if refusal is not None and until is None:
        return None  # nobody knows
    moments = [moment for moment in (request.not_before, until) if moment is not None and moment > at]
    return max(moments, default=None)


def _frozen(present: Present) -> str:
    """Return what was frozen for a request, such as `frozen at … within 2 s, …; 4 snapshots, 12 GiB at most`."""
    found = present.candidate
    if found is None:
        return ""
    snapshots = count(len(found.snapshots), "snapshot")
    return f"{frozen_words(found)}; {snapshots}, {size(present.candidate_bytes)} at most"


def _is_over(request: Request, present: Present, state: RequestState) -> bool:
    card = present.card
    is_another = card is not None and (card.stage != request.intent.source or card.revision != request.intent.revision)
    is_spent = present.candidate is not None and present.candidate.is_spent
    is_ended = state in (RequestState.REJECTED, RequestState.EXPIRED)
    return is_ended or (state is RequestState.VOID and (is_another or is_spent or present.is_outlived))


def demanded_of(person: Person, rules: Iterable[ApprovalRule], workflow: Workflow) -> bool:
    """Return whether a rule names somebody."""
    return any(person in people_of(rule, workflow) for rule in rules)


def _distrust(
    request: Request,
    workflow: Workflow | None,
    way: Transition | None,
    pool: Uuid,
    check: SignatureCheck,
) -> str:
    if request.pool != pool:
        return "It was made for another pool."
    if not is_genuine(request, check):
        return "Its signature does not match: somebody changed it, or made it up."
    if workflow is None:
        return "No workflow is published here that this console can read."
    if request.requester.among(workflow.people) is None:
        return unknown_requester(request.requester)
    if way is not None and way.expiry_s is not None:
        latest = request.asked_at + timedelta(seconds=way.expiry_s)
        is_longer = request.expires_at is None or request.expires_at > latest
        if is_longer and workflow.version == request.intent.workflow_version:
            return f"It gives itself more time than the way allows: until {instant(latest)}."
    return ""


def unknown_requester(requester: Requester) -> str:
    """Return why somebody cannot ask: nobody could tell whether they approve what they asked for themselves."""
    as_whom = f" and the log-in {shortened(requester.actor)}" if requester.actor else ""
    return (
        f"The workflow knows nobody with the key {requester.fingerprint[:16]}{as_whom}, so nobody could tell whether "
        "who asked also approves."
    )


def _state(
    request: Request, rules: tuple[ApprovalRule, ...], present: Present, found: Tally, at: datetime, is_carried: bool
) -> tuple[RequestState, str]:
    """Return how a request stands, and why. What has begun is under way until its run ends, whatever changes.

    What its own run changes, such as the stage and the revision, is what it asks for; and neither a time that ends, a
    rejection nor a new version takes back what machines are in the midst of.
    """
    if is_carried:
        return RequestState.APPROVED, _approved(found) or "It was approved, and its run has begun."
    if found.rejected:
        return RequestState.REJECTED, found.sentence
    if request.expires_at is not None and at >= request.expires_at:
        return RequestState.EXPIRED, f"It ended at {instant(request.expires_at)}, as the way says."
    void = void_reason(request, present)
    if void:
        return RequestState.VOID, void
    if not rules:
        return RequestState.VOID, "The workflow demands no approval there any more: do it without."
    if not found.is_satisfied:
        return RequestState.WAITING, found.sentence
    return RequestState.APPROVED, _approved(found)


def _approved(found: Tally) -> str:
    """Return by whom it is approved; empty where those who count now are not enough."""
    by = listing(tuple(dict.fromkeys(person.name for rule in found.rules for person in rule.approved)))
    return f"Approved by {by}." if by and found.is_satisfied else ""


def void_reason(request: Request, present: Present) -> str:
    """Return what has changed since it was asked for; empty where nothing that it is about has.

    What only stands against doing it now, such as a closed window, changes nothing.
    """
    intent, card, workflow = request.intent, present.card, present.workflow
    if card is None:
        return "The configuration is not on the pool any more."
    if workflow is None or (workflow.id, workflow.version) != (intent.workflow, intent.workflow_version):
        version = workflow.version if workflow is not None else 0
        why = present.ended or "and it does not say that this goes on"
        return (
            f"Version {version} of the workflow was published meanwhile, {why}. It was asked for under version "
            f"{intent.workflow_version}."
        )
    if card.stage != intent.source:
        return "The configuration stands in another stage now."
    if card.revision != intent.revision:
        return "The configuration has been changed or moved since."
    if present.loss:
        return present.loss
    if present.plan is not None and present.plan.digest != request.plan:
        return "What would be done now is not what it asks for."
    return ""


def lines_of(approved: Plan | None, now: Plan | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what only the one and what only the other plan does, in words."""
    one, other = _lines(approved), _lines(now)
    return tuple(line for line in one if line not in other), tuple(line for line in other if line not in one)


def _lines(plan: Plan | None) -> tuple[str, ...]:
    if plan is None:
        return ()
    under = f"Under version {plan.intent.workflow_version} of the workflow"
    return (under, f"From revision {plan.intent.revision}", *(describe(step) for step in plan.steps))


def waiting_words(view: RequestView) -> str:
    """Return how it stands in a few words, such as `waits for 1 more approval`."""
    match view.state:
        case RequestState.WAITING:
            missing = view.tally.fewest_left if view.tally is not None else 0
            return f"waits for {count(missing, 'more approval' if view.given else 'approval')}"
        case RequestState.APPROVED:
            if view.is_running:
                return "is being carried out"
            if view.is_begun:
                return "has begun and was interrupted"
            if view.opens_at is not None and view.request.runs_itself:
                return f"is approved; an open window of who asked runs it, not before {instant(view.opens_at)}"
            if view.opens_at is not None:
                return f"is approved and can be run from {instant(view.opens_at)} on"
            return "is approved and can run" if not view.obstacle else "is approved and cannot run yet"
        case RequestState.VOID:
            return "is void: what it is about has changed"
        case RequestState.UNTRUSTED:
            return "cannot be trusted"
        case RequestState.REJECTED:
            return "was rejected"
        case RequestState.EXPIRED:
            return "has expired"


def asker(request: Request, workflow: Workflow | None) -> str:
    """Return who asked, by the workflow's name for them where it has one."""
    person = owner_of(request.key, workflow.people) if workflow is not None else None
    return person.name if person is not None else request.actor


def about(request: Request, workflow: Workflow | None) -> str:
    """Return what a request asks for, such as `promote shop 1.3.0 from Staging to Production`."""
    intent = request.intent
    source, target = stage_name(workflow, intent.source), stage_name(workflow, intent.target)
    return asked_words(intent, source, target)


def stage_name(workflow: Workflow | None, stage: StageId | None) -> str:
    found = next((one for one in workflow.stages if one.id == stage), None) if workflow is not None else None
    return found.name if found is not None else str(stage or "")
