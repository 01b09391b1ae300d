"""What a fence of a configuration would be on a pool: drawn up on its ground, or refused with the mend."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

from xsconsole.domain.archive import Archive, PoolArchive
from xsconsole.domain.board import Board, Card
from xsconsole.domain.fence.accounts import accounts_of, findings_inside
from xsconsole.domain.fence.arrivals import macs_of
from xsconsole.domain.fence.drawing import Drawing, SourceCard, Wishes, draw, machines_with, source_cards
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.outward import bystanders
from xsconsole.domain.fence.spanning import tags_for
from xsconsole.domain.fence.standing import StandingFence, fence_on, fences_on, ground_on, taken_addresses
from xsconsole.domain.fence.tags import range_for
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.engine.fence_commands import Connect, Deploy, FenceCommand
from xsconsole.errors import NotFound, NotPromotable

MAC_SPACE = uuid.UUID("8a1f0d0e-3d0b-4a54-9a57-6f7f8f1f2c11")


def keys_of(inventory: Inventory) -> Mapping[str, str]:
    return inventory.pool.other_config if inventory.pool is not None else {}


def demand_ground(inventory: Inventory) -> Ground:
    """Return what fences of a pool are built on.

    Raises:
        NotFound: nobody has said yet.
    """
    found = ground_on(keys_of(inventory))
    if found is None:
        raise NotFound(
            reason="Nobody has said what fences of this pool are built on: outside network, addresses, router.",
            mend="Say it in the window, at Fences, Ground…, or take a file in: `xsconsole fence ground set FILE`.",
        )
    return found.ground


def is_routed(card: SourceCard, ground: Ground) -> bool:
    """Return whether a card is on a network on which the router would have an address."""
    original = ground.original(card.network)
    return original is not None and original.gateway is not None


def demand_fence(inventory: Inventory, configuration: ConfigurationId) -> StandingFence:
    """Return the fence that surrounds a configuration.

    Raises:
        NotFound: none does.
    """
    found = fence_on(keys_of(inventory), configuration)
    if found is None:
        raise NotFound(
            reason="There is no fence around it any more.",
            mend="`xsconsole fence list` shows those that there are.",
            choices=tuple(one.fence.name for one in fences_on(keys_of(inventory))),
        )
    return found


def drawing_of(
    command: Deploy, card: Card, made: ConfigurationId, number: int, board: Board, inventory: Inventory
) -> tuple[Ground, Drawing]:
    """Return the fence that `made`, a copy of a configuration, would get, with all that is to be said of it."""
    ground = demand_ground(inventory)
    wishes = Wishes(
        name=command.name.strip() or free_name(card.name, inventory, number),
        mode=command.mode,
        addresses=command.addresses,
        published=command.published,
        services=command.services,
    )
    keys = keys_of(inventory)
    drawing = draw(source_cards(card, inventory), wishes, ground, set(taken_addresses(keys)), macs_for(made, keys))
    vms = [vm for member in card.members if (vm := inventory.get(VM, member.ref)) is not None]
    told = findings_inside(command.mode, accounts_of(vms, inventory), ground)
    drawing = replace(drawing, findings=(*drawing.findings, *told))
    drawing = tagged(drawing, ground, command.target, board, keys, inventory, is_on_one_host=command.is_on_one_host)
    return ground, drawing


def tagged(
    drawing: Drawing,
    ground: Ground,
    target: StageId,
    board: Board,
    keys: Mapping[str, str],
    inventory: Inventory,
    *,
    is_on_one_host: bool,
) -> Drawing:
    """Return a fence with the VLANs that it gets in a stage; what is claimed in `keys` it does not get."""
    pool = inventory.pool.uuid if inventory.pool is not None else None
    reserved = range_for(ground, board.workflow, target, pool, inventory)
    drawing = replace(drawing, reserved=reserved)
    if is_on_one_host or reserved is None:
        return drawing
    tags, short = tags_for(reserved, drawing.networks, keys, inventory)
    return replace(drawing, tags=tags, findings=(*short, *drawing.findings))


def machine_beside(command: FenceCommand, inventory: Inventory) -> tuple[Uuid, ...]:
    """Return what a command about a fence is about beside members: routers, or what one is made of."""
    keys = keys_of(inventory)
    ground = ground_on(keys) if isinstance(command, Deploy) else None
    others = (command.other,) if isinstance(command, Connect) else ()
    standing = [fence_on(keys, one) for one in (command.configuration, *others)]
    found = (ground.ground.router if ground is not None else None, *(one.site.router for one in standing if one))
    return tuple(uuid for uuid in found if uuid is not None)


def template_of_routers(inventory: Inventory) -> tuple[Uuid, ...]:
    """Return what the router of a fence that a plan builds would be made of; none where nobody has said."""
    found = ground_on(keys_of(inventory))
    return (found.ground.router,) if found is not None and found.ground.router is not None else ()


def machines_like(archive: Archive | PoolArchive, inventory: Inventory) -> tuple[Uuid, ...]:
    """Return what matters to an archive that comes back into a fence: the routers' template, who tells addresses."""
    return (*template_of_routers(inventory), *machines_with(macs_of(archive), inventory))


