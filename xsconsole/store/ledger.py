"""Journal and audit in one: nothing happens without its row, and the row stands before it happens."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.anchors import Anchor
from xsconsole.domain.archive import Row
from xsconsole.domain.heads import SignedHead
from xsconsole.domain.ids import ConfigurationId, ConsoleId
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, OpenRun, Verdict
from xsconsole.engine.ports import Clock
from xsconsole.errors import StoreFailed
from xsconsole.store import anchors, heads, journal, reader, sqlite, task_history
from xsconsole.store.chain import ChainRow, Head, group_bytes, head_after, seal
from xsconsole.store.checking import check_numbers
from xsconsole.store.database import Database, driver_of
from xsconsole.store.fields import Circumstances, encoded_fields, instant_text, listed
from xsconsole.store.keys import SigningKey
from xsconsole.store.reader import LedgerReader
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue, ConsoleKey, LeaseNonce
from xsconsole.store.sealing import ASIDE, SEALED, Cut, Moved, copied, emptied

ENTRY_COLUMNS, VALUE_COLUMNS, SIGNATURE_COLUMNS = (
    tuple(column.name for column in table.__table__.columns) for table in (AuditEntry, AuditValue, AuditSignature)
)
TRIES = 5  # before it is said that others write all the time
JUMP_S = 5.0  # less is what a clock is off, and what is spent between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who writes. `zone` is asked at each row, because an offset changes twice a year.

    `elapsed_s` counts on while the machine sleeps; None: the clock's own does.
    """

    console: ConsoleId
    console_name: str
    os_user: str
    zone: Callable[[], str]
    elapsed_s: Callable[[], float] | None = None


