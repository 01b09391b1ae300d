"""The plans that shut a fence down, take it away, and start it again as the same one."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from xsconsole.domain.actions.copies import RetireRouter
from xsconsole.domain.actions.fences import CheckFence, ForgetFence, ReleaseShare, RemoveFenceNetwork
from xsconsole.domain.actions.service import SwitchOff
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.disks import repositories_of
from xsconsole.domain.fence.changing import peers_among
from xsconsole.domain.fence.standing import StandingFence, fences_on, share_words
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VIF, VM, Host, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind, Start, Step, Verify
from xsconsole.domain.words import count, listing
from xsconsole.engine.commands import Delete
from xsconsole.engine.fence_commands import Redeploy, Undeploy
from xsconsole.engine.fences.building import add_hearing
from xsconsole.engine.fences.drawn import demand_fence, keys_of
from xsconsole.engine.fences.hosting import host_for
from xsconsole.engine.fences.stranded import add_taking_for_off, hosts_of, stranded
from xsconsole.engine.moves.moving import runs
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.placement import guest_of, memory_of, place
from xsconsole.engine.plans.steps import SHUT_DOWN_S, START_S, Steps, add_shutdowns, add_starts
from xsconsole.engine.verbs.deleting import DESTROY_S, plan_delete
from xsconsole.errors import NotPromotable

AWAY_S = 1.0
MOST_NAMED = 6  # machines in one sentence


def plan_undeploy(command: Undeploy, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Shut the members down, then the router. What is kept stays so; else all of it goes, the document last.

    Raises:
        Refused: there is no such fence, nothing to shut down, or what stands against deleting its machines.
    """
    standing = demand_fence(inventory, command.configuration)
    card = board.cards.get(command.configuration)
    if command.keeps:
        return _parking(standing, card, board, inventory, actor)
    demand_alone(standing, inventory)
    demand_parted(standing, inventory)
    lost = stranded(
        [
            vm
            for uuid in (*standing.site.members.values(), *filter(None, (standing.site.router,)))
            if (vm := inventory.by_uuid(VM, uuid)) is not None
        ],
        inventory,
    )
    if lost:
        raise NotPromotable(
            reason=f"{hosts_of(lost, inventory)} does not answer, so nothing there can be shut down.",
            mend="Undeploy it with --keep first, which lets the pool take it for off; then discard it.",
        )
    if card is None or not card.members:
        plan = _bare(standing, board)
    else:
        asked = Delete(
            configuration=card.id, revision=card.revision, is_forced=True, keeps_points=False, reason=command.reason
        )
        plan = plan_delete(asked, board, inventory, actor)
    intent = msgspec.structs.replace(plan.intent, kind=RunKind.UNDEPLOY)
    going = going_of(standing, plan.ends, inventory)
    told = (
        f"The fence “{shortened(standing.fence.name, 60)}” goes: its router, "
        f"{count(len(standing.site.networks), 'network')}, and {shares_of(standing)} can be had by others again.",
    )
    return msgspec.structs.replace(
        plan, intent=intent, steps=(*plan.steps, *going), warnings=(*told, *plan.warnings), asks=True
    )


def demand_parted(standing: StandingFence, inventory: Inventory) -> None:
    """Refuse while other fences let in who has the addresses that would go."""
    peers = peers_among(standing, fences_on(keys_of(inventory)))
    if peers:
        raise NotPromotable(
            reason=f"“{shortened(standing.fence.name, 60)}” is connected to {listing(peers)}, which would let in "
            "whoever gets its addresses next.",
            mend="Part them first: `xsconsole fence part`.",
        )


def demand_alone(standing: StandingFence, inventory: Inventory) -> None:
    """Refuse while a machine of somebody else has a card on a network that would go."""
    for network, vm in strangers_in(standing, inventory):
        raise NotPromotable(
            reason=f"“{shortened(vm.name_label, 60)}” has a card on "
            f"“{shortened(network.name_label, 60)}”, and would lose it with that network.",
            mend="Put that card on another network, or take it away.",
        )


def strangers_in(standing: StandingFence, inventory: Inventory) -> Iterator[tuple[Network, VM]]:
    """Yield who has a card on which network of a fence without being of it."""
    own = {*standing.site.members.values(), standing.site.router}
    networks = {one.ref: one for uuid in standing.site.networks.values() if (one := inventory.by_uuid(Network, uuid))}
    for vif in inventory.all(VIF):
        vm = inventory.get(VM, vif.VM) if vif.network in networks else None
        if vm is not None and not vm.is_a_snapshot and vm.uuid not in own:
            yield networks[vif.network], vm


def shares_of(standing: StandingFence) -> str:
    """Return the outside addresses of a fence in words."""
    return listing(tuple(map(share_words, standing.shares))) if standing.shares else "no outside address"


