"""What a bundle takes of the audit: a stretch of the chain without holes, and the values of chosen rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.heads import SignedHead
from xsconsole.domain.ids import RunId
from xsconsole.domain.record import AuditEvent
from xsconsole.store import heads, sqlite, volumes
from xsconsole.store.chain import FIRST_PREVIOUS, Head
from xsconsole.store.checking import values_between
from xsconsole.store.database import Reading
from xsconsole.store.reader import head
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue

MOST_IDS = 12
T = TypeVar("T")

CHUNK_ROWS = 500
COMPARISON = AuditEvent.RECONCILED.value
ABOUT_PLANS = (AuditEvent.REQUESTED.value, AuditEvent.DECIDED.value, AuditEvent.REQUEST_ENDED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which rows show their values; every given condition must hold. `until` itself is no more in it.

    `service` is a service in whatever version; `configuration` an id or a name.
    """

    since: datetime | None = None
    until: datetime | None = None
    service: str | None = None
    configuration: str | None = None
    run: RunId | None = None
    text: str = ""  # the filter by which `rows` were found
    rows: tuple[int, ...] | None = None  # their numbers; None: all

    @property
    def is_of_one(self) -> bool:
        """Whether it is of one service, configuration or run; then comparisons with the pool's own log go along."""
        return self.rows is None and any(part is not None for part in (self.service, self.configuration, self.run))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Rows `first_seq` to `last_seq`, whole groups; without rows, `last_seq` is less than `first_seq`."""

    head: Head
    first_seq: int
    last_seq: int
    previous: bytes
    shown: int
    keys: dict[str, bytes]


class Extraction:
    """The stretch that a choice needs, from one unchanging state of the record. Can be read several times.

    `files` hold the record, the oldest first; `beginning` is the end of what is not at hand.
    """

    def __init__(
        self, files: Sequence[Session], choice: Choice, redacted: frozenset[str], beginning: Head | None = None
    ) -> None:
        self._files, self._redacted = files, redacted
        self._beginning = beginning or Head(chain_id="", seq=0, digest=FIRST_PREVIOUS)
        plans = {plan for file in files for plan in _plans(file, choice)}
        self._conditions = tuple(_conditions(choice, tuple(sorted(plans))))
        if choice.is_of_one and (reach := self._reach()) is not None:
            self._conditions = (or_(and_(*self._conditions), _is_comparison(choice, *reach)),)
        self.stretch = self._stretch()

    def _reach(self) -> tuple[int, int] | None:
        """Return the first chosen row, and the last or the comparison with the pool's own log that came next."""
        found = [
            file.execute(select(func.min(AuditEntry.seq), func.max(AuditEntry.seq)).where(*self._conditions)).one()
            for file in self._files
        ]
        ends = [seq for one in found for seq in one if seq is not None]
        if not ends:
            return None
        later = select(func.min(AuditEntry.seq)).where(AuditEntry.event == COMPARISON, AuditEntry.seq > max(ends))
        nexts = [seq for file in self._files if (seq := file.scalars(later).one()) is not None]
        return min(ends), min(nexts, default=max(ends))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of `events.jsonl`, oldest first."""
        for file in self._files:
            after = self.stretch.first_seq - 1
            while entries := self._entries(file, after):
                after = entries[-1][0]
                chosen = self._chosen(file, entries[0][0], after)
                values = self._values(file, entries[0][0], after)
                for seq, canonical, digest in entries:
                    is_shown = seq in chosen
                    yield {
                        "canonical": canonical.decode(errors="replace"),
                        "digest": digest.hex(),
                        "shown": is_shown,
                        "values": values.get(seq, {}) if is_shown else {},
                    }

    def groups(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of `heads.jsonl`: which rows were signed together, in order."""
        for file in self._files:
            yield from self._groups(file)

    def _groups(self, file: Session) -> Iterator[dict[str, Any]]:
        after = self.stretch.first_seq - 1
        while True:
            groups = file.scalars(
                select(AuditSignature)
                .where(AuditSignature.first_seq > after, AuditSignature.last_seq <= self.stretch.last_seq)
                .order_by(AuditSignature.first_seq)
                .limit(CHUNK_ROWS)
            ).all()
            for group in groups:
                yield {
                    "chain_id": group.chain_id,
                    "fingerprint": group.fingerprint,
                    "first_seq": group.first_seq,
                    "head": group.head.hex(),
                    "last_seq": group.last_seq,
                    "signature": group.signature.hex(),
                }
                file.expunge(group)
            if len(groups) < CHUNK_ROWS:
                return
            after = groups[-1].first_seq

    def heads(self) -> tuple[SignedHead, ...]:
        """Return the signed heads of rows in the stretch."""
        within = range(self.stretch.first_seq, self.stretch.last_seq + 1)
        return tuple(head for file in self._files for head in heads.heads(file) if head.seq in within)

    def _stretch(self) -> Stretch:
        end, begin = head(self._files[-1]), self._beginning.seq + 1
        every = [
            file.execute(
                select(func.min(AuditEntry.seq), func.max(AuditEntry.seq), func.count()).where(*self._conditions)
            ).one()
            for file in self._files
        ]
        lowest = min((one[0] for one in every if one[0] is not None), default=None)
        highest = max((one[1] for one in every if one[1] is not None), default=None)
        shown = sum(one[2] for one in every)
        first_seq, last_seq = (begin, end.seq) if not self._conditions else (lowest or end.seq + 1, highest or end.seq)
        if shown:
            # Whole groups: the one that begins last before the stretch, and the one that ends first after it.
            begins = (self._one(file, func.max(AuditSignature.first_seq), first_seq) for file in self._files)
            first_seq = max((one for one in begins if one is not None), default=first_seq)
            ends = (
                file.scalars(select(func.min(AuditSignature.last_seq)).where(AuditSignature.last_seq >= last_seq)).one()
                for file in self._files
            )
            last_seq = min((one for one in ends if one is not None), default=last_seq)
        before = (
            file.scalars(select(AuditEntry.digest).where(AuditEntry.seq == first_seq - 1)) for file in self._files
        )
        keys = {name: key for file in self._files for name, key in heads.keys(file).items()}
        return Stretch(
            head=end,
            first_seq=first_seq,
            last_seq=last_seq,
            previous=next((digest for found in before for digest in found), self._beginning.digest),
            shown=shown,
            keys=keys,
        )

    @staticmethod
    def _one(file: Session, what: Any, most: int) -> int | None:
        found: int | None = file.scalars(select(what).where(AuditSignature.first_seq <= most)).one()
        return found

    def _entries(self, file: Session, after: int) -> list[tuple[int, bytes, bytes]]:
        rows = file.execute(
            select(AuditEntry.seq, AuditEntry.canonical, AuditEntry.digest)
            .where(
                AuditEntry.chain_id == self.stretch.head.chain_id,
                AuditEntry.seq > after,
                AuditEntry.seq <= self.stretch.last_seq,
            )
            .order_by(AuditEntry.seq)
            .limit(CHUNK_ROWS)
        )
        return [(row.seq, row.canonical, row.digest) for row in rows]

    def _chosen(self, file: Session, first_seq: int, last_seq: int) -> frozenset[int]:
        return frozenset(
            file.scalars(select(AuditEntry.seq).where(AuditEntry.seq.between(first_seq, last_seq), *self._conditions))
        )

    def _values(self, file: Session, first_seq: int, last_seq: int) -> dict[int, dict[str, dict[str, str]]]:
        values = values_between(file, self.stretch.head.chain_id, first_seq, last_seq)
        return {
            seq: {
                name: {"salt": one.salt.hex(), "value": one.value.decode(errors="replace")}
                for name, one in of_row.items()
                if name not in self._redacted
            }
            for seq, of_row in values.items()
        }


