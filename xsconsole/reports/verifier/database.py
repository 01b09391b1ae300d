"""A record as a console keeps it: a SQLite file and the sealed ones before it, read as lines of a bundle."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from xsconsole.reports.verifier.heads import Kept, demanded
from xsconsole.reports.verifier.values import Found, Wrong, parsed
from xsconsole.reports.verifier.walk import FIRST_PREVIOUS, SignatureCheck, Walk, instant_of

T = TypeVar("T")

SQLITE = b"SQLite format 3\0"
APPLICATION_ID = 0x78736331
NEWEST_SCHEMA = 9
SAYING_WHAT = 9  # files before have what a row says among what is searched of some kinds alone
ABOUT_OBJECTS = frozenset({"job.opened", "act.settled", "batch.opened", "batch.closed"})
LONGEST_VALUE_BYTES = 64 << 20
CHUNK_ROWS = 500
IN_FILE = 48  # bits of a place that say which row of a file it is
RECORD_TABLES = ("audit", "audit_signature", "audit_value", "chain", "console_key")
LATER = ("audit_anchor", "audit_head")  # older files have none
NUMBERS = (("audit", "seq"), ("audit_value", "seq"), ("audit_signature", "first_seq"), ("audit_signature", "last_seq"))
LISTED = ("event", "actor", "pool", "configuration", "run", "step", "outcome")
ROW_COLUMNS = f"rowid, chain_id, seq, canonical, digest, at, {', '.join(LISTED)}, searched"
SEARCHED = (
    *("event", "actor", "configuration_name", "source", "target", "outcome", "reason"),
    *("console_name", "os_user"),
)
HEAD = {"format": 1, "type": "xsconsole audit head"}


class Entry(NamedTuple):
    """One row as it lies in a file: its line, and the columns beside it, which are no evidence."""

    place: int
    seq: int
    chain_id: object
    line: bytes
    columns: Mapping[str, Any]
    has_what: bool  # among what is searched


class Link(NamedTuple):
    """What the first row of a file says of the file before it."""

    name: str
    sha256: str
    seq: int
    digest: str


class Volume:
    """One file of a record. It is only looked at, and nothing is left beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        log = path.with_name(f"{path.name}-wal")
        # Without a log that somebody writes, the file is all; SQLite then leaves no companions beside it.
        mode = "mode=ro" if log.is_file() and log.stat().st_size else "mode=ro&immutable=1"
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
            self.ask("PRAGMA trusted_schema=OFF")
            self.ask("BEGIN")  # it stands still from here on, whoever writes
            self._demand_form()
            self.first_seq = self.ask("SELECT min(seq) FROM audit")[0][0]
            chains = self.ask("SELECT chain_id FROM chain LIMIT 2")
            if len(chains) != 1:
                raise Wrong(f"The database {path.name} does not say which chain it holds.")
            self.chain_id = str(chains[0][0])
            keys = self.ask("SELECT fingerprint, public_key FROM console_key")
            self.keys = {str(fingerprint): _bytes(raw).hex() for fingerprint, raw in keys}
        except sqlite3.Error as failure:
            self.close()
            raise Wrong(f"SQLite cannot read {path.name}: {failure}.") from failure
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def ask(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        return list(self.each(statement, *given))

    def each(self, statement: str, *given: object) -> Iterator[tuple[Any, ...]]:
        rows = _told(lambda: self._connection.execute(statement, given))
        while some := _told(lambda: rows.fetchmany(CHUNK_ROWS)):
            yield from some

    def _demand_form(self) -> None:
        """Refuse what is no record, or holds what could make SQLite do something else than to read tables."""
        name = self.path.name
        owner, version = self.ask("PRAGMA application_id")[0][0], self.ask("PRAGMA user_version")[0][0]
        made = {
            one: (kind, str(sql).upper()) for one, kind, sql in self.ask("SELECT name, type, sql FROM sqlite_master")
        }
        if owner != APPLICATION_ID:
            raise Wrong(f"The database {name} belongs to another program.")
        if version > NEWEST_SCHEMA:
            raise Wrong(
                f"The database {name} is of version {version}, and this verifier knows versions up to {NEWEST_SCHEMA}: "
                "use that of a newer xsconsole."
            )
        for table in (*RECORD_TABLES, *LATER):
            kind, sql = made.get(table, ("table" if table in LATER else "", ""))
            if kind != "table" or re.search(r"\bAS\s*\(|\bVIRTUAL\b", sql):
                raise Wrong(f"The database {name} has no table {table} as a record has it.")
        self.later = frozenset(LATER) & set(made)
        self.has_what = version >= SAYING_WHAT

    def damage(self) -> str:
        """Return what SQLite says is damaged; empty where nothing is."""
        found = str(self.ask("PRAGMA integrity_check(1)")[0][0])  # with the indices, by which rows are found
        for table, column in NUMBERS:
            if self.ask(f"SELECT 1 FROM {table} WHERE typeof({column}) <> 'integer' OR {column} < 1 LIMIT 1"):
                raise Wrong(
                    f"Column {column} of table {table} in {self.path.name} holds something else than numbers from 1 on."
                )
        return found if found != "ok" else ""

    def entries(self) -> Iterator[Entry]:
        for (place,) in self.each("SELECT rowid FROM audit ORDER BY seq, chain_id"):
            yield self.entry(place)

    def entry(self, place: int) -> Entry:
        found = self.ask(f"SELECT {ROW_COLUMNS} FROM audit WHERE rowid = ?", place)
        if not found:
            raise Wrong("A row went while it was looked for.")
        _, chain_id, seq, canonical, digest, at, *listed, searched = found[0]
        values = self.ask("SELECT name, salt, value FROM audit_value WHERE chain_id = ? AND seq = ?", chain_id, seq)
        row = {
            "canonical": _text(canonical),
            "digest": _bytes(digest).hex(),
            "shown": True,
            "values": {str(name): {"salt": _bytes(salt).hex(), "value": _text(value)} for name, salt, value in values},
        }
        columns = {"at": at, "searched": searched, **dict(zip(LISTED, listed, strict=True))}
        return Entry(place, seq, chain_id, json.dumps(row, sort_keys=True).encode(), columns, self.has_what)

    def orphans(self) -> list[int]:
        """Return the numbers of rows that are gone while values of them stand."""
        there = "SELECT 1 FROM audit WHERE audit.chain_id = audit_value.chain_id AND audit.seq = audit_value.seq"
        return [seq for (seq,) in self.ask(f"SELECT DISTINCT seq FROM audit_value WHERE NOT EXISTS ({there})")]

    def groups(self) -> Iterator[dict[str, Any]]:
        names = ("chain_id", "first_seq", "last_seq", "head", "fingerprint", "signature")
        for row in self.each(f"SELECT {', '.join(names)} FROM audit_signature ORDER BY first_seq"):
            chain_id, first_seq, last_seq, head, fingerprint, signature = row
            if not type(first_seq) is type(last_seq) is int:
                continue  # its rows are then not signed
            told = (str(chain_id), first_seq, last_seq, _bytes(head).hex(), str(fingerprint), _bytes(signature).hex())
            yield dict(zip(names, told, strict=True))

    def kept(self) -> Kept:
        """Return the signed heads, and where heads of this chain are said to be kept."""
        heads, anchors = [], []
        if "audit_head" in self.later:
            asked = "SELECT chain_id, seq, at, digest, fingerprint, signature FROM audit_head ORDER BY seq, at"
            for chain_id, seq, at, digest, key, signature in self.ask(asked):
                hexes = {"digest": _bytes(digest).hex(), "signature": _bytes(signature).hex()}
                told = {"chain_id": str(chain_id), "seq": seq, "at": str(at), "public_key": self.keys.get(key, "")}
                heads.append({**HEAD, **told, **hexes})
        if "audit_anchor" in self.later:
            names = ("kind", "place", "place_name", "reference", "kept_at")
            for text, *row in self.ask(f"SELECT head, {', '.join(names)} FROM audit_anchor ORDER BY seq, kept_at"):
                head = parsed(_text(text))
                if head.get("chain_id") == self.chain_id:
                    anchors.append({"head": head, **dict(zip(names, map(str, row), strict=True))})
        return demanded(heads, anchors)

    def link(self) -> Link | None:
        """Return which file holds the rows before those of this one; None where its first row names none."""
        if type(self.first_seq) is not int or self.first_seq == 1:
            return None
        asked = "SELECT name, value FROM audit_value WHERE seq = ? AND name IN ('event', 'details')"
        fields = {name: _text(value) for name, value in self.ask(asked, self.first_seq)}
        details = parsed(fields.get("details", ""))
        name, sha256, seq, digest = (details.get(one) for one in ("file", "sha256", "last_seq", "digest"))
        is_one = fields.get("event") == '"record.sealed"' and seq == self.first_seq - 1
        if not is_one or not all(isinstance(one, str) for one in (name, sha256, digest)):
            return None
        return Link(Path(str(name)).name, str(sha256), self.first_seq - 1, str(digest))


class Record:
    """All files of a record that are at hand, the oldest first. To be closed."""

    def __init__(self, path: Path) -> None:
        self.volumes = [Volume(path)]
        self.links: list[tuple[Link, Path | None]] = []  # each with where its file is
        self.place = 0  # of the row that is passed
        self.missing: Link | None = None  # names what is not here, or cannot be read
        self.why = ""
        try:
            link = self.volumes[0].link()
            while link is not None:
                place = _place_of(path, link.name)
                self.links.insert(0, (link, place))
                if place is None:
                    self.missing = link
                    break
                try:
                    self.volumes.insert(0, Volume(place))
                except (Wrong, OSError) as failure:
                    self.missing, self.why = link, f"cannot be read: {failure}"
                    break
                following = self.volumes[0].link()
                link = following if following is not None and following.seq < link.seq else None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Record":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for volume in self.volumes:
            volume.close()

    @property
    def chain_id(self) -> str:
        return self.volumes[-1].chain_id

    def manifest(self) -> dict[str, Any]:
        """Return what a manifest would say of it; what nobody signed is left open."""
        begin = self.missing
        return {
            **{"chain_id": self.chain_id, "fingerprint": "", "redacted": [], "shown": 0, "last_seq": 0},
            "first_seq": begin.seq + 1 if begin is not None else 1,
            "previous": begin.digest if begin is not None else FIRST_PREVIOUS,
            "head": {"seq": -1, "digest": ""},
        }

    def entries(self) -> Iterator[Entry]:
        for number, volume in enumerate(self.volumes):
            for entry in volume.entries():
                self.place = number << IN_FILE | entry.place
                yield entry

    def line(self, place: int) -> bytes:
        """Return a row that was passed, by the place that it had."""
        return self.volumes[place >> IN_FILE].entry(place & (1 << IN_FILE) - 1).line

    def sealed(self) -> tuple[Found, ...]:
        """Return whether sealed files are as they were sealed; no verdict where there are none."""
        for link, place in self.links:
            is_changed = place is not None and _sha256_of(place) != link.sha256
            if is_changed or (place is not None and link is self.missing):
                why = "is not as it was sealed" if is_changed else self.why.rstrip(".")
                sentence = f"The sealed file {link.name}, with the rows up to {link.seq}, {why}."
                return (Found("sealed", False, sentence, link.seq),)
        if self.missing is not None:
            sentence = (
                f"The sealed file {self.missing.name} is not here: rows 1 to {self.missing.seq} were not looked at. "
                f"Its SHA-256 is {self.missing.sha256}, by row {self.missing.seq + 1}."
            )
            return (Found("sealed", True, sentence, None, False),)
        number = len(self.links)
        files = "The sealed file is as it was" if number == 1 else f"All {number} sealed files are as they were"
        return (Found("sealed", True, f"{files} when sealed, by the rows that follow."),) if number else ()


def verify_record(
    record: Record,
    expected_key: str | None,
    kept_heads: Sequence[tuple[int, str]],
    check: SignatureCheck,
    walk_of: type[Walk] | Callable[..., Walk] = Walk,
) -> tuple[Found, ...]:
    """Return a verdict on each check of a record; of one that is damaged, what can be read of it.

    Raises:
        Wrong: something in it is of no form that a console writes.
        sqlite3.Error: it cannot be read at all.
    """
    manifest = record.manifest()
    keys = {name: raw for volume in record.volumes for name, raw in volume.keys.items()}
    groups = (group for volume in record.volumes for group in volume.groups())
    damage = next(filter(None, [one.damage() for one in record.volumes]), "")
    walk = walk_of(manifest, groups, keys, check, kept_heads)
    for volume in record.volumes:
        walk.take(volume.kept())
    try:
        for entry in record.entries():
            _pass_on(walk, entry)
        for volume in record.volumes:
            for seq in volume.orphans():
                walk.blame("values", seq, f"Row {seq} is gone, but values of it stand.")
    except sqlite3.Error as failure:
        damage = str(failure)
    manifest["shown"] = walk.shown
    number = len(record.volumes)
    whole = f"The database is whole{f', and so are the {number - 1} before it' if number > 1 else ''}."
    files = Found("files", not damage, f"The database is damaged. SQLite says: {damage}." if damage else whole)
    found = walk.end(expected_key)
    manifest["head"], manifest["fingerprint"] = {"seq": walk.seq, "digest": walk.digest}, ", ".join(walk.signers)
    return (files, *found, *record.sealed())


def _pass_on(walk: Walk, entry: Entry) -> None:
    said = parsed(str(parsed(entry.line).get("canonical")))
    fields = walk.row(entry.line)
    if said and said.get("seq") != entry.seq:
        walk.blame("chain", entry.seq, f"Row {entry.seq} was written as row {said.get('seq')}.")
    if said and said.get("chain_id") != entry.chain_id:
        walk.blame("chain", entry.seq, f"Row {entry.seq} stands among rows of another chain.")
    if fields is not None and not _is_listed_truly(entry.columns, fields, has_what=entry.has_what):
        walk.blame("listing", entry.seq, f"Row {entry.seq} is listed otherwise than it was recorded.")


def _is_listed_truly(columns: Mapping[str, Any], fields: Mapping[str, Any], *, has_what: bool) -> bool:
    expected = {name: fields.get(name, "" if name == "actor" else None) for name in LISTED}
    texts = [str(fields[name]) for name in SEARCHED if name in fields]
    details = fields.get("details")
    what = str(details.get("what", "")) if isinstance(details, dict) else ""
    if fields.get("event") in ABOUT_OBJECTS or (what and has_what):
        texts.append(what)
    at = instant_of(fields.get("at"))
    is_timed = at is not None and at == instant_of(columns["at"])
    is_found = columns["searched"] == "\n".join(texts).casefold()
    return is_timed and is_found and all(columns[name] == expected[name] for name in LISTED)


def _told(work: Callable[[], T]) -> T:
    """Return what SQLite says; where it quotes what is damaged, Python may not be able to read that."""
    try:
        return work()
    except UnicodeDecodeError as failure:
        raise sqlite3.DatabaseError("what it quotes cannot be read") from failure


def _place_of(path: Path, name: str) -> Path | None:
    """Return where a sealed file is; None where it is in neither place."""
    for folder in (path.parent / "sealed", path.parent):
        if (folder / name).is_file():
            return folder / name
    return None


def _sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _bytes(value: object) -> bytes:
    """Return what a column holds as bytes; texts and numbers there were written by somebody else, and are findings."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def _text(value: object) -> str:
    return _bytes(value).decode(errors="replace")
