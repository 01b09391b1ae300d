"""A configuration that is moved out of its fence: what stands against it, what is rewired, and what goes afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from xsconsole.domain.actions.fences import WriteFence
from xsconsole.domain.actions.placing import Rewire
from xsconsole.domain.board import Board, Card
from xsconsole.domain.fence.accounts import accounts_of, findings_outside
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.outward import OutwardCard, outward_cards, outward_findings, residents_of
from xsconsole.domain.fence.standing import (
    StandingFence,
    fence_on,
    fence_text_on,
    ground_on,
    inside_words,
    standing_text,
)
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Method, Stage, Transition, Workflow
from xsconsole.engine.fences.drawn import keys_of, macs_for
from xsconsole.engine.fences.undeploying import demand_alone, demand_parted, going_of, shares_of, strangers_in
from xsconsole.engine.moves.relocation import changed_networks
from xsconsole.engine.moves.succession import Incumbent
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How the machines of a fence come out of it, by machine, and what whoever confirms should know.

    Without `rewires` they stay in it, and it goes along to the stage `into`.
    """

    standing: StandingFence
    rewires: Mapping[Uuid, Rewire]
    into: StageId | None = None
    kept: Mapping[Uuid, str]  # networks that stay, with who has a card there
    told: tuple[str, ...]
    notes: tuple[str, ...] = ()


def leaving_of(
    card: Card,
    target: Stage,
    edge: Transition,
    disks: Disks,
    incumbent: Incumbent | None,
    board: Board,
    inventory: Inventory,
    *,
    is_abroad: bool,
) -> Leaving | None:
    """Return how a configuration leaves the fence that surrounds it; None where none does.

    Raises:
        NotPromotable: it would collide outside, or cannot go that way; with what can be done instead.
    """
    standing = fence_on(keys_of(inventory), card.id)
    if standing is None:
        if edge.method is Method.MOVE:
            demand_mode(target, card.name, None)
        return None
    _demand_a_way_out(inside_words(card.name, standing), target, edge, disks, is_abroad=is_abroad)
    if target.fence is not None:
        demand_mode(target, card.name, standing)
        demand_no_place(target, incumbent)
        return Leaving(standing=standing, rewires={}, into=target.id, kept={}, told=(_along(card, target),))
    demand_parted(standing, inventory)
    ways = _ways(standing, target, board, inventory)
    given_up = _giving_way(incumbent, target, inventory)
    mac = macs_for(ConfigurationId(f"{card.id}\n{card.revision}"), keys_of(inventory))
    residents = residents_of(set(ways.values()), inventory)
    cards = outward_cards(standing, ways, given_up, residents, inventory, mac)
    stopping = {vm.uuid for vm in incumbent.vms} if incumbent is not None else set[Uuid]()
    ground = ground_on(keys_of(inventory))
    found = tuple(
        outward_findings(standing, cards, stopping, residents, ground.ground if ground is not None else None, inventory)
    )
    found += tuple(_of_accounts(standing, board, incumbent, inventory))
    wrong = next((one for one in found if one.is_error), None)
    if wrong is not None:
        raise NotPromotable(reason=wrong.sentence, mend=wrong.mend)
    if standing.site.vlans:
        demand_alone(standing, inventory)  # a network that stays would keep the tag, which is of fences
    kept: dict[Uuid, str] = {}
    for network, vm in strangers_in(standing, inventory):
        kept[network.uuid] = vm.name_label
    return Leaving(
        standing=standing,
        rewires=_rewires(cards, inventory),
        kept=kept,
        told=(
            *_words(standing, cards, target, kept, inventory),
            *(f"{one.sentence} {one.mend}" for one in found),
            *_points_words(card),
        ),
        notes=_notes(cards),
    )


def let_go(plan: Plan, leaving: Leaving | None, inventory: Inventory) -> Plan:
    """Return the plan with what takes the fence away, or writes where it stands, once all else has passed."""
    if leaving is None:
        return plan
    if leaving.into is not None:
        moved = replace(leaving.standing, stage=leaving.into)
        steps = Steps("zz-")
        written = WriteFence(
            configuration=moved.configuration,
            document=standing_text(moved),
            original=fence_text_on(keys_of(inventory), moved.configuration),
        )
        steps.add(written, moved.fence.name, plan.ends)
        return msgspec.structs.replace(plan, steps=(*plan.steps, *steps.all), warnings=(*leaving.told, *plan.warnings))
    going = going_of(leaving.standing, plan.ends, inventory, leaving.kept)
    return msgspec.structs.replace(
        plan,
        steps=(*plan.steps, *going),
        warnings=(*leaving.told, *plan.warnings),
        notes=(*leaving.notes, *plan.notes),
        asks=True,
    )


