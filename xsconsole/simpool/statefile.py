"""Pools in a file, so that they are there again tomorrow, also after the process was killed in the midst of something.

The file is a SQLite database. Every moment or two what changed goes into it as one transaction: the file holds pools as
they were at some instant shortly before. Sessions and tasks are not kept: as with a real pool they do not survive the
program that serves them.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from xsconsole.simpool.conversion import Converter
from xsconsole.simpool.database import KEPT_TOMBSTONES, Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import Class
from xsconsole.simpool.rows import Record, Tombstone
from xsconsole.simpool.types import Bool, Enum, Int, Map, Ref, Set, Str, Type
from xsconsole.simpool.wire_json import record_text

FORMAT = 2
SETTLING_S = 0.1

LEAP = 1_000_000
"""How far the generation jumps at a restart, so that tokens given out after the last writing are not ahead of it."""

_MAGIC = b"SQLite format 3\x00"
_FLEETING = frozenset({"session", "task"})
_SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE pool (name TEXT PRIMARY KEY, facts TEXT NOT NULL, generation INTEGER NOT NULL);
CREATE TABLE object (
    pool TEXT NOT NULL, ref TEXT NOT NULL, class TEXT NOT NULL,
    created INTEGER NOT NULL, modified INTEGER NOT NULL, fields BLOB NOT NULL, PRIMARY KEY (pool, ref)
);
CREATE TABLE tombstone (
    pool TEXT NOT NULL, ref TEXT NOT NULL, class TEXT NOT NULL, created INTEGER NOT NULL, destroyed INTEGER NOT NULL
);
"""


class StateUnusable(Exception):
    """The file is not one of ours, damaged, or in use; the text says which file and why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A pool of a file: `facts` are what it was made from."""

    name: str
    facts: Mapping[str, Any]
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is new in one pool since the last writing."""

    name: str
    era: int
    generation: int
    is_whole: bool
    objects: list[tuple[str, str, str, int, int, bytes]]
    gone: list[tuple[str, str, str, int, int]]


def create(path: Path, pools: Mapping[str, tuple[Mapping[str, Any], Database]]) -> "StateFile":
    """Make the file, whole or not at all, with pools by their names, each with the facts it was made from.

    Raises:
        StateUnusable: it cannot be written.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        with closing(sqlite3.connect(beside)) as connection:
            connection.executescript(_SCHEMA)
            with connection:
                for name, (facts, _db) in pools.items():
                    text = msgspec.json.encode(dict(facts)).decode()
                    connection.execute("INSERT INTO pool VALUES (?, ?, -1)", (name, text))
                for name, (_facts, db) in pools.items():
                    _write(connection, _changes(name, db, -1))
        os.replace(beside, path)
    except (sqlite3.Error, OSError) as failure:
        raise StateUnusable(f"cannot write the pool's state to {path}: {failure}") from failure
    state = open_state(path)
    state.begin({name: db for name, (_facts, db) in pools.items()})
    return state


def open_state(path: Path) -> "StateFile":
    """Open a file that is there, for this process alone.

    Raises:
        StateUnusable: it cannot be read, is no state of pools, is damaged, or another process serves it.
    """
    try:
        with path.open("rb") as file:
            is_ours = file.read(len(_MAGIC)) == _MAGIC
        if not is_ours:
            raise StateUnusable(f"{path} is not the state of a pool that this version can read")
        connection = sqlite3.connect(path, check_same_thread=False, timeout=0.5)
    except (sqlite3.Error, OSError) as failure:
        raise StateUnusable(f"cannot read the pool's state from {path}: {failure}") from failure
    with _explaining(path):
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT:
            raise StateUnusable(f"{path} is not the state of a pool that this version can read")
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise StateUnusable(f"{path} is damaged: parts of it are not what was written")
    return StateFile(path, connection)


