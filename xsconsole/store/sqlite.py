"""Everything that holds for SQLite only: connections, transactions, checks, copies and what its errors mean."""

import errno
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.pool import QueuePool

from xsconsole.errors import ConsoleError, DatabaseDamaged, DiskFull, HomeUnusable, StoreFailed

APPLICATION_ID = 0x78736331  # "xsc1": says in the file itself whose it is
READERS = 2
PRIMARY_CODE = 0xFF

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
LACKING = ("no such table", "no such column")
UNUSABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
# Growing the shared-memory index of the log is the one write whose want of space SQLite calls an I/O error.
FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})


def writer_engine(path: Path, busy_timeout_ms: int) -> Engine:
    """Return an engine of one connection whose transactions take the write lock when they begin."""
    engine = _engine(path, "rw", busy_timeout_ms, connections=1)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver_of(connection).execute("BEGIN IMMEDIATE")

    return engine


def reader_engine(path: Path, busy_timeout_ms: int) -> Engine:
    """Return an engine that cannot write; each of its transactions sees one unchanging state."""
    engine = _engine(path, "ro", busy_timeout_ms, connections=READERS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver_of(connection).execute("BEGIN")

    return engine


def _engine(path: Path, mode: str, busy_timeout_ms: int, connections: int) -> Engine:
    address = f"{path.absolute().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        # No isolation level: the module would otherwise begin transactions by itself, and later than we want them.
        connection = sqlite3.connect(
            address, uri=True, timeout=busy_timeout_ms / 1000, isolation_level=None, check_same_thread=False
        )
        # Text that is no Unicode is a finding of the checks, not a reason to stop reading.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
            cursor.execute("PRAGMA foreign_keys=ON")
            # Without it, REPLACE deletes behind the back of the triggers that keep evidence.
            cursor.execute("PRAGMA recursive_triggers=ON")
            # Limits what a file from elsewhere can make SQLite do.
            cursor.execute("PRAGMA trusted_schema=OFF")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=connections, max_overflow=0)


