"""What records that were set aside still tell of their comparisons with a pool's own log."""

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from xsconsole.console.home import Home
from xsconsole.domain.reconciliation import TRACKED, Position, position_in, sessions_of
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow
from xsconsole.errors import ConsoleError
from xsconsole.store.database import Reading
from xsconsole.store.reader import LedgerReader
from xsconsole.store.sealing import ASIDE, sha256_of

PAGE = 500
MOST_RECORDS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessor:
    """Of one pool: up to where it had compared, None where that cannot be read, and which sessions it names."""

    position: Position | None = None
    sessions: frozenset[str] = frozenset()


async def set_aside_before(home: Home) -> AuditRow | None:
    """Return the row by which the record in use follows one that was set aside; None where it does not.

    Raises:
        StoreFailed: the record cannot be read.
    """
    found = await home.audit_page(AuditQuery(event=AuditEvent.RECORD_SET_ASIDE), None, 1)
    return found[0] if found else None


async def predecessor_of(home: Home, begun: AuditRow, pool: str) -> Predecessor:
    """Return what the records tell that were set aside, the last one when row `begun` was written, and those before it.

    Only rows that verified when it was set aside are read, of the very file that was: what somebody wrote there
    themselves must not tell that a change of theirs was compared. The newest that tells up to where it compared counts.
    """
    found, earlier = Predecessor(), begun
    for _ in range(MOST_RECORDS):
        told, before = await _told(home, earlier, pool)
        found = Predecessor(position=found.position or told.position, sessions=found.sessions | told.sessions)
        if before is None:
            break
        earlier = before
    return found


async def _told(home: Home, begun: AuditRow, pool: str) -> tuple[Predecessor, AuditRow | None]:
    """Return what one of them tells, and the row by which it follows another one; None where it follows none."""
    details = begun.fact.details or {}
    verified = details.get("verified_seq")
    if not isinstance(verified, int) or not verified:
        return Predecessor(), None
    path = home.settings.home / ASIDE / Path(str(details.get("file", ""))).name
    try:
        if not path.is_file() or await asyncio.to_thread(sha256_of, path) != details.get("sha256"):
            return Predecessor(), None
        reader = LedgerReader(await Reading.open_file(path))
        try:
            return await _read(reader, pool, verified + 1)
        finally:
            await reader.close()
    except (ConsoleError, OSError) as failure:
        log.warning("up to where a record that was set aside had compared cannot be read: %s", failure)
        return Predecessor(), None


async def _read(reader: LedgerReader, pool: str, before: int) -> tuple[Predecessor, AuditRow | None]:
    tracked = await reader.page(AuditQuery(events=TRACKED), before=before, limit=PAGE)
    compared = await reader.page(AuditQuery(event=AuditEvent.RECONCILED), before=before, limit=PAGE)
    positions = (position_in(row) for row in compared if row.fact.pool == pool)
    position = next((one for one in positions if one is not None), None)
    told = Predecessor(
        position=replace(position, row=0) if position is not None else None,  # its steps have numbers of its own
        sessions=sessions_of(row for row in tracked if row.fact.pool == pool),
    )
    turns = await reader.page(AuditQuery(event=AuditEvent.RECORD_SET_ASIDE), before=before, limit=1)
    return told, turns[0] if turns else None
