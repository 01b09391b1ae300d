"""An open file, or several: verdicts, rows page by page, the board at any of them, and what it is compared with."""

import asyncio
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from xsconsole.console.review.index import PAST_ROWS
from xsconsole.console.review.joining import Joined, joined
from xsconsole.console.review.page import made_page
from xsconsole.console.review.ranges import parts_of, range_of, text_of, verdict_of
from xsconsole.console.review.reading import Kept, Reading
from xsconsole.console.review.rows import row_of
from xsconsole.domain.audit_filter import audit_schema
from xsconsole.domain.folding import shown
from xsconsole.domain.projection import Past, Projector
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.values import EVERYTHING, Query
from xsconsole.domain.record import AuditRow, Fact, Verdict
from xsconsole.errors import Refused
from xsconsole.reports.verifier.values import Wrong, harmless
from xsconsole.store import files
from xsconsole.store.keys import is_signature


class Review:
    """Rows are read from the file as they are asked for. Everything here may be called from a thread."""

    def __init__(self, file: Path, reading: Reading | Joined) -> None:
        self.file = file
        self._reading, self._index = reading, reading.index
        self._lock = threading.Lock()
        self.verdicts = tuple(map(verdict_of, reading.verdicts))
        self.range = range_of(reading)
        self.parts = parts_of(reading)
        moments = self._index.moments
        self._begin, self._end = min(moments, default=0.0), max(moments, default=0.0)

    @property
    def name(self) -> str:
        """Return what the file is called, and of several what each is, as text that hurts no line."""
        return " + ".join(shown(part.file, 60) for part in self.parts) or shown(self.file.name, 200)

    @property
    def is_whole(self) -> bool:
        """Whether the file has the form of a bundle, or of a database that a console keeps its record in."""
        return self._reading.is_whole

    @property
    def signers(self) -> tuple[str, ...]:
        """Return the fingerprints of the keys that signed anything in it."""
        if isinstance(self._reading, Joined):
            return tuple(key for one in self._reading.readings for key in one.signers)
        return self._reading.signers

    @property
    def status(self) -> int:
        """Return the exit status of `audit verify`: 0 good and vouched for, 1 wrong, 3 nobody vouches."""
        if not all(verdict.is_good for verdict in self.verdicts):
            return 1
        return 0 if all(verdict.is_vouched for verdict in self.verdicts) else 3

    @property
    def numbers(self) -> Sequence[int]:
        """Return the numbers of the rows that show values, oldest first."""
        return self._index.shown

    @property
    def doubtful_from(self) -> int | None:
        """Return the first row with which something is wrong: up to it the rows hold, from it on nothing vouches."""
        return min(self._reading.doubts, default=None)

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many rows stand in each list of the bundle."""
        return dict(self._index.told.listed)

    @property
    def claims(self) -> tuple[Verdict, ...]:
        """Return what rows say of themselves that nothing in the file can check: the comparison with the pool's log."""
        found: list[Verdict] = []
        for row in self._index.told.comparisons:
            details = row.get("details")
            if isinstance(details, dict) and isinstance(details.get("what"), str):
                sentence = f"{harmless(details['what'])} Row {row['seq']} says so."
                is_good, is_vouched = details.get("is_good") is True, details.get("is_vouched") is True
                found.append(Verdict(check="reconciliation", is_good=is_good, sentence=sentence, is_vouched=is_vouched))
        return tuple(found)

    def doubts(self, seq: int) -> tuple[str, ...]:
        """Return what is wrong with a row, as sentences."""
        return tuple(self._reading.doubts.get(seq, ()))

    @contextmanager
    def _lines(self) -> Iterator[Callable[[int], bytes]]:
        with self._lock, self._reading.lines() as line:
            yield line

    def _row(self, line: Callable[[int], bytes], seq: int) -> AuditRow | None:
        index = self._index
        if not index.first_seq <= seq <= index.last_seq:
            return None
        return replace(row_of(line(seq - index.first_seq), seq, index.at(seq)), chain=self._chain(seq))

    def label(self, seq: int) -> str:
        """Return what a row is called: its number, and where there are several consoles, whose it is."""
        return self._reading.label(seq) if isinstance(self._reading, Joined) else str(seq)

    def own(self, row: AuditRow) -> AuditRow:
        """Return a row with the number that it has in its own chain."""
        if not isinstance(self._reading, Joined):
            return row
        reading, at = self._reading.origin(row.seq)
        return replace(row, seq=reading.index.first_seq + at)

    def _chain(self, seq: int) -> str:
        if not isinstance(self._reading, Joined):
            return self.range.chain
        return text_of(self._reading.origin(seq)[0].manifest.get("chain_id"))

    def row(self, seq: int) -> AuditRow | None:
        """Return a row by its place; None where there is none.

        Raises:
            Refused: as of all that reads rows: the file is another one meanwhile.
        """
        with self._lines() as line:
            return self._row(line, seq)

    def page(self, query: Query, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """Return rows that fit and show values, newest first, below row `before`."""
        asks = None if query == EVERYTHING else asked_by(query, audit_schema({}), datetime.now(UTC))
        shown = self._index.shown
        end = len(shown) if before is None else bisect_left(shown, before)
        found: list[AuditRow] = []
        with self._lines() as line:
            for at in range(end - 1, -1, -1):
                row = self._row(line, shown[at])
                if row is not None and (asks is None or asks(row)):
                    found.append(row)
                    if len(found) == limit:
                        break
        return tuple(found)

    def past(self, seq: int) -> Past:
        """Return the board as row `seq` left it."""
        changing = self._index.changing
        end = bisect_right(changing, seq)
        kept = end // PAST_ROWS
        projector = Projector(self._index.pasts[kept])
        with self._lines() as line:
            for at in range(kept * PAST_ROWS, end):
                row = self._row(line, changing[at])
                if row is not None:
                    projector.hear(row)
        hidden = seq - self._index.first_seq + 1 - bisect_right(self._index.shown, seq)
        when = self._index.at(seq) if self._index.places and seq >= self._index.first_seq else None
        return replace(projector.past, seq=seq, at=when, hidden=max(0, hidden))

    def step(self, seq: int, by: int, *, changes_board: bool = False) -> int | None:
        """Return the next row (`by` 1) or the one before (-1), of all or of those that change the board."""
        rows = self._index.changing if changes_board else self._index.shown
        at = bisect_right(rows, seq) if by > 0 else bisect_left(rows, seq) - 1
        return rows[at] if 0 <= at < len(rows) else None

    def chain_of(self, fact: Fact) -> tuple[AuditRow, ...]:
        """Return the rows of the promotion that a row belongs to: asked, decided, carried out, ended."""
        with self._lines() as line:
            found = [self._row(line, seq) for seq in self._index.chains.of(fact)]
        return tuple(row for row in found if row is not None)

    def histogram(self, bars: int) -> tuple[int, ...]:
        """Return how many rows were written in each of so many equal spans of the time."""
        counts = [0] * bars
        for seq in self._index.shown:
            counts[self.bar_of(seq, bars)] += 1
        return tuple(counts)

    def bar_of(self, seq: int, bars: int) -> int:
        """Return in which of so many spans a row was written."""
        moments, first = self._index.moments, self._index.first_seq
        whole = self._end - self._begin
        share = (moments[seq - first] - self._begin) / whole if whole > 0 else 0.0
        return min(bars - 1, int(share * bars))

    def first_in(self, bar: int, bars: int) -> int | None:
        """Return the first row of a span, or of the next one that has any."""
        found = (seq for seq in self._index.shown if self.bar_of(seq, bars) >= bar)
        return next(found, None)

    def report(self) -> str:
        """Return the page of the bundle, or one that is made now of a database or of several files.

        It is empty where there is none that can be read.
        """
        if isinstance(self._reading, Reading) and not self._reading.is_database:
            with self._lock:
                return self._reading.page()
        return made_page(self._reading, self.parts, self.label) if self.is_whole else ""


def write_page(review: Review, file: Path, *, may_replace: bool) -> None:
    """Write the page of a review.

    Raises:
        AlreadyThere, Refused, DiskFull: it cannot be written, or there is no page.
    """
    text = review.report()
    if not text:
        raise Refused(
            reason="Not every file is a whole bundle or database: no page is made of them.",
            mend="`xsconsole audit verify FILE` says what is wrong with each.",
        )
    files.write_out(file, text.encode(), may_replace=may_replace)


async def open_review(
    file: Path,
    expected_key: str | Sequence[str] | None = None,
    kept_heads: Kept = (),
    tell: Callable[[int], None] = lambda _: None,
    others: Sequence[Path] = (),
) -> Review:
    """Read a bundle or a database, and check all of it; `tell` hears from another thread how many rows are read.

    With `others`, rows of all of them are shown as one, and each is verified by itself: `expected_key` may then be
    several, of which each must be that of one of them, and each head be of a row that one of them has.

    Raises:
        Refused: there is no such file, or it cannot be read. What is no bundle is no refusal, but a verdict.
    """
    stop = threading.Event()

    def hear(rows: int) -> None:
        if stop.is_set():
            raise Wrong("It was stopped.")
        tell(rows)

    def read_one(path: Path, key: str | None, heads: Kept) -> Reading:
        try:
            reading = Reading(path, hear)
            reading.read(key, heads, is_signature)
        except OSError as failure:
            raise Refused(
                reason=f"{harmless(str(path))} cannot be read: {failure.strerror or failure}.",
                mend="Open another file.",
            ) from failure
        return reading

    def read() -> Review:
        keys = (expected_key,) if isinstance(expected_key, str) else tuple(expected_key or ())
        if others:
            return Review(file, joined([file, *others], keys, kept_heads, read_one, hear))
        if len(keys) > 1:
            raise Refused(reason="Several keys cannot all have signed one file.", mend="Give the one that must have.")
        return Review(file, read_one(file, next(iter(keys), None), kept_heads))

    try:
        return await asyncio.to_thread(read)
    except asyncio.CancelledError:
        stop.set()
        raise
