"""What configurations are now and were before: from the pool, its restore points and this home's record."""

from typing import TYPE_CHECKING

from xsconsole.console.archives import ArchiveRoom
from xsconsole.console.pool_archives import PoolArchives
from xsconsole.domain.comparison import Version, merged, newest_first, version_now, versions_kept, versions_on_record
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.record import AuditEvent, AuditQuery

if TYPE_CHECKING:
    from xsconsole.console.door import Console

MOST_ROWS = 200


def present(console: "Console", configuration: ConfigurationId) -> Version | None:
    """Return what a configuration is now, as far as the pool was heard of; None where it is none any more."""
    card = console.board.cards.get(configuration)
    return version_now(card, console.inventory, console.board.workflow) if card is not None else None


async def past(console: "Console", configuration: ConfigurationId) -> tuple[Version, ...]:
    """Return what it was before, newest first: at restore points, in archives, and when runs of this home began.

    Of one that came back from an archive, what it was there, too.

    Raises:
        StoreFailed: the record cannot be read.
    """
    query = AuditQuery(event=AuditEvent.RUN_OPENED, configuration=configuration)
    recorded = versions_on_record(await console.audit_page(query, limit=MOST_ROWS))
    card = console.board.cards.get(configuration)
    kept = versions_kept(card, console.inventory, console.board.workflow) if card is not None else ()
    whence = card.origin.archive if card is not None and card.origin is not None else None
    pooled = PoolArchives(console.home, lambda: (console,))
    archived = [
        *await ArchiveRoom(console.home).versions_of(configuration, whence),
        *await pooled.versions_of(configuration, whence),
    ]
    return newest_first(merged(recorded, kept), *archived)
