"""What may pass a fence, said of packets: the rule that the router's filter, its documentation and its map follow.

It is written from what the modes promise, and not from the filter, so that each can be held against the other.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from xsconsole.domain.fence.values import Fence, FenceMode, Foothold, Outside, Segment, Transport


class Origin(StrEnum):
    """Where a connection begins."""

    INSIDE = "inside"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first packet of a connection at the router: `logical` is the segment on which it comes from inside.

    `transport` None is a ping.
    """

    origin: Origin
    source: IPv4Address
    target: IPv4Address
    mac: str = ""
    logical: str = ""
    transport: Transport | None = None
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A connection that passes: between which addresses it is seen on the far side."""

    source: IPv4Address
    target: IPv4Address
    port: int = 0


def passage(fence: Fence, opening: Opening) -> Passage | None:
    """Return how a connection passes the router; None: it does not. What ends at the router itself is no passage."""
    if opening.origin is Origin.INSIDE:
        return _from_inside(fence, opening)
    return _from_outside(fence, opening)


def _from_inside(fence: Fence, opening: Opening) -> Passage | None:
    came = next((one for one in fence.routed if one.logical == opening.logical), None)
    if came is None or not _is_honest(fence, came, opening):
        return None
    if _is_routers_own(fence, opening.target):
        return None
    for segment in fence.routed:
        if opening.target in segment.subnet:
            return None if segment is came else Passage(source=opening.source, target=opening.target, port=opening.port)
    outside = fence.outside
    if not fence.is_open or outside is None or (opening.target not in outside.subnet and outside.gateway is None):
        return None
    if not _may_speak(fence, outside, opening.target):
        return None
    own = next((one.outside for one in fence.reachable if one.address == opening.source), None)
    return Passage(source=own or outside.router, target=opening.target, port=opening.port)


def _from_outside(fence: Fence, opening: Opening) -> Passage | None:
    outside = fence.outside
    if fence.mode is not FenceMode.IN_AND_OUT or outside is None or not _may_speak(fence, outside, opening.source):
        return None
    if any(opening.source in segment.subnet for segment in fence.segments):
        return None
    reached = next((one for one in fence.reachable if one.outside == opening.target), None)
    if reached is None:
        return None
    port = _inner_port(fence, reached, opening)
    return None if port is None else Passage(source=opening.source, target=reached.address, port=port)


def _inner_port(fence: Fence, reached: Foothold, opening: Opening) -> int | None:
    """Return where a port leads. A peer has the published ones as everybody does, and all others as they are."""
    for published in fence.ports:
        asked = (published.outside, published.transport, published.port)
        if asked == (reached.outside, opening.transport, opening.port):
            return published.inside_port
    return opening.port if not fence.ports or opening.source in fence.peer_addresses else None


def _is_honest(fence: Fence, came: Segment, opening: Opening) -> bool:
    known = ((one.mac.lower(), one.address) for one in fence.on(came))
    return (opening.mac.lower(), opening.source) in known


def _is_routers_own(fence: Fence, address: IPv4Address) -> bool:
    own: set[IPv4Address | None] = {segment.gateway for segment in fence.routed}
    if fence.is_open and fence.outside is not None:
        own |= {fence.outside.router, *(one.outside for one in fence.reachable)}
    return address in own


def _may_speak(fence: Fence, outside: Outside, address: IPv4Address) -> bool:
    if address in fence.peer_addresses:
        return True
    return not any(address in network for network in (*outside.pool, *outside.barred))