class SqliteLedger:
    """The ledger of this console, in the database of its home folder. Implements `engine.ports.Ledger`."""

    def __init__(
        self,
        database: Database,
        origin: Origin,
        key: SigningKey,
        clock: Clock,
        salt: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._database = database
        self._reader = LedgerReader(database.reading, own_keys=frozenset({key.fingerprint}))
        self._origin = origin
        self._key = key
        self._clock = clock
        self._salt = salt
        self._followers: list[Callable[[Sequence[Fact]], None]] = []
        self._clocks: tuple[datetime, float] | None = None  # both, at the last row

    @classmethod
    async def open(cls, home: Path, origin: Origin, key: SigningKey, clock: Clock) -> "SqliteLedger":
        """Open the ledger of `home`, or begin one.

        Raises:
            StoreFailed: see `Database.open`.
        """
        return await cls.on(await Database.open(home), origin, key, clock)

    @classmethod
    async def on(cls, database: Database, origin: Origin, key: SigningKey, clock: Clock) -> "SqliteLedger":
        """Open the ledger on a database, which it closes from then on."""
        try:
            await database.write(lambda session: _introduce(session, database.path, key, clock.now()))
        except BaseException:
            await database.close()
            raise
        return cls(database, origin, key, clock)

    @property
    def database(self) -> Database:
        """What else the home keeps stands in the same file, written by the same thread."""
        return self._database

    @property
    def signer(self) -> SigningKey:
        """This console's key."""
        return self._key

    async def record(self, *facts: Fact) -> int:
        """Commit the facts as one signed group and return the last sequence number; without facts, the present one.

        Where the clock was set since the last row, a row says so before them.

        Raises:
            Refused: a text is not Unicode; nothing was written.
            StoreFailed: nothing was written; whoever asked must not go on.
        """
        if not facts:
            return (await self.head()).seq
        seq = await self._commit(facts)
        assert seq is not None, "nothing stands against it"
        return seq

    async def record_next(self, fact: Fact, newest: int, before: Sequence[Fact] = ()) -> int | None:
        """Commit a fact where no row of its event about its configuration came after that with the number `newest`.

        0 is for none. What stands `before` it is committed with it. Return None where somebody else with this home was
        faster, and nothing was written.
        """

        def is_next(session: Session) -> bool:
            same = (AuditEntry.event == fact.event, AuditEntry.configuration == fact.configuration)
            found = select(AuditEntry.seq).where(*same).order_by(AuditEntry.seq.desc()).limit(1)
            # The newest one may stand in a sealed file, and none here.
            return (session.scalars(found).first() or 0) <= newest

        return await self._commit((*before, fact), is_next)

    async def _commit(
        self, facts: tuple[Fact, ...], is_wanted: Callable[[Session], bool] = lambda _: True
    ) -> int | None:
        circumstances = self._circumstances()
        elapsed_s = (self._origin.elapsed_s or self._clock.monotonic_s)()
        facts = (*clock_jump(self._clocks, (circumstances.at, elapsed_s)), *facts)
        fields = encoded_fields(facts, circumstances)

        def append(session: Session) -> int | None:
            return self._append(session, facts, fields, circumstances) if is_wanted(session) else None

        seq = await self._database.write(append)
        if seq is None:
            return None
        self._clocks = (circumstances.at, elapsed_s)
        for tell in self._followers:
            tell(facts)
        return seq

    def follow(self, handler: Callable[[Sequence[Fact]], None]) -> None:
        """Call `handler`, on the loop's thread, with the facts of each group that was committed."""
        self._followers.append(handler)

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            at=self._clock.now(),
            zone=self._origin.zone(),
            monotonic_ns=round(self._clock.monotonic_s() * 1_000_000_000),
            console=self._origin.console,
            console_name=self._origin.console_name,
            os_user=self._origin.os_user,
        )

    def _append(
        self,
        session: Session,
        facts: Sequence[Fact],
        fields: Iterable[Mapping[str, bytes]],
        now: Circumstances,
        before: Head | None = None,
    ) -> int:
        # Read inside the writing transaction: the window and a command line may share this home.
        before = before or reader.head(session)
        rows: list[ChainRow] = []
        head = before
        for values in fields:
            rows.append(seal(head, values, self._salt))
            head = head_after(rows[-1])
        # Some fifteen values go with each row, and need neither an object nor a look at each of their columns.
        driver = driver_of(session)
        sqlite.insert_many(driver, "audit", ENTRY_COLUMNS, [_entry(row) for row in rows])
        sqlite.insert_many(
            driver,
            "audit_value",
            VALUE_COLUMNS,
            # In the order of their key: what is put between others leaves pages half empty.
            [
                (row.chain_id, row.seq, name, one.salt, one.value)
                for row in rows
                for name, one in sorted(row.values.items())
            ],
        )
        sqlite.insert_many(driver, "audit_signature", SIGNATURE_COLUMNS, [self._signature(before, head)])
        if heads.is_due(before, head):
            heads.state(session, head, now.at, self._key)
        for row, fact in zip(rows, facts, strict=True):
            journal.project(session, fact, row.seq, now.at)
        return head.seq

    def _signature(self, before: Head, head: Head) -> tuple[object, ...]:
        first_seq = before.seq + 1
        signature = self._key.sign(group_bytes(head.chain_id, first_seq, head.seq, head.digest))
        return (head.chain_id, first_seq, head.seq, head.digest, self._key.fingerprint, signature)

    async def state_head(self, *, is_anew: bool) -> SignedHead | None:
        """Return a signed head of the end of the chain, and keep it; None of an empty chain.

        Without `is_anew`, one that was stated of this end before is as good.

        Raises:
            StoreFailed: nothing was written.
        """

        def state(session: Session) -> SignedHead | None:
            end = reader.head(session)
            if not end.seq:
                return None
            known = None if is_anew else heads.standing(session, end)
            return known or heads.state(session, end, self._clock.now(), self._key)

        return await self._database.write(state)

    async def turn_over(self, first: Callable[[Cut], Sequence[Fact]], *, is_new_chain: bool) -> Cut:
        """Put the file in use away as a whole, and begin it anew with the rows that `first` makes of what was put away.

        The chain goes on, and the file that was put away is sealed by a head at its end; or, with a new chain, it is
        set aside as it is. Drafts, open runs and whatever else is no evidence goes on in either case.

        Raises:
            StoreFailed: nothing was put away, and the file in use is as it was.
        """
        for _ in range(TRIES):
            if not is_new_chain:
                await self.state_head(is_anew=False)
            made: list[Cut] = []
            try:
                return await self._database.write(
                    lambda session: self._turn_over(session, first, made, is_new_chain=is_new_chain)  # noqa: B023
                )
            except Moved:
                continue
            except BaseException:
                for cut in made:
                    cut.path.unlink(missing_ok=True)
                raise
        raise StoreFailed(
            path=str(self._database.path),
            reason="Other programs write rows all the time.",
            mend="Try again while less happens. Nothing was changed.",
        )

    def _turn_over(
        self, session: Session, first: Callable[[Cut], Sequence[Fact]], made: list[Cut], *, is_new_chain: bool
    ) -> Cut:
        path, end, now = self._database.path, reader.head(session), self._circumstances()
        if not is_new_chain and heads.standing(session, end) is None:
            raise Moved(path=str(path), reason="Another process wrote rows meanwhile.")
        folder = path.parent / (ASIDE if is_new_chain else SEALED)
        stem = f"{end.chain_id[:8]}-{end.seq:09}" + (f"-{now.at:%Y%m%dT%H%M%SZ}" if is_new_chain else "")
        cut = copied(session, path, folder, stem, end, is_bare=not is_new_chain)
        made.append(cut)
        beginning = emptied(session, is_new_chain=is_new_chain) or end
        facts = first(cut)
        self._append(session, facts, encoded_fields(facts, now), now, beginning)
        return cut

    async def remember_anchors(self, found: Sequence[Anchor]) -> None:
        """Keep where heads of the chain are kept outside this file."""
        if found:
            await self._database.write(lambda session: anchors.remember(session, found))

    async def remember_nonce(self, nonce: str, thing: str) -> None:
        now = self._clock.now()

        def remember(session: Session) -> None:
            session.merge(LeaseNonce(nonce=nonce, thing=thing, remembered_at=now))

        await self._database.write(remember)

    async def nonces(self) -> frozenset[str]:
        return await self._reader.nonces()

    async def jobs(self, limit: int) -> tuple[PastJob, ...]:
        """Return jobs of this home, newest first."""
        return await self._reader.jobs(limit)

    async def remember_tasks(self, tasks: Sequence[SeenTask]) -> None:
        """Keep tasks of pools for the activity list; they are no evidence, and the oldest are dropped."""
        await self._database.write(lambda session: task_history.remember(session, tasks))

    async def seen_tasks(self, limit: int) -> tuple[SeenTask, ...]:
        """Return tasks of pools as they were last seen, newest first."""
        return await self._reader.seen_tasks(limit)

    async def waiting(self) -> tuple[Queued, ...]:
        """Return what waits for a place in a full stage, first come first."""
        return await self._reader.waiting()

    async def open_runs(self) -> tuple[OpenRun, ...]:
        return await self._reader.open_runs()

    async def page(self, query: AuditQuery, *, before: int | None = None, limit: int = 200) -> tuple[AuditRow, ...]:
        """Return rows that fit, newest first, below sequence number `before`."""
        return await self._reader.page(query, before=before, limit=limit)

    async def rows_about(self, configuration: ConfigurationId) -> tuple[Row, ...]:
        """Return the rows about a configuration as they stand, oldest first."""
        return await self._reader.rows_about(configuration)

    async def verify(self) -> tuple[Verdict, ...]:
        """Return a verdict on each check of the whole chain; the key expected is the one open here."""
        return await self._reader.verify()

    async def head(self) -> Head:
        return await self._reader.head()

    @property
    def reader(self) -> LedgerReader:
        """The same record, for those who only look."""
        return self._reader

    async def close(self) -> None:
        """Wait for what is being written and let the file go."""
        await self._database.close()


