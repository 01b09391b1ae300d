"""The inventory of a pool as it was last heard of, in a file of the home folder, for looking while the pool is away.

It is no evidence and nothing is done by it: a file that cannot be read counts as none.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from xsconsole.domain.inventory import RECORD_TYPES, Change, ChangeBatch, Inventory, Record, Tables
from xsconsole.store import files

FORMAT = 1
SAVED_AT_ONCE = 500  # records: some milliseconds of work
_LENGTH = struct.Struct(">I")


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the records: of when and of where they are."""

    format: int = FORMAT
    url: str
    as_of: datetime


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    class_name: str
    records: list[msgspec.Raw]


def path_of(home: Path, url: str) -> Path:
    return home / f"last-known-{hashlib.sha256(url.encode()).hexdigest()[:16]}.bin"


def pieces(stamp: Stamp, inventory: Inventory) -> Iterator[bytes]:
    """Yield a file in pieces, so that somebody else can have a turn between two of them.

    It holds what there is when the first piece is asked for, whatever changes meanwhile.
    """
    encoder = msgspec.msgpack.Encoder()
    now = {class_name: tuple(inventory.all(kind)) for class_name, kind in RECORD_TYPES.items()}
    yield _framed(encoder.encode(stamp))
    for class_name, there_are in now.items():
        records = iter(there_are)
        while piece := tuple(islice(records, SAVED_AT_ONCE)):
            raw = [msgspec.Raw(encoder.encode(record)) for record in piece]
            yield _framed(encoder.encode(_Piece(class_name=class_name, records=raw)))


def write(home: Path, url: str, content: Iterable[bytes]) -> None:
    """Put a file in the place of an older one. Blocks."""
    files.replace(path_of(home, url), b"".join(content))


def read(home: Path, url: str) -> tuple[Stamp, ChangeBatch] | None:
    """Return what was last known, as a batch of everything; None where there is nothing that can be read. Blocks."""
    try:
        content = path_of(home, url).read_bytes()
        frames = _frames(content)
        stamp = msgspec.msgpack.decode(next(frames), type=Stamp)
        if stamp.format != FORMAT or stamp.url != url:
            return None
        tables = Tables.empty()
        decoders: dict[str, msgspec.msgpack.Decoder[Any]] = {}
        for frame in frames:
            piece = msgspec.msgpack.decode(frame, type=_Piece)
            kind = RECORD_TYPES[piece.class_name]
            decoder = decoders.setdefault(piece.class_name, msgspec.msgpack.Decoder(kind))
            for raw in piece.records:
                record: Record = decoder.decode(raw)
                tables.put(Change(ref=record.ref, class_name=piece.class_name, record=record))
    except (OSError, StopIteration, struct.error, msgspec.MsgspecError, KeyError):
        return None
    return stamp, ChangeBatch(is_whole=True, tables=tables)


def _framed(body: bytes) -> bytes:
    return _LENGTH.pack(len(body)) + body


def _frames(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        if at + length > len(content):
            raise struct.error("the file was cut off")
        yield content[at : at + length]
        at += length
