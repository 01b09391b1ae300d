"""Ends a file of the record: a whole copy of it is sealed or set aside, and the file in use begins anew.

All of it happens in one transaction of the file in use, so that every process of the home sees it before or after it.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from xsconsole.domain.record import AuditEvent
from xsconsole.errors import StoreFailed
from xsconsole.store import sqlite
from xsconsole.store.chain import FIRST_PREVIOUS, Head
from xsconsole.store.fields import decoded_fields
from xsconsole.store.files import settle
from xsconsole.store.migrations import MIGRATIONS
from xsconsole.store.schema import AuditEntry, AuditValue, Chain

SEALED, ASIDE = "sealed", "set-aside"
EVIDENCE = ("chain", "console_key", "audit", "audit_value", "audit_signature", "audit_head", "audit_anchor")
EMPTIED = ("audit_head", "audit_signature", "audit_value", "audit")  # none before what refers to it
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A file that was ended: whole, and not changed any more. `digest` is that of its last row."""

    path: Path
    sha256: str
    chain_id: str
    first_seq: int
    last_seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What the first row of a file says of the file before it."""

    name: str
    sha256: str
    end: Head


def copied(session: Session, path: Path, folder: Path, stem: str, end: Head, *, is_bare: bool) -> Cut:
    """Leave a copy of the database in a folder, as this writing transaction found it; only evidence if it `is_bare`.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    first_seq = session.scalars(select(func.min(AuditEntry.seq))).one() or 1
    folder.mkdir(mode=0o700, exist_ok=True)
    unfinished = folder / f".{stem}.unfinished"
    unfinished.unlink(missing_ok=True)
    sqlite.create_private(unfinished)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
            if is_bare:
                _bare(copy)
            # One file without companions, which can be read where nothing can be written.
            copy.execute("PRAGMA journal_mode=DELETE")
        unfinished.chmod(0o400)
        sha256 = _synced_sha256(unfinished)
        target = _linked(unfinished, folder, stem)
    finally:
        unfinished.unlink(missing_ok=True)
    settle(folder)
    return Cut(
        path=target,
        sha256=sha256,
        chain_id=end.chain_id,
        first_seq=first_seq,
        last_seq=end.seq,
        digest=end.digest.hex(),
    )


def _bare(copy: sqlite3.Connection) -> None:
    """Take out what is no evidence: drafts, and what the console only remembers."""
    copy.isolation_level = None
    copy.execute("PRAGMA secure_delete=ON")
    tables = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if table not in EVIDENCE and not table.startswith("sqlite_"):
            copy.execute(f'DROP TABLE "{table}"')


def _synced_sha256(file: Path) -> str:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    return sha256_of(file)


def _linked(unfinished: Path, folder: Path, stem: str) -> Path:
    number = 1
    while True:
        target = folder / (f"{stem}.db" if number == 1 else f"{stem}.{number}.db")
        try:
            os.link(unfinished, target)
        except FileExistsError:
            number += 1
        else:
            return target


def sha256_of(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def emptied(session: Session, *, is_new_chain: bool) -> Head | None:
    """Let the file in use hold no rows any more; with a new chain, return its beginning.

    Tables are made anew as a whole: rows of them cannot be deleted.
    """
    connection = session.connection()
    for table in (*EMPTIED, *(("chain",) if is_new_chain else ())):
        connection.exec_driver_sql(f"DROP TABLE {table}")
    made = ("chain", *EMPTIED) if is_new_chain else EMPTIED
    for statement in _statements(made):
        connection.exec_driver_sql(statement)
    session.expire_all()
    if not is_new_chain:
        return None
    connection.exec_driver_sql(
        "INSERT INTO chain VALUES (lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%f000Z'))"
    )
    return Head(chain_id=session.scalars(select(Chain.chain_id)).one(), seq=0, digest=FIRST_PREVIOUS)


@cache
def _schema() -> tuple[tuple[str, str], ...]:
    """Return the statements that make the tables, indices and triggers of the newest version, each with its table."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for migration in MIGRATIONS:
            migration(connection)
        found = connection.exec_driver_sql("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    engine.dispose()
    return tuple((table, statement) for table, statement in found)


def _statements(tables: tuple[str, ...]) -> Iterator[str]:
    own = [statement for table, statement in _schema() if table in tables]
    yield from sorted(own, key=lambda statement: not statement.startswith("CREATE TABLE"))


def link_of(session: Session) -> Link | None:
    """Return which file holds the rows before those of this one; None where they begin with the first."""
    first_seq = session.scalars(select(func.min(AuditEntry.seq))).one()
    if first_seq is None or first_seq == 1:
        return None
    chain_id = session.scalars(select(AuditEntry.chain_id).where(AuditEntry.seq == first_seq)).one()
    values = session.execute(
        select(AuditValue.name, AuditValue.value).where(AuditValue.chain_id == chain_id, AuditValue.seq == first_seq)
    )
    try:
        fields: dict[str, Any] = decoded_fields({row.name: row.value for row in values})
        details = fields["details"]
        end = Head(chain_id=chain_id, seq=int(details["last_seq"]), digest=bytes.fromhex(details["digest"]))
        is_one = fields["event"] == AuditEvent.RECORD_SEALED and end.seq == first_seq - 1
        return Link(name=Path(details["file"]).name, sha256=str(details["sha256"]), end=end) if is_one else None
    except (KeyError, ValueError, TypeError):
        return None


def place_of(path: Path, name: str) -> Path | None:
    """Return where a sealed file is that a file at `path` names; None where it is in neither place."""
    for folder in (path.parent / SEALED, path.parent):
        if (folder / name).is_file():
            return folder / name
    return None


class Moved(StoreFailed):
    """Another process wrote rows meanwhile."""
