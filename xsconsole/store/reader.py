"""The audit and the journal for those who only look: the list, the checks, what is open."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from xsconsole.domain.anchors import Anchor, End
from xsconsole.domain.archive import Row
from xsconsole.domain.audit_filter import IN_WORDS, audit_schema
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.query.matching import asked_by, required_words
from xsconsole.domain.query.values import EVERYTHING
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditQuery, AuditRow, OpenRun, Verdict
from xsconsole.errors import AuditBroken
from xsconsole.store import anchors, job_journal, journal, queue_journal, task_history, volumes
from xsconsole.store.chain import FIRST_PREVIOUS, Head, SaltedValue
from xsconsole.store.checking import values_of, verdicts
from xsconsole.store.database import Reading
from xsconsole.store.extract import rows_about
from xsconsole.store.fields import decoded_fields, fact_of, instant_of
from xsconsole.store.schema import AuditEntry, Chain, ConsoleKey, LeaseNonce

CHUNK_ROWS = 500


class LedgerReader:
    """Reads a ledger that this program or another one writes. Needs no key."""

    def __init__(
        self,
        reading: Reading,
        expected_keys: AbstractSet[str] = frozenset(),
        own_keys: AbstractSet[str] = frozenset(),
    ) -> None:
        self._reading = reading
        self._expected_keys = expected_keys
        self._own_keys = own_keys

    @classmethod
    async def open(
        cls, home: Path, expected_keys: AbstractSet[str] = frozenset(), own_keys: AbstractSet[str] = frozenset()
    ) -> "LedgerReader":
        """Open the ledger of `home`; `expected_keys` are fingerprints that the caller vouches for.

        `own_keys` are those that `home` itself calls its own, which proves nothing to somebody from outside.

        Raises:
            NotFound: there is none yet.
            StoreFailed: see `Reading.open`.
        """
        return cls(await Reading.open(home), expected_keys, own_keys)

    @property
    def reading(self) -> Reading:
        """What else the home keeps stands in the same file."""
        return self._reading

    async def head(self) -> Head:
        return await self._reading.run(head)

    async def open_runs(self) -> tuple[OpenRun, ...]:
        return await self._reading.run(journal.open_runs)

    async def jobs(self, limit: int) -> tuple[PastJob, ...]:
        return await self._reading.run(lambda session: job_journal.jobs(session, limit))

    async def seen_tasks(self, limit: int) -> tuple[SeenTask, ...]:
        return await self._reading.run(lambda session: task_history.tasks(session, limit))

    async def waiting(self) -> tuple[Queued, ...]:
        return await self._reading.run(queue_journal.waiting)

    async def nonces(self) -> frozenset[str]:
        return await self._reading.run(lambda session: frozenset(session.scalars(select(LeaseNonce.nonce))))

    async def page(self, query: AuditQuery, *, before: int | None = None, limit: int = 200) -> tuple[AuditRow, ...]:
        """Return rows that fit, newest first, below sequence number `before`.

        Raises:
            AuditBroken: a row cannot be read any more.
        """
        return await self._reading.run(lambda session: _page(session, self._reading.path, query, before, limit))

    async def rows_about(self, configuration: ConfigurationId) -> tuple[Row, ...]:
        """Return the rows about a configuration as they stand, oldest first."""
        return await self._reading.run(lambda session: _rows_about(session, self._reading.path, configuration))

    async def anchors(self) -> tuple[Anchor, ...]:
        """Return where heads of chains are kept outside, as this home saw it last."""
        return await self._reading.run(anchors.anchors)

    async def keys(self) -> frozenset[str]:
        """Return the fingerprints of the keys that signed here."""
        return await self._reading.run(lambda session: frozenset(session.scalars(select(ConsoleKey.fingerprint))))

    async def first_seq(self) -> int:
        """Return with which row the file in use begins; 1 where it has none."""
        return await self._reading.run(lambda session: session.scalars(select(func.min(AuditEntry.seq))).one() or 1)

    async def end(self, asked: Sequence[int]) -> End:
        """Return where the chain ends, and the digests of the rows that are asked for."""

        def look(session: Session) -> End:
            last, digests = head(session), anchors.digests(session, asked)
            with ExitStack() as until:
                for volume in volumes.before(session, self._reading.path, until):
                    if volume.session is None:
                        return End(
                            chain_id=last.chain_id, seq=last.seq, digests=digests, first_seq=volume.link.end.seq + 1
                        )
                    digests |= anchors.digests(volume.session, [seq for seq in asked if seq not in digests])
            return End(chain_id=last.chain_id, seq=last.seq, digests=digests)

        return await self._reading.run(look)

    async def verify(self) -> tuple[Verdict, ...]:
        """Return a verdict on each check of the whole chain: chain, gaps, values, signatures, keys, listing.

        Raises:
            DatabaseDamaged: the file is not even a whole database.
        """
        return await self._reading.run(
            lambda session: verdicts(session, self._reading.path, self._expected_keys, self._own_keys)
        )

    async def close(self) -> None:
        await self._reading.close()


def _rows_about(session: Session, path: Path, configuration: ConfigurationId) -> tuple[Row, ...]:
    found = [rows_about(session, configuration)]
    with ExitStack() as until:
        found += [
            rows_about(volume.session, configuration)
            for volume in volumes.before(session, path, until)
            if volume.session is not None
        ]
    return tuple(row for rows in reversed(found) for row in rows)


def head(session: Session) -> Head:
    """Return the end of the chain as this transaction sees it."""
    chain_id = session.scalars(select(Chain.chain_id)).one()
    last = session.execute(
        select(AuditEntry.seq, AuditEntry.digest)
        .where(AuditEntry.chain_id == chain_id)
        .order_by(AuditEntry.seq.desc())
        .limit(1)
    ).first()
    return Head(chain_id=chain_id, seq=last.seq if last else 0, digest=last.digest if last else FIRST_PREVIOUS)


def _page(session: Session, path: Path, query: AuditQuery, before: int | None, limit: int) -> tuple[AuditRow, ...]:
    """Return rows that fit, from the file in use and then from sealed ones."""
    found = _page_of(session, path, query, before, limit)
    with ExitStack() as until:
        for volume in volumes.before(session, path, until) if len(found) < limit else ():
            if volume.session is None or volume.path is None or len(found) >= limit:
                break
            found += _page_of(volume.session, volume.path, query, before, limit - len(found))
    return tuple(found)


def _page_of(session: Session, path: Path, query: AuditQuery, before: int | None, limit: int) -> list[AuditRow]:
    """Return rows that fit. The columns narrow the search; what they do not hold is asked of the rows themselves."""
    is_asked = None
    if query.filter != EVERYTHING:
        is_asked = asked_by(query.filter, audit_schema(query.pools), query.now or datetime.now(UTC))
    found: list[AuditRow] = []
    for row in _fitting(session, path, query, before, limit if is_asked is None else CHUNK_ROWS):
        if is_asked is None or is_asked(row):
            found.append(row)
            if len(found) == limit:
                break
    return found


def _fitting(session: Session, path: Path, query: AuditQuery, before: int | None, chunk: int) -> Iterator[AuditRow]:
    """Yield what fits by its columns, newest first, read in chunks."""
    while True:
        conditions = _conditions(query, before)
        entries = session.scalars(
            select(AuditEntry).where(*conditions).order_by(AuditEntry.seq.desc()).limit(chunk)
        ).all()
        values = values_of(session, [entry.seq for entry in entries])
        for entry in entries:
            yield _shown(entry, values.get(entry.seq, {}), path)
            session.expunge(entry)
        if len(entries) < chunk:
            return
        before = entries[-1].seq


def _conditions(query: AuditQuery, before: int | None) -> Iterator[ColumnElement[bool]]:
    if before is not None:
        yield AuditEntry.seq < before
    for word in required_words(query.filter, IN_WORDS):
        # Half a character can be typed but not stored: it finds nothing instead of failing.
        yield func.instr(AuditEntry.searched, word.encode(errors="replace").decode()) > 0
    if query.event is not None:
        yield AuditEntry.event == query.event.value
    if query.events:
        yield AuditEntry.event.in_(sorted(query.events))
    if query.configuration is not None:
        yield AuditEntry.configuration == query.configuration
    if query.run is not None:
        yield AuditEntry.run == query.run


def _shown(entry: AuditEntry, values: Mapping[str, SaltedValue], path: Path) -> AuditRow:
    """Return a row from what the chain covers, not from the columns for searching."""
    try:
        fields = decoded_fields({name: one.value for name, one in values.items()})
        return AuditRow(
            chain=entry.chain_id,
            seq=entry.seq,
            at=instant_of(fields["at"]),
            console=fields.get("console_name", fields["console"]),
            os_user=fields.get("os_user", ""),
            fact=fact_of(fields),
            digest=entry.digest.hex(),
        )
    except (msgspec.DecodeError, ValueError, TypeError, KeyError) as failure:
        raise AuditBroken(
            path=str(path),
            reason=f"Row {entry.seq} of the audit cannot be read.",
            mend="Verify the audit: it says what was changed. A newer console may have written the row: use that one.",
        ) from failure
