"""The plan of a fence: copies with the addresses of their originals, on networks of their own, behind a router."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from xsconsole.domain.actions.copies import CopyMachine, NoteFreeze, Slot, StartCopy
from xsconsole.domain.actions.fences import CheckFence, ClaimShare, FitFenced, FitRouter, MakeVlan, WriteFence
from xsconsole.domain.actions.proofs import MakeScratchNetwork
from xsconsole.domain.actions.provisions import SeedDisk
from xsconsole.domain.board import Board
from xsconsole.domain.disks import DISK_ROLE_KEY, SEED_ROLE, disks_of, repositories_of
from xsconsole.domain.fence.drawing import Drawing
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.ground_findings import ground_findings
from xsconsole.domain.fence.proof import Site
from xsconsole.domain.fence.router import RouterFiles, router_files
from xsconsole.domain.fence.standing import StandingFence, share_words, standing_text, tag_share
from xsconsole.domain.fence.tags import trunk_cards
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid
from xsconsole.domain.inventory import SR, VBD, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind
from xsconsole.domain.workflow import Method, Stage
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
    CLONE_S,
    DISK_S,
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
from xsconsole.engine.fences.deploy_words import sentences
from xsconsole.engine.fences.drawn import demand_buildable, drawing_of
from xsconsole.engine.fences.hosting import host_for
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import Claims, claims_on
from xsconsole.engine.plans.disk_roles import blanks_of
from xsconsole.engine.plans.lands import Land, no_land
from xsconsole.engine.plans.networking import present_networks
from xsconsole.engine.plans.placement import Guest, memory_of, place
from xsconsole.engine.plans.steps import START_S, Steps
from xsconsole.engine.provisions.cidata import META_DATA, NETWORK_CONFIG, USER_DATA, size_of
from xsconsole.engine.replica_commands import Replicate
from xsconsole.engine.runs.gatekeeper import gated
from xsconsole.errors import NotPromotable

SEED_NAME = "cloud-init"
NAME_LIMIT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Router:
    """What the router is made of: the template, where its disk is, and what cloud-init tells it."""

    template: VM
    sr: SR
    files: Mapping[str, str]
    slot: Slot


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
    _demand_sound(ground, inventory)
    parts = parts_of(order, offspring, inventory, is_fenced=True)
    claims = claims_on(board)
    is_up = any(runs(part.member) for part in parts)
    is_freezing = order.stock is None and (is_up or order.edge.restore_point is not None)
    sr = storage_of(order, parts, inventory)
    warnings = demand_room(order, parts, sr, claims, inventory, is_freezing=is_freezing)
    demand_operations(order, parts, inventory, is_freezing=is_freezing)
    blanks = blanks_of(order, parts, sr, inventory)
    router = _router(ground, drawing, offspring.id, inventory)
    hosts = _hosts(drawing, parts, router, ground, sr, claims, inventory)

    steps, name = Steps(), shortened(drawing.fence.name, NAME_LIMIT)
    shares = _shares(drawing)
    claimed: list[StepKey] = []
    for share in shares:  # one after another, in one order for all: of two who want the same, not both are refused
        claimed = [steps.add(ClaimShare(share=share, configuration=offspring.id), share_words(share), claimed)]
    nets = {
        logical: steps.add(MakeScratchNetwork(name=f"Fence {name}: {shortened(logical, 30)}"), logical, claimed)
        for logical in drawing.networks
    }
    cards = tuple(card.uuid for card in trunk_cards(ground, inventory))
    vlans = [
        steps.add(MakeVlan(network=nets[logical], vlan=tag, cards=cards), logical, [nets[logical]])
        for logical, tag in drawing.tags.items()
    ]
    taken = add_source(steps, order, parts, inventory, is_freezing=is_freezing, after=claimed)
    ready = [steps.add(NoteFreeze(snapshots=tuple(taken.values())), order.card.name, taken.values())] if taken else []
    # What is on a network goes before it, also where the run is put back.
    copies = add_copies(steps, order, parts, taken, [*ready, *nets.values(), *vlans], sr, inventory)
    on = {uuid: logical for logical, uuid in drawing.networks.items()}
    fitted = [
        steps.add(
            _fitting(part, copies[part.vm.uuid], on, nets, inventory),
            part.name,
            copies.values(),
            Estimate(seconds=FIT_S),
        )
        for part in parts
    ]
    fitted = add_disks(steps, order, parts, copies, blanks, (), fitted, inventory)
    made_router, ready = _add_router(steps, router, drawing, offspring.id, ground, nets, fitted, name)
    names = {uuid: member for member, uuid in drawing.members.items()}
    written = steps.add(
        WriteFence(
            configuration=offspring.id,
            document=standing_text(_standing(order, offspring, drawing, ground, shares)),
            networks=nets,
            members={names[part.vm.uuid]: copies[part.vm.uuid] for part in parts if part.vm.uuid in names},
            router=made_router,
        ),
        drawing.fence.name,
        ready,
    )
    proved = [steps.add(CheckFence(configuration=offspring.id), drawing.fence.name, [written])]
    if made_router is not None and router is not None:
        memory = Estimate(seconds=START_S, memory_bytes=memory_of(router.template))
        proved = [
            steps.add(StartCopy(copy=made_router), "the router", proved, memory, host=hosts.get(router.template.uuid))
        ]
    started = add_starts_of_copies(steps, parts, copies, hosts, proved, is_downtime=False)
    add_members(steps, replace(order, title=drawing.fence.name), offspring, parts, copies, parts, started)
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
    offspring = offspring_of(card, way_of(_as_replica(command), card.stage, RunKind.DEPLOY), board, inventory)
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


def _demand_sound(ground: Ground, inventory: Inventory) -> None:
    wrong = next((one for one in ground_findings(ground, inventory) if one.is_error), None)
    if wrong is not None:
        raise NotPromotable(reason=wrong.sentence, mend=wrong.mend)


def _shares(drawing: Drawing) -> tuple[str, ...]:
    """Return what a fence takes, in ascending order: outside addresses, the router's first, then VLAN tags."""
    outside, tags = drawing.fence.outside, tuple(tag_share(tag) for tag in drawing.tags.values())
    if outside is None:
        return tags
    addresses = sorted(one.outside for one in drawing.fence.footholds if one.outside is not None)
    return (*map(str, (outside.router, *addresses)), *tags)


