"""The plan of a promotion or demotion that moves the machines themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.copies import ExchangeDisks
from xsconsole.domain.actions.placing import Rewire
from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, TakeSnapshot
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import EntryAction, Kind, Stage, Transition
from xsconsole.engine.moves.exchanging import (
    add_passes,
    add_succession,
    at_hand,
    exchange_words,
    exchanges_of,
    guest_after,
    kept_at,
)
from xsconsole.engine.moves.relocation import (
    Relocation,
    add_networks,
    add_relocations,
    guest_in,
    operations_of,
    relocations,
    sentences,
    staying_up,
    without_networks,
)
from xsconsole.engine.moves.succession import Incumbent, add_standing_down, told
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import Space, demand_space, snapshot_space, total
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import Machine, travels_after_all
from xsconsole.engine.plans.placement import Guest, freed_by, less, place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification, writing
from xsconsole.errors import NotPromotable

SNAPSHOT_S = 4.0


def plan_move(
    card: Card,
    source: Stage,
    target: Stage,
    edge: Transition,
    intent: Intent,
    values: dict[Uuid, MemberValue],
    incumbent: Incumbent | None,
    board: Board,
    inventory: Inventory,
    rewires: Mapping[Uuid, Rewire] | None = None,
) -> Plan:
    """Restore point, then power, networks, storage and host, then the stage, then verification.

    The restore point comes first: whatever goes wrong later, the disks as they were are kept. Power comes before the
    stage is written, because starting is what fails in practice (memory, networks, storage) and writing hardly ever
    does: a failed start then leaves nothing to write back, and other programs never see a stage that was not reached.
    The order turns round where the protection of the stage left behind would stand in the way of what is done or of
    its undoing, and that of the new stage would not. Machines are brought to the stage's networks and storage when
    those that are to stop have stopped, and before any starts.

    Who has the place runs on while that can be prepared: it is shut down when what is to stop has stopped and the disks
    have moved, and before anything of the newcomer is on the networks of the place.

    `rewires` take what leaves a fence out of it: while it is off, and before its restore point, which would else go
    back to networks that are no more. None of them, but not None: it stays in its fence, where all is on one host.
    """
    if rewires is not None and not rewires:
        binding = msgspec.structs.replace(target.binding, hosts=())
        target = msgspec.structs.replace(target, entry=EntryAction.LEAVE, binding=binding)
    vms = vms_of(card.members, inventory)
    machines = list(zip(card.members, vms, strict=True))
    exchanged = exchanges_of(machines, incumbent, target, edge, inventory)
    warnings = [told(incumbent, is_kept=is_kept_by(incumbent, edge, exchanged))] if incumbent is not None else []
    warnings += exchange_words(exchanged, card, incumbent)
    warnings += travels_after_all(machines, incumbent, edge, inventory)
    steps = Steps()
    ready: list[StepKey] = []
    claims = claims_on(board)
    relocated = at_hand(relocations(card.members, vms, source, target, inventory, rewires), exchanged)
    kept = incumbent.vms if incumbent is not None and is_kept_by(incumbent, edge, exchanged) else ()
    warnings += _demand_room(edge, vms, kept, relocated, claims.space, inventory)
    # It is off before anything else happens, so that its restore point is whole as well.
    is_cold = bool(exchanged) or bool(rewires)
    if edge.restore_point is not None and not is_cold:
        ready = add_restore_point(steps, card.members, vms, inventory)
        warnings += of_running(card)
    to_stop = [member for member in card.members if runs(member) and (is_cold or target.entry is EntryAction.STOP)]
    to_start = [member for member in card.members if _starts(member, target, is_stopped=member in to_stop)]
    stays_up = {member.uuid for member in card.members if runs(member)} - {member.uuid for member in to_stop}
    up = staying_up(relocated, stays_up, target, inventory)
    starting = {member.uuid for member in to_start}
    guests = [
        guest_after(guest_in(each, inventory, keeps_running=False), each, exchanged, inventory)
        for each in relocated
        if each.member.uuid in starting
    ]
    freeing = {guest.key for guest in up} | {member.uuid for member in to_stop}
    giving_way = incumbent.vms if incumbent is not None else ()
    freed = freed_by([*(vm for vm in vms if vm.uuid in freeing), *giving_way], inventory)
    hosts = place(inventory, [*guests, *up], less(claims.memory, freed))
    needed = operations_of(relocated, hosts, up)
    is_write_first = _must_write_first(source, target, needed, needs_power=bool(to_start or to_stop))
    _demand_operations(machines, relocated, to_start, to_stop, inventory, is_own_block_lifted=is_write_first)
    warnings += sentences(
        relocated if rewires is None else without_networks(relocated), hosts, up, target, edge, inventory
    )
    if to_stop:
        then = "started again" if starting >= {member.uuid for member in to_stop} else "stay so"
        warnings.append(f"{count(len(to_stop), 'running machine')} will be shut down and {then}.")
    if edge.kind is Kind.DEMOTE:
        warnings += ["The disks stay as they are now.", *taken_along(card, source, target, inventory)]
    is_down = incumbent is not None and incumbent.is_serving

    def write(after: list[StepKey]) -> list[StepKey]:
        return [
            steps.add(writing(vm, values[vm.uuid], target), member.name, after)
            for member, vm in zip(card.members, vms, strict=True)
        ]

    def power(after: list[StepKey]) -> list[StepKey]:
        delays_s = {vm.uuid: vm.start_delay for vm in vms}
        after, late = add_shutdowns(steps, to_stop, after, is_downtime=not is_down), relocated
        if rewires:
            after = add_networks(steps, relocated, after)
            late = without_networks(relocated)
        if edge.restore_point is not None and is_cold:
            after = add_restore_point(steps, card.members, vms, inventory, after)
        if incumbent is not None:
            early, late = _halves(late, hosts, up)
            after = add_relocations(steps, early, hosts, (), after)
            after = add_standing_down(steps, incumbent, target, after, inventory, is_kept=bool(kept))
            names = {vm.uuid: member.name for member, vm in machines}
            after = add_passes(steps, exchanged, names, after, is_downtime=is_down or bool(to_stop))
        after = add_relocations(steps, late, hosts, up, after, is_downtime=is_down)
        return add_starts(steps, to_start, delays_s, after, is_downtime=is_down or bool(to_stop), hosts=hosts)

    ready = power(write(ready)) if is_write_first else write(power(ready))
    if incumbent is not None:
        ready = add_succession(steps, card, target, incumbent, exchanged, ready, inventory)
    add_verification(steps, card.name, stays_up | starting, ready)
    back = incumbent.back if incumbent is not None else None
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (source, target, back), also=intent.others),
        warnings=tuple(warnings),
        asks=bool(to_start or to_stop or up or incumbent or any(each.is_felt for each in relocated))
        or bool(source.protection or target.protection),
    )


def is_kept_by(incumbent: Incumbent, edge: Transition, exchanged: Sequence[ExchangeDisks]) -> bool:
    """Whether who gives way gets a restore point: where a way asks for one, or others will write to its disks."""
    if incumbent.way is None:
        return False
    return bool(exchanged) or edge.restore_point is not None or incumbent.way.restore_point is not None


def _starts(member: Member, target: Stage, *, is_stopped: bool) -> bool:
    """Whether a machine is started: as the stage says, and again what was stopped only so that disks change hands."""
    if is_stopped:
        return target.entry is not EntryAction.STOP
    return target.entry is EntryAction.START and not runs(member)


def _halves(
    relocated: Sequence[Relocation], hosts: Mapping[Uuid, Uuid], up: Sequence[Guest]
) -> tuple[list[Relocation], list[Relocation]]:
    """Return what can be done while the place is still served, which is to move disks, and what cannot.

    A machine that goes to another host first does so when who has the place has given back its memory.
    """
    leaving = {guest.key for guest in up if hosts.get(guest.key, guest.here) != guest.here}
    early = [replace(each, networks=None, home=None) for each in relocated if each.member.uuid not in leaving]
    late = [each if each.member.uuid in leaving else replace(each, disks=(), sizes=()) for each in relocated]
    return early, late


def taken_along(card: Card, source: Stage, target: Stage, inventory: Inventory) -> tuple[str, ...]:
    """Return what to know of disks that belong to the place that is left."""
    if card.succession is None or card.succession.place != source.id:
        return ()
    names = kept_at(card, inventory)
    if not names:
        return ()
    belongs, comes, it = ("belongs", "comes", "it") if len(names) == 1 else ("belong", "come", "them")
    return (
        f"{listing(names)} {belongs} to the place in {source.name} and {comes} along to {target.name}: a swap with the "
        f"stand-by would leave {it} there.",
    )


def _demand_operations(
    machines: Sequence[Machine],
    relocated: Sequence[Relocation],
    to_start: Sequence[Member],
    to_stop: Sequence[Member],
    inventory: Inventory,
    *,
    is_own_block_lifted: bool,
) -> None:
    for member, vm in machines:
        if member in to_stop:
            rules.demand_operation(vm, "clean_shutdown", inventory, is_own_block_lifted=is_own_block_lifted)
            rules.demand_unblocked(vm, "start")
        elif member in to_start:
            rules.demand_operation(vm, "start", inventory, is_own_block_lifted=is_own_block_lifted)
        if member in to_start:
            rules.demand_unblocked(vm, "start_on")
    for each in relocated:
        if each.disks:
            rules.demand_operation(each.vm, "migrate_send", inventory, is_own_block_lifted=is_own_block_lifted)


def runs(member: Member) -> bool:
    return member.power_state == "Running"


def vms_of(members: Sequence[Member], inventory: Inventory) -> list[VM]:
    """Return the machines of members, in their order.

    Raises:
        NotPromotable: one is gone; the card, which is read a moment later than the pool's records, does not say so yet.
    """
    found = [(member, inventory.get(VM, member.ref)) for member in members]
    gone = tuple(shortened(member.name, 60) for member, vm in found if vm is None)
    if gone:
        raise NotPromotable(
            reason=f"{listing(gone)} {'is' if len(gone) == 1 else 'are'} gone from the pool.",
            mend="Bring the machine back, or make the configuration whole without it.",
        )
    return [vm for _, vm in found if vm is not None]


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


def of_running(card: Card) -> list[str]:
    """Return what to know of a restore point of machines that run."""
    running = [member for member in card.members if runs(member)]
    if not running:
        return []
    what = count(len(running), "running machine")
    return [f"The restore point of {what} is what a power cut would leave: memory is not in it."]


def _snapshot_estimate(vm: VM, inventory: Inventory) -> Estimate:
    space = snapshot_space(inventory, vm)
    return Estimate(seconds=SNAPSHOT_S, bytes=sum(space.values()), space=space)


def _demand_room(
    edge: Transition,
    vms: Sequence[VM],
    kept: Sequence[VM],
    relocated: Sequence[Relocation],
    claimed: Space,
    inventory: Inventory,
) -> tuple[str, ...]:
    """Demand room for all snapshots, also of who gives way, and for disks that move: nothing is given back by then."""
    snapped = [*(vms if edge.restore_point is not None else ()), *kept]
    taken = [snapshot_space(inventory, vm) for vm in snapped]
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