class StateFile:
    """An open file. It is read before pools are served, and written meanwhile by a thread of its own."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._written: dict[str, tuple[int, int]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="statefile")
        self._turn = asyncio.Lock()

    def pools(self) -> list[Kept]:
        """Return the pools that the file holds, in the order in which they were made."""
        with _explaining(self._path):
            rows = self._connection.execute("SELECT name, facts, generation FROM pool ORDER BY rowid").fetchall()
            return [Kept(name=row[0], facts=_object(row[1]), generation=row[2]) for row in rows]

    def restore(self, db: Database, kept: Kept) -> None:
        """Fill an empty database with a pool.

        Raises:
            StateUnusable: an object in it does not fit the model.
        """
        with _explaining(self._path):
            self._connection.execute(
                "DELETE FROM tombstone WHERE pool = ? AND rowid NOT IN "
                "(SELECT rowid FROM tombstone WHERE pool = ? ORDER BY destroyed DESC LIMIT ?)",
                (kept.name, kept.name, KEPT_TOMBSTONES),
            )
            self._connection.commit()
            fitters = {name: _Fitter(cls, Converter(db.model)) for name, cls in db.model.classes.items()}
            query = "SELECT ref, class, created, modified, fields FROM object WHERE pool = ? ORDER BY created"
            for ref, cls, created, modified, fields in self._connection.execute(query, (kept.name,)):
                db.put(cls, ref, fitters[cls].fit(_object(fields)), created=created, modified=modified)
            query = "SELECT class, ref, created, destroyed FROM tombstone WHERE pool = ? ORDER BY destroyed"
            tombstones = [
                Tombstone(cls=cls, ref=ref, created=created, destroyed=destroyed)
                for cls, ref, created, destroyed in self._connection.execute(query, (kept.name,))
            ]
        db.continue_from(kept.generation + LEAP, tombstones)
        self._written[kept.name] = (db.era, kept.generation + LEAP)

    async def save(self, pools: Mapping[str, Database]) -> None:
        """Write what changed in the pools since the last time; when this returns it is in the file.

        Raises:
            StateUnusable: the file cannot be written.
        """
        async with self._turn:
            changes = [self._changes(name, db) for name, db in pools.items()]
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, changes)
            self._written |= {one.name: (one.era, one.generation) for one in changes}

    async def keep(self, pools: Mapping[str, Database]) -> None:
        """Save soon after every change, until cancelled; raises as `save` does."""
        while True:
            changed = [db.changed() for db in pools.values()]
            await self.save(pools)
            await asyncio.wait(changed, return_when=asyncio.FIRST_COMPLETED)
            for one in changed:
                one.cancel()
            await asyncio.sleep(SETTLING_S)

    def close(self) -> None:
        self._thread.shutdown()
        with suppress(sqlite3.Error):
            self._connection.close()

    def begin(self, pools: Mapping[str, Database]) -> None:
        """Take the pools as they are for what the file holds: it was just made from them."""
        self._written = {name: (db.era, db.generation) for name, db in pools.items()}

    def _changes(self, name: str, db: Database) -> Changes:
        era, generation = self._written[name]
        # A database that went back has forgotten things that the file has: all of it is written anew.
        return _changes(name, db, generation if era == db.era else -1)

    def _commit(self, changes: list[Changes]) -> None:
        try:
            with self._connection:
                for one in changes:
                    _write(self._connection, one)
        except sqlite3.Error as failure:
            raise StateUnusable(f"cannot write the pool's state to {self._path}: {failure}") from failure


def _changes(name: str, db: Database, since: int) -> Changes:
    return Changes(
        name=name,
        era=db.era,
        generation=db.generation,
        is_whole=since < 0,
        objects=[
            (name, ref, cls, row.created, row.modified, record_text(Record(row)))
            for cls in db.model.classes
            if cls not in _FLEETING
            for ref, row in db.changed_since(cls, since)
        ],
        gone=[
            (name, gone.ref, gone.cls, gone.created, gone.destroyed)
            for gone in db.destroyed_since(since)
            if gone.cls not in _FLEETING
        ],
    )


def _write(connection: sqlite3.Connection, changes: Changes) -> None:
    if changes.is_whole:
        connection.execute("DELETE FROM object WHERE pool = ?", (changes.name,))
        connection.execute("DELETE FROM tombstone WHERE pool = ?", (changes.name,))
    connection.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?)", changes.objects)
    connection.executemany("DELETE FROM object WHERE pool = ? AND ref = ?", [row[:2] for row in changes.gone])
    connection.executemany("INSERT INTO tombstone VALUES (?, ?, ?, ?, ?)", changes.gone)
    connection.execute("UPDATE pool SET generation = ? WHERE name = ?", (changes.generation, changes.name))


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as failure:
        if "locked" in str(failure):
            raise StateUnusable(f"{path} is in use: another process serves the pool in it") from failure
        raise StateUnusable(f"cannot use the pool's state in {path}: {failure}") from failure
    except (sqlite3.Error, KeyError, ValueError, TypeError, AttributeError, XapiError) as failure:
        raise StateUnusable(f"{path} is damaged: {failure!r}") from failure


def _object(text: str | bytes) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


class _Fitter:
    """Makes the fields of objects of one class from what the file holds."""

    def __init__(self, cls: Class, converter: Converter) -> None:
        self._fields = [(name, _way(field.type, converter), field.initial()) for name, field in cls.fields.items()]

    def fit(self, found: Mapping[str, Any]) -> dict[str, object]:
        """Return the fields; those that a newer model has and the file has not get their defaults."""
        return {name: way(found[name]) if name in found else initial for name, way, initial in self._fields}


def _way(kind: Type, converter: Converter) -> Callable[[Any], object]:
    """Return what converts values of a type; quickly where they are texts, as most of a large pool's are."""

    def slow(value: Any) -> object:
        return converter.convert(kind, value)

    match kind:
        case Str() | Ref():
            return lambda value: value if type(value) is str else slow(value)
        case Bool():
            return lambda value: value if type(value) is bool else slow(value)
        case Int():
            return lambda value: value if type(value) is int else slow(value)
        case Enum(values=words):
            return lambda value: value if value in words else slow(value)
        case Set(of=Str() | Ref()):
            return lambda value: (
                tuple(value) if type(value) is list and _TEXTS.issuperset(map(type, value)) else slow(value)
            )
        case Set(of=Enum(values=words)):
            known = frozenset(words)
            return lambda value: tuple(value) if type(value) is list and known.issuperset(value) else slow(value)
        case Map(key=Str(), value=Str() | Ref()):
            return lambda value: value if _TEXTS.issuperset(map(type, value.values())) else slow(value)
        case _:
            return slow


_TEXTS = frozenset((str,))
