"""Writes a bundle of the audit (.xsaudit). `docs/bundle-format.md` defines format 2."""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Protocol

from xsconsole.domain.signing import Signer, key_fingerprint
from xsconsole.reports.told import Told
from xsconsole.reports.verifier.container import END, MOST_BYTES, central_entry, local_head
from xsconsole.reports.verifier.heads import kept_of
from xsconsole.reports.verifier.listing import COLUMNS, csv_line, listed
from xsconsole.reports.verifier.program import TABLES, covered_by_signature
from xsconsole.reports.verifier.values import FILES, FORMAT, MANIFEST_TYPE, SIGNED_FILES, Found, harmless
from xsconsole.reports.verifier.walk import SignatureCheck, Walk

TOLD_ROWS = 500


class TooLarge(Exception):
    """The rows do not fit into one bundle."""


class Stretch(Protocol):
    """Rows without holes, and how many of them show their values."""

    @property
    def first_seq(self) -> int: ...
    @property
    def last_seq(self) -> int: ...
    @property
    def previous(self) -> bytes: ...
    @property
    def keys(self) -> Mapping[str, bytes]: ...


class Source(Protocol):
    """Where rows come from: lines of `events.jsonl` and `heads.jsonl`, as often as they are asked for."""

    def rows(self) -> Iterator[dict[str, Any]]: ...
    def groups(self) -> Iterator[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a bundle is to be. `asked` and `absent` are sentences; `redacted` are names of fields.

    `heads` are the signed heads of the rows in it, `anchors` say where heads are kept elsewhere.
    """

    made_at: datetime
    made_by: str
    asked: tuple[str, ...]
    redacted: tuple[str, ...]
    absent: tuple[str, ...]
    chain_id: str
    head: tuple[int, str]
    heads: tuple[Mapping[str, Any], ...] = ()
    anchors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was written. `digest` is the SHA-256 of the MANIFEST, which names the hash of all the rest."""

    digest: str
    first_seq: int
    last_seq: int
    shown: int
    size_bytes: int
    verdicts: tuple[Found, ...]


Page = Callable[[Order, Mapping[str, Any], Told, tuple[Found, ...]], Iterator[str]]
"""Makes report.html, piece after piece."""


def write_bundle(
    file: BinaryIO,
    source: Source,
    stretch: Stretch,
    order: Order,
    signer: Signer,
    page: Page,
    program: bytes,
    check: SignatureCheck,
    tell: Callable[[int], None],
) -> Bundle:
    """Write a bundle into an empty file. Rows pass one by one; `tell` hears of them, and may raise to stop it.

    Raises:
        TooLarge: it would be larger than 4 GiB.
        OSError: the file cannot be written.
    """
    key = signer.public_key
    manifest: dict[str, Any] = {
        "absent": list(order.absent),
        "asked": list(order.asked),
        "chain_id": order.chain_id,
        "fingerprint": key_fingerprint(key),
        "first_seq": stretch.first_seq,
        "format": FORMAT,
        "head": {"digest": order.head[1], "seq": order.head[0]},
        "last_seq": stretch.last_seq,
        "made_at": order.made_at.isoformat(),
        "made_by": order.made_by,
        "previous": stretch.previous.hex(),
        "public_key": key.hex(),
        "redacted": sorted(order.redacted),
        "shown": 0,
        "type": MANIFEST_TYPE,
    }
    keys = {fingerprint: raw.hex() for fingerprint, raw in stretch.keys.items()}
    kept = _json({"anchors": list(order.anchors), "heads": list(order.heads)})
    walk = Walk(manifest, source.groups(), keys, check)
    walk.take(kept_of(kept, FORMAT))
    told, zipped = Told(), _Container(file)
    with _lists() as lists:
        with zipped.adding("events.jsonl") as add:
            for number, row in enumerate(source.rows(), 1):
                line = line_of(row)
                add(line + b"\n")
                fields = walk.row(line)
                if fields is not None:
                    told.see(fields)
                    for name, text in listed(fields):
                        lists[name].write(text)
                if number % TOLD_ROWS == 0:
                    tell(number)
        manifest["shown"] = walk.shown
        verdicts = walk.end(None)
        for name in TABLES:
            lists[name].seek(0)
            with zipped.adding(name) as add:
                while block := lists[name].read(1 << 20):
                    add(block)
    with zipped.adding("report.html") as add:
        for piece in page(order, manifest, told, verdicts):
            add(harmless(piece).encode())
    with zipped.adding("heads.jsonl") as add:
        for number, group in enumerate(source.groups(), 1):
            add(json.dumps(group, sort_keys=True).encode() + b"\n")
            if number % TOLD_ROWS == 0:
                tell(0)
    for name, content in (("keys.json", _json(keys)), ("anchors.json", kept), ("verify.py", program)):
        zipped.add(name, content)
    manifest["files"] = {name: zipped.hashes[name] for name in SIGNED_FILES}
    content = _json(manifest)
    zipped.add("MANIFEST", content)
    zipped.add("MANIFEST.sig", signer.sign(covered_by_signature(content)).hex().encode() + b"\n")
    return Bundle(
        digest=hashlib.sha256(content).hexdigest(),
        first_seq=stretch.first_seq,
        last_seq=stretch.last_seq,
        shown=walk.shown,
        size_bytes=zipped.end(),
        verdicts=verdicts,
    )


def line_of(row: Mapping[str, Any]) -> bytes:
    """Return a row as `events.jsonl` holds it, without the line's end."""
    return json.dumps(row, sort_keys=True).encode()


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"


@contextmanager
def _lists() -> Iterator[dict[str, BinaryIO]]:
    """Keep what is made beside the rows on the disk until it has its place in the container."""
    with ExitStack() as opened:
        lists: dict[str, BinaryIO] = {name: opened.enter_context(TemporaryFile()) for name in TABLES}
        lists["events.csv"].write(csv_line(COLUMNS))
        yield lists


class _Container:
    """A zip of the form that `verifier.container` demands, written from its beginning to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self.hashes: dict[str, dict[str, Any]] = {}
        self._file = file
        self._entries: list[bytes] = []

    @contextmanager
    def adding(self, name: str) -> Iterator[Callable[[bytes], None]]:
        start, crc, size, digest = self._file.tell(), 0, 0, hashlib.sha256()

        def add(content: bytes) -> None:
            nonlocal crc, size
            crc, size = zlib.crc32(content, crc), size + len(content)
            if start + size > MOST_BYTES:
                raise TooLarge
            digest.update(content)
            self._file.write(content)

        self._file.write(local_head(name, 0, 0))
        yield add
        self._file.seek(start)
        self._file.write(local_head(name, crc, size))
        self._file.seek(0, 2)
        self._entries.append(central_entry(name, crc, size, start))
        self.hashes[name] = {"sha256": digest.hexdigest(), "size": size}

    def add(self, name: str, content: bytes) -> None:
        with self.adding(name) as add:
            add(content)

    def end(self) -> int:
        """Write the directory, and return how large all of it is."""
        assert set(self.hashes) == set(FILES)
        start = self._file.tell()
        directory = b"".join(self._entries)
        self._file.write(directory)
        count = len(self._entries)
        self._file.write(END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, 0))
        return self._file.tell()
