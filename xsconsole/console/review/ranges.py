"""What files say of themselves, and what was found of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from xsconsole.console.review.joining import Joined
from xsconsole.console.review.reading import Reading
from xsconsole.domain.record import Verdict
from xsconsole.reports.verifier.values import Found, harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a file is about, as it says of itself; `head` and `key` are empty where it says nothing."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfReview:
    """One of the files: whose record it is, what it says of itself, and what was found of it."""

    console: str
    file: str
    range: Range
    verdicts: tuple[Verdict, ...]


def parts_of(reading: Reading | Joined) -> tuple[PartOfReview, ...]:
    """Return each file by itself, where there are several."""
    if isinstance(reading, Reading):
        return ()
    return tuple(
        PartOfReview(
            console=name,
            file=harmless(one.path.name),
            range=range_of(one),
            verdicts=tuple(map(verdict_of, one.verdicts)),
        )
        for name, one in zip(reading.names, reading.readings, strict=True)
    )


def verdict_of(found: Found) -> Verdict:
    verdict = Verdict(**found._asdict())
    return replace(verdict, sentence=harmless(verdict.sentence))


def range_of(reading: Reading | Joined) -> Range:
    index, manifest = reading.index, reading.manifest
    shown = index.shown
    head: Mapping[str, object] = manifest.get("head", {})
    seq = head.get("seq")
    return Range(
        first_seq=index.first_seq if index.places else 0,
        last_seq=max(0, index.last_seq),
        shown=len(shown),
        begins=index.at(shown[0]) if shown else None,
        ends=index.at(shown[-1]) if shown else None,
        made_at=text_of(manifest.get("made_at")),
        made_by=text_of(manifest.get("made_by")),
        asked=_texts(manifest.get("asked")),
        redacted=_texts(manifest.get("redacted")),
        absent=_texts(manifest.get("absent")),
        chain=text_of(manifest.get("chain_id")),
        head=f"{seq}:{text_of(head.get('digest'))}" if isinstance(seq, int) and seq > 0 else "",
        key=text_of(manifest.get("fingerprint")),
    )


def text_of(value: object) -> str:
    return harmless(value)[:500] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(filter(None, map(text_of, value))) if isinstance(value, list) else ()
