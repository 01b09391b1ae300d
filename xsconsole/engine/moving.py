"""The plan of a promotion or demotion that moves the machines themselves."""

from collections.abc import Sequence

from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, TakeSnapshot
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine import rules
from xsconsole.engine.capacity import Space, demand_space, snapshot_space, total
from xsconsole.engine.claims import claims_on
from xsconsole.engine.placement import freed_by, less, place
from xsconsole.engine.relocation import (
    Relocation,
    add_relocations,
    guest_in,
    operations_of,
    relocations,
    sentences,
    staying_up,
)
from xsconsole.engine.steps import Steps, add_shutdowns, add_starts, add_verification, writing
from xsconsole.errors import NotPromotable

SNAPSHOT_S = 4.0


def plan_move(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: dict[Uuid, MemberValue],
    leases: tuple[str, ...],
    board: Board,
    inventory: Inventory,
) -> Plan:
    """Restore point, then power, networks, storage and host, then the stage, then verification.

    The restore point comes first: whatever goes wrong later, the disks as they were are kept. Power comes before the
    stage is written, because starting is what fails in practice (memory, networks, storage) and writing hardly ever
    does: a failed start then leaves nothing to write back, and other programs never see a stage that was not reached.
    The order turns round where the protection of the stage left behind would stand in the way of what is done or of
    its undoing, and that of the new stage would not. Machines are brought to the stage's networks and storage when
    those that are to stop have stopped, and before any starts.
    """
    vms = vms_of(card.members, inventory)
    warnings: list[str] = []
    steps = Steps()
    ready: list[StepKey] = []
    claims = claims_on(board)
    relocated = relocations(card.members, vms, source, target, inventory)
    warnings += _demand_room(edge, vms, relocated, claims.space, inventory)
    if edge.restore_point is not None:
        ready = add_restore_point(steps, card.members, vms, inventory)
        running = [member.name for member in card.members if member.power_state == "Running"]
        if running:
            warnings.append(
                f"The restore point of {count(len(running), 'running machine')} is what a power cut would leave: "
                "memory is not in it."
            )
    to_start = [member for member in card.members if target.entry is EntryAction.START and not runs(member)]
    to_stop = [member for member in card.members if target.entry is EntryAction.STOP and runs(member)]
    stays_up = {member.uuid for member in card.members if runs(member)} - {member.uuid for member in to_stop}
    up = staying_up(relocated, stays_up, target, inventory)
    starting = {member.uuid for member in to_start}
    guests = [guest_in(each, inventory, keeps_running=False) for each in relocated if each.member.uuid in starting]
    freed = freed_by([vm for vm in vms if vm.uuid in {guest.key for guest in up}], inventory)
    hosts = place(inventory, [*guests, *up], less(claims.memory, freed))
    needed = operations_of(relocated, hosts, up)
    is_write_first = _must_write_first(source, target, needed, needs_power=bool(to_start or to_stop))
    by_uuid = {vm.uuid: vm for vm in vms}
    for member in to_start:
        rules.demand_operation(by_uuid[member.uuid], "start", inventory, is_own_block_lifted=is_write_first)
        rules.demand_unblocked(by_uuid[member.uuid], "start_on")
    for member in to_stop:
        rules.demand_operation(by_uuid[member.uuid], "clean_shutdown", inventory, is_own_block_lifted=is_write_first)
        rules.demand_unblocked(by_uuid[member.uuid], "start")
    for each in relocated:
        if each.disks:
            rules.demand_operation(each.vm, "migrate_send", inventory, is_own_block_lifted=is_write_first)
    warnings += sentences(relocated, hosts, up, target, edge, inventory)
    if to_stop:
        warnings.append(f"{count(len(to_stop), 'running machine')} will be shut down and stay so.")
    if edge.kind is Kind.DEMOTE:
        warnings.append("The disks stay as they are now.")

    def write(after: list[StepKey]) -> list[StepKey]:
        return [
            steps.add(writing(vm, values[vm.uuid], target), member.name, after)
            for member, vm in zip(card.members, vms, strict=True)
        ]

    def power(after: list[StepKey]) -> list[StepKey]:
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        after = add_shutdowns(steps, to_stop, after)
        after = add_relocations(steps, relocated, hosts, up, after)
        return add_starts(steps, to_start, delays_s, after, is_downtime=False, hosts=hosts)

    ready = power(write(ready)) if is_write_first else write(power(ready))
    add_verification(steps, card.name, stays_up | starting, ready)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=leases,
        warnings=tuple(warnings),
        asks=bool(to_start or to_stop or up or any(each.is_felt for each in relocated))
        or bool(source.protection or target.protection),
    )


def runs(member: Member) -> bool:
    return member.power_state == "Running"


def vms_of(members: Sequence[Member], inventory: Inventory) -> list[VM]:
    found = [inventory.get(VM, member.ref) for member in members]
    return [vm for vm in found if vm is not None]


def add_restore_point(
    steps: Steps,
    members: Sequence[Member],
    vms: Sequence[VM],
    inventory: Inventory,
    after: Sequence[StepKey] = (),
) -> list[StepKey]:
    for vm in vms:
        rules.demand_operation(vm, "snapshot", inventory)
    return [
        steps.add(
            TakeSnapshot(vm=vm.uuid, purpose=Purpose.RESTORE_POINT, was_running=vm.power_state == "Running"),
            member.name,
            after,
            _snapshot_estimate(vm, inventory),
        )
        for member, vm in zip(members, vms, strict=True)
    ]


def _snapshot_estimate(vm: VM, inventory: Inventory) -> Estimate:
    space = snapshot_space(inventory, vm)
    return Estimate(seconds=SNAPSHOT_S, bytes=sum(space.values()), space=space)


def _demand_room(
    edge: Transition, vms: Sequence[VM], relocated: Sequence[Relocation], claimed: Space, inventory: Inventory
) -> tuple[str, ...]:
    taken = [snapshot_space(inventory, vm) for vm in vms] if edge.restore_point is not None else []
    moved = [each.space for each in relocated if each.disks]
    what = "The snapshots and the disks that move" if taken and moved else "The snapshots" if taken else "The disks"
    return demand_space(inventory, total(*taken, *moved), what, claimed)


def _must_write_first(source: Stage, target: Stage, needed: set[str], *, needs_power: bool) -> bool:
    wanted = needed | (rules.SHUTTING_DOWN | rules.STARTING if needs_power else set())
    blocked = wanted & set(source.protection)
    if not blocked:
        return False
    if wanted & set(target.protection):
        what = "change the power" if blocked & (rules.SHUTTING_DOWN | rules.STARTING) else "bring machines elsewhere"
        raise NotPromotable(
            reason=f"The protection of {source.name} and that of {target.name} both forbid to {what}.",
            mend="Let one of the two stages allow it in the workflow.",
        )
    return True
