"""Writes a report of what a console knows: the board, the record, and what was checked."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from xsconsole.console.door import Console
from xsconsole.domain.record import AuditQuery, AuditRow
from xsconsole.errors import Refused
from xsconsole.reports.html import render
from xsconsole.reports.report import Check, Picture, Report, columns_of

__all__ = ["Check", "Picture", "write_report"]

PAGE_ROWS = 500

ABSENT = (
    "What other consoles did, beyond what this one observed while it was connected.",
    "Whether the disks hold what they should: their contents are not covered by any digest here.",
    "What somebody did who owns the file and the key, before the newest anchor was left: it could have been made anew.",
)


async def write_report(
    console: Console,
    path: Path,
    *,
    title: str,
    checks: Sequence[Check] = (),
    pictures: Sequence[Picture] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Write one self-contained HTML file, and return what it says.

    Raises:
        Refused: the file cannot be written.
        StoreFailed: the record cannot be read.
    """
    identity = console.identity
    report = Report(
        title=title,
        made_at=console.home.clock.now(),
        pool=identity.pool_name if identity else "not connected",
        actor=f"{identity.actor} as {identity.role}" if identity else "",
        columns=columns_of(console.board),
        checks=tuple(checks),
        rows=await _all_rows(console),
        verdicts=await console.verify_audit(),
        key_fingerprint=console.home.key_fingerprint,
        head=await console.home.evidence.kept_end(),
        pictures=tuple(pictures),
        notes=tuple(notes),
        absent=ABSENT,
    )
    text = await asyncio.to_thread(render, report)
    try:
        await asyncio.to_thread(path.write_text, text, "utf-8")
    except OSError as failure:
        raise Refused(reason=f"{path} cannot be written: {failure.strerror}.", mend="Name another file.") from failure
    return report


async def _all_rows(console: Console) -> tuple[AuditRow, ...]:
    """Return every row, oldest first."""
    rows: list[AuditRow] = []
    before: int | None = None
    while page := await console.audit_page(AuditQuery(), before=before, limit=PAGE_ROWS):
        rows.extend(page)
        before = page[-1].seq
    return tuple(reversed(rows))
