"""The filter of a fence's router does what the modes promise, packet by packet."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.domain.fence.fences import fences, openings
from tests.domain.fence.packet_filter import Packet, follow
from xsconsole.domain.fence.expectation import Opening, Origin, Passage, passage
from xsconsole.domain.fence.findings import findings
from xsconsole.domain.fence.router import network_config
from xsconsole.domain.fence.ruleset import ruleset
from xsconsole.domain.fence.values import Fence


@settings(max_examples=150)
@given(st.data())
def test_a_random_packet_passes_the_filter_just_where_the_mode_lets_it(data):
    fence = data.draw(fences())
    for opening in data.draw(st.lists(openings(fence), min_size=5, max_size=20)):
        found = filtered(fence, opening)
        event(f"{opening.origin}: {'passes' if found else 'does not pass'}")
        assert found == passage(fence, opening), opening


@given(fences())
def test_what_is_drawn_here_has_no_errors(fence):
    assert [one for one in findings(fence) if one.is_error] == []


def filtered(fence: Fence, opening: Opening) -> Passage | None:
    cards = network_config(fence)["ethernets"]
    came = "outside" if opening.origin is Origin.OUTSIDE else interface_on(fence, opening.logical)
    packet = Packet(
        came=came,
        source=opening.source,
        target=opening.target,
        mac=opening.mac,
        proto=opening.transport or "icmp",
        port=opening.port,
    )
    has_gateway = fence.outside is not None and fence.outside.gateway is not None
    addresses = {name: card["addresses"] for name, card in cards.items()}
    if came not in addresses:
        return None
    out = follow(ruleset(fence), packet, addresses, has_gateway=has_gateway)
    return out and Passage(source=out.source, target=out.target, port=out.port)


def interface_on(fence: Fence, logical: str) -> str:
    return next((fence.interface(one) for one in fence.routed if one.logical == logical), "")
