"""The cards of what is to come anew into a fence, as far as they are known before: of an archive, of a blueprint."""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType

from xsconsole.domain.archive import Archive, PoolArchive
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.board import Board
from xsconsole.domain.fence.drawing import SourceCard, addresses_by_mac, addresses_of, member_names
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory


def macs_of(archive: Archive | PoolArchive) -> frozenset[str]:
    """Return the MAC addresses of what is in an archive."""
    return frozenset(nic.mac.lower() for member in archive.members for nic in member.interfaces)


def cards_of_archive(archive: Archive | PoolArchive, inventory: Inventory) -> tuple[SourceCard, ...]:
    """Return its cards by member and device, with the addresses that guests with their MAC addresses tell."""
    told = addresses_by_mac(macs_of(archive), inventory)
    members = [
        (
            member.role or member.name,
            [(nic.device, mac := nic.mac.lower(), nic.called, told.get(mac)) for nic in member.interfaces],
        )
        for member in archive.members
    ]
    return _cards(members)


def addresses_of_captured(
    blueprint: Blueprint, board: Board, inventory: Inventory
) -> Mapping[tuple[str, str], IPv4Address]:
    """Return what guests tell of which a blueprint was captured, by its member and device, as long as they stand.

    An address that such a guest keeps on its disk is on the disk of each machine that is made of the blueprint.
    """
    found: dict[tuple[str, str], IPv4Address] = {}
    card = board.cards.get(blueprint.source.configuration) if blueprint.source is not None else None
    if card is None:
        return found
    for one in blueprint.members:
        alike = [vm for each in card.members if each.role == one.role and (vm := inventory.get(VM, each.ref))]
        if not one.role or len(alike) != 1:
            continue
        for vif in (vif for ref in alike[0].VIFs if (vif := inventory.get(VIF, ref)) is not None):
            for address in addresses_of(inventory, alike[0], vif.device)[:1]:
                found[str(one.id), vif.device] = address
    return found


def cards_of_blueprint(
    blueprint: Blueprint, told: Mapping[tuple[str, str], IPv4Address] = MappingProxyType({})
) -> tuple[SourceCard, ...]:
    """Return its cards by member and device; they have no MAC address yet. `told` is by the id of a member."""
    members = [
        (
            member.role or str(member.id),
            [
                (
                    str(each.device),
                    "",
                    each.network if isinstance(each.network, str) else each.network.parameter,
                    told.get((str(member.id), str(each.device))),
                )
                for each in member.interfaces
            ],
        )
        for member in blueprint.members
    ]
    return _cards(members)


def _cards(
    members: Iterable[tuple[str, Collection[tuple[str, str, str, IPv4Address | None]]]],
) -> tuple[SourceCard, ...]:
    known = list(members)
    labels = member_names((Uuid(str(at)), name) for at, (name, _) in enumerate(known))
    return tuple(
        SourceCard(
            vm=Uuid(labels[Uuid(str(at))]),
            member=labels[Uuid(str(at))],
            device=device,
            mac=mac,
            network=Uuid(network),
            network_name=network,
            addresses=() if address is None else (address,),
        )
        for at, (_, nics) in enumerate(known)
        for device, mac, network, address in sorted(nics, key=lambda nic: (len(nic[0]), nic[0]))
    )
