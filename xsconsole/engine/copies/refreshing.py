"""The plan that brings an older replica up to what it was made of: new copies take the places of its machines."""

import msgspec

from xsconsole.domain.actions.copies import DropSnapshot, NoteFreeze, RefitCopy, RetireMachines
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.ids import ConfigurationId, StepKey, TransitionId, Uuid
from xsconsole.domain.inventory import SR, VIF, VM, Inventory
from xsconsole.domain.lineage import method_again
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, Purpose, RunKind, Step, TakeSnapshot, WriteMember, WriteRoster
from xsconsole.domain.poolstate import MEMBER_STEM, STAGE_FIELD_KEY, MemberValue, Roster, newest_text, roster_stem
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Kind, Method, Transition
from xsconsole.engine.commands import Refresh
from xsconsole.engine.copies.copy_checks import Offspring, Order, Part, demand_operations, demand_room, guest, parts_of
from xsconsole.engine.copies.copy_checks import storage_of as storage_for
from xsconsole.engine.copies.copying import FIT_S, add_copies, add_members, add_starts_of_copies
from xsconsole.engine.copies.crossing import add_sendings, demand_room_there, guest_there, parts_there
from xsconsole.engine.copies.freezing import add_freeze, runs
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.lands import (
    Land,
    Lands,
    demand_same_version,
    demand_versions,
    names_of,
    no_land,
    pools_of,
    storage_in,
)
from xsconsole.engine.plans.placement import Guest, freed_by, less, place
from xsconsole.engine.plans.steps import Steps, add_shutdowns, own_blocks
from xsconsole.errors import NotFound, NotPromotable

RETIRE_S = 10.0


def plan_refresh(command: Refresh, board: Board, inventory: Inventory, actor: str, lands: Lands = no_land) -> Plan:
    """Freeze the source, copy it, give the copies the names and addresses of the replica's machines, and let them in.

    The replica stays the same configuration: its place, its stage's lease, its addresses. Its machines are shut down
    once the copies are there, and destroyed when everything else has passed; until then all can be put back. What it is
    made of in another pool is frozen there and sent here, where the run is.

    Raises:
        Refused: with the reason and the mend.
    """
    workflow = rules.workflow_of(board)
    card = rules.card_of(board, command.configuration)
    source, land = _source(command, card, board, lands)
    for one in (card, source):
        rules.demand_standing(one, {Standing.WHOLE})
        rules.demand_settled_power(one)
    rules.demand_revision(card, command.revision)
    target, origin = rules.stage_of(workflow, card.stage), rules.stage_of(workflow, source.stage)
    rules.demand_actor(workflow, (target,), actor)
    if target.is_production:
        raise NotPromotable(
            reason=f"{target.name} is production: what comes there is promoted.", mend="Promote the newer one."
        )
    method = command.method or (method_again(card.origin) if land is None else Method.FULL_COPY)
    edge = Transition(
        id=TransitionId(f"refresh-{method}"),
        source=origin.id,
        target=target.id,
        kind=Kind.PROMOTE,
        method=method,
        restore_point=None,
    )
    pools, names = pools_of(inventory, land), names_of(inventory, land)
    intent = intent_in(RunKind.REFRESH, card, workflow, method=method, pools=pools, pool_names=names)
    order = Order(
        card=source,
        source=origin,
        target=target,
        edge=edge,
        intent=intent,
        workflow=workflow,
        is_stopped_first=command.is_stopped_first,
    )
    here = Land(board=board, inventory=inventory)
    offspring = Offspring(id=card.id, number=1, revision=card.revision + 1, entered_at=card.since)
    old = {member.role: member for member in card.members}
    if land is None:
        made = parts_of(order, offspring, inventory)
    else:
        _demand_full(method)
        made = parts_there(order, offspring, here, land.inventory)
    parts = [_like(part, old.get(part.member.role)) for part in made]
    vms = {member.uuid: vm for member in card.members if (vm := inventory.get(VM, member.ref)) is not None}
    claims, origins = claims_on(board), inventory if land is None else land.inventory
    if land is None:
        sr = storage_for(order, parts, inventory)
        room = demand_room(order, parts, sr, claims, inventory, is_freezing=True)
    else:
        sr = storage_in(target, inventory)
        room = (
            *demand_room_there(parts, sr, here, origins, is_freezing=True),
            *demand_versions(here, origins),
        )
    demand_operations(order, parts, origins, is_freezing=True)
    going = [member for member in card.members if runs(member)]
    rules.demand_power_changes((target, going), what="a refresh")
    for vm in vms.values():
        rules.demand_unblocked(vm, "destroy")
    for member in going:
        rules.demand_operation(vms[member.uuid], "clean_shutdown", inventory)
    to_start = [part for part in parts if part.member.role in old and runs(old[part.member.role])]
    guests = [_guest(part, sr, land, inventory) for part in to_start]
    hosts = place(inventory, guests, less(claims.memory, freed_by(list(vms.values()), inventory)))

    steps = Steps()
    with steps.at(intent.abroad):
        taken = _freeze(steps, order, parts, origins)
        ready = [steps.add(NoteFreeze(snapshots=tuple(taken.values())), source.name, taken.values())]
    if land is None or sr is None:
        copies = add_copies(steps, order, parts, taken, ready, sr, inventory)
    else:
        copies = add_sendings(steps, order, parts, taken, ready, sr, origins)
    fitted = [
        steps.add(
            _fitting(part, copies[part.vm.uuid], old.get(part.member.role), vms, inventory),
            part.name,
            # Networks that the sending made are taken away with the last interface: nothing may be arriving then.
            [copies[part.vm.uuid]] if land is None else copies.values(),
            Estimate(seconds=FIT_S),
        )
        for part in parts
    ]
    stopped = add_shutdowns(steps, going, fitted)
    left = _leave(steps, card, vms, stopped, inventory)
    started = add_starts_of_copies(steps, to_start, copies, hosts, left, is_downtime=bool(going))
    add_members(steps, order, offspring, parts, copies, to_start, started)
    plan = Plan(
        intent=intent,
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (target,), also=(source.id,) if land is None else ()),
        leases_abroad=() if land is None else rules.leases_for(source.id, source.service, ()),
        warnings=(*_sentences(order, card, parts, len(going), sr), *room),
        asks=True,
    )
    return _ending(plan, taken, card, parts)


