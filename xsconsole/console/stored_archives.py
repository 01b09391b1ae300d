"""The archives that this console knows, in files and in pools, as far as a lineage has them."""

from collections.abc import Callable, Iterable

from xsconsole.console.archives import ArchiveRoom
from xsconsole.console.door import Console
from xsconsole.console.home import Home
from xsconsole.console.pool_archives import PoolArchives
from xsconsole.domain.archive import Archive, PoolArchive, deleted_in
from xsconsole.domain.ids import ArchiveId
from xsconsole.domain.lineage import KnownArchives, Stored
from xsconsole.domain.record import AuditEvent, AuditQuery

DELETED_ROWS = 1000


async def known_archives(home: Home, consoles: Callable[[], Iterable[Console]]) -> KnownArchives:
    """Return of what each archive is, where one lies whose document cannot be believed, and which this console deleted.

    Of one that was deleted elsewhere while a damaged copy is left here, the copy is told.
    """
    rows = await home.audit_page(AuditQuery(event=AuditEvent.ARCHIVE_DELETED), None, DELETED_ROWS)
    filed, pooled = await ArchiveRoom(home).listed(), await PoolArchives(home, consoles).listed()
    unread: dict[ArchiveId, str] = {}
    for one in filed:
        unread.update(dict.fromkeys(one.claims, f"in {one.where}"))
    unread.update({one.id: one.where for one in pooled if one.archive is None})
    found: list[Archive | PoolArchive | None] = [one.archive for one in filed]
    found += [one.archive for one in pooled]
    stored = tuple(
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
    return KnownArchives(stored=stored, unread=unread, deleted=deleted_in(rows))
