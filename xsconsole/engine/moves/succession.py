"""Who has the place that a newcomer takes: found, shut down, kept as it was, and led back once all has passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from xsconsole.domain.actions.holds import PlaceHold
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import ConfigurationId, StepKey
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Action, Estimate, Plan, Purpose, Step, TakeSnapshot, Verify
from xsconsole.domain.workflow import Stage, Transition, Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Hold
from xsconsole.domain.workflow.giving_way import has_demands, has_slot, way_back_from
from xsconsole.engine.moves.relocation import changed_networks
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.steps import WRITE_S, Steps, add_shutdowns, moved, writing
from xsconsole.errors import NotPromotable, StageFull

SNAPSHOT_S = 4.0


class Ending(StrEnum):
    """What becomes of who had the place, once all has passed."""

    DEMOTE = "demote"
    ARCHIVE = "archive"  # no way that asks for it gets as far as a plan: `enforcement` refuses it


ENDINGS = {DemoteIncumbent: Ending.DEMOTE, ArchiveIncumbent: Ending.ARCHIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The configuration in the slot, what becomes of it, and the stage to which it goes back along `way`."""

    card: Card
    members: tuple[tuple[Member, VM], ...]
    back: Stage
    way: Transition
    ending: Ending = Ending.DEMOTE

    @property
    def vms(self) -> tuple[VM, ...]:
        return tuple(vm for _, vm in self.members)

    @property
    def is_serving(self) -> bool:
        return any(member.power_state == "Running" for member, _ in self.members)

    @property
    def is_held(self) -> bool:
        """Whether the way that it goes back leaves a hold behind."""
        return any(isinstance(action, Hold) for action in self.way.afterwards)


def ending_of(edge: Transition) -> Ending | None:
    """Return what a way does with who has the place; None where it leaves them there."""
    return next((ENDINGS[type(action)] for action in edge.afterwards if type(action) in ENDINGS), None)


def incumbent_of(
    workflow: Workflow,
    card: Card,
    target: Stage,
    edge: Transition,
    board: Board,
    inventory: Inventory,
    leaving: ConfigurationId | None = None,
) -> Incumbent | None:
    """Return who makes place: only where the slot is full and the way says what becomes of them afterwards.

    `leaving` is whom the run takes out of the stage that it comes from, so that there is room where it goes back to.

    Raises:
        NotPromotable: it cannot be led back by itself.
    """
    same = [other for other in board.in_stage(target.id) if other.service == card.service]
    ending = ending_of(edge)
    if not has_slot(target) or len(same) != 1 or ending is None:
        return None
    (other,) = same
    rules.demand_standing(other, {Standing.WHOLE})
    rules.demand_settled_power(other)
    found = ((member, inventory.get(VM, member.ref)) for member in other.members)
    way = _way_back(workflow, target, edge, other)
    back = rules.stage_of(workflow, way.target)
    try:
        rules.demand_place(board, back, other.service, other.id, will_run=False, leaving=leaving)
    except StageFull as full:
        reason = f"“{shortened(other.name)}” has the place in {target.name} and finds none where it goes back to."
        raise StageFull(reason=f"{reason} {full.reason}", mend=full.mend) from full
    return Incumbent(
        card=other,
        members=tuple((member, vm) for member, vm in found if vm is not None),
        back=back,
        way=way,
        ending=ending,
    )


def told(incumbent: Incumbent, *, is_kept: bool) -> str:
    """Return what whoever confirms should know of who gives way. `is_kept` says whether a restore point is taken."""
    does = ["it is shut down"] if incumbent.is_serving else []
    does += ["its restore point is taken"] if is_kept else []
    does.append(f"once all has passed it goes to {incumbent.back.name} and stays off")
    *first, last = does
    happens = f"{', '.join(first)}, and {last}" if first else last
    text = f"“{shortened(incumbent.card.name, 60)}” has the place: {happens}."
    return f"{text} It is held there until somebody lifts that." if incumbent.is_held else text


