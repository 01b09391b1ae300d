"""What a plan of a fence says to whoever confirms it."""

from collections.abc import Mapping, Sequence

from xsconsole.domain.fence.drawing import Drawing
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.spanning import has_controller, spanning_words
from xsconsole.domain.fence.tags import carriers, trunk_cards
from xsconsole.domain.fence.wording import mode_words, rules_in_short
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Stage
from xsconsole.engine.copies.copy_checks import Order, Part
from xsconsole.engine.copies.freezing import runs

MOST_NAMED = 4  # networks in one sentence


def sentences(
    order: Order,
    drawing: Drawing,
    ground: Ground,
    parts: Sequence[Part],
    hosts: Mapping[Uuid, Uuid],
    inventory: Inventory,
) -> list[str]:
    """Return what whoever confirms a fence should know of it."""
    fence, running = drawing.fence, [part for part in parts if runs(part.member)]
    macs, addresses = len({one.mac for one in fence.footholds}), len({one.address for one in fence.footholds})
    told = [
        f"{count(len(parts), 'machine')} of {shortened(order.card.name, 60)} {'comes' if len(parts) == 1 else 'come'} "
        f"into the fence “{shortened(fence.name, 60)}”, {mode_words(fence.mode)}: the same "
        f"{count(macs, 'MAC address', 'MAC addresses')} and {count(addresses, 'IP address', 'IP addresses')} as "
        "theirs. Without a fence all of these would collide.",
        rules_in_short(fence),
    ]
    if not fence.services.has_dhcp and fence.routed:
        told.append(
            "The fence gives no address by DHCP: a guest that asks for one, and keeps none on its disk, gets none. "
            "Have the router give them where there is such a guest."
        )
    told += place_words(order.target, drawing, ground, hosts, inventory)
    if running and order.is_stopped_first:
        told.append(f"{count(len(running), 'running machine')} will be shut down, frozen and started again.")
    elif running:
        told.append(
            f"The copies hold what a power cut would leave on {count(len(running), 'running machine')}, "
            "one frozen after the other: how far apart is recorded."
        )
    return [*told, *_found(drawing)]


def standing_words(
    target: Stage, drawing: Drawing, ground: Ground, hosts: Mapping[Uuid, Uuid], inventory: Inventory
) -> list[str]:
    """Return what to know of a fence, whatever comes into it: its rules, where it stands, and what was found."""
    return [rules_in_short(drawing.fence), *place_words(target, drawing, ground, hosts, inventory), *_found(drawing)]


def place_words(
    target: Stage, drawing: Drawing, ground: Ground, hosts: Mapping[Uuid, Uuid], inventory: Inventory
) -> list[str]:
    """Return on which host a fence stands, or over which it has VLANs, and why."""
    if drawing.tags and drawing.reserved is not None:
        return [spanning_words(drawing.tags, drawing.reserved, len(trunk_cards(drawing.reserved.trunk, inventory)))]
    found = inventory.by_uuid(Host, next(iter(hosts.values()), Uuid("")))
    if found is None:
        return []
    return [
        f"All of it starts on {shortened(found.name_label, 40)}, the router first, because its networks are inside one "
        f"host; it cannot move to another one while it runs.{_why_one_host(target, drawing, ground, inventory)}"
    ]


def _found(drawing: Drawing) -> list[str]:
    return [f"{one.sentence} {one.mend}" for one in drawing.findings]


def _why_one_host(target: Stage, drawing: Drawing, ground: Ground, inventory: Inventory) -> str:
    if drawing.reserved is not None:
        return " So it was asked; there are VLAN tags for several."
    if ground.vlans is not None or target.binding.vlans is not None:
        could = carriers(inventory) if target.binding.vlans is not None else ()
        names = listing(tuple(f"“{shortened(one.name_label, 40)}”" for one in could[:MOST_NAMED]))
        which = f" {names} could: name one for the stage in the workflow, or in the ground." if len(could) > 1 else ""
        return f" There are VLAN tags, and the ground names no network that carries them.{which}"
    if has_controller(inventory):
        return " A controller joins networks of this pool by tunnels, and this console could ask it for none."
    return ""
