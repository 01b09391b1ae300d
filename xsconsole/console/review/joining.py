"""Several files as one: rows of several consoles, each with its own chain and key, in the order of their times."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from xsconsole.console.review.index import Index
from xsconsole.console.review.reading import TOLD_ROWS, Hear, Kept, Reading
from xsconsole.console.review.rows import fields_of
from xsconsole.domain.naming import shortened
from xsconsole.reports.verifier.values import Found, harmless, parsed

MOST_OF_NAME = 40
IN_FILE = 48  # bits of a place that say which row of a file it is


class Joined:
    """What reading several files found. A row is known by its place among all of them."""

    def __init__(self, readings: Sequence[Reading], hear: Hear, strange: Sequence[str] = ()) -> None:
        self.readings = tuple(readings)
        self.index = Index(1)
        self.doubts: Mapping[int, Sequence[str]] = {}
        self.manifest: Mapping[str, Any] = {}
        self.names = tuple(_names(self.readings))
        self._contradictions: list[int] = []
        self._twice, self._strange = 0, tuple(strange)
        self._join(hear)
        self.verdicts = (*(found for one in self.readings for found in one.verdicts), self.agreement())

    @property
    def is_whole(self) -> bool:
        return all(one.is_whole for one in self.readings)

    def origin(self, seq: int) -> tuple[Reading, int]:
        """Return from which file a row is, and how many are before it there."""
        place = self.index.places[seq - 1]
        return self.readings[place >> IN_FILE], place & (1 << IN_FILE) - 1

    def label(self, seq: int) -> str:
        """Return what a row is called: its number in the record of its console, and that."""
        reading, at = self.origin(seq)
        return f"{reading.index.first_seq + at} · {self.names[self.readings.index(reading)]}"

    def agreement(self) -> Found:
        """Return whether files that hold rows of one chain say the same of them."""
        if self._contradictions:
            first = self._contradictions[0]
            sentence = f"Two of the files tell of different rows {first} of one chain: one of them is forged."
            return Found("joined", False, sentence, first)
        if self._strange:
            return Found("joined", False, " ".join(self._strange))
        chains = len({one.manifest.get("chain_id") for one in self.readings})
        twice = f" {self._twice} rows are in more than one file, and are the same." if self._twice else ""
        sentence = (
            f"Rows of {chains} chains in {len(self.readings)} files, by the times that their consoles wrote: "
            f"what was at one time at two of them may stand in either order.{twice}"
        )
        return Found("joined", True, sentence)

    @contextmanager
    def lines(self) -> Iterator[Callable[[int], bytes]]:
        """Give what reads the line of a row again, as of a single file."""
        with ExitStack() as until:
            lines = [until.enter_context(one.lines()) for one in self.readings]
            places = self.index.places
            yield lambda at: lines[places[at] >> IN_FILE](places[at] & (1 << IN_FILE) - 1)

    def _join(self, hear: Hear) -> None:
        chains = [str(one.manifest.get("chain_id")) for one in self.readings]
        shared = {chain for chain, number in Counter(chains).items() if number > 1}
        shown = {
            (chain, seq)
            for chain, one in zip(chains, self.readings, strict=True)
            for seq in (one.index.shown if chain in shared else ())
        }
        known: dict[tuple[str, int], object] = {}
        doubts: dict[int, Sequence[str]] = {}
        with ExitStack() as until:
            lines = [until.enter_context(one.lines()) for one in self.readings]
            for place in _in_order(self.readings):
                number, at = place >> IN_FILE, place & (1 << IN_FILE) - 1
                reading, line, chain = self.readings[number], lines[number](at), chains[number]
                seq, fields = reading.index.first_seq + at, fields_of(line)
                if chain in shared:
                    digest = parsed(line).get("digest")
                    if known.get((chain, seq), digest) != digest:
                        self._contradictions.append(seq)
                    elif (chain, seq) in known or (fields is None and (chain, seq) in shown):
                        self._twice += 1  # the file that shows its values has it
                        continue
                    known[chain, seq] = digest
                self.index.take(line, fields, place)
                if seq in reading.doubts:
                    doubts[self.index.last_seq] = reading.doubts[seq]
                if self.index.last_seq % TOLD_ROWS == 0:
                    hear(self.index.last_seq)
        self.doubts = doubts


def joined(
    paths: Sequence[Path],
    expected_keys: Sequence[str],
    kept_heads: Kept,
    read: Callable[[Path, str | None, Kept], Reading],
    hear: Hear,
) -> Joined:
    """Return several files as one. Keys and heads are asked of the files that they belong to; some to none is wrong."""
    found = [read(path, None, ()) for path in paths]
    keys = [next((key for key in expected_keys if key in one.signers), None) for one in found]
    heads = [[head for head in kept_heads if _has(one, head)] for one in found]
    strange = [f"None of the files is signed by the key {key}." for key in expected_keys if key not in keys]
    strange += [
        f"No row of the files is the one of the head {seq}:{digest}: it was cut off, or made anew."
        for seq, digest in kept_heads
        if not any((seq, digest) in some for some in heads)
    ]
    asked = zip(paths, keys, heads, found, strict=True)
    return Joined([read(path, key, some) if key or some else one for path, key, some, one in asked], hear, strange)


def _has(reading: Reading, head: tuple[int, str]) -> bool:
    at = head[0] - reading.index.first_seq
    if not 0 <= at < len(reading.index.places):
        return False
    with reading.lines() as line:
        return parsed(line(at)).get("digest") == head[1]


def _in_order(readings: Sequence[Reading]) -> Iterator[int]:
    """Yield places by time; each chain stays in its own order, also where its clock was set back."""
    moments, places = array("d"), array("Q")
    for number, reading in enumerate(readings):
        latest = 0.0
        for at, moment in enumerate(reading.index.moments):
            latest = max(latest, moment)
            moments.append(latest)
            places.append(number << IN_FILE | at)
    for at in sorted(range(len(places)), key=moments.__getitem__):
        yield places[at]


def _names(readings: Sequence[Reading]) -> Iterator[str]:
    """Yield what each console is called; where two have one name, with the beginning of its chain."""
    called = [shortened(harmless(one.index.console), MOST_OF_NAME) or "console" for one in readings]
    chains = [str(one.manifest.get("chain_id", ""))[:6] for one in readings]
    owners: dict[str, set[str]] = {}
    for name, chain in zip(called, chains, strict=True):
        owners.setdefault(name, set()).add(chain)
    for name, chain in zip(called, chains, strict=True):
        yield f"{name} ({harmless(chain)})" if len(owners[name]) > 1 else name
