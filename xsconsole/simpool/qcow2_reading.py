"""A QCOW2 as it arrives: its tables may stand anywhere, so it is kept in a file until all of it is there."""

import struct
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import IO

from xsconsole.simpool import qcow2
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.disk_writing import DiskWriter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.streams import EndedEarly, Reader
from xsconsole.simpool.turns import unhurried

_SECTOR = 512
_INFLATE_BITS = -12


async def read(reader: Reader, writer: DiskWriter, progress: Callable[[float], Awaitable[None]]) -> None:
    """Write what a QCOW2 holds; what it does not hold stays as it was.

    Raises:
        XapiError: INTERNAL_ERROR, it is none or is cut off; VDI_IO_ERROR, it is larger than the disk.
    """
    with tempfile.TemporaryFile() as file:
        # Who did not know the length beforehand promised more than there is, and ends the connection at the end.
        with suppress(EndedEarly):
            async for piece in reader.pieces():
                file.write(piece)
        try:
            header = qcow2.parse_header(_at(file, 0, qcow2.HEADER_BYTES, is_whole=False))
            writer.assert_fits(header.size_bytes)
            async for start, data in unhurried(_runs(file, header)):
                writer.patch(start, data[: header.size_bytes - start])
                await progress(min(1.0, (start + len(data)) / header.size_bytes))
        except (qcow2.NoQcow2, zlib.error) as failure:
            raise XapiError("INTERNAL_ERROR", f"Not a QCOW2: {failure}") from failure


def _runs(file: IO[bytes], header: qcow2.Header) -> Iterator[tuple[int, bytes]]:
    """Yield the data with where it belongs on the disk, in pieces that the disk takes at once."""
    start, held = 0, b""
    for at, data in _clusters(file, header):
        if held and (at != start + len(held) or at % BLOCK_BYTES == 0):
            yield start, held
            held = b""
        if not held:
            start = at
        held += data
    if held:
        yield start, held


def _clusters(file: IO[bytes], header: qcow2.Header) -> Iterator[tuple[int, bytes]]:
    size = 1 << header.cluster_bits
    per_table = size // qcow2.ENTRY_BYTES
    for table, l1 in enumerate(_entries(file, header.l1_at, header.l1_entries)):
        if not l1 & qcow2.OFFSET_MASK:
            continue
        for place, entry in enumerate(_entries(file, l1 & qcow2.OFFSET_MASK, per_table)):
            at = (table * per_table + place) * size
            if at >= header.size_bytes:
                break
            if entry & qcow2.COMPRESSED:
                yield at, _inflated(file, entry, header.cluster_bits)
            elif entry & qcow2.ZERO:
                yield at, bytes(size)
            elif entry & qcow2.OFFSET_MASK:
                yield at, _at(file, entry & qcow2.OFFSET_MASK, size, is_whole=at + size <= header.size_bytes)


def _inflated(file: IO[bytes], entry: int, cluster_bits: int) -> bytes:
    split = 62 - (cluster_bits - 8)
    offset = entry & (1 << split) - 1
    sectors = (entry & qcow2.COMPRESSED - 1) >> split
    packed = _at(file, offset, (sectors + 1) * _SECTOR - offset % _SECTOR, is_whole=False)
    size = 1 << cluster_bits
    data = zlib.decompressobj(_INFLATE_BITS).decompress(packed, size)
    if len(data) < size:
        raise qcow2.NoQcow2("a cluster is cut off")
    return data


def _entries(file: IO[bytes], offset: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f">{count}Q", _at(file, offset, count * qcow2.ENTRY_BYTES))


def _at(file: IO[bytes], offset: int, length: int, *, is_whole: bool = True) -> bytes:
    """Return bytes of the file; unless they have to be all there, as many as there are."""
    file.seek(offset)
    data = file.read(length)
    if is_whole and len(data) < length:
        raise qcow2.NoQcow2("it is cut off")
    return data
