"""What single words of the command line mean, and what is said of one that means nothing."""

import argparse
import math
import re
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv4Address

from xsconsole.domain.fence.typed import port_of
from xsconsole.domain.fence.values import Transport
from xsconsole.domain.redaction import REDACTIONS

SHORTEST_DIGEST = 8
SEAT_NUMBERS = ("order", "start-delay", "shutdown-delay")


def pair(text: str) -> tuple[str, str]:
    old, separator, new = text.partition("=")
    if not separator or not old or not new:
        raise argparse.ArgumentTypeError(f"OLD=NEW, two stages, not {text}")
    return old, new


def mapped(text: str) -> tuple[str, str]:
    old, separator, new = text.rpartition("=")
    if not separator or not old or not new:
        raise argparse.ArgumentTypeError(f"A=B, two networks, not {text}")
    return old, new


def assigned(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"NAME=VALUE, a parameter, not {text}")
    return name, value


def seat(text: str) -> tuple[str, dict[str, str]]:
    """Read `VM:order=2,start-delay=30`; a name may hold colons."""
    name, separator, said = text.rpartition(":")
    parts = [part.partition("=") for part in said.split(",")]
    found = {key.strip(): value.strip() for key, _, value in parts}
    numbers = [value for key, value in found.items() if key in SEAT_NUMBERS]
    is_fit = all(sign and key.strip() in (*SEAT_NUMBERS, "role") for key, sign, _ in parts)
    if not separator or not name or not is_fit or not all(one.isascii() and one.isdecimal() for one in numbers):
        raise argparse.ArgumentTypeError(f"VM:role=R,order=N,start-delay=S,shutdown-delay=S, some of them, not {text}")
    return name, found


def card_address(text: str) -> tuple[str, str, IPv4Address]:
    """Read `web-1.0=10.0.0.5`: a member, a card of it, and the address of that."""
    card, separator, address = text.rpartition("=")
    member, dot, device = card.rpartition(".")
    try:
        if not (separator and dot and member and device.isascii() and device.isdecimal()):
            raise AddressValueError(text)
        return member, device, IPv4Address(address)
    except AddressValueError:
        raise argparse.ArgumentTypeError(f"MEMBER.DEVICE=IP, such as web-1.0=10.0.0.5, not {text}") from None


def published(text: str) -> tuple[str, Transport, int, int]:
    """Read `web-1:tcp/443` or `web-1:tcp/8443:443`: a member, a port outside, and the one inside that it leads to."""
    found = re.fullmatch(r"(.+):((?:tcp|udp)/.+)", text, re.IGNORECASE)
    port = port_of(found.group(2)) if found is not None else None
    if found is None or port is None:
        raise argparse.ArgumentTypeError(f"MEMBER:tcp/PORT or MEMBER:udp/PORT:INSIDE, not {text}")
    return found.group(1), *port


def count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text}")
    return int(text)


def instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a time such as 2026-12-24T18:00+01:00, not {text}") from None
    return at.astimezone(UTC)


def speed(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0.001 <= found <= 1000:
        raise argparse.ArgumentTypeError(f"a number from 0.001 to 1000, not {text}")
    return found


def digest(text: str) -> str:
    given = text.strip().lower()
    if not re.fullmatch(f"[0-9a-f]{{{SHORTEST_DIGEST},64}}", given):
        raise argparse.ArgumentTypeError(f"{SHORTEST_DIGEST} to 64 hexadecimal digits, as `xsconsole plan` shows them")
    return given


def redactions(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    if not set(found) <= set(REDACTIONS):
        raise argparse.ArgumentTypeError(f"some of {', '.join(REDACTIONS)}, with commas between them, not {text}")
    return found


def fingerprint(text: str) -> str:
    """Return the fingerprint of a key, which is one whole SHA-256: the beginning of one would vouch for others too."""
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError("all 64 hexadecimal digits, as `xsconsole key show` says them")
    return text.lower()
