"""The bytes on the disks: only blocks that hold something, each of them once, however many disks share it."""

import hashlib
import sqlite3
from collections.abc import Iterator

import zstandard

BLOCK_BYTES = 1 << 20


class Contents:
    """The contents of all disks of a pool. A disk that nobody has written is all zeros and costs nothing.

    A disk is named by its reference; how large it is only its `VDI` knows.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._packer = zstandard.ZstdCompressor(level=1)
        self._unpacker = zstandard.ZstdDecompressor()

    def read(self, disk: str, number: int, length: int = BLOCK_BYTES) -> bytes | None:
        """Return the first `length` bytes of a block; None where it is all zeros."""
        query = "SELECT packed FROM extent JOIN block ON block.id = extent.block WHERE disk = ? AND number = ?"
        row = self._connection.execute(query, (disk, number)).fetchone()
        if row is None:
            return None
        data = self._unpacker.decompress(row[0])[:length]
        return data + bytes(length - len(data))

    def write(self, disk: str, number: int, data: bytes) -> None:
        """Replace a block; what `data` does not reach of it becomes zeros."""
        before = self._block_of(disk, number)
        if data.count(0) == len(data):
            self._connection.execute("DELETE FROM extent WHERE disk = ? AND number = ?", (disk, number))
        else:
            self._connection.execute(
                "INSERT INTO extent VALUES (?, ?, ?) ON CONFLICT (disk, number) DO UPDATE SET block = excluded.block",
                (disk, number, self._stored(data)),
            )
        if before is not None:
            self._release(before)

    def written(self, disk: str) -> Iterator[int]:
        """Yield the numbers of the blocks that hold something, in order; the disk may change meanwhile."""
        last = -1
        query = "SELECT number FROM extent WHERE disk = ? AND number > ? ORDER BY number LIMIT 1"
        while (row := self._connection.execute(query, (disk, last)).fetchone()) is not None:
            last = row[0]
            yield last

    def differing(self, disk: str, base: str) -> list[int]:
        """Return the numbers of the blocks that are not as on another disk, in order."""
        query = (
            "SELECT number FROM (SELECT number, block FROM extent WHERE disk = :one "
            "EXCEPT SELECT number, block FROM extent WHERE disk = :other) UNION "
            "SELECT number FROM extent WHERE disk = :other "
            "AND number NOT IN (SELECT number FROM extent WHERE disk = :one) ORDER BY number"
        )
        return [row[0] for row in self._connection.execute(query, {"one": disk, "other": base}).fetchall()]

    def count(self, disk: str) -> int:
        """Return how many blocks of a disk hold something."""
        row = self._connection.execute("SELECT count(*) FROM extent WHERE disk = ?", (disk,)).fetchone()
        return int(row[0])

    def share(self, source: str, target: str) -> None:
        """Let a disk have what another one has now, without a copy of any block."""
        self.clear(target)
        self._connection.execute(
            "INSERT INTO extent SELECT ?, number, block FROM extent WHERE disk = ?", (target, source)
        )

    def clear(self, disk: str) -> None:
        """Make a disk all zeros."""
        query = "DELETE FROM extent WHERE disk = ? RETURNING block"
        for (block,) in self._connection.execute(query, (disk,)).fetchall():
            self._release(block)

    def keep_only(self, disks: frozenset[str]) -> None:
        """Make all disks all zeros but those."""
        found = self._connection.execute("SELECT DISTINCT disk FROM extent").fetchall()
        for (disk,) in found:
            if disk not in disks:
                self.clear(disk)

    def _block_of(self, disk: str, number: int) -> int | None:
        query = "SELECT block FROM extent WHERE disk = ? AND number = ?"
        row = self._connection.execute(query, (disk, number)).fetchone()
        return None if row is None else int(row[0])

    def _stored(self, data: bytes) -> int:
        """Return the number of a block with those bytes, which is made where there is none."""
        digest = hashlib.blake2b(data, digest_size=20).digest()
        row = self._connection.execute("SELECT id FROM block WHERE digest = ?", (digest,)).fetchone()
        if row is not None:
            return int(row[0])
        cursor = self._connection.execute(
            "INSERT INTO block (digest, packed) VALUES (?, ?)", (digest, self._packer.compress(data))
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _release(self, block: int) -> None:
        """Remove a block that no disk shows any more."""
        self._connection.execute(
            "DELETE FROM block WHERE id = ? AND NOT EXISTS (SELECT 1 FROM extent WHERE extent.block = block.id)",
            (block,),
        )