def machines_around(configuration: ConfigurationId, inventory: Inventory) -> tuple[Uuid, ...]:
    """Return what matters to a configuration that leaves its fence, or of which copies come into one, but members."""
    keys = keys_of(inventory)
    standing, ground = fence_on(keys, configuration), ground_on(keys)
    template = ground.ground.router if ground is not None else None
    around = () if standing is None else bystanders(standing, inventory)
    return around if template is None else (*around, template)


def macs_for(made: ConfigurationId, keys: Mapping[str, str]) -> Callable[[], str]:
    """Return what makes new MAC addresses of our own, equal ones for equal plans, and none of a fence that stands.

    `made` is an id as planned, which comes again once what had been planned by it stands.
    """
    numbers, taken = count(1), frozenset(mac for one in fences_on(keys) for mac in one.fence.macs)

    def mac() -> str:
        while True:
            digits = uuid.uuid5(MAC_SPACE, f"{made}\n{next(numbers)}").bytes[:6]
            first = digits[0] & 0xFC | 0x02  # given locally, and to one card
            made_up = ":".join(f"{byte:02x}" for byte in (first, *digits[1:]))
            if made_up not in taken:
                return made_up

    return mac


def demand_buildable(command: Deploy, drawing: Drawing, inventory: Inventory) -> None:
    """Refuse what could not work.

    Raises:
        NotPromotable: the first thing that stands against it.
    """
    _demand_no_error(drawing)
    named = {foothold.member for foothold in drawing.fence.footholds}
    strange = sorted(set(command.published) - named)
    if strange:
        raise NotPromotable(
            reason=f"“{shortened(strange[0], 60)}” is no member with an address, so no port of it can be published.",
            mend=f"The members are called: {', '.join(sorted(named))}.",
        )
    known = {(vm, device) for vm, device in command.addresses}
    cards = {(drawing.members[one.member], one.mac) for one in drawing.fence.footholds}
    if known and not {vm for vm, _ in known} <= {vm for vm, _ in cards}:
        raise NotPromotable(
            reason="An address is typed for a machine that is no member.", mend="Name a member and a card of it."
        )
    demand_name(drawing.fence.name, inventory)


def demand_drawable(drawing: Drawing, inventory: Inventory) -> None:
    """Refuse a fence that could not work, or whose name is taken.

    Raises:
        NotPromotable: the first thing that stands against it.
    """
    _demand_no_error(drawing)
    demand_name(drawing.fence.name, inventory)


def _demand_no_error(drawing: Drawing) -> None:
    wrong = next((one for one in drawing.findings if one.is_error), None)
    if wrong is not None:
        raise NotPromotable(reason=wrong.sentence, mend=wrong.mend)


def free_name(title: str, inventory: Inventory, first: int = 1) -> str:
    """Return what a fence is called that nobody gave a name: after what is in it, with a number that no fence has."""
    taken = {one.fence.name.casefold() for one in fences_on(keys_of(inventory))}
    names = (f"{shortened(title, 60)} fence {number}" for number in count(first))
    return next(name for name in names if name.casefold() not in taken)


def demand_name(name: str, inventory: Inventory) -> None:
    """Refuse a name that a fence has.

    Raises:
        NotPromotable: a fence is called so.
    """
    if any(one.fence.name.casefold() == name.casefold() for one in fences_on(keys_of(inventory))):
        raise NotPromotable(reason=f"A fence is called “{shortened(name, 60)}” already.", mend="Give it another name.")
