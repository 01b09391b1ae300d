"""Random fences without errors, and random connections that try them."""

from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from xsconsole.domain.fence.expectation import Opening, Origin
from xsconsole.domain.fence.values import (
    Fence,
    FenceMode,
    Foothold,
    Outside,
    Peer,
    PublishedPort,
    Segment,
    Services,
    Transport,
)

SUBNETS = tuple(IPv4Network(text) for text in ("10.0.0.0/28", "10.0.0.16/28", "172.16.0.0/29"))
OUTSIDE = IPv4Network("192.168.50.0/24")
POOL = IPv4Network("192.168.50.64/26")
ELSEWHERE = tuple(IPv4Address(text) for text in ("8.8.8.8", "192.168.50.1", "192.168.50.10", "192.168.50.200"))
PORTS = (80, 80, 443)  # the first one is published more often than not
WITH_A_GATEWAY = 3  # of four
PEER = Peer(name="b", addresses=(POOL[60],))


@st.composite
def fences(draw: st.DrawFn) -> Fence:
    """Fences of up to three networks and two members on each."""
    segments = tuple(
        Segment(
            logical=f"net{at}",
            subnet=subnet,
            gateway=subnet[1] if draw(st.integers(0, WITH_A_GATEWAY)) else None,
            mac=f"cc:00:00:00:00:{at:02x}",
        )
        for at, subnet in enumerate(SUBNETS[: draw(st.integers(1, len(SUBNETS)))])
    )
    spare = iter(list(POOL.hosts())[8:])
    footholds = tuple(
        Foothold(
            member=f"m{at}-{number}",
            logical=segment.logical,
            mac=f"aa:00:00:00:{at:02x}:{number:02x}",
            address=segment.subnet[2 + number],
            outside=next(spare) if segment.gateway and draw(st.integers(0, 3)) else None,
        )
        for at, segment in enumerate(segments)
        for number in range(draw(st.integers(1, 2)))
    )
    has_router = any(segment.gateway for segment in segments)
    modes = (*FenceMode, FenceMode.IN_AND_OUT)  # most of what there is to say is about this one
    mode = draw(st.sampled_from(modes)) if has_router else FenceMode.ISOLATED
    outside = Outside(
        subnet=OUTSIDE,
        router=POOL[1],
        mac="cc:00:00:00:ff:00",
        pool=(POOL,),
        gateway=OUTSIDE[1] if draw(st.booleans()) else None,
        barred=draw(st.sampled_from(((), (IPv4Network("192.168.50.200/32"),), (IPv4Network("8.0.0.0/8"),)))),
    )
    reached = [one.outside for one in footholds if one.outside and mode is FenceMode.IN_AND_OUT]
    ports = tuple(
        PublishedPort(outside=address, transport=transport, port=80, inside_port=draw(st.sampled_from((80, 8080))))
        for address in reached
        for transport in draw(st.sets(st.sampled_from(Transport), min_size=1, max_size=2))
    )
    return Fence(
        name="a",
        mode=mode,
        segments=segments,
        footholds=footholds,
        outside=outside if mode is not FenceMode.ISOLATED else None,
        ports=draw(st.sampled_from(((), ports, ports))),
        services=Services(has_dhcp=draw(st.booleans()) and has_router, has_dns=draw(st.booleans()) and has_router),
        peers=(Peer(name="b", addresses=(POOL[60],)),)
        if mode is not FenceMode.ISOLATED and draw(st.booleans())
        else (),
    )


@st.composite
def openings(draw: st.DrawFn, fence: Fence) -> Opening:
    """A connection from anywhere to anywhere, most often one that would pass but for one thing."""
    inside = [one.address for one in fence.footholds] + [subnet[3] for subnet in SUBNETS]
    inside += [one.gateway for one in fence.segments if one.gateway]
    beyond = [*ELSEWHERE, POOL[1], POOL[50], POOL[60], *(one.outside for one in fence.footholds if one.outside)]
    anywhere = st.sampled_from([*inside, *beyond])
    transport = draw(st.sampled_from((None, *Transport)))
    port = draw(st.sampled_from(PORTS)) if transport else 0
    if draw(st.booleans()):
        reached = [one.outside for one in fence.reachable] or beyond
        source = draw(st.sampled_from([*ELSEWHERE, POOL[50], POOL[60], POOL[60], SUBNETS[0][3]]))
        target = draw(st.sampled_from(reached) if draw(st.integers(0, 3)) else anywhere)
        return Opening(origin=Origin.OUTSIDE, source=source, target=target, transport=transport, port=port)
    known = draw(st.sampled_from(fence.footholds)) if fence.footholds else None
    liar = Foothold(
        member="liar",
        logical=draw(st.sampled_from(fence.segments)).logical,
        mac="aa:00:00:00:99:99",
        address=draw(st.sampled_from(inside)),
    )
    whose = known if known is not None and draw(st.integers(0, 3)) else liar
    return Opening(
        origin=Origin.INSIDE,
        source=whose.address,
        target=draw(anywhere),
        mac=whose.mac,
        logical=whose.logical,
        transport=transport,
        port=port,
    )
