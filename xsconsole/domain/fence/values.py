"""A fence as an immutable value: what is inside, what is outside, and what may pass between them.

Addresses are IPv4. Of IPv6 nothing passes a fence, in any mode.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

OUTSIDE = "outside"  # the router's interface on the outside network


class FenceMode(StrEnum):
    """What passes between the inside of a fence and the outside network."""

    ISOLATED = "isolated"
    OUT_ONLY = "out-only"
    IN_AND_OUT = "in-and-out"

    def satisfies(self, demanded: "FenceMode") -> bool:
        """Return whether no more passes than with the mode that is demanded."""
        order = list(FenceMode)
        return order.index(self) <= order.index(demanded)


class Transport(StrEnum):
    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One private network of a fence, which stands for a logical network of the configuration.

    `gateway` is the address that guests know as their way out; the router has it, on a card with `mac`. None: the
    router is not on it, and nothing leaves it.
    """

    logical: str
    subnet: IPv4Network
    gateway: IPv4Address | None = None
    mac: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foothold:
    """An interface of a member inside, as its original has it. `outside` is its address on the outside network."""

    member: str
    logical: str
    mac: str
    address: IPv4Address
    outside: IPv4Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPort:
    """A port of an outside address that leads to a member. Where a fence publishes none, all ports lead in."""

    outside: IPv4Address
    transport: Transport
    port: int
    inside_port: int

    @property
    def words(self) -> str:
        to = "" if self.port == self.inside_port else f" to {self.inside_port}"
        return f"{self.transport.upper()} {self.port}{to}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The network that a fence looks out on.

    `router` is the router's own address there, `gateway` where it sends what is not for `subnet`. `pool` are all
    addresses that fences may have, of this one and of others: nothing passes from one fence to another.
    `barred` are networks with which nothing inside may speak, such as production's own.
    """

    subnet: IPv4Network
    router: IPv4Address
    mac: str
    pool: tuple[IPv4Network, ...]
    gateway: IPv4Address | None = None
    barred: tuple[IPv4Network, ...] = ()
    name_servers: tuple[IPv4Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the router gives the inside beside a way out. `domain` is what names inside end in."""

    has_dhcp: bool = False
    has_dns: bool = False
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another fence that this one is connected to on purpose, known by its outside addresses."""

    name: str
    addresses: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced clone's surroundings."""

    name: str
    mode: FenceMode
    segments: tuple[Segment, ...]
    footholds: tuple[Foothold, ...]
    outside: Outside | None = None
    ports: tuple[PublishedPort, ...] = ()
    services: Services = Services()
    peers: tuple[Peer, ...] = ()

    @property
    def routed(self) -> tuple[Segment, ...]:
        """The segments that the router is on, in the order of its interfaces."""
        return tuple(one for one in self.segments if one.gateway is not None)

    @property
    def is_open(self) -> bool:
        """Whether anything passes to the outside network at all."""
        return self.mode is not FenceMode.ISOLATED and self.outside is not None

    @property
    def reachable(self) -> tuple[Foothold, ...]:
        """Who has an outside address of their own that leads to them."""
        if self.mode is not FenceMode.IN_AND_OUT or self.outside is None:
            return ()
        ways = {one.logical for one in self.routed}
        return tuple(one for one in self.footholds if one.outside is not None and one.logical in ways)

    @property
    def peer_addresses(self) -> tuple[IPv4Address, ...]:
        return tuple(sorted({address for peer in self.peers for address in peer.addresses}))

    @property
    def macs(self) -> frozenset[str]:
        """The MAC addresses of those inside that have an address, and of the router."""
        cards = (*self.footholds, *self.segments, *((self.outside,) if self.outside is not None else ()))
        return frozenset(one.mac for one in cards if one.mac)

    def on(self, segment: Segment) -> tuple[Foothold, ...]:
        """Return who has an interface on a segment."""
        return tuple(one for one in self.footholds if one.logical == segment.logical)

    def interface(self, segment: Segment) -> str:
        """Return what the router calls its interface on a segment that it is on."""
        return f"inside{self.routed.index(segment)}"
