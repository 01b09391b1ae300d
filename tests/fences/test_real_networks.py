"""The router's configuration, unchanged, in real networks: every line of the table is tried with real packets."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.fences import fenced
from tests.fences.fenced import (
    BACK,
    COLLEAGUE,
    DB,
    FRONT,
    GATEWAYS,
    INSIDE,
    INSIDE_MACS,
    OTHER_WEB,
    PRODUCTION,
    SUBNETS,
    WEB,
)
from xsconsole.domain.fence.findings import findings
from xsconsole.domain.fence.matrix import MATRIX, Crossing
from xsconsole.domain.fence.values import Fence, FenceMode, Peer, PublishedPort, Transport

LAB = Path(__file__).parent / "lab.py"
TOOLS = ("ip", "nft", "sysctl", "unshare", "mount")
INSIDE_ADDRESSES = {str(one.address) for one in INSIDE.values()} | {str(gateway) for gateway in GATEWAYS.values()}
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
PUBLISHED, WITHIN, UNPUBLISHED = 80, 8080, 5432
TO_ALL = ("255.255.255.255", "224.0.0.251", "239.1.2.3")
ALL_NODES, LIAR = "ff02::1", "aa:00:00:00:99:99"


@cache
def why_not() -> str:
    """Return why this machine cannot try it; empty where it can."""
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"real packets want {', '.join(missing)}"
    if os.geteuid() != 0:
        return "real packets want root, for namespaces of the network"
    rules = "add table inet t\nadd chain inet t c { type filter hook forward priority 0; }\nadd table ip n\n"
    rules += "add chain ip n c { type nat hook prerouting priority dstnat; }\n"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "nft", "-f", "-"], input=rules, text=True, capture_output=True, check=False
    )
    return (
        "" if tried.returncode == 0 else f"this kernel has no namespaces or no nftables: {tried.stderr.strip()[:200]}"
    )


@pytest.fixture(autouse=True)
def _possible():
    if reason := why_not():
        pytest.skip(reason)


class Trial:
    """Two fences side by side, what is tried of them, and what came of it."""

    def __init__(self, *of: Fence) -> None:
        for one in of:
            assert [finding for finding in findings(one) if finding.is_error] == []
        hosts = [fenced.host_in_the_lab(name) for name in fenced.HOSTS]
        self._order = {"hosts": hosts, "fences": [fenced.in_the_lab(one) for one in of], "probes": []}
        self._wanted: list[tuple[Crossing, str, object]] = []
        self.frames: dict[str, list[dict]] = {}

    def probe(self, crossing: Crossing, expected: object, sender: str, kind: str, **what: object) -> None:
        probe = {"id": len(self._wanted), "from": sender, "kind": kind, **what}
        self._order["probes"].append(probe)
        self._wanted.append((crossing, f"{sender} {kind} {what}", expected))

    def run(self) -> Counter[Crossing]:
        """Try it all and hold each answer against what was expected; return how many probes each line had."""
        done = subprocess.run(
            ["unshare", "--mount", "--net", "--fork", "--kill-child", sys.executable, str(LAB)],
            input=json.dumps(self._order),
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        self.frames = result["frames"]
        answers = [result["answers"][str(number)] for number in range(len(self._wanted))]
        wrong = [
            f"{crossing}: {what}: {answer!r} instead of {expected!r}"
            for (crossing, what, expected), answer in zip(self._wanted, answers, strict=True)
            if answer != expected
        ]
        assert wrong == []
        return Counter(crossing for crossing, _, _ in self._wanted)


@pytest.mark.parametrize("mode", FenceMode)
def test_every_line_of_the_table_holds_for_two_identical_fences(mode):
    one, other = fenced.fence("a", 0, mode), fenced.fence("b", 1, mode)
    if mode is FenceMode.IN_AND_OUT:
        ports = [
            PublishedPort(outside=reached.outside, transport=transport, port=PUBLISHED, inside_port=WITHIN)
            for reached in one.footholds
            for transport in (Transport.TCP,)
        ]
        one = replace(one, ports=tuple(ports))
    trial = Trial(one, other)
    for which in (one, other):
        try_from_inside(trial, which, {one.name: other, other.name: one}[which.name])
        try_from_outside(trial, which)
        try_lies(trial, which)

    tried = trial.run()

    assert set(tried) == {row.crossing for row in MATRIX} - {Crossing.PEER}
    nothing_leaked(trial, (one, other))


def passes(crossing: Crossing, mode: FenceMode) -> bool:
    return next(row for row in MATRIX if row.crossing is crossing).of(mode).passes


def try_from_inside(trial: Trial, fence: Fence, other: Fence) -> None:
    web, db = f"{fence.name}-{WEB}", f"{fence.name}-{DB}"
    outside_of = {one.member: one.outside for one in fence.footholds}
    for sender, target, name in ((web, DB, db), (db, WEB, web)):
        came = INSIDE[WEB if target == DB else DB]
        to = str(INSIDE[target].address)
        trial.probe(Crossing.SEGMENT, f"{name} {came.address}", sender, "tcp", to=to, port=5432)
        trial.probe(Crossing.SEGMENT, f"{name} {came.address}", sender, "udp", to=to, port=9000)
        trial.probe(Crossing.SEGMENT, to, sender, "ping", to=to)
    beside, own = str(INSIDE[OTHER_WEB].address), INSIDE[WEB].address
    trial.probe(Crossing.NEIGHBOUR, f"{fence.name}-{OTHER_WEB} {own}", web, "tcp", to=beside, port=80)
    trial.probe(Crossing.NEIGHBOUR, beside, web, "ping", to=beside)
    for member, sender, logical in ((WEB, web, FRONT), (DB, db, BACK)):
        gateway = str(GATEWAYS[logical])
        trial.probe(Crossing.ROUTER, gateway, sender, "ping", to=gateway)
        if shutil.which("dnsmasq"):
            trial.probe(Crossing.NAMES, str(INSIDE[DB].address), sender, "dns", to=gateway, name=f"{DB}.shop.test")
            trial.probe(Crossing.NAMES, str(INSIDE[member].address), sender, "dhcp", mac=INSIDE[member].mac)
            trial.probe(Crossing.NAMES, None, sender, "dhcp", mac=LIAR)
        else:
            trial.probe(Crossing.NAMES, None, sender, "tcp", to=gateway, port=8080)
        seen_as = outside_of[member] if fence.mode is FenceMode.IN_AND_OUT else fence.outside.router
        goes = passes(Crossing.OUT, fence.mode)
        told = f"colleague {seen_as}" if goes else None
        trial.probe(Crossing.OUT, told, sender, "tcp", to=str(COLLEAGUE), port=80)
        trial.probe(Crossing.OUT, told, sender, "udp", to=str(COLLEAGUE), port=9000)
        trial.probe(Crossing.OUT, str(COLLEAGUE) if goes else None, sender, "ping", to=str(COLLEAGUE))
        for kind, port in (("tcp", 80), ("udp", 9000), ("ping", 0)):
            trial.probe(Crossing.BARRED_OUT, None, sender, kind, to=str(PRODUCTION), port=port)
            for address in (*(one.outside for one in other.footholds), other.outside.router):
                trial.probe(Crossing.OTHER_FENCE, None, sender, kind, to=str(address), port=port)
        told = {"mac": INSIDE[member].mac, "source": str(INSIDE[member].address)}
        for address in (*TO_ALL, str(SUBNETS[logical].broadcast_address), str(fenced.OUTSIDE.broadcast_address)):
            trial.probe(Crossing.BROADCAST, None, sender, "frame", to=address, port=7777, **told)


def try_from_outside(trial: Trial, fence: Fence) -> None:
    comes_in = passes(Crossing.IN, fence.mode)
    for one in fence.footholds:
        name, to = f"{fence.name}-{one.member}", str(one.outside)
        reached = f"{name} {COLLEAGUE}" if comes_in else None
        trial.probe(Crossing.IN, reached, "colleague", "tcp", to=to, port=PUBLISHED)
        is_all = comes_in and not fence.ports
        trial.probe(Crossing.UNPUBLISHED, reached if is_all else None, "colleague", "tcp", to=to, port=UNPUBLISHED)
        trial.probe(Crossing.UNPUBLISHED, reached if is_all else None, "colleague", "udp", to=to, port=9000)
        trial.probe(Crossing.UNPUBLISHED, to if is_all else None, "colleague", "ping", to=to)
        for kind, port in (("tcp", PUBLISHED), ("udp", 9000), ("ping", 0)):
            trial.probe(Crossing.BARRED_IN, None, "production", kind, to=to, port=port)
            trial.probe(Crossing.INNER_ADDRESS, None, "colleague", kind, to=str(one.address), port=port)
    for kind, port in (("tcp", 80), ("udp", 53), ("ping", 0)):
        trial.probe(Crossing.IN, None, "colleague", kind, to=str(fence.outside.router), port=port)
    told = {"mac": fenced.HOSTS["colleague"][1], "source": str(COLLEAGUE)}
    for address in (*TO_ALL, str(fenced.OUTSIDE.broadcast_address), str(SUBNETS[FRONT].broadcast_address)):
        trial.probe(Crossing.BROADCAST, None, "colleague", "frame", to=address, port=7777, **told)


def try_lies(trial: Trial, fence: Fence) -> None:
    """Frames that lie, and questions that must not be answered. What came of them is in the capture."""
    for member, logical in ((WEB, FRONT), (DB, BACK)):
        sender, own = f"{fence.name}-{member}", INSIDE[member]
        router = next(one.mac for one in fence.segments if one.logical == logical)
        other = INSIDE[DB if member == WEB else WEB]
        lies = [
            {"mac": own.mac, "source": str(COLLEAGUE)},
            {"mac": own.mac, "source": str(other.address)},
            {"mac": own.mac, "source": str(SUBNETS[logical][77])},
            {"mac": LIAR, "source": str(own.address)},
            {"mac": LIAR, "source": "127.0.0.1"},
        ]
        for lie in lies:
            trial.probe(Crossing.SPOOFED, None, sender, "frame", to=str(COLLEAGUE), port=7777, to_mac=router, **lie)
        trial.probe(Crossing.ARP, None, sender, "frame", mac=own.mac, source=str(own.address), arp=str(COLLEAGUE))
        trial.probe(
            Crossing.ARP, None, sender, "frame", mac=own.mac, source=str(own.address), arp=str(fence.outside.router)
        )
        for kind in ("router-solicitation", "router-advertisement", "neighbour-solicitation", "echo"):
            for to in (ALL_NODES, "fe80::1"):
                where = {"source": "fe80::a5", "to": to, "mac": own.mac, "to_mac": router}
                trial.probe(Crossing.IPV6, None, sender, "frame", ipv6=kind, **where)
        for address in (own.address, GATEWAYS[logical]):
            host = fenced.HOSTS["colleague"]
            asked = {"mac": host[1], "source": str(host[0]), "arp": str(address)}
            trial.probe(Crossing.ARP, None, "colleague", "frame", **asked)
        from_outside = {"mac": fenced.HOSTS["colleague"][1], "to_mac": fence.outside.mac, "port": 7777}
        reached = next(str(one.outside) for one in fence.footholds if one.member == member)
        for source in (str(other.address), str(own.address)):
            trial.probe(Crossing.SPOOFED, None, "colleague", "frame", source=source, to=reached, **from_outside)
            straight = {"source": str(COLLEAGUE), "to": str(own.address)}
            trial.probe(Crossing.INNER_ADDRESS, None, "colleague", "frame", **straight, **from_outside)
    for kind in ("router-advertisement", "neighbour-solicitation", "echo"):
        where = {"source": "fe80::10", "to": ALL_NODES, "mac": fenced.HOSTS["colleague"][1]}
        trial.probe(Crossing.IPV6, None, "colleague", "frame", ipv6=kind, to_mac=fence.outside.mac, **where)


def nothing_leaked(trial: Trial, fences: tuple[Fence, ...]) -> None:
    """Hold the captured frames against what may be seen: outside nothing of the inside, and inside no strangers."""
    ours = {fenced.HOSTS[name][1] for name in fenced.HOSTS}
    outside = [frame for frame in trial.frames["outside"] if not (frame["mac"] in ours and is_lie(frame))]
    assert len(trial.frames["outside"]) > 0
    assert {frame["mac"] for frame in outside} <= ours | {one.outside.mac for one in fences}
    assert INSIDE_MACS.isdisjoint({frame["to_mac"] for frame in outside})
    from_routers = [frame for frame in outside if frame["mac"] not in ours]
    packets = [frame for frame in from_routers if frame["kind"] == IPV4]
    assert INSIDE_ADDRESSES.isdisjoint({frame.get(end) for frame in from_routers for end in ("source", "target")})
    assert [frame for frame in from_routers if frame["kind"] == IPV6 or port_of(frame) == "7777"] == []
    assert str(PRODUCTION) not in {frame["target"] for frame in packets}
    for fence in fences:
        sent = {frame["target"] for frame in packets if frame["mac"] == fence.outside.mac}
        assert sent.isdisjoint(strangers(fence, fences))
    for fence in fences:
        for segment in fence.segments:
            inside = trial.frames[f"{fence.name}-{segment.logical}"]
            assert len(inside) > 0
            assert {frame["mac"] for frame in inside} <= {*INSIDE_MACS, segment.mac, LIAR}
            sent = [frame for frame in inside if frame["mac"] == segment.mac]
            assert [frame for frame in sent if frame["kind"] == IPV6] == []
            answers = {frame["source"] for frame in sent if frame["kind"] == ARP}
            assert answers <= {str(segment.gateway)}
            assert "7777" not in {port_of(frame) for frame in sent}
            assert {frame.get("source") for frame in sent}.isdisjoint({*strangers(fence, fences), str(PRODUCTION)})


def strangers(fence: Fence, fences: tuple[Fence, ...]) -> set[str]:
    """Return the outside addresses of fences that this one is not connected to."""
    others = {one.outside for other in fences if other is not fence for one in other.footholds}
    return {str(address) for address in others - set(fence.peer_addresses)}


def is_lie(frame: dict) -> bool:
    """Whether a frame is one that we let a host outside send ourselves."""
    return frame["kind"] in (IPV6, ARP) or port_of(frame) == "7777" or frame.get("target") in INSIDE_ADDRESSES


def port_of(frame: dict) -> str:
    """Return the port that a UDP frame goes to; empty for others."""
    udp = "11"
    return str(int(frame["text"][72:76], 16)) if frame["kind"] == IPV4 and frame["text"][46:48] == udp else ""


def test_fences_that_are_connected_on_purpose_reach_each_other_and_nobody_more():
    mode = FenceMode.IN_AND_OUT
    bare = [fenced.fence(name, number, mode) for number, name in enumerate(("a", "b", "c"))]
    addresses = {one.name: tuple(foothold.outside for foothold in one.footholds) for one in bare}
    one, other = (
        replace(fence, peers=(Peer(name=peer, addresses=addresses[peer]),))
        for fence, peer in ((bare[0], "b"), (bare[1], "a"))
    )
    trial = Trial(one, other, bare[2])
    outside = {fence.name: {foothold.member: foothold.outside for foothold in fence.footholds} for fence in bare}
    for came, goes in (("a", "b"), ("b", "a")):
        to, seen = str(outside[goes][DB]), outside[came][WEB]
        trial.probe(Crossing.PEER, f"{goes}-{DB} {seen}", f"{came}-{WEB}", "tcp", to=to, port=5432)
        trial.probe(Crossing.PEER, f"{goes}-{DB} {seen}", f"{came}-{WEB}", "udp", to=to, port=9000)
        trial.probe(Crossing.PEER, to, f"{came}-{WEB}", "ping", to=to)
    for came, goes in (("a", "c"), ("c", "a"), ("c", "b"), ("b", "c")):
        to = str(outside[goes][WEB])
        trial.probe(Crossing.OTHER_FENCE, None, f"{came}-{DB}", "tcp", to=to, port=80)
    for name in outside:
        db = str(INSIDE[DB].address)
        trial.probe(Crossing.SEGMENT, f"{name}-{DB} {INSIDE[WEB].address}", f"{name}-{WEB}", "tcp", to=db, port=5432)
        trial.probe(Crossing.BARRED_OUT, None, f"{name}-{WEB}", "tcp", to=str(PRODUCTION), port=80)

    trial.run()

    nothing_leaked(trial, (one, other, bare[2]))
