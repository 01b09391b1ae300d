"""The static proof of a fence: a pure function of what stands in the pool, whatever the machines in it do.

A machine may forward whatever it likes between its cards. So what a fence's network touches is everything that can be
reached over machines, from card to card, and only the router's own rules part its two sides.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xsconsole.domain.canonical import digest_of
from xsconsole.domain.fence.values import Fence
from xsconsole.domain.ids import Digest, Ref, Uuid
from xsconsole.domain.inventory import PIF, VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a fence stands in its pool: its networks by logical name, its machines, its router, what it looks out on.

    `members` gives each member's machine. A fence that spans hosts has in `vlans` a tag of the range `reserved` for
    each network, by logical name; one that stands on one host has none.
    """

    networks: Mapping[str, Uuid]
    members: Mapping[str, Uuid]
    router: Uuid | None = None
    outside: Uuid | None = None
    vlans: Mapping[str, int] = field(default_factory=dict)
    reserved: tuple[int, int] | None = None


class Fault(StrEnum):
    LEAK = "leak"  # a way to a network with a card of a host, past the router
    STRANGER = "stranger"  # a machine on a network of the fence that is not of it
    ROUTER = "router"  # a card of the router that is not where the rules take it to be
    CARD = "card"  # a card of a member that is not as its original has it
    GONE = "gone"  # something of the fence that is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that keeps a fence from being tight. `way` are names from the fence to where it leads."""

    fault: Fault
    sentence: str
    vif: Uuid | None = None
    way: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether it is of something that is there, and not of something that is missing."""
        return self.fault is Fault.LEAK or self.vif is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found, and of how much. `facts` is the digest of all that was looked at, as evidence of it."""

    breaches: tuple[Breach, ...]
    cards: int
    networks: int
    facts: Digest

    @property
    def holds(self) -> bool:
        return not self.breaches


def prove(fence: Fence, site: Site, inventory: Inventory) -> Proof:
    """Look at every card and network that the fence touches. What it costs follows from the fence, not from the pool.

    Machines that are off count as those that run: they can be started. Templates and snapshots cannot, and do not.
    """
    return prove_from(fence, site, inventory)[0]


def prove_from(fence: Fence, site: Site, inventory: Inventory) -> tuple[Proof, frozenset[Ref]]:
    """Return the proof, and all that was looked at: where none of it changes, the proof stays as it is.

    A card that comes changes the network and the machine that it is a card of, a card of a host its network.
    """
    walk = _Walk(fence, site, inventory)
    breaches = (*walk.leaks(), *walk.cards_of_router(), *walk.cards_of_members())
    proof = Proof(
        breaches=breaches,
        cards=len(walk.seen_cards),
        networks=len(walk.seen_networks),
        facts=digest_of([[*fact] for fact in sorted(walk.facts)]),
    )
    return proof, frozenset(walk.looked_at)


