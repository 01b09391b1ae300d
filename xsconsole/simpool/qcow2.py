"""The parts of a QCOW2 file: a header, two levels of tables, clusters of data, and how often each cluster is used."""

import struct
from dataclasses import dataclass

CLUSTER_BYTES = 64 << 10
HEADER_BYTES = 104
ENTRY_BYTES = 8
COPIED = 1 << 63
COMPRESSED = 1 << 62
ZERO = 1
OFFSET_MASK = 0x00FFFFFFFFFFFE00

_MAGIC = b"QFI\xfb"
_BASE = struct.Struct(">4sIQIIQIIQQIIQ")
_MORE = struct.Struct(">QQQII")
_CLUSTER_BITS = 16
_REFERENCE_BITS = 4  # counts of 2 bytes
_DIRTY = 1
_SMALLEST_BITS, _LARGEST_BITS = 9, 21
_MOST_TABLES = 4 << 20


class NoQcow2(Exception):
    """The file is none, or of a kind that is not read here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where things are. `size_bytes` is that of the disk; `l1_entries` tables of the second level start at `l1_at`."""

    size_bytes: int
    cluster_bits: int
    l1_entries: int
    l1_at: int


def write_header(header: Header, *, references_at: int, reference_clusters: int) -> bytes:
    """Return a header of a file with our size of clusters, and nothing that older programs do not know."""
    numbers = (_MAGIC, 3, 0, 0, _CLUSTER_BITS, header.size_bytes, 0, header.l1_entries, header.l1_at)
    base = _BASE.pack(*numbers, references_at, reference_clusters, 0, 0)
    return base + _MORE.pack(0, 0, 0, _REFERENCE_BITS, HEADER_BYTES)


def parse_header(data: bytes) -> Header:
    """Read a header.

    Raises:
        NoQcow2: it is none, or one of a file that is encrypted, damaged or made of several files.
    """
    if len(data) < _BASE.size or not data.startswith(_MAGIC):
        raise NoQcow2("it does not begin as one")
    _magic, version, _, _, bits, size, crypt, entries, at, *_rest = _BASE.unpack_from(data)
    if version not in (2, 3) or crypt:
        raise NoQcow2(f"version {version}, encryption {crypt}")
    if version > 2 and len(data) >= HEADER_BYTES and _MORE.unpack_from(data, _BASE.size)[0] & ~_DIRTY:
        raise NoQcow2("it has features that are not known")
    if not _SMALLEST_BITS <= bits <= _LARGEST_BITS or entries > _MOST_TABLES:
        raise NoQcow2("its tables make no sense")
    return Header(size_bytes=size, cluster_bits=bits, l1_entries=entries, l1_at=at)