def _entry(row: ChainRow) -> tuple[object, ...]:
    columns = listed({name: one.value for name, one in row.values.items()})
    return (row.chain_id, row.seq, row.canonical, row.digest, *(columns[name] for name in ENTRY_COLUMNS[4:]))


def clock_jump(before: tuple[datetime, float] | None, now: tuple[datetime, float]) -> tuple[Fact, ...]:
    """Return the row that tells of a clock that was set between two moments; none where it was not.

    Each moment is given by both clocks: that of the day, and one that only counts seconds.
    """
    if before is None:
        return ()
    expected = before[0] + timedelta(seconds=now[1] - before[1])
    jump_s = (now[0] - expected).total_seconds()
    if abs(jump_s) < JUMP_S:
        return ()
    way = "forward" if jump_s > 0 else "back"
    return (
        Fact(
            event=AuditEvent.CLOCK_JUMPED,
            reason=f"It was set {way} by some {abs(jump_s):.0f} seconds.",
            details={"seconds": round(jump_s, 3), "expected": instant_text(expected), "found": instant_text(now[0])},
        ),
    )


def _introduce(session: Session, path: Path, key: SigningKey, now: datetime) -> None:
    check_numbers(session, path)
    if session.get(ConsoleKey, key.fingerprint) is None:
        session.add(ConsoleKey(fingerprint=key.fingerprint, public_key=key.public_key, since=now))
