"""The last look of a run: what its steps should have made of the members, and what the pool shows."""

from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, ShutDown, Start, Step, Verify
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, is_same_member, newest_text
from xsconsole.engine.copies.disk_work import DiskWork
from xsconsole.engine.moves.placing import Placing
from xsconsole.engine.moves.travel import Travel
from xsconsole.engine.runs.presence import Presence
from xsconsole.errors import VerificationFailed


async def verify(step: Step, action: Verify, at: Presence, placing: Placing, travel: Travel, disks: DiskWork) -> None:
    """Read the members from the pool and compare.

    Raises:
        VerificationFailed: naming every difference.
    """
    differences = []
    for vm, expected in action.members.items():
        found = await at.read(vm)
        if found is None:
            differences.append(f"{vm} is gone")
        elif not is_same_member(newest_text(found.other_config, MEMBER_STEM, MemberValue), expected):
            differences.append(f"{shortened(found.name_label)} carries another value")
    for vm in action.running:
        found = await at.read(vm)
        if found is None or found.power_state != "Running":
            differences.append(f"{shortened(found.name_label) if found else vm} does not run")
    for vm in _stopped(at.plan):
        found = await at.read(vm)
        if found is not None and found.power_state == "Running":
            differences.append(f"{shortened(found.name_label)} was shut down and runs again")
    differences += [*await placing.amiss(step), *await travel.amiss(), *await disks.amiss()]
    if differences:
        raise VerificationFailed(differences=tuple(differences))


def _stopped(plan: Plan) -> list[Uuid]:
    """Return what the run shuts down for good, such as who gives way: somebody may start it behind its back."""
    started = {step.action.vm for step in plan.steps if isinstance(step.action, Start | StartAgain)}
    return [
        step.action.vm for step in plan.steps if isinstance(step.action, ShutDown) and step.action.vm not in started
    ]
