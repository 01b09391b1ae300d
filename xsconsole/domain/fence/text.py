"""Fences and what they are built on, as JSON: on the pool, in plans and in files."""

from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

import msgspec

from xsconsole.domain.canonical import Json, canonical_bytes
from xsconsole.errors import Refused

T = TypeVar("T")
SHOWN = 200


def to_plain(value: object) -> Json:
    """Return a value of this package as JSON knows it."""
    plain: Json = msgspec.to_builtins(value, enc_hook=str)
    return plain


def to_text(value: object) -> bytes:
    """Return the canonical text of a value of this package."""
    return canonical_bytes(to_plain(value))


def from_plain(plain: object, kind: type[T]) -> T:
    """Read what `to_plain` wrote.

    Raises:
        msgspec.ValidationError: it is none of that kind.
    """
    return msgspec.convert(plain, kind, dec_hook=_address)


def from_text(text: bytes, kind: type[T], what: str) -> T:
    """Read what `to_text` wrote, or somebody typed. `what` says what it should be.

    Raises:
        Refused: no JSON, or none of that kind; with the place.
    """
    try:
        return msgspec.json.decode(text, type=kind, dec_hook=_address)
    except msgspec.MsgspecError as failure:
        raise Refused(
            reason=f"This is no {what}: {str(failure)[:SHOWN]}.", mend=f"Export the {what} again, or correct the text."
        ) from failure


def _address(kind: type, value: object) -> IPv4Address | IPv4Network:
    if kind in (IPv4Address, IPv4Network) and isinstance(value, str):
        found: IPv4Address | IPv4Network = kind(value)
        return found
    raise NotImplementedError(kind)
