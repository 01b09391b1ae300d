"""A fence drawn up for a configuration: its originals' cards and addresses, and addresses outside that nobody has."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address

from xsconsole.domain.board import Card
from xsconsole.domain.fence.findings import Finding, findings
from xsconsole.domain.fence.ground import Ground, Original, logical_of
from xsconsole.domain.fence.tags import TagRange
from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, PublishedPort, Segment, Services, Transport
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow.findings.values import Severity

_NOT_OF_A_LABEL = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCard:
    """A card of an original, and the addresses that its guest says that it has."""

    vm: Uuid
    member: str
    device: str
    mac: str
    network: Uuid
    network_name: str
    addresses: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants of a fence. `addresses` are typed, by machine and device, and go before what guests say.

    `published` are ports by member; none: everything leads in.
    """

    name: str
    mode: FenceMode
    addresses: Mapping[tuple[Uuid, str], IPv4Address]
    published: Mapping[str, tuple[tuple[Transport, int, int], ...]]
    services: Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A fence as it would be built, the machine that each member is a clone of, and what is to be said of it.

    `networks` gives the original of each of its networks, by logical name, and `tags` the VLAN that each is; none: they
    are inside one host. `reserved` is what tags can be chosen from, whether they were or not.
    """

    fence: Fence
    members: Mapping[str, Uuid]
    networks: Mapping[str, Uuid]
    findings: tuple[Finding, ...]
    tags: Mapping[str, int] = field(default_factory=dict)
    reserved: TagRange | None = None

    @property
    def can_be_built(self) -> bool:
        return not any(one.is_error for one in self.findings)


def source_cards(card: Card, inventory: Inventory) -> tuple[SourceCard, ...]:
    """Return the cards of a configuration's machines, by member and device."""
    names = member_names((member.uuid, member.role or member.name) for member in card.members)
    found = []
    for member in card.members:
        vm = inventory.get(VM, member.ref)
        for ref in () if vm is None else vm.VIFs:
            vif = inventory.get(VIF, ref)
            network = None if vif is None else inventory.get(Network, vif.network)
            if vm is not None and vif is not None and network is not None:
                found.append(
                    SourceCard(
                        vm=vm.uuid,
                        member=names[vm.uuid],
                        device=vif.device,
                        mac=vif.MAC,
                        network=network.uuid,
                        network_name=network.name_label,
                        addresses=addresses_of(inventory, vm, vif.device),
                    )
                )
    return tuple(sorted(found, key=lambda one: (one.member, len(one.device), one.device)))


def addresses_of(inventory: Inventory, vm: VM, device: str) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that the guest says that a card has. XAPI tells them under two kinds of keys."""
    guest = guest_of(inventory, vm)
    found: dict[IPv4Address, None] = {}
    for key, text in sorted(guest.networks.items()) if guest is not None else ():
        if key == f"{device}/ip" or key.startswith(f"{device}/ipv4/"):
            try:
                found[IPv4Address(text)] = None
            except AddressValueError:  # a guest can say anything
                continue
    return tuple(found)


def machines_with(macs: Collection[str], inventory: Inventory) -> Mapping[Uuid, tuple[VM, tuple[VIF, ...]]]:
    """Return the machines that have a card with one of these MAC addresses, given in small letters, and those cards."""
    found: dict[Uuid, tuple[VM, tuple[VIF, ...]]] = {}
    for vif in inventory.all(VIF):
        vm = inventory.get(VM, vif.VM) if vif.MAC.lower() in macs else None
        if vm is not None and vm.is_ordinary:
            found[vm.uuid] = (vm, (*found.get(vm.uuid, (vm, ()))[1], vif))
    return found


def addresses_by_mac(macs: Collection[str], inventory: Inventory) -> Mapping[str, IPv4Address]:
    """Return what guests with cards of these MAC addresses tell: where several do, the first by its machine's uuid."""
    found: dict[str, IPv4Address] = {}
    for _, (vm, vifs) in sorted(machines_with(macs, inventory).items()):
        for vif in vifs:
            for address in addresses_of(inventory, vm, vif.device)[:1]:
                found.setdefault(vif.MAC.lower(), address)
    return found


def member_names(members: Iterable[tuple[Uuid, str]]) -> Mapping[Uuid, str]:
    """Return a name for each member that can stand in DNS, and that no two share."""
    names: dict[Uuid, str] = {}
    for uuid, name in members:
        label = _NOT_OF_A_LABEL.sub("-", name.casefold()).strip("-")[:50].strip("-") or "machine"
        own, number = label, 2
        while own in names.values():
            own, number = f"{label}-{number}", number + 1
        names[uuid] = own
    return names


