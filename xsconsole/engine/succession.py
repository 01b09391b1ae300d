"""Who has the place that a copy comes to take: found, shut down, kept as it was, and led back once all has passed."""

from collections.abc import Sequence
from dataclasses import dataclass

from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import StepKey
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Purpose, Step, TakeSnapshot, Verify, WriteMember
from xsconsole.domain.workflow import Kind, Method, Stage, Transition, Workflow
from xsconsole.domain.workflow.afterwards import DemoteIncumbent
from xsconsole.engine import capacity, rules
from xsconsole.engine.steps import WRITE_S, Steps, add_shutdowns, moved, writing
from xsconsole.errors import NotPromotable

SNAPSHOT_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The configuration in the slot, and the stage to which it goes back."""

    card: Card
    members: tuple[tuple[Member, VM], ...]
    back: Stage

    @property
    def vms(self) -> tuple[VM, ...]:
        return tuple(vm for _, vm in self.members)


def incumbent_of(
    workflow: Workflow, card: Card, target: Stage, edge: Transition, board: Board, inventory: Inventory
) -> Incumbent | None:
    """Return who makes place: only where the slot is full and the way says that the incumbent is led back afterwards.

    Raises:
        NotPromotable: it cannot be led back by itself.
    """
    most = target.limits.per_service
    same = [other for other in board.in_stage(target.id) if other.service == card.service]
    leads_back = any(isinstance(action, DemoteIncumbent) for action in edge.afterwards)
    if most != 1 or len(same) != 1 or not leads_back:
        return None
    (other,) = same
    rules.demand_standing(other, {Standing.WHOLE})
    rules.demand_settled_power(other)
    found = ((member, inventory.get(VM, member.ref)) for member in other.members)
    return Incumbent(
        card=other,
        members=tuple((member, vm) for member, vm in found if vm is not None),
        back=_way_back(workflow, target, edge, other),
    )


def add_standing_down(
    steps: Steps, incumbent: Incumbent, target: Stage, after: list[StepKey], inventory: Inventory
) -> list[StepKey]:
    """Shut the incumbent down and take its restore point; return what comes next waits for."""
    running = [member for member, _ in incumbent.members if member.power_state == "Running"]
    for member, vm in incumbent.members:
        if member in running:
            rules.demand_operation(vm, "clean_shutdown", inventory)
        rules.demand_unblocked(vm, "start")
        rules.demand_unblocked(vm, "snapshot")
    stopped = add_shutdowns(steps, running, after) if running else after
    taken = []
    for number, (member, vm) in enumerate(incumbent.members):
        space = capacity.snapshot_space(inventory, vm)
        taken.append(
            steps.add(
                TakeSnapshot(
                    vm=vm.uuid,
                    purpose=Purpose.RESTORE_POINT,
                    was_running=member in running,
                    configuration=incumbent.card.id,
                    stage=target.id,
                ),
                member.name,
                stopped,
                Estimate(
                    seconds=SNAPSHOT_S,
                    bytes=sum(space.values()),
                    space=space,
                    downtime_s=SNAPSHOT_S if running and number == 0 else 0.0,
                ),
            )
        )
    return taken


def leading_back(incumbent: Incumbent, workflow: Workflow, after: Sequence[StepKey]) -> tuple[Step, ...]:
    """Return the last steps for the incumbent: its members are written into the stage that it goes back to."""
    steps = []
    for number, (member, vm) in enumerate(incumbent.members, start=1):
        steps.append(
            Step(
                key=StepKey(f"zzz-back-{number:02d}"),
                action=writing(vm, moved(member.value, incumbent.back, workflow), incumbent.back),
                subject=shortened(member.name, 80),
                after=tuple(after),
                estimate=Estimate(seconds=WRITE_S),
            )
        )
    written = {step.action.vm: step.action.value for step in steps if isinstance(step.action, WriteMember)}
    verify = Step(
        key=StepKey("zzz-back-verify"),
        action=Verify(members=written),
        subject=shortened(incumbent.card.name, 80),
        after=tuple(step.key for step in steps),
        estimate=Estimate(seconds=WRITE_S),
    )
    return (*steps, verify)


def _way_back(workflow: Workflow, target: Stage, edge: Transition, other: Card) -> Stage:
    ways = workflow.transitions_from(target.id, Kind.DEMOTE)
    if len(ways) > 1:
        ways = tuple(way for way in ways if way.target == edge.source)
    if len(ways) != 1:
        raise NotPromotable(
            reason=f"“{shortened(other.name)}” has the place in {target.name}, and the workflow names no single way "
            "back for it.",
            mend="Demote it first, or let exactly one way lead back from there.",
        )
    (way,) = ways
    if way.gates or way.approvals or way.method is not Method.MOVE:
        raise NotPromotable(
            reason=f"“{shortened(other.name)}” has the place in {target.name}; its way back has demands of its own.",
            mend="Demote it first.",
        )
    return rules.stage_of(workflow, way.target)
