"""Small bundles made of small histories, and what somebody could do to them who knows the format."""

import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.heads import signed_head, to_text
from xsconsole.domain.record import Verdict
from xsconsole.reports.bundle import Order, write_bundle
from xsconsole.reports.verifier.container import END, Part, central_entry, local_head, parts_of
from xsconsole.reports.verifier.program import covered_by_signature, verify
from xsconsole.reports.verifier.values import Found
from xsconsole.store.chain import (
    FIRST_PREVIOUS,
    ChainRow,
    GroupSignature,
    Head,
    SaltedValue,
    group_bytes,
    head_after,
    seal,
)
from xsconsole.store.keys import SigningKey, is_signature
from xsconsole.store.verification import verify as verify_in_store

KEY = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHAIN = "0f3a" * 8
BEGIN = datetime(2026, 11, 23, 14, 2, 11, 42, tzinfo=UTC)


@dataclass
class Story:
    """Rows and groups as a bundle holds them, and what its manifest says; everything can be changed."""

    rows: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    key: SigningKey = KEY
    redacted: tuple[str, ...] = ()
    first_seq: int = 1
    head: tuple[int, str] = (0, "")
    files: dict[str, bytes] = field(default_factory=dict)
    chain: str = CHAIN
    heads: list[dict[str, Any]] = field(default_factory=list)
    anchors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def last_seq(self) -> int:
        return self.head[0]

    @property
    def previous(self) -> bytes:
        return FIRST_PREVIOUS

    @property
    def keys(self) -> Mapping[str, bytes]:
        return {KEY.fingerprint: KEY.public_key, STRANGER.fingerprint: STRANGER.public_key}

    def source(self) -> "Source":
        return Source(self)

    def ended(self) -> "Story":
        """Let the manifest say that the chain ends where the rows do."""
        self.head = (json.loads(self.rows[-1]["canonical"])["seq"], self.rows[-1]["digest"])
        return self


@dataclass
class Source:
    story: Story

    def rows(self) -> Iterator[dict[str, Any]]:
        return iter(self.story.rows)

    def groups(self) -> Iterator[dict[str, Any]]:
        return iter(self.story.groups)


def told(
    number: int = 10,
    *,
    key: SigningKey = KEY,
    in_group: int = 2,
    change: Callable[[int, dict[str, Any]], None] = lambda _seq, _fields: None,
    chain: str = CHAIN,
) -> Story:
    """Tell of so many rows, signed two by two; `change` may give a row other fields."""
    head, story, first = Head(chain_id=chain, seq=0, digest=FIRST_PREVIOUS), Story([], [], key, chain=chain), 1
    for seq in range(1, number + 1):
        fields: dict[str, Any] = {
            "event": "run.opened" if seq % 3 else "approval.decided",
            "at": (BEGIN + timedelta(seconds=seq)).isoformat(),
            "monotonic_ns": str(seq * 1_000_000_000),
            "actor": "alice",
            "reason": "a patch",
        }
        change(seq, fields)
        encoded = {name: canonical_bytes(value) for name, value in fields.items()}
        row = seal(head, encoded, lambda count, seq=seq: bytes([seq % 256]) * count)
        head = head_after(row)
        story.rows.append(
            {
                "canonical": row.canonical.decode(),
                "digest": row.digest.hex(),
                "shown": True,
                "values": {n: {"salt": one.salt.hex(), "value": one.value.decode()} for n, one in row.values.items()},
            }
        )
        if seq % in_group == 0 or seq == number:
            story.groups.append(signed_group(first, head, key))
            first = seq + 1
    return story.ended()


def head_at(story: Story, seq: int, key: SigningKey = KEY, at: str = "2026-11-23T14:03:00.000000Z") -> dict[str, Any]:
    """Return a signed head of a row of a story."""
    stated = signed_head(CHAIN, seq, story.rows[seq - 1]["digest"], at, key)
    found: dict[str, Any] = json.loads(to_text(stated))
    return found


