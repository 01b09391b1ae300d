"""What passes a fence and what does not, kind by kind and mode by mode.

One table for three readers: the documentation, the map of a fence, and the test that tries every line of it with real
packets. `expectation` says the same of a single packet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xsconsole.domain.fence.values import FenceMode


class Crossing(StrEnum):
    """A kind of traffic, as somebody asks for it who wants to know whether it leaks."""

    NEIGHBOUR = "neighbour"
    SEGMENT = "segment"
    ROUTER = "router"
    NAMES = "names"
    OUT = "out"
    BARRED_OUT = "barred-out"
    OTHER_FENCE = "other-fence"
    PEER = "peer"
    IN = "in"
    UNPUBLISHED = "unpublished"
    INNER_ADDRESS = "inner-address"
    BARRED_IN = "barred-in"
    SPOOFED = "spoofed"
    BROADCAST = "broadcast"
    ARP = "arp"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a kind passes, and how, in words that follow on 'yes' or 'no'."""

    passes: bool
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table: `always`, but for the modes that `verdicts` names."""

    crossing: Crossing
    what: str
    always: Verdict
    verdicts: Mapping[FenceMode, Verdict]

    def of(self, mode: FenceMode) -> Verdict:
        return self.verdicts.get(mode, self.always)


_YES, _NO = Verdict(passes=True), Verdict(passes=False)
_OUT, _BOTH = FenceMode.OUT_ONLY, FenceMode.IN_AND_OUT


def _row(crossing: Crossing, what: str, always: Verdict, verdicts: Mapping[FenceMode, Verdict] | None = None) -> Row:
    return Row(crossing=crossing, what=what, always=always, verdicts=MappingProxyType(dict(verdicts or {})))


MATRIX: tuple[Row, ...] = (
    _row(Crossing.NEIGHBOUR, "a member to another on the same network", Verdict(passes=True, how="without the router")),
    _row(
        Crossing.SEGMENT, "a member to another network of its fence", Verdict(passes=True, how="if both have a gateway")
    ),
    _row(Crossing.ROUTER, "a member to its gateway: ping", _YES),
    _row(Crossing.NAMES, "a member to its gateway: DHCP, DNS", Verdict(passes=True, how="where the fence gives them")),
    _row(
        Crossing.OUT,
        "a member to the outside network and beyond",
        _NO,
        {
            _OUT: Verdict(passes=True, how="as the router's address"),
            _BOTH: Verdict(passes=True, how="as its own outside address, else the router's"),
        },
    ),
    _row(Crossing.BARRED_OUT, "a member to a barred network", _NO),
    _row(Crossing.OTHER_FENCE, "a member to another fence", _NO),
    _row(
        Crossing.PEER,
        "a member to a fence that is connected on purpose",
        _NO,
        {
            _OUT: Verdict(passes=True, how="to the outside addresses of the other one, if that lets in"),
            _BOTH: Verdict(passes=True, how="to the outside addresses of the other one, if that lets in"),
        },
    ),
    _row(
        Crossing.IN,
        "from outside to a member's outside address",
        _NO,
        {_BOTH: Verdict(passes=True, how="to published ports, or to all where none is published")},
    ),
    _row(Crossing.UNPUBLISHED, "from outside to another port, where ports are published", _NO),
    _row(Crossing.INNER_ADDRESS, "from outside to an inside address, by whatever way", _NO),
    _row(Crossing.BARRED_IN, "from a barred network to a member", _NO),
    _row(Crossing.SPOOFED, "whatever says that it comes from an address or card that it does not come from", _NO),
    _row(Crossing.BROADCAST, "broadcast and multicast, either way", _NO),
    _row(Crossing.ARP, "ARP for an address of the other side", _NO),
    _row(Crossing.IPV6, "IPv6 of any kind, either way", _NO),
)