def _source(command: Refresh, card: Card, board: Board, lands: Lands) -> tuple[Card, Land | None]:
    """Return what a replica is made anew of, named or what it was copied from, and the other pool that has that."""
    origin = card.origin if card.origin is not None and card.origin.is_copy else None
    wanted = command.source or (origin.configuration if origin is not None else None)
    name = f"“{shortened(card.name, 60)}”"
    if wanted is None:
        raise NotFound(reason=f"{name} is no copy.", mend="Name the configuration of which it is to be made anew.")
    land = None if _stands(wanted, board) else _land_of(wanted, board, lands)
    found = (board if land is None else land.board).cards.get(wanted)
    if found is None:
        raise NotFound(
            reason=f"What {name} was copied from is on no pool that this console is connected to and to which the "
            "workflow binds a stage.",
            mend="Connect to its pool, or name the configuration of which it is to be made anew.",
        )
    if land is not None:
        demand_same_version(f"“{shortened(found.name, 60)}” lives in", land, board)
    if found.id == card.id:
        raise NotPromotable(reason=f"{name} cannot be made anew of itself.", mend="Name another configuration.")
    if found.service != card.service:
        raise NotPromotable(
            reason=f"{name} is of service {shortened(card.service, 60)}, and “{shortened(found.name, 60)}” of another.",
            mend="Name a configuration of the same service, or replicate that one.",
        )
    return found, land


def _stands(configuration: ConfigurationId, board: Board) -> bool:
    """Whether it is on a board as more than a trace of a run between two pools."""
    found = board.cards.get(configuration)
    return found is not None and bool(found.members or found.missing)


def _land_of(configuration: ConfigurationId, board: Board, lands: Lands) -> Land | None:
    stages = board.workflow.stages if board.workflow is not None else ()
    bound = {stage.binding.pool.uuid: None for stage in stages if stage.binding.pool is not None}
    found = (lands(pool) for pool in bound)
    return next((land for land in found if land is not None and _stands(configuration, land.board)), None)


def _demand_full(method: Method) -> None:
    if method is not Method.FULL_COPY:
        raise NotPromotable(
            reason="A linked clone stays on the storage of its original, which is in another pool.",
            mend="Make full copies.",
        )


def _guest(part: Part, sr: SR | None, land: Land | None, inventory: Inventory) -> Guest:
    if land is None or sr is None:
        return guest(part, sr, inventory, ())
    return guest_there(part, sr)


def _like(part: Part, old: Member | None) -> Part:
    """Return a part whose copy is called as the machine that it takes the place of."""
    if old is None:
        return part
    return Part(member=part.member, vm=part.vm, name=old.name, networks=part.networks, home=part.home)


