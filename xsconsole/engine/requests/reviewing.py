"""Review items in the engine: the steps that leave them on the pool, and their end.

Nothing removes an item but `forget_review`: no undoing, no dissolving, no publication.
"""

from dataclasses import replace

import msgspec

from xsconsole.domain import emergency, reviews
from xsconsole.domain.approval import Matter
from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ReviewId, StepKey
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Because, CheckGate, Estimate, OpenReview, Override, Plan, Step
from xsconsole.domain.poolstate import RunRecord
from xsconsole.domain.publication.values import approval_stem
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.requests.values import from_warrant
from xsconsole.domain.reviews import ReviewItem, ReviewView
from xsconsole.domain.workflow import Transition
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.gates import When
from xsconsole.engine.ports import Field, Ledger, PoolPort
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist, remove_value, write_value

LEAVE_S = 1.0
FINDINGS_LIMIT = 300


def reviewed(plan: Plan, way: Transition, overrides: tuple[Override, ...] | None) -> Plan:
    """Return the plan with the reviews that it leaves: that of an emergency before its first effect, others last."""
    steps = plan.steps
    if overrides is not None:
        before = {
            step.key for step in steps if isinstance(step.action, CheckGate) and step.action.gate.when is When.BEFORE
        }
        own = _step(plan, StepKey("emergency-review"), OpenReview(because=Because.EMERGENCY), tuple(sorted(before)))
        rest = (
            msgspec.structs.replace(step, after=(own.key,)) if set(step.after) <= before else step
            for step in steps
            if step.key not in before
        )
        steps = (*(step for step in steps if step.key in before), own, *rest)
    followed = {key for step in steps for key in step.after}
    ends = tuple(sorted(step.key for step in steps if step.key not in followed))
    wanted = [action for action in way.afterwards if isinstance(action, Review)]
    last = tuple(
        _step(
            plan,
            StepKey(f"zz-review-{number:02d}"),
            OpenReview(because=Because.AFTERWARDS, number=number, rule=action.rule, within_s=action.within_s),
            ends,
        )
        for number, action in enumerate(wanted, start=1)
    )
    if overrides is None:
        return msgspec.structs.replace(plan, steps=(*steps, *last))
    warnings = (*(f"EMERGENCY, goes past: {one.sentence}" for one in overrides), *plan.warnings)
    return msgspec.structs.replace(plan, steps=(*steps, *last), overrides=overrides, warnings=warnings, asks=True)


def _step(plan: Plan, key: StepKey, action: OpenReview, after: tuple[StepKey, ...]) -> Step:
    return Step(
        key=key,
        action=action,
        subject=shortened(plan.intent.name, 80),
        after=after,
        estimate=Estimate(seconds=LEAVE_S),
    )


class Reviewing:
    """Leaves the review items of one run on the pool."""

    def __init__(self, at: Presence, record: RunRecord, key: str) -> None:
        self._at = at
        self._record = record
        self._key = key

    async def leave(self, action: OpenReview) -> str:
        """Write the item, unless it stands, and return its id."""
        pool = self._at.pool
        review = review_id(self._record, action)
        if reviews.item_of(await self._at.keys(Field.POOL), review) is None:
            declaration = emergency.from_text(self._record.emergency)
            warrant = from_warrant(self._record.warrant)
            if declaration is not None:
                key, actor, reason = declaration.key, declaration.actor, declaration.reason
            elif warrant is not None:
                key, actor, reason = warrant.request.key, warrant.request.actor, warrant.request.reason
            else:
                key, actor, reason = self._key, self._record.actor, self._record.reason
            item = ReviewItem(
                id=review,
                pool=pool.identity.pool,
                because=action.because,
                run=self._record.run,
                intent=self._record.plan.intent,
                plan=self._record.plan_digest,
                reason=shortened(reason, emergency.REASON_LIMIT),
                opened_at=await insist(pool, pool.time),
                key=key,
                actor=actor,
                rule=action.rule,
                within_s=action.within_s,
                declaration=declaration if action.because is Because.EMERGENCY else None,
            )
            await write_value(pool, Field.POOL, reviews.review_stem(review), reviews.encode(item))
        return review


def review_id(record: RunRecord, action: OpenReview) -> ReviewId:
    return ReviewId(f"{action.number}-{record.run}" if action.number else record.run)


async def forget_review(pool: PoolPort, ledger: Ledger, view: ReviewView) -> None:
    """Take an item that others have looked at off the pool; a row tells all of it.

    Raises:
        PoolUnavailable: whether it is gone is not known; the same call again finds out.
    """
    item, identity = view.item, pool.identity
    findings: list[Json] = [msgspec.to_builtins(decision) for decision in view.findings]
    fact = Fact(
        event=AuditEvent.REVIEW_CLOSED,
        actor=identity.actor,
        pool=identity.pool,
        session=identity.session,
        configuration=item.intent.configuration,
        configuration_name=item.intent.name,
        run=item.run,
        source=item.intent.source,
        target=item.intent.target,
        reason="; ".join(shortened(decision.reason, FINDINGS_LIMIT) for decision in view.findings),
        details={
            "what": f"{item.because.value} of {item.intent.name}, {view.standing}",
            "item": msgspec.to_builtins(item),
            "findings": findings,
            "open_s": int(view.age.total_seconds()),
        },
    )
    await ledger.record(fact)
    # The item goes first: findings without it mean nothing.
    await remove_value(pool, Field.POOL, reviews.review_stem(item.id))
    await remove_value(pool, Field.POOL, approval_stem(Matter.REVIEW, item.subject))
    await ledger.record(replace(fact, outcome=Outcome.DONE))
