"""What is to be said of a fence before it is built: what cannot work, what would collide, and what is worth knowing."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import chain, combinations

from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, Outside, Segment
from xsconsole.domain.workflow.findings.values import Severity

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}", re.IGNORECASE)
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to say of a fence; an error keeps it from being built. `subject` is the member or network."""

    rule: str
    severity: Severity
    sentence: str
    mend: str
    subject: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def findings(fence: Fence) -> tuple[Finding, ...]:
    """Return what is to be said, errors first. A fence without errors has a ruleset that `nft` accepts. Total."""
    found = chain(_of_segments(fence), _of_footholds(fence), _of_outside(fence), _of_ports(fence), _of_services(fence))
    rank = {severity: at for at, severity in enumerate(Severity)}
    return tuple(sorted(found, key=lambda one: (rank[one.severity], one.rule, one.subject, one.sentence)))


def _error(rule: str, sentence: str, mend: str, subject: str = "") -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, sentence=sentence, mend=mend, subject=subject)


def _of_segments(fence: Fence) -> Iterator[Finding]:
    if not fence.segments:
        yield _error("no-network", "The fence has no network.", "Give it one for each network of the configuration.")
    for name, number in Counter(one.logical for one in fence.segments).items():
        if number > 1:
            yield _error("doubled-network", f"The network “{name}” is there {number} times.", "Keep one of them.", name)
    for one, other in combinations(fence.segments, 2):
        if one.subnet.overlaps(other.subnet):
            yield _error(
                "one-subnet-twice",
                f"“{one.logical}” has {one.subnet} and “{other.logical}” has {other.subnet}: "
                "a router cannot tell them apart.",
                "Correct the subnets, or leave one of the two networks without a gateway.",
                one.logical,
            )
    for segment in fence.segments:
        yield from _of_gateway(fence, segment)


def _of_gateway(fence: Fence, segment: Segment) -> Iterator[Finding]:
    name, gateway = segment.logical, segment.gateway
    if gateway is None:
        if fence.mode is not FenceMode.ISOLATED:
            yield Finding(
                rule="gateway-unknown",
                severity=Severity.WARNING,
                sentence=f"No gateway is known for “{name}”: nothing leaves it, and nothing reaches it.",
                mend="Name the address that its guests have as their gateway.",
                subject=name,
            )
        return
    if not _is_host(gateway, segment.subnet):
        yield _error(
            "gateway-astray",
            f"The gateway {gateway} of “{name}” is no address of a machine in {segment.subnet}.",
            "Correct the gateway or the subnet.",
            name,
        )
    if any(one.address == gateway for one in fence.on(segment)):
        yield _error(
            "gateway-taken",
            f"{gateway} is the gateway of “{name}”, and a member has it.",
            "Name another gateway, or none where that member itself leads out.",
            name,
        )
    if not _MAC.fullmatch(segment.mac):
        yield _error("router-mac", f"The router has no MAC address on “{name}”.", "Give it one.", name)


def _is_host(address: IPv4Address, subnet: IPv4Network) -> bool:
    if address not in subnet:
        return False
    return subnet.prefixlen >= 31 or address not in (subnet.network_address, subnet.broadcast_address)


def _of_footholds(fence: Fence) -> Iterator[Finding]:
    segments = {one.logical: one for one in fence.segments}
    for foothold in fence.footholds:
        segment = segments.get(foothold.logical)
        if segment is None:
            yield _error(
                "no-such-network",
                f"“{foothold.member}” is on “{foothold.logical}”, which the fence does not have.",
                "Add the network, or leave the interface out.",
                foothold.member,
            )
        elif not _is_host(foothold.address, segment.subnet):
            yield _error(
                "address-astray",
                f"“{foothold.member}” has {foothold.address}, which is no address of a machine in {segment.subnet}.",
                "Correct the address, or the subnet of the network.",
                foothold.member,
            )
        if not _MAC.fullmatch(foothold.mac):
            yield _error(
                "mac", f"“{foothold.mac}” is no MAC address.", "Write it as 0a:1b:2c:3d:4e:5f.", foothold.member
            )
        if not _LABEL.fullmatch(foothold.member) and fence.services.has_dns:
            yield _error(
                "name", f"“{foothold.member}” cannot be a name in DNS.", "Use letters, digits and -.", foothold.member
            )
    yield from _twice(fence)


def _twice(fence: Fence) -> Iterator[Finding]:
    for what, taken in (
        ("address", Counter((one.logical, str(one.address)) for one in fence.footholds)),
        ("MAC address", Counter((one.logical, one.mac.lower()) for one in fence.footholds)),
    ):
        for (logical, value), number in taken.items():
            if number > 1:
                yield _error(
                    f"{what.partition(' ')[0].lower()}-twice",
                    f"The {what} {value} is there {number} times on “{logical}”.",
                    "Within a fence it can be had once, as on the network that it stands for.",
                    logical,
                )
    for address, number in Counter(one.outside for one in fence.footholds if one.outside is not None).items():
        if number > 1:
            yield _error("outside-twice", f"{address} leads to {number} members.", "Give each its own.", str(address))


