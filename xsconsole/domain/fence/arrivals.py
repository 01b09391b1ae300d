"""The cards of what is to come anew into a fence, as far as they are known before: of an archive, of a blueprint."""

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address

from xsconsole.domain.archive import Archive, PoolArchive
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.fence.drawing import SourceCard, addresses_by_mac, member_names
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory


def macs_of(archive: Archive | PoolArchive) -> frozenset[str]:
    """Return the MAC addresses of what is in an archive."""
    return frozenset(nic.mac.lower() for member in archive.members for nic in member.interfaces)


def cards_of_archive(archive: Archive | PoolArchive, inventory: Inventory) -> tuple[SourceCard, ...]:
    """Return its cards by member and device, with the addresses that guests with their MAC addresses tell."""
    told = addresses_by_mac(macs_of(archive), inventory)
    members = [
        (member.role or member.name, [(nic.device, nic.mac.lower(), nic.called) for nic in member.interfaces])
        for member in archive.members
    ]
    return _cards(members, told)


def cards_of_blueprint(blueprint: Blueprint) -> tuple[SourceCard, ...]:
    """Return its cards by member and device; they have no MAC address yet."""
    members = [
        (
            member.role or str(member.id),
            [
                (str(each.device), "", each.network if isinstance(each.network, str) else each.network.parameter)
                for each in member.interfaces
            ],
        )
        for member in blueprint.members
    ]
    return _cards(members, {})


def _cards(
    members: Iterable[tuple[str, Collection[tuple[str, str, str]]]], told: Mapping[str, IPv4Address]
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
            addresses=(told[mac],) if mac in told else (),
        )
        for at, (_, nics) in enumerate(known)
        for device, mac, network in sorted(nics, key=lambda nic: (len(nic[0]), nic[0]))
    )
