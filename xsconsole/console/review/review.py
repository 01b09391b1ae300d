"""An open bundle: its verdicts, its rows page by page, the board at any of them, and what it is compared with."""

import asyncio
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from xsconsole.console.review.reading import PAST_ROWS, Reading
from xsconsole.console.review.rows import row_of
from xsconsole.domain.audit_filter import audit_schema
from xsconsole.domain.projection import Past, Projector
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.values import EVERYTHING, Query
from xsconsole.domain.record import AuditRow, Fact, Verdict
from xsconsole.errors import Refused
from xsconsole.reports.verifier.container import Part, parts_of
from xsconsole.reports.verifier.values import Wrong, harmless
from xsconsole.store.keys import is_signature

Kept = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a bundle is about, as it says of itself; `head` and `key` are empty where it says nothing."""

    first_seq: int = 0
    last_seq: int = 0
    shown: int = 0
    begins: datetime | None = None
    ends: datetime | None = None
    made_at: str = ""
    made_by: str = ""
    asked: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    chain: str = ""
    head: str = ""
    key: str = ""


class Review:
    """Rows are read from the file as they are asked for. Everything here may be called from a thread."""

    def __init__(self, file: Path, reading: Reading) -> None:
        self.file = file
        self._reading, self._index = reading, reading.index
        self._lock = threading.Lock()
        self.verdicts = tuple(_verdict(one._asdict()) for one in reading.verdicts)
        self.range = _range(reading)
        moments = self._index.moments
        self._begin, self._end = min(moments, default=0.0), max(moments, default=0.0)

    @property
    def is_whole(self) -> bool:
        """Whether the file has the form of a bundle."""
        return self._reading.is_whole

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

    def row(self, seq: int) -> AuditRow | None:
        """Return a row by its place; None where there is none."""
        index = self._index
        if not index.first_seq <= seq <= index.last_seq:
            return None
        at = seq - index.first_seq
        with self._lock, self.file.open("rb") as opened:
            opened.seek(index.offsets[at])
            line = opened.read(index.sizes[at])
        return replace(row_of(line, seq, index.at(seq)), chain=self.range.chain)

    def page(self, query: Query, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        """Return rows that fit and show values, newest first, below row `before`."""
        asks = None if query == EVERYTHING else asked_by(query, audit_schema({}), datetime.now(UTC))
        shown = self._index.shown
        end = len(shown) if before is None else bisect_left(shown, before)
        found: list[AuditRow] = []
        for at in range(end - 1, -1, -1):
            row = self.row(shown[at])
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
        for at in range(kept * PAST_ROWS, end):
            row = self.row(changing[at])
            if row is not None:
                projector.hear(row)
        hidden = seq - self._index.first_seq + 1 - bisect_right(self._index.shown, seq)
        when = self._index.at(seq) if self._index.offsets and seq >= self._index.first_seq else None
        return replace(projector.past, seq=seq, at=when, hidden=max(0, hidden))

    def step(self, seq: int, by: int, *, changes_board: bool = False) -> int | None:
        """Return the next row (`by` 1) or the one before (-1), of all or of those that change the board."""
        rows = self._index.changing if changes_board else self._index.shown
        at = bisect_right(rows, seq) if by > 0 else bisect_left(rows, seq) - 1
        return rows[at] if 0 <= at < len(rows) else None

    def chain_of(self, fact: Fact) -> tuple[AuditRow, ...]:
        """Return the rows of the promotion that a row belongs to: asked, decided, carried out, ended."""
        found = (self.row(seq) for seq in self._index.chains.of(fact))
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
        """Return the page of the bundle; empty where there is none that can be read."""
        with self._lock, self.file.open("rb") as opened:
            try:
                part: Part | None = parts_of(opened).get("report.html")
                return part.whole().decode("utf-8", "replace") if part is not None else ""
            except Wrong:
                return ""


async def open_review(
    file: Path,
    expected_key: str | None = None,
    kept_heads: Kept = (),
    tell: Callable[[int], None] = lambda _: None,
) -> Review:
    """Read a bundle, and check all of it; `tell` hears from another thread how many rows are read.

    Raises:
        Refused: there is no such file, or it cannot be read. What is no bundle is no refusal, but a verdict.
    """
    stop = threading.Event()

    def hear(rows: int) -> None:
        if stop.is_set():
            raise Wrong("It was stopped.")
        tell(rows)

    def read() -> Review:
        try:
            with file.open("rb") as opened:
                reading = Reading(opened, hear)
                reading.read(expected_key, kept_heads, is_signature)
        except OSError as failure:
            raise Refused(
                reason=f"{harmless(str(file))} cannot be read: {failure.strerror or failure}.",
                mend="Open another file.",
            ) from failure
        return Review(file, reading)

    try:
        return await asyncio.to_thread(read)
    except asyncio.CancelledError:
        stop.set()
        raise


def _verdict(found: Mapping[str, object]) -> Verdict:
    verdict = Verdict(**found)  # type: ignore[arg-type]
    return replace(verdict, sentence=harmless(verdict.sentence))


def _range(reading: Reading) -> Range:
    index, manifest = reading.index, reading.manifest
    shown = index.shown
    head = manifest.get("head", {})
    return Range(
        first_seq=index.first_seq if index.offsets else 0,
        last_seq=max(0, index.last_seq),
        shown=len(shown),
        begins=index.at(shown[0]) if shown else None,
        ends=index.at(shown[-1]) if shown else None,
        made_at=_text(manifest.get("made_at")),
        made_by=_text(manifest.get("made_by")),
        asked=_texts(manifest.get("asked")),
        redacted=_texts(manifest.get("redacted")),
        absent=_texts(manifest.get("absent")),
        chain=_text(manifest.get("chain_id")),
        head=f"{head['seq']}:{_text(head['digest'])}" if head else "",
        key=_text(manifest.get("fingerprint")),
    )


def _text(value: object) -> str:
    return harmless(value)[:500] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value))) if isinstance(value, list) else ()
