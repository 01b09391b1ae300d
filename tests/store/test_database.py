import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.store.homes import GROWING_ONLY, Home, no_file_beyond
from tests.store.test_ledger import OPENED, STARTED
from xsconsole.domain.anchors import in_keys, stem_of
from xsconsole.domain.heads import to_text
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact
from xsconsole.errors import DatabaseDamaged, DiskFull, HomeUnusable, StoreFailed
from xsconsole.store import sqlite
from xsconsole.store.database import FILE_NAME, Database
from xsconsole.store.reader import LedgerReader
from xsconsole.store.schema import Base, LeaseNonce

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run as an account to which file modes apply, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any account may write: pytest's own may be entered by one account only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


async def test_a_file_that_is_no_database_is_called_damaged_and_kept(home: Home) -> None:
    home.database.write_bytes(b"this is no database, but somebody's only copy of something " * 40)
    before = home.database.read_bytes()

    with pytest.raises(DatabaseDamaged) as damaged:
        await home.ledger()
    with pytest.raises(DatabaseDamaged):
        await LedgerReader.open(home.path)

    assert home.database.read_bytes() == before
    assert "left as it is" in damaged.value.mend
    assert "console.db-wal" in damaged.value.mend
    assert damaged.value.path == str(home.database)


async def test_a_page_overwritten_in_the_middle_is_found_when_the_file_is_opened(home: Home) -> None:
    await home.written(40)
    content = bytearray(home.database.read_bytes())
    content[8192:12288] = b"\xa5" * 4096
    home.database.write_bytes(content)

    with pytest.raises(DatabaseDamaged):
        await home.ledger()

    assert home.database.read_bytes() == bytes(content)


