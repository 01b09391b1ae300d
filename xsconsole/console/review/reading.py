"""Reads a file once, checking it as it goes, and keeps where each row lies; of a broken one, what can be read."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from xsconsole.console.review.index import Index
from xsconsole.errors import Refused
from xsconsole.reports.verifier.container import LOCAL, Part, parts_of
from xsconsole.reports.verifier.database import SQLITE, Record, verify_record
from xsconsole.reports.verifier.program import verify, verify_database
from xsconsole.reports.verifier.values import Found, Wrong, harmless, parsed
from xsconsole.reports.verifier.walk import FIRST_PREVIOUS, SignatureCheck, Walk

EVENTS = b"events.jsonl"
TOLD_ROWS = 500
MOST_DOUBTS = 10_000
JUDGED = ("chain", "gaps", "values")

Hear = Callable[[int], None]
Kept = Sequence[tuple[int, str]]


class Reading:
    """What one pass over a file found."""

    def __init__(self, path: Path, hear: Hear) -> None:
        self.verdicts: tuple[Found, ...] = ()
        self.manifest: Mapping[str, Any] = {}
        self.index = Index(1)
        self.doubts: Mapping[int, list[str]] = defaultdict(list)
        self.is_whole = False  # it is of the form of a bundle, or a database of a record
        self.is_database = False
        self.path = path
        self._hear = hear
        self._walk: Walk | None = None
        self._record: Record | None = None
        self._files = 1  # of a record that lies in several
        self._next = 0  # where the next line of a bundle begins

    def read(self, expected_key: str | None, kept_heads: Kept, check: SignatureCheck) -> None:
        """Check the file, and index its rows; where it is no bundle, those that can be read all the same.

        Raises:
            OSError: it cannot be read.
        """
        kept = tuple(kept_heads)
        with self.path.open("rb") as file:
            self.is_database = file.read(len(SQLITE)) == SQLITE
            if not self.is_database:
                self.verdicts = verify(file, expected_key, kept, check, self._begin)
                self.is_whole = len(self.verdicts) > 1
                if not self.is_whole:
                    self.verdicts = (*self.verdicts, *self._salvaged(file, check))
                return
        self.verdicts = verify_database(self.path, lambda record: self._judged(record, expected_key, kept, check))
        self.is_whole = len(self.verdicts) > 1

    def _judged(self, record: Record, expected_key: str | None, kept: Kept, check: SignatureCheck) -> tuple[Found, ...]:
        self._record, self._files = record, len(record.volumes)
        try:
            return verify_record(record, expected_key, kept, check, self._begin)
        finally:
            self._record = None

    def _begin(self, manifest: Mapping[str, Any], *rest: Any) -> Walk:
        self.manifest = manifest
        self.index, self._next = Index(manifest["first_seq"]), LOCAL.size + len(EVENTS)
        self._walk = _Listening(self, manifest, *rest)
        return self._walk

    @property
    def signers(self) -> tuple[str, ...]:
        """Return the fingerprints of the keys that signed what was read."""
        return self._walk.signers if self._walk is not None else ()

    def pass_line(self, line: bytes) -> int:
        """Return where the line lies that is read now."""
        place = self._next if self._record is None else self._record.place
        self._next += len(line) + 1
        return place

    @contextmanager
    def lines(self) -> Iterator[Callable[[int], bytes]]:
        """Give what reads the line of a row again, by how many are before it.

        Raises:
            Refused: the file is not any more what was read.
        """
        index = self.index
        try:
            if not index.places:
                yield lambda _: b""
            elif self.is_database:
                with Record(self.path) as record:
                    if len(record.volumes) != self._files:
                        raise Wrong("the record was sealed meanwhile.")
                    yield lambda at: record.line(index.places[at])
            else:
                with self.path.open("rb") as opened:

                    def line(at: int) -> bytes:
                        opened.seek(index.places[at])
                        return opened.read(index.sizes[at])

                    yield line
        except (Wrong, sqlite3.Error, OSError) as failure:
            raise Refused(
                reason=f"{harmless(self.path.name)} is not any more what was opened: {failure}", mend="Open it again."
            ) from failure

    def page(self) -> str:
        """Return the page that a bundle brings along; empty where there is none that can be read."""
        with self.path.open("rb") as opened:
            try:
                part = parts_of(opened).get("report.html")
                return part.whole().decode("utf-8", "replace") if part is not None else ""
            except Wrong:
                return ""

    def _salvaged(self, file: BinaryIO, check: SignatureCheck) -> tuple[Found, ...]:
        """Read rows from the beginning of a broken file, as far as they go; they always lie first in a bundle."""
        file.seek(0)
        head = file.read(LOCAL.size + len(EVENTS))
        if len(head) < LOCAL.size + len(EVENTS) or head[:4] != b"PK\3\4" or head[LOCAL.size :] != EVENTS:
            self.manifest, self.index, self.doubts = {}, Index(1), {}
            return (Found("rows", False, "Nothing in it can be shown: it does not begin with rows of an audit."),)
        size = LOCAL.unpack(head[: LOCAL.size])[7]
        there = file.seek(0, 2) - len(head)
        part = Part(file, len(head), min(size or there, there))
        walk: Walk | None = None
        supposed: dict[str, Any] = {}
        try:
            for line in part.lines():
                record = parsed(str(parsed(line).get("canonical", "")))
                if not record:
                    break  # a line that was cut off, or what follows the rows
                if walk is None:
                    supposed = _supposed(record)
                    walk = self._begin(supposed, (), {}, check)
                walk.row(line)
        except (Wrong, RecursionError):
            pass  # what was read up to here stands
        self.manifest = {}
        if walk is not None:
            supposed |= {"shown": walk.shown, "last_seq": walk.seq}
        judged = walk.end(None) if walk is not None else ()
        unsigned = {seq: [one for one in said if "not signed" not in one] for seq, said in self.doubts.items()}
        self.doubts = {seq: said for seq, said in unsigned.items() if said}  # that nothing is signed is said once
        number = len(self.index.places)
        rows = f"{number} rows can be read of it, and are shown as they stand: nobody vouches for them."
        one = "1 row can be read of it, and is shown as it stands: nobody vouches for it."
        sentence = one if number == 1 else rows
        return (
            Found("rows", True, sentence, None, False),
            *(one._replace(is_vouched=False) for one in judged if one.check in JUDGED),
        )


class _Listening(Walk):
    """A walk that tells of each row, and of each that something is wrong with."""

    def __init__(self, reading: Reading, manifest: Mapping[str, Any], *rest: Any) -> None:
        self._reading = reading
        super().__init__(manifest, *rest)

    def blame(self, check: str, seq: int, sentence: str) -> None:
        super().blame(check, seq, sentence)
        doubts = self._reading.doubts
        if len(doubts) < MOST_DOUBTS:
            doubts[seq].append(sentence)

    def row(self, line: bytes) -> dict[str, Any] | None:
        fields = super().row(line)
        index = self._reading.index
        index.take(line, fields, self._reading.pass_line(line))
        if len(index.places) % TOLD_ROWS == 0:
            self._reading._hear(len(index.places))  # noqa: SLF001 - its own
        return fields


def _supposed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest for rows that lost theirs: their first one tells where they begin."""
    seq, previous = record.get("seq"), record.get("previous")
    return {
        "chain_id": record.get("chain_id"),
        "fingerprint": "",
        "first_seq": seq if type(seq) is int and seq > 0 else 1,
        "head": {"seq": -1, "digest": ""},
        "last_seq": 0,
        "previous": previous if isinstance(previous, str) else FIRST_PREVIOUS,
        "redacted": [],
        "shown": 0,
    }
