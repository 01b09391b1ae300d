"""The database file of a home folder, seen from coroutines: one writer thread, and readers that cannot write."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from xsconsole.errors import NotFound, StoreFailed
from xsconsole.store import sqlite
from xsconsole.store.migrations import MIGRATIONS, Migration, migrate, refuse_newer

T = TypeVar("T")

FILE_NAME = "console.db"
BUSY_TIMEOUT_MS = 10_000
READ_AT_START_BYTES = 32 << 20
"""What is read in a fifth of a second. Of a larger file damage is found by the check in the background, and where it
is met: a gigabyte takes six seconds, before every command."""


class Reading:
    """A database that is only looked at. Rows never leave the work that is handed in."""

    def __init__(self, path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self.path = path
        self._engine = sqlite.reader_engine(path, busy_timeout_ms)
        self._threads = ThreadPoolExecutor(sqlite.READERS, thread_name_prefix="store-reader")

    @classmethod
    async def open(cls, home: Path, migrations: Sequence[Migration] = MIGRATIONS) -> "Reading":
        """Open the file of `home` as it is, without a key and without changing it.

        Raises:
            NotFound: there is none yet.
            StoreFailed: `DatabaseDamaged`, `SchemaTooNew`, `HomeUnusable`, or a file that must be migrated first.
        """
        path = home / FILE_NAME
        if not path.exists():
            raise _nothing_yet(path)
        return await cls.open_file(path, migrations)

    @classmethod
    async def open_file(cls, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> "Reading":
        """Open a file that is there, and may have another name, as `open` does."""
        reading = cls(path)
        try:
            await reading.run(lambda session: _check_version(session, reading.path, len(migrations)))
        except BaseException:
            await reading.close()
            raise
        return reading

    async def run(self, work: Callable[[Session], T]) -> T:
        """Return what `work` reads, from one unchanging state of the file.

        Raises:
            StoreFailed: the file cannot be read.
        """

        def look() -> T:
            with (
                sqlite.failures(self.path),
                self._engine.connect() as connection,
                transaction(connection, self.path) as session,
            ):
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._threads, look)

    async def close(self) -> None:
        """Wait for the work under way and let the file go."""
        await _ended(self._threads, self._engine.dispose)


class Database:
    """The database of this program. Only one thread writes, so that no two writers wait for each other."""

    def __init__(self, path: Path, connection: Connection, threads: ThreadPoolExecutor, busy_timeout_ms: int) -> None:
        self.path = path
        self.reading = Reading(path, busy_timeout_ms)
        self._connection = connection  # the writer's own: fetching it anew costs as much as a row
        self._threads = threads

    @classmethod
    async def open(
        cls,
        home: Path,
        migrations: Sequence[Migration] = MIGRATIONS,
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    ) -> "Database":
        """Open the file of `home`, or make it; look for damage and migrate.

        Raises:
            StoreFailed: `DatabaseDamaged`, `SchemaTooNew`, `DiskFull`, `HomeUnusable`; the file was left as it was.
        """
        path = home / FILE_NAME
        threads = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(
                threads, _prepared, path, migrations, busy_timeout_ms
            )
        except BaseException:
            threads.shutdown(wait=False)
            raise
        return cls(path, connection, threads, busy_timeout_ms)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Do `work` in one transaction that holds the write lock from its beginning: all of it stands, or nothing.

        Cancelling the wait does not stop work that has begun.

        Raises:
            StoreFailed: nothing was written.
        """

        def transact() -> T:
            with transaction(self._connection, self.path) as session:
                return work(session)

        return await asyncio.get_running_loop().run_in_executor(self._threads, transact)

    async def close(self) -> None:
        """Wait for the work under way and let the file go."""

        def let_go() -> None:
            self._connection.close()
            self._connection.engine.dispose()

        await self.reading.close()
        await _ended(self._threads, let_go)


def _prepared(path: Path, migrations: Sequence[Migration], busy_timeout_ms: int) -> Connection:
    with sqlite.failures(path):
        sqlite.create_private(path)
        # By a connection that cannot write: a file that is refused stays as it is.
        looking = sqlite.reader_engine(path, busy_timeout_ms)
        try:
            with looking.connect() as connection:
                refuse_newer(sqlite.schema_version(connection), path, len(migrations))
                sqlite.check_whole(connection, path, READ_AT_START_BYTES)
        finally:
            looking.dispose()
        engine = sqlite.writer_engine(path, busy_timeout_ms)
        try:
            migrate(engine, path, migrations)
            return engine.connect()
        except BaseException:
            engine.dispose()
            raise


def _check_version(session: Session, path: Path, known: int) -> None:
    version = sqlite.schema_version(session.connection())
    refuse_newer(version, path, known)
    if version == 0:
        raise _nothing_yet(path)
    if version < known:
        raise StoreFailed(
            path=str(path),
            reason=f"The database is of the earlier version {version}.",
            mend="Start the console on this home folder once; it brings the database up to date.",
        )


def _nothing_yet(path: Path) -> NotFound:
    return NotFound(
        reason=f"There is no record in {path.parent} yet.",
        mend="Start the console once, or choose another folder with --home.",
    )


@contextmanager
def transaction(connection: Connection, path: Path) -> Iterator[Session]:
    """Enter a transaction, which is committed at the end; a session that is not made use of costs next to nothing.

    Raises:
        StoreFailed: nothing was written.
    """
    with sqlite.failures(path):
        driver = sqlite.driver_of(connection)
        try:
            with connection.begin(), Session(connection, expire_on_commit=False) as session:
                yield session
                session.flush()
        finally:
            if driver.in_transaction:  # so a commit that fails leaves it
                driver.rollback()


def driver_of(session: Session) -> sqlite3.Connection:
    """Return what the transaction of a session runs on: a few statements pass there in the time of one of its own."""
    connection = session.get_bind()
    assert isinstance(connection, Connection), "sessions of the store are bound to a transaction"
    return sqlite.driver_of(connection)


async def _ended(threads: ThreadPoolExecutor, let_go: Callable[[], None]) -> None:
    await asyncio.get_running_loop().run_in_executor(threads, let_go)
    threads.shutdown(wait=True)