def _freeze(steps: Steps, order: Order, parts: list[Part], inventory: Inventory) -> dict[Uuid, StepKey]:
    card = order.card

    def taking(member: Member, vm: VM) -> TakeSnapshot:
        return TakeSnapshot(
            vm=vm.uuid,
            purpose=Purpose.CANDIDATE,
            was_running=runs(member),
            configuration=card.id,
            stage=card.stage,
        )

    machines = [(part.member, part.vm) for part in parts]
    return add_freeze(steps, machines, taking, inventory, is_stopped_first=order.is_stopped_first)


def _fitting(part: Part, copy: StepKey, old: Member | None, vms: dict[Uuid, VM], inventory: Inventory) -> RefitCopy:
    vm = vms.get(old.uuid) if old is not None else None
    vifs = (inventory.get(VIF, ref) for ref in (vm.VIFs if vm is not None else ()))
    return RefitCopy(
        copy=copy,
        name=part.name,
        order=part.vm.order,
        start_delay_s=part.vm.start_delay,
        shutdown_delay_s=part.vm.shutdown_delay,
        networks=part.networks,
        home=part.home,
        macs={vif.device: vif.MAC for vif in vifs if vif is not None and vif.MAC},
    )


def _leave(steps: Steps, card: Card, vms: dict[Uuid, VM], after: list[StepKey], inventory: Inventory) -> list[StepKey]:
    """Take the marks off the machines that go, and the roster; undoing writes both again."""
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    left = [
        steps.add(
            WriteMember(
                vm=vm.uuid,
                value="",
                original=newest_text(vm.other_config, MEMBER_STEM, MemberValue),
                original_stage_name=vm.other_config.get(STAGE_FIELD_KEY, ""),
                original_blocked=own_blocks(vm),
            ),
            vm.name_label,
            after,
        )
        for vm in vms.values()
    ]
    roster = newest_text(keys, roster_stem(card.id), Roster)
    return [steps.add(WriteRoster(configuration=card.id, value="", original=roster), card.name, left)]


def _ending(plan: Plan, taken: dict[Uuid, StepKey], card: Card, parts: list[Part]) -> Plan:
    """Add what comes when all has passed: the snapshots go, and then, by one step, the machines that were replaced."""
    names = {part.vm.uuid: part.member.name for part in parts}
    drops = tuple(
        Step(
            key=StepKey(f"zzz-drop-{number:02d}"),
            action=DropSnapshot(snapshot=key),
            subject=shortened(names[vm], 80),
            after=plan.ends,
            estimate=Estimate(seconds=1.0),
            pool=plan.intent.abroad,
        )
        for number, (vm, key) in enumerate(taken.items(), start=1)
    )
    retire = Step(
        key=StepKey("zzzz-retire"),
        action=RetireMachines(vms=tuple(sorted(member.uuid for member in card.members))),
        subject=shortened(card.name, 80),
        after=tuple(step.key for step in drops),
        estimate=Estimate(seconds=RETIRE_S),
    )
    return msgspec.structs.replace(plan, steps=(*plan.steps, *drops, retire))


def _sentences(order: Order, card: Card, parts: list[Part], going: int, sr: SR | None) -> tuple[str, ...]:
    """Return what whoever confirms should know."""
    name = f"“{shortened(card.name, 60)}” in {order.target.name}"
    source = f"“{shortened(order.card.name, 60)}” in {order.source.name}"
    told = [
        f"What {name} holds is replaced by what {source} holds now: what was written to its disks is lost for good "
        "once all has passed.",
        "Names, MAC addresses and the time in the stage stay.",
    ]
    running = [part for part in parts if runs(part.member)]
    if running and not order.is_stopped_first:
        told.append(
            f"The copies hold what a power cut would leave on {count(len(running), 'running machine')}, "
            "one frozen after the other: how far apart is recorded."
        )
    if going:
        told.append(f"{count(going, 'running machine')} of {name} will be shut down, and the copies started.")
    roles = {part.member.role for part in parts}
    gone = tuple(member.name for member in card.members if member.role not in roles)
    if gone:
        told.append(f"{source} has none of {listing(gone)}: they go, and nothing takes their place.")
    if order.intent.abroad is not None and sr is not None:
        pools = [f"“{shortened(name, 60)}”" for name in order.intent.pool_names]
        told.append(
            f"The copies come from pool {pools[1]} to pool {pools[0]}: their disks go through this console to "
            f"“{shortened(sr.name_label, 60)}”."
        )
    if order.edge.method is Method.LINKED_CLONE:
        told.append("The copies share blocks with the originals.")
    return tuple(told)
