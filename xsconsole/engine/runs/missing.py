"""What is gone, where the pool says no more than that a handle or a uuid is none."""

from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Step
from xsconsole.domain.wording.pool import is_gone, thing_of
from xsconsole.errors import PoolFailed

SUBJECT_SHOWN = 60


def note_missing(failure: PoolFailed, step: Step, plan: Plan) -> None:
    """Add to a failure of a step what is gone, by the name that the plan knows it by."""
    if failure.thing or not is_gone(failure.code):
        return
    known = _names(plan)
    sought = failure.parameters[-1] if failure.parameters else ""
    machine, snapshot = (str(getattr(step.action, part, None) or "") for part in ("vm", "snapshot"))
    if sought not in known and failure.parameters[:1] == ("VM",) and machine and not snapshot:
        sought = machine  # its handle, and the step works at no other
    if sought not in known:
        failure.thing = _unnamed(failure, step, has_snapshot=bool(machine and snapshot))
        return
    is_snapshot, name = known[sought]
    called = shortened(name, SUBJECT_SHOWN)
    is_ours = failure.code.startswith("XSCONSOLE_")
    failure.thing = (
        f"The snapshot of “{called}”"
        if is_snapshot and not is_ours
        else thing_of(failure.code, failure.parameters, called)
    )


def _unnamed(failure: PoolFailed, step: Step, *, has_snapshot: bool) -> str:
    """Return what is gone by whom it belonged to, where the pool gives a handle only; empty where it says enough."""
    kind, handle = (*failure.parameters, "", "")[:2]
    whose = shortened(step.subject, SUBJECT_SHOWN)
    if not whose or not handle.startswith("OpaqueRef:"):
        return ""
    if kind == "VM" and has_snapshot:
        return f"The machine “{whose}” or its snapshot"
    return f"{thing_of(failure.code, failure.parameters).removesuffix(' that is needed')} that “{whose}” needs"


def names_of(plan: Plan) -> dict[Uuid, str]:
    """Return by which names a plan knows the machines that its steps work at."""
    return {Uuid(uuid): name for uuid, (is_snapshot, name) in _names(plan).items() if not is_snapshot}


def _names(plan: Plan) -> dict[str, tuple[bool, str]]:
    """Return the name of the machine to which each uuid and step of a plan belongs, and whether it is a snapshot's."""
    found: dict[str, tuple[bool, str]] = {step.key: (False, step.subject) for step in plan.steps}
    for step in plan.steps:
        machine, snapshot = getattr(step.action, "vm", None), getattr(step.action, "snapshot", None)
        if machine is not None:
            found[machine] = (False, step.subject)
        if snapshot is not None and snapshot not in found:
            found[snapshot] = (True, step.subject)
    return found
