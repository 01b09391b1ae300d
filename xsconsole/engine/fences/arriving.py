"""A fence for what comes anew into a stage that demands one: machines that are made of a blueprint or an archive.

Nobody knows their guests yet. An address is theirs that somebody types, that cloud-init is told, or that a guest with
the same MAC address tells, which is what was archived; all others are those of the fence. By its DHCP it gives each
guest that asks the address that was planned, since nobody knows which of them ask.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import AddressValueError, IPv4Address

from xsconsole.domain.actions.copies import FitCopy
from xsconsole.domain.actions.fences import OutfitFenced
from xsconsole.domain.board import Board
from xsconsole.domain.fence.accounts import accounts_of, findings_inside
from xsconsole.domain.fence.drawing import SourceCard, Wishes, draw, member_names
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.standing import claim_key, taken_addresses
from xsconsole.domain.fence.values import FenceMode, Services
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Stage
from xsconsole.engine.fences.building import (
    Enclosure,
    Housed,
    Laid,
    close,
    demand_sound,
    hosts_of,
    router_of,
    standing_of,
)
from xsconsole.engine.fences.deploy_words import standing_words
from xsconsole.engine.fences.drawn import demand_drawable, demand_ground, is_routed, keys_of, macs_for, tagged
from xsconsole.engine.plans.claims import Claims
from xsconsole.engine.plans.placement import memory_of
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotFound, NotPromotable

_ADDRESS = re.compile(r"(?<![0-9.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(/[0-9]{1,2})?(?![0-9.])")
TypedAddresses = Mapping[tuple[str, str], IPv4Address]
"""Addresses of cards, by what somebody calls a member, and by device."""

MOST_TOLD = 6  # machines that are named in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card that is to be: the network of the pool that its own stands for, and its MAC address; empty: a new one.

    `address` is what a guest tells of itself that has this MAC address now.
    """

    device: str
    network: Uuid
    mac: str = ""
    address: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A machine that is to be. `network_config` is what cloud-init is told of its cards.

    `called` is what the blueprint or the archive calls it, for whoever types an address of it.
    """

    housed: Housed
    member: str
    cards: tuple[NewCard, ...]
    network_config: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """The configuration that is to be, and what it is made of. `name` is that of its fence.

    `typed` are addresses of cards, by member and device.
    """

    made: ConfigurationId
    origin: ConfigurationId
    title: str
    service: str
    name: str
    target: Stage
    mode: FenceMode
    typed: TypedAddresses = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """The fence of what comes anew: MAC addresses by machine and device, names of members, and who asks for DHCP."""

    enclosure: Enclosure
    macs: Mapping[Uuid, dict[str, str]]
    members: Mapping[Uuid, str]
    asking: tuple[str, ...]
    machines: tuple[Housed, ...]

    def fitting(self, plain: FitCopy, key: Uuid, laid: Laid) -> OutfitFenced:
        """Return the step that makes of a copy what `plain` says, on networks of the fence."""
        given = {name: getattr(plain, name) for name in plain.__struct_fields__}
        on = {uuid: logical for logical, uuid in self.enclosure.drawing.networks.items()}
        scratch = {device: laid.nets[on[network]] for device, network in plain.networks.items()}
        return OutfitFenced(**{**given, "networks": {}, "scratch": scratch, "macs": self.macs[key]})

    def close(self, steps: Steps, laid: Laid, made_by: Mapping[Uuid, StepKey], fitted: list[StepKey]) -> list[StepKey]:
        """Add what comes between the cards of all and the first start."""
        members = {self.members[key]: step for key, step in made_by.items()}
        return close(steps, self.enclosure, laid, members, fitted)

    def with_claims(self, claims: Claims) -> Claims:
        """Return what is taken once the machines of this fence have their memory too."""
        memory, hosts, router = dict(claims.memory), self.enclosure.hosts, self.enclosure.router
        needed = {one.key: one.memory_bytes for one in self.machines}
        if router is not None:
            needed[router.template.uuid] = memory_of(router.template)
        for key, bytes_ in needed.items():
            if key in hosts:
                memory[hosts[key]] = memory.get(hosts[key], 0) + bytes_
        return Claims(space=claims.space, memory=memory)

    def words(self, target: Stage, inventory: Inventory) -> list[str]:
        """Return what whoever confirms should know of the fence."""
        drawing = self.enclosure.drawing
        told = [
            f"It gets a fence of its own, “{shortened(drawing.fence.name, 60)}”, {mode_words(drawing.fence.mode)}, as "
            f"{target.name} demands."
        ]
        if self.asking:
            names = listing(tuple(shortened(name, 40) for name in self.asking[:MOST_TOLD]))
            more = f" and {len(self.asking) - MOST_TOLD} more" if len(self.asking) > MOST_TOLD else ""
            told.append(
                f"Nobody knows which address {names}{more} {'has' if len(self.asking) == 1 else 'have'}: the fence "
                "gives one by DHCP. A guest with an address of its own reaches no more than its own network."
            )
        return told + standing_words(target, drawing, self.enclosure.ground, self.enclosure.hosts, inventory)


def receive(
    making: Making,
    arrivals: Sequence[Arrival],
    beside: Iterable[Reception],
    claims: Claims,
    board: Board,
    inventory: Inventory,
) -> Reception:
    """Return the fence of a configuration that is to be; `beside` are those that the same plan builds.

    Raises:
        Refused: there is no ground, no room, or too few addresses; a network is nobody's; with the mend.
    """
    ground = demand_ground(inventory)
    demand_sound(ground, inventory)
    shares = (share for one in beside for share in one.enclosure.standing.shares)
    keys = {**keys_of(inventory), **{claim_key(share): "" for share in shares}}
    mac, machines = macs_for(making.made, keys), tuple(one.housed for one in arrivals)
    names = member_names((one.housed.key, one.member) for one in arrivals)
    macs = {one.housed.key: {card.device: card.mac.lower() or mac() for card in one.cards} for one in arrivals}
    typed = _typed_for(making.typed, arrivals, names)
    cards = tuple(_cards(arrivals, names, macs, typed, ground, inventory))
    unknown = [card for card in cards if not card.addresses]
    wishes = Wishes(
        name=making.name,
        mode=making.mode,
        addresses={**_given(cards, unknown, typed, ground), **typed},
        published={},
        services=Services(has_dhcp=any(is_routed(card, ground) for card in cards)),
    )
    drawing = draw(cards, wishes, ground, set(taken_addresses(keys)), mac)
    vms = [vm for one in machines if (vm := inventory.by_uuid(VM, one.key)) is not None]
    told = findings_inside(making.mode, accounts_of(vms, inventory), ground)
    drawing = replace(drawing, findings=(*drawing.findings, *told))
    drawing = tagged(drawing, ground, making.target.id, board, keys, inventory, is_on_one_host=False)
    demand_drawable(drawing, inventory)
    router = router_of(ground, drawing, making.made, inventory)
    return Reception(
        enclosure=Enclosure(
            ground=ground,
            drawing=drawing,
            standing=standing_of(
                making.made, making.origin, making.title, making.service, making.target.id, drawing, ground
            ),
            router=router,
            hosts=hosts_of(drawing, machines, router, ground, claims, inventory),
        ),
        macs=macs,
        members=names,
        asking=tuple(dict.fromkeys(card.member for card in unknown)),
        machines=machines,
    )


def _cards(
    arrivals: Sequence[Arrival],
    names: Mapping[Uuid, str],
    macs: Mapping[Uuid, Mapping[str, str]],
    typed: Mapping[tuple[Uuid, str], IPv4Address],
    ground: Ground,
    inventory: Inventory,
) -> Iterator[SourceCard]:
    for one in arrivals:
        told = list(addresses_told(one.network_config))
        for card in sorted(one.cards, key=lambda card: (len(card.device), card.device)):
            network, original = inventory.by_uuid(Network, card.network), ground.original(card.network)
            known = [*told, *((card.address,) if card.address is not None else ())]
            fitting = [found for found in known if original is not None and _fits(found, original)]
            written = typed.get((one.housed.key, card.device))
            own = written or next(iter(fitting), None)
            if own in told:
                told.remove(own)
            if written is not None and card.address in fitting:
                own = card.address  # what is typed goes before it, and the plan tells of both
            yield SourceCard(
                vm=one.housed.key,
                member=names[one.housed.key],
                device=card.device,
                mac=macs[one.housed.key][card.device],
                network=card.network,
                network_name=network.name_label if network is not None else "",
                addresses=() if own is None else (own,),
            )


def demand_use_of(typed: TypedAddresses, target: Stage | None) -> None:
    """Refuse addresses of what gets no fence: nobody could give them to a guest.

    Raises:
        NotPromotable: the stage demands none.
    """
    if typed and (target is None or target.fence is None):
        where = f"{target.name} demands none" if target is not None else "no stage is named"
        raise NotPromotable(
            reason=f"Addresses are typed for a fence, and {where}: what comes there keeps the addresses of its guests.",
            mend="Leave the addresses out, or name a stage that demands a fence.",
        )


def _typed_for(
    typed: TypedAddresses, arrivals: Sequence[Arrival], names: Mapping[Uuid, str]
) -> dict[tuple[Uuid, str], IPv4Address]:
    """Return what was typed by machine and device.

    Raises:
        NotFound: there is no such member, or it has no such card.
    """
    found = {}
    for (member, device), address in typed.items():
        key = member.casefold()
        known = (one for one in arrivals if key in _called(one, names))
        arrival = next(known, None)
        if arrival is None:
            raise NotFound(
                reason=f"There is no member “{shortened(member, 60)}”, of which an address is typed.",
                mend="Name one of its members.",
                choices=tuple(sorted(names.values())),
            )
        if device not in {card.device for card in arrival.cards}:
            raise NotFound(
                reason=f"“{names[arrival.housed.key]}” has no card {shortened(device, 20)}, of which an address is "
                "typed.",
                mend="Name one of its cards.",
                choices=tuple(card.device for card in arrival.cards),
            )
        found[arrival.housed.key, device] = address
    return found


def _called(one: Arrival, names: Mapping[Uuid, str]) -> set[str]:
    """Return what a member may be called, its name in the fence first."""
    return {word.casefold() for word in (names[one.housed.key], one.called, one.housed.name) if word}


def addresses_told(network_config: str) -> tuple[IPv4Address, ...]:
    """Return the addresses that a network configuration names, those with the length of a prefix first."""
    found: dict[IPv4Address, bool] = {}
    for text, prefix in _ADDRESS.findall(network_config):
        try:
            address = IPv4Address(text)
        except AddressValueError:
            continue
        found[address] = found.get(address, False) or bool(prefix)
    return tuple(sorted(found, key=lambda address: not found[address]))


def _fits(address: IPv4Address, original: Original) -> bool:
    ends = (original.subnet.network_address, original.subnet.broadcast_address)
    return address in original.subnet and address not in ends and address != original.gateway


def _given(
    cards: Sequence[SourceCard],
    unknown: Sequence[SourceCard],
    typed: Mapping[tuple[Uuid, str], IPv4Address],
    ground: Ground,
) -> dict[tuple[Uuid, str], IPv4Address]:
    """Return an address of its network for each card of which none is known, the lowest that nobody has."""
    taken = {address for card in cards for address in card.addresses} | set(typed.values())
    given: dict[tuple[Uuid, str], IPv4Address] = {}
    for card in unknown:
        original = ground.original(card.network)
        hosts = original.subnet.hosts() if original is not None else iter(())
        free = (one for one in hosts if original is not None and one != original.gateway and one not in taken)
        address = next(free, None)
        if address is not None:
            taken.add(address)
            given[card.vm, card.device] = address
    return given
