"""One way to turn a value into bytes, so that equal values have equal digests (RFC 8785)."""

import hashlib
from collections.abc import Mapping, Sequence

import rfc8785

from xsconsole.domain.ids import Digest

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def canonical_bytes(value: Json) -> bytes:
    """Return the canonical JSON of `value`.

    Raises:
        rfc8785.CanonicalizationError: an integer beyond 2^53 or text that is not Unicode.
    """
    return rfc8785.dumps(value)


def digest_of(value: Json) -> Digest:
    return Digest(hashlib.sha256(canonical_bytes(value)).hexdigest())
