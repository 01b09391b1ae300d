"""The plan of a promotion by full copy into another pool: frozen here, sent there, made a configuration there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.copies import NoteFreeze, SendFrozen, SendMachine
from xsconsole.domain.board import Member
from xsconsole.domain.disks import disks_of, drives_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, Step, TakeSnapshot
from xsconsole.domain.words import count
from xsconsole.domain.workflow import EntryAction
from xsconsole.engine.copies import copying
from xsconsole.engine.copies.candidates import add_use
from xsconsole.engine.copies.copy_checks import Offspring, Order, Part, copy_name, demand_operations, of_what_is_frozen
from xsconsole.engine.copies.freezing import add_freeze, runs
from xsconsole.engine.moves.relocation import preferred_hosts
from xsconsole.engine.moves.sending import SEND_S, SENT_BYTES_PER_S, add_openings
from xsconsole.engine.moves.succession import Incumbent, told
from xsconsole.engine.moves.taking_over_across import retreat_of, retreat_words, retreated, room_for
from xsconsole.engine.moves.trip_steps import Leg, seeing
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import blanks_of, staying_of, staying_words, travels_after_all
from xsconsole.engine.plans.lands import Land, demand_versions, looked_after_there, storage_in
from xsconsole.engine.plans.machine_names import naming
from xsconsole.engine.plans.networking import networks_in
from xsconsole.engine.plans.placement import Guest, freed_by, less, memory_of, place
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.runs.gatekeeper import gated
from xsconsole.errors import NotPromotable


def plan_crossing(order: Order, offspring: Offspring, there: Land, home: Land) -> Plan:
    """Freeze every member, send the snapshots, then do there what a copying in one pool does.

    Whatever runs or not is frozen: a snapshot's name is one by which what arrives is known. The source is not touched.
    What was frozen for a request is sent as it is. Who has the place serves until the copies are there, is the stand-by
    until all has passed, and goes back by `retreated`.
    """
    inventory, leaving = home.inventory, order.incumbent
    parts = parts_there(order, offspring, there, inventory)
    names = naming([part.name for part in parts], order.pattern, there.board, there.inventory)
    sr = storage_in(order.target, there.inventory)
    blanks, machines = blanks_of(order, parts, sr, inventory), [(part.member, part.vm) for part in parts]
    staying = staying_of(machines, leaving, order.target, order.edge, inventory, there.inventory)
    back = None
    if leaving is not None:
        is_kept = leaving.can_return
        back = retreat_of(leaving, order.card, order.target, order.intent, (), there, home, is_kept=is_kept)
    is_freezing = order.stock is None
    frozen = _frozen_space(parts, inventory, is_freezing=is_freezing)
    warnings = [
        *names,
        *staying_words(staying, leaving),
        *travels_after_all(machines, leaving, order.edge, inventory),
        *demand_room_there(parts, sr, there, inventory, leaving, is_freezing=is_freezing),
        *(room_for(back, home.board, taken=frozen) if back is not None else ()),
        *demand_versions(there, inventory),
    ]
    demand_operations(order, parts, inventory, is_freezing=is_freezing)
    to_start = [part for part in parts if order.target.entry is EntryAction.START]
    kept = {part.vm.uuid: [one.disk for one in staying if one.source == part.vm.uuid] for part in to_start}
    guests = [seeing(guest_there(part, sr), kept[part.vm.uuid], there.inventory) for part in to_start]
    freed = freed_by(leaving.vms, there.inventory) if leaving is not None else {}
    hosts = place(there.inventory, guests, less(claims_on(there.board).memory, freed))
    running = [part for part in parts if runs(part.member) and is_freezing]

    steps = Steps()
    asked = add_openings(steps, back) if back is not None else []
    if order.stock is None:
        taken = _freeze(steps, order, parts, inventory, asked)
    else:
        taken = add_use(steps, order.stock, order.card, inventory)
    ready = [steps.add(NoteFreeze(snapshots=tuple(taken.values())), order.card.name, [*taken.values(), *asked])]
    first = len(steps.all)
    sent = add_sendings(steps, order, parts, taken, ready, sr, inventory)
    # Networks that the sending made are taken away with the last interface: nothing may be arriving on them then.
    fitted = copying.add_fittings(steps, parts, sent, list(sent.values()))
    ready = copying.add_disks(steps, order, parts, sent, blanks, staying, fitted, there.inventory)
    started = copying.add_starts_of_copies(steps, to_start, sent, hosts, ready, is_downtime=leaving is not None)
    copying.add_members(steps, order, offspring, parts, sent, to_start, started, staying)
    goes = leaving.back if leaving is not None else None
    plan = Plan(
        intent=order.intent,
        steps=_placed(steps.all, first, order.intent.abroad),
        leases=rules.leases_for(
            order.card.id, order.card.service, (order.source, goes if back else None), also=order.intent.others
        ),
        leases_abroad=rules.leases_for(
            order.card.id, order.card.service, (order.target, None if back else goes), also=order.intent.others
        ),
        warnings=(*_sentences(order, running, sr), *_giving_way(leaving, back, leaves_disks=bool(staying)), *warnings),
        asks=True,
    )
    drops = taken if order.edge.restore_point is None and is_freezing else {}
    closed = gated(plan, order.edge, order.passed, order.approved)
    if leaving is not None:
        closed = retreated(closed, leaving, order.card, order.target, order.workflow, there, home)
    alone = replace(order, incumbent=None)
    whole = copying.closing(alone, closed, [(part, drops[part.vm.uuid]) for part in parts if drops], inventory)
    return looked_after_there(whole)


def add_sendings(
    steps: Steps,
    order: Order,
    parts: Sequence[Part],
    taken: Mapping[Uuid, StepKey],
    ready: Sequence[StepKey],
    sr: SR,
    inventory: Inventory,
) -> dict[Uuid, StepKey]:
    """Send the snapshots to storage `sr` of the other pool; return the steps that do, by machine."""
    sent = {}
    for part in parts:
        size_bytes = sum(disk.virtual_size for disk in disks_of(inventory, part.vm))
        space = _space(part, sr, inventory)
        sent[part.vm.uuid] = steps.add(
            _sending(order, part, taken[part.vm.uuid], sr),
            part.member.name,
            ready,
            Estimate(seconds=SEND_S + size_bytes / SENT_BYTES_PER_S, bytes=sum(space.values()), space=space),
        )
    return sent


def _sending(order: Order, part: Part, snapshot: StepKey, sr: SR) -> SendMachine:
    vm = part.vm.uuid
    if order.stock is None:
        return SendMachine(vm=vm, name=part.name, snapshot=snapshot, sr=sr.uuid)
    frozen = order.stock.snapshots[part.member.uuid]
    return SendFrozen(vm=vm, name=part.name, snapshot=snapshot, sr=sr.uuid, arrives_as=frozen.name_label)


def _freeze(
    steps: Steps, order: Order, parts: Sequence[Part], inventory: Inventory, after: Sequence[StepKey]
) -> dict[Uuid, StepKey]:
    purpose = Purpose.RESTORE_POINT if order.edge.restore_point is not None else Purpose.CANDIDATE

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        return TakeSnapshot(vm=vm.uuid, purpose=purpose, was_running=runs(member))

    machines = [(part.member, part.vm) for part in parts]
    return add_freeze(steps, machines, taking, inventory, is_stopped_first=order.is_stopped_first, after=after)


def _placed(steps: Sequence[Step], first: int, abroad: Uuid | None) -> tuple[Step, ...]:
    """Return the steps, from the first one on that happens in the other pool with that said."""
    return tuple(
        step if number < first else msgspec.structs.replace(step, pool=abroad) for number, step in enumerate(steps)
    )


def parts_there(order: Order, offspring: Offspring, there: Land, inventory: Inventory) -> list[Part]:
    hosts = preferred_hosts(order.target, there.inventory)
    found: list[Part] = []
    for member in order.card.members:
        vm = inventory.get(VM, member.ref) if order.stock is None else order.stock.images[member.uuid]
        if vm is None:
            continue
        if vm.VTPMs:
            raise NotPromotable(
                reason=f"“{shortened(member.name)}” has a virtual TPM, whose secrets do not leave their pool.",
                mend="Promote within the pool, or without that machine.",
            )
        networks = networks_in(vm, order.source, order.target, inventory, there.inventory)
        name = copy_name(order, member, vm, offspring)
        home = hosts[len(found) % len(hosts)] if hosts else None
        found.append(Part(member=member, vm=vm, name=name, networks=networks, home=home))
    return found


def _space(part: Part, sr: SR, inventory: Inventory) -> dict[Uuid, int]:
    drives = ((disk, inventory.get(SR, disk.SR)) for _, disk in drives_of(inventory, part.vm))
    taken = (capacity.copied_bytes(disk, held, sr) for disk, held in drives if held is not None)
    return {sr.uuid: sum(taken)}


def demand_room_there(
    parts: Sequence[Part],
    sr: SR,
    there: Land,
    inventory: Inventory,
    incumbent: Incumbent | None = None,
    *,
    is_freezing: bool,
) -> list[str]:
    """Demand room here for what is frozen; there for what is sent, and for the restore point of who gives way."""
    for part in parts if is_freezing else ():
        capacity.demand_short_chains(inventory, part.vm, 1)
    frozen = _frozen_space(parts, inventory, is_freezing=is_freezing)
    aside = incumbent.vms if incumbent is not None and incumbent.can_return else ()
    kept = (capacity.snapshot_space(there.inventory, vm) for vm in aside)
    sent = capacity.total(*(_space(part, sr, inventory) for part in parts), *kept)
    return [
        *capacity.demand_space(inventory, frozen, "The snapshots"),
        *capacity.demand_space(there.inventory, sent, "The copies", claims_on(there.board).space),
    ]


def _frozen_space(parts: Sequence[Part], inventory: Inventory, *, is_freezing: bool) -> dict[Uuid, int]:
    return capacity.total(*(capacity.snapshot_space(inventory, part.vm) for part in parts if is_freezing))


def guest_there(part: Part, sr: SR) -> Guest:
    return Guest(
        key=part.vm.uuid,
        name=part.name,
        memory_bytes=memory_of(part.vm),
        storages=frozenset({sr.uuid}),
        networks=frozenset(part.networks.values()),
        home=part.home,
    )


def _giving_way(incumbent: Incumbent | None, back: Leg | None, *, leaves_disks: bool) -> list[str]:
    """Return what to know of who has the place."""
    if incumbent is None:
        return []
    words = retreat_words(back, incumbent, is_kept=incumbent.can_return, leaves_disks=leaves_disks)
    return [told(incumbent, is_kept=True), *words]


def _sentences(order: Order, running: Sequence[Part], sr: SR) -> list[str]:
    pools = [f"“{shortened(name, 60)}”" for name in order.intent.pool_names]
    found = [
        f"{shortened(order.card.name, 60)} stays in {order.source.name}, in pool {pools[0]}; the copies in pool "
        f"{pools[1]} get new MAC addresses, and their disks go through this console to "
        f"“{shortened(sr.name_label, 60)}”."
    ]
    found += of_what_is_frozen(order)
    if running and order.is_stopped_first:
        found.append(f"{count(len(running), 'running machine')} will be shut down, frozen and started again.")
    elif running:
        found.append(
            f"The copies hold what a power cut would leave on {count(len(running), 'running machine')}, "
            "one frozen after the other: how far apart is recorded."
        )
    if order.target.entry is not EntryAction.START:
        found.append(f"The copies stay off: {order.target.name} does not start what enters it.")
    return found