def anchor_of(head: dict[str, Any]) -> dict[str, Any]:
    """Return how a bundle says that a pool keeps a head."""
    place = {"place": "p", "place_name": "acme", "reference": f"xsconsole.anchor.{CHAIN}"}
    return {"head": head, "kept_at": head["at"], "kind": "pool-key", **place}


def signed_group(first_seq: int, head: Head, key: SigningKey) -> dict[str, Any]:
    signature = key.sign(group_bytes(head.chain_id, first_seq, head.seq, head.digest))
    return {
        "chain_id": head.chain_id,
        "fingerprint": key.fingerprint,
        "first_seq": first_seq,
        "head": head.digest.hex(),
        "last_seq": head.seq,
        "signature": signature.hex(),
    }


def bundled(story: Story, page: str = "<p>page</p>", program: bytes = b"# program\n") -> bytes:
    """Return the bundle of a story, signed by its key; files of `story.files` take the place of those made."""
    file = io.BytesIO()
    order = Order(
        made_at=BEGIN,
        made_by="laptop",
        asked=(),
        redacted=story.redacted,
        absent=(),
        chain_id=story.chain,
        head=story.head,
        heads=tuple(story.heads),
        anchors=tuple(story.anchors),
    )
    write_bundle(
        file, story.source(), story, order, story.key, lambda *_: iter([page]), program, is_signature, lambda _: None
    )
    if not story.files:
        return file.getvalue()
    return signed_anew({**contents(file.getvalue()), **story.files}, story.key)


def contents(bundle: bytes) -> dict[str, bytes]:
    return {name: _content(part) for name, part in parts_of(io.BytesIO(bundle)).items()}


def _content(part: Part) -> bytes:
    return part.read(part.size)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Put files into a container whose checksums fit."""
    body, entries = b"", b""
    for name, content in files.items():
        crc = zlib.crc32(content)
        entries += central_entry(name, crc, len(content), len(body))
        body += local_head(name, crc, len(content)) + content
    return body + entries + END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(entries), len(body), 0)


def signed_anew(files: dict[str, bytes], key: SigningKey, **said: object) -> bytes:
    """Let the manifest name these files, and say what is `said`, by a signature of `key`."""

    manifest = json.loads(files["MANIFEST"]) | said
    manifest["public_key"], manifest["fingerprint"] = key.public_key.hex(), key.fingerprint
    manifest["files"] = {name: one for name, one in manifest["files"].items() if name in files}
    for name in manifest["files"]:
        manifest["files"][name] = {"sha256": sha256(files[name]).hexdigest(), "size": len(files[name])}
    files["MANIFEST"] = json.dumps(manifest).encode()
    covered = covered_by_signature(files["MANIFEST"], manifest["format"])
    files["MANIFEST.sig"] = key.sign(covered).hex().encode() + b"\n"
    return zipped(files)


def found_in(bundle: bytes, *given: Any) -> dict[str, Found]:
    """Check a bundle by the standard library alone."""
    return {found.check: found for found in verify(io.BytesIO(bundle), *given)}


def found_in_store(story: Story, expected_key: str = KEY.fingerprint) -> dict[str, Verdict]:
    """Check the same rows and groups by the verifier of the store, which shares no code with that of bundles."""
    rows = [
        ChainRow(
            chain_id=CHAIN,
            seq=json.loads(row["canonical"])["seq"],
            canonical=row["canonical"].encode(),
            digest=bytes.fromhex(row["digest"]),
            values={
                name: SaltedValue(salt=bytes.fromhex(one["salt"]), value=one["value"].encode())
                for name, one in row["values"].items()
            },
        )
        for row in story.rows
    ]
    groups = [
        GroupSignature(
            **{**group, "head": bytes.fromhex(group["head"]), "signature": bytes.fromhex(group["signature"])}
        )
        for group in story.groups
    ]
    verdicts = verify_in_store(CHAIN, rows, groups, story.keys, expected_keys=frozenset({expected_key}))
    return {verdict.check: verdict for verdict in verdicts}
