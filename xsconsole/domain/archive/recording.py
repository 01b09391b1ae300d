"""What is put on record of an archive, and what a record tells of those that were deleted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.canonical import Json
from xsconsole.domain.ids import ArchiveId, ConfigurationId, RunId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """When an archive was deleted and by whom, as a record tells."""

    at: datetime
    by: str


def archive_fact(
    event: AuditEvent,
    name: str,
    archive: ArchiveId | None,
    *,
    configuration: ConfigurationId | None = None,
    folder: str = "",
    pool: Uuid | None = None,
    run: RunId | None = None,
    actor: str = "",
    outcome: Outcome | None = None,
    reason: str = "",
) -> Fact:
    """Return what is recorded of the archive of `name`; `folder` is empty of one in a pool."""
    details: dict[str, Json] = {"what": f"the archive of {shortened(name)}"}
    if folder:
        details["folder"] = folder
    if archive is not None:
        details["archive"] = archive
    return Fact(
        event=event,
        actor=actor,
        pool=pool,
        configuration=configuration,
        configuration_name=name if configuration is not None else "",
        run=run,
        outcome=outcome,
        reason=shortened(reason, LONGEST_REASON),
        details=details,
    )


def deleted_in(rows: Iterable[AuditRow]) -> dict[ArchiveId, Deleted]:
    """Return which archives were deleted, by rows of that, newest first."""
    found: dict[ArchiveId, Deleted] = {}
    for row in rows:
        archive = (row.fact.details or {}).get("archive")
        if isinstance(archive, str) and row.fact.outcome is Outcome.DONE:
            found.setdefault(ArchiveId(archive), Deleted(at=row.at, by=row.fact.actor or row.os_user))
    return found
