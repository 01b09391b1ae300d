"""The rules of one fence's router in words: what a person reads beside the text of the filter."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from xsconsole.domain.fence.values import Fence, FenceMode
from xsconsole.domain.words import count, listing


def rules_in_words(fence: Fence) -> tuple[str, ...]:
    """Return a sentence for each thing that passes, then for each that does not."""
    return (*what_passes(fence), *what_does_not(fence))


def rules_in_short(fence: Fence) -> str:
    """Return one sentence or two of what passes, where the rules themselves are shown elsewhere."""
    outside = fence.outside
    if not fence.is_open or outside is None:
        return "Nothing passes out or in."
    if fence.reachable:
        ports = count(len(fence.ports), "port") if fence.ports else "every port"
        open_ = {one.outside for one in fence.ports} or {one.outside for one in fence.reachable if one.outside}
        way = f"All gets out; {ports} of {addresses_in_words(open_)} {'lead' if len(fence.ports) > 1 else 'leads'} in"
    else:
        way = f"All gets out as {outside.router}, and nothing in"
    barred = f" and {_addresses(outside.barred)}" if outside.barred else ""
    peers = f" but {_names(peer.name for peer in fence.peers)}" if fence.peers else ""
    return f"{way}. Other fences{peers}{barred} are barred both ways."


def addresses_in_words(addresses: Iterable[IPv4Address]) -> str:
    """Return such as `192.0.2.4 to 192.0.2.9`; each of them where some between are missing."""
    addresses = sorted(addresses)
    first, last = addresses[0], addresses[-1]
    is_whole = 1 < len(addresses) == int(last) - int(first) + 1
    return f"{first} to {last}" if is_whole else _addresses(addresses)


def changed_rules(before: Fence, after: Fence) -> tuple[str, ...]:
    """Return what of the rules in words goes, and what comes."""
    was, becomes = rules_in_words(before), rules_in_words(after)
    gone = tuple(f"No more: {one}" for one in was if one not in becomes)
    return (*gone, *(f"New: {one}" for one in becomes if one not in was))


def mode_words(mode: FenceMode) -> str:
    return {
        FenceMode.ISOLATED: "isolated",
        FenceMode.OUT_ONLY: "out only",
        FenceMode.IN_AND_OUT: "in and out",
    }[mode]


def what_passes(fence: Fence) -> Iterator[str]:
    """Yield a sentence for each thing that passes."""
    routed = [one.logical for one in fence.routed]
    if len(routed) > 1:
        yield f"Between {_names(routed)}: everything of IPv4, through the router."
    given = [name for name, has in (("DHCP", fence.services.has_dhcp), ("DNS", fence.services.has_dns)) if has]
    if routed:
        yield f"To the router from inside: ping{''.join(f', {name}' for name in given)}."
    outside = fence.outside
    if not fence.is_open or outside is None:
        return
    if fence.mode is FenceMode.OUT_ONLY or not fence.reachable:
        yield f"From inside to {outside.subnet} and beyond: as {outside.router}."
    else:
        yield f"From inside to {outside.subnet} and beyond: each as its own address, the others as {outside.router}."
    for one in fence.reachable:
        ports = [port.words for port in fence.ports if port.outside == one.outside]
        what = ", ".join(ports) if fence.ports else "everything of IPv4"
        if what:
            yield f"From outside to {one.outside}: {what}, to “{one.member}” ({one.address})."
    for peer in fence.peers:
        addresses = addresses_in_words(peer.addresses)
        yield f"Between this fence and “{peer.name}” ({addresses}): as from outside, without bars."


def what_does_not(fence: Fence) -> Iterator[str]:
    """Yield a sentence for each thing that does not pass."""
    without = [one.logical for one in fence.segments if one.gateway is None]
    if without:
        yield f"Out of or into {_names(without)}: nothing. No gateway is known there."
    outside = fence.outside
    if not fence.is_open or outside is None:
        yield "Out or in: nothing. The router has no card outside."
    else:
        if fence.mode is FenceMode.OUT_ONLY:
            yield "In: nothing but answers."
        if outside.pool:
            yield f"To and from other fences ({_addresses(outside.pool)}): nothing."
        if outside.barred:
            yield f"To and from {_addresses(outside.barred)}: nothing; that is barred."
    known = count(len(fence.footholds), "address", "addresses")
    yield f"From inside, but from another card or address than the {known} known: nothing."
    yield "Broadcast, multicast and IPv6: nothing."


def _names(logical: Iterable[str]) -> str:
    return listing(tuple(f"“{one}”" for one in logical))


def _addresses(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
