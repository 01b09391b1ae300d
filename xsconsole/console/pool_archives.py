"""Archives in pools, as a person sees them at this console: listed, verified, held, and asked to come back or to go."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from xsconsole.console.archives import Destination
from xsconsole.console.home import Home
from xsconsole.console.home_archives import on_record
from xsconsole.console.values import Verb
from xsconsole.domain.archive import (
    Fault,
    Finding,
    PoolArchive,
    Pooled,
    archive_fact,
    archive_key,
    document_bytes,
    each_pooled,
    held_on,
    is_due,
    read_carried_of,
    to_lines,
)
from xsconsole.domain.comparison import Source, Version
from xsconsole.domain.ids import ArchiveId, ConfigurationId, Digest, Uuid
from xsconsole.domain.manifest import in_roles
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import DeletePooled, RestoreFromPool
from xsconsole.errors import NotFound, Refused
from xsconsole.store.keys import is_signature

ARCHIVE_KEYS = PREFIX + "archive"  # what begins so is about an archive of the pool

if TYPE_CHECKING:
    from xsconsole.console.door import Console

SHOWN_S = 10.0


class PoolArchives:
    """What stands in the pools that are connected. Making, restoring and deleting are commands, as all runs are."""

    def __init__(self, home: Home, consoles: Callable[[], "Iterable[Console]"]) -> None:
        self._home = home
        self._consoles = consoles

    def told(self) -> frozenset[tuple[Uuid, str, str]]:
        """Return all that the pools say of archives: while that is the same, nothing of them has been changed there."""
        pools = (console.inventory.pool for console in self._consoles())
        return frozenset(
            (pool.uuid, key, text)
            for pool in pools
            if pool is not None
            for key, text in pool.other_config.items()
            if key.startswith(ARCHIVE_KEYS)
        )

    async def listed(self) -> tuple[Pooled, ...]:
        """Return the archives of all pools, the newest first, with what others changed of them since.

        Each is compared by itself, and others have a turn in between.
        """
        recorded = await on_record(self._home)
        found = []
        for console in self._consoles():
            at = await console.requests.clock.time()
            ahead = at - self._home.clock.now()
            for one in each_pooled(console.inventory, is_signature, at):
                await asyncio.sleep(0)
                verdict = recorded.verdict_of(one.id)
                is_own = one.archive is not None and one.archive.key == self._home.key_fingerprint
                found.append(replace(one, is_own=is_own, ahead=ahead, **verdict._asdict()))
        oldest = datetime.min.replace(tzinfo=self._home.clock.now().tzinfo)
        return tuple(sorted(found, key=lambda one: one.archive.at if one.archive else oldest, reverse=True))

    async def verify(self, one: Pooled) -> Pooled:
        """Compare all of an archive with what stands on the pool, and record what came of it.

        Where this console made it, its record is compared as well. What the disks hold is not read.

        Raises:
            NotFound: it is gone.
        """
        await self._console_of(one.pool).caught_up()
        present = next((other for other in await self.listed() if (other.pool, other.id) == (one.pool, one.id)), None)
        if present is None:
            raise _gone()
        if present.archive is not None and present.archive.console == self._home.settings.console:
            present = replace(present, findings=(*present.findings, *await self._of_record(present.archive)))
        outcome = Outcome.DONE if present.is_whole else Outcome.FAILED
        await self._home.record(
            archive_fact(
                AuditEvent.ARCHIVE_VERIFIED,
                present.called,
                present.id,
                configuration=present.archive.configuration if present.archive is not None else None,
                pool=present.pool,
                outcome=outcome,
                reason=present.sentence,
            )
        )
        return present

    async def hold(self, one: Pooled, reason: str, until: datetime | None = None) -> None:
        """Let nobody delete an archive until that is lifted, or until a time.

        Raises:
            Refused: it cannot be believed or is gone, this log-in may not, there is no reason, or no time left.
        """
        archive, console = self._held_at(one)
        await console.engine.closings.archives.hold(archive, reason, until)
        await self._until(console, one.id, is_held=True)

    async def release(self, one: Pooled, reason: str) -> None:
        """Lift a hold; raises as `hold` does, and where there is none."""
        archive, console = self._held_at(one)
        await console.engine.closings.archives.release(archive, reason)
        await self._until(console, one.id, is_held=False)

    async def keep(self, one: Pooled, until: datetime | None, reason: str = "") -> None:
        """Say until when an archive is kept, None: until somebody deletes it; raises as `hold` does."""
        archive, console = self._held_at(one)
        await console.engine.closings.archives.keep(archive, until, reason)
        await console.caught_up()

    async def due(self) -> tuple[Pooled, ...]:
        """Return what has expired and is not held."""
        return tuple(one for one in await self.listed() if is_due(one, self._home.clock.now()))

    def returning(
        self, one: Pooled, to: Destination, method: Method = Method.LINKED_CLONE, reason: str = ""
    ) -> RestoreFromPool:
        """Return the command that brings an archive back in its own pool.

        Raises:
            Refused: its document cannot be believed. NotFound: it is gone.
        """
        if one.archive is None:
            raise Refused(reason=one.problem, mend="Restore another archive.")
        pool = self._console_of(one.pool).inventory.pool
        text = pool.other_config.get(archive_key(one.id)) if pool is not None else None
        if text is None:
            raise _gone()
        return RestoreFromPool(
            archive=one.archive,
            document=Digest(hashlib.sha256(document_bytes(text)).hexdigest()),
            is_own=one.is_own,
            target=to.target,
            networks=to.networks,
            method=method,
            sr=to.sr,
            pool=one.pool,
            reason=reason,
        )

    def expiring(self, one: Pooled) -> DeletePooled:
        """Return the command that deletes an archive because its time is over, if it still is then."""
        return replace(self.deleting(one, "It has expired."), is_expiry=True)

    def deleting(self, one: Pooled, reason: str = "") -> DeletePooled:
        """Return the command that deletes an archive for good; of one that cannot be read, what is left of it."""
        archive = one.archive
        configuration = archive.configuration if archive is not None else ConfigurationId(one.id)
        return DeletePooled(archive=one.id, pool=one.pool, configuration=configuration, name=one.called, reason=reason)

    async def versions_of(self, configuration: ConfigurationId, archive: ArchiveId | None) -> tuple[Version, ...]:
        """Return what a configuration was in its archives in pools, and in that one, as far as all of it is there."""
        found = (await self.versions()).items()
        return tuple(version for id_, version in found if version.configuration == configuration or id_ == archive)

    async def versions(self) -> Mapping[ArchiveId, Version]:
        """Return what each archive was made of, as far as all of its templates are there."""
        found = {}
        for one in await self.listed():
            was = () if one.archive is None else read_carried_of(one.archive, self._console_of(one.pool).inventory)
            if one.archive is not None and len(was) == len(one.archive.members):
                found[one.id] = Version(
                    configuration=one.archive.configuration,
                    name=one.archive.name,
                    stage=one.archive.stage,
                    manifest=in_roles(carried.was for carried in was),
                    source=Source.ARCHIVE,
                    at=one.archive.frozen_at,
                    service=one.archive.service,
                    stage_name=one.archive.stage_name,
                )
        return found

    # Inside

    async def _of_record(self, archive: PoolArchive) -> tuple[Finding, ...]:
        """Compare what this console has on record of the configuration with what it had then."""
        known = await self._home.ledger.rows_about(archive.configuration)
        rows = [row for row in known if row.seq <= archive.record.through]
        if hashlib.sha256(to_lines(rows)).hexdigest() == archive.record.sha256:
            return ()
        sentence = "The record that this console has of it is not the one of which the archive holds the hash."
        return (Finding(file="record", fault=Fault.DAMAGED, sentence=sentence),)

    def _held_at(self, one: Pooled) -> "tuple[PoolArchive, Console]":
        if one.archive is None:
            raise Refused(reason=one.problem, mend="There is nothing that could be held.")
        console = self._console_of(one.pool)
        denial = console.denial(Verb.KEEP)
        if denial is not None:
            raise denial
        return one.archive, console

    def _console_of(self, pool: Uuid) -> "Console":
        shown = ((console, console.inventory.pool) for console in self._consoles())
        found = next((console for console, record in shown if record is not None and record.uuid == pool), None)
        if found is None:
            raise NotFound(reason="That pool is not connected.", mend="Connect to it first.")
        return found

    async def _until(self, console: "Console", archive: ArchiveId, *, is_held: bool) -> None:
        at = await console.requests.clock.time()

        def is_shown(board: object) -> bool:
            del board
            pool = console.inventory.pool
            held = held_on(pool.other_config, archive, at) if pool is not None else None
            return (held is not None) is is_held

        with contextlib.suppress(TimeoutError):  # it stands on the pool; the list shows it once the feed has told
            await console.until(is_shown, SHOWN_S)


def _gone() -> NotFound:
    return NotFound(reason="The archive is gone from the pool.", mend="Look at the archives again.")
