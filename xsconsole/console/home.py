"""What a console keeps in its home folder: who it is, its key, its ledger, the pools it knows."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from xsconsole.console import record_memory, soundness
from xsconsole.console.drafts import Drafts
from xsconsole.console.evidence import Evidence
from xsconsole.console.moves import OwnMoves
from xsconsole.console.processes import ProcessMark, is_gone
from xsconsole.console.turning_over import after_moving, moved_away
from xsconsole.console.values import Connection, Secret
from xsconsole.console.webhook import Webhook
from xsconsole.domain.ids import Uuid
from xsconsole.domain.jobs import PastJob, SeenTask
from xsconsole.domain.naming import shortened
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, OpenRun
from xsconsole.domain.searches import Searches
from xsconsole.domain.signing import Signer
from xsconsole.engine.ports import Clock, Ids
from xsconsole.engine.runs.lease import Me
from xsconsole.errors import DatabaseDamaged, HomeUnusable, NoPoolKnown, NotFound, Refused, StoreFailed
from xsconsole.settings import KnownPool, Settings, demand_writable, home_folder
from xsconsole.store.drafts import DraftStore
from xsconsole.store.keys import (
    Keyring,
    PassphraseProvider,
    get_password,
    open_key,
    set_password,
    system_keyring,
)
from xsconsole.store.ledger import Origin, SqliteLedger
from xsconsole.store.reader import LedgerReader
from xsconsole.system import RandomIds, SystemClock, elapsed_s, local_zone, machine_name, os_user
from xsconsole.xapi.addresses import EXAMPLE, canonical_url
from xsconsole.xapi.hosts import Remembered

TRUST_ROWS = 1000


class Home:
    """An open home folder. One that only reads needs no key, and has no ledger to write to."""

    def __init__(
        self,
        settings: Settings,
        ring: Keyring | None,
        ledger: SqliteLedger | None,
        reader: LedgerReader | None,
        finding: StoreFailed | None = None,
        *,
        is_kept: bool = True,
    ) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.ids = RandomIds()
        self.own_moves = OwnMoves()
        self._mark = ProcessMark(settings.home, self.ids.new()) if ledger is not None else None
        self._ring = ring
        self._ledger = ledger
        self._reader = reader
        self._is_kept = is_kept
        self.has_new_key = False  # made by this process: nobody can have pinned it yet
        self._drafts = _drafts(ledger, reader, self.clock, self.ids)
        self.webhook = Webhook(settings, self.clock, self.ids, ring, self.record)
        if ledger is not None:
            ledger.follow(self.webhook.note)
        self.evidence = Evidence(settings, self.clock, ledger, reader, finding)

    @classmethod
    async def open(
        cls,
        folder: str | Path | None,
        passphrase: PassphraseProvider,
        *,
        is_reading: bool,
        accepts_record: bool = False,
        may_be_broken: bool = False,
    ) -> "Home":
        """Open the folder, and the ledger in it; `accepts_record`, also one that is not the one remembered.

        `may_be_broken` goes on with one that does not verify, as who checks it and sets it aside does.

        Raises:
            StoreFailed: the folder, the key or the database cannot be used, or the record is another than the one
                remembered; nothing was changed.
        """
        home = home_folder(folder, is_reading=is_reading)
        obstacle = _obstacle(home) if is_reading else None
        settings = Settings.open(home, RandomIds(), machine_name(), is_kept=obstacle is None)
        if obstacle is not None:
            settings.notices += (f"{obstacle.reason} Looking goes on, and nothing of it is kept.",)
        ring = system_keyring()
        finding: StoreFailed | None = await record_memory.finding(settings)
        if is_reading:
            if finding is not None:
                settings.notices += (f"{finding.reason} {finding.mend}",)
            reader, unread = None, None
            try:
                reader = await _reader(home, settings)
                broken = await soundness.finding(settings, reader) if reader is not None else None
                settings.notices += (f"{broken.reason} Looking goes on. {broken.mend}",) if broken is not None else ()
            except HomeUnusable as failure:
                unread = failure
            return cls(settings, ring, None, reader, finding or unread, is_kept=obstacle is None)
        if finding is not None and not accepts_record:
            raise finding
        key = await open_key(home, settings.console, ring, passphrase, settings.key)
        origin = Origin(
            console=settings.console,
            console_name=settings.console_name,
            os_user=os_user(),
            zone=local_zone,
            elapsed_s=elapsed_s,
        )
        moved: tuple[Fact, ...] = ()
        try:
            ledger = await SqliteLedger.open(home, origin, key, SystemClock())
        except DatabaseDamaged as damaged:
            if not accepts_record:
                raise
            aside = await asyncio.to_thread(moved_away, home, SystemClock().now())
            ledger = await SqliteLedger.open(home, origin, key, SystemClock())
            moved, finding = (after_moving(*aside, damaged.reason),), finding or damaged
        if not (accepts_record or may_be_broken) and (broken := await soundness.finding(settings, ledger.reader)):
            await ledger.close()
            raise broken
        opened = cls(settings, ring, ledger, None)
        opened.has_new_key = settings.key is None
        try:
            settings.remember_key(key.fingerprint)
            await record_memory.accept(settings, ledger, finding, moved)
            record_memory.remember(settings, await ledger.head(), is_accepted=finding is not None)
            opened.evidence.begin()
        except BaseException:
            await opened.close()
            raise
        return opened

    @property
    def ledger(self) -> SqliteLedger:
        """The ledger to write to.

        Raises:
            Refused: this home was opened for reading.
        """
        if self._ledger is None:
            raise Refused(reason="This console was opened for looking only.")
        return self._ledger

    @property
    def has_drafts(self) -> bool:
        """Whether there is a place for drafts: a home that was only ever looked at has none."""
        return self._drafts is not None

    @property
    def drafts(self) -> Drafts:
        """The workflows that somebody works on here.

        Raises:
            Refused: there is no database yet, and this home was opened for reading.
        """
        if self._drafts is None:
            raise Refused(reason="This home has no drafts yet.", mend="Begin one with `xsconsole workflow new`.")
        return self._drafts

    @property
    def signer(self) -> Signer:
        """This console's key.

        Raises:
            Refused: this home was opened for reading.
        """
        return self.ledger.signer

    @property
    def me(self) -> Me:
        """How this process signs its leases.

        Raises:
            Refused: this home was opened for reading.
        """
        if self._mark is None:
            raise Refused(reason="This console was opened for looking only.")
        return Me(
            console=self.settings.console,
            name=f"{self.settings.console_name}, process {os.getpid()}",
            process=self._mark.process,
            is_gone=self.is_gone,
            key=self.key_fingerprint,
        )

    def is_alive(self, process: str) -> bool:
        """Whether a process of this home lives; only for one that writes."""
        return self._mark is not None and self._mark.is_alive(process)

    def is_gone(self, process: str) -> bool:
        """Whether a process of this home that once called itself so has ended; in doubt no."""
        return self._mark.is_gone(process) if self._mark is not None else is_gone(self.settings.home, process)

    async def nonces(self) -> frozenset[str]:
        """Return by what processes of this home sign their leases, also those that have ended."""
        source = self._ledger or self._reader
        return frozenset() if source is None else await source.nonces()

    @property
    def is_reading(self) -> bool:
        return self._ledger is None

    @property
    def has_keyring(self) -> bool:
        return self._ring is not None

    @property
    def key_fingerprint(self) -> str:
        return self.settings.key or ""

    async def record(self, *facts: Fact) -> int | None:
        """Record facts where this console writes at all; None where it only reads."""
        return None if self._ledger is None else await self._ledger.record(*facts)

    async def record_next(self, fact: Fact, newest: int, before: Sequence[Fact] = ()) -> int | None:
        """Record a fact where no other row of its event about its configuration came after that with this number."""
        return None if self._ledger is None else await self._ledger.record_next(fact, newest, before)

    async def audit_page(self, query: AuditQuery, before: int | None, limit: int) -> tuple[AuditRow, ...]:
        return await self.evidence.page(query, before, limit)

    async def open_runs(self) -> tuple[OpenRun, ...]:
        """Return the runs of this home of which no end is on record."""
        source = self._ledger or self._reader
        return () if source is None else await source.open_runs()

    async def past_jobs(self, limit: int) -> tuple[PastJob, ...]:
        """Return jobs of this home, newest first; none where it has no record yet."""
        source = self._ledger or self._reader
        return () if source is None else await source.jobs(limit)

    async def seen_tasks(self, limit: int) -> tuple[SeenTask, ...]:
        """Return tasks of pools that this home saw, newest first."""
        source = self._ledger or self._reader
        return () if source is None else await source.seen_tasks(limit)

    async def waiting(self) -> tuple[Queued, ...]:
        """Return what waits for a place in a full stage, first come first."""
        source = self._ledger or self._reader
        return () if source is None else await source.waiting()

    def known_connection(self, url: str | None, user: str | None, fingerprint: str | None) -> Connection:
        """Return where to connect: as given, completed by what is known of the pool.

        Raises:
            Refused: no address was given and none is known, or it is none.
        """
        known = self.settings.known_pool(canonical_url(url)) if url else next(iter(self.settings.pools), None)
        address = url or (known.url if known else None)
        if address is None:
            raise NoPoolKnown(reason="No pool is known yet.", mend=f"Give its address with --pool, such as {EXAMPLE}.")
        return Connection(
            url=address,
            user=user or (known.user if known else "root"),
            fingerprint=fingerprint or (known.fingerprint if known else None),
        )

    async def stored_password(self, connection: Connection) -> Secret | None:
        found = await get_password(self._ring, connection.url, connection.user)
        return None if found is None else Secret(found)

    async def store_password(self, connection: Connection, password: Secret) -> None:
        """Keep a password in the keyring.

        Raises:
            Refused: there is none, or it stays closed.
        """
        await set_password(self._ring, connection.url, connection.user, password.reveal())

    def remembered_hosts(self, url: str) -> Remembered | None:
        """Return where the hosts of a pool listened when it was last seen; None where nothing is known of it."""
        known = self.settings.known_pool(url)
        return Remembered(pool=Uuid(known.pool), hosts=known.hosts) if known is not None and known.pool else None

    def remember_pool(self, connection: Connection, name: str, hosts: Remembered) -> None:
        """Remember where one was connected to last, and as whom.

        Who only looks changes nothing that is remembered: it adds a pool that was unknown, and keeps the certificate
        that it was told to trust.
        """
        if not self._is_kept:
            return
        pool = KnownPool(
            url=connection.url,
            user=connection.user,
            name=name,
            fingerprint=connection.fingerprint,
            pool=hosts.pool,
            hosts=dict(hosts.hosts),
        )
        if not self.is_reading:
            self.settings.remember_pool(pool)
        elif (known := self.settings.known_pool(pool.url)) is None:
            self.settings.add_pool(pool)
        elif pool.fingerprint not in (None, known.fingerprint):
            self.settings.trust(pool.url, pool.fingerprint)

    async def has_recorded_trust(self, url: str, fingerprint: str) -> bool:
        """Whether the newest row about a certificate of this address accepts this one."""
        rows = await self.audit_page(AuditQuery(event=AuditEvent.CERTIFICATE_ACCEPTED), None, TRUST_ROWS)
        accepted = [row.fact.details for row in rows if row.fact.details is not None]
        newest = next((details for details in accepted if details.get("url") == url), None)
        return newest is not None and newest.get("fingerprint") == fingerprint

    def load_window_state(self) -> Mapping[str, str]:
        return self.settings.window

    def save_window_state(self, state: Mapping[str, str]) -> None:
        self.settings.remember_window(state)

    async def usual_connections(self, user: str | None) -> tuple[tuple[Connection, Secret | None], ...]:
        """Return where the window was connected when it closed, each with its password where nobody must be asked."""
        return tuple([(one, await self.stored_password(one)) for one in self.usual_pools(user)])

    def usual_pools(self, user: str | None) -> tuple[Connection, ...]:
        """Return where the window was connected when it closed."""
        latest = self.latest_pool
        urls = self.settings.connected if self.settings.connected is not None else (latest,) if latest else ()
        return tuple(self.known_connection(url, user, None) for url in urls)

    def pool_called(self, url: str) -> str:
        """Return what to call the pool at an address in a sentence: by its name where it is known."""
        known = self.settings.known_pool(url)
        return f"“{shortened(known.name)}”" if known is not None and known.name else url

    def keep_connected(self, urls: tuple[str, ...]) -> None:
        """Remember where the window connects at its next start: of addresses that lead to one pool, to the last."""
        if self._is_kept and not self.is_reading:
            known = {url: self.settings.known_pool(url) for url in urls}
            leading = {pool.pool if pool is not None and pool.pool else url: url for url, pool in known.items()}
            self.settings.keep_connected(tuple(leading.values()))

    @property
    def latest_pool(self) -> str | None:
        """The address of the pool that this console was connected to last."""
        return next((pool.url for pool in self.settings.pools), None)

    @property
    def searches(self) -> Searches:
        """Searches that were saved by name, and the latest ones."""
        return self.settings.searches

    async def close(self) -> None:
        await self.webhook.close()
        await self.evidence.close()
        for part in (self._ledger, self._reader):
            if part is not None:
                await part.close()
        if self._mark is not None:
            self._mark.remove()


def _drafts(ledger: SqliteLedger | None, reader: LedgerReader | None, clock: Clock, ids: Ids) -> Drafts | None:
    if ledger is not None:
        return Drafts(DraftStore(ledger.database.reading, ledger.database), clock, ids)
    return None if reader is None else Drafts(DraftStore(reader.reading), clock, ids)


async def _reader(home: Path, settings: Settings) -> LedgerReader | None:
    try:
        return await LedgerReader.open(home, own_keys=frozenset({settings.key}) if settings.key else frozenset())
    except NotFound:
        return None


def _obstacle(home: Path) -> StoreFailed | None:
    """Return why nothing can be kept in the folder; None where it can."""
    try:
        demand_writable(home)
    except StoreFailed as failure:
        return failure
    return None
