"""The plan of a fence: copies with the addresses of their originals, on networks of their own, behind a router."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from xsconsole.domain.actions.copies import NoteFreeze
from xsconsole.domain.actions.fences import FitFenced
from xsconsole.domain.board import Board
from xsconsole.domain.disks import repositories_of
from xsconsole.domain.fence.drawing import Drawing
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.plan import Estimate, Plan, RunKind
from xsconsole.domain.workflow import Stage
from xsconsole.engine.copies.copy_checks import (
    Offspring,
    Order,
    Part,
    demand_operations,
    demand_room,
    parts_of,
    storage_of,
)
from xsconsole.engine.copies.copying import (
    FIT_S,
    add_copies,
    add_disks,
    add_members,
    add_source,
    add_starts_of_copies,
    closing,
    offspring_of,
)
from xsconsole.engine.copies.freezing import runs
from xsconsole.engine.copies.replicating import ordered, way_of
from xsconsole.engine.fence_commands import Deploy
from xsconsole.engine.fences.building import (
    Enclosure,
    Housed,
    add_hearing,
    close,
    demand_sound,
    hosts_of,
    lay_out,
    router_of,
    standing_of,
)
from xsconsole.engine.fences.deploy_words import sentences
from xsconsole.engine.fences.drawn import demand_buildable, drawing_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.disk_roles import blanks_of
from xsconsole.engine.plans.lands import Land, no_land
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import memory_of
from xsconsole.engine.plans.steps import Steps
from xsconsole.engine.replica_commands import Replicate
from xsconsole.engine.runs.gatekeeper import gated
from xsconsole.errors import NotPromotable

SEED_NAME = "cloud-init"
NAME_LIMIT = 40


def plan_deploy(command: Deploy, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]) -> Plan:
    """Claim addresses, make networks, copy, fit, prove, start the router and then the members, enter them, verify.

    All of it starts on one host, because the networks are inside one. Nothing starts before the proof holds.

    Raises:
        Refused: with the reason and the mend.
    """
    order, offspring, land = ordered(_as_replica(command), board, inventory, actor, clocks, no_land, RunKind.DEPLOY)
    demand_here(order.target, land)
    return plan_fenced(order, offspring, command, board, inventory)


def demand_here(target: Stage, land: Land | None) -> None:
    """Refuse a fence in another pool.

    Raises:
        NotPromotable: the stage is there.
    """
    if land is not None:
        raise NotPromotable(
            reason=f"{target.name} is in another pool, and a fence stands in the pool of its original.",
            mend="Choose a stage of this pool.",
        )


def plan_fenced(order: Order, offspring: Offspring, command: Deploy, board: Board, inventory: Inventory) -> Plan:
    """Return the plan of copies in a fence, whoever asked for copies: a deployment, a replica or a promotion."""
    ground, drawing = drawing_of(command, order.card, offspring.id, offspring.number, board, inventory)
    demand_buildable(command, drawing, inventory)
    demand_sound(ground, inventory)
    parts = parts_of(order, offspring, inventory, is_fenced=True)
    claims = claims_on(board)
    is_up = any(runs(part.member) for part in parts)
    is_freezing = order.stock is None and (is_up or order.edge.restore_point is not None)
    sr = storage_of(order, parts, inventory)
    warnings = demand_room(order, parts, sr, claims, inventory, is_freezing=is_freezing)
    demand_operations(order, parts, inventory, is_freezing=is_freezing)
    blanks = blanks_of(order, parts, sr, inventory)
    router = router_of(ground, drawing, offspring.id, inventory)
    hosts = hosts_of(drawing, _housed(parts, sr, inventory), router, ground, claims, inventory)
    card = order.card
    standing = standing_of(offspring.id, card.id, card.name, card.service, order.target.id, drawing, ground)
    enclosure = Enclosure(ground=ground, drawing=drawing, standing=standing, router=router, hosts=hosts)

    steps = Steps()
    laid = lay_out(steps, enclosure, inventory)
    taken = add_source(steps, order, parts, inventory, is_freezing=is_freezing, after=laid.claimed)
    ready = [steps.add(NoteFreeze(snapshots=tuple(taken.values())), card.name, taken.values())] if taken else []
    copies = add_copies(steps, order, parts, taken, [*ready, *laid.before], sr, inventory)
    on = {uuid: logical for logical, uuid in drawing.networks.items()}
    fitted = [
        steps.add(
            _fitting(part, copies[part.vm.uuid], on, laid.nets, inventory),
            part.name,
            copies.values(),
            Estimate(seconds=FIT_S),
        )
        for part in parts
    ]
    fitted = add_disks(steps, order, parts, copies, blanks, (), fitted, inventory)
    names = {uuid: member for member, uuid in drawing.members.items()}
    members = {names[part.vm.uuid]: copies[part.vm.uuid] for part in parts if part.vm.uuid in names}
    proved = close(steps, enclosure, laid, members, fitted)
    started = add_starts_of_copies(steps, parts, copies, hosts, proved, is_downtime=False)
    add_members(steps, replace(order, title=drawing.fence.name), offspring, parts, copies, parts, started)
    add_hearing(steps, standing)
    plan = Plan(
        intent=order.intent,
        steps=steps.all,
        leases=rules.leases_for(
            order.card.id, order.card.service, (order.source, order.target), also=order.intent.others
        ),
        warnings=(*sentences(order, drawing, ground, parts, hosts, inventory), *warnings),
        asks=True,
    )
    drops = taken if order.edge.restore_point is None and order.stock is None else {}
    closed = gated(plan, order.edge, order.passed, order.approved)
    return closing(order, closed, [(part, drops[part.vm.uuid]) for part in parts if drops], inventory)


def drawn(command: Deploy, board: Board, inventory: Inventory) -> Drawing:
    """Return the fence that a command would build, whatever stands against it.

    Raises:
        Refused: there is no ground, or no such configuration.
    """
    card = rules.card_of(board, command.configuration)
    edge = way_of(_as_replica(command), card.stage, RunKind.DEPLOY)
    stages = (board.stage_name(card.stage), board.stage_name(command.target))
    offspring = offspring_of(card, edge, inventory, stages, board)
    _, drawing = drawing_of(command, card, offspring.id, offspring.number, board, inventory)
    return drawing


def _as_replica(command: Deploy) -> Replicate:
    return Replicate(
        configuration=command.configuration,
        revision=command.revision,
        target=command.target,
        method=command.method,
        is_stopped_first=command.is_stopped_first,
        reason=command.reason,
    )


# Machines


def _fitting(
    part: Part, copy: StepKey, on: Mapping[Uuid, str], nets: Mapping[str, StepKey], inventory: Inventory
) -> FitFenced:
    # What was frozen may have stood elsewhere then; the fence is of what stands now.
    present = present_networks(inventory.get(VM, part.member.ref) or part.vm, inventory)
    return FitFenced(
        copy=copy,
        name=part.name,
        order=part.vm.order,
        start_delay_s=part.vm.start_delay,
        shutdown_delay_s=part.vm.shutdown_delay,
        source=part.member.uuid,
        scratch={device: nets[on[network]] for device, network in present.items()},
    )


def _housed(parts: Sequence[Part], sr: SR | None, inventory: Inventory) -> list[Housed]:
    return [
        Housed(
            key=part.vm.uuid,
            name=part.name,
            memory_bytes=memory_of(part.vm),
            storages=frozenset({sr.uuid} if sr is not None else _stored(part.vm, inventory)),
        )
        for part in parts
    ]


def _stored(vm: VM, inventory: Inventory) -> set[Uuid]:
    return {one.uuid for one in repositories_of(inventory, vm)}
