"""How a database file of any earlier version becomes one of the newest. A step that has shipped is never edited."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine

from xsconsole.errors import SchemaTooNew
from xsconsole.store import sqlite

Migration = Callable[[Connection], None]

SAYING_WHAT = 9
"""From this version on all rows are found by what they say; files that were sealed before stay as they are."""
FILLED_ROWS = 5000


def migrate(engine: Engine, path: Path, migrations: Sequence[Migration]) -> None:
    """Bring the file to version `len(migrations)`, each step in its own transaction.

    A file that holds something already is copied beside itself before its first step. Steps touch projections and add
    tables; what the audit chain covers is never rewritten.

    Raises:
        SchemaTooNew: a newer program wrote the file; nothing was changed.
    """
    with engine.connect() as connection:
        version = sqlite.schema_version(connection)
    refuse_newer(version, path, len(migrations))
    if 0 < version < len(migrations):
        sqlite.copy(path, _free_name(path, version))
    for target, migration in enumerate(migrations, start=1):
        with engine.begin() as connection:
            # Another process may have come first while this one waited for the lock.
            if sqlite.schema_version(connection) == target - 1:
                migration(connection)
                sqlite.set_schema_version(connection, target)
    with engine.begin() as connection:
        refuse_newer(sqlite.schema_version(connection), path, len(migrations))
        # A file that can only be read begins a transaction all the same; a write tells at once.
        sqlite.set_schema_version(connection, len(migrations))


def refuse_newer(version: int, path: Path, known: int) -> None:
    if version > known:
        raise SchemaTooNew(
            path=str(path),
            reason=f"The database is of version {version}; this console knows versions up to {known}.",
            mend="Use the newer console that wrote it, or another home folder. Nothing was changed.",
        )


def _free_name(path: Path, version: int) -> Path:
    number = 1
    while (name := path.with_name(f"{path.name}.version-{version}.{number}.backup")).exists():
        number += 1
    return name


def _version_1(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE chain (chain_id TEXT PRIMARY KEY NOT NULL, started_at TEXT NOT NULL)",
        "CREATE UNIQUE INDEX one_chain ON chain ((1))",
        "CREATE TABLE console_key (fingerprint TEXT PRIMARY KEY NOT NULL CHECK (length(fingerprint) = 64),"
        " public_key BLOB NOT NULL CHECK (length(public_key) = 32), since TEXT NOT NULL)",
        "CREATE TABLE audit (chain_id TEXT NOT NULL REFERENCES chain, seq INTEGER NOT NULL CHECK (seq >= 1),"
        " canonical BLOB NOT NULL, digest BLOB NOT NULL CHECK (length(digest) = 32), at TEXT NOT NULL,"
        " event TEXT NOT NULL, actor TEXT NOT NULL, pool TEXT, configuration TEXT, run TEXT, step TEXT, outcome TEXT,"
        " searched TEXT NOT NULL, PRIMARY KEY (chain_id, seq))",
        "CREATE INDEX audit_by_configuration ON audit (chain_id, configuration, seq)",
        "CREATE INDEX audit_by_run ON audit (chain_id, run, seq)",
        "CREATE INDEX audit_by_event ON audit (chain_id, event, seq)",
        "CREATE TABLE audit_value (chain_id TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL,"
        " salt BLOB NOT NULL CHECK (length(salt) = 16), value BLOB NOT NULL, PRIMARY KEY (chain_id, seq, name),"
        " FOREIGN KEY (chain_id, seq) REFERENCES audit (chain_id, seq)) WITHOUT ROWID",
        "CREATE TABLE audit_signature (chain_id TEXT NOT NULL, first_seq INTEGER NOT NULL CHECK (first_seq >= 1),"
        " last_seq INTEGER NOT NULL CHECK (last_seq >= first_seq), head BLOB NOT NULL CHECK (length(head) = 32),"
        " fingerprint TEXT NOT NULL REFERENCES console_key, signature BLOB NOT NULL CHECK (length(signature) = 64),"
        " PRIMARY KEY (chain_id, first_seq),"
        " FOREIGN KEY (chain_id, last_seq) REFERENCES audit (chain_id, seq))",
        "CREATE TABLE run (run TEXT PRIMARY KEY NOT NULL, configuration TEXT NOT NULL, pool TEXT NOT NULL,"
        " opened_at TEXT NOT NULL, closed_at TEXT, outcome TEXT)",
        "CREATE TABLE step (run TEXT NOT NULL REFERENCES run, step TEXT NOT NULL, state TEXT NOT NULL,"
        " seq INTEGER NOT NULL, PRIMARY KEY (run, step))",
        "CREATE TABLE lease_nonce (nonce TEXT PRIMARY KEY NOT NULL, thing TEXT NOT NULL, remembered_at TEXT NOT NULL)",
        *(
            statement
            for table in ("chain", "console_key", "audit", "audit_value", "audit_signature")
            for statement in sqlite.append_only(table)
        ),
        "INSERT INTO chain VALUES (lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%f000Z'))",
    ):
        connection.exec_driver_sql(statement)


def _version_2(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE job (job TEXT PRIMARY KEY NOT NULL, pool TEXT NOT NULL, process TEXT NOT NULL, act TEXT NOT NULL,"
        " actor TEXT NOT NULL, opened_at TEXT NOT NULL)",
        "CREATE INDEX job_by_time ON job (opened_at)",
        "CREATE TABLE act (job TEXT NOT NULL REFERENCES job, position INTEGER NOT NULL, kind TEXT NOT NULL,"
        " uuid TEXT NOT NULL, name TEXT NOT NULL, settled_at TEXT, outcome TEXT, reason TEXT NOT NULL,"
        " PRIMARY KEY (job, position))",
    ):
        connection.exec_driver_sql(statement)


def _version_3(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE ended_task (pool TEXT NOT NULL, task TEXT NOT NULL, label TEXT NOT NULL, began_at TEXT NOT NULL,"
        " ended_at TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, objects TEXT NOT NULL,"
        " PRIMARY KEY (pool, task))"
    )
    connection.exec_driver_sql("CREATE INDEX ended_task_by_time ON ended_task (began_at)")


def _version_4(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE draft (draft TEXT PRIMARY KEY NOT NULL, format INTEGER NOT NULL, name TEXT NOT NULL, base BLOB,"
        " base_version INTEGER, position INTEGER NOT NULL, revision INTEGER NOT NULL, updated_at TEXT NOT NULL)",
        "CREATE TABLE draft_moment (draft TEXT NOT NULL REFERENCES draft, position INTEGER NOT NULL,"
        " label TEXT NOT NULL, merge TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (draft, position))",
    ):
        connection.exec_driver_sql(statement)


def _version_5(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE waiting (queued TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, content TEXT NOT NULL)"
    )


def _version_6(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE job ADD COLUMN given TEXT NOT NULL DEFAULT ''")


def _version_7(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE audit_head (chain_id TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq >= 1), at TEXT NOT NULL,"
        " digest BLOB NOT NULL CHECK (length(digest) = 32), fingerprint TEXT NOT NULL REFERENCES console_key,"
        " signature BLOB NOT NULL CHECK (length(signature) = 64), PRIMARY KEY (chain_id, seq, at),"
        " FOREIGN KEY (chain_id, seq) REFERENCES audit (chain_id, seq))",
        "CREATE TABLE audit_anchor (chain_id TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq >= 1), kind TEXT NOT NULL,"
        " place TEXT NOT NULL, reference TEXT NOT NULL, place_name TEXT NOT NULL, kept_at TEXT NOT NULL,"
        " head TEXT NOT NULL, PRIMARY KEY (chain_id, seq, kind, place, reference))",
        *(statement for table in ("audit_head", "audit_anchor") for statement in sqlite.append_only(table)),
    ):
        connection.exec_driver_sql(statement)


def _version_8(connection: Connection) -> None:
    """Let the indices begin with what is asked for: a file has one chain, whose id stood before that and hid it."""
    for statement in (
        *(f"DROP INDEX audit_by_{name}" for name in ("configuration", "run", "event")),
        "CREATE INDEX audit_by_configuration ON audit (configuration, seq) WHERE configuration IS NOT NULL",
        "CREATE INDEX audit_by_run ON audit (run, seq) WHERE run IS NOT NULL",
        "CREATE INDEX audit_by_event ON audit (event, seq)",
        # What filters ask for: in the rows themselves ten times as much would have to be read.
        "CREATE INDEX audit_listing ON audit (seq, at, pool, searched)",
    ):
        connection.exec_driver_sql(statement)


_SAYING = (
    "SELECT audit.chain_id, audit.seq, audit_value.value FROM audit JOIN audit_value"
    " ON audit_value.chain_id = audit.chain_id AND audit_value.seq = audit.seq AND audit_value.name = 'details'"
    " WHERE audit.chain_id = (SELECT chain_id FROM chain) AND audit.seq > ?"
    " AND audit.event NOT IN ('job.opened', 'act.settled', 'batch.opened', 'batch.closed')"  # found by it already
    " ORDER BY audit.seq LIMIT ?"
)


def _version_9(connection: Connection) -> None:
    """Let rows be found by what they say. Only what is searched changes; a row that cannot be read stays as it is."""
    for statement in ("DROP TRIGGER audit_refuses_UPDATE", "DROP INDEX audit_listing"):
        connection.exec_driver_sql(statement)
    before = 0
    while found := connection.exec_driver_sql(_SAYING, (before, FILLED_ROWS)).all():
        before = found[-1].seq
        told = [(f"\n{what.casefold()}", row.chain_id, row.seq) for row in found if (what := _what(row.value))]
        if told:
            added = "UPDATE audit SET searched = searched || ? WHERE chain_id = ? AND seq = ?"
            connection.exec_driver_sql(added, told)
    for statement in (sqlite.append_only("audit")[0], "CREATE INDEX audit_listing ON audit (seq, at, pool, searched)"):
        connection.exec_driver_sql(statement)


def _what(details: object) -> str:
    try:
        found = json.loads(details) if isinstance(details, str | bytes) else None
    except (ValueError, RecursionError):
        return ""
    return str(found.get("what", "")) if isinstance(found, dict) else ""


MIGRATIONS: tuple[Migration, ...] = (
    *(_version_1, _version_2, _version_3, _version_4),
    *(_version_5, _version_6, _version_7, _version_8, _version_9),
)
