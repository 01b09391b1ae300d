"""One way to turn a value into bytes, so that equal values have equal digests (RFC 8785)."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import rfc8785

from xsconsole.domain.ids import Digest

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


DEEPEST = 50
MOST = (1 << 53) - 1


def canonical_bytes(value: Json) -> bytes:
    """Return the canonical JSON of `value`.

    Raises:
        rfc8785.CanonicalizationError: an integer beyond 2^53 or text that is not Unicode.
    """
    if isinstance(value, str) or _is_plain(value, 0):
        try:
            return plain_bytes(value)
        except (UnicodeEncodeError, TypeError):
            pass  # half a character: the library says so in its own words; or a text of a class of its own
    return rfc8785.dumps(value)


def plain_bytes(value: Json) -> bytes:
    """Return the same of what is known to be plain: names in ASCII, whole numbers up to 2^53, nothing but JSON.

    Raises:
        UnicodeEncodeError: text that is not Unicode.
    """
    return msgspec.json.encode(value, order="sorted")


def _is_plain(value: Any, depth: int) -> bool:
    """Whether the fast encoder, which is many times faster, writes the same: no fractions, names in plain ASCII.

    Names beyond ASCII may sort otherwise, as UTF-16 does; fractions are printed otherwise.
    """
    kind = type(value)
    if kind is dict:
        if not all(type(name) is str and name.isascii() for name in value):
            return False
        inner = value.values()
    elif kind is list or kind is tuple:
        inner = value
    elif kind is int:
        return bool(-MOST <= value <= MOST)
    else:
        return value is None or isinstance(value, str | bool)
    return depth < DEEPEST and all(type(one) is str or _is_plain(one, depth + 1) for one in inner)


def digest_of(value: Json) -> Digest:
    return Digest(hashlib.sha256(canonical_bytes(value)).hexdigest())
