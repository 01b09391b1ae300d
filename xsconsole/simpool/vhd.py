"""The parts of a VHD file: footer, header of a dynamic disk, table of blocks."""

import struct
import uuid
from dataclasses import dataclass

SECTOR = 512
BLOCK_BYTES = 2 << 20
BITMAP_BYTES = SECTOR
NO_BLOCK = 0xFFFFFFFF
HEADER_BYTES = 1024

_FOOTER = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427s")
_HEADER = struct.Struct(">8sQQIIII16sII512s192s256s")
_FOOTER_COOKIE, _HEADER_COOKIE = b"conectix", b"cxsparse"
_DYNAMIC, _DIFFERENCING = 3, 4
_LARGEST_BLOCK_BYTES = 8 << 20
_VERSION = 0x00010000
_FEATURES = 2


class NoVhd(Exception):
    """The bytes are not those of a VHD that can be read piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What the first and the last sector say; a differencing disk holds only what another one has not."""

    size_bytes: int
    header_at: int
    is_differencing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Where the table of blocks stands, and how many there are of which size."""

    table_at: int
    entries: int
    block_bytes: int


def footer(size_bytes: int, identity: str, *, is_differencing: bool) -> bytes:
    """Return the sector at both ends of a file."""
    cylinders, heads, sectors = _geometry(size_bytes // SECTOR)
    fields = (
        *(_FOOTER_COOKIE, _FEATURES, _VERSION, SECTOR, 0, b"tap\0", 0x00010003, b"\0\0\0\0"),
        *(size_bytes, size_bytes, cylinders, heads, sectors),
        _DIFFERENCING if is_differencing else _DYNAMIC,
    )
    tail = (uuid.UUID(identity).bytes, 0, bytes(427))
    unsigned = _FOOTER.pack(*fields, 0, *tail)
    return _FOOTER.pack(*fields, _checksum(unsigned), *tail)


def header(table_at: int, entries: int, parent: str | None, parent_name: str) -> bytes:
    """Return the header that follows the first footer."""
    identity = bytes(16) if parent is None else uuid.UUID(parent).bytes
    name = parent_name.encode("utf-16-be")[:512].ljust(512, b"\0")
    head = (_HEADER_COOKIE, 0xFFFFFFFFFFFFFFFF, table_at, _VERSION, entries, BLOCK_BYTES)
    tail = (identity, 0, 0, name, bytes(192), bytes(256))
    unsigned = _HEADER.pack(*head, 0, *tail)
    return _HEADER.pack(*head, _checksum(unsigned), *tail)


def parse_footer(sector: bytes) -> Footer:
    """Read a footer.

    Raises:
        NoVhd: it is none, or one of a disk whose blocks are not in a table.
    """
    fields = _FOOTER.unpack(sector)
    if fields[0] != _FOOTER_COOKIE or fields[13] not in (_DYNAMIC, _DIFFERENCING):
        raise NoVhd("no footer of a dynamic disk")
    if _checksum(sector[:64] + bytes(4) + sector[68:]) != fields[14]:
        raise NoVhd("the footer's checksum is wrong")
    return Footer(size_bytes=fields[9], header_at=fields[3], is_differencing=fields[13] == _DIFFERENCING)


def parse_header(data: bytes) -> Header:
    """Read the header of a dynamic disk.

    Raises:
        NoVhd: it is none.
    """
    fields = _HEADER.unpack(data)
    if fields[0] != _HEADER_COOKIE or fields[5] % SECTOR or not 0 < fields[5] <= _LARGEST_BLOCK_BYTES:
        raise NoVhd("no header of a dynamic disk")
    if _checksum(data[:36] + bytes(4) + data[40:]) != fields[6]:
        raise NoVhd("the header's checksum is wrong")
    return Header(table_at=fields[2], entries=fields[4], block_bytes=fields[5])


def sectors_up(size_bytes: int) -> int:
    """Return a size made up to whole sectors."""
    return -(-size_bytes // SECTOR) * SECTOR


def _checksum(data: bytes) -> int:
    return ~sum(data) & 0xFFFFFFFF


def _geometry(sectors: int) -> tuple[int, int, int]:
    """Return cylinders, heads and sectors per track, as the format's description reckons them."""
    total = min(sectors, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        track, heads = 255, 16
        through = total // track
        return through // heads, heads, track
    track = 17
    through = total // track
    heads = max(4, (through + 1023) // 1024)
    if through >= heads * 1024 or heads > 16:
        track, heads = 31, 16
        through = total // track
    if through >= heads * 1024:
        track, heads = 63, 16
        through = total // track
    return through // heads, heads, track