def _of_outside(fence: Fence) -> Iterator[Finding]:
    outside = fence.outside
    if fence.mode is FenceMode.ISOLATED:
        return
    if outside is None:
        yield _error("no-outside", "The fence is open and has no outside network.", "Name one, or isolate the fence.")
        return
    if not fence.routed:
        yield _error("no-way-out", "The router is on no network of the fence.", "Name the gateway of at least one.")
    for segment in fence.segments:
        for network in (outside.subnet, *outside.pool):
            if segment.subnet.overlaps(network):
                yield _error(
                    "overlap",
                    f"{network} outside overlaps {segment.subnet}, which “{segment.logical}” has inside: "
                    "guests would look for it on their own network.",
                    "Take another outside network and pool.",
                    segment.logical,
                )
    yield from _of_own_addresses(fence, outside)
    if not _MAC.fullmatch(outside.mac):
        yield _error("router-mac", "The router has no MAC address outside.", "Give it one.")
    if fence.mode is FenceMode.IN_AND_OUT:
        yield from _of_reach(fence)


def _of_own_addresses(fence: Fence, outside: Outside) -> Iterator[Finding]:
    own = [("router", outside.router)]
    own += [(one.member, one.outside) for one in fence.footholds if one.outside is not None]
    for name, address in own:
        if not _is_host(address, outside.subnet):
            yield _error(
                "outside-astray",
                f"{address} ({name}) is no address of a machine in {outside.subnet}.",
                "Take it from the outside network.",
                name,
            )
        elif not any(address in network for network in outside.pool):
            yield _error(
                "not-of-pool",
                f"{address} ({name}) is not of the pool of fences: other fences would take it for a stranger.",
                "Take it from the pool.",
                name,
            )
        if address == outside.gateway:
            yield _error("gateway-taken", f"{address} ({name}) is the gateway outside.", "Take another one.", name)
    if outside.router in {one.outside for one in fence.footholds}:
        yield _error("outside-twice", f"{outside.router} is the router's own.", "Give the member another one.")
    if outside.gateway is not None and outside.gateway not in outside.subnet:
        yield _error(
            "gateway-astray", f"The gateway {outside.gateway} is not in {outside.subnet}.", "Correct one of them."
        )


def _of_reach(fence: Fence) -> Iterator[Finding]:
    ways = {one.logical for one in fence.routed}
    with_outside = {one.member for one in fence.footholds if one.outside is not None}
    for foothold in fence.footholds:
        if foothold.outside is not None and foothold.logical not in ways and _is_known(fence, foothold):
            yield _error(
                "behind-nothing",
                f"“{foothold.member}” has {foothold.outside} outside, and “{foothold.logical}” has no gateway.",
                "Name the gateway, or take the address away.",
                foothold.member,
            )
    for member in sorted({one.member for one in fence.footholds} - with_outside):
        yield Finding(
            rule="not-reached",
            severity=Severity.WARNING,
            sentence=f"“{member}” has no address outside: it can look out, and nobody can reach it.",
            mend="Give it one of the pool.",
            subject=member,
        )


def _is_known(fence: Fence, foothold: Foothold) -> bool:
    return any(one.logical == foothold.logical for one in fence.segments)


def _of_ports(fence: Fence) -> Iterator[Finding]:
    reached = {one.outside for one in fence.reachable}
    for port in fence.ports:
        if port.outside not in reached:
            yield _error(
                "port-to-nobody", f"{port.words} on {port.outside} leads to no member.", "Remove it.", str(port.outside)
            )
        if not (0 < port.port <= HIGHEST_PORT and 0 < port.inside_port <= HIGHEST_PORT):
            yield _error("port", f"{port.words}: ports go from 1 to {HIGHEST_PORT}.", "Correct it.", str(port.outside))
    for (address, transport, number), times in Counter(
        (one.outside, one.transport, one.port) for one in fence.ports
    ).items():
        if times > 1:
            yield _error(
                "port-twice",
                f"{transport.upper()} {number} on {address} is published {times} times.",
                "Keep one of them.",
                str(address),
            )


def _of_services(fence: Fence) -> Iterator[Finding]:
    services = fence.services
    if services.domain and not all(_LABEL.fullmatch(label) for label in services.domain.split(".")):
        yield _error("domain", f"“{services.domain}” is no domain.", "Write it with letters, digits, - and dots.")
    if (services.has_dhcp or services.has_dns) and not fence.routed:
        yield _error("no-way-out", "The router gives DHCP or DNS, and is on no network.", "Name a gateway.")
    peers = [address for peer in fence.peers for address in peer.addresses]
    if peers and not fence.is_open:
        yield _error("peer-isolated", "An isolated fence is connected to another one.", "Open it, or part them.")
    for address in sorted(set(peers)):
        if fence.outside is not None and not any(address in network for network in fence.outside.pool):
            yield _error("not-of-pool", f"{address} is no address of a fence.", "Connect fences of one pool.")