def _demand_a_way_out(inside: str, target: Stage, edge: Transition, disks: Disks, *, is_abroad: bool) -> None:
    if edge.method is not Method.MOVE:
        raise NotPromotable(
            reason=f"{inside}, and the way to {target.name} makes copies.",
            mend="Promote its original along that way, or let the way move machines in the workflow: "
            "what is moved leaves its fence.",
        )
    if is_abroad:
        raise NotPromotable(
            reason=f"{inside}, and {target.name} is in another pool.",
            mend="Promote it to a stage of this pool first: it leaves its fence there.",
        )
    if disks is not Disks.KEEP:
        raise NotPromotable(
            reason=f"{inside}, and comes out of it only with its disks as they are.",
            mend="Demote it with its disks as they are.",
        )


def demand_mode(stage: Stage, title: str, fence: StandingFence | None) -> None:
    """Refuse what would stand in a stage without the fence that it demands.

    Raises:
        NotPromotable: how it can come there instead.
    """
    demanded = stage.fence
    if demanded is None or (fence is not None and fence.fence.mode.satisfies(demanded)):
        return
    name, words = f"“{shortened(title, 60)}”", mode_words(demanded)
    asked = f"`xsconsole fence deploy … --stage {stage.id} --mode {demanded}`"
    if fence is not None:
        raise NotPromotable(
            reason=f"{stage.name} takes only what stands in a fence that is {words} or lets less pass, and that of "
            f"{name} is {mode_words(fence.fence.mode)}.",
            mend=f"Make a fenced copy of its original there: {asked}.",
        )
    raise NotPromotable(
        reason=f"{stage.name} takes only what stands in a fence ({words}), and {name} would stand there without one.",
        mend=f"Make a fenced copy of it there: a replica gets its fence by itself, or {asked}.",
    )


def demand_no_place(target: Stage, incumbent: Incumbent | None) -> None:
    """Refuse to take the place of somebody in a stage that demands a fence."""
    if incumbent is not None:
        raise NotPromotable(
            reason=f"“{shortened(incumbent.card.name, 60)}” has the place in {target.name}, where each stands in a "
            "fence of its own: there is no place to be taken over.",
            mend=f"Demote it, or undeploy it, before something else comes to {target.name}.",
        )


def _along(card: Card, target: Stage) -> str:
    return (
        f"“{shortened(card.name, 60)}” stays in its fence, as {target.name} demands: its machines, networks and "
        "router stay as they are, on or off."
    )


# Networks


def _ways(standing: StandingFence, target: Stage, board: Board, inventory: Inventory) -> dict[Uuid, Uuid]:
    """Return where the networks of a fence lead in a stage: where those lead that they stand for.

    What each stands for has a logical name in the stage of the original, or in whichever stage maps it.
    """
    workflow, ground = rules.workflow_of(board), ground_on(keys_of(inventory))
    known = {one.name: one.network for one in ground.ground.originals} if ground is not None else {}
    there = {entry.logical: entry.network for entry in target.binding.networks}
    found = {}
    for logical, inside in standing.site.networks.items():
        original = standing.originals.get(logical) or known.get(logical)
        network = inventory.by_uuid(Network, original) if original is not None else None
        name = f"“{shortened(logical, 60)}”"
        if network is None:
            raise NotPromotable(
                reason=f"The network {name}, which one of the fence stands for, is gone or unknown.",
                mend="Discard the fence, and deploy another one.",
            )
        named = _logical_name(network.uuid, standing, target, workflow, board)
        if named is None and not there:
            found[inside] = network.uuid  # no map: machines stay where they are, and their original is there
            continue
        if named is None:
            raise NotPromotable(
                reason=f"One of the fence stands for the network {name}, which no stage maps to a logical network.",
                mend="Map it in the workflow, for the stage of the original.",
            )
        wanted = there.get(named)
        if wanted is None:
            raise NotPromotable(
                reason=f"{target.name} has no network for “{shortened(named, 60)}”, for which {name} stands.",
                mend=f"Map it for {target.name} in the workflow.",
            )
        if inventory.by_uuid(Network, wanted.uuid) is None:
            raise NotPromotable(
                reason=f"{target.name} maps “{shortened(named, 60)}” to “{shortened(wanted.name or wanted.uuid, 60)}”, "
                "which the pool does not have.",
                mend="Choose another network in the workflow.",
            )
        found[inside] = wanted.uuid
    return found


