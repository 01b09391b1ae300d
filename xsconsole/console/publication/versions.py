"""Versions of workflows that can still be read: those that stand, those that drafts began from, those on record."""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from xsconsole.console.desks import Keeper
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.domain.workflow import Workflow, from_stored
from xsconsole.errors import NotFound, Refused

PAGE = 100
MOST = 200  # versions that are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVersion:
    """A published version, and where it was found. `at` is when this console recorded it."""

    workflow: Workflow
    where: str  # pools on which it stands, or ""
    at: datetime | None = None

    @property
    def stands(self) -> bool:
        return bool(self.where)


async def known_versions(home: Keeper, standing: Iterable[tuple[str, Workflow]]) -> tuple[KnownVersion, ...]:
    """Return what can be read of published versions, newest first; `standing` with the names of their pools.

    On record is what this console published, and what stood there before.
    """
    found: dict[str, KnownVersion] = {}
    for pool, workflow in standing:
        known = found.get(workflow.digest)
        where = f"{known.where}, {pool}" if known is not None else pool
        found[workflow.digest] = KnownVersion(workflow=workflow, where=where)
    async for workflow, at in _on_record(home):
        found.setdefault(workflow.digest, KnownVersion(workflow=workflow, where="", at=at))
        if len(found) >= MOST:
            break
    if home.has_drafts:
        for heading in await home.drafts.headings():
            base = (await home.drafts.open(heading.id)).base if not heading.problem else None
            if base is not None:
                found.setdefault(base.digest, KnownVersion(workflow=base, where=""))
    return tuple(sorted(found.values(), key=lambda known: (-known.workflow.version, not known.stands)))


def version_numbered(versions: Collection[KnownVersion], number: int) -> Workflow:
    """Return the version with a number; where several workflows have it, of the one that stands.

    Raises:
        NotFound: it is not known; with those that are.
        Refused: several have that number, and none of them stands.
    """
    found = [known for known in versions if known.workflow.version == number]
    standing = {known.workflow.id for known in versions if known.stands}
    mine = [known for known in found if known.workflow.id in standing] or found
    if not mine:
        raise NotFound(
            reason=f"Version {number} is not kept here: a pool keeps the newest, this console what it published.",
            mend="Name a file that it was exported to, or a version that is known.",
            choices=tuple(f"v{one}" for one in sorted({known.workflow.version for known in versions}, reverse=True)),
        )
    first = next((known for known in mine if known.stands), mine[0])
    others = {known.workflow.id for known in mine} - {first.workflow.id}
    if others and not first.stands:
        names = ", ".join(sorted(f"“{shortened(known.workflow.name, 40)}”" for known in mine))
        raise Refused(
            reason=f"Several workflows have a version {number}: {names}.", mend="Connect to the pool, or name a file."
        )
    return first.workflow


async def _on_record(home: Keeper) -> AsyncIterator[tuple[Workflow, datetime]]:
    """Yield versions as they were recorded, newest first."""
    before: int | None = None
    while rows := await home.audit_page(AuditQuery(event=AuditEvent.WORKFLOW_PUBLISHED), before, PAGE):
        for row in rows:
            details = row.fact.details or {}
            for name in ("content", "content_before") if row.fact.outcome is Outcome.DONE else ():
                stored = details.get(name)
                if isinstance(stored, str):
                    try:
                        yield from_stored(stored), row.at
                    except Refused:
                        continue  # a newer console wrote it
        before = rows[-1].seq
