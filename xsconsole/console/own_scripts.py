"""Scripts of gates that this console would run: what is missing is known before anything begins.

It is a condition of this console, not of the plan: the same plan can be carried out by a console that has the script.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from xsconsole.console.probing import SCRIPTS, why_no_script
from xsconsole.domain.plan import CheckGate, Plan
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Transition
from xsconsole.domain.workflow.gates import Script
from xsconsole.errors import Barred, NotPromotable

HERE = "This console cannot carry it out:"


def noted_here(plan: Plan, home: Path) -> Plan:
    """Return the plan with what is missing here; that is no part of it."""
    why = _lacking_of(plan, home)
    return msgspec.structs.replace(plan, notes=(*plan.notes, f"{HERE} {why}")) if why else plan


def refused_here(targets: tuple[Target, ...], home: Path) -> tuple[Target, ...]:
    """Return the answers of columns; where a script is missing here the plan can be looked at, and asked for."""
    return tuple(_refused(target, home) for target in targets)


def demand_planned_here(plan: Plan, home: Path) -> None:
    """Refuse a plan that cannot be begun here; what others have to approve can be asked for all the same.

    Raises:
        NotPromotable: naming the script and its folder.
    """
    why = _lacking_of(plan, home) if plan.demand is None else ""
    if why:
        raise NotPromotable(reason=f"{HERE} {why}")


def told_too(refusal: NotPromotable, way: Transition, home: Path, *, is_urgent: bool = False) -> NotPromotable:
    """Return a refusal with what is missing here named as well; time alone does not mend it then.

    Where others have to approve, it can be asked for all the same; an emergency asks nobody.
    """
    why = _lacking(way.gates, home) if is_urgent or not way.approvals else ""
    if not why:
        return refusal
    kind = Barred if isinstance(refusal, Barred) else NotPromotable
    return kind(reason=f"{refusal.reason} {HERE} {why}", mend=refusal.mend)


def _refused(target: Target, home: Path) -> Target:
    if target.plan is None or target.refusal is not None:
        return target
    try:
        demand_planned_here(target.plan, home)
    except NotPromotable as refusal:
        return replace(target, refusal=refusal)
    return target


def refusal_here(way: Transition, home: Path) -> NotPromotable | None:
    """Return why what goes along a way cannot be begun here; None where it can."""
    why = _lacking(way.gates, home)
    return NotPromotable(reason=f"{HERE} {why}") if why else None


def _lacking_of(plan: Plan, home: Path) -> str:
    return _lacking((step.action.gate for step in plan.steps if isinstance(step.action, CheckGate)), home)


def _lacking(gates: Iterable[object], home: Path) -> str:
    found = (why_no_script(home / SCRIPTS, gate.argv) for gate in gates if isinstance(gate, Script))
    return " ".join(dict.fromkeys(filter(None, found)))
