"""What becomes of fences that stand: other ports published, two of them connected on purpose, or parted."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.fence.values import Fence, Peer, PublishedPort, Transport
from xsconsole.domain.naming import shortened
from xsconsole.errors import NotPromotable

Ports = Mapping[str, tuple[tuple[Transport, int, int], ...]]
"""By member: transport, port outside, port inside."""


def publishing(fence: Fence, ports: Ports) -> Fence:
    """Return a fence that lets in just these ports; none: all.

    Raises:
        NotPromotable: nothing leads into the fence, or a member has no outside address.
    """
    outside = {one.member: one.outside for one in fence.reachable if one.outside is not None}
    strange = sorted(set(ports) - set(outside))
    if strange and not outside:
        raise NotPromotable(
            reason=f"Nothing leads into “{shortened(fence.name, 60)}”: none of its members has an outside address.",
            mend="Deploy it in and out, on a network with a gateway.",
        )
    if strange:
        raise NotPromotable(
            reason=f"“{shortened(strange[0], 60)}” has no outside address in “{shortened(fence.name, 60)}”.",
            mend=f"Members that have one: {', '.join(sorted(outside))}.",
        )
    published = tuple(
        PublishedPort(outside=outside[member], transport=transport, port=port, inside_port=inside)
        for member, wanted in sorted(ports.items())
        for transport, port, inside in wanted
    )
    return replace(fence, ports=published)


def connecting(first: StandingFence, second: StandingFence) -> tuple[Fence, Fence]:
    """Return both with the other one as a peer.

    Raises:
        NotPromotable: both are one, one is isolated, they are connected already, or their inside networks overlap.
    """
    for one in (first, second):
        if not one.fence.is_open:
            raise NotPromotable(
                reason=f"“{shortened(one.fence.name, 60)}” is isolated: its router has no card outside.",
                mend="Deploy it with another mode.",
            )
    if first.configuration == second.configuration:
        raise NotPromotable(
            reason=f"“{shortened(first.fence.name, 60)}” is not connected to itself.", mend="Name two fences."
        )
    if is_peer(first, second):
        raise NotPromotable(
            reason=f"{_both(first, second)} are connected already.", mend="Part them with `fence part`."
        )
    for here, there in product(first.fence.segments, second.fence.segments):
        if here.subnet.overlaps(there.subnet):
            raise NotPromotable(
                reason=f"“{shortened(here.logical, 40)}” of the one and “{shortened(there.logical, 40)}” of the other "
                f"have the same addresses inside ({here.subnet}): neither would find the other one.",
                mend="Connect fences of originals on different subnets.",
            )
    return (
        replace(first.fence, peers=(*first.fence.peers, _peer(second))),
        replace(second.fence, peers=(*second.fence.peers, _peer(first))),
    )


def parting(first: StandingFence, second: StandingFence) -> tuple[Fence, Fence]:
    """Return both without the other one.

    Raises:
        NotPromotable: they are not connected.
    """
    if not is_peer(first, second) and not is_peer(second, first):
        raise NotPromotable(reason=f"{_both(first, second)} are not connected.", mend="`xsconsole fence show` tells.")
    return _without(first.fence, second), _without(second.fence, first)


def is_peer(one: StandingFence, other: StandingFence) -> bool:
    """Return whether one fence knows another one as a peer, by any of its addresses."""
    addresses = set(_peer(other).addresses)
    return bool(addresses & set(one.fence.peer_addresses))


def peers_among(standing: StandingFence, others: Iterable[StandingFence]) -> tuple[str, ...]:
    """Return the names of fences that are connected to one, from either side."""
    return tuple(
        other.fence.name
        for other in others
        if other.configuration != standing.configuration and (is_peer(standing, other) or is_peer(other, standing))
    )


def _peer(standing: StandingFence) -> Peer:
    fence = standing.fence
    own = () if fence.outside is None else (fence.outside.router,)
    members = tuple(one.outside for one in fence.reachable if one.outside is not None)
    return Peer(name=fence.name, addresses=(*own, *members))


def _without(fence: Fence, other: StandingFence) -> Fence:
    addresses = set(_peer(other).addresses)
    return replace(fence, peers=tuple(peer for peer in fence.peers if not addresses & set(peer.addresses)))


def _both(first: StandingFence, second: StandingFence) -> str:
    return f"“{shortened(first.fence.name, 60)}” and “{shortened(second.fence.name, 60)}”"