def create_private(path: Path) -> None:
    """Make the file, readable by its owner only, unless it is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into our errors. Broken constraints are bugs and pass."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError):
        raise
    except DBAPIError as failure:
        if not isinstance(failure.orig, sqlite3.Error):
            raise
        raise meaning(failure.orig, path) from failure
    except sqlite3.Error as failure:
        raise meaning(failure, path) from failure
    except UnicodeDecodeError as failure:  # SQLite quotes what is damaged, and Python cannot read that
        raise damaged(path, "What SQLite says of it cannot be read.") from failure
    except OSError as failure:
        raise meaning_of_system(failure, path) from failure


def meaning(failure: sqlite3.Error, path: Path) -> ConsoleError:
    """Return our error for one of SQLite's, with what the user can do."""
    code = getattr(failure, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & PRIMARY_CODE
    if code in FULL:
        return disk_full(path)
    if primary in DAMAGED:
        return damaged(path, f"SQLite says: {failure}.")
    if primary in UNUSABLE:
        return unusable(path, f"SQLite says: {failure}.")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreFailed(
            path=str(path),
            reason="Another program keeps the database locked.",
            mend="Close other programs that work on this home folder, then try again. Nothing was written.",
        )
    if str(failure).startswith(LACKING):
        return damaged(path, f"It lacks what every record has. SQLite says: {failure}.")
    return StoreFailed(
        path=str(path),
        reason=f"The database cannot be used. SQLite says: {failure}.",
        mend="Check the disk, then try again. What was being written was not.",
    )


def meaning_of_system(failure: OSError, path: Path) -> ConsoleError:
    if failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    return unusable(path, f"{failure.strerror or failure}.")


def disk_full(path: Path) -> DiskFull:
    folder = path if path.is_dir() else path.parent
    return DiskFull(
        path=str(path),
        reason="The disk is full.",
        mend=f"Free space on the disk that holds {folder}, then try again. Nothing was half written.",
    )


def damaged(path: Path, reason: str) -> DatabaseDamaged:
    return DatabaseDamaged(
        path=str(path),
        reason=f"The database is damaged. {reason}",
        mend="It was left as it is. Put a backup in its place, and take its companions "
        f"({path.name}-wal, {path.name}-shm) away; or let `xsconsole audit accept` set "
        "all of them aside, and begin a new one.",
    )


def unusable(path: Path, reason: str) -> HomeUnusable:
    return HomeUnusable(
        path=str(path),
        reason=f"{path} cannot be used: {reason}",
        mend="Make the folder writable for you, or choose another with --home or XSCONSOLE_HOME.",
    )


def check_whole(connection: Connection, path: Path, most_bytes: int | None = None) -> None:
    """Look for damage, without reading every index; a file of more than `most_bytes` is not read for it.

    Raises:
        DatabaseDamaged: also where the file is another program's.
    """
    if most_bytes is None or path.stat().st_size <= most_bytes:
        finding = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if finding != "ok":
            raise damaged(path, f"SQLite says: {finding}.")
    owner = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if owner != APPLICATION_ID and (owner or _has_tables(connection)):
        raise damaged(path, "It belongs to another program.")


def check_numbers(connection: Connection, path: Path, *columns: tuple[str, str]) -> None:
    """Look for texts in columns of numbers, which SQLite lets in; a read-only connection skips the schema's own checks.

    Raises:
        DatabaseDamaged: no program of ours wrote that.
    """
    for table, column in columns:
        wrong = f"SELECT count(*) FROM {table} WHERE typeof({column}) <> 'integer' OR {column} < 1"
        if connection.exec_driver_sql(wrong).scalar_one():
            raise damaged(path, f"Column {column} of table {table} holds something else than numbers from 1 on.")


def _has_tables(connection: Connection) -> bool:
    return bool(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one())


def schema_version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def set_schema_version(connection: Connection, version: int) -> None:
    """Mark the file as ours and of `version`, as part of the running transaction."""
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version={version}")


def copy(path: Path, target: Path) -> None:
    """Copy a database that may be in use, whole and on the disk when this returns.

    Raises:
        FileExistsError: `target` is there.
    """
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    create_private(unfinished)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as copied:
            source.backup(copied)
        os.link(unfinished, target)
    finally:
        unfinished.unlink()


def insert_many(
    driver: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    key: Sequence[str] = (),
) -> None:
    """Insert rows as they are, without a look at what they hold: several times faster than by their class.

    Where a `key` is given, a row that is there with that key stays as it is.
    """
    marks = ", ".join("?" * len(columns))
    unless = f" ON CONFLICT ({', '.join(key)}) DO NOTHING" if key else ""
    driver.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}){unless}", rows)


def end_of_chain(driver: sqlite3.Connection) -> tuple[str, int | None, object]:
    """Return the chain, and the number and digest of its last row; of no row, None. Asked at each commit."""
    found: tuple[str, int | None, object] = driver.execute(
        "SELECT chain.chain_id, audit.seq, audit.digest FROM chain LEFT JOIN audit ON audit.chain_id = chain.chain_id"
        " AND audit.seq = (SELECT max(seq) FROM audit WHERE audit.chain_id = chain.chain_id)"
    ).fetchone()
    return found


def values_between(
    driver: sqlite3.Connection, chain_id: str, first_seq: int, last_seq: int
) -> Iterator[tuple[int, str, object, object]]:
    """Yield number, name, salt and value of all fields in a stretch of rows, in their order."""
    return driver.execute(
        "SELECT seq, name, salt, value FROM audit_value WHERE chain_id = ? AND seq BETWEEN ? AND ?",
        (chain_id, first_seq, last_seq),
    )


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return what a transaction runs on, without what is around it: that costs more than a short statement itself."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def append_only(table: str) -> tuple[str, ...]:
    """Return the statements after which rows of `table` can be added and nothing else."""
    return tuple(
        f"CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        for verb in ("UPDATE", "DELETE")
    )


def is_among(column: InstrumentedAttribute[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column has one of these numbers, however many they are: SQLite bounds the parameters of a statement."""
    each = func.json_each(json.dumps(list(numbers))).table_valued("value")
    return column.in_(select(each.c.value))
