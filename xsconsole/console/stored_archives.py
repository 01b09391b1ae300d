"""The archives that this console knows, in files and in pools, as far as a lineage has them."""

from collections.abc import Callable, Iterable, Mapping

from xsconsole.console.archives import ArchiveRoom
from xsconsole.console.door import Console
from xsconsole.console.home import Home
from xsconsole.console.pool_archives import PoolArchives
from xsconsole.domain.archive import Archive, Deleted, PoolArchive, deleted_in
from xsconsole.domain.ids import ArchiveId
from xsconsole.domain.lineage import Stored
from xsconsole.domain.record import AuditEvent, AuditQuery

DELETED_ROWS = 1000


async def deleted_archives(home: Home) -> Mapping[ArchiveId, Deleted]:
    """Return which archives were deleted, when and by whom, as far as this console did it."""
    return deleted_in(await home.audit_page(AuditQuery(event=AuditEvent.ARCHIVE_DELETED), None, DELETED_ROWS))


async def stored_archives(home: Home, consoles: Callable[[], Iterable[Console]]) -> tuple[Stored, ...]:
    """Return of what each archive is, where its document can be believed."""
    found: list[Archive | PoolArchive | None] = [one.archive for one in await ArchiveRoom(home).listed()]
    found += [one.archive for one in await PoolArchives(home, consoles).listed()]
    return tuple(
        Stored(
            archive=archive.id,
            configuration=archive.configuration,
            name=archive.name,
            stage=archive.stage,
            ancestors=archive.lineage,
        )
        for archive in found
        if archive is not None
    )
