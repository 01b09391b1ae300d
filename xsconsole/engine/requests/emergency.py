"""Emergencies in the engine: what one goes past, and whether a declaration allows it.

An emergency goes past rules about who and when: approvals, freezes, holds, quarantine, a stopped line, the soak time
and maintenance windows. It never goes past what keeps machines and data whole, and what only the machines can answer:
every other gate holds, as do capacity, limits, who may act in a stage, standing, and leases.
"""

from collections.abc import Mapping, Sequence

import msgspec

from xsconsole.domain import emergency
from xsconsole.domain.barriers import Barrier
from xsconsole.domain.board import Board
from xsconsole.domain.canonical import Json
from xsconsole.domain.emergency import Declaration
from xsconsole.domain.given_ids import confirmed_plan
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Override, Plan
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.domain.requests.values import decisions_of, requests_of
from xsconsole.domain.signing import SignatureCheck, owner_of
from xsconsole.domain.words import title
from xsconsole.domain.workflow import Transition, Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole.engine.ports import Identity
from xsconsole.engine.runs.gatekeeper import gate_key
from xsconsole.errors import ApprovalMissing, NotPermitted, NotPromotable

PRIORITY = 3  # XAPI's mail alarm passes this on without being told to; 5 is the least
SENTENCE_LIMIT = 300


# --- planning -------------------------------------------------------------------------------------------------------


def passing(barriers: Sequence[Barrier], way: Transition, workflow: Workflow) -> tuple[Override, ...]:
    """Return what an emergency on this way goes past: the approvals, and the barriers that may be.

    Raises:
        NotPermitted: the workflow names nobody who may declare one.
        NotPromotable: there is nothing to go past.
    """
    if not emergency.declarers_of(workflow):
        raise NotPermitted(
            reason="The workflow names nobody who may declare an emergency.",
            mend="Name a group in the designer, and publish it.",
        )
    found = [
        Override(key=f"approvals-{number}", sentence=f"Approval by {rule_words(rule, workflow)}.")
        for number, rule in enumerate(way.approvals, start=1)
    ]
    found += [Override(key=_key(barrier), sentence=barrier.sentence) for barrier in barriers if barrier.overridable]
    if not found:
        raise NotPromotable(
            reason="Nothing stands against it that an emergency goes past.", mend="Ask for it without one."
        )
    return tuple(msgspec.structs.replace(one, sentence=shortened(one.sentence, SENTENCE_LIMIT)) for one in found)


def _key(barrier: Barrier) -> str:
    return gate_key(barrier.gate) if barrier.gate else barrier.kind.value


# --- before a run ---------------------------------------------------------------------------------------------------


def demand_declared(
    plan: Plan, declaration: Declaration | None, pool: Uuid, workflow: Workflow | None, check: SignatureCheck
) -> str:
    """Return, in text, the declaration that allows a plan; empty where it is no emergency.

    Raises:
        NotPermitted: nobody declared it, or who did may not.
    """
    if not plan.is_emergency:
        return ""
    reason = emergency.why_not(declaration, plan, pool, workflow, check)
    if reason or declaration is None:
        raise NotPermitted(
            reason=reason,
            mend="Whoever may declare it does so at their own console, by the key that the workflow pins to them.",
        )
    return emergency.to_text(declaration)


def demand_resumable(record: RunRecord, workflow: Workflow | None, pool: Uuid, check: SignatureCheck) -> None:
    """Refuse to go on with a run of an emergency that nobody who may has declared. Undoing needs no permission.

    Raises:
        ApprovalMissing: its record carries no declaration that counts.
    """
    reason = emergency.why_not(emergency.from_text(record.emergency), confirmed_plan(record), pool, workflow, check)
    if reason:
        raise ApprovalMissing(
            reason=f"The run that stands on the pool is an emergency that does not count. {reason}", mend="Undo it."
        )


def emergency_fact(record: RunRecord, identity: Identity, keys: Mapping[str, str], board: Board) -> Fact:
    """Return the row that says all of an emergency: who, why, what it goes past, and what had been decided by then."""
    declaration, intent = emergency.from_text(record.emergency), record.plan.intent
    assert declaration is not None
    workflow = board.workflow
    person = owner_of(declaration.key, workflow.people) if workflow is not None else None
    standing = requests_of(keys, intent.configuration)
    asked: list[Json] = [
        {
            "request": msgspec.to_builtins(request),
            "decisions": [msgspec.to_builtins(decision) for decision in decisions_of(keys, request)],
        }
        for request in standing
        if request.intent.target == intent.target
    ]
    overridden: list[Json] = [one.sentence for one in declaration.overrides]
    return Fact(
        event=AuditEvent.EMERGENCY_DECLARED,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=intent.configuration,
        configuration_name=intent.name,
        run=record.run,
        source=intent.source,
        target=intent.target,
        reason=declaration.reason,
        details={
            "what": title(record.plan, workflow),
            "by": person.name if person is not None else declaration.actor,
            "key": declaration.key,
            "ticket": declaration.ticket,
            "goes_past": overridden,
            "plan": record.plan_digest,
            "declaration": msgspec.to_builtins(declaration),
            "requests": asked,
        },
    )