async def extracted(reading: Reading, choice: Choice, redacted: frozenset[str], work: Callable[[Extraction], T]) -> T:
    """Return what `work` makes of a choice, in a thread of the store; the record stands still for it meanwhile.

    Sealed files before the one that is read are taken in.

    Raises:
        StoreFailed: a file cannot be read.
    """

    def extract(session: Session) -> T:
        with ExitStack() as until:
            files, older = _files(session, reading, until)
            beginning = volumes.beginning(head(session).chain_id, older)
            return work(Extraction(files, choice, redacted, beginning))

    return await reading.run(extract)


async def ids_beginning(reading: Reading, kind: str, text: str) -> tuple[str, ...]:
    """Return the ids of runs or configurations in the rows that begin so, the first few; `kind` names their column.

    Raises:
        StoreFailed: a file cannot be read.
    """
    column = AuditEntry.run if kind == "run" else AuditEntry.configuration

    def look(session: Session) -> tuple[str, ...]:
        asked = (
            select(column)
            .where(AuditEntry.chain_id == head(session).chain_id, column >= text, column < f"{text}~")
            .distinct()
            .limit(MOST_IDS)
        )
        with ExitStack() as until:
            found = {one for file in _files(session, reading, until)[0] for one in file.scalars(asked) if one}
        return tuple(sorted(found))[:MOST_IDS]

    return await reading.run(look) if text.isascii() else ()  # as ids are


