"""What becomes of machines that leave a fence: other MAC addresses where theirs are known, and addresses that collide.

Inside, everything is as its original has it. Outside, that original lives on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from xsconsole.domain.fence.drawing import addresses_of
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow.findings.values import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class OutwardCard:
    """A card of a member that goes from a network of its fence to one outside.

    `addresses` are what its guest says, or else what the fence knows. `holder` has its MAC address on that network
    already, so that it gets the new one `mac`; without a holder it keeps its own.
    """

    vm: VM
    vif: VIF
    network: Network
    addresses: tuple[IPv4Address, ...]
    holder: VM | None = None
    mac: str = ""


Residents = Mapping[Ref, list[tuple[VM, VIF]]]
"""Who has a card on a network and can run, by network."""


def outward_cards(
    standing: StandingFence,
    ways: Mapping[Uuid, Uuid],
    leaving: Collection[Uuid],
    residents: Residents,
    inventory: Inventory,
    mac: Callable[[], str],
) -> tuple[OutwardCard, ...]:
    """Return what becomes of each card of a fence's members. `ways` lead from its networks to those outside.

    `leaving` are machines that leave those networks in the same act. Equal inventories give equal MAC addresses.
    """
    holders = _but(residents, {*_own(standing), *leaving})
    names = {vm: member for member, vm in standing.site.members.items()}
    inside = {(one.member, one.mac.casefold()): one.address for one in standing.fence.footholds}
    found = []
    for vm, vif in _cards(standing, inventory):
        here = inventory.get(Network, vif.network)
        there = inventory.by_uuid(Network, ways[here.uuid]) if here is not None and here.uuid in ways else None
        if there is None:
            continue
        holder = next((other for other, card in holders.get(there.ref, ()) if _has_mac(card, vif)), None)
        fixed = inside.get((names[vm.uuid], vif.MAC.casefold()))
        found.append(
            OutwardCard(
                vm=vm,
                vif=vif,
                network=there,
                addresses=addresses_of(inventory, vm, vif.device) or ((fixed,) if fixed is not None else ()),
                holder=holder,
                mac=mac() if holder is not None else "",
            )
        )
    return tuple(found)


def outward_findings(
    standing: StandingFence,
    cards: Iterable[OutwardCard],
    leaving: Collection[Uuid],
    residents: Residents,
    ground: Ground | None,
    inventory: Inventory,
) -> Iterator[Finding]:
    """Yield what is to be said of addresses: an error where two machines that run would have one.

    XAPI does not know how a guest comes by its address: where the fence gives them, too, a guest may keep its own.
    """
    cards = tuple(cards)
    holders = _but(residents, {*_own(standing), *leaving})
    originals = {(one.mac.casefold(), one.address) for one in standing.fence.footholds}
    gives = standing.fence.services.has_dhcp
    for card in cards:
        where, name = f"“{shortened(card.network.name_label, 60)}”", f"“{shortened(card.vm.name_label, 60)}”"
        for address in card.addresses:
            same = [
                vm
                for vm, vif in holders.get(card.network.ref, ())
                if address in addresses_of(inventory, vm, vif.device) or (vif.MAC.casefold(), address) in originals
            ]
            holder = next((vm for vm in same if vm.power_state == "Running"), next(iter(same), None))
            if holder is not None:
                runs = holder.power_state == "Running"
                yield Finding(
                    rule="address-outside",
                    severity=Severity.ERROR if runs else Severity.WARNING,
                    sentence=f"{name} has {address} inside, and so has “{shortened(holder.name_label, 60)}” on {where}"
                    + (", where it would go." if runs else ", which is off."),
                    mend="If the fence gave it, it is asked for anew; nobody knows whether. Shut the other one down."
                    if gives
                    else "Change the address in the guest, while it runs in the fence, or shut the other one down.",
                    subject=card.vm.name_label,
                )
    if ground is not None and not gives:
        yield from _strange(cards, ground)


def _strange(cards: Iterable[OutwardCard], ground: Ground) -> Iterator[Finding]:
    """Yield a finding for each network on which addresses of machines are of another subnet."""
    found: dict[Uuid, list[str]] = {}
    networks: dict[Uuid, tuple[str, IPv4Network]] = {}
    for card in cards:
        original = ground.original(card.network.uuid)
        for address in card.addresses:
            if original is not None and address not in original.subnet:
                networks[original.network] = card.network.name_label, original.subnet
                found.setdefault(original.network, []).append(f"“{shortened(card.vm.name_label, 60)}” ({address})")
    for uuid, named in found.items():
        name, subnet = networks[uuid]
        yield Finding(
            rule="address-strange",
            severity=Severity.WARNING,
            sentence=f"{listing(tuple(named))} {'has an address' if len(named) == 1 else 'have addresses'} inside that "
            f"{'is' if len(named) == 1 else 'are'} not of {subnet}, which “{shortened(name, 60)}” has: nobody reaches "
            f"{'it' if len(named) == 1 else 'them'} so.",
            mend="Change what is fixed in the guests.",
            subject=name,
        )


def bystanders(standing: StandingFence, inventory: Inventory) -> tuple[Uuid, ...]:
    """Return all machines that may have to do with its leaving: the router, and who is inside or has what members have.

    One pass over the cards of the pool, and one over what guests say.
    """
    inside = {one.ref for uuid in standing.site.networks.values() if (one := inventory.by_uuid(Network, uuid))}
    cards = list(_cards(standing, inventory))
    macs = {vif.MAC.casefold() for _, vif in cards}
    addresses = {str(one.address) for one in standing.fence.footholds}
    addresses |= {str(address) for vm, vif in cards for address in addresses_of(inventory, vm, vif.device)}
    found = {standing.site.router: None} if standing.site.router is not None else {}
    for vif in inventory.all(VIF):
        vm = inventory.get(VM, vif.VM) if vif.network in inside or vif.MAC.casefold() in macs else None
        if vm is not None and not vm.is_a_snapshot:
            found[vm.uuid] = None
    for vm in inventory.all(VM):
        guest = guest_of(inventory, vm)
        if guest is not None and not addresses.isdisjoint(guest.networks.values()):
            found[vm.uuid] = None
    return tuple(uuid for uuid in found if uuid not in standing.site.members.values())


def _cards(standing: StandingFence, inventory: Inventory) -> Iterator[tuple[VM, VIF]]:
    for _, uuid in sorted(standing.site.members.items()):
        vm = inventory.by_uuid(VM, uuid)
        vifs = [vif for ref in vm.VIFs if (vif := inventory.get(VIF, ref)) is not None] if vm is not None else []
        for vif in sorted(vifs, key=lambda one: (len(one.device), one.device)):
            if vm is not None:
                yield vm, vif


def residents_of(networks: Collection[Uuid], inventory: Inventory) -> Residents:
    """Return who is on these networks, by one pass over the cards of the pool."""
    refs = {one.ref for uuid in networks if (one := inventory.by_uuid(Network, uuid)) is not None}
    found: dict[Ref, list[tuple[VM, VIF]]] = {}
    for vif in inventory.all(VIF):
        vm = inventory.get(VM, vif.VM) if vif.network in refs else None
        if vm is not None and not (vm.is_a_snapshot or vm.is_a_template):
            found.setdefault(vif.network, []).append((vm, vif))
    return {ref: sorted(pairs, key=lambda one: (one[0].uuid, one[1].device)) for ref, pairs in found.items()}


def _own(standing: StandingFence) -> set[Uuid | None]:
    return {*standing.site.members.values(), standing.site.router}


def _but(residents: Residents, apart: Collection[Uuid | None]) -> Residents:
    return {ref: [(vm, vif) for vm, vif in pairs if vm.uuid not in apart] for ref, pairs in residents.items()}


def _has_mac(one: VIF, other: VIF) -> bool:
    return one.MAC.casefold() == other.MAC.casefold()