class _Walk:
    """One look at the surroundings of a fence."""

    def __init__(self, fence: Fence, site: Site, inventory: Inventory) -> None:
        self._fence, self._site, self._inventory = fence, site, inventory
        self._own = {uuid: member for member, uuid in site.members.items()}
        self._inside = set(site.networks.values())
        self._tags = {site.networks[name]: tag for name, tag in site.vlans.items() if name in site.networks}
        self.seen_cards: set[Uuid] = set()
        self.seen_networks: set[Uuid] = set()
        self.facts: set[tuple[str, ...]] = set()
        self.looked_at: set[Ref] = set()

    def leaks(self) -> Iterator[Breach]:
        """Walk from the fence's networks and members over everything that is joined to them, past the router."""
        ways: deque[tuple[Network, tuple[str, ...]]] = deque()
        for logical, uuid in self._site.networks.items():
            network = self._inventory.by_uuid(Network, uuid)
            if network is None:
                yield Breach(
                    fault=Fault.GONE, sentence=f"The network of “{shortened(logical)}” is gone.", way=(logical,)
                )
                continue
            self._enter(network)
            ways.append((network, (network.name_label,)))
        for member, uuid in self._site.members.items():
            if (vm := self._inventory.by_uuid(VM, uuid)) is None:
                yield Breach(fault=Fault.GONE, sentence=f"“{shortened(member)}” is gone.")
                continue
            for vif in self._cards(vm):
                network = self._inventory.get(Network, vif.network)
                if network is not None and network.uuid not in self.seen_networks:
                    self._enter(network)
                    ways.append((network, (vm.name_label, network.name_label)))
        while ways:
            network, way = ways.popleft()
            ends = tuple(self._end_of(network, way))
            yield from ends
            if ends and network.uuid not in self._inside:
                continue  # this is outside: half a pool may stand on it, and all of that is as open
            for vif, vm in self._on(network):
                if network.uuid in self._inside and vm.uuid not in self._own:
                    yield Breach(
                        fault=Fault.STRANGER,
                        sentence=f"“{shortened(vm.name_label)}” has a card on “{shortened(network.name_label)}”, "
                        "and is not of this fence.",
                        vif=vif.uuid,
                        way=(*way, vm.name_label),
                    )
                for further in self._cards(vm):
                    beyond = self._inventory.get(Network, further.network)
                    if beyond is not None and beyond.uuid not in self.seen_networks:
                        self._enter(beyond)
                        ways.append((beyond, (*way, vm.name_label, beyond.name_label)))

    def _enter(self, network: Network) -> None:
        self.seen_networks.add(network.uuid)
        self.looked_at.add(network.ref)

    def _end_of(self, network: Network, way: tuple[str, ...]) -> Iterator[Breach]:
        pifs = [pif for ref in network.PIFs if (pif := self._inventory.get(PIF, ref)) is not None]
        self.facts |= {("pif", network.uuid, pif.uuid, str(pif.VLAN)) for pif in pifs}
        self.looked_at.update(network.PIFs)
        if (tag := self._tags.get(network.uuid)) is not None:
            yield from self._tag_of(network, tag)
            pifs = [pif for pif in pifs if tag != pif.VLAN]
        if pifs:
            cards = listing(tuple(sorted({_card(pif) for pif in pifs})))
            over = " over ".join(f"“{shortened(name)}”" for name in reversed(way[:-1]))
            yield Breach(
                fault=Fault.LEAK,
                sentence=f"“{shortened(way[-1])}”{f', reached over {over},' if over else ''} leads to {cards}.",
                way=(*way, cards),
            )

    def _tag_of(self, network: Network, tag: int) -> Iterator[Breach]:
        """A VLAN is inside a fence only where its tag is reserved for fences and no other network carries it."""
        name, reserved = network.name_label, self._site.reserved
        if reserved is None or not reserved[0] <= tag <= reserved[1]:
            yield Breach(
                fault=Fault.LEAK,
                sentence=f"“{shortened(name)}” has VLAN {tag}, which is not of those reserved for fences.",
                way=(name, f"VLAN {tag}"),
            )
        cards = [pif for pif in self._inventory.all(PIF) if tag == pif.VLAN and pif.network != network.ref]
        self.looked_at |= {pif.ref for pif in cards}
        carriers = {pif.network for pif in cards}
        for ref in sorted(carriers):
            other = self._inventory.get(Network, ref)
            called = other.name_label if other is not None else "?"
            self.facts.add(("carrier", network.uuid, str(tag), other.uuid if other is not None else ref))
            self.looked_at.add(ref)
            yield Breach(
                fault=Fault.LEAK,
                sentence=f"VLAN {tag} of “{shortened(name)}” is that of “{shortened(called)}” too.",
                way=(name, f"VLAN {tag}", called),
            )

    def _on(self, network: Network) -> Iterator[tuple[VIF, VM]]:
        """Yield the cards on a network with their machines, but for the router's."""
        for ref in network.VIFs:
            vif = self._inventory.get(VIF, ref)
            vm = None if vif is None else self._inventory.get(VM, vif.VM)
            if vif is None or vm is None or not _can_run(vm) or vm.uuid == self._site.router:
                continue
            self._note(vif, vm)
            yield vif, vm

    def _cards(self, vm: VM) -> Iterator[VIF]:
        for ref in vm.VIFs:
            if (vif := self._inventory.get(VIF, ref)) is not None:
                self._note(vif, vm)
                yield vif

    def _note(self, vif: VIF, vm: VM) -> None:
        self.seen_cards.add(vif.uuid)
        network = self._inventory.get(Network, vif.network)
        is_outside = network is not None and (vm.uuid, network.uuid) == (self._site.router, self._site.outside)
        # Who else comes to the network that all fences look out on is no matter of any of them.
        self.looked_at |= {vif.ref, vm.ref} if is_outside else {vif.ref, vm.ref, vif.network}
        self.facts.add(("vif", vm.uuid, vif.uuid, network.uuid if network else "", vif.MAC, vif.device))

    def cards_of_router(self) -> Iterator[Breach]:
        """The rules know the router's cards by their MAC addresses: each has to be just where they take it to be."""
        fence, site = self._fence, self._site
        if site.router is None:
            return
        vm = self._inventory.by_uuid(VM, site.router)
        if vm is None:
            yield Breach(fault=Fault.GONE, sentence="The router is gone.")
            return
        wanted = {segment.mac.lower(): site.networks.get(segment.logical) for segment in fence.routed}
        if fence.is_open and fence.outside is not None:
            wanted[fence.outside.mac.lower()] = site.outside
        for vif in self._cards(vm):
            network = self._inventory.get(Network, vif.network)
            name = shortened(network.name_label) if network else "?"
            if vif.MAC.lower() not in wanted:
                yield Breach(
                    fault=Fault.ROUTER,
                    sentence=f"The router has a card on “{name}” that its rules do not know.",
                    vif=vif.uuid,
                )
            elif network is None or wanted.pop(vif.MAC.lower()) != network.uuid:
                yield Breach(
                    fault=Fault.ROUTER,
                    sentence=f"The router's card {vif.MAC} is on “{name}”, where its rules do not take it to be.",
                    vif=vif.uuid,
                )
        for mac in sorted(wanted):
            yield Breach(fault=Fault.ROUTER, sentence=f"The router has no card {mac}.")

    def cards_of_members(self) -> Iterator[Breach]:
        """Every card of a member is one that the fence knows: its address, on the network that stands for its own."""
        wanted = {(one.member, one.mac.lower()): one for one in self._fence.footholds}
        for member, uuid in self._site.members.items():
            vm = self._inventory.by_uuid(VM, uuid)
            for vif in () if vm is None else self._cards(vm):
                network = self._inventory.get(Network, vif.network)
                name = shortened(network.name_label) if network else "?"
                known = wanted.pop((member, vif.MAC.lower()), None)
                if known is None or network is None or self._site.networks.get(known.logical) != network.uuid:
                    yield Breach(
                        fault=Fault.CARD,
                        sentence=f"The card {vif.MAC} of “{shortened(member)}” is on “{name}”, and the fence has "
                        + ("no such card." if known is None else f"it on its own “{shortened(known.logical)}”."),
                        vif=vif.uuid,
                    )
        for (member, mac), one in sorted(wanted.items()):
            if one.member in self._site.members:
                yield Breach(fault=Fault.CARD, sentence=f"“{shortened(member)}” has no card {mac}.")


def _can_run(vm: VM) -> bool:
    return not (vm.is_a_template or vm.is_a_snapshot)


def _card(pif: PIF) -> str:
    return pif.device if pif.VLAN < 0 else f"{pif.device}, VLAN {pif.VLAN}"
