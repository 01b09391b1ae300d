"""Who has the place that a newcomer takes: found, shut down, kept as it was, and led back once all has passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from xsconsole.domain.actions.holds import PlaceHold
from xsconsole.domain.actions.stowing import SealStow
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import ConfigurationId, StepKey
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.manifest import manifest_of_card
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Action, Estimate, Plan, Purpose, Step, TakeSnapshot, Verify
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Stage, Transition, Workflow
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Hold
from xsconsole.domain.workflow.giving_way import has_demands, has_slot, way_back_from
from xsconsole.domain.workflow.names import gate_name
from xsconsole.engine.archives.retiring import Leaving, add_retirement, demand_retirable, sealing_of
from xsconsole.engine.archives.stow_checks import demand_room
from xsconsole.engine.moves.relocation import changed_networks
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.steps import WRITE_S, Steps, add_shutdowns, moved, writing
from xsconsole.errors import NotPromotable, StageFull

SNAPSHOT_S = 4.0


class Ending(StrEnum):
    """What becomes of who had the place, once all has passed."""

    DEMOTE = "demote"
    ARCHIVE = "archive"  # its machines become templates of the pool


ENDINGS = {DemoteIncumbent: Ending.DEMOTE, ArchiveIncumbent: Ending.ARCHIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The configuration in the slot, and what becomes of it.

    It goes `back` to a stage along `way`, or into the archive, which `sealing` says what it tells.
    """

    card: Card
    members: tuple[tuple[Member, VM], ...]
    back: Stage | None = None
    way: Transition | None = None
    sealing: SealStow | None = None

    @property
    def vms(self) -> tuple[VM, ...]:
        return tuple(vm for _, vm in self.members)

    @property
    def is_serving(self) -> bool:
        return any(member.power_state == "Running" for member, _ in self.members)

    @property
    def is_held(self) -> bool:
        """Whether the way that it goes back leaves a hold behind."""
        return self.way is not None and any(isinstance(action, Hold) for action in self.way.afterwards)

    @property
    def can_return(self) -> bool:
        """Whether it stays a configuration, so that a restore point of it is of use."""
        return self.sealing is None


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
    members = tuple((member, vm) for member, vm in found if vm is not None)
    if ending is Ending.ARCHIVE:
        demand_room(inventory.pool.other_config if inventory.pool is not None else {})
        demand_retirable([vm for _, vm in members])
        manifest = manifest_of_card(other, inventory, workflow)
        sealing = sealing_of(other, target, members, manifest, board, inventory)
        return Incumbent(card=other, members=members, sealing=sealing)
    way = _way_back(workflow, target, edge, other)
    back = rules.stage_of(workflow, way.target)
    try:
        rules.demand_place(board, back, other.service, other.id, will_run=False, leaving=leaving)
    except StageFull as full:
        reason = f"“{shortened(other.name)}” has the place in {target.name} and finds none where it goes back to."
        raise StageFull(reason=f"{reason} {full.reason}", mend=full.mend) from full
    return Incumbent(card=other, members=members, back=back, way=way)


def told(incumbent: Incumbent, *, is_kept: bool) -> str:
    """Return what whoever confirms should know of who gives way. `is_kept` says whether a restore point is taken."""
    does = ["it is shut down"] if incumbent.is_serving else []
    does += ["its restore point is taken"] if is_kept and incumbent.can_return else []
    back = incumbent.back
    does.append(
        f"once all has passed it goes to {back.name} and stays off"
        if back is not None
        else "once all has passed its machines become templates of an archive in the pool"
    )
    *first, last = does
    happens = f"{', '.join(first)}, and {last}" if first else last
    text = f"“{shortened(incumbent.card.name, 60)}” has the place: {happens}."
    if incumbent.can_return:
        return f"{text} It is held there until somebody lifts that." if incumbent.is_held else text
    return (
        f"{text} Until then it stands by. Afterwards nobody stands by: it comes back only as a new configuration, "
        "restored from the archive."
    )


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
    is_kept = is_kept and incumbent.can_return
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
    """Return the last steps: what becomes of the incumbent."""
    if incumbent.sealing is not None:
        leaving = Leaving(card=incumbent.card, machines=incumbent.members, sealing=incumbent.sealing)
        steps = Steps("zzz-retire-")
        add_retirement(steps, leaving, workflow, inventory, after)
        return steps.all
    assert incumbent.back is not None, "who is not archived goes somewhere"
    return _led_back(incumbent, incumbent.back, place, workflow, inventory, after)


def succeeded(plan: Plan, incumbent: Incumbent, place: Stage, workflow: Workflow, inventory: Inventory) -> Plan:
    """Return the plan with what becomes of the incumbent once all that may lead back has passed."""
    last = ended(incumbent, place, workflow, inventory, plan.ends)
    return msgspec.structs.replace(plan, steps=(*plan.steps, *last))


def _led_back(
    incumbent: Incumbent,
    back: Stage,
    place: Stage,
    workflow: Workflow,
    inventory: Inventory,
    after: Sequence[StepKey],
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
        put = changed_networks(vm, place, back, inventory)
        before = [add(f"{number:02d}-networks", put, member.name, after)] if put is not None else after
        action = writing(vm, moved(member.value, back, workflow), back)
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
            reason=f"“{shortened(other.name)}” has the place in {target.name}, and its way back from there demands "
            f"{_demands(way)}, which nobody can meet within this run.",
            mend="Demote it first, or let that way demand nothing.",
        )
    return way


def _demands(way: Transition) -> str:
    found = tuple(dict.fromkeys(f"the gate “{gate_name(gate)}”" for gate in way.gates))
    found += ("approval",) if way.approvals else ()
    return listing(found or ("copies",))
