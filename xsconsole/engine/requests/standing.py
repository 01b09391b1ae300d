"""Requests on the pool: asked for, decided on, withdrawn, and checked before anything is done.

What a request is worth is judged here against the plan made afresh, and again under the lease of the run.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from xsconsole.domain.approval import Matter, Requester, tally
from xsconsole.domain.board import Board, Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.continuing import Judging, is_outlived, judging
from xsconsole.domain.given_ids import confirmed_plan
from xsconsole.domain.ids import BatchId, RequestId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import manifest_of_card
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.publication.values import approval_stem
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.requests.values import (
    Paper,
    Request,
    Warrant,
    decisions_of,
    from_warrant,
    is_genuine,
    paper_of,
    papers_on,
    request_stem,
    requests_of,
    to_stored,
)
from xsconsole.domain.requests.views import Present, RequestState, RequestView, view_of
from xsconsole.domain.requests.ways import demanding_way
from xsconsole.domain.run_kinds import FORGETTING
from xsconsole.domain.signing import SignatureCheck, key_fingerprint, raw_of
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import ApprovalRule, Workflow
from xsconsole.engine.copies.candidates import bytes_of, candidate_of, loss_of, manifest_of_stock
from xsconsole.engine.plans.lands import Lands, no_land, seen_by_nobody
from xsconsole.engine.ports import Field, Identity, Ledger, PoolPort
from xsconsole.engine.publication.continuing import plan_under, why_ended
from xsconsole.engine.publication.publishing import drop_versions
from xsconsole.engine.requests import emergency
from xsconsole.engine.requests.asked import as_asked, command_of
from xsconsole.engine.values import insist, remove_value, write_value
from xsconsole.errors import ApprovalMissing, NotFound, Refused

MOST_REQUESTS = 200
SKEW = timedelta(minutes=5)  # a clock that is read twice does not say the same


# --- judging --------------------------------------------------------------------------------------------------------


def judged(
    keys: Mapping[str, str],
    board: Board,
    inventory: Inventory,
    at: datetime,
    check: SignatureCheck,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
) -> tuple[RequestView, ...]:
    """Return every request on the pool as it stands. Pure."""
    return tuple(judge(paper, keys, board, inventory, at, check, also_at, lands) for paper in papers_on(keys))


def judge(
    paper: Paper,
    keys: Mapping[str, str],
    board: Board,
    inventory: Inventory,
    at: datetime,
    check: SignatureCheck,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
) -> RequestView:
    """Judge one request against what the pool shows, and the other one where it leads to one.

    `also_at` is the moment by other clocks, for what has hours.
    """
    decisions = decisions_of(keys, paper.request)
    judged_by = judging(keys, board.workflow, paper.request, check)
    present = present_of(paper.request, judged_by, board, inventory, at, also_at, lands)
    if judged_by is None and is_outlived(keys, board.workflow, paper.request):
        present = replace(present, is_outlived=True)
    pool = inventory.pool.uuid if inventory.pool is not None else Uuid("")
    authors = authors_of(present.workflow, present.card)
    return view_of(paper, decisions, present, pool, at, check, authors, also_at)


def present_of(
    request: Request,
    judged_by: Judging | None,
    board: Board,
    inventory: Inventory,
    at: datetime,
    also_at: tuple[datetime, ...] = (),
    lands: Lands = no_land,
) -> Present:
    """Return what the pool shows now of what a request is about, by the version that judges it.

    It is planned as who asked: who only decides need not be allowed to move anything.
    """
    card = board.cards.get(request.intent.configuration)
    workflow = judged_by.version if judged_by is not None else board.workflow
    plan, refusal = None, None
    clocks = [max(clock, request.not_before or clock) for clock in (at, *also_at)]
    try:
        command, at_once = command_of(request), (*clocks,)
        plan = as_asked(
            request,
            seen_by_nobody(lands),
            lambda there: plan_under(judged_by, command, board, inventory, request.actor, at_once, there),
        )
    except Refused as found:
        refusal = found
    candidate, manifest, loss = None, None, ""
    if card is not None and request.is_frozen:
        candidate, loss = candidate_of(card, request.id), loss_of(card, request.id)
        manifest = None if loss else manifest_of_stock(card, request.id, workflow, inventory)
    elif card is not None:
        manifest = manifest_of_card(card, inventory, workflow)
    return Present(
        card=card,
        workflow=judged_by.counting if judged_by is not None else board.workflow,
        plan=plan,
        refusal=refusal,
        manifest=manifest,
        candidate=candidate,
        candidate_bytes=bytes_of(candidate, inventory) if candidate is not None else 0,
        loss=loss,
        ended=why_ended(request, board.workflow, board) if judged_by is None else "",
    )


def authors_of(workflow: Workflow | None, card: Card | None) -> tuple[Requester, ...]:
    """Return who made what is asked for: who published the workflow, and who changed the configuration last."""
    found: list[Requester] = []
    if workflow is not None and (workflow.author or workflow.signature is not None):
        raw = raw_of(workflow.signature.public_key) if workflow.signature is not None else None
        found.append(Requester(fingerprint=key_fingerprint(raw) if raw else "", actor=workflow.author))
    for member in card.members if card is not None else ():
        key, _, actor = member.value.by.partition(" ")
        if member.value.by:
            found.append(Requester(fingerprint=key, actor=actor))
    return tuple(dict.fromkeys(found))


# --- before a run ---------------------------------------------------------------------------------------------------


def demand_warrant(
    plan: Plan,
    request: RequestId | None,
    keys: Mapping[str, str],
    board: Board,
    inventory: Inventory,
    clocks: tuple[datetime, ...],
    check: SignatureCheck,
    lands: Lands = no_land,
) -> Warrant:
    """Return what allows a plan to be carried out now.

    `clocks` are this console's and the pool's: a request ends when one of them says so, and begins when both do.

    Raises:
        ApprovalMissing: nobody asked for it, or approvals are missing, or it ended, or is not this plan.
    """
    assert plan.demand is not None
    if request is None:
        raise ApprovalMissing(
            reason=f"The workflow demands approval of “{plan.intent.name}” on this way.",
            mend="Ask for it: it runs when enough of those who may have approved it.",
        )
    paper = paper_of(keys, request)
    if paper is None:
        raise NotFound(reason="There is no such request on the pool any more.", mend="Ask for it again.")
    found = judge(paper, keys, board, inventory, max(clocks), check, clocks, lands)
    if found.is_begun:
        raise ApprovalMissing(reason="A run of this request stands already.", mend="Settle that one.")
    if found.state is not RequestState.APPROVED:
        raise ApprovalMissing(
            reason=f"The request {_how(found.state)}. {found.sentence}".strip(), mend=_mend(found.state)
        )
    if paper.request.asked_at > max(clocks) + SKEW:
        raise ApprovalMissing(
            reason=f"The request says that it was made at {instant(paper.request.asked_at)}, which is still to come.",
            mend="Ask again.",
        )
    if paper.request.plan != plan.digest:
        raise ApprovalMissing(reason="What was approved is not this plan.", mend="Ask for this one.")
    begins = paper.request.not_before
    if begins is not None and min(clocks) < begins:
        raise ApprovalMissing(
            reason=found.obstacle or "Its time has not come.",
            mend="Wait until then; or withdraw it, and ask for it at once.",
        )
    assert found.tally is not None
    return Warrant(request=paper.request, decisions=found.tally.counted)


def demand_resumable(
    record: RunRecord, keys: Mapping[str, str], workflow: Workflow | None, pool: Uuid, check: SignatureCheck
) -> None:
    """Refuse to go on with a run that stands on the pool without the approvals that its way demands.

    Its request may have ended meanwhile, and its workflow may have been replaced: what it began with counts, and whom
    the standing version knows still. Undoing needs no approval.

    Raises:
        ApprovalMissing: its record carries none that count.
    """
    plan = confirmed_plan(record)
    if plan.is_emergency:
        emergency.demand_resumable(record, workflow, pool, check)
        return
    rules = _demanded(plan, workflow)
    if not rules:
        return
    warrant = from_warrant(record.warrant)
    missing = ApprovalMissing(
        reason="The run that stands on the pool carries no approvals that count for it.", mend="Undo it."
    )
    if warrant is None or workflow is None:
        raise missing
    request = warrant.request
    judged_by = judging(keys, workflow, request, check)
    workflow = judged_by.counting if judged_by is not None else workflow
    is_its_own = (request.pool, request.plan, request.intent) == (pool, plan.digest, plan.intent)
    if not is_its_own or not is_genuine(request, check) or request.requester.among(workflow.people) is None:
        raise missing
    found = tally(rules, workflow, Matter.PROMOTION, request.subject, warrant.decisions, request.requester, check)
    if not found.is_satisfied:
        missing.reason = f"{missing.reason} {found.sentence}"
        raise missing


def _demanded(plan: Plan, workflow: Workflow | None) -> tuple[ApprovalRule, ...]:
    way = demanding_way(plan.intent, workflow)
    standing = way.approvals if way is not None else ()
    return plan.demand.rules if plan.demand is not None else standing


def _how(state: RequestState) -> str:
    return {
        RequestState.WAITING: "is not approved yet",
        RequestState.REJECTED: "was rejected",
        RequestState.EXPIRED: "has expired",
        RequestState.VOID: "is void",
    }.get(state, "cannot be trusted")


def _mend(state: RequestState) -> str:
    return (
        "Wait for them."
        if state is RequestState.WAITING
        else "Withdraw it, look at the plan as it is now, and ask again."
    )


# --- on the pool ----------------------------------------------------------------------------------------------------


async def leave_request(
    pool: PoolPort, ledger: Ledger, paper: Paper, check: SignatureCheck, batch: BatchId | None = None
) -> None:
    """Put a request on the pool; the same one again changes nothing. `batch` is what it is asked for together with.

    Raises:
        Refused: the same is asked for already, or there are too many.
        PoolUnavailable: whether it stands there is not known; the same call again finds out.
    """
    request = paper.request
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    standing = papers_on(keys)
    if len(standing) >= MOST_REQUESTS:
        raise Refused(
            reason=f"{MOST_REQUESTS} requests stand on the pool, which is the most.", mend="Withdraw what nobody needs."
        )
    for other in (one.request for one in standing):
        same = (other.intent.configuration, other.intent.target) == (
            request.intent.configuration,
            request.intent.target,
        )
        # What is copied for the one is frozen at another moment than for the other, so that no two plans are equal.
        is_twice = other.plan == request.plan or (request.is_frozen and other.is_frozen)
        if same and is_twice and other.id != request.id and is_genuine(other, check):
            raise asked_already(other)
    stored = to_stored(paper)
    fact = request_fact(AuditEvent.REQUESTED, request, pool.identity)
    if batch is not None:
        fact = replace(fact, details={**(fact.details or {}), "batch": batch})
    await ledger.record(fact)
    await write_value(pool, Field.POOL, request_stem(request.id), stored)
    await ledger.record(replace(fact, outcome=Outcome.DONE))


def asked_already(other: Request) -> Refused:
    return Refused(
        reason=f"{other.actor} asked for exactly this already: request {other.id[:8]}.",
        mend="Decide on that one, or withdraw it first.",
    )


async def forget_request(
    pool: PoolPort, ledger: Ledger, request: Request, outcome: Outcome, reason: str, details: Mapping[str, Json]
) -> None:
    """Take a request and what was decided on it off the pool; a row tells all of it.

    Raises:
        PoolUnavailable: whether it is gone is not known; the same call again finds out.
    """
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    decisions = [msgspec.to_builtins(decision) for decision in decisions_of(keys, request)]
    fact = request_fact(AuditEvent.REQUEST_ENDED, request, pool.identity)
    told = {**(fact.details or {}), "decisions": decisions, **details}
    await ledger.record(replace(fact, reason=reason, details=told))
    # The request goes first: decisions without it mean nothing, a request without its rejection would seem open.
    await remove_value(pool, Field.POOL, request_stem(request.id))
    await remove_value(pool, Field.POOL, approval_stem(Matter.PROMOTION, request.subject))
    await insist(pool, lambda: drop_versions(pool))
    await ledger.record(replace(fact, reason=reason, outcome=outcome, details=told))


async def tidy_after(pool: PoolPort, ledger: Ledger, record: RunRecord) -> tuple[Request, ...]:
    """Forget what a run makes pointless that was carried out, its own request and all of what is no more; return it."""
    intent = record.plan.intent
    warrant = from_warrant(record.warrant)
    own = warrant.request.id if warrant is not None else None
    if own is None and intent.kind not in FORGETTING:
        return ()
    forgotten = []
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    for request in requests_of(keys, intent.configuration):
        if request.id == own:
            await forget_request(pool, ledger, request, Outcome.DONE, "It was carried out.", {"run": record.run})
        elif intent.kind in FORGETTING:
            await forget_request(pool, ledger, request, Outcome.REFUSED, "The configuration is gone.", {})
        else:
            continue
        forgotten.append(request)
    return tuple(forgotten)


def request_fact(event: AuditEvent, request: Request, identity: Identity) -> Fact:
    intent = request.intent
    return Fact(
        event=event,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=intent.configuration,
        configuration_name=intent.name,
        source=intent.source,
        target=intent.target,
        reason=request.reason,
        details={
            "what": f"{intent.kind.value} {intent.name}",
            "request": msgspec.to_builtins(request),
            "subject": request.subject,
            "plan": request.plan,
        },
    )