def _files(session: Session, reading: Reading, until: ExitStack) -> tuple[list[Session], tuple[volumes.Volume, ...]]:
    """Return the files of the record, the oldest first, and the sealed ones as they are found, the newest first."""
    older = tuple(volumes.before(session, reading.path, until))
    return [*(volume.session for volume in reversed(older) if volume.session is not None), session], older


def _is_comparison(choice: Choice, first: int, last: int) -> ColumnElement[bool]:
    """Whether a row says what a comparison with the pool's own log found, while the chosen rows were written."""
    times = Choice(since=choice.since, until=choice.until)
    return and_(AuditEntry.event == COMPARISON, AuditEntry.seq.between(first, last), *_conditions(times, ()))


def _plans(session: Session, choice: Choice) -> tuple[str, ...]:
    """Return the digests of what a run carries out: by these it was asked for and decided on."""
    if choice.run is None:
        return ()
    opened = select(AuditValue.value).join(
        AuditEntry, and_(AuditEntry.chain_id == AuditValue.chain_id, AuditEntry.seq == AuditValue.seq)
    )
    found = session.scalars(opened.where(AuditEntry.run == choice.run, AuditValue.name == "details"))
    plans = (msgspec.json.decode(value).get("plan") for value in found)
    return tuple(sorted({plan for plan in plans if isinstance(plan, str) and plan}))


def _is_about(plan: str) -> ColumnElement[bool]:
    """Whether the details of a row name a plan, as requests and decisions do."""
    return and_(
        AuditEntry.event.in_(ABOUT_PLANS),
        exists().where(
            AuditValue.chain_id == AuditEntry.chain_id,
            AuditValue.seq == AuditEntry.seq,
            AuditValue.name == "details",
            func.instr(AuditValue.value, canonical_bytes({"plan": plan})[1:-1]) > 0,
        ),
    )


def _conditions(choice: Choice, plans: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
    if choice.since is not None:
        yield AuditEntry.at >= choice.since
    if choice.until is not None:
        yield AuditEntry.at < choice.until
    if choice.rows is not None:
        yield sqlite.is_among(AuditEntry.seq, choice.rows)
    if choice.run is not None:
        yield or_(AuditEntry.run == choice.run, *(_is_about(plan) for plan in plans))
    if choice.configuration is not None:
        yield or_(
            AuditEntry.configuration == choice.configuration,
            _is_named(AuditValue.value.in_([canonical_bytes(name) for name in _names(choice.configuration)])),
        )
    if choice.service is not None:
        yield _is_named(AuditValue.value == canonical_bytes(choice.service), _is_version_of(choice.service))


def _names(asked: str) -> tuple[str, str]:
    """Return how rows may call what was asked for: `shop@1.3.0` is written “shop 1.3.0” there."""
    return asked, asked.replace("@", " ", 1)


def _is_named(*alternatives: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row is about a configuration called so, by the name that the chain covers."""
    return exists().where(
        AuditValue.chain_id == AuditEntry.chain_id,
        AuditValue.seq == AuditEntry.seq,
        AuditValue.name == "configuration_name",
        or_(*alternatives),
    )


def _is_version_of(service: str) -> ColumnElement[bool]:
    """Whether a name is that of a service, a blank, and a version, which has none."""
    begun = canonical_bytes(service)[:-1] + b" "
    rest = func.substr(AuditValue.value, len(begun) + 1)
    return and_(func.substr(AuditValue.value, 1, len(begun)) == begun, func.instr(rest, b" ") == 0)
