"""A VHD as it arrives: its blocks go to the disk in the order in which the file has them."""

import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

from xsconsole.simpool import vhd
from xsconsole.simpool.disk_writing import DiskWriter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.streams import EndedEarly, Reader

_FULL = b"\xff"


async def read(reader: Reader, writer: DiskWriter, progress: Callable[[float], Awaitable[None]]) -> None:
    """Write what a VHD holds; a differencing one changes only what it has.

    Raises:
        XapiError: INTERNAL_ERROR, it is no dynamic VHD; VDI_IO_ERROR, it is larger than the disk.
        EndedEarly: it is cut off.
    """
    try:
        footer = vhd.parse_footer(await reader.exactly(vhd.SECTOR))
        await _forward(reader, vhd.SECTOR, footer.header_at)
        header = vhd.parse_header(await reader.exactly(vhd.HEADER_BYTES))
        writer.assert_fits(footer.size_bytes)
        await _read_blocks(reader, writer, progress, footer, header)
    except vhd.NoVhd as failure:
        raise XapiError("INTERNAL_ERROR", f"Not a VHD: {failure}") from failure
    # Who did not know the length beforehand promised more than there is, and ends the connection here.
    with suppress(EndedEarly):
        async for _ in reader.pieces():
            pass


async def _read_blocks(
    reader: Reader,
    writer: DiskWriter,
    progress: Callable[[float], Awaitable[None]],
    footer: vhd.Footer,
    header: vhd.Header,
) -> None:
    if (header.entries - 1) * header.block_bytes > footer.size_bytes:
        raise vhd.NoVhd("more blocks than the disk has")
    await _forward(reader, footer.header_at + vhd.HEADER_BYTES, header.table_at)
    table = struct.unpack(f">{header.entries}I", await reader.exactly(4 * header.entries))
    position = header.table_at + 4 * header.entries
    bitmap_bytes = vhd.sectors_up(-(-header.block_bytes // vhd.SECTOR // 8))
    present = sorted((sector * vhd.SECTOR, block) for block, sector in enumerate(table) if sector != vhd.NO_BLOCK)
    for done, (at, block) in enumerate(present, start=1):
        await _forward(reader, position, at)
        bitmap = await reader.exactly(bitmap_bytes)
        data = await reader.exactly(header.block_bytes)
        position = at + bitmap_bytes + header.block_bytes
        start = block * header.block_bytes
        _write(writer, start, data[: footer.size_bytes - start], bitmap)
        await progress(done / len(present))


async def _forward(reader: Reader, here: int, there: int) -> None:
    if there < here:
        raise vhd.NoVhd("its parts overlap")
    await reader.skip(there - here)


def _write(writer: DiskWriter, start: int, data: bytes, bitmap: bytes) -> None:
    """Write those sectors of a block that its bitmap says are there."""
    sectors = -(-len(data) // vhd.SECTOR)
    if bitmap[: sectors // 8].count(_FULL) == sectors // 8 and sectors % 8 == 0:
        writer.patch(start, data)
        return
    for sector in range(sectors):
        if bitmap[sector // 8] >> (7 - sector % 8) & 1:
            writer.patch(start + sector * vhd.SECTOR, data[sector * vhd.SECTOR : (sector + 1) * vhd.SECTOR])