def add_standing_down(
    steps: Steps,
    incumbent: Incumbent,
    target: Stage,
    after: list[StepKey],
    inventory: Inventory,
    *,
    is_kept: bool = True,
) -> list[StepKey]:
    """Shut the incumbent down and, where it `is_kept`, take its restore point; return what comes next waits for."""
    running = [member for member, _ in incumbent.members if member.power_state == "Running"]
    rules.demand_power_changes((target, running), what="making place")
    for member, vm in incumbent.members:
        if member in running:
            rules.demand_operation(vm, "clean_shutdown", inventory)
        rules.demand_unblocked(vm, "start")
        if is_kept:
            rules.demand_unblocked(vm, "snapshot")
    stopped = add_shutdowns(steps, running, after) if running else after
    taken = []
    for number, (member, vm) in enumerate(incumbent.members if is_kept else ()):
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
    return taken or stopped


def ended(
    incumbent: Incumbent, place: Stage, workflow: Workflow, inventory: Inventory, after: Sequence[StepKey]
) -> tuple[Step, ...]:
    """Return the last steps: what becomes of the incumbent.

    Raises:
        NotPromotable: it cannot stand where it goes back to.
    """
    match incumbent.ending:
        case Ending.DEMOTE:
            return _led_back(incumbent, place, workflow, inventory, after)
        case Ending.ARCHIVE:
            raise NotPromotable(
                reason=f"“{shortened(incumbent.card.name)}” cannot be archived within the run of another.",
                mend="Let the way lead it back instead, and archive it then.",
            )


def succeeded(plan: Plan, incumbent: Incumbent, place: Stage, workflow: Workflow, inventory: Inventory) -> Plan:
    """Return the plan with what becomes of the incumbent once all that may lead back has passed."""
    last = ended(incumbent, place, workflow, inventory, plan.ends)
    return msgspec.structs.replace(plan, steps=(*plan.steps, *last))


def _led_back(
    incumbent: Incumbent, place: Stage, workflow: Workflow, inventory: Inventory, after: Sequence[StepKey]
) -> tuple[Step, ...]:
    """Put the incumbent on the networks of the stage that it goes back to, write it there, and compare.

    Its disks stay where they are: it is off, and whoever swaps it back wants it soon.
    """
    steps: list[Step] = []

    def add(key: str, action: Action, subject: str, after: Sequence[StepKey]) -> StepKey:
        named = StepKey(f"zzz-back-{key}")
        estimate = Estimate(seconds=WRITE_S)
        steps.append(
            Step(key=named, action=action, subject=shortened(subject, 80), after=tuple(after), estimate=estimate)
        )
        return named

    written, ready = {}, []
    for number, (member, vm) in enumerate(incumbent.members, start=1):
        put = changed_networks(vm, place, incumbent.back, inventory)
        before = [add(f"{number:02d}-networks", put, member.name, after)] if put is not None else after
        action = writing(vm, moved(member.value, incumbent.back, workflow), incumbent.back)
        written[vm.uuid] = action.value
        ready.append(add(f"{number:02d}", action, member.name, before))
    ready = [add("verify", Verify(members=written), incumbent.card.name, ready)]
    if incumbent.is_held:
        why = f"Gave way in {shortened(place.name, 60)}"
        add("hold", PlaceHold(configuration=incumbent.card.id, reason=why), incumbent.card.name, ready)
    return tuple(steps)


def _way_back(workflow: Workflow, target: Stage, edge: Transition, other: Card) -> Transition:
    way = way_back_from(workflow, edge)
    if way is None:
        raise NotPromotable(
            reason=f"“{shortened(other.name)}” has the place in {target.name}, and the workflow names no single way "
            "back for it.",
            mend="Demote it first, or let exactly one way lead back from there.",
        )
    if has_demands(way):
        raise NotPromotable(
            reason=f"“{shortened(other.name)}” has the place in {target.name}; its way back has demands of its own.",
            mend="Demote it first.",
        )
    return way
