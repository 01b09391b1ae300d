"""The packet filter of a fence's router, as the text that `nft -f` reads: a pure function of the fence.

No name that a person chose gets into it. What each rule is for is told by `wording`.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from xsconsole.domain.fence.values import OUTSIDE, Fence, FenceMode

DHCP_SERVER, DHCP_CLIENT, DNS = 67, 68, 53


def ruleset(fence: Fence) -> str:
    """Return the whole ruleset. Whatever stood before is dropped with the same transaction.

    A packet is looked at in this order: `guard` drops what lies about where it comes from, and everything of IPv6;
    `arriving` leads an outside address to its member; `forward` lets through what the mode allows, and nothing else;
    `leaving` gives what goes out an outside address.
    """
    lines = ["#!/usr/sbin/nft -f", "flush ruleset", "", "table inet fence {"]
    lines += _named_sets(fence)
    lines += _chain("guard", "filter", "prerouting", "raw", "accept", _guard(fence))
    lines += _chain("input", "filter", "input", "filter", "drop", _input(fence))
    lines += _chain("forward", "filter", "forward", "filter", "drop", _forward(fence))
    lines += _chain("output", "filter", "output", "filter", "drop", _output(fence))
    lines += ["}"]
    if fence.is_open:
        lines += ["", "table ip translation {"]
        lines += _chain("arriving", "nat", "prerouting", "dstnat", "accept", _arriving(fence))
        lines += _chain("leaving", "nat", "postrouting", "srcnat", "accept", _leaving(fence))
        lines += ["}"]
    return "\n".join(lines) + "\n"


def _chain(name: str, kind: str, hook: str, priority: str, policy: str, rules: Iterable[str]) -> Iterator[str]:
    yield f"\tchain {name} {{"
    yield f"\t\ttype {kind} hook {hook} priority {priority}; policy {policy};"
    yield from (f"\t\t{rule}" for rule in rules)
    yield "\t}"


def _named_sets(fence: Fence) -> Iterator[str]:
    for segment in fence.routed:
        known = sorted({(one.mac.lower(), one.address) for one in fence.on(segment)})
        yield f"\tset known_{fence.interface(segment)} {{"
        yield "\t\ttypeof ether saddr . ip saddr"
        if known:
            yield f"\t\telements = {{ {', '.join(f'{mac} . {address}' for mac, address in known)} }}"
        yield "\t}"


def _guard(fence: Fence) -> Iterator[str]:
    yield 'iifname "lo" accept'
    yield "meta nfproto ipv6 drop"
    inside = _set(segment.subnet for segment in fence.segments)
    if fence.is_open:
        yield f'iifname "{OUTSIDE}" ip saddr {inside} drop'
        yield f'iifname "{OUTSIDE}" ip daddr {inside} drop'
        yield f'iifname "{OUTSIDE}" accept'
    for segment in fence.routed:
        name = fence.interface(segment)
        if fence.services.has_dhcp:
            yield f'iifname "{name}" ip saddr 0.0.0.0 udp sport {DHCP_CLIENT} udp dport {DHCP_SERVER} accept'
        yield f'iifname "{name}" ether saddr . ip saddr @known_{name} accept'
    yield "drop"


def _input(fence: Fence) -> Iterator[str]:
    yield 'iifname "lo" accept'
    yield "ct state established,related accept"
    for segment in fence.routed:
        name = fence.interface(segment)
        yield f'iifname "{name}" icmp type echo-request accept'
        if fence.services.has_dhcp:
            yield f'iifname "{name}" udp dport {DHCP_SERVER} accept'
        if fence.services.has_dns:
            yield f'iifname "{name}" udp dport {DNS} accept'
            yield f'iifname "{name}" tcp dport {DNS} accept'


def _output(fence: Fence) -> Iterator[str]:
    yield 'oifname "lo" accept'
    yield "ct state established,related accept"
    for segment in fence.routed:
        name = fence.interface(segment)
        yield f'oifname "{name}" icmp type echo-request accept'
        if fence.services.has_dhcp:
            yield f'oifname "{name}" udp sport {DHCP_SERVER} udp dport {DHCP_CLIENT} accept'
    if fence.is_open and fence.outside is not None and fence.services.has_dns and fence.outside.name_servers:
        servers = _set(fence.outside.name_servers)
        yield f'oifname "{OUTSIDE}" ip daddr {servers} udp dport {DNS} accept'
        yield f'oifname "{OUTSIDE}" ip daddr {servers} tcp dport {DNS} accept'


def _forward(fence: Fence) -> Iterator[str]:
    yield "ct state invalid drop"
    for came in fence.routed:
        for goes in fence.routed:
            if came is not goes:
                target = f'oifname "{fence.interface(goes)}" ip daddr {goes.subnet}'
                yield f'iifname "{fence.interface(came)}" {target} accept'
    outside = fence.outside
    if not fence.is_open or outside is None or not fence.routed:
        return
    inner = _quoted(fence.interface(segment) for segment in fence.routed)
    goes_out, comes_in = f'iifname {inner} oifname "{OUTSIDE}"', f'iifname "{OUTSIDE}" oifname {inner}'
    if fence.peers:
        peers = _set(fence.peer_addresses)
        yield f"{goes_out} ip daddr {peers} accept"
        yield f"{comes_in} ip saddr {peers} ct state established,related accept"
        if fence.reachable:
            yield f"{comes_in} ip saddr {peers} ct status dnat accept"
    # Before what is established: a bar that is new ends what went on.
    if bars := (*outside.pool, *outside.barred):
        yield f"{goes_out} ip daddr {_set(bars)} drop"
        yield f"{comes_in} ip saddr {_set(bars)} drop"
    yield f"{goes_out} accept"
    yield f"{comes_in} ct state established,related accept"
    if fence.reachable:
        yield f"{comes_in} ct status dnat accept"


def _arriving(fence: Fence) -> Iterator[str]:
    inside_of = {one.outside: one.address for one in fence.reachable}
    if fence.ports:
        for port in sorted(fence.ports, key=lambda one: (one.outside, one.transport, one.port)):
            if port.outside in inside_of:
                arrives = f'iifname "{OUTSIDE}" ip daddr {port.outside} {port.transport} dport {port.port}'
                yield f"{arrives} dnat to {inside_of[port.outside]}:{port.inside_port}"
        if fence.peers and inside_of:
            yield f'iifname "{OUTSIDE}" ip saddr {_set(fence.peer_addresses)} {_dnat(inside_of)}'
    elif inside_of:
        yield f'iifname "{OUTSIDE}" {_dnat(inside_of)}'


def _dnat(inside_of: dict[IPv4Address | None, IPv4Address]) -> str:
    pairs = sorted((str(outside), str(inside)) for outside, inside in inside_of.items())
    return f"dnat to ip daddr map {{ {', '.join(f'{outside} : {inside}' for outside, inside in pairs)} }}"


def _leaving(fence: Fence) -> Iterator[str]:
    if fence.mode is FenceMode.IN_AND_OUT and fence.reachable:
        pairs = sorted((str(one.address), str(one.outside)) for one in fence.reachable)
        mapped = ", ".join(f"{inside} : {outside}" for inside, outside in pairs)
        yield f'oifname "{OUTSIDE}" snat to ip saddr map {{ {mapped} }}'
    if fence.routed and fence.outside is not None:
        inside = _set(segment.subnet for segment in fence.routed)
        yield f'oifname "{OUTSIDE}" ip saddr {inside} snat to {fence.outside.router}'


def _set(values: Iterable[IPv4Address | IPv4Network]) -> str:
    """Networks that touch or overlap are joined: `nft` refuses a set whose parts do."""
    joined = collapse_addresses(IPv4Network(value) for value in values)
    return "{ " + ", ".join(str(one.network_address if one.prefixlen == 32 else one) for one in joined) + " }"


def _quoted(names: Iterable[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in names) + " }"
