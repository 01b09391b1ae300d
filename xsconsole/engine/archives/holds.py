"""Holding an archive of the pool, so that nobody deletes it, lifting that, and saying how long it is kept.

Of two who hold at once, one does.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from xsconsole.domain.archive import Held, Keep, PoolArchive, archive_key, held_on, hold_stem, keep_stem
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import numbers
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.words import instant
from xsconsole.engine.ports import Field, Ledger, PoolPort
from xsconsole.engine.values import insist, remove_value, write_value
from xsconsole.errors import NotFound, Refused


class ArchiveHolds:
    """The holds of archives on one pool. Each change is on record before and after."""

    def __init__(self, pool: PoolPort, ledger: Ledger) -> None:
        self._pool = pool
        self._ledger = ledger

    async def hold(self, archive: PoolArchive, reason: str, until: datetime | None = None) -> Held:
        """Let nobody delete an archive until that is lifted, or until a time; another hold of it gives way.

        Raises:
            Refused: it is gone, there is no reason, or the time is over already; nothing was changed.
            PoolUnavailable: whether it stands there is not known; a look at the archives finds out.
        """
        if not reason.strip():
            raise Refused(reason="A hold needs a reason.", mend="Say why it must be kept.")
        at = await insist(self._pool, self._pool.time)
        held = Held(reason=shortened(reason, 500), by=self._pool.identity.actor, at=at, until=until)
        if not held.holds(at):
            raise _over(at)
        if archive_key(archive.id) not in await insist(self._pool, lambda: self._pool.keys(Field.POOL)):
            raise NotFound(reason="The archive is gone from the pool.", mend="There is nothing to hold.")
        fact = self._fact(AuditEvent.ARCHIVE_HELD, archive, reason)
        await self._ledger.record(fact)
        text = msgspec.json.encode(held, order="sorted").decode()
        await write_value(self._pool, Field.POOL, hold_stem(archive.id), text)
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))
        return held

    async def release(self, archive: PoolArchive, reason: str) -> None:
        """Lift a hold; raises as `hold` does, and where there is none."""
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        at = await insist(self._pool, self._pool.time)
        if not numbers(keys, hold_stem(archive.id)) or held_on(keys, archive.id, at) is None:
            raise Refused(reason=f"“{shortened(archive.name)}” is not held.", mend="There is nothing to lift.")
        fact = self._fact(AuditEvent.ARCHIVE_RELEASED, archive, reason)
        await self._ledger.record(fact)
        await remove_value(self._pool, Field.POOL, hold_stem(archive.id))
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))

    async def keep(self, archive: PoolArchive, until: datetime | None, reason: str = "") -> None:
        """Say until when an archive is kept, None: until somebody deletes it; raises as `hold` does."""
        at = await insist(self._pool, self._pool.time)
        if until is not None and until <= at:
            raise _over(at)
        if archive_key(archive.id) not in await insist(self._pool, lambda: self._pool.keys(Field.POOL)):
            raise NotFound(reason="The archive is gone from the pool.", mend="There is nothing to keep.")
        why = f"Until {instant(until) if until is not None else 'somebody deletes it'}. {reason}".strip()
        fact = self._fact(AuditEvent.ARCHIVE_KEPT, archive, why)
        await self._ledger.record(fact)
        if until is None:
            await remove_value(self._pool, Field.POOL, keep_stem(archive.id))
        else:
            keep = Keep(until=until, by=self._pool.identity.actor, at=at)
            text = msgspec.json.encode(keep, order="sorted").decode()
            await write_value(self._pool, Field.POOL, keep_stem(archive.id), text)
        await self._ledger.record(replace(fact, outcome=Outcome.DONE))

    def _fact(self, event: AuditEvent, archive: PoolArchive, reason: str) -> Fact:
        identity = self._pool.identity
        return Fact(
            event=event,
            actor=identity.actor,
            pool=identity.pool,
            session=identity.session,
            configuration=archive.configuration,
            configuration_name=archive.name,
            reason=shortened(reason, 300),
            details={
                "what": f"the archive of {shortened(archive.name)}",
                "archive": archive.id,
                "pool_name": archive.pool_name,
            },
        )


def _over(at: datetime) -> Refused:
    return Refused(
        reason=f"That time is over already: what is in a pool goes by the pool's clock, which says {instant(at)}.",
        mend="Name a later one.",
    )
