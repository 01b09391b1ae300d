"""The last look of a run: what its steps should have made of the members, and what the pool shows."""

from xsconsole.domain.actions.copies import DropSnapshot, StartAgain
from xsconsole.domain.actions.travel import MoveAcross
from xsconsole.domain.ids import Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Purpose, ShutDown, Start, Step, TakeSnapshot, Verify
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, is_same_member, newest_text
from xsconsole.domain.words import listing
from xsconsole.engine.copies.disk_work import DiskWork
from xsconsole.engine.moves.placing import Placing
from xsconsole.engine.moves.travel import Travel
from xsconsole.engine.runs.missing import names_of
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist
from xsconsole.errors import VerificationFailed


async def verify(step: Step, action: Verify, at: Presence, placing: Placing, travel: Travel, disks: DiskWork) -> None:
    """Read the members from the pool and compare.

    Raises:
        VerificationFailed: naming every difference.
    """
    differences, names = [], names_of(at.plan)
    for vm, expected in action.members.items():
        found = await at.read(vm)
        if found is None:
            differences.append(f"{shortened(names[vm]) if vm in names else vm} is gone")
        elif not is_same_member(newest_text(found.other_config, MEMBER_STEM, MemberValue), expected):
            differences.append(f"{shortened(found.name_label)} carries another value")
    for vm in action.running:
        found = await at.read(vm)
        if found is None or found.power_state != "Running":
            differences.append(f"{shortened(found.name_label) if found else vm} does not run")
        elif not await insist(at.pool, lambda vm=vm: at.pool.is_attended(vm)):  # type: ignore[misc]
            name = shortened(found.name_label)
            differences.append(f"the host of {name} does not answer, so that nobody knows whether it runs")
    for vm in _stopped(at.plan):
        found = await at.read(vm)
        if found is not None and found.power_state == "Running":
            differences.append(f"{shortened(found.name_label)} was shut down and runs again")
    differences += [*await placing.amiss(step), *await travel.amiss(), *await disks.amiss()]
    if differences:
        raise VerificationFailed(differences=tuple(differences))


async def lost_points(at: Presence) -> str:
    """Return a sentence about restore points of this run that somebody else removed meanwhile; empty where all stand.

    Nothing is put back for that. A machine that moves to another pool takes its snapshots along; what is taken in the
    other pool is there.
    """
    steps = at.plan.steps
    gone_elsewhere = {step.action.vm for step in steps if isinstance(step.action, MoveAcross)}
    dropped = {step.action.snapshot for step in steps if isinstance(step.action, DropSnapshot)}
    lost = []
    for step in steps:
        taken = at.made(step.key)
        if (
            isinstance(step.action, TakeSnapshot)
            and step.action.purpose is Purpose.RESTORE_POINT
            and at.is_here(step)
            and step.action.vm not in gone_elsewhere
            and step.key not in dropped
            and taken is not None
            and not await at.exists(taken)
        ):
            lost.append(shortened(step.subject, 60))
    if not lost:
        return ""
    return f"Somebody removed the restore point of {listing(tuple(lost))} meanwhile: nothing leads back to those disks."


def _stopped(plan: Plan) -> list[Uuid]:
    """Return what the run shuts down for good, such as who gives way: somebody may start it behind its back."""
    started = {step.action.vm for step in plan.steps if isinstance(step.action, Start | StartAgain)}
    return [
        step.action.vm for step in plan.steps if isinstance(step.action, ShutDown) and step.action.vm not in started
    ]
