"""Refusing what something stands against; an emergency would pass some of it, and nothing else does."""

from collections.abc import Callable, Sequence

import msgspec

from xsconsole.domain.actions.holds import PlaceHold
from xsconsole.domain.barriers import Barrier, quarantined, stopped
from xsconsole.domain.closures import Closures
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StepKey
from xsconsole.domain.plan import Estimate, Plan, RunKind, Step, WriteMember
from xsconsole.domain.poolstate import MemberValue, RunRecord, decode
from xsconsole.domain.workflow import Kind, Stage, Transition
from xsconsole.domain.workflow.afterwards import Hold
from xsconsole.engine.plans.steps import SUBJECT_LIMIT, WRITE_S
from xsconsole.errors import Barred, NotPromotable


def demand_open(barriers: Sequence[Barrier], has_place: Callable[[], None]) -> None:
    """Refuse where anything stands against it, naming all of that, also where there is no place for it.

    Raises:
        Barred: with when all of it will have fallen away by itself, where that is known.
        NotPromotable: there is no place, and nothing else is in the way.
    """
    try:
        has_place()
    except NotPromotable as full:
        if not barriers:
            raise
        raise barred(barriers, full) from full
    if barriers:
        raise barred(barriers)


def demand_going_on(record: RunRecord, closures: Closures) -> None:
    """Refuse to go on with an interrupted run while the line is stopped or its version quarantined; undoing is free.

    Freezes and holds do not count: it began when nothing stood against it. What an emergency goes past does not either.

    Raises:
        Barred: naming what stands against it.
    """
    intent = record.plan.intent
    if intent.kind not in (RunKind.PROMOTE, RunKind.DEMOTE):
        return
    found = [stopped(closures.stop)] if closures.stop is not None else []
    if intent.kind is RunKind.DEMOTE and not (closures.stop is not None and closures.stop.is_total):
        found = []
    values = (
        decode(step.action.value, MemberValue) for step in record.plan.steps if isinstance(step.action, WriteMember)
    )
    versions = {(value.service, value.version) for value in values if value is not None}
    if intent.kind is RunKind.PROMOTE:
        each = ((version, closures.quarantine_of(*version)) for version in sorted(versions))
        found += [quarantined(*version, one) for version, one in each if one is not None]
    passed = {override.key for override in record.plan.overrides or ()}
    found = [barrier for barrier in found if barrier.kind not in passed]
    if found:
        refusal = barred(found)
        refusal.mend = f"{refusal.mend} Or undo the run."
        raise refusal


def held(plan: Plan, way: Transition, ends: tuple[Stage, Stage]) -> Plan:
    """Return the plan with the hold that the way leaves behind, as its last step."""
    if not any(isinstance(action, Hold) for action in way.afterwards):
        return plan
    source, target = (shortened(stage.name, 60) for stage in ends)
    did = "Promoted" if way.kind is Kind.PROMOTE else "Demoted"
    action = PlaceHold(configuration=plan.intent.configuration, reason=f"{did} from {source} to {target}")
    step = Step(
        key=StepKey("y-hold"),
        action=action,
        subject=shortened(plan.intent.name, SUBJECT_LIMIT),
        after=plan.ends,
        estimate=Estimate(seconds=WRITE_S),
    )
    warning = "It is held afterwards: nobody promotes it until the hold is lifted."
    return msgspec.structs.replace(plan, steps=(*plan.steps, step), warnings=(*plan.warnings, warning))


def barred(barriers: Sequence[Barrier], also: NotPromotable | None = None) -> Barred:
    """Return the refusal that names these barriers, and what else is in the way."""
    reasons = [barrier.sentence for barrier in barriers] + ([also.reason] if also is not None else [])
    mends = [barrier.mend for barrier in barriers] + ([also.mend] if also is not None else [])
    ends = [barrier.until for barrier in barriers]
    known = [end for end in ends if end is not None]
    is_known = also is None and len(known) == len(ends)
    told = " ".join(dict.fromkeys(reasons))  # what is met twice, as by each of two clocks, is told once
    return Barred(reason=told, mend=" ".join(dict.fromkeys(mends)), until=max(known) if is_known else None)
