"""Tar as it flows: one header, its bytes, and so on until two empty blocks."""

import tarfile
from dataclasses import dataclass

from xsconsole.simpool.streams import Reader

BLOCK_BYTES = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK_BYTES)

_MODE = 0o400


class NoTar(Exception):
    """The bytes are no header of a tar."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a header says of the file that follows it."""

    name: str
    size: int


def header(name: str, size: int, *, modified_s: int = 0) -> bytes:
    """Return the block that stands before a file."""
    found = tarfile.TarInfo(name)
    found.size, found.mode, found.mtime = size, _MODE, modified_s
    return found.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """Return what stands behind a file, so that the next header begins with a block."""
    return bytes(-size % BLOCK_BYTES)


def parse_header(block: bytes) -> Entry:
    """Read a header.

    Raises:
        NoTar: it is none; the end of the archive is none either.
    """
    try:
        found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as failure:
        raise NoTar(str(failure)) from failure
    if found.size < 0:
        raise NoTar("a file has no negative size")
    return Entry(found.name, found.size)


async def next_entry(reader: Reader) -> Entry:
    """Read the next header; raises as `parse_header` and as `Reader.exactly` do."""
    return parse_header(await reader.exactly(BLOCK_BYTES))


async def contents(reader: Reader, entry: Entry) -> bytes:
    """Read the file that follows a header."""
    data = await reader.exactly(entry.size)
    await reader.skip(-entry.size % BLOCK_BYTES)
    return data
