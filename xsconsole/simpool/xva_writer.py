"""An XVA as it is written: `ova.xml`, then each disk in pieces of 1 MiB with their checksums."""

from collections.abc import AsyncIterator, Awaitable, Callable

import xxhash

from xsconsole.simpool import tar_format
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.xva_objects import OVA_XML

CHECKSUM_SUFFIX = ".xxhash"

Progress = Callable[[str, int, int], Awaitable[None]]
"""Is told of a disk from where to where it is done."""


def metadata(pool: Pool, ova_xml: bytes) -> bytes:
    """Return the first file of an XVA with its header."""
    return _file(OVA_XML, ova_xml, modified_s=int(pool.clock.now().timestamp()))


async def pieces(pool: Pool, ova_xml: bytes, disks: list[tuple[str, str]], done: Progress) -> AsyncIterator[bytes]:
    """Yield a whole XVA; of `disks` each has the name under which the file knows it."""
    yield metadata(pool, ova_xml)
    for name, vdi in disks:
        start = 0
        async for piece, end in disk_pieces(pool, name, vdi):
            yield piece
            await done(vdi, start, end)
            start = end
    yield tar_format.END


async def disk_pieces(pool: Pool, name: str, vdi: str) -> AsyncIterator[tuple[bytes, int]]:
    """Yield one disk under a name, each piece with the place where it ends."""
    size = pool.db.get("VDI", vdi, "virtual_size")
    for number in _chunks(pool, vdi, size):
        length = min(BLOCK_BYTES, size - number * BLOCK_BYTES)
        data = pool.depot.contents.read(vdi, number, length) or bytes(length)
        yield _chunk(f"{name}/{number:08}", data), number * BLOCK_BYTES + length


def _chunks(pool: Pool, vdi: str, size: int) -> list[int]:
    """Return the pieces that are written: those that hold something, and always the first and the last."""
    last = (size - 1) // BLOCK_BYTES
    return sorted({0, last, *(number for number in pool.depot.contents.written(vdi) if number <= last)})


def _chunk(name: str, data: bytes) -> bytes:
    return _file(name, data) + _file(name + CHECKSUM_SUFFIX, f"{xxhash.xxh64_intdigest(data):016X}".encode())


def _file(name: str, data: bytes, *, modified_s: int = 0) -> bytes:
    return tar_format.header(name, len(data), modified_s=modified_s) + data + tar_format.padding(len(data))
