"""What is said of a fence before it is built."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.fences import fenced
from tests.fences.fenced import BACK, FRONT, POOL, SUBNETS, WEB
from xsconsole.domain.fence.findings import findings
from xsconsole.domain.fence.values import Fence, FenceMode, Peer, PublishedPort, Services, Transport

GOOD = fenced.fence("a", 0, FenceMode.IN_AND_OUT)
FIRST, *REST = GOOD.footholds


def with_segment(**changes) -> Fence:
    return replace(GOOD, segments=(replace(GOOD.segments[0], **changes), *GOOD.segments[1:]))


def with_foothold(**changes) -> Fence:
    return replace(GOOD, footholds=(replace(FIRST, **changes), *REST))


def with_outside(**changes) -> Fence:
    return replace(GOOD, outside=replace(GOOD.outside, **changes))


def port(number: int = 80, address: IPv4Address | None = None) -> PublishedPort:
    return PublishedPort(outside=address or FIRST.outside, transport=Transport.TCP, port=number, inside_port=80)


AMISS = [
    ("no-network", replace(GOOD, segments=()), ""),
    ("doubled-network", replace(GOOD, segments=(*GOOD.segments, GOOD.segments[0])), "front"),
    ("one-subnet-twice", with_segment(subnet=SUBNETS[BACK]), "front"),
    ("gateway-astray", with_segment(gateway=IPv4Address("10.0.9.1")), "front"),
    ("gateway-astray", with_segment(gateway=SUBNETS[FRONT].broadcast_address), "front"),
    ("gateway-taken", with_segment(gateway=FIRST.address), "front"),
    ("router-mac", with_segment(mac=""), "front"),
    ("no-such-network", with_foothold(logical="backup"), WEB),
    ("address-astray", with_foothold(address=IPv4Address("10.9.9.9")), WEB),
    ("address-twice", with_foothold(address=REST[0].address), "front"),
    ("mac-twice", with_foothold(mac=REST[0].mac.upper()), "front"),
    ("mac", with_foothold(mac="=cmd()"), WEB),
    ("mac", with_foothold(mac="01:00:5e:00:00:01"), WEB),
    ("name", with_foothold(member="<script>\nserver=6.6.6.6"), "<script>\nserver=6.6.6.6"),
    ("outside-twice", with_foothold(outside=REST[0].outside), str(REST[0].outside)),
    ("outside-twice", with_foothold(outside=GOOD.outside.router), ""),
    ("outside-astray", with_foothold(outside=IPv4Address("192.168.51.9")), WEB),
    ("not-of-pool", with_foothold(outside=IPv4Address("192.168.50.9")), WEB),
    ("no-outside", replace(GOOD, outside=None), ""),
    ("no-way-out", replace(GOOD, segments=tuple(replace(one, gateway=None) for one in GOOD.segments)), ""),
    ("overlap", with_outside(subnet=IPv4Network("10.0.0.0/8")), "front"),
    ("overlap", with_outside(pool=(IPv4Network("10.0.1.128/25"), POOL)), "back"),
    ("gateway-astray", with_outside(gateway=IPv4Address("10.1.1.1")), ""),
    ("gateway-taken", with_outside(gateway=GOOD.outside.router), "router"),
    ("router-mac", with_outside(mac="no"), ""),
    ("port-to-nobody", replace(GOOD, ports=(port(address=POOL[40]),)), str(POOL[40])),
    ("port", replace(GOOD, ports=(port(0),)), str(FIRST.outside)),
    ("port-twice", replace(GOOD, ports=(port(), port())), str(FIRST.outside)),
    ("domain", replace(GOOD, services=Services(has_dns=True, domain="shop..test\n")), ""),
    ("not-of-pool", replace(GOOD, peers=(Peer(name="b", addresses=(IPv4Address("8.8.8.8"),)),)), ""),
    (
        "peer-isolated",
        replace(GOOD, mode=FenceMode.ISOLATED, peers=(Peer(name="b", addresses=(POOL[60],)),)),
        "",
    ),
]


@pytest.mark.parametrize(("rule", "fence", "subject"), AMISS)
def test_what_cannot_be_built_is_named_with_its_mend(rule, fence, subject):
    found = [one for one in findings(fence) if one.rule == rule]

    assert (subject, True) in [(one.subject, one.is_error) for one in found]
    assert all(one.sentence.endswith(".") and one.mend.endswith(".") for one in found)


def test_a_whole_fence_has_nothing_amiss():
    assert findings(GOOD) == ()


def test_whom_nobody_can_reach_and_what_leads_nowhere_is_worth_a_word():
    fence = with_foothold(outside=None)
    blind = replace(with_segment(gateway=None), footholds=tuple(replace(one, outside=None) for one in GOOD.footholds))

    assert [(one.rule, one.subject, one.is_error) for one in findings(fence)] == [("not-reached", WEB, False)]
    assert ("gateway-unknown", "front", False) in [(one.rule, one.subject, one.is_error) for one in findings(blind)]
