"""The audit chain: what a row and a group signature are, byte by byte. `docs/audit-format.md` defines format 1."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from xsconsole.domain.canonical import plain_bytes

FORMAT = 1
SALT_BYTES = 16
FIRST_PREVIOUS = bytes(32)
GROUP_TYPE = "xsconsole audit group"


class SaltedValue(msgspec.Struct, frozen=True, kw_only=True):
    """The clear value of a field, as canonical JSON, and the salt that its hash needs."""

    salt: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One row. `canonical` is exactly what `digest` covers; `values` may be withheld, one by one."""

    chain_id: str
    seq: int
    canonical: bytes
    digest: bytes
    values: Mapping[str, SaltedValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSignature:
    """One signature over the rows that were committed together; `head` is the digest of the last of them."""

    chain_id: str
    first_seq: int
    last_seq: int
    head: bytes
    fingerprint: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a chain. An empty chain has `seq` 0."""

    chain_id: str
    seq: int
    digest: bytes


def salted_hash(name: str, salted: SaltedValue) -> str:
    """Return the hash under which a row names the value of a field."""
    return sha256(b"\0".join((salted.salt, name.encode(), salted.value))).hexdigest()


def seal(head: Head, fields: Mapping[str, bytes], salt: Callable[[int], bytes]) -> ChainRow:
    """Return the row that follows `head`. `fields` are canonical JSON under names in ASCII.

    `salt` returns so many random bytes: it is asked once, for all fields, as each asking goes to the system.
    """
    salts = salt(SALT_BYTES * len(fields))
    values = {
        name: SaltedValue(salt=salts[at : at + SALT_BYTES], value=value)
        for at, (name, value) in zip(range(0, len(salts), SALT_BYTES), fields.items(), strict=True)
    }
    seq = head.seq + 1
    canonical = plain_bytes(
        {
            "chain_id": head.chain_id,
            "fields": {name: salted_hash(name, salted) for name, salted in values.items()},
            "format": FORMAT,
            "previous": head.digest.hex(),
            "seq": seq,
        }
    )
    return ChainRow(
        chain_id=head.chain_id,
        seq=seq,
        canonical=canonical,
        digest=sha256(canonical).digest(),
        values=values,
    )


def head_after(row: ChainRow) -> Head:
    return Head(chain_id=row.chain_id, seq=row.seq, digest=row.digest)


def group_bytes(chain_id: str, first_seq: int, last_seq: int, head: bytes) -> bytes:
    """Return what the signature of a commit group covers."""
    return plain_bytes(
        {
            "chain_id": chain_id,
            "first_seq": first_seq,
            "format": FORMAT,
            "head": head.hex(),
            "last_seq": last_seq,
            "type": GROUP_TYPE,
        }
    )