def _standing(
    order: Order, offspring: Offspring, drawing: Drawing, ground: Ground, shares: tuple[str, ...]
) -> StandingFence:
    return StandingFence(
        configuration=offspring.id,
        origin=order.card.id,
        title=order.card.name,
        service=order.card.service,
        stage=order.target.id,
        fence=drawing.fence,
        site=Site(
            networks={},
            members={},
            outside=ground.outside if drawing.fence.is_open else None,
            vlans=drawing.tags,
            reserved=drawing.reserved.span if drawing.tags and drawing.reserved is not None else None,
        ),
        shares=shares,
        originals=drawing.networks,
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


def _router(ground: Ground, drawing: Drawing, made: ConfigurationId, inventory: Inventory) -> _Router | None:
    """Return what the router is made of; None where the fence has no gateway, so that nothing would go through it."""
    if not drawing.fence.routed:
        return None
    template = inventory.by_uuid(VM, ground.router) if ground.router is not None else None
    if template is None:
        raise NotPromotable(
            reason="No template for routers is named, and the fence has a gateway.",
            mend="Name one in the ground: `xsconsole fence ground set FILE`.",
        )
    disk = disks_of(inventory, template)[0]
    sr = inventory.get(SR, disk.SR)
    assert sr is not None, "a disk is on a storage"
    taken = {drive.userdevice for ref in template.VBDs if (drive := inventory.get(VBD, ref)) is not None}
    return _Router(
        template=template,
        sr=sr,
        files=files_of(router_files(drawing.fence, made)),
        slot=Slot(
            device=next(str(number) for number in range(1, 255) if str(number) not in taken),
            # XAPI starts no HVM guest with a disk that it must not write.
            mode="RO" if template.domain_type == "pv" else "RW",
            other_config={DISK_ROLE_KEY: SEED_ROLE},
        ),
    )


def files_of(files: RouterFiles) -> dict[str, str]:
    """Return the files of a router's disk by the names that cloud-init looks for."""
    return {META_DATA: files.meta_data, USER_DATA: files.user_data, NETWORK_CONFIG: files.network_config}


def _add_router(
    steps: Steps,
    router: _Router | None,
    drawing: Drawing,
    made: ConfigurationId,
    ground: Ground,
    nets: Mapping[str, StepKey],
    fitted: list[StepKey],
    name: str,
) -> tuple[StepKey | None, list[StepKey]]:
    """Add what makes the router, and return its step and what the document waits for."""
    if router is None:
        return None, fitted
    fence, title = drawing.fence, f"Router of {name}"
    copy = steps.add(
        CopyMachine(vm=router.template.uuid, name=title, method=Method.LINKED_CLONE),
        f"the template of {title}",
        nets.values(),
        Estimate(seconds=CLONE_S),
    )
    inside = fence.routed
    first = 1 if fence.is_open else 0
    scratch = {str(number): nets[segment.logical] for number, segment in enumerate(inside, first)}
    macs = {str(number): segment.mac for number, segment in enumerate(inside, first)}
    networks: dict[str, Uuid] = {}
    if fence.is_open and fence.outside is not None:
        networks, macs = {"0": ground.outside}, {"0": fence.outside.mac, **macs}
    fit = FitRouter(copy=copy, name=title, networks=networks, scratch=scratch, macs=macs, configuration=made)
    ready = steps.add(fit, title, [copy], Estimate(seconds=FIT_S))
    seed = SeedDisk(
        copy=copy,
        name=SEED_NAME,
        size_bytes=size_of(router.files),
        sr=router.sr.uuid,
        slot=router.slot,
        hostname="fence-router",
        files=dict(router.files),
    )
    return copy, [*fitted, steps.add(seed, title, [ready], Estimate(seconds=DISK_S))]


# Hosts


def _hosts(
    drawing: Drawing,
    parts: Sequence[Part],
    router: _Router | None,
    ground: Ground,
    sr: SR | None,
    claims: Claims,
    inventory: Inventory,
) -> dict[Uuid, Uuid]:
    """Return where each machine starts, by what it is made of: all on one host, or wherever the VLANs are."""
    storages = {part.vm.uuid: {sr.uuid} if sr is not None else _stored(part.vm, inventory) for part in parts}
    networks = {ground.outside} if drawing.fence.is_open else set[Uuid]()
    made = [(part.vm, part.name, storages[part.vm.uuid], set[Uuid]()) for part in parts]
    made += [(router.template, "the router", {router.sr.uuid}, networks)] if router is not None else []
    if drawing.tags and ground.trunk is not None:
        guests = [
            Guest(
                key=vm.uuid,
                name=name,
                memory_bytes=memory_of(vm),
                storages=frozenset(stored),
                networks=frozenset({*seen, ground.trunk}),
            )
            for vm, name, stored, seen in made
        ]
        return place(inventory, guests, claims.memory)
    machines, everywhere = [vm for vm, *_ in made], {one for _, _, stored, _ in made for one in stored}
    host = host_for(drawing.fence.name, machines, everywhere, networks, claims, inventory)
    return {vm.uuid: host for vm in machines} if host is not None else {}


def _stored(vm: VM, inventory: Inventory) -> set[Uuid]:
    return {one.uuid for one in repositories_of(inventory, vm)}
