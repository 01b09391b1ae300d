"""A disk as a VHD: only the blocks that hold something, or those that another disk has not."""

import struct
from collections.abc import AsyncIterator

from xsconsole.simpool import vhd
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.pool import Pool

_PER_BLOCK = vhd.BLOCK_BYTES // BLOCK_BYTES
_FULL_BITMAP = b"\xff" * vhd.BITMAP_BYTES


async def pieces(pool: Pool, vdi: str, base: str | None) -> AsyncIterator[tuple[bytes, float]]:
    """Yield the file, each piece with how much is done; `base` is the disk that it is told against."""
    row, contents = pool.db.row("VDI", vdi), pool.depot.contents
    size = row["virtual_size"]
    numbers = contents.written(vdi) if base is None else contents.differing(vdi, base)
    wanted = list(dict.fromkeys(number // _PER_BLOCK for number in numbers))
    entries = -(-size // vhd.BLOCK_BYTES)
    table_bytes = vhd.sectors_up(4 * entries)
    table_at = vhd.SECTOR + vhd.HEADER_BYTES
    parent = None if base is None else pool.db.get("VDI", base, "uuid")
    footer = vhd.footer(size, row["uuid"], is_differencing=base is not None)
    yield footer + vhd.header(table_at, entries, parent, "" if parent is None else f"{parent}.vhd"), 0.0
    yield _table(wanted, entries, table_bytes, table_at + table_bytes), 0.0
    for done, block in enumerate(wanted, start=1):
        parts = [
            contents.read(vdi, number) or bytes(BLOCK_BYTES)
            for number in range(block * _PER_BLOCK, (block + 1) * _PER_BLOCK)
        ]
        yield _FULL_BITMAP + b"".join(parts), done / len(wanted)
    yield footer, 1.0


def _table(wanted: list[int], entries: int, table_bytes: int, first_at: int) -> bytes:
    step = (vhd.BITMAP_BYTES + vhd.BLOCK_BYTES) // vhd.SECTOR
    places = {block: first_at // vhd.SECTOR + place * step for place, block in enumerate(wanted)}
    table = struct.pack(f">{entries}I", *(places.get(block, vhd.NO_BLOCK) for block in range(entries)))
    return table.ljust(table_bytes, b"\xff")
