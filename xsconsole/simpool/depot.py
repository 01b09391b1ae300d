"""What a pool keeps beside its objects, because it is large or only grows: contents of disks, and the audit log.

It lies in one SQLite file, beside the state file where there is one, else in a temporary file that nobody sees.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from functools import cached_property
from pathlib import Path

from xsconsole.simpool.disk_contents import Contents

KEPT_LINES = 100_000
SETTLING_S = 1.0

_BUFFERED_LINES = 200
_PAGE_LINES = 500
_SCHEMA = """
CREATE TABLE IF NOT EXISTS block (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, packed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS extent (
    disk TEXT NOT NULL, number INTEGER NOT NULL, block INTEGER NOT NULL REFERENCES block,
    PRIMARY KEY (disk, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS extent_by_block ON extent (block);
CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY, line TEXT NOT NULL);
"""


class Depot:
    """The file, opened when it is first needed: most pools of tests never have a disk written."""

    def __init__(self, path: Path | None = None, *, is_new: bool = False) -> None:
        """Take a file, or with `is_new` make it anew, whatever an earlier pool has left there."""
        if path is not None and is_new:
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        self._path = path
        self._lines: list[str] = []
        self._doomed: list[str] = []

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path or "", isolation_level=None)
        # What the process wrote survives its death; only the machine's could cost the last of it, as with the state.
        connection.execute("PRAGMA synchronous = OFF")
        if self._path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
        return connection

    @cached_property
    def contents(self) -> Contents:
        return Contents(self._connection)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing can be in it: a file that is not there yet, and nothing written."""
        is_open = "_connection" in self.__dict__
        return not is_open and (self._path is None or not self._path.exists())

    def share(self, source: str, target: str) -> None:
        """Let a disk have what another one has now; they go their own ways from here on."""
        if not self.is_untouched:
            self.contents.share(source, target)

    def bring(self, other: "Depot", source: str, target: str) -> None:
        """Let a disk have what a disk of another pool, or of this one, has now."""
        if other is self:
            self.share(source, target)
        elif not other.is_untouched:
            for number in other.contents.written(source):
                self.contents.write(target, number, other.contents.read(source, number) or b"")

    def forget(self, disk: str) -> None:
        """Give up what a disk held: with a state file not before the state without that disk is written."""
        if self.is_untouched:
            return
        if self._path is None:
            self.contents.clear(disk)
        else:
            self._doomed.append(disk)

    def keep_only(self, disks: frozenset[str]) -> None:
        """Forget all disks but those: what was left over when a process ended before its state was written."""
        if not self.is_untouched:
            self.contents.keep_only(disks)

    async def tend(self, save: Callable[[], Awaitable[None]]) -> None:
        """Give up what was forgotten, each time after `save` has written the state; until cancelled."""
        while True:
            await asyncio.sleep(SETTLING_S)
            doomed, self._doomed = self._doomed, []
            if doomed:
                await save()
            self._settle(doomed)

    def _settle(self, doomed: list[str]) -> None:
        for disk in doomed:
            self.contents.clear(disk)
        self._flush()

    def append(self, line: str) -> None:
        """Add a line to the log; very old ones go."""
        self._lines.append(line)
        if len(self._lines) >= _BUFFERED_LINES:
            self._flush()

    def lines(self) -> Iterator[str]:
        """Yield all lines of the log, oldest first; it may grow meanwhile."""
        self._flush()
        if self.is_untouched:
            return
        last = 0
        page_query = "SELECT id, line FROM audit WHERE id > ? ORDER BY id LIMIT ?"
        while page := self._connection.execute(page_query, (last, _PAGE_LINES)).fetchall():
            last = page[-1][0]
            for _, line in page:
                yield line

    def close(self) -> None:
        """Write the rest and let go of the file; to be called when the state is written."""
        self._settle(self._doomed)
        if "_connection" in self.__dict__:
            self._connection.close()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        self._connection.executemany("INSERT INTO audit (line) VALUES (?)", ((line,) for line in lines))
        self._connection.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (KEPT_LINES,))
