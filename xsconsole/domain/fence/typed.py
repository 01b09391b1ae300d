"""What people type about fences: addresses, and ports to be published."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from xsconsole.domain.fence.findings import HIGHEST_PORT
from xsconsole.domain.fence.values import Transport
from xsconsole.domain.naming import shortened
from xsconsole.errors import Refused

Port = tuple[Transport, int, int]
"""A transport, a port outside, and the one inside that it leads to."""

_PORT = re.compile(r"(tcp|udp)/([0-9]{1,5})(?::([0-9]{1,5}))?", re.IGNORECASE)
_TAGS = re.compile(r"([0-9]{1,4})\s*-\s*([0-9]{1,4})")
SHOWN = 40


def port_of(text: str) -> Port | None:
    """Read `tcp/443`, or `udp/5353:53` for another port inside; None for anything else."""
    found = _PORT.fullmatch(text)
    if found is None:
        return None
    transport, port, inside = found.groups()
    return Transport(transport.lower()), int(port), int(inside or port)


def ports_of(text: str) -> tuple[Port, ...]:
    """Read ports with commas or blanks between.

    Raises:
        Refused: one of them is none.
    """
    found = []
    for word in text.replace(",", " ").split():
        port = port_of(word)
        if port is None or not all(0 < number <= HIGHEST_PORT for number in port[1:]):
            raise Refused(
                reason=f"“{shortened(word, SHOWN)}” is no port.", mend="Write such as tcp/443, or tcp/8443:443."
            )
        found.append(port)
    return tuple(found)


def address_of(text: str) -> IPv4Address | None:
    """Read an address; None where nothing is typed.

    Raises:
        Refused: it is none.
    """
    if not text.strip():
        return None
    try:
        return IPv4Address(text.strip())
    except AddressValueError as failure:
        raise Refused(
            reason=f"“{shortened(text.strip(), SHOWN)}” is no IPv4 address.", mend="Write such as 10.0.0.5."
        ) from failure


def network_of(text: str) -> IPv4Network | None:
    """Read a network such as `192.168.50.0/24`; None where nothing is typed.

    Raises:
        Refused: it is none.
    """
    if not text.strip():
        return None
    try:
        return IPv4Network(text.strip())
    except ValueError as failure:
        raise Refused(
            reason=f"“{shortened(text.strip(), SHOWN)}” is no IPv4 network.", mend="Write such as 192.168.50.0/24."
        ) from failure


def networks_of(text: str) -> tuple[IPv4Network, ...]:
    """Read networks with commas or blanks between; a single address is one of its own.

    Raises:
        Refused: one of them is none.
    """
    return tuple(found for word in text.replace(",", " ").split() if (found := network_of(word)) is not None)


def addresses_of(text: str) -> tuple[IPv4Address, ...]:
    """Read addresses with commas or blanks between.

    Raises:
        Refused: one of them is none.
    """
    return tuple(found for word in text.replace(",", " ").split() if (found := address_of(word)) is not None)


def tags_of(text: str) -> tuple[int, int] | None:
    """Read a first and a last VLAN tag, such as `3000-3099`; None where nothing is typed.

    Raises:
        Refused: it is no range.
    """
    if not text.strip():
        return None
    found = _TAGS.fullmatch(text.strip())
    if found is None:
        raise Refused(
            reason=f"“{shortened(text.strip(), SHOWN)}” is no range of tags.", mend="Write such as 3000-3099."
        )
    return int(found.group(1)), int(found.group(2))
