"""What a router is given, and what is told of it."""

import json
from dataclasses import replace
from pathlib import Path

from tests.fences import fenced
from xsconsole.domain.fence.matrix import MATRIX
from xsconsole.domain.fence.router import router_files
from xsconsole.domain.fence.values import FenceMode, Peer, PublishedPort, Services, Transport
from xsconsole.domain.fence.wording import changed_rules, mode_words, rules_in_short, rules_in_words

GOOD = fenced.fence("a", 0, FenceMode.IN_AND_OUT)
INSTANCE = "8a1f1b2c-0000-4000-8000-000000000001"
PAGE = Path(__file__).parents[3] / "docs" / "fences.md"


def test_the_rules_stand_before_anything_is_forwarded():
    told = json.loads(router_files(GOOD, INSTANCE).user_data.removeprefix("#cloud-config\n"))

    commands = [" ".join(command) for command in told["runcmd"]]
    assert commands.index("systemctl restart nftables.service") < commands.index(
        "sysctl -p /etc/sysctl.d/90-fence.conf"
    )
    assert told["write_files"][0]["path"] == "/etc/nftables.conf"


def test_another_rule_is_another_instance_and_the_same_fence_is_the_same():
    shut = replace(GOOD, mode=FenceMode.OUT_ONLY)

    assert router_files(GOOD, INSTANCE) == router_files(GOOD, INSTANCE)
    assert router_files(GOOD, INSTANCE).meta_data != router_files(shut, INSTANCE).meta_data
    assert INSTANCE in router_files(GOOD, INSTANCE).meta_data


def test_without_dhcp_and_dns_no_server_is_set_up_inside():
    told = router_files(replace(GOOD, services=Services()), INSTANCE).user_data

    assert "dnsmasq" not in told
    assert "dport 53" not in told


def test_the_rules_are_told_in_words():
    port = PublishedPort(outside=GOOD.footholds[0].outside, transport=Transport.TCP, port=443, inside_port=8443)
    peer = Peer(name="<b>", addresses=(fenced.POOL[60],))
    fence = replace(GOOD, ports=(port,), peers=(peer,))

    told = rules_in_words(fence)

    assert told == (
        "Between “front” and “back”: everything of IPv4, through the router.",
        "To the router from inside: ping, DHCP, DNS.",
        "From inside to 192.168.50.0/24 and beyond: each as its own address, the others as 192.168.50.64.",
        "From outside to 192.168.50.65: TCP 443 to 8443, to “web-1” (10.0.0.5).",
        "Between this fence and “<b>” (192.168.50.124): as from outside, without bars.",
        "To and from other fences (192.168.50.64/26): nothing.",
        "To and from 192.168.50.200/32: nothing; that is barred.",
        "From inside, but from another card or address than the 3 addresses known: nothing.",
        "Broadcast, multicast and IPv6: nothing.",
    )
    assert rules_in_words(replace(GOOD, mode=FenceMode.ISOLATED))[-3] == (
        "Out or in: nothing. The router has no card outside."
    )
    gone = changed_rules(replace(fence, ports=()), fence)
    assert gone[0] == "No more: From outside to 192.168.50.65: everything of IPv4, to “web-1” (10.0.0.5)."
    assert gone[3:] == ("New: From outside to 192.168.50.65: TCP 443 to 8443, to “web-1” (10.0.0.5).",)
    assert "every port of 192.168.50.65 to 192.168.50.67 leads in" in rules_in_short(replace(fence, ports=()))
    barred = "Other fences but “<b>” and 192.168.50.200/32 are barred both ways."
    assert rules_in_short(fence) == f"All gets out; 1 port of 192.168.50.65 leads in. {barred}"
    assert rules_in_short(replace(fence, mode=FenceMode.OUT_ONLY)) == (
        f"All gets out as 192.168.50.64, and nothing in. {barred}"
    )
    assert rules_in_short(replace(fence, mode=FenceMode.ISOLATED)) == "Nothing passes out or in."


def test_the_documentation_shows_the_table_that_is_tried_with_real_packets():
    lines = [f"| {row.what} | {' | '.join(cell(row.of(mode)) for mode in FenceMode)} |" for row in MATRIX]
    head = f"| | {' | '.join(mode_words(mode) for mode in FenceMode)} |"

    assert "\n".join([head, "|---|---|---|---|", *lines]) in PAGE.read_text("utf-8")


def cell(verdict) -> str:
    return ("yes" if verdict.passes else "no") + (f", {verdict.how}" if verdict.how else "")