def _bare(standing: StandingFence, board: Board) -> Plan:
    """Return the plan of a fence whose configuration is gone: nothing of that is left to delete."""
    workflow = rules.workflow_of(board)
    intent = Intent(
        kind=RunKind.UNDEPLOY,
        configuration=standing.configuration,
        name=standing.fence.name,
        service=standing.service,
        workflow=workflow.id,
        workflow_version=workflow.version,
        source=standing.stage,
    )
    leases = rules.leases_for(standing.configuration, standing.service, ())
    return Plan(intent=intent, steps=(), leases=leases, asks=True)


def going_of(
    standing: StandingFence, after: Sequence[StepKey], inventory: Inventory, kept: Collection[Uuid] = ()
) -> tuple[Step, ...]:
    """Return the steps that take away what is of the fence and of no configuration, but for networks that are `kept`.

    The router leaves its networks before these go: XAPI destroys cards of halted machines with a network, silently.
    """
    steps, name, ready = Steps("zz-"), standing.fence.name, list(after)
    router = inventory.by_uuid(VM, standing.site.router) if standing.site.router is not None else None
    if router is not None:
        gone = Estimate(seconds=SHUT_DOWN_S + DESTROY_S)
        ready = [steps.add(RetireRouter(vms=(router.uuid,)), router.name_label, ready, gone)]
    ready = [
        steps.add(
            RemoveFenceNetwork(network=uuid, vlan=standing.site.vlans.get(logical)),
            logical,
            ready,
            Estimate(seconds=AWAY_S),
        )
        for logical, uuid in sorted(standing.site.networks.items())
        if uuid not in kept and inventory.by_uuid(Network, uuid) is not None
    ] or ready
    ready = [
        steps.add(ReleaseShare(share=share, configuration=standing.configuration), share_words(share), ready)
        for share in standing.shares
    ] or ready
    steps.add(ForgetFence(configuration=standing.configuration), name, ready)
    return steps.all


# Kept, and started again


