"""The audit and the journal for those who only look: the list, the checks, what is open."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xsconsole.domain.anchors import Anchor, End
from xsconsole.domain.archive import Row
from xsconsole.domain.audit_filter import audit_schema
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.query.matching import asked_of_many
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditQuery, AuditRow, OpenRun, Verdict
from xsconsole.errors import AuditBroken
from xsconsole.store import anchors, job_journal, journal, queue_journal, sqlite, task_history, volumes
from xsconsole.store.chain import FIRST_PREVIOUS, Head, SaltedValue
from xsconsole.store.checking import end_verdicts, values_of, verdicts
from xsconsole.store.database import Reading, driver_of
from xsconsole.store.extract import rows_about
from xsconsole.store.fields import decoded_fields, fact_of, instant_of
from xsconsole.store.migrations import SAYING_WHAT
from xsconsole.store.narrowing import Condition, conditions
from xsconsole.store.schema import AuditEntry, AuditValue, ConsoleKey, LeaseNonce, as_bytes

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

    async def verify_end(self) -> tuple[Verdict, ...]:
        """Return verdicts on the newest rows alone, in a few milliseconds.

        Raises:
            DatabaseDamaged: the file is not even a whole database.
        """
        return await self._reading.run(lambda session: end_verdicts(session, self._reading.path))

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
    chain_id, seq, digest = sqlite.end_of_chain(driver_of(session))
    return Head(chain_id=chain_id, seq=seq or 0, digest=as_bytes(digest) or FIRST_PREVIOUS)


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
    now = query.now or datetime.now(UTC)
    are_asked = asked_of_many(query.filter, audit_schema(query.pools), now)
    has_what = sqlite.schema_version(session.connection()) >= SAYING_WHAT
    found: list[AuditRow] = []
    chunk = limit
    while True:
        rows, last = _chunk(session, path, (*conditions(query, now, before, has_what=has_what),), chunk)
        found += compress(rows, are_asked(rows))
        if last is None or len(found) >= limit:
            return found[:limit]
        before, chunk = last, max(limit, CHUNK_ROWS)


def _chunk(session: Session, path: Path, met: Sequence[Condition], most: int) -> tuple[list[AuditRow], int | None]:
    """Return the newest rows that meet conditions, newest first, and the number before which more may follow."""
    # Their numbers alone are found in an index; the rows themselves are ten times as large.
    seqs = session.scalars(select(AuditEntry.seq).where(*met).order_by(AuditEntry.seq.desc()).limit(most)).all()
    chain_id = head(session).chain_id
    entries = session.execute(
        select(AuditEntry.seq, AuditEntry.digest)
        .where(AuditEntry.chain_id == chain_id, AuditEntry.seq.in_(seqs))
        .order_by(AuditEntry.seq.desc())
    )
    values = values_of(session, chain_id, AuditValue.seq.in_(seqs))
    rows = [_shown(chain_id, seq, digest, values.get(seq, {}), path) for seq, digest in entries]
    return rows, seqs[-1] if len(seqs) == most else None


def _shown(chain_id: str, seq: int, digest: bytes, values: Mapping[str, SaltedValue], path: Path) -> AuditRow:
    """Return a row from what the chain covers, not from the columns for searching."""
    try:
        fields = decoded_fields({name: one.value for name, one in values.items()})
        return AuditRow(
            chain=chain_id,
            seq=seq,
            at=instant_of(fields["at"]),
            console=fields.get("console_name", fields["console"]),
            os_user=fields.get("os_user", ""),
            fact=fact_of(fields),
            digest=digest.hex(),
        )
    except (msgspec.DecodeError, ValueError, TypeError, KeyError) as failure:
        raise AuditBroken(
            path=str(path),
            reason=f"Row {seq} of the audit cannot be read.",
            mend="Verify the audit: it says what was changed. A newer console may have written the row: use that one.",
        ) from failure
