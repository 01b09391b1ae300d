"""The plans that change the power of a configuration where it stands, its machines in their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.actions.service import Resume, Suspend
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import NULL_REF, StepKey, Uuid
from xsconsole.domain.inventory import SR, VM, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind, Start
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.engine.commands import ChangePower, OfService
from xsconsole.engine.moves.moving import runs, vms_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import demand_space, total
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.placement import freed_by, guest_of, less, place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification
from xsconsole.errors import NotPromotable

STANDING = {Standing.WHOLE, Standing.INCOMPLETE}
RISING = (RunKind.START, RunKind.RESUME)
OVERHEAD_S = 5.0  # of a suspension or a resumption, beside what it takes to write or read the memory
MEMORY_BYTES_PER_S = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a verb is about, once it may be done there."""

    card: Card
    stage: Stage
    workflow: Workflow
    board: Board
    inventory: Inventory


def plan_power(command: ChangePower, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Start group by group in ascending order, or shut down in descending order, or both; then look.

    Each machine waits for its own delay while it starts or stops: the pool does so before it says that it is done.

    Raises:
        NotPromotable: nothing is to be done, a machine cannot be brought there, or there is no room for it.
    """
    found = surroundings_of(command, board, inventory, actor)
    card = found.card
    up = [member for member in card.members if runs(member)]
    down = [member for member in card.members if not runs(member)]
    match command.kind:
        case RunKind.SUSPEND:
            return _suspending(found, up, down)
        case RunKind.RESUME:
            return _resuming(found, [member for member in down if _is_suspended(member)])
    rules.demand_settled_power(card)
    match command.kind:
        case RunKind.START:
            return _starting(found, down, up)
        case RunKind.SHUT_DOWN:
            return _stopping(found, up, down)
        case RunKind.REBOOT:
            return _rebooting(found, up, down)
        case _:
            raise NotPromotable(
                reason="That is no change of the power.", mend="Start it, shut it down, reboot, suspend or resume it."
            )


def surroundings_of(command: OfService, board: Board, inventory: Inventory, actor: str) -> Surroundings:
    """Return what a verb is about.

    Raises:
        Refused: it is not there, not as it was, in no stage, or this log-in may not act in it.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, STANDING)
    rules.demand_revision(card, command.revision)
    stage = rules.stage_of(workflow, card.stage)
    rules.demand_actor(workflow, (stage,), actor)
    return Surroundings(card=card, stage=stage, workflow=workflow, board=board, inventory=inventory)


def _starting(found: Surroundings, down: Sequence[Member], up: Sequence[Member]) -> Plan:
    if not down:
        raise _nothing(found.card, "runs already", "All its machines are on.")
    rules.demand_power_changes((found.stage, down), what="a start")
    rules.demand_place_to_run(found.board, found.stage, found.card)
    vms = vms_of(down, found.inventory)
    for vm in vms:
        rules.demand_operation(vm, "start", found.inventory)
        rules.demand_unblocked(vm, "start_on")
    steps = Steps()
    started = _add_starts(found, steps, down, vms, [], is_again=False)
    add_verification(steps, found.card.name, {member.uuid for member in found.card.members}, started)
    return _planned(found, RunKind.START, steps, _told(down, "started", up, "runs already", "run already"))


def _stopping(found: Surroundings, up: Sequence[Member], down: Sequence[Member]) -> Plan:
    if not up:
        raise _nothing(found.card, "is off already", "None of its machines runs.")
    _demand_stops(found, up, "a shutdown")
    steps = Steps()
    add_shutdowns(steps, up, [])
    return _planned(found, RunKind.SHUT_DOWN, steps, _told(up, "shut down", down, "is off already", "are off already"))


def _rebooting(found: Surroundings, up: Sequence[Member], down: Sequence[Member]) -> Plan:
    if not up:
        raise _nothing(found.card, "is off", "Start it: none of its machines runs.")
    vms = _demand_stops(found, up, "a reboot")
    steps = Steps()
    stopped = add_shutdowns(steps, up, [])
    started = _add_starts(found, steps, up, vms, stopped, is_again=True)
    add_verification(steps, found.card.name, {member.uuid for member in up}, started)
    told = _told(up, "shut down in order and started again", down, "is off and stays so", "are off and stay so")
    return _planned(found, RunKind.REBOOT, steps, told)


def _suspending(found: Surroundings, up: Sequence[Member], left: Sequence[Member]) -> Plan:
    """Plan to write memories to storage, of which there has to be enough, in descending order."""
    if not up:
        raise _nothing(found.card, "does not run", "There is no memory to be kept.")
    inventory = found.inventory
    rules.demand_power_changes((found.stage, up), what="a suspension", by=rules.SUSPENDING)
    images: dict[Uuid, dict[Uuid, int]] = {}
    for vm in vms_of(up, inventory):
        rules.demand_operation(vm, "suspend", inventory)
        rules.demand_unblocked(vm, "resume")
        images[vm.uuid] = {_storage_of_image(vm, inventory).uuid: vm.memory_static_max}
    needed = total(*images.values())
    tight = demand_space(inventory, needed, "The memories", claims_on(found.board).space)
    steps = Steps()
    after: list[StepKey] = []
    for group in _groups(up, is_descending=True):
        after = [
            steps.add(
                Suspend(vm=member.uuid),
                member.name,
                after,
                Estimate(
                    seconds=_seconds(member),
                    downtime_s=max(map(_seconds, group)) if number == 0 else 0.0,
                    bytes=sum(images[member.uuid].values()),
                    space=images[member.uuid],
                ),
            )
            for number, member in enumerate(group)
        ]
    where = listing(tuple(f"{size(bytes_)} in “{_name_of(sr, inventory)}”" for sr, bytes_ in sorted(needed.items())))
    told = _told(up, "suspended", left, "does not run and is passed over", "do not run and are passed over")
    return _planned(found, RunKind.SUSPEND, steps, (*told, f"What they hold in memory takes up to {where}.", *tight))