def _parking(standing: StandingFence, card: Card | None, board: Board, inventory: Inventory, actor: str) -> Plan:
    card = demand_card(standing, card, board, actor)
    router = inventory.by_uuid(VM, standing.site.router) if standing.site.router is not None else None
    machines = [vm for member in card.members if (vm := inventory.get(VM, member.ref)) is not None]
    lost = stranded([*machines, *([router] if router is not None else [])], inventory)
    gone = {vm.uuid for vm in lost}
    going = [member for member in card.members if runs(member)]
    if not going and (router is None or router.power_state != "Running"):
        raise NotPromotable(
            reason=f"The fence “{shortened(standing.fence.name, 60)}” is off already.",
            mend="`xsconsole fence redeploy` starts it again, and --discard takes it away.",
        )
    workflow = rules.workflow_of(board)
    rules.demand_power_changes((rules.stage_of(workflow, card.stage), going), what="an undeployment")
    steps = Steps()
    ready = add_shutdowns(steps, [member for member in going if member.uuid not in gone], [], action=SwitchOff)
    ready = add_taking_for_off(steps, lost, ready, inventory)
    if router is not None and router.power_state == "Running" and router.uuid not in gone:
        steps.add(SwitchOff(vm=router.uuid), router.name_label, ready, Estimate(seconds=SHUT_DOWN_S))
    return Plan(
        intent=intent_in(RunKind.PARK, card, workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=(
            *((f"{hosts_of(lost, inventory)} does not answer: what ran there is taken for off.",) if lost else ()),
            f"{count(len(going), 'machine')} and the router are shut down, by force where a guest does not answer. "
            f"Disks, networks and {shares_of(standing)} stay with the fence, so that it comes back as the same one.",
        ),
        asks=True,
    )


def plan_redeploy(command: Redeploy, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Prove, then start the router and the members in order, on whichever host has room for all of it now.

    Of a fence over several hosts that runs in part, only what was on hosts that do not answer starts, else what is off.

    Raises:
        Refused: it runs, something of it is gone, or there is no room on any one host.
    """
    standing = demand_fence(inventory, command.configuration)
    card = demand_card(standing, board.cards.get(command.configuration), board, actor)
    workflow = rules.workflow_of(board)
    stage = rules.stage_of(workflow, card.stage)
    vms = [vm for member in card.members if (vm := inventory.get(VM, member.ref)) is not None]
    router = inventory.by_uuid(VM, standing.site.router) if standing.site.router is not None else None
    if standing.site.router is not None and router is None:
        raise NotPromotable(
            reason=f"The router of “{shortened(standing.fence.name, 60)}” is gone.",
            mend="Undeploy the fence with --discard, and deploy another one.",
        )
    machines = [*vms, *([router] if router is not None else [])]
    rules.demand_settled_power(card)
    lost = stranded(machines, inventory)
    gone = {vm.uuid for vm in lost}
    up = [vm.name_label for vm in machines if vm.power_state != "Halted" and vm.uuid not in gone]
    down = lost or [vm for vm in machines if vm.power_state == "Halted"]
    stays = bool(standing.site.vlans and down and up)  # the rest does, since its networks are on other hosts too
    if stays:
        machines, vms = down, [vm for vm in vms if vm in down]
        router = router if router in down else None
    elif up:
        verb, where = "is" if len(up) == 1 else "are", "" if standing.site.vlans else ", on one host"
        raise NotPromotable(
            reason=f"{listing(tuple(up))} {verb} not off, and a fence starts as a whole{where}.",
            mend="Undeploy it with --keep first.",
        )
    started = {vm.uuid for vm in vms}
    starting = [member for member in card.members if member.uuid in started]
    rules.demand_power_changes((stage, starting), what="a start")
    rules.demand_place_to_run(board, stage, card)
    for vm in machines:
        if vm.uuid not in gone:
            rules.demand_operation(vm, "start", inventory)
        rules.demand_unblocked(vm, "start_on")
    hosts = _hosts(standing, machines, board, inventory)

    steps = Steps()
    ready = [steps.add(CheckFence(configuration=card.id), standing.fence.name)]
    ready = add_taking_for_off(steps, lost, ready, inventory)
    if router is not None:
        memory = Estimate(seconds=START_S, memory_bytes=memory_of(router))
        ready = [steps.add(Start(vm=router.uuid), router.name_label, ready, memory, host=hosts.get(router.uuid))]
    delays_s = {vm.uuid: vm.start_delay for vm in vms}
    ready = add_starts(steps, starting, delays_s, ready, is_downtime=False, hosts=hosts)
    steps.add(Verify(members={}, running=tuple(sorted(vm.uuid for vm in machines))), card.name, ready)
    add_hearing(steps, standing)
    on = {found.name_label for uuid in hosts.values() if (found := inventory.by_uuid(Host, uuid)) is not None}
    where = f" on {listing(tuple(shortened(name, 40) for name in sorted(on)))}" if on else ""
    return Plan(
        intent=intent_in(RunKind.REDEPLOY, card, workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, (stage,)),
        warnings=(
            *((f"{hosts_of(lost, inventory)} does not answer: what ran there starts anew.",) if lost else ()),
            _words_of_start(standing, machines, router, where, len(up) if stays else 0),
        ),
        asks=True,
    )


def _words_of_start(
    standing: StandingFence, machines: Sequence[VM], router: VM | None, where: str, staying: int
) -> str:
    """Return what starts, whether that is all of a fence, and how much of it `stays`."""
    of, first = f"the fence “{shortened(standing.fence.name, 60)}”", ", the router first" if router is not None else ""
    if not staying:
        return f"All of {of} starts{where}{first}, with the addresses that it had."
    names = [f"“{shortened(vm.name_label, 40)}”" for vm in machines[:MOST_NAMED]]
    names += [f"{len(machines) - MOST_NAMED} more"] if len(machines) > MOST_NAMED else []
    return (
        f"{listing(tuple(names))} of {of} {'starts' if len(machines) == 1 else 'start'}{where}{first}. "
        f"{count(staying, 'machine')} of it {'stays' if staying == 1 else 'stay'} as now."
    )


def _hosts(standing: StandingFence, machines: Sequence[VM], board: Board, inventory: Inventory) -> dict[Uuid, Uuid]:
    """Return where each machine starts: all on one host, or wherever its VLANs are seen."""
    claims = claims_on(board)
    if standing.site.vlans:
        return place(inventory, [guest_of(vm, inventory) for vm in machines], claims.memory)
    storages = {sr.uuid for vm in machines for sr in repositories_of(inventory, vm)}
    outside = {standing.site.outside} if standing.site.outside is not None else set[Uuid]()
    host = host_for(standing.fence.name, sum(map(memory_of, machines)), storages, outside, claims, inventory)
    return {vm.uuid: host for vm in machines} if host is not None else {}


def demand_card(standing: StandingFence, card: Card | None, board: Board, actor: str) -> Card:
    """Return the configuration in a fence, where it is whole and this log-in may act in its stage."""
    if card is None:
        raise NotPromotable(
            reason=f"The configuration in “{shortened(standing.fence.name, 60)}” is gone.",
            mend="Undeploy the fence with --discard.",
        )
    rules.demand_standing(card, {Standing.WHOLE})
    workflow = rules.workflow_of(board)
    rules.demand_actor(workflow, (workflow.stage(card.stage),), actor)
    return card