def draw(
    cards: Iterable[SourceCard],
    wishes: Wishes,
    ground: Ground,
    taken: Iterable[IPv4Address],
    mac: Callable[[], str],
) -> Drawing:
    """Return the fence that a configuration would get. Pure but for `mac`, which makes a new address at each call.

    The first addresses of the pool that are not `taken` are its own: the router's, then one for each member's first
    card on a network with a gateway. Where there are too few, that is a finding.
    """
    cards = tuple(cards)
    logical = logical_of((card.network, card.network_name) for card in cards)
    said: list[Finding] = []
    segments = []
    for network, name in logical.items():
        original = ground.original(network)
        if original is None:
            said.append(_unknown_network(name))
        else:
            segments.append(_segment(original, name, mac))
    footholds = []
    for card in cards:
        address = wishes.addresses.get((card.vm, card.device)) or (card.addresses[0] if card.addresses else None)
        if card.addresses and address not in card.addresses:
            said.append(_told_otherwise(card, address))
        if address is None:
            said.append(_unknown_address(card))
        elif ground.original(card.network) is not None:
            foothold = Foothold(
                member=card.member, logical=logical[card.network], mac=card.mac.lower(), address=address
            )
            footholds.append(foothold)
    fence = Fence(
        name=wishes.name,
        mode=wishes.mode,
        segments=tuple(segments),
        footholds=tuple(footholds),
        services=wishes.services,
    )
    short: list[Finding] = []
    if wishes.mode is not FenceMode.ISOLATED:
        fence, short = _opened(fence, wishes, ground, taken, mac)
    said += short
    said += (one for one in findings(fence) if not (short and one.rule == "no-outside"))
    return Drawing(
        fence=fence,
        members={card.member: card.vm for card in cards},
        networks={name: network for network, name in logical.items()},
        findings=tuple(said),
    )


def _segment(original: Original, name: str, mac: Callable[[], str]) -> Segment:
    has_router = original.gateway is not None
    return Segment(logical=name, subnet=original.subnet, gateway=original.gateway, mac=mac() if has_router else "")


def _opened(
    fence: Fence, wishes: Wishes, ground: Ground, taken: Iterable[IPv4Address], mac: Callable[[], str]
) -> tuple[Fence, list[Finding]]:
    ways = {segment.logical for segment in fence.routed}
    firsts: dict[str, Foothold] = {}
    for foothold in fence.footholds:
        if foothold.logical in ways and wishes.mode is FenceMode.IN_AND_OUT:
            firsts.setdefault(foothold.member, foothold)
    free = ground.free_addresses(taken)
    router = next(free, None)
    given = {member: next(free, None) for member in firsts}
    missing = (router is None) + sum(address is None for address in given.values())
    said = []
    if missing or router is None:
        said.append(
            Finding(
                rule="pool-exhausted",
                severity=Severity.ERROR,
                sentence=f"The pool of outside addresses has {missing} too few for this fence.",
                mend="Undeploy a fence, or widen the pool.",
            )
        )
        return fence, said
    footholds = tuple(
        Foothold(
            member=one.member,
            logical=one.logical,
            mac=one.mac,
            address=one.address,
            outside=given[one.member] if firsts.get(one.member) is one else None,
        )
        for one in fence.footholds
    )
    ports = tuple(
        PublishedPort(outside=address, transport=transport, port=port, inside_port=inside)
        for member, address in given.items()
        if address is not None
        for transport, port, inside in wishes.published.get(member, ())
    )
    opened = Fence(
        name=fence.name,
        mode=fence.mode,
        segments=fence.segments,
        footholds=footholds,
        outside=ground.outside_for(router, mac()),
        ports=ports,
        services=fence.services,
    )
    return opened, said


def _unknown_network(name: str) -> Finding:
    return Finding(
        rule="network-unknown",
        severity=Severity.ERROR,
        sentence=f"Nobody has said which subnet “{shortened(name)}” has: XAPI does not know it.",
        mend="Name its subnet and its gateway.",
        subject=name,
    )


def _told_otherwise(card: SourceCard, address: IPv4Address | None) -> Finding:
    return Finding(
        rule="address-told-otherwise",
        severity=Severity.WARNING,
        sentence=f"{address} is typed for card {card.device} of “{shortened(card.member)}”, and its guest reports "
        f"{card.addresses[0]}: so will its copy, if it has that by itself.",
        mend="Leave it out, unless it is changed in the guest.",
        subject=card.member,
    )


def _unknown_address(card: SourceCard) -> Finding:
    return Finding(
        rule="address-unknown",
        severity=Severity.ERROR,
        sentence=f"No address is known of card {card.device} of “{shortened(card.member)}” "
        f"on “{shortened(card.network_name)}”: its guest says none.",
        mend="Start the machine so that its guest tools tell, or type the address.",
        subject=card.member,
    )