async def test_a_file_cut_short_is_called_damaged(home: Home) -> None:
    await home.written(40)
    os.truncate(home.database, home.database.stat().st_size // 2)

    with pytest.raises(DatabaseDamaged):
        await home.ledger()


async def test_the_database_of_another_program_is_left_alone(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as other, other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = home.database.read_bytes()

    with pytest.raises(DatabaseDamaged, match="another program"):
        await home.ledger()

    assert home.database.read_bytes() == before


async def test_an_empty_database_with_the_mark_of_another_program_is_left_alone(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as other, other:
        other.execute("PRAGMA application_id=7")

    with pytest.raises(DatabaseDamaged, match="another program"):
        await home.ledger()


async def test_after_a_damaged_file_is_moved_away_a_new_record_begins(home: Home) -> None:
    home.database.write_bytes(b"x" * 5000)
    with pytest.raises(DatabaseDamaged):
        await home.ledger()
    home.database.rename(home.path / "damaged.db")

    ledger = await home.ledger()

    assert await ledger.record(STARTED) == 1
    await ledger.close()


@pytest.mark.parametrize("table", GROWING_ONLY)
@pytest.mark.parametrize("verb", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1}", "REPLACE INTO {0} SELECT * FROM {0}"])
async def test_what_is_evidence_can_be_neither_changed_nor_deleted(home: Home, table: str, verb: str) -> None:
    ledger = await home.ledger()
    await ledger.record(STARTED)
    head = await ledger.state_head(is_anew=True)
    assert head is not None
    await ledger.remember_anchors(in_keys({stem_of(head.chain_id): to_text(head)}, "p", "acme"))
    await ledger.close()
    database = await Database.open(home.path)
    column = Base.metadata.tables[table].columns.keys()[0]

    with pytest.raises(IntegrityError, match="only grows"):
        await database.write(lambda session: session.execute(text(verb.format(table, column))))

    ledger = await home.on(database)
    assert (await ledger.head()).seq == 1
    assert all(verdict.is_good for verdict in await ledger.verify())
    await ledger.close()


async def test_a_file_has_one_chain(home: Home) -> None:
    database = await Database.open(home.path)

    with pytest.raises(IntegrityError):
        await database.write(lambda session: session.execute(text("INSERT INTO chain VALUES ('other', 'now')")))

    await database.close()


async def test_readers_cannot_write(home: Home) -> None:
    database = await Database.open(home.path)

    with pytest.raises(HomeUnusable, match="readonly"):
        await database.reading.run(lambda session: session.execute(text("DELETE FROM run")))

    await database.close()


async def test_a_transaction_that_fails_half_way_leaves_nothing(home: Home) -> None:
    database = await Database.open(home.path)

    def half(session: Session) -> None:
        session.add(LeaseNonce(nonce="n", thing="t", remembered_at=home.clock.now()))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(half)

    assert await database.reading.run(lambda session: session.scalars(select(LeaseNonce)).all()) == []
    await database.close()


async def test_after_a_commit_that_failed_the_next_one_stands(home: Home) -> None:
    database = await Database.open(home.path)

    def late(session: Session) -> None:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text("INSERT INTO step VALUES ('no run', 'step', 'state', 1)"))

    with pytest.raises(IntegrityError):
        await database.write(late)

    assert await database.write(lambda session: session.scalar(text("SELECT count(*) FROM step"))) == 0
    await database.close()


async def test_every_commit_reaches_the_disk(home: Home) -> None:
    database = await Database.open(home.path)

    pragmas = {
        name: await database.write(lambda session, name=name: session.scalar(text(f"PRAGMA {name}")))  # type: ignore[misc]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    await database.close()

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


async def test_a_full_disk_is_said_and_leaves_nothing_half_written(home: Home) -> None:
    database = await Database.open(home.path)
    await database.write(lambda session: session.execute(text("PRAGMA max_page_count=40")))
    ledger = await home.on(database)
    await ledger.record(OPENED)

    async def fill() -> None:
        while True:
            await ledger.record(Fact(event=AuditEvent.CONSOLE_STARTED, reason="x" * 2_000), STARTED)

    with pytest.raises(DiskFull) as full:
        await fill()

    head = await ledger.head()
    verdicts = await ledger.verify()
    await database.write(lambda session: session.execute(text("PRAGMA max_page_count=4000")))
    assert await ledger.record(STARTED) == head.seq + 1
    await ledger.close()
    assert head.seq % 2 == 1
    assert all(verdict.is_good for verdict in verdicts), verdicts
    assert "Free space" in full.value.mend
    assert str(home.path) in full.value.mend


async def test_at_whichever_write_the_disk_is_full_a_whole_group_stands_or_nothing(home: Home) -> None:
    ledger, log = await home.ledger(), home.path / f"{FILE_NAME}-wal"
    seq, said = await ledger.record(OPENED), []
    with closing(sqlite3.connect(home.database)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what follows grows the log, write after write

    for room_bytes in range(0, 60_000, 1_500):
        with no_file_beyond(log.stat().st_size + room_bytes):
            try:
                await ledger.record(STARTED, Fact(event=AuditEvent.AUDIT_READ, reason="x" * 3_000), STARTED)
            except StoreFailed as failure:
                said.append(failure.mend)
            else:
                seq += 3
        assert (await ledger.head()).seq == seq

    verdicts = await ledger.verify()
    assert await ledger.record(STARTED) == seq + 1
    await ledger.close()
    assert all(verdict.is_good for verdict in verdicts), verdicts
    assert 5 < len(said) < 40
    assert all(said)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(OSError(28, "No space left on device"), DiskFull), (OSError(30, "Read-only file system"), HomeUnusable)],
)
def test_what_the_file_system_says_becomes_our_error(tmp_path: Path, failure: OSError, expected: type) -> None:
    with pytest.raises(expected), sqlite.failures(tmp_path):
        raise failure


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_IOERR_SHMSIZE, DiskFull),
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_READONLY_DBMOVED, HomeUnusable),
        (sqlite3.SQLITE_CORRUPT_VTAB, DatabaseDamaged),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreFailed),
        (sqlite3.SQLITE_LOCKED, StoreFailed),
    ],
)
def test_codes_that_are_hard_to_provoke_have_their_meaning(tmp_path: Path, code: int, expected: type) -> None:
    failure = sqlite3.OperationalError("as SQLite says it")
    failure.sqlite_errorcode = code

    meaning = sqlite.meaning(failure, tmp_path)

    assert type(meaning) is expected
    assert meaning.mend  # type: ignore[attr-defined]


