"""Signed heads of an audit chain: a statement, at a time, that the chain reaches a row. `docs/audit-format.md`."""

import hashlib
from datetime import UTC, datetime

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.signing import SignatureCheck, Signer

FORMAT = 1
HEAD_TYPE = "xsconsole audit head"
EVERY_ROWS = 100


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """That a chain reached row `seq`, whose digest is `digest`, at `at`, by the word of a key. All bytes are hex."""

    chain_id: str
    seq: int
    digest: str
    at: str  # RFC 3339 in UTC, with microseconds
    public_key: str
    signature: str
    format: int = FORMAT
    type: str = HEAD_TYPE

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.at).astimezone(UTC)

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(_raw(self.public_key)).hexdigest()


def head_bytes(chain_id: str, seq: int, digest: str, at: str) -> bytes:
    """Return what the signature of a head covers."""
    return canonical_bytes(
        {"at": at, "chain_id": chain_id, "digest": digest, "format": FORMAT, "seq": seq, "type": HEAD_TYPE}
    )


def signed_head(chain_id: str, seq: int, digest: str, at: str, signer: Signer) -> SignedHead:
    signature = signer.sign(head_bytes(chain_id, seq, digest, at))
    return SignedHead(
        chain_id=chain_id,
        seq=seq,
        digest=digest,
        at=at,
        public_key=signer.public_key.hex(),
        signature=signature.hex(),
    )


def is_genuine(head: SignedHead, check: SignatureCheck) -> bool:
    """Whether the key that a head names made it."""
    try:
        covered = head_bytes(head.chain_id, head.seq, head.digest, head.at)
    except ValueError:  # a text of a damaged file that is no Unicode
        return False
    return check(_raw(head.public_key), _raw(head.signature), covered)


def to_text(head: SignedHead) -> str:
    """Return a head as one line of JSON, names sorted."""
    return msgspec.json.encode(head, order="sorted").decode()


def head_of(text: str) -> SignedHead | None:
    """Read a head; None where the text is none, or of a format that this program does not know."""
    try:
        head = msgspec.json.decode(text, type=SignedHead)
        instant = head.instant
    except (msgspec.DecodeError, UnicodeEncodeError, ValueError, OverflowError):
        return None
    is_known = (head.type, head.format) == (HEAD_TYPE, FORMAT)
    return head if is_known and head.seq > 0 and instant.tzinfo is not None else None


def _raw(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
