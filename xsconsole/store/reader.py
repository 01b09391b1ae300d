"""The audit and the journal for those who only look: the list, the checks, what is open."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, exists, func, select
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
from xsconsole.store import anchors, heads, job_journal, journal, queue_journal, sqlite, task_history
from xsconsole.store.chain import FIRST_PREVIOUS, ChainRow, GroupSignature, Head, SaltedValue
from xsconsole.store.database import Reading
from xsconsole.store.extract import rows_about
from xsconsole.store.fields import decoded_fields, fact_of, instant_of, listed
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue, Chain, ConsoleKey, LeaseNonce
from xsconsole.store.verification import verify

CHUNK_ROWS = 500
LISTING = "listing"


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
        return await self._reading.run(lambda session: rows_about(session, configuration))

    async def anchors(self) -> tuple[Anchor, ...]:
        """Return where heads of chains are kept outside, as this home saw it last."""
        return await self._reading.run(anchors.anchors)

    async def keys(self) -> frozenset[str]:
        """Return the fingerprints of the keys that signed here."""
        return await self._reading.run(lambda session: frozenset(session.scalars(select(ConsoleKey.fingerprint))))

    async def end(self, asked: Sequence[int]) -> End:
        """Return where the chain ends, and the digests of the rows that are asked for."""

        def look(session: Session) -> End:
            last = head(session)
            return End(chain_id=last.chain_id, seq=last.seq, digests=anchors.digests(session, asked))

        return await self._reading.run(look)

    async def verify(self) -> tuple[Verdict, ...]:
        """Return a verdict on each check of the whole chain: chain, gaps, values, signatures, keys, listing.

        Raises:
            DatabaseDamaged: the file is not even a whole database.
        """
        return await self._reading.run(
            lambda session: _verdicts(session, self._reading.path, self._expected_keys, self._own_keys)
        )

    async def close(self) -> None:
        await self._reading.close()


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


def check_numbers(session: Session, path: Path, *more: tuple[str, str]) -> None:
    """Look for sequence numbers that are none, before anything counts on them.

    Raises:
        DatabaseDamaged: there are some.
    """
    columns = (("audit", "seq"), ("audit_signature", "first_seq"), ("audit_signature", "last_seq"))
    sqlite.check_numbers(session.connection(), path, *columns, *more)


def _page(session: Session, path: Path, query: AuditQuery, before: int | None, limit: int) -> tuple[AuditRow, ...]:
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
    return tuple(found)


def _fitting(session: Session, path: Path, query: AuditQuery, before: int | None, chunk: int) -> Iterator[AuditRow]:
    """Yield what fits by its columns, newest first, read in chunks."""
    while True:
        conditions = _conditions(query, before)
        entries = session.scalars(
            select(AuditEntry).where(*conditions).order_by(AuditEntry.seq.desc()).limit(chunk)
        ).all()
        values = _values(session, [entry.seq for entry in entries])
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


def _values(session: Session, seqs: Sequence[int]) -> Mapping[int, dict[str, SaltedValue]]:
    values: dict[int, dict[str, SaltedValue]] = {}
    for value in session.execute(
        select(AuditValue.seq, AuditValue.name, AuditValue.salt, AuditValue.value).where(AuditValue.seq.in_(seqs))
    ):
        values.setdefault(value.seq, {})[value.name] = SaltedValue(salt=value.salt, value=value.value)
    return values


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


def _verdicts(
    session: Session, path: Path, expected_keys: AbstractSet[str], own_keys: AbstractSet[str]
) -> tuple[Verdict, ...]:
    sqlite.check_whole(session.connection(), path)
    check_numbers(session, path, ("audit_value", "seq"))
    chain_id = session.scalars(select(Chain.chain_id)).one()
    public_keys = {key.fingerprint: key.public_key for key in session.scalars(select(ConsoleKey))}
    signatures = [
        GroupSignature(
            chain_id=group.chain_id,
            first_seq=group.first_seq,
            last_seq=group.last_seq,
            head=group.head,
            fingerprint=group.fingerprint,
            signature=group.signature,
        )
        for group in session.scalars(select(AuditSignature))
    ]
    orphans = session.scalars(
        select(AuditValue.seq)
        .where(~exists().where(AuditEntry.chain_id == AuditValue.chain_id, AuditEntry.seq == AuditValue.seq))
        .distinct()
    ).all()
    misled: list[int] = []
    verdicts = verify(
        chain_id,
        _rows(session, misled),
        signatures,
        public_keys,
        expected_keys=expected_keys,
        own_keys=own_keys,
        values_without_row=orphans,
        heads=heads.heads(session),
    )
    return (*verdicts, _judge_listing(misled))


def _rows(session: Session, misled: list[int]) -> Iterator[ChainRow]:
    """Yield all rows in order, and note in `misled` those whose columns for searching say something else."""
    rows = session.scalars(
        select(AuditEntry).order_by(AuditEntry.seq, AuditEntry.chain_id).execution_options(yield_per=CHUNK_ROWS)
    )
    for entries in rows.partitions():
        values = _values(session, [entry.seq for entry in entries])
        for entry in entries:
            row_values = values.get(entry.seq, {})
            if not _is_listed_truly(entry, row_values):
                misled.append(entry.seq)
            yield ChainRow(
                chain_id=entry.chain_id,
                seq=entry.seq,
                canonical=entry.canonical,
                digest=entry.digest,
                values=row_values,
            )
            session.expunge(entry)


def _is_listed_truly(entry: AuditEntry, values: Mapping[str, SaltedValue]) -> bool:
    try:
        expected = listed(decoded_fields({name: one.value for name, one in values.items()}))
    except (msgspec.DecodeError, ValueError, TypeError, KeyError):
        return False
    return all(getattr(entry, name) == value for name, value in expected.items())


def _judge_listing(misled: Sequence[int]) -> Verdict:
    if not misled:
        return Verdict(check=LISTING, is_good=True, sentence="The columns for searching say what the rows say.")
    sentence = f"Row {misled[0]} is listed otherwise than it was recorded."
    return Verdict(check=LISTING, is_good=False, sentence=sentence, seq=misled[0])