def _logical_name(
    network: Uuid, standing: StandingFence, target: Stage, workflow: Workflow, board: Board
) -> str | None:
    origin = board.cards.get(standing.origin)
    first = (origin.stage if origin is not None else None, standing.stage, target.id)
    order = sorted(workflow.stages, key=lambda one: first.index(one.id) if one.id in first else len(first))
    maps = (entry for stage in order for entry in stage.binding.networks)
    return next((entry.logical for entry in maps if entry.network.uuid == network), None)


def _giving_way(incumbent: Incumbent | None, target: Stage, inventory: Inventory) -> frozenset[Uuid]:
    """Return the machines of who gives way that leave the networks of the stage too."""
    if incumbent is None:
        return frozenset()
    if incumbent.back is None:  # they become templates
        return frozenset(vm.uuid for vm in incumbent.vms)
    back = incumbent.back
    return frozenset(vm.uuid for vm in incumbent.vms if changed_networks(vm, target, back, inventory) is not None)


def _of_accounts(
    standing: StandingFence, board: Board, incumbent: Incumbent | None, inventory: Inventory
) -> Iterator[Finding]:
    """Yield what is to be said of Windows whose original stays on; one that gives way is off by then."""
    origin = board.cards.get(standing.origin)
    stays = origin is not None and not (incumbent is not None and incumbent.card.id == origin.id)
    found = (inventory.by_uuid(VM, uuid) for uuid in standing.site.members.values())
    accounts = accounts_of([vm for vm in found if vm is not None], inventory)
    return findings_outside(accounts, (origin.name,) if origin is not None and stays else ())


def _rewires(cards: Sequence[OutwardCard], inventory: Inventory) -> dict[Uuid, Rewire]:
    found: dict[Uuid, Rewire] = {}
    for card in cards:
        here = inventory.get(Network, card.vif.network)
        assert here is not None, "it is on a network of the fence"
        device, one = card.vif.device, found.get(card.vm.uuid, Rewire(vm=card.vm.uuid, networks={}, original={}))
        found[card.vm.uuid] = msgspec.structs.replace(
            one,
            networks={**one.networks, device: card.network.uuid},
            original={**one.original, device: here.uuid},
            macs={**one.macs, **({device: card.mac} if card.mac else {})},
            original_macs={**one.original_macs, **({device: card.vif.MAC} if card.mac else {})},
        )
    return found


# Words


def _words(
    standing: StandingFence,
    cards: Sequence[OutwardCard],
    target: Stage,
    kept: Mapping[Uuid, str],
    inventory: Inventory,
) -> list[str]:
    networks = listing(tuple(sorted({f"“{shortened(card.network.name_label, 40)}”" for card in cards})))
    told = [
        f"What stands in the fence “{shortened(standing.fence.name, 60)}” leaves it: its machines are off while their "
        f"cards are put on {networks} of {target.name}."
    ]
    changed = [card for card in cards if card.holder is not None]
    if changed:
        holders = {f"“{shortened(card.holder.name_label, 40)}”" for card in changed if card.holder is not None}
        verb, has = ("gets", "has") if len(changed) == 1 else ("get", "have")
        told.append(
            f"{count(len(changed), 'card')} {verb} another MAC address: {listing(tuple(sorted(holders)))} {has} theirs "
            "there. What a guest binds to its MAC address has to be changed in it."
        )
    if len(changed) < len(cards):
        others = "The other cards keep" if changed else "The cards keep"
        told.append(f"{others} their MAC addresses: nobody has them there.")
    told.append("Names that guests have of themselves, and fixed addresses, do not change with it.")
    for uuid, name in sorted(kept.items()):
        network = inventory.by_uuid(Network, uuid)
        told.append(
            f"The network “{shortened(network.name_label if network else uuid, 60)}” stays, because "
            f"“{shortened(name, 60)}” has a card on it."
        )
    told.append(
        f"Once all has passed the fence goes: its router, "
        f"{count(len(standing.site.networks) - len(kept), 'network')}, and {shares_of(standing)} can be had by others "
        "again. From there on there is no way back: what is left can only be finished."
    )
    return told


def _notes(cards: Sequence[OutwardCard]) -> tuple[str, ...]:
    return tuple(
        f"Card {card.vif.device} of “{shortened(card.vm.name_label, 60)}”: {card.vif.MAC} becomes {card.mac}, because "
        f"“{shortened(card.holder.name_label, 60)}” has it on “{shortened(card.network.name_label, 60)}”."
        for card in cards
        if card.holder is not None
    )


def _points_words(card: Card) -> tuple[str, ...]:
    points = len(card.restore_points) + len(card.asides)
    if not points:
        return ()
    return (
        f"{count(points, 'restore point')} of it, taken inside, "
        f"{'loses its cards' if points == 1 else 'lose their cards'} with the networks of the fence, so that nothing "
        "returns to it any more; what it holds of disks stays until it is removed.",
    )
