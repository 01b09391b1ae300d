"""How exactly one configuration is like another: every field of every member, and what allows a difference."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import Comparison, Version
from xsconsole.domain.manifest import Change, Verdict, every_field, topic_of, words
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, instant, listing

MOST_NAMED = 3


class Finding(StrEnum):
    """What is found of one field."""

    EQUAL = "equal"
    ALLOWED = "allowed"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One field of one member or of a part of it: both values as people read them; `rule` is what allows it."""

    change: Change
    finding: Finding
    rule: str = ""

    @property
    def where(self) -> str:
        return words.place(self.change)

    @property
    def what(self) -> str:
        return words.label(self.change)

    @property
    def values(self) -> tuple[str, str]:
        return words.sides(self.change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """How exactly `comparison.second` is like `comparison.first`, as it was `at`. `contents` is all that is claimed."""

    comparison: Comparison
    lines: tuple[FieldLine, ...]
    contents: str
    at: datetime
    by: str = ""

    @property
    def first(self) -> Version:
        return self.comparison.first

    @property
    def second(self) -> Version:
        return self.comparison.second

    @property
    def counts(self) -> dict[Finding, int]:
        """Return how many fields are equal, differ and may, and really differ."""
        found = Counter(line.finding for line in self.lines)
        return {finding: found[finding] for finding in Finding}

    @property
    def rules(self) -> tuple[tuple[str, int], ...]:
        """Return by which rules how many fields may differ."""
        return tuple(sorted(Counter(line.rule for line in self.lines if line.rule).items()))

    @property
    def verdict(self) -> str:
        return likeness(self.comparison, self.contents)

    @property
    def not_compared(self) -> str:
        return words.NOT_COMPARED


def stated(comparison: Comparison, card: Card, at: datetime, by: str = "") -> Statement:
    """Return the statement about the second of a comparison, which is `card` as it stands."""
    known = {topic_of(each.change): each for each in comparison.judged}

    def lines() -> Iterator[FieldLine]:
        for change in every_field(comparison.first.manifest, comparison.second.manifest):
            judged = known.get(topic_of(change))
            if judged is None:
                yield FieldLine(change=change, finding=Finding.EQUAL)
            else:
                finding = Finding.DRIFT if judged.verdict is Verdict.DRIFT else Finding.ALLOWED
                yield FieldLine(change=change, finding=finding, rule=judged.rule)

    made = contents(comparison.first, card)
    return Statement(comparison=comparison, lines=tuple(lines()), contents=made, at=at, by=by)


def contents(first: Version, card: Card) -> str:
    """Return what is known of the disks of a configuration beside those of another: never that they are equal."""
    origin = card.origin
    if origin is None or origin.configuration != first.configuration:
        return "Disk contents: unknown."
    since = "what either wrote since is not compared"
    if origin.blueprint is not None:
        return f"Disk contents: made of the templates of that version; {since}."
    if origin.frozen_at is None or origin.skew_s is None:
        return f"Disk contents: copied while it was off; {since}."
    # XAPI tells the second of a snapshot and no less.
    skew = math.floor(origin.skew_s) + 1
    return (
        f"Disk contents: same snapshot set of {instant(origin.frozen_at)}, skew at most {skew} s, crash-consistent; "
        f"{since}."
    )


def likeness(comparison: Comparison, contents_: str) -> str:
    """Return in sentences how like the second is to the first: what really differs first, and by which rules it may."""
    name = shortened(comparison.first.title, 100)
    drift, allowed = comparison.drift, comparison.allowed
    by_hand = tuple(dict.fromkeys(each.rule for each in allowed if each.by_hand))
    rules = f" Allowed by hand: {listing(by_hand)}." if by_hand else ""
    if drift:
        named = [f"{words.place(each.change)}: {words.label(each.change)}" for each in drift[:MOST_NAMED]]
        more = f" and {len(drift) - MOST_NAMED} more" if len(drift) > MOST_NAMED else ""
        told = "; ".join(shortened(each, 80) for each in named)
        return f"{count(len(drift), 'difference')} from {name} that no rule allows: {told}{more}.{rules} {contents_}"
    if allowed:
        return f"Equal to {name} but for {count(len(allowed), 'difference')} that rules allow.{rules} {contents_}"
    return f"Equal to {name} in every field. {contents_}"


def document(statement: Statement, *, is_whole: bool = True) -> dict[str, Json]:
    """Return a statement for other programs, or, without the fields that are equal, for the record."""
    return {
        "at": statement.at.isoformat(),
        "by": statement.by,
        "first": _side(statement.first, statement.comparison.fingerprints[0]),
        "second": _side(statement.second, statement.comparison.fingerprints[1]),
        "verdict": statement.verdict,
        "counts": {finding.value: number for finding, number in statement.counts.items()},
        "rules": dict(statement.rules),
        "contents": statement.contents,
        "not_compared": statement.not_compared,
        "fields": [
            {
                "finding": line.finding.value,
                "rule": line.rule or None,
                "sentence": f"{line.where}: {line.what}",
                **msgspec.to_builtins(line.change),
            }
            for line in statement.lines
            if is_whole or line.finding is not Finding.EQUAL
        ],
    }


def text(statement: Statement) -> str:
    """Return a statement to be printed or kept as a plain file."""
    counts = statement.counts
    one, other = statement.comparison.fingerprints
    head = [
        "Fidelity statement",
        f"{statement.second.name} ({statement.second.place}) beside {statement.first.name} ({statement.first.place})",
        f"As it was at {instant(statement.at)}" + (f", stated by {statement.by}" if statement.by else ""),
        "",
        statement.verdict,
        ", ".join(f"{counts[finding]} {finding.value}" for finding in Finding),
        f"Not compared: {statement.not_compared}",
        f"Fingerprints: {one} and {other}",
    ]
    for finding in (Finding.DRIFT, Finding.ALLOWED, Finding.EQUAL):
        head += ["", finding.value.upper()]
        found = [line for line in statement.lines if line.finding is finding]
        head += [_line(line) for line in found] or ["none"]
    return "\n".join(_plain(line) for line in head) + "\n"


def _line(line: FieldLine) -> str:
    before, after = line.values
    values = before if line.finding is Finding.EQUAL else f"{before} | {after}"
    return f"  {line.where}: {line.what}: {values}" + (f"  (allowed: {line.rule})" if line.rule else "")


def _plain(line: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in line)


def _side(version: Version, digest: str) -> dict[str, Json]:
    return {
        "id": version.configuration,
        "name": version.name,
        "stage": version.stage,
        "place": version.place,
        "fingerprint": digest,
    }
