import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from tests.store.homes import Home, no_file_beyond
from tests.store.test_ledger import OPENED, STARTED
from xsconsole.domain.audit_filter import AUDIT
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact
from xsconsole.errors import NotFound, SchemaTooNew, StoreFailed
from xsconsole.reports.verifier.database import NEWEST_SCHEMA
from xsconsole.reports.verifier.program import verify_file
from xsconsole.store.database import Database, Reading
from xsconsole.store.migrations import MIGRATIONS
from xsconsole.store.reader import LedgerReader
from xsconsole.store.schema import Base
from xsconsole.store.sqlite import append_only


def test_the_verifier_of_files_knows_every_version_that_is_written() -> None:
    assert len(MIGRATIONS) == NEWEST_SCHEMA


async def test_a_file_of_a_newer_program_is_refused_and_unchanged(home: Home) -> None:
    await home.written()
    with closing(sqlite3.connect(home.database)) as newer, newer:
        newer.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    before = home.database.read_bytes()

    with pytest.raises(SchemaTooNew, match="Use the newer console"):
        await home.ledger()
    with pytest.raises(SchemaTooNew):
        await LedgerReader.open(home.path)

    assert home.database.read_bytes() == before


def add_colour(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE run ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'")


def fail_half_way(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE run ADD COLUMN size TEXT")
    connection.exec_driver_sql("ALTER TABLE run ADD COLUMN size TEXT")


async def test_an_older_file_is_upgraded_after_a_copy_of_it_was_made(home: Home) -> None:
    ledger = await home.ledger()
    await ledger.record(OPENED)
    await ledger.close()

    database = await Database.open(home.path, migrations=(*MIGRATIONS, add_colour))
    colour = await database.write(lambda session: session.scalar(text("SELECT colour FROM run")))
    await database.close()

    assert colour == "grey"
    backup = home.path / f"console.db.version-{len(MIGRATIONS)}.1.backup"
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in home.path.iterdir()) == ["console.db", backup.name]
    backup.replace(home.database)
    ledger = await home.ledger()
    assert [row.fact for row in await ledger.page(AuditQuery())] == [OPENED]
    assert all(verdict.is_good for verdict in await ledger.verify())
    await ledger.close()


async def test_a_migration_that_fails_leaves_the_version_before_it(home: Home) -> None:
    await home.written()

    for _ in range(2):
        with pytest.raises(StoreFailed, match="duplicate column"):
            await Database.open(home.path, migrations=(*MIGRATIONS, add_colour, fail_half_way))

    with closing(sqlite3.connect(home.database)) as left:
        assert left.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
        assert "size" not in str(left.execute("SELECT sql FROM sqlite_master").fetchall())
    assert {path.name for path in home.path.glob("*.backup")} == {
        f"console.db.version-{len(MIGRATIONS)}.1.backup",
        f"console.db.version-{len(MIGRATIONS) + 1}.1.backup",
    }


async def test_a_second_backup_of_one_version_does_not_replace_the_first(home: Home) -> None:
    await home.written()

    for _ in range(2):
        with pytest.raises(StoreFailed):
            await Database.open(home.path, migrations=(*MIGRATIONS, fail_half_way))

    assert len(list(home.path.glob(f"console.db.version-{len(MIGRATIONS)}.*.backup"))) == 2


async def test_without_room_for_the_backup_nothing_is_migrated(home: Home) -> None:
    await home.written(200)
    before = home.database.read_bytes()

    with no_file_beyond(len(before) // 2), pytest.raises(StoreFailed) as failed:
        await Database.open(home.path, migrations=(*MIGRATIONS, add_colour))

    assert failed.value.mend
    assert home.database.read_bytes() == before
    assert [path.name for path in home.path.iterdir()] == ["console.db"]


async def test_an_empty_file_becomes_a_database_without_a_backup(home: Home) -> None:
    home.database.touch()
    with pytest.raises(NotFound, match="no record"):
        await LedgerReader.open(home.path)

    await home.written()

    assert [path.name for path in home.path.iterdir()] == ["console.db"]


async def test_who_only_looks_does_not_upgrade(home: Home) -> None:
    await home.written()

    with pytest.raises(StoreFailed, match="Start the console"):
        await Reading.open(home.path, migrations=(*MIGRATIONS, add_colour))


async def test_the_tables_are_those_that_the_program_expects(home: Home) -> None:
    database = await Database.open(home.path)

    def columns(session: Session) -> dict[str, set[tuple[str, bool, bool]]]:
        return {
            table: {
                (row.name, bool(row.notnull), bool(row.pk))
                for row in session.execute(text(f"PRAGMA table_info({table})"))
            }
            for table in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        }

    found = await database.reading.run(columns)
    await database.close()

    assert found == {
        name: {(column.name, not column.nullable, column.primary_key) for column in table.columns}
        for name, table in Base.metadata.tables.items()
    }


async def test_every_older_version_becomes_the_newest(home: Home) -> None:
    for version in range(1, len(MIGRATIONS)):
        path = home.path / str(version)
        path.mkdir()
        await (await Database.open(path, migrations=MIGRATIONS[:version])).close()

        ledger = await Home(path).ledger()
        await ledger.record(OPENED)

        assert [row.fact for row in await ledger.page(AuditQuery())] == [OPENED]
        assert await ledger.jobs(10) == ()
        await ledger.close()


SAID = Fact(event=AuditEvent.HOOK_CHANGED, details={"what": "Start Straße-1"})


def say_less(path: Path) -> None:
    """Make a file one of version 8, where rows were not found by what they say."""
    with closing(sqlite3.connect(path)) as older, older:
        older.execute("DROP TRIGGER audit_refuses_UPDATE")
        older.execute("UPDATE audit SET searched = replace(searched, ?, '')", ("\n" + "Start Straße-1".casefold(),))
        older.execute(append_only("audit")[0])
        older.execute("PRAGMA user_version=8")


async def test_rows_of_an_earlier_version_are_found_by_what_they_say(home: Home) -> None:
    ledger = await home.ledger()
    await ledger.record(STARTED, SAID, STARTED)
    await ledger.close()
    say_less(home.database)
    asked = AuditQuery(filter=query_of("strasse-1", AUDIT))

    sealed = LedgerReader(await Reading.open_file(home.database, MIGRATIONS[:8]))  # as a sealed one stays
    in_older = [row.fact for row in await sealed.page(asked)]
    of_older = (await sealed.verify(), verify_file(home.database))
    await sealed.close()
    ledger = await home.ledger()
    in_newest = [row.fact for row in await ledger.page(asked)]
    of_newest = (await ledger.verify(), verify_file(home.database))
    await ledger.close()

    assert in_older == in_newest == [SAID]
    assert [
        one for verdicts in (*of_older, *of_newest) for one in verdicts if one.check == "listing" and not one.is_good
    ] == []
    say_less(home.database)
    with closing(sqlite3.connect(home.database)) as hidden, hidden:
        hidden.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
    assert {one.check for one in verify_file(home.database) if not one.is_good} == {"listing"}
    reader = await LedgerReader.open(home.path)
    assert "listing" in {one.check for one in await reader.verify() if not one.is_good}
    await reader.close()
