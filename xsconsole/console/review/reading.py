"""Reads a bundle once, checking it as it goes, and keeps where each row lies; of a broken one, what can be read."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from xsconsole.console.review.rows import BEGIN, instant_in, row_of
from xsconsole.domain.projection import PROJECTED, Past, Projector
from xsconsole.domain.promotion_chain import Chains
from xsconsole.reports.told import Told
from xsconsole.reports.verifier.container import LOCAL, Part
from xsconsole.reports.verifier.program import verify
from xsconsole.reports.verifier.values import Found, Wrong, parsed
from xsconsole.reports.verifier.walk import FIRST_PREVIOUS, SignatureCheck, Walk

EVENTS = b"events.jsonl"
TOLD_ROWS = 500
PAST_ROWS = 100  # rows that change the board between two boards that are kept
MOST_DOUBTS = 10_000
JUDGED = ("chain", "gaps", "values")

Hear = Callable[[int], None]


class Index:
    """Where rows lie in the file, and what else is wanted of each without reading it again."""

    def __init__(self, first_seq: int, start: int) -> None:
        self.first_seq, self._next = first_seq, start
        self.offsets, self.sizes, self.moments = array("Q"), array("Q"), array("d")
        self.shown = array("Q")  # numbers of the rows that show values, in order
        self.changing = array("Q")  # of those that change the board
        self.told, self.chains = Told(), Chains()
        self.pasts: list[Past] = [Past()]
        self._projector = Projector()
        self._at = BEGIN
        self._heard = 0

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.offsets) - 1

    def take(self, line: bytes, fields: Mapping[str, Any] | None) -> None:
        """Take the next line in; `fields` are the values that it shows, None where it shows none."""
        seq = self.first_seq + len(self.offsets)
        self.offsets.append(self._next)
        self.sizes.append(len(line))
        self._next += len(line) + 1
        if fields is None:
            self.moments.append(self._at.timestamp())
            self._projector.pass_over(seq)
            return
        self._at = instant_in(fields) or self._at
        self.moments.append(self._at.timestamp())
        self.shown.append(seq)
        self.told.see({**fields, "seq": seq})
        row = row_of(line, seq, self._at)
        self.chains.hear(row)
        if row.fact.event in PROJECTED:
            self.changing.append(seq)
            past = self._projector.hear(row)
            if len(self.changing) % PAST_ROWS == 0:
                self.pasts.append(past)

    def at(self, seq: int) -> datetime:
        return datetime.fromtimestamp(self.moments[seq - self.first_seq], BEGIN.tzinfo)


class Reading:
    """What one pass over a file found."""

    def __init__(self, file: BinaryIO, hear: Hear) -> None:
        self.verdicts: tuple[Found, ...] = ()
        self.manifest: Mapping[str, Any] = {}
        self.index = Index(1, 0)
        self.doubts: Mapping[int, list[str]] = defaultdict(list)
        self.is_whole = False  # the container is of the form of a bundle
        self._file, self._hear = file, hear

    def read(self, expected_key: str | None, kept_heads: Iterable[tuple[int, str]], check: SignatureCheck) -> None:
        """Check the file, and index its rows; where it is no bundle, those that can be read all the same."""
        self.verdicts = verify(self._file, expected_key, tuple(kept_heads), check, self._begin)
        self.is_whole = len(self.verdicts) > 1
        if not self.is_whole:
            self.verdicts = (*self.verdicts, *self._salvaged())

    def _begin(self, manifest: Mapping[str, Any], *rest: Any) -> Walk:
        self.manifest = manifest
        self.index = Index(manifest["first_seq"], LOCAL.size + len(EVENTS))
        return _Listening(self, manifest, *rest)

    def _salvaged(self) -> tuple[Found, ...]:
        """Read rows from the beginning of a broken file, as far as they go; they always lie first in a bundle."""
        self._file.seek(0)
        head = self._file.read(LOCAL.size + len(EVENTS))
        if len(head) < LOCAL.size + len(EVENTS) or head[:4] != b"PK\3\4" or head[LOCAL.size :] != EVENTS:
            self.manifest, self.index, self.doubts = {}, Index(1, 0), {}
            return (Found("rows", False, "Nothing in it can be shown: it does not begin with rows of an audit."),)
        size = LOCAL.unpack(head[: LOCAL.size])[7]
        there = self._file.seek(0, 2) - len(head)
        part = Part(self._file, len(head), min(size or there, there))
        walk: Walk | None = None
        supposed: dict[str, Any] = {}
        try:
            for line in part.lines():
                record = parsed(str(parsed(line).get("canonical", "")))
                if not record:
                    break  # a line that was cut off, or what follows the rows
                if walk is None:
                    supposed = _supposed(record)
                    walk = self._begin(supposed, (), {}, lambda *_: False)
                walk.row(line)
        except (Wrong, RecursionError):
            pass  # what was read up to here stands
        self.manifest = {}
        if walk is not None:
            supposed |= {"shown": walk.shown, "last_seq": walk.seq}
        judged = walk.end(None) if walk is not None else ()
        unsigned = {seq: [one for one in said if "not signed" not in one] for seq, said in self.doubts.items()}
        self.doubts = {seq: said for seq, said in unsigned.items() if said}  # that nothing is signed is said once
        number = len(self.index.offsets)
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
        index.take(line, fields)
        if len(index.offsets) % TOLD_ROWS == 0:
            self._reading._hear(len(index.offsets))  # noqa: SLF001 - its own
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