def _resuming(found: Surroundings, suspended: Sequence[Member]) -> Plan:
    if not suspended:
        raise _nothing(found.card, "has no suspended machine", "Start it, where it is off.")
    inventory = found.inventory
    rules.demand_power_changes((found.stage, suspended), what="a resumption", by=rules.SUSPENDING)
    rules.demand_place_to_run(found.board, found.stage, found.card)
    vms = vms_of(suspended, inventory)
    for vm in vms:
        rules.demand_operation(vm, "resume", inventory)
        rules.demand_unblocked(vm, "resume_on")
        rules.demand_unblocked(vm, "suspend")
    hosts = place(inventory, [guest_of(vm, inventory) for vm in vms], claims_on(found.board).memory)
    steps = Steps()
    after: list[StepKey] = []
    for group in _groups(suspended, is_descending=False):
        after = [
            steps.add(
                Resume(vm=member.uuid),
                member.name,
                after,
                Estimate(seconds=_seconds(member), memory_bytes=member.memory_bytes),
                host=hosts.get(member.uuid),
            )
            for member in group
        ]
    add_verification(steps, found.card.name, {member.uuid for member in suspended}, after)
    left = [member for member in found.card.members if member not in suspended]
    return _planned(
        found, RunKind.RESUME, steps, _told(suspended, "resumed", left, "stays as it is", "stay as they are")
    )


def _groups(members: Sequence[Member], *, is_descending: bool) -> list[list[Member]]:
    key: Callable[[Member], int] = (lambda member: -member.order) if is_descending else (lambda member: member.order)
    return [list(group) for _, group in groupby(sorted(members, key=key), key=key)]


def _seconds(member: Member) -> float:
    return OVERHEAD_S + member.memory_bytes / MEMORY_BYTES_PER_S


def _is_suspended(member: Member) -> bool:
    return member.power_state == "Suspended"


def _storage_of_image(vm: VM, inventory: Inventory) -> SR:
    """Return where the pool will put the memory of a machine: its own storage for that, its host's, the pool's."""
    host, pool = inventory.get(Host, vm.resident_on), inventory.pool
    asked = (vm.suspend_SR, host.suspend_image_sr if host else NULL_REF, pool.suspend_image_SR if pool else NULL_REF)
    found = next((sr for ref in asked if (sr := inventory.get(SR, ref)) is not None), None)
    if found is None:
        raise NotPromotable(
            reason=f"There is no storage for the memory of “{shortened(vm.name_label)}”.",
            mend="Set the pool's storage for suspended machines, with `xe pool-param-set suspend-image-SR-uuid=…`.",
        )
    return found


def _name_of(sr: Uuid, inventory: Inventory) -> str:
    found = inventory.by_uuid(SR, sr)
    return shortened(found.name_label if found else sr, 40)


def _demand_stops(found: Surroundings, up: Sequence[Member], what: str) -> list[VM]:
    """Return the records of machines that can be shut down, and started again where that is undone."""
    rules.demand_power_changes((found.stage, up), what=what)
    vms = vms_of(up, found.inventory)
    for vm in vms:
        rules.demand_operation(vm, "clean_shutdown", found.inventory)
        rules.demand_unblocked(vm, "start")
        rules.demand_unblocked(vm, "start_on")
    return vms


def _add_starts(
    found: Surroundings,
    steps: Steps,
    members: Sequence[Member],
    vms: Sequence[VM],
    after: list[StepKey],
    *,
    is_again: bool,
) -> list[StepKey]:
    """Add starts on hosts that have room, and where it can be on those that the machines run on now."""
    inventory = found.inventory
    guests = [replace(guest_of(vm, inventory), here=_host_of(vm, inventory)) for vm in vms]
    hosts = place(inventory, guests, less(claims_on(found.board).memory, freed_by(vms, inventory)))
    delays_s = {vm.uuid: vm.start_delay for vm in vms}
    action: type[Start] | type[StartAgain] = StartAgain if is_again else Start
    return add_starts(steps, members, delays_s, after, is_downtime=is_again, hosts=hosts, action=action)


def _host_of(vm: VM, inventory: Inventory) -> Uuid | None:
    host = inventory.get(Host, vm.resident_on)
    return host.uuid if host is not None else None


def _told(done: Sequence[Member], how: str, left: Sequence[Member], one: str, many: str) -> tuple[str, ...]:
    """Return what happens to which machines, and which are passed over."""
    said = [f"{listing(_names(done))} will be {how}."]
    if left:
        said.append(f"{listing(_names(left))} {one if len(left) == 1 else many}.")
    return tuple(said)


def _names(members: Sequence[Member]) -> tuple[str, ...]:
    ordered = sorted(members, key=lambda member: (member.order, member.name))
    return tuple(member.name for member in ordered)


def _planned(found: Surroundings, kind: RunKind, steps: Steps, told: tuple[str, ...]) -> Plan:
    card = found.card
    missing = (f"{count(len(card.missing), 'member')} gone from the pool.",) if card.missing else ()
    return Plan(
        intent=intent_in(kind, card, found.workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (found.stage,) if kind in RISING else ()),
        warnings=(*told, *missing),
        asks=True,
    )


def _nothing(card: Card, how: str, mend: str) -> NotPromotable:
    return NotPromotable(reason=f"“{shortened(card.name)}” {how}.", mend=mend)
