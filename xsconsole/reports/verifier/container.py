"""The container of a bundle: a zip of one exact form, so that no byte of it is free."""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from xsconsole.reports.verifier.values import Wrong

MOST_BYTES = (1 << 32) - (1 << 20)
MOST_FILES = 99
LONGEST_ENTRY_BYTES = 1024
LONGEST_LINE_BYTES = 64 << 20
SMALL_FILE_BYTES = 16 << 20
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
FIRST_DAY = 0x21  # 1980-01-01, as zip counts
PLAIN_FILE = 0o100644 << 16


class Part:
    """One file of the container, read from its beginning on, by itself."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self.start, self.size = start, size
        self.file, self._at, self._end = file, start, start + size

    def read(self, most: int) -> bytes:
        self.file.seek(self._at)
        block = self.file.read(max(0, min(most, self._end - self._at)))
        self._at += len(block)
        return block

    def whole(self) -> bytes:
        if self.size > SMALL_FILE_BYTES:
            raise Wrong("A file in it that is always small is larger than 16 MiB.")
        return Part(self.file, self.start, self.size).read(self.size)

    def lines(self) -> Iterator[bytes]:
        """Yield lines without their ends."""
        rest = b""
        while block := self.read(1 << 16):
            *ended, last = block.split(b"\n")
            for line in ended:
                yield rest + line
                rest = b""
            rest += last
            if len(rest) > LONGEST_LINE_BYTES:
                raise Wrong("It has a line of more than 64 MiB.")
        if rest:
            yield rest

    def is_at_end(self) -> bool:
        return self._at == self._end


def local_head(name: str, crc: int, size: int) -> bytes:
    """Return what stands before a file in a container."""
    return LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, FIRST_DAY, crc, size, size, len(name), 0) + name.encode("ascii")


def central_entry(name: str, crc: int, size: int, start: int) -> bytes:
    """Return how the directory of a container names a file."""
    common = (20, 0, 0, 0, FIRST_DAY, crc, size, size, len(name), 0)
    return CENTRAL.pack(b"PK\1\2", 20 | 3 << 8, *common, 0, 0, 0, PLAIN_FILE, start) + name.encode("ascii")


def parts_of(file: BinaryIO) -> dict[str, Part]:
    """Return what is in a container.

    Raises:
        Wrong: it is not of the exact form of format 1.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - END.size))
    tail = file.read(END.size)
    if len(tail) < END.size or tail[:4] != b"PK\5\6":
        raise Wrong("It is no zip of the form of a bundle: its end is cut off or damaged, or something follows it.")
    _, disk, first_disk, here, count, length, offset, comment = END.unpack(tail)
    if (disk, first_disk, here, comment) != (0, 0, count, 0) or offset + length + END.size != size:
        raise Wrong("Its zip directory is not of the form of a bundle.")
    if count > MOST_FILES or length > MOST_FILES * LONGEST_ENTRY_BYTES:
        raise Wrong("It holds more files than any bundle.")
    file.seek(offset)
    directory = file.read(length)
    parts: dict[str, Part] = {}
    at, expected_start = 0, 0
    for _ in range(count):
        if at + CENTRAL.size > length:
            raise Wrong("Its zip directory is not of the form of a bundle.")
        fields = CENTRAL.unpack_from(directory, at)
        crc, stored, real, name_length, attributes, start = *fields[7:11], fields[15], fields[16]
        name = directory[at + CENTRAL.size : at + CENTRAL.size + name_length].decode("latin-1")
        if name in parts:
            raise Wrong(f"Two files in it have one name: {name[:80]}.")
        if re.fullmatch(r"[A-Za-z][A-Za-z.]*", name) is None:
            raise Wrong(f"It holds a file whose name leads elsewhere: {name[:80]}.")
        if attributes >> 16 & 0o170000 not in (0, 0o100000):
            raise Wrong(f"{name} in it is a link or no plain file.")
        if fields[4] != 0 or stored != real:
            raise Wrong(f"{name} in it is compressed, which no bundle is: what it would grow to is not looked at.")
        head, entry = local_head(name, crc, real), central_entry(name, crc, real, start)
        file.seek(start)
        if directory[at : at + len(entry)] != entry or start != expected_start or file.read(len(head)) != head:
            raise Wrong(f"The zip's head of {name} is not of the form of a bundle.")
        part = Part(file, start + len(head), real)
        expected_start, at = start + len(head) + real, at + CENTRAL.size + name_length
        parts[name] = part
        if _crc(part) != crc:
            raise Wrong(f"{name} is damaged: its checksum in the zip does not match.")
    if at != length or expected_start != offset:
        raise Wrong("Something stands in the zip between its files.")
    return parts


def _crc(part: Part) -> int:
    found = 0
    fresh = Part(part.file, part.start, part.size)
    while block := fresh.read(1 << 20):
        found = zlib.crc32(block, found)
    return found