def test_errors_that_are_no_database_errors_pass_unchanged(tmp_path: Path) -> None:
    bug = OperationalError("statement", {}, ValueError("not of SQLite"))

    with pytest.raises(OperationalError) as passed, sqlite.failures(tmp_path):
        raise bug

    assert passed.value is bug


async def test_a_lock_that_somebody_keeps_is_said_and_nothing_is_written(home: Home) -> None:
    database = await Database.open(home.path, busy_timeout_ms=20)
    ledger = await home.on(database)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreFailed, match="keeps the database locked"):
            await ledger.record(STARTED)

        assert (await ledger.head()).seq == 0
        other.execute("ROLLBACK")
    assert await ledger.record(STARTED) == 1
    await ledger.close()


async def test_a_ledger_that_cannot_be_opened_lets_its_database_go(home: Home) -> None:
    database = await Database.open(home.path, busy_timeout_ms=20)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreFailed, match="locked"):
            await home.on(database)


async def test_a_home_that_is_no_folder_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HomeUnusable) as unusable:
        await Database.open(tmp_path / "file")

    assert "--home" in unusable.value.mend


async def test_a_folder_that_may_not_be_written_is_unusable(open_folder: Path) -> None:
    os.chmod(open_folder, 0o555)

    with as_nobody(), pytest.raises(HomeUnusable, match="Permission denied"):
        await Database.open(open_folder)


async def test_a_file_that_may_not_be_written_is_unusable_and_can_still_be_read(open_folder: Path) -> None:
    home = Home(open_folder)
    await home.written()
    home.database.chmod(0o444)

    with as_nobody():
        with pytest.raises(HomeUnusable):
            await home.ledger()
        reader = await LedgerReader.open(home.path)
        seen = await reader.page(AuditQuery())
        await reader.close()

    assert [row.fact for row in seen] == [STARTED]


async def test_the_file_is_for_its_owner_only(home: Home) -> None:
    ledger = await home.ledger()
    await ledger.record(STARTED)

    modes = {path.name: path.stat().st_mode & 0o777 for path in home.path.iterdir()}
    await ledger.close()

    assert modes == {"console.db": 0o600, "console.db-wal": 0o600, "console.db-shm": 0o600}


async def test_a_database_that_lacks_a_table_is_called_damaged(home: Home) -> None:
    ledger = await home.ledger()
    await ledger.close()
    with closing(sqlite3.connect(home.database)) as connection:
        connection.executescript("DROP TABLE audit_signature")

    reader = await LedgerReader.open(home.path)
    with pytest.raises(DatabaseDamaged, match="It lacks what every record has"):
        await reader.verify()
    await reader.close()


async def test_a_large_file_is_not_read_as_a_whole_before_it_is_used(home: Home) -> None:
    await home.written(20)
    with closing(sqlite3.connect(home.database)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit_by_event'").fetchone()
        (size,) = file.execute("PRAGMA page_size").fetchone()
    with home.database.open("r+b") as spoilt:
        spoilt.seek((root - 1) * size)
        spoilt.write(b"\xff" * 64)
    engine = sqlite.reader_engine(home.database, 1000)

    with engine.connect() as connection:
        sqlite.check_whole(connection, home.database, home.database.stat().st_size - 1)
        with pytest.raises(DatabaseDamaged):
            sqlite.check_whole(connection, home.database, home.database.stat().st_size)
    engine.dispose()
